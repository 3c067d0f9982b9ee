import pytest

from ingest.directories.capitals import in_small_letters


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("12 RUE DES TANNEURS", "12 rue des Tanneurs"),
        ("3 BIS AV DE L'EPINETTE, 16340", "3 bis av de l'Epinette, 16340"),
        ("45 BD D ANGOULEME", "45 bd d'Angouleme"),
        ("ZI DE NERSAC BP 12", "ZI de Nersac BP 12"),
        ("27 B RUE HENRI IV", "27 B rue Henri IV"),
        ("LIEU DIT LES GROIES", "Lieu dit les Groies"),
        ("D951 RTE DE RUELLE", "D951 rte de Ruelle"),
        ("12 rue de la Gare, ZAC", "12 rue de la Gare, ZAC"),
        ("", ""),
    ],
)
def test_a_street_in_capitals_is_written_as_french_does(written: str, read: str) -> None:
    assert in_small_letters(written) == read
    assert in_small_letters(read) == read

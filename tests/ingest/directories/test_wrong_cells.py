"""A cell that is wrong or doubtful loses no row: the row is kept, and what is wrong is said."""

from pathlib import Path

import pytest

from ingest.directories.readers import preview, read_directory
from ingest.pipeline import ingest
from kb.knowledge_base import KnowledgeBase
from kb.models import Actor
from kb.remarks import Remark
from web.http.i18n import Language
from web.http.labels import localized

AGAIN = "; the row is kept without it: correct it, and send the file again"
LOST = "siret CELL lost digits in a spreadsheet: make its column text"
FORM = "wrong siret CELL: 14 digits, no letters"
MISTYPED = "wrong siret CELL: one of its digits is mistyped"
KEPT_SIREN = (
    "; the row is kept with the SIREN alone, 732829320, which is valid: give the whole SIRET, and "
    "send the file again"
)


def read(tmp_path: Path, header: str, *rows: str) -> list[tuple[Actor, list[str]]]:
    path = tmp_path / "cci.csv"
    lines = [f"Nom;Activité;{header}", *(f"Avel;Fabrique des cirages.;{row}" for row in rows)]
    path.write_text("\n".join(lines), encoding="cp1252")
    found = []
    for entry in read_directory(path):
        assert isinstance(entry.record, Actor), entry.reason
        found.append((entry.record, list(map(str, entry.remarks))))
    return found


@pytest.mark.parametrize(
    ("cell", "siren", "remark"),
    [
        ("7,32829E+13", "", LOST + AGAIN),
        ("42000000000000", "", LOST + AGAIN),
        ("NC", "", FORM + AGAIN),
        ("en cours", "", FORM + AGAIN),
        ("123", "", FORM + AGAIN),
        ("00000000000000", "", MISTYPED + AGAIN),
        ("73282932100074", "", MISTYPED + AGAIN),
        ("732 829 320", "732829320", FORM + KEPT_SIREN),
        ("732829320 00075", "732829320", MISTYPED + KEPT_SIREN),
        ("7328293200007", "732829320", FORM + KEPT_SIREN),
        ("7328293200007A", "732829320", FORM + KEPT_SIREN),
    ],
)
def test_a_wrong_siret_is_left_out_but_for_its_siren(
    tmp_path: Path, cell: str, siren: str, remark: str
) -> None:
    ((actor, remarks),) = read(tmp_path, "N° SIRET", cell)
    assert (actor.siret, actor.facts) == ("", {"SIREN": siren} if siren else {})
    assert remarks == [remark.replace("CELL", repr(cell))]


@pytest.mark.parametrize(
    ("cell", "siret", "facts", "remark"),
    [
        ("732829320", "", {"SIREN": "732829320"}, ""),
        ("73282932000074", "73282932000074", {"SIREN": "732829320"}, ""),
        ("732829321", "", {},
         f"wrong siren '732829321': 9 digits, copied without a mistake{AGAIN}"),
    ],
)  # fmt: skip
def test_a_siren_is_checked_as_well(
    tmp_path: Path, cell: str, siret: str, facts: dict[str, str], remark: str
) -> None:
    ((actor, remarks),) = read(tmp_path, "SIREN", cell)
    assert (actor.siret, actor.facts, remarks) == (siret, facts, [remark] if remark else [])


@pytest.mark.parametrize(
    ("header", "cell", "remark"),
    [
        ("Site web", "contactez-nous", "website 'contactez-nous' is not a web address"),
        ("Site web", "NC", ""),
        ("Source", "ftp://a.example", "source_url 'ftp://a.example' begins with ftp: only http and "
         "https are accepted"),
        ("Code NAF", "Usinage", "activity_code 'USINAGE' is no code such as 25.62B"),
        ("Code NAF", "en cours", ""),
        ("Fermé le", "juin 2022", "closed_on 'juin 2022' is not a date such as 2020-03-18"),
        ("Fermé le", "31/02/2022", "closed_on '31/02/2022' is not a day of the calendar"),
        ("Département", "Poitou", "department 'Poitou' is not a department of France"),
        ("Langue", "gallo", "lang 'gallo' is not a language: write fr or en"),
        ("Latitude", "450000", "latitude '450000' is no place on Earth: write degrees, such as "
         "45.65"),
        ("État administratif", "F", "is closed, but no date says since when"),
    ],
)  # fmt: skip
def test_no_other_wrong_cell_loses_its_row(
    tmp_path: Path, header: str, cell: str, remark: str
) -> None:
    ((actor, remarks),) = read(tmp_path, header, cell)
    assert actor == Actor("avel", "Avel", "Fabrique des cirages.", country="FR")
    assert remarks == ([remark + AGAIN] if remark else [])


def test_a_country_that_is_not_known_is_not_taken_for_france(tmp_path: Path) -> None:
    ((actor, remarks),) = read(tmp_path, "Pays", "Bretagne insulaire")
    assert actor.country == ""
    assert remarks[0].startswith("country 'Bretagne insulaire' is not known")


@pytest.mark.parametrize(
    ("place", "remark"),
    [
        ("16100;Cognac;17", "'Cognac' is in Charente (16), but the row says Charente-Maritime "
         "(17): check which is right; both are kept as they are"),
        ("16000;COGNAC;16", "postal code 16000 is not that of 'Cognac', but of Angoulême: check "
         "which is right; both are kept as they are"),
        ("16000;;17", "postal code 16000 is in Charente (16), but the row says Charente-Maritime "
         "(17): check which is right; both are kept as they are"),
        ("160;Cognac;16", "postal code '160' is not one of France, which has 5 digits: correct it; "
         "it tells no town and no department"),
        ("16021;ANGOULEME CEDEX;16", ""),
        ("16120;Châteauneuf;16", ""),
        ("07590;Saint-Laurent-les-Bains;07", ""),
        ("48250;Laveyrune;07", ""),
    ],
)  # fmt: skip
def test_what_contradicts_itself_of_a_place_is_asked_about(
    tmp_path: Path, place: str, remark: str
) -> None:
    ((actor, remarks),) = read(tmp_path, "CP;Ville;Département", place)
    assert actor.department == place.rpartition(";")[2]
    assert remarks == ([remark] if remark else [])
    assert not (remark and "EPCI" in actor.facts)


def test_rows_to_check_are_counted_and_named_and_pruning_goes_on(
    base: KnowledgeBase, tmp_path: Path
) -> None:
    path = tmp_path / "cci.csv"
    path.write_text(
        "Nom;SIRET;Site;Activité\nAvel;NC;?!;Cirages\nMerlet;;;Eaux-de-vie\n;;;Rien\n",
        encoding="utf-8",
    )
    shown = preview(path)
    assert (shown.kept, shown.to_check, shown.failed) == (2, 1, 1)
    report = ingest(base, [path])
    assert (report.added, report.to_check, report.failed) == (2, 1, 1)
    assert [(note.file, note.row) for note in report.remarks] == [(str(path), 2)]
    assert [note.reason for note in report.failures] == ["has no name"]


def test_a_cell_with_a_quote_that_was_never_closed_is_no_wrong_cell(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f'nom;activité\nAvel;"{"Cirages. " * 3000}"\n', encoding="utf-8")
    (entry,) = read_directory(path)
    assert entry.record is None
    assert entry.reason.startswith("description has 27,000 characters")


def test_a_remark_in_a_remark_is_said_in_french() -> None:
    inner = Remark("siret_digits", "siret", value="123")
    outer = Remark("cell_left_out", "siret", reason=inner)
    restored = Remark.restored(str(outer), outer.parts())
    assert restored == outer
    assert localized(restored, Language.FR).text == (
        "SIRET incorrect («\u00a0123\u00a0»)\u00a0: 14 chiffres, sans lettre. La ligne est gardée "
        "sans cette valeur\u00a0: corrigez-la, puis renvoyez le fichier."
    )

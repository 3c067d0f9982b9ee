import pytest

from ingest.extraction.gazetteer import town_of


@pytest.mark.parametrize(
    ("text", "town"),
    [
        ("Hier, Avel (Angoulême) a livré Jarnac.", "Angoulême"),
        ("AVEL, à Saint-Yrieix-sur-Charente, fait du cirage.", "Saint-Yrieix-sur-Charente"),
        ("Les ateliers Avel de La Rochelle ferment.", "La Rochelle"),
        ("C'est Avel, basée à Cognac, qui livre.", "Cognac"),
        ("Avel livre à Cognac.", ""),
        ("Avel, Cognac", ""),
        ("Avel Cognac livre.", ""),
        ("Avel (Elsewhere) livre.", ""),
        ("Avel fait du cirage et des crèmes pour les hôpitaux de Cognac.", ""),
        ("Avel, à Cognac. Puis Avel, à Jarnac.", ""),
        ("Avelle, à Cognac, livre.", ""),
        ("À Cognac, Avel", ""),
        ("", ""),
    ],
)
def test_the_town_stands_right_after_the_name(text: str, town: str) -> None:
    assert town_of("Avel", [text]) == town


def test_a_name_without_a_word_is_nowhere() -> None:
    assert town_of("", ["(Cognac)"]) == ""

import pytest

from ingest.extraction.tokens import TextPart, sentences


def texts(text: str) -> list[str]:
    return [sentence.text for sentence in sentences("", text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("L'ARS a validé. Tout va bien !", ["L'ARS a validé.", "Tout va bien !"]),
        ("M. Dupont et Mme. Roy sont là.", ["M. Dupont et Mme. Roy sont là."]),
        ("J.M. Weston coud. Elle vend.", ["J.M. Weston coud.", "Elle vend."]),
        ("Il dit « oui. » Puis non.", ["Il dit « oui. »", "Puis non."]),
        ("It cost 4.5 million. No more.", ["It cost 4.5 million.", "No more."]),
        ("Ligne une\nligne deux.\n\nAutre.", ["Ligne une ligne deux.", "Autre."]),
        ("- **Avel**\n- [Merlet](https://a.example)", ["Avel", "Merlet"]),
        ("  • Un.\n  • Deux.", ["Un.", "Deux."]),
        ("***\n\n-----\n", []),
        ("", []),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, expected: list[str]) -> None:
    assert texts(text) == expected


def test_title_headings_and_text_are_told_apart() -> None:
    found = sentences("Un titre", "## Une tête\nUn texte.")
    assert [(sentence.text, sentence.part) for sentence in found] == [
        ("Un titre", TextPart.TITLE),
        ("Une tête", TextPart.HEADING),
        ("Un texte.", TextPart.BODY),
    ]
    assert [sentence.number for sentence in found] == [0, 1, 2]


def test_each_row_of_a_table_is_a_sentence() -> None:
    text = "| Sciage | scierie Vannier |\n| --- | --- |\n| Pose | Ardelle SARL |"
    read = [sentence.text for sentence in sentences("", text)]
    assert len(read) == 2
    assert "Vannier" in read[0]
    assert "Ardelle" in read[1]

"""Where the sentences of proposals are found in the text they come from."""

from hypothesis import given
from hypothesis import strategies as st

from web.editorial.forms.choices import Stretch, numbered

TEXT = "Un titre\n\nAvel **fabrique** le\ngel. L'hôpital l'achète. Fin."


def test_sentences_are_numbered_in_the_order_of_the_text() -> None:
    found = numbered(TEXT, ["L'hôpital l'achète.", "Un titre", "L'hôpital l'achète."])
    assert found.stretches == (
        Stretch("Un titre", 1),
        Stretch("\n\nAvel **fabrique** le\ngel. "),
        Stretch("L'hôpital l'achète.", 2),
        Stretch(" Fin."),
    )
    assert found.numbers == {"Un titre": 1, "L'hôpital l'achète.": 2}


def test_markup_and_line_ends_between_words_do_not_matter() -> None:
    found = numbered(TEXT, ["Avel fabrique le gel."])
    assert found.stretches[1] == Stretch("Avel **fabrique** le\ngel.", 1)


def test_sentences_that_overlap_share_a_mark() -> None:
    found = numbered("un deux trois quatre", ["un deux", "deux trois", "quatre"])
    assert [one for one in found.stretches if one.number] == [
        Stretch("un deux trois", 1),
        Stretch("quatre", 2),
    ]
    assert found.numbers == {"un deux": 1, "deux trois": 1, "quatre": 2}


def test_a_sentence_that_is_not_there_has_no_number() -> None:
    found = numbered(TEXT, ["Rien de tel.", "", " * "])
    assert found.stretches == (Stretch(TEXT),)
    assert found.numbers == {}


def test_no_text_has_no_stretch() -> None:
    assert numbered("", ["x"]).stretches == ()


@given(st.text(alphabet="ab *.\n", max_size=80), st.lists(st.text(alphabet="ab *.", max_size=8)))
def test_the_stretches_are_the_text(text: str, sentences: list[str]) -> None:
    found = numbered(text, sentences)
    assert "".join(one.text for one in found.stretches) == text
    marked = [one.number for one in found.stretches if one.number]
    assert marked == list(range(1, len(marked) + 1))

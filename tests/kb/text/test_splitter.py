from hypothesis import given, settings
from hypothesis import strategies as st

from kb.text.splitter import split


def passages_of(text: str, max_chars: int = 480) -> list[str]:
    return [text[piece.start : piece.end] for piece in split(text, max_chars)]


def test_short_text_is_one_passage() -> None:
    assert passages_of("  Une tonnellerie. Elle cintre.\n") == ["Une tonnellerie. Elle cintre."]


def test_sentences_are_kept_together_as_far_as_they_fit() -> None:
    text = "Un fait du bois. Deux fait du fer. Trois fait du verre."
    assert passages_of(text, 34) == ["Un fait du bois. Deux fait du fer.", "Trois fait du verre."]


def test_paragraphs_items_and_headings() -> None:
    text = (
        "# Titre\n\nUn paragraphe\nsur deux lignes.\n\n- premier point\n- second point\n1. tiers\n"
    )
    assert passages_of(text) == [
        "Un paragraphe\nsur deux lignes.",
        "premier point",
        "second point",
        "tiers",
    ]


def test_lines_of_links_are_no_passages() -> None:
    assert passages_of(
        "Un fait.\n\n- https://exemple.fr/une/page\n- [ici](https://exemple.fr/long)"
    ) == ["Un fait."]


def test_an_abbreviation_before_a_small_letter_does_not_end_a_sentence() -> None:
    assert passages_of("Env. 30 t. de cuir par an.", 12) == ["Env. 30 t.", "de cuir par", "an."]


def test_a_sentence_too_long_is_cut_between_words_and_a_word_too_long_is_cut() -> None:
    assert passages_of("aaaa bbbb cccc", 9) == ["aaaa bbbb", "cccc"]
    assert passages_of("abcdefghij", 4) == ["abcd", "efgh", "ij"]


def test_text_without_a_letter_gives_nothing() -> None:
    assert passages_of("") == []
    assert passages_of("12 – 34 !!\n\n---") == []


@given(st.text(alphabet="ab .!?\n-#*1Àé»", max_size=300), st.integers(5, 60))
@settings(max_examples=300)
def test_passages_are_ordered_bounded_slices(text: str, max_chars: int) -> None:
    end = 0
    for piece in split(text, max_chars):
        assert end <= piece.start < piece.end <= len(text)
        assert piece.end - piece.start <= max_chars
        assert text[piece.start : piece.end].strip() == text[piece.start : piece.end]
        end = piece.end


def test_a_long_cell_is_cut_in_time_that_grows_with_its_length() -> None:
    text = "Un atelier coud du cuir. " * 4_000
    passages = passages_of(text)
    assert "".join(passages).replace(" ", "") == text.replace(" ", "")

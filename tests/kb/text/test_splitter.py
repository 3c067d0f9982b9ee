from hypothesis import given, settings
from hypothesis import strategies as st

from kb.text.splitter import split


def passages_of(text: str, max_chars: int = 480) -> list[str]:
    return [text[piece.start : piece.end] for piece in split(text, max_chars)]


def test_paragraphs_items_and_headings() -> None:
    text = (
        "# Titre\n\nUn paragraphe\nsur deux lignes.\n\n- premier point\n- second point\n1. tiers\n"
    )
    assert passages_of(text) == [
        "Un paragraphe\nsur deux lignes.", "premier point", "second point", "tiers",
    ]  # fmt: skip


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

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kb.text.analysis import (
    index_words,
    is_function_word,
    meaning_spans,
    places_of,
    query_stems,
    says,
    stems,
    word_coverage,
    words,
)
from kb.text.folding import fold


def test_fold_takes_accents_and_ligatures_away() -> None:
    assert fold("Œuvre D'ÉTÉ – Ægir ß") == "oeuvre d'ete – aegir ss"


@given(st.text(max_size=200))
@settings(max_examples=200)
def test_words_lie_in_order_within_the_text(text: str) -> None:
    end = 0
    for word in words(text):
        assert end <= word.start < word.end <= len(text)
        assert all(word.forms)
        end = word.end


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("hydroalcoolique", "hydro-alcoolique"), ("hydro-alcooliques", "hydroalcoolique"),
        ("distillerie", "Distilleries"), ("harmonie", "l'harmonie"),
        ("metallurgie", "la métallurgie"), ("bottles", "a bottle"), ("CŒUR", "coeurs"),
    ],
)  # fmt: skip
def test_what_is_typed_meets_what_was_written(typed: str, written: str) -> None:
    for lang in ("fr", "en"):
        if query_stems(typed) & set(index_words(written, lang).split()):
            return
    pytest.fail(f"{typed} does not meet {written}")


def test_the_share_of_the_words_asked_that_a_text_has() -> None:
    need = "Trouver des flacons pour du gel hydroalcoolique"
    assert word_coverage("qui pourrait fabriquer du gel hydro-alcoolique ?", need) == 1
    assert word_coverage("gels", need) == 1
    assert word_coverage("un bouchon pour fermer des flacons", need) == pytest.approx(1 / 3)
    assert word_coverage("who could make sanitiser?", "Find hand sanitisers") == 1
    assert word_coverage("portails", need) == 0
    # Nothing but framing is still asked for.
    assert word_coverage("fournisseur ?", "un fournisseur") == 1


def test_a_text_says_a_phrase_whatever_its_accents_capitals_and_plurals() -> None:
    cases: list[str] = [
        "un gel sans alcool.", "Gels SANS ALCOOLS", "sans-alcool", "c'est sans\nalcool",
        "**sans** alcool",
    ]  # fmt: skip
    for text in cases:
        assert says(text, "sans alcool")


def test_a_text_without_all_its_words_does_not_say_a_phrase() -> None:
    cases: list[tuple[str, str]] = [
        ("avec alcool", "sans alcool"), ("alcool", "sans alcool"),
        ("sans son alcool", "sans alcool"), ("sans alcoolique", "sans alcool"),
        ("des prises", "prix"), ("une usine", "us"), ("ISO 134850", "ISO 13485"),
    ]  # fmt: skip
    for text, phrase in cases:
        assert not says(text, phrase)


def test_hyphens_do_not_matter_to_what_a_text_says() -> None:
    for phrase in ("hydro-alcoolique", "hydroalcoolique"):
        for text in ("gel hydro-alcoolique", "gels hydroalcooliques", "Hydro‑Alcoolique"):
            assert says(text, phrase), (text, phrase)


@given(st.text("aeilnrstuLDÉœ'’-‑ ʼ_.1"), st.sampled_from(["fr", "en", None]))
@example("Qu'une tête-à-tête, l'eau du porte-fût et d’eau", "fr")
def test_stems_are_placed_where_their_words_are(text: str, lang: str | None) -> None:
    meant = [word for word in words(text) if not is_function_word(word)]
    for stem in meaning_spans(text, lang):
        of_stem = [(word.start, word.end) for word in meant if stem in stems(word, lang)]
        assert places_of({stem}, text, lang) == of_stem
    assert places_of({"absent"}, text, lang) == []

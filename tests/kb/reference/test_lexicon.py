"""The lexicon: every row is a phrase of a class, once, in both languages."""

from collections import Counter

from kb.reference.lexicon import LexiconKind, lexicon, means_of
from kb.reference.trades import trades


def test_every_class_makes_and_could_make_things_in_both_languages() -> None:
    codes = [phrase.code for phrase in lexicon()]
    assert codes == sorted(codes)
    known = {trade.code for trade in trades()}
    for lang in ("fr", "en"):
        for kind in (LexiconKind.MAKES, LexiconKind.COULD):
            told = {p.code for p in lexicon() if (p.lang, p.kind) == (lang, kind)}
            assert told == known


def test_no_class_has_a_phrase_twice_in_a_language() -> None:
    said = Counter((phrase.code, phrase.lang, phrase.text.casefold()) for phrase in lexicon())
    assert [key for key, count in said.items() if count > 1] == []
    assert [p for p in lexicon() if not p.text or p.text != " ".join(p.text.split())] == []


def test_the_means_of_a_class_are_found_by_language() -> None:
    for lang in ("fr", "en"):
        of_class = [
            p.text for p in lexicon() if (p.code, p.lang, p.kind) == ("15.20", lang, "means")
        ]
        assert means_of("15.20", lang) == tuple(of_class) != ()
    assert means_of("99.98", "fr") == ()

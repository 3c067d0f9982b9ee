"""The lexicon: every row is a phrase of a class, once, in both languages."""

from kb.reference.trades import LexiconKind, lexicon, trades


def test_every_class_makes_and_could_make_things_in_both_languages() -> None:
    codes = [phrase.code for phrase in lexicon()]
    assert codes == sorted(codes)
    known = {trade.code for trade in trades()}
    for lang in ("fr", "en"):
        for kind in (LexiconKind.MAKES, LexiconKind.COULD):
            told = {p.code for p in lexicon() if (p.lang, p.kind) == (lang, kind)}
            assert told == known

"""The pairs that are learnt from: what they say, and that they give away nothing held out."""

from kb.adaptation.pairs import Pair, PairMaker, PhraseBook
from kb.reference.trades import LexiconKind, Portrait, TradePhrase

THINGS = {
    "10.71": ("pain", "fouaces", "galettes"),
    "10.72": ("croquets", "pain d'épices", "galettes"),
    "28.93": ("coupeuses de pain", "façonneuses", "laminoirs"),
    "47.24": ("pain de campagne", "viennoiseries", "confiseries"),
}
PORTRAITS = [Portrait("10.71", "fr", f"Fournil {n}", (f"besoin {n}",)) for n in range(10)]


def book() -> PhraseBook:
    return PhraseBook(
        [
            TradePhrase(
                code, lang, LexiconKind.MAKES, text if lang == "fr" else f"{text} in English"
            )
            for code, texts in THINGS.items()
            for lang in ("fr", "en")
            for text in texts
        ]
    )


def many_pairs(seed: int = 0) -> list[Pair]:
    maker = PairMaker(book(), PORTRAITS, seed)
    return [pair for _ in range(30) for pair in maker.batch(32)]


def test_one_portrait_in_five_is_not_learnt_from() -> None:
    learnt = {pair.passage for pair in many_pairs()} & {one.text for one in PORTRAITS}
    assert learnt == {f"Fournil {n}" for n in range(10) if n not in {2, 7}}
    assert all(
        pair.query == pair.passage.replace("Fournil", "besoin")
        for pair in many_pairs()
        if pair.passage in learnt
    )


def test_what_is_asked_is_not_in_the_description_that_answers() -> None:
    asked = {text for texts in THINGS.values() for text in texts if text != "pain"}
    bare = [pair for pair in many_pairs() if pair.query in asked]
    assert {pair.code for pair in bare} == THINGS.keys()
    assert [pair for pair in bare if f"{pair.query}," in f"{pair.passage},".casefold()] == []
    assert any("fouaces" in pair.passage.casefold() for pair in many_pairs())

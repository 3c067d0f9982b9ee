"""The pairs that are learnt from: what they say, and that they give away nothing held out."""

import random
from itertools import islice

from kb.adaptation.pairs import HELD_OUT, OF_PORTRAITS, Pair, PairMaker, PhraseBook, batches
from kb.reference.lexicon import LexiconKind, TradePhrase
from kb.reference.portraits import Portrait, portraits

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


def test_the_order_is_that_of_the_seed_and_chance_is_not_shared() -> None:
    random.seed(1)
    first = many_pairs(1)
    random.seed(2)
    assert many_pairs(1) == first
    assert many_pairs(2) != first


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


def test_a_class_that_says_the_same_is_no_negative() -> None:
    (cake,) = [p for p in book().by_class["10.71"][LexiconKind.MAKES, "fr"] if p.text == "galettes"]
    assert book().right("10.71", cake) == {"10.71", "10.72"}
    assert book().right("10.71") == {"10.71"}
    shared = [
        TradePhrase(c, "fr", LexiconKind.COULD, t)
        for c in ("13.92", "14.12")
        for t in ("masques", "blouses", "charlottes", "tabliers")
    ]
    assert PhraseBook(shared).right("13.92") == {"13.92", "14.12"}


def test_classes_that_share_a_word_come_together() -> None:
    assert [set(classes) for classes in book().words] == [THINGS.keys()] * len(book().words)
    assert book().words


def test_a_batch_of_the_lexicon_has_its_share_of_portraits() -> None:
    known = {one.text for place, one in enumerate(portraits()) if place % HELD_OUT != HELD_OUT // 2}
    for batch in islice(batches(0, 64), 3):
        assert len(batch) == 64
        assert 0 <= sum(pair.passage in known for pair in batch) - 64 * OF_PORTRAITS < 5
        assert all(pair.query and pair.passage and pair.code in pair.right for pair in batch)

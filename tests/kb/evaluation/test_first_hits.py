from kb.evaluation.files import SetQuery
from kb.evaluation.first_hits import (
    FIRST,
    Silence,
    count_fits,
    count_silences,
)
from kb.evaluation.worlds import Answer
from kb.search.results import Fit

FRENCH = SetQuery("f", "gants", {"lang": "fr"})
ENGLISH = SetQuery("e", "gloves", {"lang": "en"})


def test_right_answers_are_counted_by_fit_for_each_language_and_for_all() -> None:
    answers = {
        "f": [Answer("a", 3, Fit.STRONG), Answer("b", 2, Fit.STRONG), Answer("c", 1, Fit.NONE)],
        "e": [Answer("a", 3, Fit.STRONG), Answer("c", 2, Fit.WEAK)],
    }
    qrels = {"f": {"a": 2, "c": 1, "b": 0}, "e": {"c": 1}}
    counts = {
        (count.lang, count.fit): (count.right, count.n)
        for count in count_fits(answers, [FRENCH, ENGLISH], qrels)
        if count.first == FIRST[0]
    }
    assert counts["fr", Fit.STRONG] == (1, 2)
    assert counts["fr", Fit.NONE] == (1, 1)
    assert counts["en", Fit.STRONG] == (0, 1)
    assert counts["en", Fit.WEAK] == (1, 1)
    assert counts["", Fit.STRONG] == (1, 3)
    assert counts["", Fit.POSSIBLE] == (0, 0)


def test_silence_is_counted_by_kind_and_language() -> None:
    asked = [
        ("answerable", FRENCH, {Fit.STRONG, Fit.WEAK}),
        ("answerable", FRENCH, {Fit.WEAK}),
        ("off-topic", FRENCH, set[Fit]()),
        ("off-topic", ENGLISH, {Fit.STRONG}),
    ]
    assert list(count_silences(asked)) == [
        Silence("answerable", "", 0, 1, 2),
        Silence("off-topic", "en", 0, 1, 1),
        Silence("off-topic", "fr", 1, 0, 1),
        Silence("off-topic", "", 1, 1, 2),
    ]

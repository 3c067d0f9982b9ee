from kb.evaluation.files import SetQuery
from kb.evaluation.fit_counts import FIRST, FitCount, count_fits
from kb.evaluation.worlds import Answer
from kb.search.results import Fit


def test_right_answers_are_counted_by_fit_for_each_language_and_for_all() -> None:
    queries = [SetQuery("f", "gants", "fr"), SetQuery("e", "gloves", "en")]
    answers = {
        "f": [Answer("a", 3, Fit.STRONG), Answer("b", 2, Fit.STRONG), Answer("c", 1, Fit.NONE)],
        "e": [Answer("a", 3, Fit.STRONG), Answer("c", 2, Fit.WEAK)],
    }
    qrels = {"f": {"a": 2, "c": 1, "b": 0}, "e": {"c": 1}}
    counts = {
        (count.lang, count.fit): (count.right, count.n)
        for count in count_fits(answers, queries, qrels, "plain")
    }
    assert counts["fr", Fit.STRONG] == (1, 2)
    assert counts["fr", Fit.NONE] == (1, 1)
    assert counts["en", Fit.STRONG] == (0, 1)
    assert counts["en", Fit.WEAK] == (1, 1)
    assert counts["", Fit.STRONG] == (1, 3)
    assert counts["", Fit.POSSIBLE] == (0, 0)


def test_only_the_first_hits_are_counted_and_one_language_is_all() -> None:
    answers = {"q": [Answer(str(place), -place, Fit.WEAK) for place in range(FIRST + 5)]}
    qrels = {"q": {str(FIRST - 1): 1, str(FIRST): 1}}
    counts = list(count_fits(answers, [SetQuery("q", "gants", "fr")], qrels, ""))
    assert FitCount("", "", Fit.WEAK, 1, FIRST) in counts
    assert len(counts) == len(Fit)

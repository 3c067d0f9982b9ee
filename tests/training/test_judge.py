"""The bundled judge is what the labelled articles teach, measured on those it did not see."""

import pytest

from ingest.extraction.proposals.judge import Judge, bundled_judge
from tests.training.examples import Example, LabelledArticle, folds, labelled_articles
from tests.training.judge import cross_validated, fitted_table, measured

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def articles() -> list[LabelledArticle]:
    return labelled_articles()


def test_the_table_is_what_the_articles_teach(articles: list[LabelledArticle]) -> None:
    kept = bundled_judge()
    again = Judge.of_json(fitted_table(articles, kept.calibration))
    apart = [
        abs(likely - again_likely)
        for article in articles
        for example in article.examples
        for likely, again_likely in zip(
            _probabilities(kept, example), _probabilities(again, example), strict=True
        )
    ]
    # A small change of the reading of pages is no reason to learn again.
    assert sum(apart) / len(apart) < 0.01


def _probabilities(judge: Judge, example: Example) -> list[float]:
    takes, roles = judge.probabilities(example.candidate.features, example.candidate.context)
    return [takes, *roles.values()]


def test_articles_that_share_an_actor_share_their_fold(articles: list[LabelledArticle]) -> None:
    fold_of = folds(articles, 8, 0)
    folds_with = {
        fold
        for article, fold in zip(articles, fold_of, strict=True)
        if any(participant.known == "avel" for participant in article.labels.participants)
    }
    assert len(folds_with) == 1
    assert len(set(fold_of)) == 8


@pytest.mark.thorough
def test_articles_that_it_did_not_learn_from_are_judged_well(
    articles: list[LabelledArticle],
) -> None:
    judges, calibration = cross_validated(articles)
    assert calibration.weights == pytest.approx(bundled_judge().calibration.weights, abs=0.1)
    others = measured(articles, judges, of_others=True)
    assert (others.fields["participants filled in"].f1 or 0) > 0.68
    assert (others.fields["roles filled in"].f1 or 0) > 0.39
    assert (others.calibration_error or 1) < 0.06

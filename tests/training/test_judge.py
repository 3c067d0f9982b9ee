"""The bundled judge is what the labelled articles teach, measured on those it did not see."""

import json

import pytest

from ingest.extraction.proposals.judge import bundled_judge
from tests.training.examples import LabelledArticle, folds, labelled_articles
from tests.training.judge import TABLE, cross_validated, fitted_table, measured


@pytest.fixture(scope="module")
def articles() -> list[LabelledArticle]:
    return labelled_articles()


def test_the_table_is_what_the_articles_teach(articles: list[LabelledArticle]) -> None:
    kept = json.loads(TABLE.read_text(encoding="utf-8"))
    again = fitted_table(articles, bundled_judge().calibration)
    assert again["intercepts"] == pytest.approx(kept["intercepts"], abs=0.01)
    assert again["weights"].keys() == kept["weights"].keys()
    for name, row in again["weights"].items():
        assert row == pytest.approx(kept["weights"][name], abs=0.01), name


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
    assert calibration.weights == pytest.approx(bundled_judge().calibration.weights, abs=0.01)
    others = measured(articles, judges, of_others=True)
    assert (others.fields["participants filled in"].f1 or 0) > 0.58
    assert (others.fields["roles filled in"].f1 or 0) > 0.28
    assert (others.calibration_error or 1) < 0.08

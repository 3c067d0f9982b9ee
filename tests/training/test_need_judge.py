"""The bundled judge of needs is what the labelled articles teach, measured by cross-validation."""

import pytest

from ingest.extraction.needs.need import NeedJudge, bundled_need_judge
from tests.training.need_judge import (
    NeedArticle,
    cross_validated,
    fitted_table,
    measured,
    need_articles,
)

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def articles() -> list[NeedArticle]:
    return need_articles()


def test_the_table_of_needs_is_what_the_articles_teach(articles: list[NeedArticle]) -> None:
    kept = bundled_need_judge()
    again = NeedJudge.of_json(fitted_table(articles, kept.calibration))
    apart = [
        abs(
            kept.names_need.probability(word.features) - again.names_need.probability(word.features)
        )
        for article in articles
        for word in article.words.values()
    ]
    # A small change of the reading of pages is no reason to learn again.
    assert sum(apart) / len(apart) < 0.005


@pytest.mark.thorough
def test_needs_of_articles_that_it_did_not_learn_from_are_found(
    articles: list[NeedArticle],
) -> None:
    judges, calibration = cross_validated(articles)
    assert calibration.weights == pytest.approx(bundled_need_judge().calibration.weights, abs=0.2)
    assert (measured(articles, judges, of_others=True).f1 or 0) > 0.7
    assert (measured(articles, judges, of_others=False).f1 or 0) > 0.8

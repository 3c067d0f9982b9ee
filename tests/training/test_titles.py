"""The weights of titles are what labelled articles teach, measured on those they did not see."""

from collections.abc import Mapping

import numpy as np
import pytest

from ingest.articles.metadata.title import title_weights
from tests.training.regression import Floats
from tests.training.titles import (
    TitleExample,
    cross_validated,
    feature_names,
    fitted_weights,
    title_examples,
)

NAMES = feature_names()


@pytest.fixture(scope="module")
def examples() -> list[TitleExample]:
    return title_examples(NAMES)


def test_the_table_is_what_the_articles_teach(examples: list[TitleExample]) -> None:
    again = fitted_weights(examples, NAMES)
    apart = np.concatenate(
        [
            np.abs(_chances(title_weights(), example) - _chances(again, example))
            for example in examples
        ]
    )
    # A small change of the reading of pages is no reason to learn again.
    assert apart.mean() < 0.01


def _chances(weights: Mapping[str, float], example: TitleExample) -> Floats:
    odds: Floats = np.exp(example.rows @ np.array([weights[name] for name in NAMES]))
    likely: Floats = odds / odds.sum()
    return likely


def test_titles_that_were_not_learnt_from_are_found(examples: list[TitleExample]) -> None:
    right = cross_validated(examples, NAMES)
    assert len(right) > 80
    assert sum(right.values()) / len(right) > 0.95


def test_what_no_line_says_is_none_of_them(examples: list[TitleExample]) -> None:
    for example in examples:
        assert example.right.sum() >= 1
        assert not example.rows[-1].any()

"""The bundled judge is what the labelled pairs teach, measured on families it did not see."""

import pytest

from kb.resolution.similarity import LIKELY, bundled_judge
from tests.training.labelled_pairs import read_pairs, report
from tests.training.similarity import PAIRS, PairExample, cross_validated, examples, fitted_judge


@pytest.fixture(scope="module")
def learnt() -> list[PairExample]:
    return list(examples(read_pairs(PAIRS)))


def test_the_table_is_what_the_pairs_teach(learnt: list[PairExample]) -> None:
    kept, again = bundled_judge(), fitted_judge(learnt)
    assert again.intercept == pytest.approx(kept.intercept, abs=0.05)
    assert again.weights == pytest.approx(dict(kept.weights), abs=0.05)


def test_pairs_of_families_that_it_did_not_see_are_told(learnt: list[PairExample]) -> None:
    likely = [
        example
        for example, probability in zip(learnt, cross_validated(learnt), strict=True)
        if probability >= LIKELY
    ]
    right = sum(example.is_same for example in likely)
    assert right / len(likely) > 0.88
    assert right / sum(example.is_same for example in learnt) > 0.88


def test_duplicates_are_found_and_few_others_with_them() -> None:
    precision, recall, _ = report(read_pairs(PAIRS))
    assert precision > 0.9
    assert recall > 0.9

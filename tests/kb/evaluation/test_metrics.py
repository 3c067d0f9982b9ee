import random

import ir_measures
import pytest

from kb.evaluation.metrics import (
    METRICS,
    Qrels,
    Run,
    difference_of,
    mean_of,
    measure,
    share_of,
)


def _anything(seed: int) -> tuple[Run, Qrels]:
    """Runs and qrels of all shapes: short and long, with ties of grade, zeros and strangers."""
    chance = random.Random(seed)
    documents = [f"d{number}" for number in range(200)]
    run, qrels = {}, {}
    for number in range(40):
        found = chance.sample(documents, chance.choice([1, 5, 10, 30, 150]))
        run[f"q{number}"] = {id_: 1000.0 - rank for rank, id_ in enumerate(found)}
        judged = chance.sample(documents, chance.choice([1, 3, 20, 120]))
        grades = {id_: chance.choice([0, 1, 1, 2, 3]) for id_ in judged}
        qrels[f"q{number}"] = grades | {judged[0]: 1}
    return run, qrels


def test_the_same_figures_as_trec_evals() -> None:
    run, qrels = _anything(0)
    theirs = {
        "nDCG@10": ir_measures.nDCG @ 10,
        "MAP": ir_measures.AP,
        "MRR": ir_measures.RR,
        "R@10": ir_measures.R @ 10,
        "R@100": ir_measures.R @ 100,
        "P@3": ir_measures.P @ 3,
        "S@1": ir_measures.Success @ 1,
        "S@3": ir_measures.Success @ 3,
    }
    assert theirs.keys() == METRICS.keys()
    ours = measure(run, qrels)
    for name, metric in theirs.items():
        found = {one.query_id: one.value for one in ir_measures.iter_calc([metric], qrels, run)}
        assert found == pytest.approx(ours[name], abs=1e-9), name


def test_a_mean_lies_in_its_interval_which_is_the_same_each_time() -> None:
    values = [0.0, 0.2, 0.4, 0.9, 1.0, 1.0]
    mean = mean_of(values)
    assert mean.value == pytest.approx(3.5 / 6)
    assert 0 < mean.low < mean.value < mean.high < 1
    assert mean == mean_of(values)


def test_a_difference_is_paired_by_query() -> None:
    first = {"q1": 0.1, "q2": 0.5, "q3": 0.9}
    second = {"q3": 1.0, "q1": 0.2, "q2": 0.6}
    difference = difference_of(first, second)
    assert difference.value == pytest.approx(0.1)
    # However much queries differ among themselves, each gained the same.
    assert difference.low == pytest.approx(0.1)
    assert difference.high == pytest.approx(0.1)
    # Of the eight ways to give the values to either run, two differ as much.
    assert difference.p == pytest.approx(2 / 8)


def test_shares_as_wilson_has_them() -> None:
    # Newcombe (1998), table I: 81 of 263 and 0 of 20.
    share = share_of(81, 263)
    assert (share.low, share.high) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert (share_of(0, 20).low, share_of(0, 20).high) == pytest.approx((0, 0.1611), abs=5e-5)
    assert share_of(18, 18).high == 1

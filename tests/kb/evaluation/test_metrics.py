import math
import random

import ir_measures
import pytest

from kb.evaluation.files import Qrels, Run
from kb.evaluation.metrics import (
    METRICS,
    measure,
    ndcg,
)

GRADES = {"a": 2, "b": 1, "c": 1}


def test_ndcg_by_hand() -> None:
    # gains 1, 0, 2 at ranks 1, 2, 3; the ideal is 2, 1, 1.
    gain = 1 / math.log2(2) + 2 / math.log2(4)
    ideal = 2 / math.log2(2) + 1 / math.log2(3) + 1 / math.log2(4)
    assert ndcg(["b", "x", "a"], GRADES) == pytest.approx(gain / ideal)
    assert ndcg(["a", "b", "c"], GRADES) == 1
    assert ndcg(["x"] * 10 + ["a"], GRADES) == 0
    assert ndcg([], {}) == 0


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


@pytest.mark.parametrize("seed", range(5))
def test_the_same_figures_as_trec_evals(seed: int) -> None:
    run, qrels = _anything(seed)
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

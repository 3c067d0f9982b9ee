import math
from pathlib import Path

import pytest

from kb.errors import InputError
from kb.evaluation import (
    average_precision,
    evaluate,
    ndcg,
    read_qrels,
    read_queries,
    recall,
    reciprocal_rank,
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


def test_average_precision_by_hand() -> None:
    # found at ranks 1 and 3: (1/1 + 2/3) / 3 relevant.
    assert average_precision(["a", "x", "c"], GRADES) == pytest.approx((1 + 2 / 3) / 3)
    assert average_precision([], GRADES) == 0


def test_reciprocal_rank_and_recall_by_hand() -> None:
    assert reciprocal_rank(["x", "y", "b"], GRADES) == pytest.approx(1 / 3)
    assert reciprocal_rank(["x"], GRADES) == 0
    assert recall(["a", "x", "b"], GRADES, k=2) == pytest.approx(1 / 3)


def test_evaluate_takes_the_mean_over_queries() -> None:
    figures = evaluate({"q1": ["a"], "q2": ["x"]}, {"q1": {"a": 1}, "q2": {"b": 1}})
    assert figures == {"nDCG@10": 0.5, "MAP": 0.5, "MRR": 0.5, "R@10": 0.5}


def test_a_run_of_other_queries_is_refused() -> None:
    with pytest.raises(InputError, match="q2"):
        evaluate({"q1": []}, {"q1": {"a": 1}, "q2": {"a": 1}})


def test_files_in_beir_layout(tmp_path: Path) -> None:
    (tmp_path / "queries.jsonl").write_text(
        '{"_id": "q1", "text": "gants", "metadata": {"lang": "fr"}}\n{"_id": 2, "text": "x"}\n'
    )
    (tmp_path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq1\ta\t2\nq1\tb\t0\n")
    first, second = read_queries(tmp_path / "queries.jsonl")
    assert (first.id, first.text, first.lang) == ("q1", "gants", "fr")
    assert (second.id, second.lang, second.split) == ("2", "", "")
    assert read_qrels(tmp_path / "qrels.tsv") == {"q1": {"a": 2, "b": 0}}


@pytest.mark.parametrize("content", ["{", '{"text": "x"}', "[]"])
def test_a_line_that_is_no_query_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "queries.jsonl"
    path.write_text('{"_id": "q", "text": "t"}\n' + content)
    with pytest.raises(InputError, match=r"queries\.jsonl:2: not a query"):
        read_queries(path)


def test_a_row_that_is_no_judgement_is_named(tmp_path: Path) -> None:
    path = tmp_path / "qrels.tsv"
    path.write_text("query-id\tcorpus-id\tscore\nq\ta\tgood\n")
    with pytest.raises(InputError, match=r"qrels\.tsv:2: expected"):
        read_qrels(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_qrels(tmp_path / "missing.tsv")

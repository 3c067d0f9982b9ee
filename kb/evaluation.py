"""Evaluation: how well a ranking meets needs whose answers are known.

The nouns are those of the field: *queries*, *qrels* (what is relevant to each query, and how
much), a *run* (what a system ranked for each query, best first). Files have BEIR's layout
(Thakur et al. 2021): `queries.jsonl` with `_id`, `text` and optionally `metadata.lang`, and
`qrels/<split>.tsv` with a header and the columns query id, corpus id, grade. Beside them,
`silence.jsonl` may hold queries that nothing answers, each with its `metadata.split`.
"""

import csv
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kb.errors import InputError

Qrels = Mapping[str, Mapping[str, int]]
Run = Mapping[str, Sequence[str]]
Metric = Callable[[Sequence[str], Mapping[str, int]], float]


@dataclass(frozen=True, slots=True)
class Query:
    id: str
    text: str
    lang: str
    split: str


def read_queries(path: Path) -> list[Query]:
    """The queries of a `queries.jsonl`.

    Raises:
        InputError: the file is missing, or a line is not a query; names the line.
    """
    queries = []
    for number, line in enumerate(_lines(path), start=1):
        try:
            given = json.loads(line)
            about = given.get("metadata", {})
            lang, split = str(about.get("lang", "")), str(about.get("split", ""))
            queries.append(Query(str(given["_id"]), str(given["text"]), lang, split))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise InputError(
                f"{path}:{number}: not a query; expected JSON with `_id` and `text`."
            ) from None
    return queries


def read_qrels(path: Path) -> dict[str, dict[str, int]]:
    """The qrels of a tab-separated file with a header line.

    Raises:
        InputError: the file is missing, or a row is not a query id, a corpus id and a grade.
    """
    qrels: dict[str, dict[str, int]] = {}
    for number, row in enumerate(csv.reader(_lines(path), delimiter="\t"), start=1):
        if number == 1:
            continue
        try:
            query_id, record_id, grade = row
            qrels.setdefault(query_id, {})[record_id] = int(grade)
        except ValueError:
            raise InputError(
                f"{path}:{number}: expected query id, corpus id and a whole number, tabs between."
            ) from None
    return qrels


def ndcg(ranking: Sequence[str], grades: Mapping[str, int], k: int = 10) -> float:
    """Normalised discounted cumulative gain of the first `k`, 0 to 1, with linear gain.

    Σ grade / log₂(rank + 1), over the same sum for the ideal ranking: trec_eval's `ndcg_cut`.
    """
    gain = sum(
        grades.get(id_, 0) / math.log2(rank + 1) for rank, id_ in enumerate(ranking[:k], start=1)
    )
    ideal = sorted(grades.values(), reverse=True)[:k]
    best = sum(grade / math.log2(rank + 1) for rank, grade in enumerate(ideal, start=1))
    return gain / best if best else 0.0


def average_precision(ranking: Sequence[str], grades: Mapping[str, int]) -> float:
    """The mean, over the relevant, of the precision at each one's rank; 0 for one not ranked."""
    relevant = {id_ for id_, grade in grades.items() if grade > 0}
    found, total = 0, 0.0
    for rank, id_ in enumerate(ranking, start=1):
        if id_ in relevant:
            found += 1
            total += found / rank
    return total / len(relevant) if relevant else 0.0


def reciprocal_rank(ranking: Sequence[str], grades: Mapping[str, int]) -> float:
    """One over the rank of the first relevant, 0 if there is none."""
    for rank, id_ in enumerate(ranking, start=1):
        if grades.get(id_, 0) > 0:
            return 1 / rank
    return 0.0


def recall(ranking: Sequence[str], grades: Mapping[str, int], k: int = 10) -> float:
    """The share of the relevant that is among the first `k`."""
    relevant = {id_ for id_, grade in grades.items() if grade > 0}
    return len(relevant & set(ranking[:k])) / len(relevant) if relevant else 0.0


METRICS: Mapping[str, Metric] = {
    "nDCG@10": ndcg,
    "MAP": average_precision,
    "MRR": reciprocal_rank,
    "R@10": recall,
}


def evaluate(run: Run, qrels: Qrels) -> dict[str, float]:
    """The mean of each metric over the queries.

    Raises:
        InputError: the run and the qrels are not of the same queries, or there are none.
    """
    if not qrels or run.keys() != qrels.keys():
        different = sorted(run.keys() ^ qrels.keys())
        raise InputError(f"The run and the qrels differ in their queries: {different[:3]}.")
    return {
        name: sum(metric(run[id_], qrels[id_]) for id_ in sorted(qrels)) / len(qrels)
        for name, metric in METRICS.items()
    }


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}.") from None

"""The figures of runs on a set: means with their intervals, part by part, and differences."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kb.errors import FileError
from kb.evaluation.ablation import RankingRuns
from kb.evaluation.comparison import Difference, Mean, difference_of, mean_of
from kb.evaluation.files import Run, SetQuery
from kb.evaluation.metrics import measure
from kb.evaluation.sets import DevelopmentSet, Judged


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a ranking on some queries: each metric, and its difference from another's.

    `part` names the queries, empty for all. `differences` is empty for that other.
    """

    ranking: str
    part: str
    n: int
    means: Mapping[str, Mean]
    differences: Mapping[str, Difference]


@dataclass(frozen=True, slots=True)
class SetReport:
    """All figures of runs on a set. `values` has, by ranking, each metric for each query.

    All rankings are compared with the first.
    """

    ranked: RankingRuns
    figures: Sequence[Figures]
    values: Mapping[str, Mapping[str, Mapping[str, float]]]


def report_of(ranked: RankingRuns, by: str | None) -> SetReport:
    """The figures of runs, part by part, each compared with the first.

    The parts are the set's own where none are named.
    """
    compared_with = next(iter(ranked.runs))
    values = {name: measure(run, ranked.judged.qrels) for name, run in ranked.runs.items()}
    figures = [
        _figures(ranked.dataset, values, name, part, ids, compared_with)
        for part, ids in _parts(ranked.judged.queries, by or ranked.dataset.by)
        for name in values
    ]
    return SetReport(ranked, figures, values)


def comparison_of(
    dataset: DevelopmentSet, judged: Judged, runs: Mapping[str, Run], by: str | None
) -> SetReport:
    """The figures of runs from elsewhere, the later compared with the first.

    A query that a run lacks found nothing.

    Raises:
        FileError: a run has none of the queries.
    """
    for name, run in runs.items():
        if not run.keys() & judged.qrels.keys():
            raise FileError(f"{name}: no query of {dataset.folder}, {judged.split}.")
    return report_of(RankingRuns(dataset, judged, runs), by)


def _figures(
    dataset: DevelopmentSet,
    values: Mapping[str, Mapping[str, Mapping[str, float]]],
    name: str,
    part: str,
    ids: Sequence[str],
    compared_with: str,
) -> Figures:
    means, differences = {}, {}
    for metric in dataset.columns:
        first, chosen = (
            {id_: values[of_run][metric][id_] for id_ in ids} for of_run in (compared_with, name)
        )
        means[metric] = mean_of(list(chosen.values()))
        if name != compared_with:
            differences[metric] = difference_of(first, chosen)
    return Figures(name, part, len(ids), means, differences)


def _parts(queries: Sequence[SetQuery], by: str) -> Iterator[tuple[str, list[str]]]:
    """The ids of the queries, part by part and then all; a single part is all."""
    parts: dict[str, list[str]] = {}
    for query in queries:
        about = (query.about.get(name, "") for name in by.split(","))
        parts.setdefault(" · ".join(filter(None, about)), []).append(query.id)
    if len(parts) > 1:
        yield from ((part or "other", parts[part]) for part in sorted(parts))
    if queries:
        yield "", [query.id for query in queries]

"""Measures the ranking without each of its parts, and writes a page of the figures of many sets.

python -m tests.ranking_figures [--kb KB] [--page FILE] SET...
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import combinations
from pathlib import Path
from statistics import fmean

import numpy as np

from kb.evaluation.metrics import mean_of, share_of
from kb.evaluation.ranking import FIFTY_LINES, FULL, Encoders, Way, base_of, found, rank
from kb.evaluation.report import (
    SetReport,
    markdown_table,
    mean_text,
    report_of,
    signed_text,
    silence_rows,
)
from kb.evaluation.sets import COLUMNS, DevelopmentSet, SetQuery, read_set
from kb.search.context import RankingOptions
from kb.settings import Settings

SPLIT = "test"
LADDER_METRICS = ("nDCG@10", "P@3", "S@1")
LABELS = [(fit, first) for fit in ("strong", "possible") for first in (3, 10)]

NO_CASES = {"cases": False, "similar": False, "elsewhere": False}
NO_MEANS = {**NO_CASES, "means": False}
NO_TRADES = {**NO_MEANS, "filing": False}
WAYS: Mapping[str, Way] = {
    "BM25": {**NO_TRADES, "near_names": False, "dense": False},
    "dense": {**NO_TRADES, "near_names": False, "lexical": False},
    "dense + BM25": NO_TRADES,
    "+ filing": NO_MEANS,
    "+ means": NO_CASES,
    "+ known conversions": {"cases": False},
    FULL: {},
    **{
        f"full − {option.name}": {option.name: False}
        for option in fields(RankingOptions)
        if option.default is True and option.name != "places"
    },
}
"""The rankings from words alone up to the full system, and it without each of its parts."""

HEAD = f"""# Figures of the ranking

`python -m tests.ranking_figures` wrote this page; [evaluation.md](../evaluation.md) says what the \
figures mean. They are {COLUMNS[0]} unless the set names another; brackets are 95 % intervals.
"""

Rows = Iterator[list[str]]


def overlaps(dataset: DevelopmentSet, settings: Settings, encoders: Encoders) -> list[float]:
    """How many of the first three hits two wordings of one need share, by need."""
    path = dataset.folder / "wordings.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    groups: dict[str, list[set[str]]] = defaultdict(list)
    if lines:
        with base_of(dataset, settings, encoders.full) as base:
            for one in map(json.loads, lines):
                hits = found(base, dataset, SetQuery(one["_id"], one["text"]), limit=3)
                groups[one["group"]].append({hit.actor_id for hit in hits})
    several = [hits for hits in groups.values() if len(hits) > 1]
    return [fmean(len(a & b) for a, b in combinations(hits, 2)) for hits in several]


def page_of(reports: Sequence[SetReport], shared: Mapping[str, Sequence[float]]) -> str:
    """The tables of reports; one without rows is left out."""
    lines = [HEAD]
    for title, table in (
        ("Beside fifty lines", beside(reports)),
        ("Right answers by label", labels(reports)),
        ("Silence", silences(reports)),
        ("Wordings", wordings(shared)),
        ("The ladder", ladder(reports)),
    ):
        if len(rows := list(table)) > 1:
            # Without the bars at the ends, a page is shorter.
            bare = (line.strip("| ") for line in markdown_table(rows))
            lines += [f"## {title}, {SPLIT}", "", *bare, ""]
    return "\n".join(lines).rstrip() + "\n"


def beside(reports: Sequence[SetReport]) -> Rows:
    yield ["set, and part", "queries", FULL, FIFTY_LINES, "difference"]
    for report in reports:
        dataset = report.ranked.dataset
        metric = dataset.columns[0]
        name = dataset.title if metric == COLUMNS[0] else f"{dataset.title}, {metric}"
        by_name = {(one.part, one.ranking): one for one in report.figures}
        for part in sorted({one.part for one in report.figures}):
            full, fifty = by_name[part, FULL], by_name[part, FIFTY_LINES]
            means = [f"{one.means[metric].value:.3f}" for one in (full, fifty)]
            difference = signed_text(full.differences[metric])
            yield [f"… {part}" if part else name, str(full.n), *means, difference]


def labels(reports: Sequence[SetReport]) -> Rows:
    yield ["set", *(f"{fit}, first {first}" for fit, first in LABELS)]
    for report in reports:
        counts = {(one["fit"], one["first"]): one for one in report.fits if not one["lang"]}
        of_set = [counts[label] for label in LABELS if counts]
        shares = [mean_text(share_of(c["right"], c["n"])) if c["n"] else "none" for c in of_set]
        if set(shares) - {"none"}:
            yield [report.ranked.dataset.title, *shares]


def silences(reports: Sequence[SetReport]) -> Rows:
    for number, report in enumerate(reports):
        head, *rows = silence_rows(report)
        yield from [["set", *head]] if not number else []
        of_all = [row for row in rows if row[0].endswith(", all")]
        yield from ([report.ranked.dataset.title, *row] for row in of_all)


def wordings(shared: Mapping[str, Sequence[float]]) -> Rows:
    yield ["set", "groups", "shared of the first 3"]
    for title, values in shared.items():
        if values:
            yield [title, str(len(values)), mean_text(mean_of(values))]


def ladder(reports: Sequence[SetReport]) -> Rows:
    yield ["ranking", *LADDER_METRICS]
    measured = [report for report in reports if report.figures]
    for name in measured[0].values if measured else ():
        of_sets = [
            [np.mean(list(report.values[name][metric].values())) for metric in LADDER_METRICS]
            for report in measured
        ]
        yield [name, *(f"{mean:.3f}" for mean in np.mean(of_sets, axis=0))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", type=Path, nargs="+")
    parser.add_argument("--kb", type=Path)
    parser.add_argument("--page", type=Path)
    given = parser.parse_args()
    settings = Settings.from_environment(kb=given.kb)
    encoders = Encoders(settings)
    reports, shared = [], {}
    for dataset in map(read_set, given.sets):
        ranked = rank(dataset, SPLIT, settings, encoders, ways=WAYS)
        reports.append(report_of(ranked, "lang"))
        shared[dataset.title] = overlaps(dataset, settings, encoders)
    page = page_of(reports, shared)
    print(page)
    if given.page:
        given.page.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()

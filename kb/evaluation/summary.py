"""The figures of many sets as one page of Markdown, for the documentation."""

from collections.abc import Iterator, Sequence

import numpy as np

from kb.evaluation.ablation import FIFTY_LINES, FULL
from kb.evaluation.comparison import share_of
from kb.evaluation.figures import SetReport
from kb.evaluation.first_hits import FIRST
from kb.evaluation.sets import COLUMNS
from kb.evaluation.tables import markdown_table, mean_text, signed_text, silence_rows, wording_rows
from kb.search.results import Fit

LADDER_METRICS = ("nDCG@10", "P@3", "S@1")

_LABELS = [(fit, first) for fit in (Fit.STRONG, Fit.POSSIBLE) for first in FIRST]

_HEAD = f"""# Figures of the ranking

`quisait evaluate --summary` wrote this page; [evaluation.md](../evaluation.md) says what the \
figures mean. They are {COLUMNS[0]} unless the set names another; brackets are 95 % intervals.
"""


def as_summary(reports: Sequence[SetReport]) -> str:
    """The tables of reports: beside fifty lines, labels, silence, wordings and the ladder.

    A table without rows is left out.
    """
    lines = [_HEAD]
    for split in dict.fromkeys(report.ranked.judged.split for report in reports):
        of_split = [report for report in reports if report.ranked.judged.split == split]
        for title, table in (
            ("Beside fifty lines", _rankings(of_split)),
            ("Right answers by label", _labels(of_split)),
            ("Silence", _silences(of_split)),
            ("Wordings", _wordings(of_split)),
            ("The ladder", _ladder(of_split)),
        ):
            if len(rows := list(table)) > 1:
                # Without the bars at the ends, a page is shorter.
                bare = (line.strip("| ") for line in markdown_table(rows))
                lines += [f"## {title}, {split}", "", *bare, ""]
    return "\n".join(lines).rstrip() + "\n"


def _rankings(reports: Sequence[SetReport]) -> Iterator[list[str]]:
    """A row for each set, by its first metric, and then for each of its parts."""
    yield ["set, and part", "queries", FULL.name, FIFTY_LINES, "difference"]
    for report in reports:
        dataset = report.ranked.dataset
        metric = dataset.columns[0]
        name = dataset.title if metric == COLUMNS[0] else f"{dataset.title}, {metric}"
        found = {(one.part, one.ranking): one for one in report.figures}
        for part in sorted({one.part for one in report.figures}):
            full, fifty = found[part, FULL.name], found[part, FIFTY_LINES]
            means = [f"{one.means[metric].value:.3f}" for one in (full, fifty)]
            difference = signed_text(full.differences[metric])
            yield [f"… {part}" if part else name, str(full.n), *means, difference]


def _labels(reports: Sequence[SetReport]) -> Iterator[list[str]]:
    yield ["set", *(f"{fit}, first {first}" for fit, first in _LABELS)]
    for report in reports:
        counts = {(one.fit, one.first): one for one in report.ranked.fits if not one.lang}
        of_set = [counts[label] for label in _LABELS if counts]
        if any(one.n for one in of_set):
            shares = [mean_text(share_of(one.right, one.n)) if one.n else "none" for one in of_set]
            yield [report.ranked.dataset.title, *shares]


def _silences(reports: Sequence[SetReport]) -> Iterator[list[str]]:
    yield ["set", *silence_rows(())[0]]
    for report in reports:
        of_all = [one for one in report.ranked.silences if not one.lang]
        yield from ([report.ranked.dataset.title, *row] for row in silence_rows(of_all)[1:])


def _wordings(reports: Sequence[SetReport]) -> Iterator[list[str]]:
    yield ["set", *wording_rows({})[0]]
    for report in reports:
        rows = wording_rows(report.ranked.overlaps)[1:]
        yield from ([report.ranked.dataset.title, *row] for row in rows)


def _ladder(reports: Sequence[SetReport]) -> Iterator[list[str]]:
    """A row for each ranking: the means of the sets' means."""
    measured = [report for report in reports if len(report.values) > 2 and report.figures]
    yield ["ranking", *LADDER_METRICS]
    for name in measured[0].values if measured else ():
        of_sets = [
            [np.mean(list(report.values[name][metric].values())) for metric in LADDER_METRICS]
            for report in measured
        ]
        yield [name, *(f"{mean:.3f}" for mean in np.mean(of_sets, axis=0))]

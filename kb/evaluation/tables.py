"""Figures as tables in Markdown and as JSON."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from kb.evaluation.comparison import Difference, Mean, mean_of, share_of
from kb.evaluation.figures import Figures, SetReport
from kb.evaluation.first_hits import FIRST, FitCount, Silence
from kb.search.results import Fit


def as_text(report: SetReport, *, per_query: bool = False) -> str:
    """The report as Markdown, a table for each part: of metrics where there are two rankings."""
    ranked = report.ranked
    lines = [f"## {ranked.dataset.title}, {ranked.judged.split}", ""]
    for part in dict.fromkeys(figures.part for figures in report.figures):
        of_part = [figures for figures in report.figures if figures.part == part]
        n = of_part[0].n
        lines += [f"{part or 'all'}: {n} {'query' if n == 1 else 'queries'}", ""]
        rows = _metric_rows(*of_part) if len(of_part) == 2 else _ranking_rows(of_part)
        lines += [*markdown_table(rows), ""]
    told = fit_rows(ranked.fits), silence_rows(ranked.silences), wording_rows(ranked.overlaps)
    for table in (table for table in told if len(table) > 1):
        lines += [*markdown_table(table), ""]
    if per_query:
        lines += [*markdown_table(_query_rows(report)), ""]
    return "\n".join(lines).rstrip() + "\n"


def _metric_rows(first: Figures, second: Figures) -> Iterator[list[str]]:
    yield ["metric", first.ranking, second.ranking, "difference", "p"]
    for metric, difference in second.differences.items():
        means = (mean_text(figures.means[metric]) for figures in (first, second))
        yield [metric, *means, signed_text(difference), _p(difference.p).removeprefix("= ")]


def _ranking_rows(part: Sequence[Figures]) -> Iterator[list[str]]:
    metrics = list(part[0].means)
    yield ["ranking", *metrics, f"{metrics[0]} less that of {part[0].ranking}"]
    for figures in part:
        means = (mean_text(figures.means[metric]) for metric in metrics)
        less = figures.differences.get(metrics[0])
        yield [figures.ranking, *means, f"{signed_text(less)}, p {_p(less.p)}" if less else ""]


def as_json(report: SetReport, *, per_query: bool = False) -> dict[str, Any]:
    """The report as what JSON can say, each metric with its interval."""
    ranked = report.ranked
    plain: dict[str, Any] = {
        "set": ranked.dataset.name,
        "title": ranked.dataset.title,
        "split": ranked.judged.split,
        "compared_with": next(iter(report.values)),
        "figures": [asdict(figures) for figures in report.figures],
        "silence": [asdict(silence) for silence in ranked.silences],
        "fits": [asdict(count) for count in ranked.fits],
        "wordings": {
            ranking: asdict(mean_of(list(by_group.values())))
            for ranking, by_group in ranked.overlaps.items()
            if by_group
        },
    }
    if per_query:
        plain["queries"] = {
            name: {
                query.id: {metric: of_query[query.id] for metric, of_query in of_metric.items()}
                for query in ranked.judged.queries
            }
            for name, of_metric in report.values.items()
        }
    return plain


def fit_rows(counts: Sequence[FitCount]) -> list[list[str]]:
    """A row for each count of first hits and language: of the hits of each fit, how many right."""
    rows: dict[tuple[int, str], list[str]] = {}
    for count in counts:
        name = f"first {count.first}, {count.lang or 'all'}"
        rows.setdefault((count.first, count.lang), [name]).append(share_text(count.right, count.n))
    return [["right, by fit", *Fit], *rows.values()]


def silence_rows(silences: Sequence[Silence]) -> list[list[str]]:
    """A row for each kind of query and language."""
    return [["queries", "nothing fits", "a strong fit"]] + [
        [
            f"{one.kind}, {one.lang or 'all'}",
            share_text(one.silent, one.n),
            share_text(one.strong, one.n),
        ]
        for one in silences
    ]


def wording_rows(overlaps: Mapping[str, Mapping[str, float]]) -> list[list[str]]:
    """A row for each ranking: how many of the first hits two wordings share."""
    return [["ranking of wordings", "groups", f"shared of the first {FIRST[0]}"]] + [
        [ranking, str(len(by_group)), mean_text(mean_of(list(by_group.values())))]
        for ranking, by_group in overlaps.items()
        if by_group
    ]


def _query_rows(report: SetReport) -> list[list[str]]:
    metrics = report.ranked.dataset.columns
    rows = [["ranking", "query", *metrics, "text"]]
    for name, of_metric in report.values.items():
        for query in report.ranked.judged.queries:
            figures = [f"{of_metric[metric][query.id]:.3f}" for metric in metrics]
            rows.append([name, query.id, *figures, query.text.replace("|", "/")])
    return rows


def mean_text(mean: Mean) -> str:
    """A mean with its interval."""
    return f"{mean.value:.3f} [{mean.low:.3f}, {mean.high:.3f}]"


def signed_text(difference: Difference) -> str:
    """A difference with its interval, signs before them."""
    return f"{difference.value:+.3f} [{difference.low:+.3f}, {difference.high:+.3f}]"


def _p(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


def share_text(count: int, n: int) -> str:
    """A share with its interval, or a word where there is nothing to share."""
    if not n:
        return "none"
    share = share_of(count, n)
    return f"{count} of {n}: {share.value:.2f} [{share.low:.2f}, {share.high:.2f}]"


def markdown_table(table: Iterable[Sequence[str]]) -> list[str]:
    """A table in Markdown whose columns stand below each other; the first row is its head."""
    rows = list(table)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    return [lines[0], "| " + " | ".join("-" * width for width in widths) + " |", *lines[1:]]

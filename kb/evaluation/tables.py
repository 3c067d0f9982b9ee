"""Figures as tables in Markdown and as JSON."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from kb.evaluation.comparison import Difference, Mean, share_of
from kb.evaluation.figures import Figures, SetReport
from kb.evaluation.fit_counts import FitCount
from kb.search.results import Fit

_FITS = tuple(Fit)


def as_text(report: SetReport, *, per_query: bool = False) -> str:
    """The report as Markdown, a table of rankings for each part."""
    metrics, baseline = report.ranked.dataset.columns, report.compared_with
    head = ["ranking", *metrics, *([f"{metrics[0]} less {baseline}'s"] if baseline else [])]

    def row(figures: Figures) -> list[str]:
        cells = [figures.ranking, *(mean_text(figures.means[metric]) for metric in metrics)]
        if baseline:
            differences = figures.differences
            cells.append(_difference(differences[metrics[0]]) if differences else "")
        return cells

    return _document(report, lambda part: [head, *map(row, part)], per_query=per_query)


def comparison_as_text(report: SetReport, *, per_query: bool = False) -> str:
    """The report of two runs as Markdown, a table of metrics for each part."""

    def rows(part: Sequence[Figures]) -> Iterator[list[str]]:
        first, second = part
        yield ["metric", first.ranking, second.ranking, "difference", "p"]
        for metric, difference in second.differences.items():
            means = [mean_text(figures.means[metric]) for figures in part]
            yield [metric, *means, signed_text(difference), _p(difference.p).removeprefix("= ")]

    return _document(report, rows, per_query=per_query)


def _document(
    report: SetReport,
    rows_of: Callable[[Sequence[Figures]], Iterable[list[str]]],
    *,
    per_query: bool,
) -> str:
    ranked = report.ranked
    lines = [f"## {ranked.dataset.title}, {ranked.judged.split}", ""]
    for part in dict.fromkeys(figures.part for figures in report.figures):
        of_part = [figures for figures in report.figures if figures.part == part]
        lines += [
            f"{part or 'all'}: {_queries(of_part[0].n)}",
            "",
            *markdown_table(rows_of(of_part)),
            "",
        ]
    if ranked.silences:
        rows = [["silence", "answerable with a fit", "unanswerable without", "… with a strong fit"]]
        rows += [
            [
                " ".join(filter(None, (silence.lang or "no language", silence.encoder))),
                share_text(silence.found, silence.answerable),
                share_text(silence.silent, silence.unanswerable),
                share_text(silence.strong, silence.unanswerable),
            ]
            for silence in ranked.silences
        ]
        lines += [*markdown_table(rows), ""]
    if ranked.fits:
        lines += [*markdown_table([["right, by fit", *_FITS], *fit_rows(ranked.fits)]), ""]
    if per_query:
        lines += [*markdown_table(_query_rows(report)), ""]
    lines += [f"Left out: {reason}." for reason in ranked.left_out]
    return "\n".join(lines).rstrip() + "\n"


def as_json(report: SetReport, *, per_query: bool = False) -> dict[str, Any]:
    """The report as what JSON can say, each metric with its interval."""
    ranked = report.ranked
    plain: dict[str, Any] = {
        "set": ranked.dataset.name,
        "title": ranked.dataset.title,
        "split": ranked.judged.split,
        "compared_with": report.compared_with,
        "figures": [asdict(figures) for figures in report.figures],
        "silence": [
            asdict(silence)
            | {
                "share_found": _plain_share(silence.found, silence.answerable),
                "share_silent": _plain_share(silence.silent, silence.unanswerable),
                "share_strong": _plain_share(silence.strong, silence.unanswerable),
            }
            for silence in ranked.silences
        ],
        "fits": [
            asdict(count) | {"share_right": _plain_share(count.right, count.n)}
            for count in ranked.fits
        ],
        "left_out": list(ranked.left_out),
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


def fit_rows(counts: Sequence[FitCount]) -> Iterator[list[str]]:
    """A row for each encoder and language: of the hits of each fit, how many are right."""
    rows: dict[tuple[str, str], dict[str, FitCount]] = {}
    for count in counts:
        rows.setdefault((count.encoder, count.lang), {})[count.fit] = count
    for (encoder, lang), by_fit in rows.items():
        shares = [share_text(by_fit[fit].right, by_fit[fit].n) for fit in _FITS]
        yield [" ".join(filter(None, (lang or "all", encoder))), *shares]


def _query_rows(report: SetReport) -> list[list[str]]:
    metrics = report.ranked.dataset.columns
    rows = [["ranking", "query", *metrics, "text"]]
    for name, of_metric in report.values.items():
        for query in report.ranked.judged.queries:
            figures = [f"{of_metric[metric][query.id]:.3f}" for metric in metrics]
            rows.append([name, query.id, *figures, query.text.replace("|", "/")])
    return rows


def _queries(n: int) -> str:
    return "1 query" if n == 1 else f"{n} queries"


def mean_text(mean: Mean) -> str:
    """A mean with its interval."""
    return f"{mean.value:.3f} [{mean.low:.3f}, {mean.high:.3f}]"


def _difference(difference: Difference) -> str:
    return f"{signed_text(difference)}, p {_p(difference.p)}"


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


def _plain_share(count: int, n: int) -> dict[str, float] | None:
    return asdict(share_of(count, n)) if n else None


def markdown_table(table: Iterable[Sequence[str]]) -> list[str]:
    """A table in Markdown whose columns stand below each other; the first row is its head."""
    rows = list(table)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    return [lines[0], "| " + " | ".join("-" * width for width in widths) + " |", *lines[1:]]

"""What was measured, as tables in Markdown and as JSON."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from kb.evaluation.comparison import Difference, Mean, share_of
from kb.evaluation.figures import SetReport


def as_text(report: SetReport, *, per_query: bool = False) -> str:
    """The report as Markdown."""
    lines = [f"## {report.given.title}, {report.judged.split}", ""]
    columns = report.given.columns
    for part in dict.fromkeys(figures.part for figures in report.figures):
        of_part = [figures for figures in report.figures if figures.part == part]
        rows = [["ranking", *columns]]
        if report.compared_with:
            rows[0].append(f"{columns[0]} less {report.compared_with}'s")
        for figures in of_part:
            row = [figures.ranking, *(_mean(figures.means[metric]) for metric in columns)]
            if report.compared_with:
                differences = figures.differences
                row.append(_difference(differences[columns[0]]) if differences else "")
            rows.append(row)
        lines += [f"{part or 'all'}: {_queries(of_part[0].n)}", "", *_table(rows), ""]
    if report.silences:
        rows = [["silence", "answerable with a fit", "unanswerable without"]]
        for silence in report.silences:
            rows.append(
                [
                    " ".join(filter(None, (silence.lang or "no language", silence.encoder))),
                    _share(silence.found, silence.answerable),
                    _share(silence.silent, silence.unanswerable),
                ]
            )
        lines += [*_table(rows), ""]
    if per_query:
        lines += [*_table(_query_rows(report)), ""]
    lines += [f"Left out: {reason}." for reason in report.left_out]
    return "\n".join(lines).rstrip() + "\n"


def comparison_as_text(report: SetReport, *, per_query: bool = False) -> str:
    """The report of two runs, a table of metrics for each part."""
    lines = [f"## {report.given.title}, {report.judged.split}", ""]
    first, second = report.values
    for part in dict.fromkeys(figures.part for figures in report.figures):
        a, b = (figures for figures in report.figures if figures.part == part)
        rows = [["metric", first, second, "difference", "p"]]
        for metric in report.given.columns:
            difference = b.differences[metric]
            rows.append(
                [
                    metric,
                    _mean(a.means[metric]),
                    _mean(b.means[metric]),
                    _signed(difference),
                    _p(difference.p).removeprefix("= "),
                ]
            )
        lines += [f"{part or 'all'}: {_queries(a.n)}", "", *_table(rows), ""]
    if per_query:
        lines += [*_table(_query_rows(report)), ""]
    return "\n".join(lines).rstrip() + "\n"


def as_json(report: SetReport, *, per_query: bool = False) -> dict[str, Any]:
    """The report as what JSON can say, each metric with its interval."""
    plain: dict[str, Any] = {
        "set": report.given.name,
        "title": report.given.title,
        "split": report.judged.split,
        "compared_with": report.compared_with,
        "figures": [asdict(figures) for figures in report.figures],
        "silence": [
            asdict(silence)
            | {
                "share_found": _plain_share(silence.found, silence.answerable),
                "share_silent": _plain_share(silence.silent, silence.unanswerable),
            }
            for silence in report.silences
        ],
        "left_out": list(report.left_out),
    }
    if per_query:
        plain["queries"] = {
            name: {
                query.id: {metric: of_query[query.id] for metric, of_query in of_metric.items()}
                for query in report.judged.queries
            }
            for name, of_metric in report.values.items()
        }
    return plain


def _query_rows(report: SetReport) -> list[list[str]]:
    rows = [["ranking", "query", *report.given.columns, "text"]]
    for name, of_metric in report.values.items():
        for query in report.judged.queries:
            figures = [f"{of_metric[metric][query.id]:.3f}" for metric in report.given.columns]
            rows.append([name, query.id, *figures, query.text.replace("|", "/")])
    return rows


def _queries(n: int) -> str:
    return "1 query" if n == 1 else f"{n} queries"


def _mean(mean: Mean) -> str:
    return f"{mean.value:.3f} [{mean.low:.3f}, {mean.high:.3f}]"


def _difference(difference: Difference) -> str:
    return f"{_signed(difference)}, p {_p(difference.p)}"


def _signed(difference: Difference) -> str:
    return f"{difference.value:+.3f} [{difference.low:+.3f}, {difference.high:+.3f}]"


def _p(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


def _share(count: int, n: int) -> str:
    if not n:
        return "none asked"
    share = share_of(count, n)
    return f"{count} of {n}: {share.value:.2f} [{share.low:.2f}, {share.high:.2f}]"


def _plain_share(count: int, n: int) -> dict[str, float] | None:
    return asdict(share_of(count, n)) if n else None


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    """A table in Markdown whose columns stand below each other; the first row is its head."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    return [lines[0], "| " + " | ".join("-" * width for width in widths) + " |", *lines[1:]]

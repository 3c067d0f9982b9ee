"""The figures of rankings, part by part, as tables in Markdown and as JSON."""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from typing import Any

from kb.evaluation.metrics import Difference, Mean, difference_of, mean_of, measure, share_of
from kb.evaluation.ranking import Answer, Ranked
from kb.evaluation.sets import SetQuery
from kb.search.results import Fit

FIRST = (3, 10)  # counts of hits of a query whose fits are counted
Values = Mapping[str, Mapping[str, float]]  # each metric for each query


@dataclass(frozen=True, slots=True)
class Figures:
    ranking: str
    part: str
    n: int
    means: Mapping[str, Mean]
    differences: Mapping[str, Difference]


@dataclass(frozen=True, slots=True)
class SetReport:
    """All figures of a set; `fits` and `silence` have a row for each count."""

    ranked: Ranked
    figures: Sequence[Figures]
    values: Mapping[str, Values]
    fits: Sequence[Mapping[str, Any]]
    silence: Sequence[Mapping[str, Any]]


def report_of(ranked: Ranked, by: str | None = None) -> SetReport:
    """The figures of runs, each compared with the first; `by` names parts, else the set does."""
    values = {name: measure(run, ranked.judged.qrels) for name, run in ranked.runs.items()}
    first, *_ = values
    figures = []
    for part, ids in _parts(ranked.judged.queries, by or ranked.dataset.by):
        for name, of_run in values.items():
            means, differences = {}, {}
            for metric in ranked.dataset.columns:
                before, chosen = (
                    {id_: each[metric][id_] for id_ in ids} for each in (values[first], of_run)
                )
                means[metric] = mean_of(list(chosen.values()))
                if name != first:
                    differences[metric] = difference_of(before, chosen)
            figures.append(Figures(name, part, len(ids), means, differences))
    fits = list(count_fits(ranked.answers, ranked.judged.queries, ranked.judged.qrels))
    return SetReport(ranked, figures, values, fits, list(count_silences(ranked.shown)))


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


def count_fits(
    answers: Mapping[str, Sequence[Answer]],
    queries: Sequence[SetQuery],
    qrels: Mapping[str, Mapping[str, int]],
) -> Iterator[dict[str, Any]]:
    """Yields how many of the first hits of each fit are right, by language and then for all."""
    for first in FIRST:
        for lang in _langs(queries):
            shown = [
                (answer.fit, qrels[query.id].get(answer.actor_id, 0) > 0)
                for query in queries
                if lang in {"", query.lang}
                for answer in answers[query.id][:first]
            ]
            for fit in Fit:
                right = [is_right for of_hit, is_right in shown if of_hit is fit]
                found = {"right": sum(right), "n": len(right)}
                yield {"first": first, "lang": lang, "fit": fit, **found}


def count_silences(shown: Sequence[tuple[str, SetQuery, Set[Fit]]]) -> Iterator[dict[str, Any]]:
    """Yields how many queries of each kind have no fit, and a strong one, by language."""
    for kind in dict.fromkeys(kind for kind, _, _ in shown):
        of_kind = [(query, fits) for of_query, query, fits in shown if of_query == kind]
        for lang in _langs([query for query, _ in of_kind]):
            found = [fits for query, fits in of_kind if lang in {"", query.lang}]
            silent = sum(not fits for fits in found)
            strong = sum(Fit.STRONG in fits for fits in found)
            yield {"kind": kind, "lang": lang, "silent": silent, "strong": strong, "n": len(found)}


def _langs(queries: Sequence[SetQuery]) -> list[str]:
    langs = sorted({query.lang for query in queries})
    return [*langs, ""] if len(langs) > 1 else [""]


def as_text(report: SetReport, *, per_query: bool = False) -> str:
    """The report of two rankings as Markdown, a table for each part."""
    ranked = report.ranked
    lines = [f"## {ranked.dataset.title}, {ranked.judged.split}", ""]
    for part in dict.fromkeys(figures.part for figures in report.figures):
        of_part = [figures for figures in report.figures if figures.part == part]
        n = of_part[0].n
        lines += [f"{part or 'all'}: {n} {'query' if n == 1 else 'queries'}", ""]
        lines += [*markdown_table(list(_ranking_rows(*of_part))), ""]
    for table in (fit_rows(report), silence_rows(report)):
        if len(table) > 1:
            lines += [*markdown_table(table), ""]
    if per_query:
        lines += [*markdown_table(_query_rows(report)), ""]
    return "\n".join(lines).rstrip() + "\n"


def as_json(report: SetReport, *, per_query: bool = False) -> dict[str, Any]:
    ranked = report.ranked
    plain: dict[str, Any] = {
        "set": ranked.dataset.name,
        "title": ranked.dataset.title,
        "split": ranked.judged.split,
        "compared_with": next(iter(report.values)),
        "figures": [asdict(figures) for figures in report.figures],
        "silence": report.silence,
        "fits": report.fits,
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


def _ranking_rows(first: Figures, second: Figures) -> Iterator[list[str]]:
    yield ["metric", first.ranking, second.ranking, "difference", "p"]
    for metric, difference in second.differences.items():
        means = (mean_text(figures.means[metric]) for figures in (first, second))
        p = "< 0.001" if difference.p < 0.001 else f"{difference.p:.3f}"
        yield [metric, *means, signed_text(difference), p]


def fit_rows(report: SetReport) -> list[list[str]]:
    """A row for each count of first hits and language: of the hits of each fit, how many right."""
    rows: dict[str, list[str]] = {}
    for count in report.fits:
        name = f"first {count['first']}, {count['lang'] or 'all'}"
        rows.setdefault(name, [name]).append(share_text(count["right"], count["n"]))
    return [["right, by fit", *Fit], *rows.values()]


def silence_rows(report: SetReport) -> list[list[str]]:
    rows = [
        [f"{one['kind']}, {one['lang'] or 'all'}"]
        + [share_text(one[name], one["n"]) for name in ("silent", "strong")]
        for one in report.silence
    ]
    return [["queries", "nothing fits", "a strong fit"], *rows]


def _query_rows(report: SetReport) -> list[list[str]]:
    metrics = report.ranked.dataset.columns
    rows = [["ranking", "query", *metrics, "text"]]
    for name, of_metric in report.values.items():
        for query in report.ranked.judged.queries:
            figures = [f"{of_metric[metric][query.id]:.3f}" for metric in metrics]
            rows.append([name, query.id, *figures, query.text.replace("|", "/")])
    return rows


def mean_text(mean: Mean) -> str:
    return f"{mean.value:.3f} [{mean.low:.3f}, {mean.high:.3f}]"


def signed_text(difference: Difference) -> str:
    return f"{difference.value:+.3f} [{difference.low:+.3f}, {difference.high:+.3f}]"


def share_text(count: int, n: int) -> str:
    """A share with its interval, or a word where there is nothing to share."""
    if not n:
        return "none"
    share = share_of(count, n)
    return f"{count} of {n}: {share.value:.2f} [{share.low:.2f}, {share.high:.2f}]"


def markdown_table(rows: Sequence[Sequence[str]]) -> list[str]:
    """A table in Markdown whose columns stand below each other; the first row is its head."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    return [lines[0], "| " + " | ".join("-" * width for width in widths) + " |", *lines[1:]]

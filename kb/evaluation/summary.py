"""The figures of many sets in a few tables of Markdown, for a page of the documentation."""

from collections.abc import Iterable, Iterator, Sequence

from kb.evaluation.ablation import BASELINE, HEADLINES
from kb.evaluation.figures import Figures, SetReport
from kb.evaluation.tables import fit_rows, markdown_table, mean_text, share_text, signed_text
from kb.search.results import Fit

METRICS_SHOWN = 2
"""How many of a set's metrics are shown, from the first."""

SETS_ABREAST = 6
"""How many sets stand beside each other in a table of ablations."""


_HEAD = """# Figures of the ranking

`quisait evaluate --summary` wrote this page; [evaluation.md](evaluation.md) says what the figures \
mean. Brackets are 95 % intervals.
"""


def as_summary(reports: Sequence[SetReport]) -> str:
    """The tables of reports, split by split: figures, silence, fits, ablation.

    A table without rows is left out.
    """
    lines = [_HEAD]
    for split in dict.fromkeys(report.ranked.judged.split for report in reports):
        of_split = [report for report in reports if report.ranked.judged.split == split]
        lines += [f"## {split.capitalize()}", ""]
        for title, tables in (
            ("Rankings", [_rankings(of_split)]),
            ("Silence", [_silences(of_split)]),
            ("Right answers by fit", [_fits(of_split)]),
            ("Ablation", _ablations(of_split)),
        ):
            shown = [table for table in tables if len(table) > 1]
            if shown:
                lines += [f"### {title}", ""]
            for table in shown:
                lines += [*markdown_table(table), ""]
    return "\n".join(lines).rstrip() + "\n"


def _rankings(reports: Sequence[SetReport]) -> list[list[str]]:
    """The rankings of headlines, by part of each set; of an evaluation without ablation, all."""
    found = dict.fromkeys(name for report in reports for name in report.values)
    names = [name for name in HEADLINES if name in found] or list(found)
    compared = [f"last − {BASELINE}"] if BASELINE in names else []
    head = ["set", "part", "queries", "metric", *(HEADLINES.get(name, name) for name in names)]
    rows = [[*head, *compared]]
    for report in reports:
        by_part: dict[str, dict[str, Figures]] = {}
        for figures in report.figures:
            by_part.setdefault(figures.part, {})[figures.ranking] = figures
        for part, by_name in by_part.items():
            of_names = [by_name[name] for name in names]
            for metric in report.ranked.dataset.columns[:METRICS_SHOWN]:
                differences = [of_names[-1].differences[metric]] if compared else []
                rows.append(
                    [
                        report.ranked.dataset.title,
                        part or "all",
                        str(of_names[-1].n),
                        metric,
                        *(f"{one.means[metric].value:.3f}" for one in of_names[:-1]),
                        mean_text(of_names[-1].means[metric]),
                        *map(signed_text, differences),
                    ]
                )
    return rows


def _silences(reports: Iterable[SetReport]) -> list[list[str]]:
    head = ["set", "queries", "answerable with a fit", "unanswerable without", "… a strong fit"]
    return [head] + [
        [
            report.ranked.dataset.title,
            " ".join(filter(None, (silence.lang or "no language", silence.encoder))),
            share_text(silence.found, silence.answerable),
            share_text(silence.silent, silence.unanswerable),
            share_text(silence.strong, silence.unanswerable),
        ]
        for report in reports
        for silence in report.ranked.silences
    ]


def _fits(reports: Iterable[SetReport]) -> list[list[str]]:
    return [["set", "queries", *Fit]] + [
        [report.ranked.dataset.title, *row]
        for report in reports
        for row in fit_rows(report.ranked.fits)
    ]


def _ablations(reports: Sequence[SetReport]) -> Iterator[list[list[str]]]:
    """Tables of every ranking, by the first metric of each set, over all its queries."""
    measured = [report for report in reports if len(report.values.keys() - HEADLINES.keys()) > 1]
    for start in range(0, len(measured), SETS_ABREAST):
        abreast = measured[start : start + SETS_ABREAST]
        names = dict.fromkeys(name for report in abreast for name in report.values)
        whole = [
            {figures.ranking: figures for figures in report.figures if not figures.part}
            for report in abreast
        ]
        metrics = [report.ranked.dataset.columns[0] for report in abreast]
        head = [
            f"{report.ranked.dataset.title}, {metric}"
            for report, metric in zip(abreast, metrics, strict=True)
        ]
        yield [["ranking", *head]] + [
            [
                name,
                *(
                    f"{by_name[name].means[metric].value:.3f}" if name in by_name else ""
                    for by_name, metric in zip(whole, metrics, strict=True)
                ),
            ]
            for name in names
        ]

"""What the figures of a run come to: tables in Markdown."""

import json
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.steps import CLIENTS, Entrant

FLOOR, NONE = "floor", "—"


@dataclass(frozen=True)
class Spread:
    """The median of some repetitions, the least and the most of them."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread | None":
        return cls(statistics.median(values), min(values), max(values)) if values else None

    def __str__(self) -> str:
        if self.least == self.most:
            return _short(self.median)
        return f"{_short(self.median)} ({_short(self.least)}–{_short(self.most)})"


@dataclass(frozen=True)
class Result:
    """The figures of a step."""

    what: str
    who: str
    size: int
    figures: dict[str, Any]


Pick = Callable[[dict[str, Any]], float]


@dataclass(frozen=True)
class Measured:
    """A figure: what it is called, of which steps, and how it is read from theirs."""

    title: str
    what: str
    pick: Pick


def _p50(of: Callable[[dict[str, Any]], Sequence[float]]) -> Pick:
    return lambda figures: statistics.median(of(figures))


def _p95(of: Callable[[dict[str, Any]], Sequence[float]]) -> Pick:
    return lambda figures: float(np.quantile(of(figures), 0.95))


def _refused(answers: dict[str, Any]) -> float:
    """The share of requests that were told to come back later, or failed, in percent."""
    without = answers["refused"] + answers["failed"]
    return float(100 * without / (without + len(answers["ms"])))


P50 = Measured("in process, p50, ms", "search", _p50(lambda f: f["ms"]))
ALONE = Measured("HTTP, p50, ms", "serve", _p50(lambda f: f["alone"]["ms"]))
ALONE_RATE = Measured("answers/s", "serve", lambda f: f["alone"]["per_second"])
MANY_P50 = Measured(f"{CLIENTS} clients, p50, ms", "serve", _p50(lambda f: f["at_once"]["ms"]))
MANY_P95 = Measured("p95", "serve", _p95(lambda f: f["at_once"]["ms"]))
MANY_RATE = Measured("answers/s", "serve", lambda f: f["at_once"]["per_second"])
SEARCHES = (
    P50,
    Measured("p95", "search", _p95(lambda f: f["ms"])),
    Measured("processor, ms", "search", lambda f: f["processor_ms"]),
    ALONE,
    Measured("p95", "serve", _p95(lambda f: f["alone"]["ms"])),
    ALONE_RATE,
    MANY_P50,
    MANY_P95,
    MANY_RATE,
    Measured("refused, %", "serve", lambda f: _refused(f["at_once"])),
)
RECALL = Measured("recall@10", "search", lambda f: f["recall"])
MEMORY = Measured("memory, MiB", "search", lambda f: f["pss_mib"])
BUILT = Measured("built of given embeddings, s", "build", lambda f: f["seconds"])
ADDED = Measured("one more text, ms", "search", _p50(lambda f: f["add_ms"]))
READY = Measured("server ready, s", "serve", lambda f: f["ready_s"])
AT_REST = Measured("at rest, s", "serve", lambda f: f["at_rest_s"])
START = Measured("processor until rest, s", "serve", lambda f: f["start_processor_s"])
COLD = Measured("cold search, s", "once", lambda f: f["seconds"])
SPACE = (
    RECALL,
    MEMORY,
    Measured("of the server", "serve", lambda f: f["pss_mib"]),
    Measured("bytes a passage", "build", lambda f: f["bytes"] / f["passages"]),
    BUILT,
    ADDED,
    COLD,
    READY,
    AT_REST,
    START,
)
RATE = Measured("passages/s", "ingest", lambda f: f["passages"] / f["seconds"])
WORKED_RATE = Measured("", "ingest", lambda f: f["passages"] / f["processor_s"])
ENCODER_RATE = Measured("passages/s", "encoding", lambda f: f["passages"] / f["seconds"])
ENCODER_WORKED_RATE = Measured("", "encoding", lambda f: f["passages"] / f["processor_s"])
EMBED = Measured("a need embedded, ms", "scanning", lambda f: f["embed_ms"])
SCAN = Measured("exact scan, ms", "scanning", lambda f: f["scan_ms"])
HELP = Measured("`quisait --help`, s", "help", _p50(lambda f: f["seconds"]))
PUBLISHED = Measured("published, then found, ms", "serve", _p50(lambda f: f["published_ms"]))
GROWING = (P50, MANY_P50, BUILT, MEMORY, ADDED)

OURS, POSTGRES, PLAIN, TXTAI = "ours", "postgres", "plain", "txtai"


class Results:
    """All results of a run."""

    def __init__(self, results: Sequence[Result], about: Sequence[dict[str, Any]]) -> None:
        self._results = results
        self.about = about

    def sizes(self) -> Sequence[int]:
        return sorted({one.size for one in self._results} - {0})

    def passages(self, size: int) -> int:
        """The passages of so many firms, as any contestant counted them."""
        counts = [
            one.figures["passages"]
            for one in self._results
            if one.size == size and "passages" in one.figures
        ]
        return max(counts, default=0)

    def values(self, measured: Measured, who: str, size: int = 0) -> Sequence[float]:
        """A figure of each repetition."""
        found = []
        for one in self._results:
            if (one.what, one.who, one.size) == (measured.what, who, size):
                with suppress(KeyError):  # some are of the first repetition alone
                    found.append(measured.pick(one.figures))
        return found

    def spread(self, measured: Measured, who: str, size: int = 0) -> Spread | None:
        return Spread.of(self.values(measured, who, size))

    def median(self, measured: Measured, who: str, size: int = 0) -> float | None:
        spread = self.spread(measured, who, size)
        return spread.median if spread else None


def read_results(folder: Path) -> Results:
    """The figures that steps have kept; those that failed are left out."""
    results, about = [], []
    for path in sorted(folder.glob("*.json")):
        figures = json.loads(path.read_text(encoding="utf-8"))
        about.append(figures)
        if "error" not in figures:
            what, who, size = path.stem.split(".")[:3]
            results.append(Result(what, who, int(size), figures))
    return Results(results, about)


def tables(results: Results, entrants: Sequence[Entrant]) -> str:
    """What was found, in Markdown."""
    lines = [_about(results), "", "### Ingesting", ""]
    lines += _ingesting(results, entrants)
    for size in results.sizes():
        lines += ["", f"### {size:,} firms, {results.passages(size):,} passages", ""]
        lines += _table(results, entrants, SEARCHES, size)
        lines += [""]
        lines += _table(results, entrants, SPACE, size)
    lines += ["", "### Floors", ""]
    lines += _floors(results)
    if len(results.sizes()) > 1:
        lines += ["", "### Growth", "", *_growth(results, entrants)]
    lines += ["", "### Figures to reach", "", *_goals(results)]
    return "\n".join(lines)


def _about(results: Results) -> str:
    loads = [figures["load_before"] for figures in results.about]
    days = sorted({figures["at"][:10] for figures in results.about})
    hours = sum(figures["took_s"] for figures in results.about) / 3600
    machine = results.about[-1]["machine"] if results.about else ""
    failed = sum("error" in figures for figures in results.about)
    return (
        f"{' to '.join(days[:1] + days[1:][-1:])}: {machine}; {hours:.1f} hours, "
        f"{len(results.about)} steps, of which {failed} failed; "
        f"load before a step: median {statistics.median(loads):.1f}, at most {max(loads):.1f}. "
        "Medians of the repetitions (least–most)."
    )


def _ingesting(results: Results, entrants: Sequence[Entrant]) -> Iterator[str]:
    floor, plain = results.median(ENCODER_RATE, FLOOR), results.median(RATE, PLAIN)
    yield (
        "| | passages/s | times sentence-transformers | of the compiled encoder alone "
        "| a second of the processor |"
    )
    yield "| --- | ---: | ---: | ---: | ---: |"
    for one in entrants:
        rate = results.spread(RATE, one.name)
        median = rate.median if rate else None
        worked = _cell(results.spread(WORKED_RATE, one.name))
        cells = [_cell(rate), _ratio(median, plain), _ratio(median, floor), worked]
        yield f"| {one.title} | {' | '.join(cells)} |"
    alone = results.spread(ENCODER_RATE, FLOOR)
    worked = _cell(results.spread(ENCODER_WORKED_RATE, FLOOR))
    cells = [_cell(alone), _ratio(floor, plain), "", worked]
    yield f"| *the compiled encoder alone* | {' | '.join(cells)} |"


def _table(
    results: Results, entrants: Sequence[Entrant], columns: Sequence[Measured], size: int
) -> Iterator[str]:
    yield f"| | {' | '.join(column.title for column in columns)} |"
    yield f"| --- |{' ---: |' * len(columns)}"
    for one in entrants:
        cells = [_cell(results.spread(column, one.name, size)) for column in columns]
        yield f"| {one.title} | {' | '.join(cells)} |"


def _floors(results: Results) -> Iterator[str]:
    columns = (EMBED, SCAN)
    yield (
        f"| passages | {' | '.join(column.title for column in columns)} "
        "| our search / (embedded + scan) |"
    )
    yield "| ---: | ---: | ---: | ---: |"
    for size in results.sizes():
        cells = [_cell(results.spread(column, FLOOR, size)) for column in columns]
        least = _least(results, size)
        cells.append(_ratio(results.median(P50, OURS, size), least))
        yield f"| {results.passages(size):,} | {' | '.join(cells)} |"


def _growth(results: Results, entrants: Sequence[Entrant]) -> Iterator[str]:
    yield "Exponents: a figure grows as the count of passages to this power (log-log fit)."
    yield ""
    yield f"| | {' | '.join(column.title for column in GROWING)} |"
    yield f"| --- |{' ---: |' * len(GROWING)}"
    for one in entrants:
        cells = [_short(exponent(results, column, one.name)) for column in GROWING]
        yield f"| {one.title} | {' | '.join(cells)} |"


def exponent(results: Results, measured: Measured, who: str) -> float | None:
    """The slope of a figure against the count of passages, both as logarithms."""
    points = [
        (results.passages(size), median)
        for size in results.sizes()
        if (median := results.median(measured, who, size))
    ]
    if len(points) < 2:
        return None
    across, up = np.log(np.array(points)).T
    return float(np.polyfit(across, up, 1)[0])


def _goals(results: Results) -> Iterator[str]:
    """The figures to reach, each with what was measured at the size that it is for."""
    yield "| what | to reach | measured |"
    yield "| --- | ---: | ---: |"
    rate = results.median(RATE, OURS)
    floor = results.median(ENCODER_RATE, FLOOR)
    yield _goal("ingest / sentence-transformers", "≥ 5", _over(rate, results.median(RATE, PLAIN)))
    yield _goal("ingest / compiled encoder alone", "≥ 0.9", _over(rate, floor))
    yield _goal("`quisait --help`, s", "≤ 0.3", results.median(HELP, OURS))
    for size in results.sizes():
        at = f", {size:,} firms"

        def ours(measured: Measured, size: int = size) -> float | None:
            return results.median(measured, OURS, size)

        least = _least(results, size)
        theirs = results.median(MANY_RATE, TXTAI, size)
        yield _goal(f"search / (embedded + scan){at}", "≤ 1.5", _over(ours(P50), least))
        yield _goal(f"HTTP beyond in process, ms{at}", "≤ 3", _less(ours(ALONE), ours(P50)))
        yield _goal(
            f"{CLIENTS} clients / one, answers/s{at}",
            "≥ 1.7",
            _over(ours(MANY_RATE), ours(ALONE_RATE)),
        )
        yield _goal(f"{CLIENTS} clients / txtai's{at}", "≥ 4", _over(ours(MANY_RATE), theirs))
        yield _goal(
            f"{CLIENTS} clients, p95 / p50{at}", "≤ 6", _over(ours(MANY_P95), ours(MANY_P50))
        )
        on_postgres = results.median(P50, POSTGRES, size)
        yield _goal(f"search on PostgreSQL / on SQLite{at}", "≤ 2", _over(on_postgres, ours(P50)))
        yield _goal(f"recall@10{at}", "≥ 0.98", ours(RECALL))
        found_there = results.median(RECALL, POSTGRES, size)
        yield _goal(f"recall@10 on PostgreSQL{at}", "≥ 0.98", found_there)
        yield _goal(f"published, then found, ms{at}", "≤ 500", ours(PUBLISHED))
        yield _goal(f"cold search, s{at}", "≤ 1.2", ours(COLD))
        yield _goal(f"server ready, s{at}", "≤ 2.5", ours(READY))


def _goal(what: str, reach: str, measured: float | None) -> str:
    if measured is None:
        return f"| {what} | {reach} | {NONE} |"
    bound = float(reach[2:])
    reached = measured >= bound if reach[0] == "≥" else measured <= bound
    figure = _short(measured)
    return f"| {what} | {reach} | {figure if reached else f'**{figure}**'} |"


def _least(results: Results, size: int) -> float | None:
    """The milliseconds to embed a need and to compare it with all passages."""
    return _sum(results.median(EMBED, FLOOR, size), results.median(SCAN, FLOOR, size))


def _cell(spread: Spread | None) -> str:
    return str(spread) if spread else NONE


def _ratio(one: float | None, other: float | None) -> str:
    return _short(_over(one, other))


def _over(one: float | None, other: float | None) -> float | None:
    return one / other if one is not None and other else None


def _less(one: float | None, other: float | None) -> float | None:
    return one - other if one is not None and other is not None else None


def _sum(one: float | None, other: float | None) -> float | None:
    return one + other if one is not None and other is not None else None


def _short(number: float | None) -> str:
    """A number with three digits that count, and thousands apart."""
    if number is None:
        return NONE
    if number == 0:
        return "0"
    digits = 0 if abs(number) >= 100 else 1 if abs(number) >= 10 else 2
    return f"{number:,.{digits}f}"

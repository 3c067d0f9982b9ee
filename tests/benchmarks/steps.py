"""The steps of the comparison: what each measures, of whom, and within which time.

A step is a process or a few, and gives a dictionary of figures. Its name is that of the file where
they are kept.
"""

import json
import os
import platform
import re
import shutil
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from kb.whole_file import replacing
from tests.benchmarks.clients import Answers, ask
from tests.benchmarks.corpus import firms, needs
from tests.benchmarks.processes import (
    Session,
    StepFailed,
    free_port,
    output_of,
    processor_s,
    pss_mib,
    seconds_of,
    serving,
    wait_for_rest,
)
from tests.benchmarks.rivals.contestant import NEAREST, SliceFiles
from tests.benchmarks.rivals.install import python_of
from tests.benchmarks.slices import SLICE, stems

UNSEEN = 50_000_000
"""The number of the first firm that no base of the comparison has."""

CLIENTS = 16
WARMING, ADDED = 100, 3
"""Needs that are asked before those that are measured, and texts that are added.

Our encoder compiles another graph after 50 short ones.
"""

QUISAIT = (sys.executable, "-m", "web")
FOUND_WITHIN_S = 30.0
RESTS_WITHIN_S = 120.0
Figures = dict[str, Any]


@dataclass(frozen=True)
class Entrant:
    """A contestant: the module that it is, its Python, and where its server is asked."""

    name: str
    title: str
    module: str
    path: str = ""
    """Of a search, the need at its end; empty if it serves none."""
    is_ours: bool = False
    on_postgres: bool = False

    @property
    def python(self) -> Path:
        return Path(sys.executable) if self.is_ours else python_of(self.name)

    def command(self, *arguments: str) -> Sequence[str]:
        return [str(self.python), "-m", f"tests.benchmarks.rivals.{self.module}", *arguments]

    def search_once(self, model: Path, base: Path, need: str) -> Sequence[str]:
        """The command of a cold search."""
        if self.is_ours:
            return [*QUISAIT, "search", need, "--kb", self._place(base)]
        return self.command("once", str(model), str(base), need)

    def serve(self, model: Path, base: Path, port: int) -> Sequence[str]:
        """The command of a server."""
        if self.is_ours:
            # All requests come from one address here; nothing else is set otherwise than it comes.
            unlimited = ("env", "QUISAIT_SEARCHES_A_MINUTE=0")
            return [*unlimited, *QUISAIT, "serve", "--kb", self._place(base), "--port", str(port)]
        return self.command("serve", str(model), str(base), str(port))

    def _place(self, base: Path) -> str:
        """What the setting of our base is."""
        if self.on_postgres:
            from tests.benchmarks.rivals.ours_on_postgres import address_of

            return address_of(base)
        return str(base)


ENTRANTS = (
    Entrant("ours", "Qui sait faire ?", "ours", "/api/search?q=", is_ours=True),
    Entrant(
        "postgres",
        "Qui sait faire ? on PostgreSQL",
        "ours_on_postgres",
        "/api/search?q=",
        is_ours=True,
        on_postgres=True,
    ),
    Entrant("plain", "sentence-transformers + FAISS", "plain", "/search?query="),
    Entrant("txtai", "txtai, hybrid", "with_txtai", "/search?query="),
    Entrant("chroma", "Chroma", "with_chroma"),
)
"""In the order of the tables."""


@dataclass(frozen=True)
class Extent:
    """How much is measured: firms that are ingested, needs asked in process and of a server."""

    ingested: int
    in_process: int
    alone: int
    at_once: int


SMALL = Extent(ingested=SLICE, in_process=60, alone=60, at_once=160)
FULL = Extent(ingested=2 * SLICE, in_process=150, alone=150, at_once=400)


@dataclass(frozen=True)
class Step:
    name: str
    run: Callable[[], Figures]


@dataclass(frozen=True)
class Workshop:
    """Where steps find and leave things: the merged model, slices, bases, logs."""

    model: Path
    corpus: Path
    folder: Path
    extent: Extent

    def base(self, entrant: Entrant, size: int) -> Path:
        return self.folder / "bases" / f"{entrant.name}-{size}"

    def log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"

    def session(self, entrant: Entrant, name: str) -> Session:
        return Session(entrant.command("session", str(self.model)), self.log(name))


def plan(
    workshop: Workshop, sizes: Sequence[int], repetitions: int, entrants: Sequence[Entrant]
) -> Iterator[Step]:
    """All steps, bases first; then each repetition, in which the contestants take turns."""
    for size in sizes:
        for one in entrants:
            name = f"build.{one.name}.{size}"
            yield Step(name, partial(_build, workshop, one, size, name))
    for turn in range(repetitions):
        in_turn = [*entrants[turn % len(entrants) :], *entrants[: turn % len(entrants)]]
        yield Step(f"encoding.floor.0.{turn}", partial(_encoding, workshop, turn))
        for one in in_turn:
            name = f"ingest.{one.name}.0.{turn}"
            yield Step(name, partial(_ingest, workshop, one, turn, name))
        for size in sizes:
            yield Step(f"scanning.floor.{size}.{turn}", partial(_scanning, workshop, size))
            for what, measure in MEASURES.items():
                for one in in_turn:
                    if what != "serve" or one.path:
                        name = f"{what}.{one.name}.{size}.{turn}"
                        yield Step(name, partial(measure, workshop, one, size, turn, name))
        yield Step(f"help.ours.0.{turn}", partial(_help, workshop))


def run_step(step: Step, folder: Path) -> None:
    """Runs a step, unless its figures are there; keeps them, or why there are none."""
    path = folder / f"{step.name}.json"
    if path.exists() and "error" not in json.loads(path.read_text(encoding="utf-8")):
        return
    print(f"{datetime.now(UTC):%H:%M:%S} {step.name}", end=" ", flush=True)
    before, started = os.getloadavg()[0], time.monotonic()
    try:
        figures = step.run()
    except Exception as error:  # noqa: BLE001 (whatever fails is a gap, and the run goes on)
        figures = {"error": f"{type(error).__name__}: {error}"}
        print(figures["error"], end=" ")
    took = time.monotonic() - started
    figures |= {
        "load_before": before,
        "took_s": took,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": _machine(),
    }
    with replacing(path) as pending:
        pending.write_text(json.dumps(figures), encoding="utf-8")
    print(f"{took:.0f} s", flush=True)


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores ({_processor()}), {memory:.0f} GiB, "
        f"Python {platform.python_version()}"
    )


def _processor() -> str:
    """The model of the processor, and what it has for encoders."""
    told = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = re.search(r"^model name\s*: (.*)$", told, re.MULTILINE)
    has = [flag for flag in ("avx2", "avx512f", "avx512_bf16", "amx_int8") if f" {flag} " in told]
    return ", ".join([model[1] if model else platform.machine(), *has])


def _build(workshop: Workshop, one: Entrant, size: int, name: str) -> Figures:
    """A base of embeddings that are there: what is left of ingesting without the encoder."""
    base = workshop.base(one, size)
    shutil.rmtree(base, ignore_errors=True)
    base.parent.mkdir(parents=True, exist_ok=True)
    with _engine(one, base), workshop.session(one, name) as session:
        session.ask("warm", 300)
        built: Figures = session.ask(
            "build",
            600 + size / 20,
            folder=str(base),
            slices=list(stems(workshop.corpus, size)),
            given=True,
        )
    built["bytes"] = sum(
        path.stat().st_size
        for path in base.rglob("*")
        if path.is_file() and "pg_wal" not in path.parts  # a log that is as long for any base
    )
    return built


def _ingest(workshop: Workshop, one: Entrant, turn: int, name: str) -> Figures:
    """Texts that nobody has seen, embedded by each contestant's own encoder."""
    scratch = workshop.folder / "scratch" / one.name
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.parent.mkdir(parents=True, exist_ok=True)
    try:
        with _engine(one, scratch), workshop.session(one, name) as session:
            session.ask("warm", 300)
            figures: Figures = session.ask(
                "build",
                300 + workshop.extent.ingested,
                folder=str(scratch),
                slices=list(_unseen(workshop, turn)),
                given=False,
            )
            return figures
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _encoding(workshop: Workshop, turn: int) -> Figures:
    extent = workshop.extent.ingested
    module = [sys.executable, "-m", "tests.benchmarks.slices", str(extent), "--without-embeddings"]
    log = workshop.log("encoding")
    output_of([*module, "--first", str(UNSEEN + turn * extent)], log, 300)
    return _floor("encoding", _unseen(workshop, turn), log, 300 + extent)


def _scanning(workshop: Workshop, size: int) -> Figures:
    return _floor("scanning", stems(workshop.corpus, size), workshop.log("scanning"), 600)


@contextmanager
def _engine(one: Entrant, base: Path) -> Iterator[int | None]:
    """Runs the database server that a contestant needs, if any; gives its process id."""
    if one.on_postgres:
        from tests.benchmarks.rivals.ours_on_postgres import running

        with running(base) as pid:
            yield pid
    else:
        yield None


def _pids(*pids: int | None) -> Sequence[int]:
    return [pid for pid in pids if pid is not None]


def _floor(what: str, slices: Sequence[str], log: Path, within_s: float) -> Figures:
    command = [sys.executable, "-m", "tests.benchmarks.floors", what, *slices]
    figures: Figures = json.loads(output_of(command, log, within_s).splitlines()[-1])
    return figures


def _unseen(workshop: Workshop, turn: int) -> Sequence[str]:
    extent = workshop.extent.ingested
    return stems(workshop.corpus, extent, UNSEEN + turn * extent)


def _search(workshop: Workshop, one: Entrant, size: int, turn: int, name: str) -> Figures:
    """Searches in a process, its memory after them, recall, and texts that are added."""
    base = workshop.base(one, size)
    asked = needs()[WARMING : WARMING + workshop.extent.in_process]
    with _engine(one, base) as engine, workshop.session(one, name) as session:
        opened = session.ask("open", 300 + size / 100, folder=str(base))["seconds"]
        session.ask("search", 300, needs=needs()[:WARMING])
        wait_for_rest(_pids(session.pid, engine), RESTS_WITHIN_S)
        searched = session.ask("search", 300 + len(asked), needs=asked)
        pss = pss_mib(session.pid) + pss_mib(engine)
        # Later, the base has texts that were added.
        recall = {} if turn else {"recall": _recall(workshop, session, size, asked)}
        added = session.ask("add", 600, texts=_new_texts(ADDED, turn * ADDED))
    return {
        "open_s": opened,
        "ms": searched["ms"],
        "processor_ms": searched["processor_ms"],
        "pss_mib": pss,
        "add_ms": added["ms"],
        "added_found": added["found"],
    } | recall


def _new_texts(count: int, first: int) -> Sequence[tuple[str, str]]:
    """Texts of firms that no base has, as cases."""
    rows = firms(count, first=2 * UNSEEN + first)
    return [(row["id"].replace("firm", "case"), row["description"]) for row in rows]


def _recall(workshop: Workshop, session: Session, size: int, needs: Sequence[str]) -> float:
    """The share of the exact nearest passages that a contestant finds, by its own embeddings."""
    nearest = session.ask("nearest", 300 + len(needs), needs=needs)
    asked = np.array(nearest["embeddings"], np.float32)
    best: list[list[tuple[float, str]]] = [[] for _ in asked]
    for stem in stems(workshop.corpus, size):
        files = SliceFiles.of(stem)
        texts = [text for _, text in files.read_passages()]
        cosines = asked @ np.load(files.embeddings).T
        for row, of_need in enumerate(cosines):
            chosen = np.argpartition(-of_need, NEAREST)[:NEAREST]
            best[row] = sorted(
                [*best[row], *((float(of_need[at]), texts[at]) for at in chosen)], reverse=True
            )[:NEAREST]
    # Texts that say the same are one: a base may hold it once.
    wanted = [{text for _, text in exact} for exact in best]
    found = [len(texts & set(given)) for texts, given in zip(wanted, nearest["texts"], strict=True)]
    return sum(found) / sum(map(len, wanted))


def _serve(workshop: Workshop, one: Entrant, size: int, turn: int, name: str) -> Figures:
    """A server: its start, one client and many, its memory, and what others add to its base."""
    base, port = workshop.base(one, size), free_port()
    command = one.serve(workshop.model, base, port)
    paths = [one.path + quote(need) for need in needs()]
    warming, rest = paths[:WARMING], paths[WARMING:]
    alone, at_once = workshop.extent.alone, workshop.extent.at_once
    with ExitStack() as running:
        engine = running.enter_context(_engine(one, base))
        before_s = processor_s(_pids(engine))
        pid, ready_s = running.enter_context(
            serving(command, workshop.log(name), port, warming[0], 300 + size / 100)
        )
        pids = _pids(pid, engine)
        rests_s, worked_s = wait_for_rest(pids, RESTS_WITHIN_S)
        ask(port, warming[1:], 1)
        # In process, too, nothing else is being loaded while needs are asked.
        wait_for_rest(pids, RESTS_WITHIN_S)
        first = ask(port, rest[:alone], 1)
        many = ask(port, rest[alone : alone + at_once], CLIENTS)
        figures = {
            "ready_s": ready_s,
            "at_rest_s": ready_s + rests_s,
            "start_processor_s": worked_s - before_s,
            "alone": _answers(first),
            "at_once": _answers(many),
            "pss_mib": pss_mib(pid) + pss_mib(engine),
        }
        if one.is_ours:
            figures["published_ms"] = _published(workshop, one, base, port, turn)
    return figures


def _answers(answers: Answers) -> Figures:
    if not answers.ms:
        raise StepFailed(f"no answer: {answers.refused} refused, {answers.failed} failed")
    return {
        "ms": answers.ms,
        "per_second": answers.per_second,
        "refused": answers.refused,
        "failed": answers.failed,
    }


def _published(
    workshop: Workshop, one: Entrant, base: Path, port: int, turn: int
) -> Sequence[float]:
    """Milliseconds from another process having put a case to a server's answer that has it."""
    found = []
    with workshop.session(one, "publishing") as session:
        session.ask("open", 600, folder=str(base))
        for id_, text in _new_texts(ADDED, 1_000 + turn * ADDED):
            session.ask("put", 300, id=id_, text=text)
            found.append(_until_found(port, one.path + quote(text[:300]), id_))
    return found


def _until_found(port: int, path: str, id: str) -> float:
    started = time.perf_counter()
    while time.perf_counter() - started < FOUND_WITHIN_S:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as response:
            if json.dumps(id) in response.read().decode():
                return 1000 * (time.perf_counter() - started)
    raise StepFailed(f"{id} was not found")


def _once(workshop: Workshop, one: Entrant, size: int, turn: int, name: str) -> Figures:
    base = workshop.base(one, size)
    command = one.search_once(workshop.model, base, needs()[0])
    with _engine(one, base):
        return {"seconds": seconds_of(command, workshop.log(name), 300 + size / 100)}


def _help(workshop: Workshop) -> Figures:
    command = [str(Path(sys.executable).parent / "quisait"), "--help"]
    with suppress(StepFailed):
        seconds_of(command, workshop.log("help"), 60)  # the first one reads files
    return {"seconds": [seconds_of(command, workshop.log("help"), 60) for _ in range(5)]}


MEASURES: dict[str, Callable[[Workshop, Entrant, int, int, str], Figures]] = {
    "search": _search,
    "serve": _serve,
    "once": _once,
}

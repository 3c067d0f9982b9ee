"""Kills processes at random moments, and looks whether anything was lost.

    python -m tests.reliability.kills                  # as in docs/reliability.md
    python -m tests.reliability.kills --runs 40 --seed 7

A process ingests, publishes, erases or rebuilds, and is ended with SIGKILL at a random moment. Then
`quisait check` must find nothing, what the process had acknowledged must be there, and no record
may be half of anything. At last the work is done again, which must complete it.
"""

import argparse
import json
import multiprocessing
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from ingest.pipeline import ingest
from kb.models import Kind
from kb.registers.drafts import DraftState
from tests.reliability.bases import (
    FIRMS,
    FORMER,
    NEXT,
    faults,
    files_saying,
    make_base,
    opened,
    records,
    stored_texts,
    text_of,
    write_input,
)

RUNS, MINUTES = 80, 10.0
PATIENCE_S = 300.0
_FORK = multiprocessing.get_context("fork")

Tell = Callable[[str], object]


def _ingest(folder: Path, tell: Tell) -> None:
    """Reads an input that has changed, and prunes."""
    with opened(folder) as base:
        assert not ingest(base, [folder / "input"], prune=True, source="firms").failures
        base.save_index()
    tell("ingested")


def _publish(folder: Path, tell: Tell) -> None:
    with opened(folder) as base:
        for draft in base.drafts.list():
            if draft.state is not DraftState.PUBLISHED:
                base.publish(draft.id, by="Camille", revision=draft.revision)
            tell(draft.record.id)


def _erase(folder: Path, tell: Tell) -> None:
    with opened(folder) as base:
        for number in range(10, 15):
            base.erase(Kind.ACTOR, f"firme-{number}", by="Camille")
            tell(f"firme-{number}")


def _rebuild(folder: Path, tell: Tell) -> None:
    """Takes up another encoder."""
    with opened(folder, NEXT) as base:
        assert base.rebuild().problems == ()
    tell("rebuilt")


WORKS = (_ingest, _publish, _erase, _rebuild)
Work = Callable[[Path, Tell], None]


def _prepare(work: Work, folder: Path) -> None:
    make_base(folder)
    if work is _ingest:
        write_input(folder / "input", "nouveau", first=FIRMS // 4)
        return
    for path in (folder / "input").iterdir():
        path.unlink()
    if work is _publish:
        with opened(folder) as base:
            for record in records("publié", FIRMS, FIRMS + 8).values():
                base.drafts.add(record, by="Camille", origin="")


def _lost(work: Work, folder: Path, told: Sequence[str]) -> list[str]:
    """What is wrong after a kill, given what was acknowledged."""
    encoder = FORMER
    if work is _rebuild:
        with opened(folder) as base:
            encoder = NEXT if base.status().problems else FORMER
        if told and encoder is FORMER:
            return ["it is not rebuilt, and said so"]
    found, stored = faults(folder, encoder), stored_texts(folder)
    former = {id_: text_of(record) for id_, record in records("ancien").items()}
    new = {id_: text_of(record) for id_, record in records("nouveau", FIRMS // 4).items()}
    published = {
        id_: text_of(record) for id_, record in records("publié", FIRMS, FIRMS + 8).items()
    }
    states = (former, new if work is _ingest else published)
    found += [
        f"{id_} is in no state of the input"
        for id_, text in stored.items()
        if text not in [state.get(id_) for state in states]
    ]
    if work is _ingest:
        if told and stored != new:
            found.append("it is not as the input, and said so")
        found += [f"{id_} went, and is listed" for id_ in (new.keys() & former) - stored.keys()]
    elif work is _erase:
        for id_ in told:
            word = id_.replace("firme-", "Numéro")
            found += [f"{name} says {word}, which is erased" for name in files_saying(word, folder)]
        found += [f"{id_} is erased" for id_ in told if id_ in stored]
    else:
        found += [f"{id_} is missing" for id_ in {*former, *told} - {*stored, "rebuilt"}]
    if work is _publish:
        with opened(folder) as base:
            found += [
                f"{draft.record.id} is {draft.state}"
                for draft in base.drafts.list()
                if (draft.record.id in stored) != (draft.state is DraftState.PUBLISHED)
            ]
    return found


@dataclass(frozen=True)
class Outcome:
    """Whether a process was killed, how long it worked, and what is wrong."""

    was_killed: bool
    seconds: float
    faults: list[str]


def run_until(work: Work, folder: Path, moment_s: float) -> Outcome:
    """Has a process work until a moment, and then does its work again."""
    _prepare(work, folder)
    hears, tells = _FORK.Pipe(duplex=False)
    process = _FORK.Process(target=_be_child, args=(work, folder, tells))
    process.start()
    tells.close()
    told: list[str] = []
    with suppress(EOFError):
        assert hears.recv() == "begun"
        started = time.monotonic()
        process.join(moment_s)
        process.kill()
        seconds = time.monotonic() - started
        while True:
            told.append(hears.recv())
    process.join()
    lines = [] if process.exitcode in {0, -9} else [f"it ended with {process.exitcode}"]
    lines += _lost(work, folder, told)
    again: list[str] = []
    work(folder, again.append)
    lines += [f"done again: {line}" for line in _lost(work, folder, again)]
    return Outcome(process.exitcode == -9, seconds, lines)


def _be_child(work: Work, folder: Path, tells: Connection) -> None:
    tells.send("begun")
    work(folder, tells.send)


def main(runs: int = RUNS, seed: int = 1, minutes: float = MINUTES) -> dict[str, Any]:
    """Kills as many processes, each kind of work in turn; `faults` has a line for each loss."""
    chance, until = random.Random(seed), time.monotonic() + 60 * minutes
    lengths: dict[Work, float] = {}
    killed: Counter[str] = Counter()
    found: list[str] = []
    done = 0
    # Few records in each transaction, so that a kill meets with many.
    with (
        TemporaryDirectory() as scratch,
        patch("ingest.pipeline.BATCH_RECORDS", 4),
        patch("kb.indexing.indexer.REBUILT_AT_ONCE", 3),
        patch("kb.editorial.ingestion._CHANGED_AT_ONCE", 2),
    ):
        while killed.total() < runs and time.monotonic() < until:
            work = WORKS[done % len(WORKS)]
            moment_s = chance.uniform(0, lengths[work]) if work in lengths else PATIENCE_S
            outcome = run_until(work, Path(scratch) / str(done), moment_s)
            lengths.setdefault(work, outcome.seconds)
            name = work.__name__.strip("_")
            killed[name] += outcome.was_killed
            where = f"{name}, seed {seed}, run {done}, after {moment_s:.3f} s"
            found += [f"{where}: {line}" for line in outcome.faults]
            done += 1
    return {"killed": killed.total(), "of": dict(killed), "runs": done, "faults": found}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.reliability.kills")
    parser.add_argument("--runs", type=int, default=RUNS, help="processes to kill")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=MINUTES, help="at most")
    summary = main(**vars(parser.parse_args()))
    print(json.dumps(summary, indent=2, ensure_ascii=False))
    sys.exit(bool(summary["faults"]))

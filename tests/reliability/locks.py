"""How long one writer keeps the others waiting.

    python -m tests.reliability.locks                 # as in docs/reliability.md
    python -m tests.reliability.locks --firms 2000

While a process ingests, rebuilds, prunes or erases, another tries to write every 50 ms, as a
person does who publishes, and times how long it waits for the lock. The encoder costs
nothing, so that hardly anything but writing is left: the least favourable case.
"""

import argparse
import itertools
import json
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path

from ingest.pipeline import ingest
from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.models import Kind
from kb.reference.visibility import ContactChoice, Visibility
from kb.store import database
from kb.store.store import Store
from tests.benchmarks.ingesting import FreeEncoder, generated_firms, write_firms

INTERVAL_S = 0.05
PATIENCE_S = 900.0
"""Time that the other writer waits, which a person would not."""

Figures = dict[str, float]


def main(firms: int = 50_000) -> dict[str, Figures]:
    """Measures each kind of long work; returns its figures by name."""
    found: dict[str, Figures] = {}
    with tempfile.TemporaryDirectory() as scratch:
        whole, half = Path(scratch) / "firms.csv", Path(scratch) / "half.csv"
        rows = list(generated_firms(firms, seed=5))
        write_firms(whole, iter(rows))
        write_firms(half, iter(rows[: firms // 2]))
        folder = Path(scratch) / "base"
        folder.mkdir()
        Store.open(folder / DATABASE_FILE, create=True).close()
        base = KnowledgeBase(folder, FreeEncoder)
        other = KnowledgeBase(folder, _OtherEncoder)
        members_only = ContactChoice(organisations=Visibility.MEMBERS)
        nobody = ContactChoice(organisations=Visibility.NONE)
        steps: dict[str, Callable[[], object]] = {
            "ingest": lambda: ingest(base, [whole], source="firms"),
            "ingest again, unchanged": lambda: ingest(base, [whole], source="firms"),
            "rebuild, same encoder": base.rebuild,
            "rebuild, another encoder": other.rebuild,
            "choose who sees contacts": lambda: other.choose_contacts("firms", members_only),
            "forget contacts": lambda: other.choose_contacts("firms", nobody),
            "ingest half, prune the rest": lambda: ingest(
                other, [half], source="firms", prune=True
            ),
            "erase one": lambda: other.erase(Kind.ACTOR, min(other.ids(Kind.ACTOR)), by="bench"),
        }
        for name, step in steps.items():
            started = time.perf_counter()
            with _another_writer(folder / DATABASE_FILE) as figures:
                step()
                took_s = time.perf_counter() - started
            found[name] = {"took_s": round(took_s, 1), **figures}
            print(name, json.dumps(found[name]), flush=True)
        base.close()
        other.close()
    return found


class _OtherEncoder(FreeEncoder):
    fingerprint = "free-2"


@contextmanager
def _another_writer(path: Path) -> Iterator[Figures]:
    """Writes from another process meanwhile; gives its figures at the end."""
    figures: Figures = {}
    context = multiprocessing.get_context("spawn")
    stop, (ours, theirs) = context.Event(), context.Pipe()
    writer = context.Process(target=_write_until, args=(path, stop, theirs))
    writer.start()
    ours.recv()  # it has begun
    try:
        yield figures
    finally:
        stop.set()
        waits, commits = ours.recv()
        writer.join()
        waits.sort()
        figures |= {
            "writes": len(waits),
            "median_s": round(statistics.median(waits), 3),
            "p99_s": round(waits[int(len(waits) * 0.99)], 3),
            "longest_s": round(waits[-1], 3),
            "longest_commit_s": round(max(commits), 3),
        }


def _write_until(path: Path, stop: Event, pipe: Connection) -> None:
    """Writes a property every 50 ms until told to stop.

    Sends how long each waited for the lock, and how long each then took.
    """
    database.BUSY_TIMEOUT_S = PATIENCE_S
    store = Store.open(path)
    waits: list[float] = []
    commits: list[float] = []
    pipe.send(True)
    for number in itertools.count():
        started = time.perf_counter()
        with store.writing():
            waits.append(time.perf_counter() - started)
            store.set_property("bench", str(number))
        commits.append(time.perf_counter() - started - waits[-1])
        if stop.wait(INTERVAL_S):
            break
    store.close()
    pipe.send((waits, commits))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.reliability.locks")
    parser.add_argument("--firms", type=int, default=50_000)
    main(parser.parse_args().firms)

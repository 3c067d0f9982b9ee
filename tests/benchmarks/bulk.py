"""How long a large directory takes, and where the time goes.

    python -m tests.benchmarks.bulk --actors 1000000                 # the encoder that is set
    python -m tests.benchmarks.bulk --actors 100000 --encoder none   # all but encoding
    python -m tests.benchmarks.bulk --actors 1000000 --encoder mixed # and searched, served

With `mixed`, the embeddings of passages cost next to nothing, too: they are mixtures of those of
trade phrases. Needs have those of the encoder that is set, with which the base can be opened.

Everything lies in `build/bulk` (`--folder`). A run that is stopped or killed goes on where it was,
as `quisait ingest` does: what is there is read again, and neither compared nor embedded. Each
minute it says how far it is, with the memory of the process and the size of the database and of
its log. At the end, a table has the time of each stage: of the processor, in the thread that reads
and writes, without the stages within it; and of the clock. Encoding has two threads of its own; its
time is theirs, by the clock.
"""

import argparse
import hashlib
import os
import platform
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from ingest.directories import readers
from ingest.pace import Pace
from ingest.pipeline import ingest
from kb.editorial import commit, ingestion
from kb.encoder.encoder import Embeddings, Encoder, TextKind, WordEmbeddings
from kb.encoder.prepared import load_encoder
from kb.indexing.indexer import IndexBatch
from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.registers import duplicates, versions
from kb.registers import sources as claims
from kb.settings import Settings
from tests.benchmarks.corpus import firms, needs, write_firms
from tests.benchmarks.nearest.mixtures import NEIGHBOURS, Mixtures, phrase_embeddings

SAID_EVERY_S = 60.0
SEARCHES, LAST_SEARCHES = 400, 200
"""How many needs are asked, and how many of them count: a process remembers words and texts."""

MIB = 1 << 20
MIXED = 20_000
"""Real embeddings, at most, that passages are mixtures of."""

STAGES: Sequence[tuple[str, object, str]] = (
    ("make records of rows", readers, "entry"),
    ("plan: whose rows they are, and what they change", ingestion._SourceRows, "plan"),
    ("derive passages and stems", IndexBatch, "derive"),
    ("store records, passages and words", IndexBatch, "put"),
    ("look for doubles", duplicates, "compare"),
    ("keep versions", versions, "keep_versions"),
    ("keep what sources said", claims, "save_source_records"),
    ("keep who sees contacts", commit, "keep_members_only"),
    ("the rest of a transaction, and its commit", commit.Commit, "write"),
)
"""Each stage with the function that is it."""


class Stages:
    """The time of each stage in the thread of the caller, without that of stages within it."""

    def __init__(self) -> None:
        self.cpu: dict[str, float] = defaultdict(float)
        self.clock: dict[str, float] = defaultdict(float)
        self._within: list[str] = ["read rows, and all else"]
        self._since = time.thread_time(), time.perf_counter()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self.settle()
        self._within.append(name)
        try:
            yield
        finally:
            self.settle()
            self._within.pop()

    def settle(self) -> None:
        """Adds what has passed to the stage that is on."""
        moment = time.thread_time(), time.perf_counter()
        self.cpu[self._within[-1]] += moment[0] - self._since[0]
        self.clock[self._within[-1]] += moment[1] - self._since[1]
        self._since = moment

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **named: Any) -> Any:
            with self.stage(name):
                return function(*args, **named)

        return run


class TimedEncoder:
    """An encoder, and the time that it took, of the clock."""

    def __init__(self, encoder: Encoder) -> None:
        self.name, self.engine = encoder.name, encoder.engine
        self.fingerprint, self.dimension = encoder.fingerprint, encoder.dimension
        self.seconds, self.texts = 0.0, 0
        self._encoder = encoder

    def encode(self, texts: Sequence[str], kind: TextKind) -> Embeddings:
        started = time.perf_counter()
        rows = self._encoder.encode(texts, kind)
        self.seconds += time.perf_counter() - started
        self.texts += len(texts)
        return rows

    def encode_words(self, text: str, kind: TextKind) -> WordEmbeddings | None:
        return self._encoder.encode_words(text, kind)


class HashEncoder:
    """Costs next to nothing: the embedding of a text is made of its hash."""

    name = "hashes"
    engine = "none"
    fingerprint = "hashes-1"
    dimension = 384

    def encode(self, texts: Sequence[str], kind: TextKind) -> Embeddings:
        del kind
        digests = b"".join(hashlib.sha256(text.encode()).digest() for text in texts)
        bytes_of = np.frombuffer(digests, np.uint8).reshape(len(texts), -1).astype(np.float32)
        rows = np.tile(bytes_of - 127.5, self.dimension // bytes_of.shape[1])
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)

    def encode_words(self, text: str, kind: TextKind) -> WordEmbeddings | None:
        del text, kind
        return None


class MixedEncoder:
    """Gives queries their embeddings, and passages mixtures of real ones, by the hash of a text."""

    def __init__(self, encoder: Encoder) -> None:
        self.name, self.engine = encoder.name, encoder.engine
        self.fingerprint, self.dimension = encoder.fingerprint, encoder.dimension
        self._encoder = encoder
        real = np.random.default_rng(0).permutation(phrase_embeddings())[:MIXED]
        self._count = len(real)
        self._mixtures = Mixtures(real)

    def encode(self, texts: Sequence[str], kind: TextKind) -> Embeddings:
        if kind is TextKind.QUERY:
            return self._encoder.encode(texts, kind)
        digests = b"".join(hashlib.sha256(text.encode()).digest() for text in texts)
        drawn = np.frombuffer(digests, np.uint32).reshape(len(texts), -1)
        one, other = (drawn[:, at] % self._count for at in (0, 1))
        near, nearer = (1 + drawn[:, at] % NEIGHBOURS for at in (2, 3))
        share = 0.4 + 0.6 * drawn[:, 4] / np.iinfo(np.uint32).max
        return self._mixtures.of(one, other, (near, nearer), share)

    def encode_words(self, text: str, kind: TextKind) -> WordEmbeddings | None:
        return self._encoder.encode_words(text, kind)


def _encoder(which: str) -> Encoder:
    if which == "none":
        return HashEncoder()
    encoder = load_encoder(Settings.from_environment())
    return MixedEncoder(encoder) if which == "mixed" else encoder


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.bulk")
    parser.add_argument("--actors", type=int, default=100_000)
    parser.add_argument("--encoder", choices=("set", "mixed", "none"), default="set")
    parser.add_argument("--folder", type=Path, default=Path("build/bulk"))
    given = parser.parse_args()
    folder: Path = given.folder / f"{given.encoder}-{given.actors}"
    folder.mkdir(parents=True, exist_ok=True)
    path = given.folder / f"firms-{given.actors}.csv"
    if not path.exists():
        part = path.with_suffix(".part.csv")
        write_firms(part, firms(given.actors))
        part.rename(path)
    encoder = TimedEncoder(_encoder(given.encoder))
    load = [round(each, 1) for each in os.getloadavg()]
    print(f"{platform.machine()}, {os.cpu_count()} cores, {encoder.name}, load {load}", flush=True)
    with closing(_opened(folder, encoder)) as base:
        _ingest(base, path, given.actors, encoder)
        started, used = time.perf_counter(), time.process_time()
        base.save_index()
        seconds, processor = time.perf_counter() - started, time.process_time() - used
        print(f"\nIndex and trades saved in {seconds:.0f} s, of the processor {processor:.0f} s;")
        print(f"{_sizes(folder)}.")
    searching = _encoder("none" if given.encoder == "none" else "set")
    with closing(_opened(folder, searching)) as base:
        _search(base)


def _opened(folder: Path, encoder: Encoder) -> KnowledgeBase:
    """The base in a folder, with all that is set but the encoder."""
    settings = Settings.from_environment(kb=folder)
    return KnowledgeBase.open(settings, create=True, encoder=lambda: encoder)


def _ingest(base: KnowledgeBase, path: Path, actors: int, encoder: TimedEncoder) -> None:
    pace, stages, said = Pace(), Stages(), time.monotonic()
    pace.total = actors

    def progress(count: int) -> None:
        nonlocal said
        pace.advance(count)
        if time.monotonic() - said >= SAID_EVERY_S:
            said = time.monotonic()
            print(f"{pace.line()}; {_sizes(base.folder)}", flush=True)

    started, used = time.perf_counter(), os.times()
    with ExitStack() as patched:
        for name, holder, attribute in STAGES:
            function = getattr(holder, attribute)
            patched.enter_context(
                mock.patch.object(holder, attribute, stages.timed(name, function))
            )
        report = ingest(base, [path], source="bulk", progress=progress)
        stages.settle()
    seconds, ended = time.perf_counter() - started, os.times()
    print(f"\n{report.read:,} rows in {seconds:,.0f} s: {report.added:,} added,", end=" ")
    print(f"{report.unchanged:,} unchanged, {report.failed} failed; {_sizes(base.folder)}.\n")
    print("| stage | processor, s | clock, s | ms a row |\n| --- | ---: | ---: | ---: |")
    for name in sorted(stages.cpu, key=lambda each: -stages.cpu[each]):
        cpu, clock = stages.cpu[name], stages.clock[name]
        print(f"| {name} | {cpu:.1f} | {clock:.1f} | {1000 * cpu / report.read:.3f} |")
    cpu = ended.user + ended.system - used.user - used.system
    print(
        f"| the process, all threads | {cpu:.1f} | {seconds:.1f} | {1000 * cpu / report.read:.3f} |"
    )
    children = ended.children_user + ended.children_system
    if children:
        print(f"| processes that read | {children:.1f} | | {1000 * children / report.read:.3f} |")
    if encoder.texts:
        rate = encoder.texts / encoder.seconds
        busy = encoder.seconds / seconds
        print(f"\nEncoding: {encoder.texts:,} texts, busy {busy:.0%} of the time,")
        print(f"{rate:.1f}/s while it is; {encoder.texts / seconds:.1f}/s are ingested.")


def _search(base: KnowledgeBase) -> None:
    """The first search, which reads the index, and others."""
    spent = []
    for need in needs()[:SEARCHES]:
        started, used = time.perf_counter(), time.process_time()
        base.search(need)
        spent.append((time.perf_counter() - started, time.process_time() - used))
    clock, processor = 1000 * np.array(spent).T
    print(f"\nFirst search {clock[0] / 1000:.1f} s. Of the last {LAST_SEARCHES}, ms:", end=" ")
    for what, each in (("by the clock", clock), ("of the processor", processor)):
        half, most = np.percentile(each[-LAST_SEARCHES:], (50, 95))
        print(f"median {half:.0f}, p95 {most:.0f} {what};", end=" ")
    print(f"\n{_sizes(base.folder)}.")


def _sizes(folder: Path) -> str:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    kib = {line.split(":")[0]: line.split()[1] for line in status.splitlines() if "kB" in line}
    log = folder / f"{DATABASE_FILE}-wal"
    return (
        f"memory {int(kib['VmRSS']) // 1024:,} MiB, at most {int(kib['VmHWM']) // 1024:,},"
        f" database {(folder / DATABASE_FILE).stat().st_size // MIB:,} MiB,"
        f" log {log.stat().st_size // MIB if log.exists() else 0:,} MiB"
    )


if __name__ == "__main__":
    main()

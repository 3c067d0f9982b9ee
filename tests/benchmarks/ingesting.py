"""How fast a directory gets in, and in how much memory.

    python -m tests.benchmarks.ingesting                       # as in docs/ingesting.md
    python -m tests.benchmarks.ingesting --firms 300 --mib 20 --doubles 5000

Four measurements, each a line of a table:

- the rate of `ingest` for a directory of firms, beside the rate of its encoder on the same texts,
  a part of the directory each in turn, so that both meet with the same disturbances;
- the memory at its peak while a large CSV file is read and checked, as `--dry-run` would all of it;
- the same while it is ingested, with an encoder that costs nothing;
- how long it takes to look for doubles among many firms, in an ingest with that encoder.
"""

import argparse
import csv
import hashlib
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ingest.directories.readers import read_directory
from ingest.pipeline import ingest
from kb.encoder.encoder import Embeddings, Encoder, TextKind, WordEmbeddings
from kb.encoder.prepared import load_encoder
from kb.indexing.derivation import derive
from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.models import Actor
from kb.registers.records import duplicates
from kb.settings import Settings
from kb.store.store import Store

DEMONSTRATION = Path(__file__).parents[2] / "ingest" / "demo" / "actors.csv"
PARTS = 5
HEADER = ("nom", "activité", "commune", "département", "code NAF", "site web", "effectif")
TRADES = "Atelier Menuiserie Chaudronnerie Distillerie Tannerie Papeterie Fonderie Tissage".split()
SYLLABLES = "ba co du fer gui la mar nor pel ri san tou val ver zel mon".split()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.ingesting")
    parser.add_argument("--firms", type=int, default=5000, help="of the directory with texts")
    parser.add_argument("--mib", type=int, default=200, help="size of the large CSV file")
    parser.add_argument("--doubles", type=int, default=50_000, help="firms among whom to look")
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--ingest", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.read:
        _read(given.read)
    elif given.ingest:
        _ingest(given.ingest)
    else:
        print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
        print("| what | figure |\n| --- | ---: |")
        with tempfile.TemporaryDirectory() as scratch:
            _rates(Path(scratch), given.firms)
            _memory(Path(scratch), given.mib)
            _doubles(Path(scratch), given.doubles)


def _row(what: str, figure: str) -> None:
    print(f"| {what} | {figure} |", flush=True)


def _rates(scratch: Path, firms: int) -> None:
    """The rate of `ingest` against the rate of its encoder, part by part, each first in turn."""
    encoder = load_encoder(Settings.from_environment())
    encoder.encode(["prêt"], TextKind.DOCUMENT)
    seconds = {"encoder": 0.0, "ingest": 0.0}
    n_texts = 0
    seen: set[str] = set()  # what a base has embedded it does not embed again
    with _base(scratch / "rates", encoder) as base:
        for part in range(PARTS):
            path = scratch / f"part-{part}.csv"
            write_firms(path, generated_firms(firms // PARTS, seed=part))
            texts = sorted(_texts(path) - seen)
            seen.update(texts)
            n_texts += len(texts)
            for turn in ("encoder", "ingest") if part % 2 else ("ingest", "encoder"):
                started = time.perf_counter()
                if turn == "encoder":
                    encoder.encode(texts, TextKind.DOCUMENT)
                else:
                    report = ingest(base, [path], source="bench")
                    assert report.embedded == len(texts), (report.embedded, len(texts))
                    assert not report.failed
                seconds[turn] += time.perf_counter() - started
    rates = {turn: n_texts / spent for turn, spent in seconds.items()}
    _row(f"passages of {firms} firms", str(n_texts))
    _row("passages embedded by the encoder, /s", f"{rates['encoder']:.1f}")
    _row("passages ingested, /s", f"{rates['ingest']:.1f}")
    _row("ingest / encoder", f"{rates['ingest'] / rates['encoder']:.3f}")


def _texts(path: Path) -> set[str]:
    """What the encoder reads of a directory."""
    found: dict[str, str] = {}
    for entry in read_directory(path):
        assert entry.record is not None
        found.update(derive(entry.record).encoder_texts)
    return set(found.values())


def _memory(scratch: Path, mib: int) -> None:
    path, empty = scratch / "large.csv", scratch / "small.csv"
    write_firms(empty, generated_firms(10, seed=7))
    # Ingesting is the slower by far; its memory is not to grow with the file either.
    for what, option, size in (
        ("read and checked", "--read", mib),
        ("ingested", "--ingest", mib // 8),
    ):
        rows = write_firms(path, generated_firms(10**9, seed=7), max_bytes=size << 20)
        least, _ = _peak_of(option, empty)
        started = time.perf_counter()
        peak, told = _peak_of(option, path)
        spent = time.perf_counter() - started
        assert told == rows, (told, rows)
        _row(
            f"{size} MiB of CSV ({rows:,} rows) {what}: peak memory, MiB (10 rows: {least:.0f})",
            f"{peak:.0f}",
        )
        _row(f"the same: rows/s, of {spent:.0f} s", f"{rows / spent:.0f}")


def _peak_of(option: str, path: Path) -> tuple[float, int]:
    """The peak memory in MiB of a process that does this with a file, and the rows it counted."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.ingesting", option, str(path)],
        check=True,
        capture_output=True,
        text=True,
    )
    peak, rows = done.stdout.split()
    return float(peak), int(rows)


def _read(path: Path) -> None:
    rows = sum(entry.record is not None for entry in read_directory(path))
    print(_peak_mib(), rows)


def _ingest(path: Path) -> None:
    with (
        tempfile.TemporaryDirectory(dir=path.parent) as folder,
        _base(Path(folder), FreeEncoder()) as base,
    ):
        report = ingest(base, [path])
        print(_peak_mib(), report.added + report.unchanged + report.changed)


def _peak_mib() -> float:
    """The peak of this process alone: `getrusage` counts what it was before it was one."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return (
        int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])
        / 1024
    )


def _doubles(scratch: Path, firms: int) -> None:
    """Ingests many firms, one in fifty told twice, and times the looking for doubles."""
    path = scratch / "doubles.csv"
    twice = list(generated_firms(firms, seed=11))
    twice += [[f"Ets {row[0].upper()}", *row[1:]] for row in twice[: firms // 50]]
    write_firms(path, iter(twice))
    spent = 0.0
    compare = duplicates.compare

    def timed(store: Store, actors: Sequence[Actor]) -> None:
        nonlocal spent
        started = time.perf_counter()
        compare(store, actors)
        spent += time.perf_counter() - started

    duplicates.compare = timed
    try:
        with _base(scratch / "doubles", FreeEncoder()) as base:
            started = time.perf_counter()
            report = ingest(base, [path])
            total = time.perf_counter() - started
            found = base.duplicates.count()
            assert not report.failed, report.failures[:3]
    finally:
        duplicates.compare = compare
    _row(f"{len(twice):,} firms ingested without an encoder, s", f"{total:.1f}")
    _row("of it, looking for doubles, s", f"{spent:.1f}")
    _row(f"pairs found, of {firms // 50} told twice", str(found))


@contextmanager
def _base(folder: Path, encoder: Encoder) -> Iterator[KnowledgeBase]:
    folder.mkdir(exist_ok=True)
    Store.open(folder / DATABASE_FILE, create=True).close()
    base = KnowledgeBase(folder, lambda: encoder)
    yield base
    base.close()


class FreeEncoder:
    """Embeds in no time: a vector of noise that depends on the text."""

    name = "free"
    engine = "none"
    fingerprint = "free-1"
    dimension = 384

    def encode(self, texts: Sequence[str], kind: TextKind) -> Embeddings:
        del kind
        seeds = [int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) for text in texts]
        rows = np.stack([np.random.default_rng(seed).normal(size=384) for seed in seeds])
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)

    def encode_words(self, text: str, kind: TextKind) -> WordEmbeddings | None:
        del text, kind
        return None


def generated_firms(count: int, seed: int) -> Iterator[list[str]]:
    """Rows of firms with names of their own, and descriptions as long as real ones are."""
    chance = random.Random(seed)
    with DEMONSTRATION.open(encoding="utf-8-sig", newline="") as file:
        descriptions = [row["description"] for row in csv.DictReader(file)]
    sentences = [
        sentence
        for description in descriptions
        for sentence in description.replace("\n", " ").split(". ")
    ]
    for number in range(count):
        name = "".join(chance.choices(SYLLABLES, k=4)).title()
        town = "".join(chance.choices(SYLLABLES, k=3)).title()
        said = ". ".join(chance.sample(sentences, chance.choice((1, 2, 2, 3, 4))))
        yield [
            f"{chance.choice(TRADES)} {name} {chr(65 + number % 26)}{number}",
            f"{name} {number} : {said}",
            town,
            f"{chance.randint(1, 95):02}".replace("20", "21"),
            f"{chance.randint(10, 33)}.{chance.randint(10, 99)}Z",
            f"https://{name.lower()}-{number}.example",
            str(chance.randint(1, 300)),
        ]


def write_firms(path: Path, rows: Iterator[list[str]], max_bytes: int = 1 << 62) -> int:
    """Writes rows of `HEADER` until there is no more, or the file is as large; returns how many."""
    written = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(HEADER)
        for row in rows:
            writer.writerow(row)
            written += 1
            if written % 1000 == 0 and file.tell() > max_bytes:
                break
    return written


if __name__ == "__main__":
    main()

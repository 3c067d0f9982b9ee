"""How soon, on a base of 100,000 passages, a process finds what another published.

    python -m tests.benchmarks.live

Beside it, in the same run, the plain way to keep an index up to date: whenever the base has
changed, compare all the passages of the index with all those of the store. The passages have
the words and about the length of the demonstration's, the embeddings are the means of random
vectors of their words: nothing here waits for an encoder.
"""

import contextlib
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from kb.encoder.encoder import Embeddings, TextKind, WordEmbeddings
from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.models import Actor, Case
from kb.store.store import Store

PASSAGES = 100_000
PASSAGES_PER_ACTOR = 4
WORDS_PER_PASSAGE = 45
PUBLISHED = 15
TURNS, TURN_S = 5, 3
WAYS = ("ours", "plain")
INGEST_BATCH = 64
QUERIES = (
    "qui pourrait fabriquer du gel hydroalcoolique ?",
    "who could make sanitiser?",
    "coudre des blouses pour l'hôpital",
    "bouteilles en verre",
)
Durations = list[tuple[float, float]]
"""Of each search, its seconds on the clock and those of the processor."""

FIGURES: dict[str, Callable[[Durations], float]] = {
    "median": lambda times: statistics.median(clock for clock, _ in times),
    "longest": lambda times: statistics.quantiles((clock for clock, _ in times), n=20)[-1],
    "processor": lambda times: statistics.fmean(processor for _, processor in times),
}
Row = tuple[str, float, float | None]


class RandomWords:
    """An encoder that costs nothing: a text is the mean of its words, a word a random vector."""

    name = engine = "random words"
    fingerprint = "random-words-1"
    dimension = 384

    def __init__(self) -> None:
        self._known: dict[str, Embeddings] = {}

    def encode(self, texts: Sequence[str], kind: TextKind) -> Embeddings:
        means = np.stack([sum(map(self._vector, text.split())) for text in texts])
        return np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True), np.float32)

    def encode_words(self, text: str, kind: TextKind) -> WordEmbeddings | None:
        return None

    def _vector(self, word: str) -> Embeddings:
        if word not in self._known:
            chance = np.random.default_rng(list(word.encode()))
            self._known[word] = chance.normal(size=self.dimension).astype(np.float32)
        return self._known[word]


def measure() -> Iterator[Row]:
    """Builds the base and measures; gives what was measured, ours, and the plain way.

    The two take turns, so that whatever else the machine does is in both figures.
    """
    with tempfile.TemporaryDirectory() as scratch, contextlib.ExitStack() as processes:
        folder = Path(scratch)
        Store.open(folder / DATABASE_FILE, create=True).close()
        base = KnowledgeBase(folder, RandomWords)
        processes.callback(base.close)
        chance = random.Random(0)
        words = _words()
        for first in range(0, PASSAGES // PASSAGES_PER_ACTOR, 500):
            base.put([_actor(f"a{first + i}", words, chance) for i in range(500)])
        base.save_index()
        ours, plain = (
            processes.enter_context(_process("search", str(folder), way)) for way in WAYS
        )

        def both(ask: Callable[[_Process], float]) -> tuple[float, float]:
            return ask(ours), ask(plain)

        yield "first search of a process, ms", *both(lambda one: one.ask("search verre"))
        found = [both(lambda one: _published(base, one)) for _ in range(PUBLISHED)]
        in_turn = list(zip(*found, strict=True))
        yield (
            "from published to found by another process, median, ms",
            *map(statistics.median, in_turn),
        )
        yield "the same, longest, ms", *map(max, in_turn)
        both(lambda one: one.ask("forget"))
        for _ in range(TURNS):
            both(lambda one: one.ask(f"search-for {TURN_S}"))
        yield "search while nothing changes, median, ms", *both(lambda one: one.ask("median"))
        yield "its processor time, mean, ms", *both(lambda one: one.ask("processor"))
        both(lambda one: one.ask("forget"))
        before, started = _number(base), time.monotonic()
        with _process("ingest", str(folder)):
            for _ in range(TURNS):
                both(lambda one: one.ask(f"search-for {TURN_S}"))
        ingested = (_number(base) - before) * INGEST_BATCH * PASSAGES_PER_ACTOR
        yield (
            "search while another process ingests, median, ms",
            *both(lambda one: one.ask("median")),
        )
        yield "its processor time, mean, ms", *both(lambda one: one.ask("processor"))
        yield "its duration, longest of twenty, ms", *both(lambda one: one.ask("longest"))
        yield "passages that it ingested per second", ingested / (time.monotonic() - started), None
        yield "peak memory of the process that searches, MiB", *both(lambda one: one.ask("memory"))


def _published(base: KnowledgeBase, searcher: "_Process") -> float:
    """Milliseconds from a case being put to the end of the first search that found it.

    The other process searches all the while.
    """
    word = f"nouveau{time.monotonic_ns()}"
    searcher.tell(f"find {word}")
    time.sleep(0.2)
    base.put([Case(word, f"Un {word}", text=f"On a fait un {word}.", need=f"Un {word}")])
    put = time.monotonic()
    return 1000 * (searcher.answer() - put)


def _number(base: KnowledgeBase) -> int:
    """How many changes a base has seen."""
    return int(base.status().generation.partition("-")[0])


class _Process:
    """A process of this module that is told lines and answers numbers."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._in, self._out = process.stdin, process.stdout

    def tell(self, line: str) -> None:
        self._in.write(f"{line}\n")
        self._in.flush()

    def answer(self) -> float:
        return float(self._out.readline())

    def ask(self, line: str) -> float:
        self.tell(line)
        return self.answer()


@contextlib.contextmanager
def _process(*arguments: str) -> Iterator[_Process]:
    command = [sys.executable, "-m", "tests.benchmarks.live", *arguments]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield _Process(process)
        finally:
            process.terminate()


def _search(folder: Path, way: str) -> None:
    """Answers each line of the standard input with a number."""
    if way == "plain":
        Store.passages_touched_since = lambda *_: None  # type: ignore[method-assign]
    base = KnowledgeBase(folder, RandomWords)
    times: Durations = []
    for line in sys.stdin:
        verb, _, given = line.strip().partition(" ")
        if verb == "search":
            print(1000 * _durations(base, given)[0], flush=True)
        elif verb == "find":
            while all(hit.case.id != given for hit in base.search(given).cases):
                pass
            print(time.monotonic(), flush=True)
        elif verb == "forget":
            times = []
            print(0, flush=True)
        elif verb == "search-for":
            end = time.monotonic() + float(given)
            while time.monotonic() < end:
                times.append(_durations(base, QUERIES[len(times) % len(QUERIES)]))
            print(len(times), flush=True)
        elif verb in FIGURES:
            print(1000 * FIGURES[verb](times), flush=True)
        elif verb == "memory":
            status = Path("/proc/self/status").read_text(encoding="utf-8")
            peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
            print(int(peak.split()[1]) / 1024, flush=True)


def _durations(base: KnowledgeBase, query: str) -> tuple[float, float]:
    clock, processor = time.perf_counter(), time.process_time()
    base.search(query)
    return time.perf_counter() - clock, time.process_time() - processor


def _ingest(folder: Path) -> None:
    """Puts new actors until it is terminated, a batch after the other."""
    base = KnowledgeBase(folder, RandomWords)
    chance = random.Random(1)
    words = _words()
    number = 0
    while True:
        ids = [f"new{number + i}" for i in range(INGEST_BATCH)]
        base.put([_actor(id_, words, chance) for id_ in ids])
        number += INGEST_BATCH


def _actor(id_: str, words: Sequence[str], chance: random.Random) -> Actor:
    paragraphs = [
        " ".join(chance.choices(words, k=WORDS_PER_PASSAGE)) for _ in range(PASSAGES_PER_ACTOR)
    ]
    return Actor(id_, f"Atelier {id_}", "\n\n".join(paragraphs), department="16", lang="fr")


def _words() -> list[str]:
    """The words of the demonstration's cases, each as often as it is there."""
    folder = Path(__file__).parents[2] / "ingest" / "demo" / "cases"
    return [
        word
        for path in sorted(folder.glob("*.md"))
        for word in path.read_text(encoding="utf-8").split()
        if word.isalpha()
    ]


def main() -> None:
    verb, *given = sys.argv[1:] or ["measure"]
    if verb == "search":
        _search(Path(given[0]), given[1])
    elif verb == "ingest":
        _ingest(Path(given[0]))
    else:
        print("| what | ours | plain | ours / plain |\n| --- | ---: | ---: | ---: |")
        for what, ours, plain in measure():
            compared = f"{plain:.1f} | {ours / plain:.2f}" if plain else " |"
            print(f"| {what} | {ours:.1f} | {compared} |", flush=True)


if __name__ == "__main__":
    main()

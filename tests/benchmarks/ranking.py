"""What the whole ranking costs on a base of 10,000 actors, beside words and embeddings alone.

    python -m tests.benchmarks.ranking

The base is the demonstration's actors and cases, and 10,000 firms in all the trades there are;
the embedding of a firm is that of its trade, moved at random, so that nobody waits for an encoder.
The queries are the everyday needs of tests/data/demo-needs, asked of the real encoder, in turns.
"""

import random
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from ingest.pipeline import ingest
from kb.encoder.encoder import Embeddings, Encoder, TextKind, WordEmbeddings
from kb.encoder.prepared import load_encoder
from kb.evaluation.files import read_queries
from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.models import Actor
from kb.reference.trades import trades
from kb.search.context import RankingOptions
from kb.search.results import Filters
from kb.settings import Settings
from kb.store.store import Store

FIRMS = 10_000
ROUNDS = 2
MOVED = 0.35
"""How far a firm's embedding is from its trade's: the length of what is added at random."""

PLAIN = RankingOptions(
    filing=False, means=False, cases=False, similar=False, elsewhere=False, near_names=False
)
LESS = {
    "filing": RankingOptions(filing=False),
    "means": RankingOptions(means=False),
    "known conversions": RankingOptions(elsewhere=False),
    "near names": RankingOptions(near_names=False),
    "similar trades": RankingOptions(similar=False),
    "cases, similar trades, answers by role": RankingOptions(cases=False, similar=False),
}
SOME = Filters(department="33")
"""A department that leaves a third of the firms."""

Row = tuple[str, float, float | None]


class FirmsByTrade:
    """The encoder given, but for made-up firms: "trade 17, firm 4" is near the trade 17."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.name, self.engine = encoder.name, encoder.engine
        self.fingerprint = f"{encoder.fingerprint}-firms"
        self.dimension = encoder.dimension
        told = [trade.fr for trade in trades()]
        self._of_trade = encoder.encode(told, TextKind.DOCUMENT)

    def encode(self, texts: Sequence[str], kind: TextKind) -> Embeddings:
        made_up = [text.startswith("#") for text in texts]
        rows = np.zeros((len(texts), self.dimension), np.float32)
        real = [text for text, is_made_up in zip(texts, made_up, strict=True) if not is_made_up]
        if real:
            rows[[not one for one in made_up]] = self._encoder.encode(real, kind)
        for row, text in enumerate(texts):
            if made_up[row]:
                trade, firm = map(int, text[1:].split("/")[0].split(","))
                chance = np.random.default_rng(firm).normal(size=self.dimension)
                rows[row] = self._of_trade[trade] + MOVED * chance / np.linalg.norm(chance)
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)

    def encode_words(self, text: str, kind: TextKind) -> WordEmbeddings | None:
        return self._encoder.encode_words(text, kind)


def measure() -> Iterator[Row]:
    """Builds the base and measures; gives what was measured, and the plain way beside it."""
    encoder = FirmsByTrade(load_encoder(Settings.from_environment()))
    queries = [one.text for one in read_queries(Path("tests/data/demo-needs/queries.jsonl"))]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        Store.open(folder / DATABASE_FILE, create=True).close()
        with closing(KnowledgeBase(folder, lambda: encoder)) as base:
            ingest(base, [Path("ingest/demo")])
            for first in range(0, FIRMS, 500):
                base.put([_firm(first + i) for i in range(500)])
            ways = {"all": RankingOptions(), "plain": PLAIN, **LESS}
            # What comes first warms what it reads for the others: none of them is to be it.
            order = random.Random(0)
            taken: dict[str, list[float]] = {way: [] for way in ways}
            matched: dict[str, list[float]] = {way: [] for way in ways}
            scoped: dict[str, list[float]] = {way: [] for way in ways}
            for _ in range(ROUNDS):
                for query in queries:
                    matches = bool(base.search(query).parts)
                    for way in order.sample(list(ways), len(ways)):
                        took = _milliseconds(base, query, ways[way])
                        taken[way].append(took)
                        if matches:
                            matched[way].append(took)
                    for way in order.sample(["all", "plain"], 2):
                        scoped[way].append(_milliseconds(base, query, ways[way], SOME))
    median = statistics.median
    yield "search on 10,000 actors, median, ms", median(taken["all"]), median(taken["plain"])
    yield "the same, longest of twenty, ms", _longest(taken["all"]), _longest(taken["plain"])
    count = f"{len(matched['all'])} of {len(taken['all'])}"
    yield (
        f"of needs like those of cases ({count}), ms",
        median(matched["all"]),
        median(matched["plain"]),
    )
    yield "within a department, median, ms", median(scoped["all"]), median(scoped["plain"])
    for way in LESS:
        yield f"the median without {way}, ms", median(taken[way]), None


def _firm(number: int) -> Actor:
    trade = number % len(trades())
    told = f"#{trade},{number}/ {trades()[trade].fr}, maison fondée en {1900 + number % 120}."
    return Actor(
        id=f"firm-{number}",
        name=f"Établissements {number} {trades()[trade].code}",
        description=told,
        department=("33", "16", "87")[number % 3],
    )


def _milliseconds(
    base: KnowledgeBase, query: str, options: RankingOptions, filters: Filters = Filters()
) -> float:
    started = time.perf_counter()
    base.search(query, filters=filters, options=options)
    return 1000 * (time.perf_counter() - started)


def _longest(taken: Sequence[float]) -> float:
    return statistics.quantiles(taken, n=20)[-1]


def main() -> None:
    print("| what | all | plain | all − plain |\n| --- | ---: | ---: | ---: |")
    for what, ours, plain in measure():
        beside = "" if plain is None else f"{plain:.1f} | {ours - plain:.1f}"
        print(f"| {what} | {ours:.1f} | {beside or ' | '} |")


if __name__ == "__main__":
    main()

"""The nearest neighbours of queries among very many passages: time, what is missed, and memory.

    python -m tests.benchmarks.nearest --kb build/demo-kb --passages 100000 1000000

The embeddings are those of a base and of the phrases of the bundled trade index. Where there are
more passages, the others are mixtures of one with a near neighbour, and half of the difference of
two other neighbours: they are as close to each other and to queries as real ones. The queries are
the everyday needs of tests/data/demo-needs, asked of the real encoder.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import numpy as np

from kb.encoder.encoder import Embeddings, TextKind
from kb.encoder.prepared import load_encoder
from kb.evaluation.files import read_queries
from kb.indexing.saved_segment import read, write
from kb.indexing.segment import Halves, Segment
from kb.knowledge_base import DATABASE_FILE
from kb.settings import Settings
from kb.store.store import Store
from tests.benchmarks.nearest.mixtures import NEIGHBOURS, Mixtures, phrase_embeddings

AT_ONCE = 10_000


def real_embeddings(folder: Path) -> Embeddings:
    """Those of a base, and of the phrases of the trade index: each once, in random order."""
    with closing(Store.open(folder / DATABASE_FILE)) as store:
        encoder = store.property("encoder")
        of_base = store.embeddings(encoder, sorted(store.embedded_passages(encoder)))
    rows = np.unique(np.concatenate([of_base, phrase_embeddings()]), axis=0)
    return np.asarray(np.random.default_rng(0).permutation(rows), np.float32)


def grown(real: Embeddings, count: int) -> Halves:
    """So many embeddings: the real ones, and mixtures of them."""
    chance = np.random.default_rng(1)
    mixtures = Mixtures(real)
    rows = np.empty((count, real.shape[1]), np.float16)
    rows[: len(real)] = real[:count]
    for first in range(len(real), count, AT_ONCE):
        some = min(AT_ONCE, count - first)
        one, other = chance.integers(0, len(real), (2, some))
        rank = chance.integers(1, NEIGHBOURS + 1, (2, some))
        share = chance.uniform(0.4, 1, some)
        rows[first : first + some] = mixtures.of(one, other, (rank[0], rank[1]), share)
    return rows


def median_ms(what: Callable[[Embeddings], object], queries: Embeddings) -> float:
    """The median time of the processor, since other processes have it at times."""
    times = []
    for query in queries:
        started = time.process_time()
        what(query[np.newaxis])
        times.append(1000 * (time.process_time() - started))
    return statistics.median(times)


def _search(segment: Segment, k: int, query: Embeddings) -> None:
    segment.search(query, k, None)


def share_found(segment: Segment, queries: Embeddings, k: int) -> float:
    """The share of the `k` nearest passages that are found."""
    found = []
    for query in queries:
        compared, _ = segment._compare(query[np.newaxis], k, None)
        places, _ = segment.search(query[np.newaxis], k, None)
        found.append(float(np.isin(compared[:k], places).mean()))
    return statistics.mean(found)


def main(folder: Path, counts: list[int]) -> None:
    encoder = load_encoder(Settings())
    needs = [query.text for query in read_queries(Path("tests/data/demo-needs/queries.jsonl"))]
    queries = np.stack([encoder.encode([need], TextKind.QUERY)[0] for need in needs])
    real = real_embeddings(folder)
    print(f"{len(real)} real embeddings, {len(queries)} queries")
    for count in counts:
        rows = grown(real, count)
        ids = np.arange(count, dtype=np.int64)
        with tempfile.TemporaryDirectory() as scratch:
            started = time.process_time()
            parts = (rows[first : first + AT_ONCE] for first in range(0, count, AT_ONCE))
            size, name = encoder.dimension, encoder.fingerprint
            write(Path(scratch), ids, parts, dimension=size, made_by=name, generation="1")
            made = time.process_time() - started
            started = time.process_time()
            saved = read(Path(scratch), dimension=size, made_by=name)
            opened = 1000 * (time.process_time() - started)
        assert saved
        segment = saved[0]
        print(f"{count} passages: made in {made:.1f} s, opened in {opened:.0f} ms")
        for k in (10, 100, 400):
            took = median_ms(partial(_search, segment, k), queries)
            print(f"  {k} nearest: {took:.2f} ms, found {share_found(segment, queries, k):.4f}")
        took = median_ms(partial(segment._compare, k=400, kept=None), queries)
        print(f"  400 nearest, all compared: {took:.1f} ms")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.nearest")
    parser.add_argument("--kb", type=Path, required=True)
    parser.add_argument("--passages", type=int, nargs="+", default=[100_000])
    given = parser.parse_args()
    main(given.kb, given.passages)

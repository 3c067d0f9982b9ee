"""A query's budget: where the time of a search goes, step by step, in process and over HTTP.

    python -m tests.benchmarks.corpus 90000 build/firms.csv
    quisait ingest build/firms.csv ingest/demo --kb build/firms-kb
    python -m tests.benchmarks.budget --kb build/firms-kb

The needs are those of the development sets. Their embeddings are known before: the steps are all
but encoding, which is measured by itself. Each need is measured twice: when only others were asked
before, and when it was asked itself. Times are those of the processor, which other work on the
machine changes less than the clock's; but since a need is encoded while its words are read, whole
searches are also measured by the clock, in turns with what they are compared with. As in the
server, the collector of garbage leaves alone what was there before.
"""

import argparse
import functools
import gc
import os
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from starlette.testclient import TestClient

from kb.encoder.encoder import Embeddings, Encoder, TextKind, WordEmbeddings
from kb.encoder.prepared import load_encoder
from kb.knowledge_base import KnowledgeBase
from kb.search import pipeline, steering
from kb.settings import Settings
from tests.benchmarks.corpus import needs
from web.app import create_app

STEPS = {
    "read the query": ("understood",),
    "compare with all trades": ("compare",),
    "retrieve by words and meaning": ("said", "retrieve"),
    "score passages": ("score", "gather"),
    "names": ("_naming",),
    "match cases": ("match_cases", "credited"),
    "known conversions": ("precedents_elsewhere",),
    "follow cases to actors and close trades": ("_boosts",),
    "assess and filter actors": ("Candidates", "apply_filters", "assess", "best_first"),
    "count facets": ("facets",),
    "cases found": ("_stories",),
    "answers by part": ("answers_by_part",),
}
"""The functions of each step, as the modules of `PLACES` name them."""

PLACES = (pipeline, steering)

WARMING = 100
"""Needs that are asked before the first is measured: after 50 short ones, the encoder compiles."""

Milliseconds = float


@contextmanager
def timed(spent: dict[str, float]) -> Iterator[None]:
    """Adds up the processor's seconds of each step; a step inside another counts for that one."""
    inside = threading.local()

    def timing(step: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def timed_function(*values: object, **named: object) -> object:
            if hasattr(inside, "step"):
                return function(*values, **named)
            inside.step, started = step, time.thread_time()
            try:
                return function(*values, **named)
            finally:
                spent[step] += time.thread_time() - started
                del inside.step

        return timed_function

    with ExitStack() as kept:
        for step, names in STEPS.items():
            for name in names:
                place = next(module for module in PLACES if hasattr(module, name))
                timed_step = timing(step, getattr(place, name))
                kept.enter_context(patch.object(place, name, timed_step))
        yield


@dataclass(frozen=True)
class Spent:
    """The mean of each step of a search, of what is between them, and the median of the whole."""

    steps: Mapping[str, Milliseconds]
    median: Milliseconds


def in_process(base: KnowledgeBase, queries: Sequence[str]) -> Spent:
    spent, wholes = dict.fromkeys(STEPS, 0.0), []
    with timed(spent):
        for query in queries:
            started = time.process_time()
            base.search(query)
            wholes.append(time.process_time() - started)
    found = {step: spent[step] for step in STEPS}
    found["between the steps: cases, evidence, the state of the base"] = sum(wholes) - sum(
        spent.values()
    )
    found["whole search"] = sum(wholes)
    means = {step: 1000 * seconds / len(queries) for step, seconds in found.items()}
    return Spent(means, 1000 * statistics.median(wholes))


def floor(
    base: KnowledgeBase, encoder: Encoder, queries: Sequence[str]
) -> tuple[Milliseconds, Milliseconds]:
    """What no search goes below: to encode, and to compare with all passages. Medians."""

    def median(do: Callable[[str], object]) -> Milliseconds:
        times = []
        for query in queries:
            started = time.process_time()
            do(query)
            times.append(time.process_time() - started)
        return 1000 * statistics.median(times)

    rows = dict(zip(queries, encoder.encode(queries, TextKind.QUERY), strict=True))
    with base._context() as context:
        depth = context.weights.passages.dense_candidates
        scan = median(lambda query: context.index.neighbours(rows[query], depth))
    return median(lambda query: encoder.encode([query], TextKind.QUERY)), scan


def by_clock(
    base: KnowledgeBase, encoder: Encoder, queries: Sequence[str]
) -> tuple[Milliseconds, Milliseconds]:
    """A search that encodes its need, and a need encoded alone: medians, in turns."""
    searches, alone = [], []
    for query in queries:
        started = time.perf_counter()
        base.search(query)
        searched = time.perf_counter()
        encoder.encode([query], TextKind.QUERY)
        searches.append(searched - started)
        alone.append(time.perf_counter() - searched)
    return 1000 * statistics.median(searches), 1000 * statistics.median(alone)


def over_http(
    base: KnowledgeBase, settings: Settings, queries: Sequence[str]
) -> Mapping[str, float]:
    """What the JSON API and the page cost beside their search: the processor's, all threads."""
    found = {}
    searching: list[float] = []
    search = base.search

    def watched(*values: Any, **named: Any) -> Any:
        started = time.process_time()  # a search also works on other threads
        try:
            return search(*values, **named)
        finally:
            searching.append(time.process_time() - started)

    base.search = watched  # type: ignore[method-assign]
    with TestClient(create_app(base, settings)) as client:
        ways = {
            "JSON API, without its search": "/api/search",
            "page of results, without its search": "/fr/recherche",
            "the client of this measure": "/healthz",
        }
        for what, path in ways.items():
            for _ in range(2):  # the first warms what it reads
                searching.clear()
                started = time.process_time()
                for query in queries:
                    assert client.get(path, params={"q": query}).status_code == 200
                taken = time.process_time() - started - sum(searching)
            found[what] = 1000 * taken / len(queries)
    return found


class Remembered:
    """An encoder that reads each text once."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._known: dict[tuple[str, TextKind], Embeddings] = {}
        self.name, self.engine = encoder.name, encoder.engine
        self.fingerprint, self.dimension = encoder.fingerprint, encoder.dimension

    def encode(self, texts: Sequence[str], kind: TextKind) -> Embeddings:
        missing = [text for text in dict.fromkeys(texts) if (text, kind) not in self._known]
        if missing:
            rows = self._encoder.encode(missing, kind)
            self._known |= {(text, kind): row for text, row in zip(missing, rows, strict=True)}
        return np.stack([self._known[text, kind] for text in texts])

    def encode_words(self, text: str, kind: TextKind) -> WordEmbeddings | None:
        return self._encoder.encode_words(text, kind)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.budget")
    parser.add_argument("--kb", type=Path, required=True, help="a knowledge base to search")
    parser.add_argument("--needs", type=int, default=200, help="how many needs are asked")
    given = parser.parse_args()
    settings = Settings.from_environment(kb=given.kb)
    encoder = load_encoder(settings)
    remembered = Remembered(encoder)
    others, queries = needs()[:WARMING], needs()[WARMING:][: given.needs]

    def opened(by: Encoder = remembered) -> KnowledgeBase:
        return KnowledgeBase(given.kb, lambda: by, settings.cache)

    with closing(opened()) as base:
        base.save_index()
        for query in (*others, *queries):
            base.search(query)
    with closing(opened(encoder)) as base:
        for query in others:
            base.search(query)
        searched, alone = by_clock(base, encoder, queries)
    print(f"{len(queries)} needs; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
    with closing(opened()) as base:
        for query in others:
            base.search(query)
        gc.collect()
        gc.freeze()
        first, again = in_process(base, queries), in_process(base, queries)
        print("| step | ms | share | asked again, ms |\n| --- | ---: | ---: | ---: |")
        for step, mean in first.steps.items():
            share = mean / first.steps["whole search"]
            print(f"| {step} | {mean:.1f} | {share:.0%} | {again.steps[step]:.1f} |")
        encode, scan = floor(base, encoder, queries)
        beside = {
            "encode": encode,
            "dense scan": scan,
            "whole search, median": first.median,
            "asked again, median": again.median,
            "by the clock: a search that encodes": searched,
            "by the clock: encode": alone,
            "the former in the latter and the scan": searched / (alone + scan),
            **over_http(base, settings, queries),
        }
        print("\n| beside it | ms |\n| --- | ---: |")
        for what, value in beside.items():
            print(f"| {what} | {value:.1f} |")


if __name__ == "__main__":
    main()

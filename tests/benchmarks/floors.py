"""What no search can be faster than: the encoder alone, and the scan alone.

    python -m tests.benchmarks.floors encoding STEM…     # passages/s of the compiled encoder
    python -m tests.benchmarks.floors scanning STEM…     # one need embedded, and compared with all

Prints JSON.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial

import faiss
import numpy as np

from kb.encoder.encoder import Encoder, TextKind
from kb.encoder.prepared import load_encoder
from kb.settings import Settings
from tests.benchmarks.corpus import needs
from tests.benchmarks.rivals.contestant import NEAREST, SliceFiles

ROUNDS = 60


def encoding(encoder: Encoder, slices: Sequence[SliceFiles]) -> dict[str, float]:
    texts = [text for one in slices for _, text in one.read_passages()]
    started, processor = time.perf_counter(), time.process_time()
    encoder.encode(texts, TextKind.DOCUMENT)
    return {
        "passages": len(texts),
        "seconds": time.perf_counter() - started,
        "processor_s": time.process_time() - processor,
    }


def scanning(encoder: Encoder, slices: Sequence[SliceFiles]) -> dict[str, float]:
    """Median milliseconds to embed a need, and to scan all passages for it.

    The scan is FAISS's exact index with one thread and with all, whichever is sooner.
    """
    index = faiss.IndexFlatIP(encoder.dimension)
    for one in slices:
        index.add(np.load(one.embeddings))
    asked = needs()[:ROUNDS]
    rows = [encoder.encode([need], TextKind.QUERY) for need in asked]
    embed = _median_ms([partial(encoder.encode, [need], TextKind.QUERY) for need in asked])
    scans = []
    for threads in (1, faiss.omp_get_max_threads()):
        faiss.omp_set_num_threads(threads)
        scans.append(_median_ms([partial(index.search, row, NEAREST) for row in rows]))
    return {
        "passages": index.ntotal,
        "embed_ms": embed,
        "scan_ms": min(scans),
    }


def _median_ms(calls: Sequence[Callable[[], object]]) -> float:
    return 1000 * statistics.median(map(_seconds, calls))


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def main() -> None:
    what, *given = sys.argv[1:]
    encoder = load_encoder(Settings.from_environment())
    encoder.encode(["prêt"], TextKind.DOCUMENT)
    slices = [SliceFiles.of(stem) for stem in given]
    print(json.dumps((encoding if what == "encoding" else scanning)(encoder, slices)))


if __name__ == "__main__":
    main()

"""Speed and memory of what people wait for, each beside a plain alternative in the same run.

    python -m tests.benchmarks --kb build/demo-kb

The alternative is what one would write first with the same model: sentence-transformers on
torch, all passages in one array, `semantic_search`. Prints a table in Markdown; the figures of
one run, on which machine, stand in docs/benchmarks.md.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from ingest.pipeline import ingest
from kb.encoder.encoder import Encoder, TextKind
from kb.encoder.prepared import find_model, load_encoder
from kb.knowledge_base import KnowledgeBase
from kb.settings import Settings
from tests.benchmarks import live

QUERIES = (
    "qui pourrait fabriquer du gel hydroalcoolique ?",
    "who could make sanitiser?",
    "coudre des blouses pour l'hôpital",
    "bouteilles en verre",
    "que faire de nos drêches de brasserie ?",
    "leather gloves",
)
COLD_RUNS = 5
WARM_ROUNDS = 20

PLAIN_SEARCH = """
import sys, time, numpy
from sentence_transformers import SentenceTransformer, util
folder, texts, embeddings, verb, *rest = sys.argv[1:]
model = SentenceTransformer(folder, device="cpu", local_files_only=True)
if verb == "embed":
    numpy.save(embeddings, model.encode_document(open(texts, encoding="utf-8").read().split("\\0")))
else:
    rounds, *queries = rest
    passages = numpy.load(embeddings)
    def search(query):
        return util.semantic_search(model.encode_query([query]), passages, top_k=10)
    search(queries[0])
    times = []
    for query in queries * int(rounds):
        started = time.perf_counter()
        search(query)
        times.append(time.perf_counter() - started)
    peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    print(1000 * sorted(times)[len(times) // 2] if times else 0, int(peak.split()[1]) / 1024)
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("--kb", type=Path, required=True, help="a knowledge base to search")
    given = parser.parse_args()
    settings = Settings.from_environment(kb=given.kb)
    encoder = load_encoder(settings)
    torch_encoder = load_encoder(Settings.from_environment(kb=given.kb, engine="torch"))
    _, model_folder = find_model(settings)

    print(f"{platform.machine()}, {os.cpu_count()} cores, {_memory_gib():.0f} GiB, "
          f"Python {platform.python_version()}\n")  # fmt: skip
    print("| what | ours | plain | ours / plain |\n| --- | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        texts = _passages(given.kb)
        plain = _PlainSearch(model_folder, folder, texts)
        _row("`quisait --help`, whole process, ms", _whole_process(_quisait("--help")))
        cold = _whole_process(_quisait("search", QUERIES[0], "--kb", str(given.kb)))
        _row("`quisait search`, cold process, ms", cold, plain.cold())
        warm, memory = _over_http(given.kb)
        plain_warm, plain_memory = plain.warm()
        _row("search, warm, over HTTP against in process, median, ms", warm, plain_warm)
        _row("peak memory of the server, MiB", memory, plain_memory)
        _row("one query embedded, median, ms", _one_query(encoder), _one_query(torch_encoder))
        _row("passages embedded per second", _rate(encoder, texts), _rate(torch_encoder, texts))
        _ingest(settings, encoder, folder, texts)
    for row in live.measure():
        _row(*row)


def _row(what: str, ours: float, plain: float | None = None) -> None:
    if plain is None:
        print(f"| {what} | {ours:.0f} | | |", flush=True)
    else:
        print(f"| {what} | {ours:.1f} | {plain:.1f} | {ours / plain:.2f} |", flush=True)


def _quisait(*arguments: str) -> list[str]:
    return [str(Path(sys.executable).parent / "quisait"), *arguments]


def _whole_process(command: list[str]) -> float:
    """Median milliseconds of a command, after one run that is not counted."""

    def run() -> None:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    run()
    return _median_ms(run, COLD_RUNS)


def _median_ms(do: Callable[[], object], n: int) -> float:
    times = []
    for _ in range(n):
        started = time.perf_counter()
        do()
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1000


def _passages(kb: Path) -> list[str]:
    base = KnowledgeBase.open(Settings.from_environment(kb=kb))
    texts = [actor.description for actor in base.actors()]
    texts += [paragraph for case in base.cases() for paragraph in case.text.split("\n\n")]
    base.close()
    return [text for text in texts if len(text) > 40]


class _PlainSearch:
    """What one would write first, in a process of its own."""

    def __init__(self, model_folder: Path, scratch: Path, texts: list[str]) -> None:
        self._model = model_folder
        self._texts = scratch / "texts"
        self._texts.write_text("\0".join(texts), encoding="utf-8")
        self._embeddings = scratch / "embeddings.npy"
        self._run("embed")

    def cold(self) -> float:
        """Median milliseconds from nothing to the answer of one query."""
        return _median_ms(lambda: self._run("search", "0", QUERIES[0]), COLD_RUNS)

    def warm(self) -> tuple[float, float]:
        """Median milliseconds of a warm search, and the process's peak memory in MiB."""
        median_ms, peak_mib = self._run("search", str(WARM_ROUNDS), *QUERIES).split()
        return float(median_ms), float(peak_mib)

    def _run(self, *arguments: str) -> str:
        files = [str(path) for path in (self._model, self._texts, self._embeddings)]
        return subprocess.run(
            [sys.executable, "-c", PLAIN_SEARCH, *files, *arguments],
            check=True,
            capture_output=True,
            text=True,
        ).stdout


@contextmanager
def _server(kb: Path) -> Iterator[tuple[str, int]]:
    """A server on a free loopback port: its address and its process id."""
    server = subprocess.Popen(
        _quisait("serve", "--kb", str(kb), "--port", "0"), stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        yield server.stdout.readline().split()[-1], server.pid
    finally:
        server.terminate()
        server.wait(10)


def _over_http(kb: Path) -> tuple[float, float]:
    """Median milliseconds of a warm search, and the server's peak memory in MiB."""
    with _server(kb) as (address, pid):

        def ask(query: str) -> None:
            parameters = urllib.parse.urlencode({"q": query})
            with urllib.request.urlopen(f"{address}/api/search?{parameters}") as response:
                assert json.load(response)["hits"]

        for query in QUERIES:
            ask(query)
        times = [_median_ms(partial(ask, query), WARM_ROUNDS) for query in QUERIES]
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    peak_kib = next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]
    return statistics.median(times), int(peak_kib) / 1024


def _one_query(encoder: Encoder) -> float:
    for query in QUERIES:
        encoder.encode([query], TextKind.QUERY)
    return _median_ms(lambda: [encoder.encode([q], TextKind.QUERY) for q in QUERIES], 10) / len(
        QUERIES
    )


def _rate(encoder: Encoder, texts: list[str]) -> float:
    started = time.perf_counter()
    encoder.encode(texts, TextKind.DOCUMENT)
    return len(texts) / (time.perf_counter() - started)


def _ingest(settings: Settings, encoder: Encoder, folder: Path, texts: list[str]) -> None:
    """Ingests a directory of as many actors as there are texts; then once more."""
    directory = folder / "actors.jsonl"
    directory.write_text(
        "\n".join(
            json.dumps({"name": f"Actor {i}", "description": text}) for i, text in enumerate(texts)
        ),
        encoding="utf-8",
    )
    folder.joinpath("kb").mkdir()
    base = KnowledgeBase.open(Settings(kb=folder / "kb", cache=settings.cache), create=True)
    base.search("ready")
    started = time.perf_counter()
    report = ingest(base, [directory])
    rate = report.embedded / (time.perf_counter() - started)
    _row("ingest of a new directory against its encoder, passages/s", rate, _rate(encoder, texts))
    again = ingest(base, [directory])
    assert (report.added, again.unchanged) == (len(texts), len(texts))
    assert again.embedded == 0
    _row("passages embedded by a second ingest of the same", again.embedded)
    base.close()


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


main()

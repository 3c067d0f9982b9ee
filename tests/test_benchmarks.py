"""What benchmarks are made of, and how the comparison goes on whatever a contestant does."""

import json
import math
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import accumulate, count, islice
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ingest.directories.readers import read_directory
from kb.models import Actor
from tests.benchmarks import processes
from tests.benchmarks.clients import ask
from tests.benchmarks.corpus import LINE, firms, needs, write_firms
from tests.benchmarks.processes import (
    QUIET_LOOKS,
    Session,
    StepFailed,
    processor_s,
    pss_mib,
    wait_for_rest,
)
from tests.benchmarks.results import (
    BEGIN,
    END,
    P50,
    document_with,
    exponent,
    read_results,
    tables,
    write_plots,
)
from tests.benchmarks.steps import ENTRANTS, SMALL, Figures, Step, Workshop, plan, run_step


def test_a_small_corpus_begins_a_large_one() -> None:
    large = list(firms(300))
    assert list(firms(100)) == large[:100]
    assert list(firms(100, first=200)) == large[200:]
    assert list(firms(100, seed=1)) != large[:100]


def test_a_corpus_is_not_kept_in_memory() -> None:
    assert len(list(islice(firms(10**12), 3))) == 3


def test_firms_differ_and_half_of_them_say_a_line() -> None:
    rows = list(firms(4000))
    assert len({row["description"] for row in rows}) == len(rows)
    assert len({row["name"] for row in rows}) == len(rows)
    lengths = Counter(row["description"].endswith(")") for row in rows)
    assert abs(lengths[True] / len(rows) - LINE) < 0.03
    assert {row["lang"] for row in rows} == {"fr", "en"}


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_a_corpus_is_a_directory_that_is_read(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"firms.{ending}"
    assert write_firms(path, firms(200)) == 200
    records = [entry.record for entry in read_directory(path)]
    told = [(record.id, record.name) for record in records if isinstance(record, Actor)]
    assert told == [(row["id"], row["name"]) for row in firms(200)]


def test_needs_are_those_of_the_development_sets() -> None:
    assert len(set(needs())) == len(needs()) > 700
    assert "qui pourrait fabriquer du gel hydroalcoolique ?" in needs()


CONTESTANT = """
import sys, time
from tests.benchmarks.rivals.contestant import Contestant, main

class Fake(Contestant):
    def warm(self): print("noise of a library")
    def build(self, folder, slices, given): raise ValueError("no disk")
    def open(self, folder): time.sleep(60)
    def search(self, need): return [f"firm-{need}#0", "case-1"]
    def nearest(self, need): return [1.0], ["text"]
    def add(self, id, text): pass

sys.argv = ["", "session", "model"]
main(Fake)
"""


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    with Session([sys.executable, "-c", CONTESTANT], tmp_path / "log") as session:
        yield session


def test_a_contestant_answers_whatever_its_libraries_print(session: Session) -> None:
    assert session.ask("warm", 60).keys() == {"seconds"}
    answer = session.ask("search", 60, needs=["1", "2"])
    assert answer["found"] == [["firm-1#0", "case-1"], ["firm-2#0", "case-1"]]
    assert len(answer["ms"]) == 2
    assert session.ask("add", 60, texts=[["case-1", "a"], ["case-9", "b"]])["found"] == 1
    assert pss_mib(session.pid) > 1


def test_what_fails_or_takes_too_long_is_a_failed_step(tmp_path: Path) -> None:
    with Session([sys.executable, "-c", CONTESTANT], tmp_path / "log") as session:
        with pytest.raises(StepFailed, match="no disk"):
            session.ask("build", 60, folder="base", slices=[], given=True)
        with pytest.raises(StepFailed, match="longer than its time"):
            session.ask("open", 0.1, folder="base")
        pid = session.pid
    assert not Path(f"/proc/{pid}").exists()
    with (
        Session([sys.executable, "-c", "raise SystemExit(1)"], tmp_path / "log") as gone,
        pytest.raises(StepFailed, match="it ended"),
    ):
        gone.ask("warm", 60)


WORKING = """
import subprocess, sys
work = "import time\\nwhile time.process_time() < 0.2: pass"
subprocess.run([sys.executable, "-c", work], check=True)
print("done", flush=True)
sys.stdin.read()
"""


def test_the_processor_of_processes_that_ended_counts() -> None:
    command = [sys.executable, "-c", WORKING]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert processor_s([process.pid]) >= 0.2
        process.communicate()


def test_rest_is_many_looks_in_a_row_without_work(monkeypatch: pytest.MonkeyPatch) -> None:
    quiet = [0] * (QUIET_LOOKS - 1)
    looks = iter(accumulate([1, *quiet, 4, *quiet, -2, *quiet, 0, 7]))
    monkeypatch.setattr(processes, "processor_s", lambda _pids: float(next(looks)))
    monkeypatch.setattr("time.sleep", lambda _s: None)
    assert wait_for_rest([1], 60)[1] == 3
    assert next(looks) == 10
    monkeypatch.setattr(processes, "processor_s", lambda _pids, works=count(): next(works))
    with pytest.raises(StepFailed, match="never rests"):
        wait_for_rest([1], 0)


def test_a_run_goes_on_where_it_was_ended_and_tries_again_what_failed(tmp_path: Path) -> None:
    calls: list[str] = []

    def fails() -> Figures:
        calls.append("fails")
        raise StepFailed("for once")

    def succeeds() -> Figures:
        calls.append("succeeds")
        return {"seconds": 1.0}

    run_step(Step("once.ours.500.0", fails), tmp_path)
    assert "for once" in json.loads((tmp_path / "once.ours.500.0.json").read_text())["error"]
    for _ in range(2):
        run_step(Step("once.ours.500.0", succeeds), tmp_path)
    assert calls == ["fails", "succeeds"]
    assert json.loads((tmp_path / "once.ours.500.0.json").read_text())["seconds"] == 1.0


def test_a_plan_lets_contestants_take_turns(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path, tmp_path, tmp_path, SMALL)
    names = [step.name for step in plan(workshop, [500], 2, ENTRANTS)]
    assert len(set(names)) == len(names)
    ingests = [name.split(".")[1] for name in names if name.startswith("ingest.")]
    first, *rest = (one.name for one in ENTRANTS)
    assert ingests == [first, *rest, *rest, first]
    assert "serve.chroma.500.0" not in names


def test_results_are_medians_with_their_spread_and_failures_are_gaps(tmp_path: Path) -> None:
    about = {"load_before": 0.5, "took_s": 10, "at": "2026-11-27T08:00:00", "machine": "2 cores"}
    for size, ms in ((1000, 10.0), (10_000, 20.0)):
        for turn, times in enumerate((0.9, 1.0, 1.2)):
            for who, share in (("ours", 1.0), ("plain", 4.0)):
                searched = {
                    "ms": [ms * times * share] * 3,
                    "pss_mib": 300.0,
                    "recall": 1.0,
                    "add_ms": [5.0],
                    "processor_ms": 3.0,
                }
                _keep(tmp_path, f"search.{who}.{size}.{turn}", searched | about)
        _keep(tmp_path, f"build.ours.{size}", {"seconds": 1, "bytes": 9, "passages": size} | about)
        scanned = {"embed_ms": 5.0, "scan_ms": 1.0, "read_ms": 0.5, "passages": size}
        _keep(tmp_path, f"scanning.floor.{size}.0", scanned | about)
    _keep(tmp_path, "search.txtai.1000.0", {"error": "StepFailed: it ended"} | about)
    results = read_results(tmp_path)
    assert results.values(P50, "ours", 1000) == [9.0, 10.0, 12.0]
    assert exponent(results, P50, "ours") == pytest.approx(math.log10(2))
    told = tables(results, ENTRANTS)
    assert "| Qui sait faire ? | 10.0 (9.00–12.0) |" in told
    assert "| sentence-transformers + FAISS | 40.0 (36.0–48.0) |" in told
    assert "of which 1 failed" in told
    assert "| search / (embedded + scan), 1,000 firms | ≤ 1.5 | **1.67** |" in told
    assert "| recall@10, 1,000 firms | ≥ 0.98 | 1.00 |" in told
    page = document_with(f"# Page\n\n{BEGIN}\noutdated\n{END}\n\nrest\n", told)
    assert "outdated" not in page
    assert page.endswith(f"{END}\n\nrest\n")
    plots = write_plots(results, ENTRANTS, tmp_path / "plots")
    assert set(plots) == {"search.svg", "memory.svg", "adding.svg"}
    svg = ElementTree.parse(tmp_path / "plots" / "search.svg").getroot()
    polylines = svg.findall(".//{http://www.w3.org/2000/svg}polyline")
    assert [len(line.attrib["points"].split()) for line in polylines] == [2, 2, 2]


def _keep(folder: Path, name: str, figures: Figures) -> None:
    (folder / f"{name}.json").write_text(json.dumps(figures), encoding="utf-8")


class _Refusing(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(503 if self.path == "/busy" else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        pass


def test_clients_count_answers_and_what_was_refused() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Refusing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        answers = ask(server.server_port, ["/search"] * 20 + ["/busy"] * 5, clients=4)
        server.shutdown()
    assert (len(answers.ms), answers.refused, answers.failed) == (20, 5, 0)
    assert answers.per_second > 0

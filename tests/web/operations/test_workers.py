"""Two equal workers of a server, each a process: together they are one site."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from kb.knowledge_base import KnowledgeBase
from kb.models import Case
from tests.web.operations.small_site import GIVEN_TIME_S, SiteProcess, serving_site
from tests.web.sample_base import sample_encoder

pytestmark = pytest.mark.thorough


def workers_of(site: SiteProcess) -> set[int]:
    """The numbers of the processes that answer."""
    told = Path(f"/proc/{site.process.pid}/task").glob("*/children")
    children = [int(child) for path in told for child in path.read_text().split()]
    lines = {one: Path(f"/proc/{one}/cmdline").read_text().split("\0") for one in children}
    return {one for one, line in lines.items() if any("spawn_main" in part for part in line)}


def until(holds: Callable[[], bool]) -> None:
    last = time.monotonic() + GIVEN_TIME_S
    while not holds():
        assert time.monotonic() < last
        time.sleep(0.05)


def get(site: SiteProcess, path: str, **headers: str) -> httpx.Response:
    """Asks by a connection of its own, which any worker may take."""
    return httpx.get(f"{site.url}{path}", timeout=GIVEN_TIME_S, headers=headers)


def test_workers_are_one_site(tmp_path: Path) -> None:
    with serving_site(
        tmp_path / "kb",
        "--workers",
        "2",
        QUISAIT_SEARCHES_A_MINUTE="50",  # ten at once
        FORWARDED_ALLOW_IPS="127.0.0.1",
    ) as site:
        first, second = sorted(workers_of(site))
        with closing(KnowledgeBase(tmp_path / "kb", sample_encoder)) as base:
            base.put([Case("neuf", "Des flacons neufs", text="Des flacons.", need="Des flacons")])
        statuses = []
        for number in range(24):
            stopped = (first, second)[number % 2]
            os.kill(stopped, signal.SIGSTOP)  # the other answers
            try:
                visitor = {"X-Forwarded-For": "192.0.2.1"}
                found = get(site, "/api/search?q=des+flacons+neufs", **visitor)
            finally:
                os.kill(stopped, signal.SIGCONT)
            statuses.append(found.status_code)
            if found.status_code == 200:
                assert "neuf" in [case["id"] for case in found.json()["cases"]]
        assert statuses[:10] == [200] * 10
        assert 429 in statuses
        text = get(site, "/metrics").text
        counted = [line for line in text.splitlines() if line.startswith("quisait_searches_total")]
        assert sum(float(line.split()[-1]) for line in counted) == statuses.count(200)
        os.kill(second, signal.SIGKILL)
        until(lambda: len(workers_of(site) - {first, second}) == 1)
        assert get(site, "/en/search?q=cirages").status_code == 200
        both = workers_of(site)
        told = site.end(signal.SIGTERM)
    assert site.process.returncode == 0
    assert "A worker ended with -9; another is started." in told
    assert "Traceback" not in told
    assert not any(Path(f"/proc/{one}").exists() for one in both)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_every_process_may_be_told_to_end(tmp_path: Path, number: int, code: int) -> None:
    with serving_site(tmp_path / "kb", "--workers", "2") as site:
        for worker in workers_of(site):
            os.kill(worker, number)
        told = site.end(number)
    assert site.process.returncode == code
    assert "Traceback" not in told


def test_workers_end_with_a_server_that_is_killed(tmp_path: Path) -> None:
    with serving_site(tmp_path / "kb", "--workers", "2") as site:
        workers = workers_of(site)
        assert len(workers) == 2
        site.end(signal.SIGKILL)
        until(lambda: not any(Path(f"/proc/{one}").exists() for one in workers))

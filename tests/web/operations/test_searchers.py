"""Two processes that answer searches: what each visitor meets with, and what becomes of them."""

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing, contextmanager
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from pathlib import Path
from unittest.mock import Mock

import httpx
import pytest
from fastapi import Request
from fastapi.testclient import TestClient
from pydantic import SecretStr
from starlette.responses import JSONResponse, Response

from kb.base_folder import DATABASE_FILE
from kb.knowledge_base import KnowledgeBase
from kb.models import Case
from kb.registers.accounts import AccountRole
from kb.settings import Settings
from tests.web.operations.small_server import HELD
from tests.web.operations.small_site import GIVEN_TIME_S, SiteProcess, serving_site
from tests.web.sample_base import SampleBase, sample_encoder
from web.app import create_app
from web.http.elsewhere import admit
from web.http.security.sessions import Sessions
from web.operations import forking
from web.operations.searchers import Searchers

SECRET = "a secret of thirty-two characters"
VISITOR = ("198.51.100.7", 40_000)


class Elsewhere:
    """Another process that answers everything, or leaves it here."""

    count = 1

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answers = self.current = True

    @asynccontextmanager
    async def place(self, request: Request) -> AsyncIterator[Response | None]:
        self.asked.append(request.url.path)
        headers = {"X-Made": "there"}
        yield JSONResponse({"made": "there"}, 200, headers) if self.answers else None

    async def are_current(self) -> bool:
        return self.current


@pytest.fixture
def elsewhere() -> Elsewhere:
    return Elsewhere()


@pytest.fixture
def visitor(knowledge_base: SampleBase, settings: Settings, elsewhere: Elsewhere) -> TestClient:
    few = settings.model_copy(update={"searches_a_minute": 10})
    app = create_app(knowledge_base, few, others=elsewhere)
    return TestClient(app, client=VISITOR, raise_server_exceptions=False)


SEARCHES = (
    "/api/search?q=cirages",
    "/en/search?q=cirages",
    "/embed/v1/search?q=cirages",
    "/embed/search?q=cirages",
    "/api/explain?q=cirages&actor=avel",
    "/api/report?q=cirages",
)


@pytest.mark.parametrize("path", SEARCHES)
def test_what_another_process_answers_is_sent_as_it_is(
    visitor: TestClient, knowledge_base: SampleBase, elsewhere: Elsewhere, path: str
) -> None:
    answer = visitor.get(path, headers={"Sec-Fetch-Dest": "iframe"})
    assert answer.json() == {"made": "there"}
    assert answer.headers["X-Made"] == "there"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert elsewhere.asked == [path.partition("?")[0]]
    assert knowledge_base.searches == []


def test_what_searches_nothing_is_answered_here(visitor: TestClient, elsewhere: Elsewhere) -> None:
    assert visitor.get("/api/actors").status_code == 200
    assert elsewhere.asked == []


def test_what_is_left_here_is_answered_here(
    visitor: TestClient, knowledge_base: SampleBase, elsewhere: Elsewhere
) -> None:
    elsewhere.answers = False
    assert visitor.get("/api/search?q=cirages").json()["query"] == "cirages"
    assert [text for text, _, _ in knowledge_base.searches] == ["cirages"]


@pytest.mark.parametrize("path", SEARCHES[:2])
def test_limits_are_kept_before_anything_is_handed_over(
    visitor: TestClient, elsewhere: Elsewhere, path: str
) -> None:
    statuses = [visitor.get(path).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert len(elsewhere.asked) == 2


def test_what_was_admitted_is_not_counted_again(
    knowledge_base: SampleBase, settings: Settings
) -> None:
    app = create_app(knowledge_base, settings.model_copy(update={"searches_a_minute": 1}))

    async def admitted(scope, receive, send):  # type: ignore[no-untyped-def]
        admit(scope)
        await app(scope, receive, send)

    client = TestClient(admitted, client=VISITOR)
    assert [client.get("/api/search?q=cirages").status_code for _ in range(3)] == [200] * 3


def test_no_visitor_can_say_that_they_were_admitted(
    visitor: TestClient, elsewhere: Elsewhere
) -> None:
    headers = {"quisait.admitted": "true"}
    for _ in range(3):
        last = visitor.get("/api/search?q=cirages", headers=headers)
    assert last.status_code == 429


def test_the_index_is_current_where_that_of_each_process_is(
    visitor: TestClient, elsewhere: Elsewhere
) -> None:
    for current in (True, False):
        elsewhere.current = current
        assert visitor.get("/readyz").json()["index_current"] is current


# How many


def test_it_is_one_process_for_each_processor_that_memory_allows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(forking, "processors", lambda: 8)
    monkeypatch.setattr(forking, "_free_bytes", lambda: 64 * 10**9)
    assert forking.processes_of(Settings()) == 8
    assert forking.processes_of(Settings(workers=3)) == 3
    monkeypatch.setattr(forking, "_free_bytes", lambda: 2_200_000_000)
    assert forking.processes_of(Settings()) == 3
    monkeypatch.setattr(forking, "_free_bytes", lambda: 0)
    assert forking.processes_of(Settings()) == 1


def test_there_are_fewer_processes_on_a_large_base(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(forking, "processors", lambda: 8)
    monkeypatch.setattr(forking, "_free_bytes", lambda: 3_200_000_000)
    settings = Settings(kb=tmp_path)
    assert forking.processes_of(settings) == 6
    with (tmp_path / DATABASE_FILE).open("wb") as file:
        file.truncate(5 * 10**9)  # it takes no room on the disk
    assert forking.processes_of(settings) == 3


def test_processors_are_shared_between_those_who_search_and_the_encoder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(forking, "processors", lambda: 8)
    monkeypatch.setattr(forking, "_free_bytes", lambda: 64 * 10**9)

    def of(settings: Settings) -> tuple[int, int]:
        found = forking.divided(settings)
        return found.workers, found.threads

    assert of(Settings()) == (8, 4)
    assert of(Settings(workers=4, threads=3)) == (4, 3)
    assert of(Settings(workers=1)) == (1, 0)


REQUEST = Request({"type": "http", "path": "/", "query_string": b"", "headers": []})


def never(_: socket.socket) -> BaseProcess:
    raise OSError("no room for another process")


def test_a_server_that_can_start_no_searcher_searches_alone(
    knowledge_base: SampleBase, caplog: pytest.LogCaptureFixture
) -> None:
    async def placed() -> Response | None:
        searchers = Searchers(knowledge_base, 1, never)
        searchers.begin()
        async with searchers.place(REQUEST) as answer:
            while not caplog.text:
                await asyncio.sleep(0)
            await searchers.end()
            return answer

    assert asyncio.run(placed()) is None
    assert "could not be started: no room for another process" in caplog.text


class Hung(BaseProcess):
    """A process that never gets ready."""

    exitcode: int | None = None

    def join(self, timeout: float | None = None) -> None: ...

    def kill(self) -> None:
        self.exitcode = -9


def test_a_searcher_that_hangs_keeps_nobody_waiting_and_another_is_started(
    knowledge_base: SampleBase, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.operations.searchers.READY_WITHIN_S", 0.01)
    monkeypatch.setattr("web.operations.searchers.MAX_PAUSE_S", 0.0)
    started: list[Hung] = []
    theirs: list[socket.socket] = []

    def hang(channel: socket.socket) -> BaseProcess:
        theirs.append(channel.dup())
        started.append(Hung())
        return started[-1]

    async def placed() -> Response | None:
        searchers = Searchers(knowledge_base, 1, hang)
        searchers.begin()
        async with searchers.place(REQUEST) as answer:
            while len(started) < 2:
                await asyncio.sleep(0.001)
            await searchers.end()
            return answer

    assert asyncio.run(placed()) is None
    assert started[0].exitcode == -9
    assert "A searcher is not ready after 0 s, and is ended." in caplog.text
    for one in theirs:
        one.close()


def test_a_searcher_that_says_nothing_is_not_current(
    knowledge_base: SampleBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.operations.searchers.CURRENT_WITHIN_S", 0.01)
    ours, theirs = socket.socketpair()

    async def are_current() -> bool:
        searchers = Searchers(knowledge_base, 1, never)
        (searcher,) = searchers._searchers
        _, searcher.writer = await asyncio.open_unix_connection(sock=ours)
        found = await searchers.are_current()
        searcher.lose()
        return found

    with theirs:
        assert not asyncio.run(are_current())


def test_what_starts_processes_leaves_the_environment_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Watched(dict[str, str]):
        def clear(self) -> None:
            pytest.fail("another thread would see no settings")

    environment = Watched(PATH="/bin", PYTHONPATH="/elsewhere", QUISAIT_MODEL="own")
    monkeypatch.setattr(os, "environ", environment)
    with forking._same_path():
        assert environment["PYTHONPATH"].split(os.pathsep)[-1] == sys.path[-1]
        assert environment["PYTHONSAFEPATH"] == "1"
    assert environment == {"PATH": "/bin", "PYTHONPATH": "/elsewhere", "QUISAIT_MODEL": "own"}


def test_one_thread_at_a_time_changes_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    others_wait: list[bool] = []

    def begin() -> None:
        others_wait.append("PYTHONSAFEPATH" in os.environ and forking._starting.locked())

    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    monkeypatch.setattr(forkserver, "set_forkserver_preload", lambda _: None)
    monkeypatch.setattr(forkserver, "ensure_running", begin)
    monkeypatch.setattr(forking, "get_context", Mock())
    forking.start_process(print)
    assert others_wait == [True]
    assert not forking._starting.locked()


def test_what_a_control_group_allows_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "/proc/self/cgroup": "0::/system.slice/quisait.service\n",
        "/sys/fs/cgroup/system.slice/quisait.service/cpu.max": "150000 100000\n",
        "/sys/fs/cgroup/system.slice/quisait.service/memory.max": "4000000000\n",
        "/sys/fs/cgroup/system.slice/quisait.service/memory.current": "1000000000\n",
        "/proc/meminfo": "MemTotal: 99999999 kB\nMemAvailable: 9999999 kB\n",
    }
    monkeypatch.setattr(forking, "_read", lambda path: files[path])
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)))
    assert forking.processors() == 2
    assert forking._free_bytes() == 3_000_000_000


# Real processes


def searcher_of(site: SiteProcess) -> int:
    """The number of the process of the searcher, a fork of the fork server of the site."""
    for server in children_of(site.process.pid):
        for found in children_of(server):
            return found
    raise LookupError


def children_of(number: int) -> list[int]:
    told = (path.read_text() for path in Path(f"/proc/{number}/task").glob("*/children"))
    return [int(child) for line in told for child in line.split()]


def until(holds: Callable[[], bool]) -> None:
    last = time.monotonic() + GIVEN_TIME_S
    while not holds():
        assert time.monotonic() < last
        time.sleep(0.05)


def metric(site: SiteProcess, name: str) -> float:
    text = httpx.get(f"{site.url}/metrics", timeout=GIVEN_TIME_S).text
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name))


@contextmanager
def two_processes(folder: Path, **environment: str) -> Iterator[SiteProcess]:
    """A site, when its searcher is ready."""
    with serving_site(folder, QUISAIT_WORKERS="2", **environment) as site:
        until(lambda: metric(site, "quisait_searchers ") == 1)
        yield site


@contextmanager
def searching_here(site: SiteProcess, folder: Path) -> Iterator[None]:
    """A site whose server is at a search, so that its searcher makes the next."""
    held = folder / HELD
    held.touch()
    try:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(found, site, HELD)
            until(lambda: metric(site, "quisait_requests_in_flight") == 2)
            yield
            held.unlink()
    finally:
        held.unlink(missing_ok=True)


def found(site: SiteProcess, query: str) -> list[str]:
    answer = httpx.get(f"{site.url}/api/search", params={"q": query}, timeout=GIVEN_TIME_S)
    assert answer.status_code == 200, answer.text
    return [case["id"] for case in answer.json()["cases"]]


@pytest.mark.thorough
def test_two_processes_answer_as_one_and_find_what_another_publishes(tmp_path: Path) -> None:
    with two_processes(tmp_path / "kb") as site, ThreadPoolExecutor(1) as pool:
        with searching_here(site, tmp_path / "kb"):
            page = httpx.get(f"{site.url}/en/search?q=cirages", timeout=GIVEN_TIME_S)
            assert "Avel" in page.text
            assert page.headers["Content-Encoding"] == "gzip"
            assert metric(site, "quisait_searches_total") == 1
        with closing(KnowledgeBase(tmp_path / "kb", sample_encoder)) as base:
            base.put([Case("neuf", "Des flacons neufs", text="Des flacons.", need="Des flacons")])
        searcher = searcher_of(site)
        os.kill(searcher, signal.SIGSTOP)
        try:
            with searching_here(site, tmp_path / "kb"):
                waiting = pool.submit(found, site, "flacons neufs")
                until(lambda: metric(site, "quisait_requests_in_flight") == 3)
            assert "neuf" in found(site, "des flacons")
            assert not waiting.done()
        finally:
            os.kill(searcher, signal.SIGCONT)
        assert "neuf" in waiting.result(GIVEN_TIME_S)
        told = site.end(signal.SIGTERM)
    assert site.process.returncode == 0
    assert "Traceback" not in told
    assert not Path(f"/proc/{searcher}").exists()


@pytest.mark.thorough
def test_a_searcher_that_is_killed_loses_no_answer_and_is_started_anew(tmp_path: Path) -> None:
    with two_processes(tmp_path / "kb") as site, ThreadPoolExecutor(1) as pool:
        searcher = searcher_of(site)
        os.kill(searcher, signal.SIGSTOP)
        assert found(site, "cirages")  # the server is free, and answers
        with searching_here(site, tmp_path / "kb"):
            asked = f"{site.url}/api/search?q=cirages"
            waiting = pool.submit(httpx.get, asked, timeout=GIVEN_TIME_S)
            until(lambda: metric(site, "quisait_requests_in_flight") == 3)
        os.kill(searcher, signal.SIGKILL)
        assert waiting.result(GIVEN_TIME_S).status_code == 200
        until(lambda: metric(site, "quisait_searchers ") == 1 and searcher_of(site) != searcher)
        # Ctrl-C reaches all: the server ends the others.
        os.kill(searcher_of(site), signal.SIGINT)
        assert metric(site, "quisait_searchers ") == 1
        told = site.end(signal.SIGINT)
    assert site.process.returncode == 130
    assert told.count("A searcher ended with -9; the next starts in 1 s.") == 1
    assert "Traceback" not in told


@pytest.mark.thorough
def test_searchers_end_with_a_server_that_is_killed(tmp_path: Path) -> None:
    with two_processes(tmp_path / "kb") as site:
        searcher = Path(f"/proc/{searcher_of(site)}")
        site.end(signal.SIGKILL)
        until(lambda: not searcher.exists())


@pytest.mark.thorough
def test_a_service_manager_may_tell_every_process_to_end(tmp_path: Path) -> None:
    with two_processes(tmp_path / "kb") as site:
        searcher = searcher_of(site)
        children = children_of(site.process.pid)
        for number in (searcher, *children):
            os.kill(number, signal.SIGTERM)
        told = site.end(signal.SIGTERM)
        until(lambda: not any(Path(f"/proc/{one}").exists() for one in (searcher, *children)))
    assert site.process.returncode == 0
    assert "Traceback" not in told


@pytest.mark.thorough
def test_who_is_signed_in_is_so_wherever_a_page_is_made(tmp_path: Path) -> None:
    with two_processes(tmp_path / "kb", QUISAIT_SECRET=SECRET) as site:
        with closing(KnowledgeBase(tmp_path / "kb", sample_encoder)) as base:
            account = base.accounts.add("Léa", "du cirage au gel", AccountRole.CONTRIBUTOR)
            sessions = Sessions(base, Settings(secret=SecretStr(SECRET)))
            base.sessions.add(sessions._hash("a token"), account, "")
        with searching_here(site, tmp_path / "kb"):
            page = httpx.get(
                f"{site.url}/en/search?q=cirages",
                headers={"Cookie": "quisait=a token"},
                timeout=GIVEN_TIME_S,
            )
            assert metric(site, "quisait_searches_total") == 1
    assert "Léa" in page.text
    assert page.headers["Cache-Control"] == "private, no-store"

import resource
import signal
import socket
import threading
import time
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from kb.knowledge_base import KnowledgeBase
from kb.registers.accounts import AccountRole
from tests.ingest.articles.formats.test_hostile_documents import pdf
from tests.web.operations.small_site import GIVEN_TIME_S, SiteProcess, serving_site
from tests.web.sample_base import sample_encoder

pytestmark = pytest.mark.thorough

HALF_A_HEADER = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Half: "
HALF_A_BODY = (
    b"POST /api/notices HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: 500\r\n\r\n{"
)
SLOW = pdf(b"BT /F 12 Tf " + b"(ab) Tj " * 60_000 + b"ET", pages=200)


def answers(site: SiteProcess) -> bool:
    return httpx.get(f"{site.url}/robots.txt", timeout=GIVEN_TIME_S).status_code == 200


def test_half_sent_requests_keep_nobody_out_and_do_not_keep_it_from_ending(tmp_path: Path) -> None:
    with serving_site(tmp_path / "kb", QUISAIT_MAX_CONNECTIONS="20") as site:
        half_sent = [site.connect(HALF_A_HEADER) for _ in range(40)]
        half_sent += [site.connect(HALF_A_BODY) for _ in range(40)]
        assert answers(site)
        told = site.end(signal.SIGTERM)
        for connection in half_sent:
            connection.close()
        assert site.process.returncode == 0
        assert "Traceback" not in told


def test_a_file_that_is_being_read_does_not_keep_it_from_ending(tmp_path: Path) -> None:
    with serving_site(tmp_path / "kb") as site, httpx.Client(timeout=GIVEN_TIME_S) as client:
        answers: list[httpx.Response] = []
        with closing(KnowledgeBase(tmp_path / "kb", sample_encoder)) as base:
            base.accounts.add("Léa", "du cirage au gel", AccountRole.CONTRIBUTOR)
            token = base.accounts.issue_token("Léa", "tests")

        def send() -> None:
            answers.append(
                client.post(
                    f"{site.url}/api/contributions",
                    files={"file": ("slow.pdf", SLOW)},
                    headers={"Authorization": f"Bearer {token}"},
                )
            )

        sending = threading.Thread(target=send)
        sending.start()
        number, until = site.process.pid, time.monotonic() + GIVEN_TIME_S
        while not any(path.read_text() for path in Path(f"/proc/{number}/task").glob("*/children")):
            assert time.monotonic() < until
            time.sleep(0.05)
        told = site.end(signal.SIGTERM)
        sending.join(GIVEN_TIME_S)
    assert [answer.status_code for answer in answers] == [503]
    assert answers[0].json()["detail"] == "The site is being restarted. Try again in a minute."
    assert "Something still ran" not in told


@pytest.mark.parametrize(
    ("signals", "code"),
    [
        ([signal.SIGINT], 130),
        ([signal.SIGTERM, signal.SIGTERM], 0),
    ],
    ids=["an interruption", "told twice"],
)
def test_it_ends_with_its_code(tmp_path: Path, signals: list[int], code: int) -> None:
    with serving_site(tmp_path / "kb") as site:
        told = site.end(*signals)
    assert site.process.returncode == code
    assert "Traceback" not in told


def test_it_opens_as_many_files_as_it_may_and_tells_the_service_manager(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.settimeout(GIVEN_TIME_S)
        manager.bind(str(tmp_path / "notify"))
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 500), hard))
        try:
            with serving_site(
                tmp_path / "kb", NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="200000"
            ) as site:
                assert manager.recv(100) == b"READY=1"
                assert manager.recv(100) == b"WATCHDOG=1"
                limits = resource.prlimit(site.process.pid, resource.RLIMIT_NOFILE)
                site.process.send_signal(signal.SIGTERM)
                while (notice := manager.recv(100)) != b"STOPPING=1":
                    assert notice == b"WATCHDOG=1"
                site.end()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert limits[0] == min(hard, 65_536)

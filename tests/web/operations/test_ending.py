import resource
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.web.operations.small_site import GIVEN_TIME_S, SiteProcess, serving_site
from web.operations.service import ServiceNotices

pytestmark = pytest.mark.thorough

HALF_A_HEADER = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Half: "
HALF_A_BODY = (
    b"POST /api/notices HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: 500\r\n\r\n{"
)


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


def test_the_process_ends_though_a_thread_does_not() -> None:
    script = """if True:
        import threading, time
        from web.operations import ending
        ending.ENDS_WITHIN_S = 0.2
        ending.end_in_time(7)
        threading.Thread(target=time.sleep, args=(1000,)).start()
    """
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, timeout=GIVEN_TIME_S, check=False
    )
    assert ended.returncode == 7
    assert b"Something still ran" in ended.stderr


def test_a_manager_in_the_abstract_namespace_hears_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.settimeout(GIVEN_TIME_S)
        manager.bind("")  # the system chooses a name
        monkeypatch.setenv("NOTIFY_SOCKET", "@" + manager.getsockname()[1:].decode())
        ServiceNotices().ready()
        assert manager.recv(100) == b"READY=1"


def test_without_a_manager_nobody_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    ServiceNotices().ready()
    monkeypatch.setenv("NOTIFY_SOCKET", "/nowhere")
    ServiceNotices().stopping()

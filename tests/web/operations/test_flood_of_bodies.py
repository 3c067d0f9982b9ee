"""Bodies of strangers leave nothing on the disk and in the memory of a real server."""

import socket
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.web.operations.small_site import SiteProcess, serving_site

pytestmark = pytest.mark.thorough

CONNECTIONS = 18
PIECE = 65_536
PIECES = 64
"""Of each connection, if the server takes as many: 4 MB, and 75 MB of all."""

FILE = (
    b'--x\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n'
    b"Content-Type: application/octet-stream\r\n\r\n"
)


def request(path: str, length: str) -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: quisait=invented\r\n"
        "Authorization: Bearer qsf_invented\r\n"
        f"Content-Type: multipart/form-data; boundary=x\r\n{length}\r\n\r\n"
    ).encode()


def temporary_bytes(site: SiteProcess) -> int:
    """The size of the files without a name that the server holds open."""
    total = 0
    for one in Path(f"/proc/{site.process.pid}/fd").iterdir():
        with suppress(OSError):
            if "(deleted)" in str(one.readlink()):
                total += one.stat().st_size
    return total


def memory_mb(site: SiteProcess) -> int:
    status = Path(f"/proc/{site.process.pid}/status").read_text("utf-8")
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) // 1024


def test_eighteen_connections_leave_nothing(tmp_path: Path) -> None:
    with serving_site(tmp_path / "kb") as site, ExitStack() as stack:
        stack.enter_context(site.connect(request("/en/sign-in", "Content-Length: 0"))).recv(1000)
        before = memory_mb(site)
        for path in ("/en/dossier/sheet", "/en/contribute"):
            for length in ("Content-Length: 99000000", "Transfer-Encoding: chunked"):
                assert flood(site, path, length) <= {400, 401, 403, 413}
        assert temporary_bytes(site) == 0
        assert memory_mb(site) - before < 30
        assert b"200 OK" in stack.enter_context(
            site.connect(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        ).recv(1000)


def flood(site: SiteProcess, path: str, length: str) -> set[int]:
    """Sends bodies by many connections at once; returns the statuses that are answered."""
    answers: set[int] = set()
    with ExitStack() as stack:
        connections = [
            stack.enter_context(site.connect(request(path, length))) for _ in range(CONNECTIONS)
        ]
        for number in range(PIECES):
            for one in connections:
                body = (b"" if number else FILE) + b"x" * PIECE
                if "chunked" in length:
                    body = f"{len(body):x}\r\n".encode() + body + b"\r\n"
                with suppress(ConnectionError):
                    one.sendall(body)
            if not number:
                answers = {_status(one) for one in connections}
    return answers


def _status(connection: socket.socket) -> int:
    """The status of an answer that comes before the body has been sent."""
    return int(connection.recv(100_000)[9:12])

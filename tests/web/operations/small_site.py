"""A server of the sample base in a process of its own, for tests of how it runs and ends."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

GIVEN_TIME_S = 60
"""What a busy machine may take for what is done in moments."""


@dataclass
class SiteProcess:
    process: subprocess.Popen[str]
    url: str

    def connect(self, sent: bytes = b"") -> socket.socket:
        address = urlsplit(self.url)
        assert address.hostname is not None
        connection = socket.create_connection((address.hostname, address.port), GIVEN_TIME_S)
        connection.sendall(sent)
        return connection

    def end(self, *signals: int) -> str:
        """Sends the signals, and returns what the process has said on standard error."""
        for number in signals:
            self.process.send_signal(number)
        return self.process.communicate(timeout=GIVEN_TIME_S)[1]


@contextmanager
def serving_site(folder: Path, *arguments: str, **environment: str) -> Iterator[SiteProcess]:
    command = [sys.executable, "-m", "tests.web.operations.small_server", str(folder)]
    with subprocess.Popen(
        [*command, "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
        cwd=Path(__file__).parents[3],
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert "→" in line, process.communicate()[1]
            yield SiteProcess(process, line.split()[-1])
        finally:
            process.kill()

"""The service that systemd runs: told when it is ready, alive and about to end (sd_notify(3)).

Its end comes in time whatever still runs.
"""

import logging
import os
import socket
import threading
import time
from contextlib import suppress

ENDS_WITHIN_S = 9.0
"""How long a server that is told to end may take: the machine is told ten seconds."""

_log = logging.getLogger(__name__)


def end_in_time(code: int) -> None:
    """Ends the process with a code after `ENDS_WITHIN_S`: a thread cannot be interrupted."""

    def end() -> None:
        _log.warning("Something still ran %.0f s after the server was told to end.", ENDS_WITHIN_S)
        os._exit(code)

    timer = threading.Timer(ENDS_WITHIN_S, end)
    timer.daemon = True
    timer.start()


class ServiceNotices:
    """Sends notices to the manager that started this process, if there is one."""

    def __init__(self) -> None:
        self._address = os.environ.pop("NOTIFY_SOCKET", "")
        # Twice as often as the manager wants to hear of it.
        watchdog = os.environ.pop("WATCHDOG_USEC", "")
        self._every_s = int(watchdog) / 2e6 if watchdog.isdecimal() else 0.0
        self._last_at = 0.0

    def ready(self) -> None:
        self._send("READY=1")

    def stopping(self) -> None:
        self._send("STOPPING=1")

    def alive(self) -> None:
        """Says so if it is time to: whoever calls this often enough need not count."""
        now = time.monotonic()
        if self._every_s and now - self._last_at >= self._every_s:
            self._last_at = now
            self._send("WATCHDOG=1")

    def _send(self, notice: str) -> None:
        if not self._address:
            return
        # An address that begins with @ is of the abstract namespace, whose names begin with NUL.
        address = self._address.replace("@", "\0", 1) if self._address[0] == "@" else self._address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sending:
            sending.connect(address)
            sending.sendall(notice.encode())

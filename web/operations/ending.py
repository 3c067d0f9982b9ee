"""The end of the process, which comes in time whatever still runs."""

import logging
import os
import threading

ENDS_WITHIN_S = 9.0
"""How long a server that is told to end may take: the machine is told ten seconds."""

_log = logging.getLogger(__name__)


def end_in_time(code: int, within_s: float | None = None) -> None:
    """Ends the process with a code after `ENDS_WITHIN_S`, or so long, unless it has ended by then.

    A thread cannot be interrupted, and Python waits for each. What was acknowledged is in the
    database by then.
    """
    seconds = ENDS_WITHIN_S if within_s is None else within_s

    def end() -> None:
        _log.warning("Something still ran %.0f s after the server was told to end.", seconds)
        os._exit(code)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()

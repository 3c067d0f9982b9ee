"""The end of the process, which comes in time whatever still runs."""

import logging
import os
import threading

ENDS_WITHIN_S = 9.0
"""How long a server that is told to end may take: the machine is told ten seconds."""

_log = logging.getLogger(__name__)


def end_in_time(code: int) -> None:
    """Ends the process with a code after `ENDS_WITHIN_S`, unless it has ended by then.

    A thread cannot be interrupted, and Python waits for each. What was acknowledged is in the
    database by then.
    """

    def end() -> None:
        _log.warning("Something still ran %.0f s after the server was told to end.", ENDS_WITHIN_S)
        os._exit(code)

    timer = threading.Timer(ENDS_WITHIN_S, end)
    timer.daemon = True
    timer.start()

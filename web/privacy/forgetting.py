"""Forgetting: deletes what is older than it is kept, as long as the server runs."""

import logging
import threading

from kb.errors import KnowledgeBaseError
from kb.knowledge_base import KnowledgeBase
from kb.registers.personal_data.retention import Retention

FIRST_AFTER_S = 60.0
"""How long a server is left alone when it starts."""

EVERY_S = 60 * 60.0

_log = logging.getLogger(__name__)


class Forgetting:
    """Forgets in a thread of its own; several processes may serve one base."""

    def __init__(
        self,
        knowledge_base: KnowledgeBase,
        retention: Retention,
        *,
        first_after_s: float = FIRST_AFTER_S,
        every_s: float = EVERY_S,
    ) -> None:
        self._knowledge_base = knowledge_base
        self._retention = retention
        self._first_after_s = first_after_s
        self._every_s = every_s
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._forget_regularly, name="forget", daemon=True)

    def start(self) -> None:
        """Starts, unless the base cannot be written."""
        if self._knowledge_base.writable:
            self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()

    def _forget_regularly(self) -> None:
        pause = self._first_after_s
        while not self._ending.wait(pause):
            pause = self._every_s
            try:
                self._knowledge_base.personal_data.forget_old(self._retention)
                # One that nobody is carrying out: its process was killed, or its job cancelled.
                self._knowledge_base.finish_choices()
            except KnowledgeBaseError as error:
                _log.warning("What is old is forgotten later: %s", error)
            except Exception:  # noqa: BLE001 (the next look may go better)
                _log.exception("What is old was not forgotten")

"""Forgetting: deletes what is older than it is kept, as long as the server runs."""

import logging

from kb.errors import KnowledgeBaseError
from kb.knowledge_base import KnowledgeBase
from kb.registers.personal_data.traits import Retention
from web.regularly import Regularly

FIRST_AFTER_S = 60.0
"""How long a server is left alone when it starts."""

EVERY_S = 60 * 60.0

_log = logging.getLogger(__name__)


class Forgetting(Regularly):
    """Forgets in a thread of its own; several processes may serve one base."""

    def __init__(
        self,
        knowledge_base: KnowledgeBase,
        retention: Retention,
        *,
        first_after_s: float = FIRST_AFTER_S,
        every_s: float = EVERY_S,
    ) -> None:
        super().__init__("forget", self._forget, every_s, first_after_s=first_after_s)
        self._knowledge_base = knowledge_base
        self._retention = retention

    def start(self) -> None:
        """Starts, unless the base cannot be written."""
        if self._knowledge_base.writable:
            super().start()

    def _forget(self) -> None:
        try:
            self._knowledge_base.personal_data.forget_old(self._retention)
            # One that nobody is carrying out: its process was killed, or its job cancelled.
            self._knowledge_base.finish_choices()
        except KnowledgeBaseError as error:
            _log.warning("What is old is forgotten later: %s", error)
        except Exception:  # noqa: BLE001 (the next look may go better)
            _log.exception("What is old was not forgotten")

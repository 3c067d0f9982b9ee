"""Wordings of needs for searches: asked for in the background, waited for briefly, and remembered.

A search waits no longer than its budget. An answer that comes later is there for the next search of
the same need. Wordings are remembered in memory only: what people look for is written nowhere.
"""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from typing import Self

from kb.language_model.chat_service import ChatService, NoAnswer, UnusableAnswer
from kb.language_model.wording import (
    MAX_NEED_CHARS,
    NeedPhrase,
    Wording,
    WordingState,
    worded,
)
from kb.settings import Settings
from kb.text.folding import fold

NEEDS_REMEMBERED = 2_000
"""Count of needs whose wordings are remembered (about 1 kB each)."""

MAX_ASKED_AT_ONCE = 4
"""How many needs are asked at once; a search beyond them does without, and does not wait."""

PAUSE_S = 30
"""How long a service that failed is not asked again: searches do not wait for it meanwhile."""

_Phrases = tuple[NeedPhrase, ...]

logger = logging.getLogger(__name__)


class NeedWorder:
    """Words needs with a service. Threads share it.

    `wait_s` is the budget of a search; `clock` gives seconds, for the pause after a failure.
    """

    def __init__(
        self, service: ChatService, wait_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.model = service.name
        self._service = service
        self._wait_s = wait_s
        self._clock = clock
        self._known: OrderedDict[str, _Phrases] = OrderedDict()
        self._asked: dict[str, Future[_Phrases]] = {}
        self._resume_at = clock()
        self._lock = threading.Lock()

    @classmethod
    def from_settings(cls, settings: Settings) -> Self | None:
        """The worder by the service that the settings name; `None` if searches are to ask none."""
        service = ChatService.from_settings(settings)
        if service is None or not settings.assistant_search_wait_s:
            return None
        return cls(service, settings.assistant_search_wait_s)

    def wording(self, need: str) -> Wording:
        """Returns the wording of a need; without phrases if there is none within the budget."""
        missing = Wording(self.model, WordingState.MISSING)
        if len(need) > MAX_NEED_CHARS or not any(sign.isalpha() for sign in need):
            # A long text is not sent, and a number is looked up.
            return Wording(self.model, WordingState.WITHHELD)
        asked = self._answer(need)
        if asked is None:
            return missing
        try:
            phrases = asked.result(self._wait_s)
        except (TimeoutError, NoAnswer):
            return missing
        return Wording(self.model, WordingState.GIVEN, phrases)

    def _answer(self, need: str) -> Future[_Phrases] | None:
        """Returns the answer that is there or will come; None if the service is not asked now."""
        key = fold(need)
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                known: Future[_Phrases] = Future()
                known.set_result(self._known[key])
                return known
            if key in self._asked:
                return self._asked[key]
            if len(self._asked) >= MAX_ASKED_AT_ONCE or self._clock() < self._resume_at:
                return None
            asked: Future[_Phrases] = Future()
            self._asked[key] = asked
        # A daemon: a process that ends does not wait for the answer.
        threading.Thread(target=self._ask, args=(key, need, asked), daemon=True).start()
        return asked

    def _ask(self, key: str, need: str, asked: Future[_Phrases]) -> None:
        phrases: _Phrases | None = None
        failure = NoAnswer("it could not be asked.")
        try:
            phrases = worded(self._service, need)
        except UnusableAnswer as unusable:
            # The service is well. It would say the same of this need again: temperature is 0.
            phrases = ()
            logger.warning("A need was not worded by the language model: %s", unusable)
        except NoAnswer as error:
            failure = error
            logger.warning("The language model is not asked for %d s: %s", PAUSE_S, error)
        finally:
            with self._lock:
                del self._asked[key]
                if phrases is None:
                    self._resume_at = self._clock() + PAUSE_S
                else:
                    self._known[key] = phrases
                    while len(self._known) > NEEDS_REMEMBERED:
                        self._known.popitem(last=False)
            if phrases is None:
                asked.set_exception(failure)
            else:
                asked.set_result(phrases)

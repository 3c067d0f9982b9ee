"""Work that is done again and again in a thread beside all others, until it is stopped."""

import threading
from collections.abc import Callable


class Regularly:
    """Does its work every so many seconds, from `start` to `stop`."""

    def __init__(
        self,
        name: str,
        work: Callable[[], None],
        every_s: float,
        *,
        first_after_s: float | None = None,
    ) -> None:
        """`name` is that of the thread; `work` raises nothing that the next time could get over."""
        self._work = work
        self._every_s = every_s
        self._first_after_s = every_s if first_after_s is None else first_after_s
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._go_on, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()

    def goes_on(self) -> bool:
        return not self._ending.is_set()

    def _go_on(self) -> None:
        pause_s = self._first_after_s
        while not self._ending.wait(pause_s):
            self._work()
            pause_s = self._every_s

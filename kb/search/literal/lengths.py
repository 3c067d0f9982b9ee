"""Lengths: how many stems each passage has, remembered once many were looked up."""

import threading
from collections.abc import Callable

from kb.store.connection import PassageLengths

SHARE_LOOKED_UP = 0.1
"""Share of the passages whose length is looked up before all are read, which takes 0.2 µs for each
instead of 0.4 to 1.2. A single search looks up fewer."""


class Lengths:
    """The lengths of the passages in one state of the base. Threads share it."""

    def __init__(self, passages: int, known: PassageLengths | None = None) -> None:
        self._passages = passages
        self._looked_up = 0
        self._known = known
        self._reading = threading.Lock()

    @property
    def size_bytes(self) -> int:
        """The memory that they take."""
        return sum(values.nbytes for values in self._known or ())

    def changed(
        self, passages: int, change: Callable[[PassageLengths], PassageLengths]
    ) -> "Lengths":
        """Those of another state with so many passages, which `change` makes of these."""
        return Lengths(passages, change(self._known) if self._known else None)

    def all(self, read: Callable[[], PassageLengths]) -> PassageLengths | None:
        """As `KnownLengths.all`."""
        with self._reading:
            if self._known is None and self._looked_up > SHARE_LOOKED_UP * self._passages:
                self._known = read()
        return self._known

    def looked_up(self, count: int) -> None:
        """As `KnownLengths.looked_up`."""
        self._looked_up += count

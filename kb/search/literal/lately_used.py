"""Values lately used: as many are remembered as some bytes hold."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class LatelyUsed(Generic[Key, Value]):
    """Values by key in so many bytes: what was used longest ago goes first. Threads share it.

    `size_of` tells the bytes of a value. One that is larger than all may be is not remembered.
    """

    def __init__(self, most_bytes: int, size_of: Callable[[Value], int]) -> None:
        self._most_bytes = most_bytes
        self._size_of = size_of
        self._known: OrderedDict[Key, Value] = OrderedDict()
        self._lock = threading.Lock()
        self.size_bytes = 0

    def take(
        self,
        former: "LatelyUsed[Key, Value]",
        most: int,
        changed: Callable[[Key, Value], Value | None],
    ) -> None:
        """Takes the values of another that were used last, so many at most, each as it is now.

        What is None now is not taken.
        """
        with former._lock:
            known = [*former._known.items()][-most:]
        with self._lock:
            for key, value in known:
                if (now := changed(key, value)) is not None:
                    self._add(key, now)

    def of(
        self, keys: Collection[Key], read: Callable[[Collection[Key]], Mapping[Key, Value]]
    ) -> dict[Key, Value]:
        """The values of keys, of which `read` gives what is not known."""
        with self._lock:
            found = {key: self._known[key] for key in keys if key in self._known}
            for key in found:
                self._known.move_to_end(key)
        if missing := [key for key in keys if key not in found]:
            new = read(missing)
            with self._lock:
                for key, value in new.items():
                    self._add(key, value)
            found |= new
        return found

    def _add(self, key: Key, value: Value) -> None:
        size_bytes = self._size_of(value)
        # Another thread may have read it, too.
        if key not in self._known and size_bytes <= self._most_bytes:
            self._known[key] = value
            self.size_bytes += size_bytes
            while self.size_bytes > self._most_bytes:
                _, oldest = self._known.popitem(last=False)
                self.size_bytes -= self._size_of(oldest)

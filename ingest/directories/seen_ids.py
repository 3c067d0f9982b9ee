"""The ids that a run has seen, and where first, for millions of rows in little memory."""

import hashlib
from array import array

_FREE = 0
_MAX_LOAD = 0.6
_ROW_BITS = 40


class SeenIds:
    """Maps each id to the file and row where it was first seen.

    A table of hashes of 64 bits, 16 bytes to a slot. Two ids with the same hash are taken for the
    same id: in ten million rows, the odds are 1 in 400,000.
    """

    def __init__(self) -> None:
        self._files: list[str] = []
        self._hashes = array("Q", [_FREE]) * 64
        self._rows = array("Q", [0]) * 64
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, record_id: str) -> bool:
        return self._hashes[self._slot(_hash(record_id))] != _FREE

    def first(self, record_id: str, file: str, row: int) -> tuple[str, int] | None:
        """Returns the file and row where an id was seen before; of a new id None, and adds it."""
        key = _hash(record_id)
        slot = self._slot(key)
        if self._hashes[slot] != _FREE:
            found = self._rows[slot]
            return self._files[found >> _ROW_BITS], found & ((1 << _ROW_BITS) - 1)
        if not self._files or self._files[-1] != file:
            self._files.append(file)
        self._hashes[slot] = key
        self._rows[slot] = (len(self._files) - 1) << _ROW_BITS | row
        self._count += 1
        if self._count > _MAX_LOAD * len(self._hashes):
            self._grow()
        return None

    def _slot(self, key: int) -> int:
        """Returns the slot of a hash, or else the free slot where it would be."""
        mask = len(self._hashes) - 1
        slot = key & mask
        while self._hashes[slot] not in {_FREE, key}:
            slot = (slot + 1) & mask
        return slot

    def _grow(self) -> None:
        hashes, rows = self._hashes, self._rows
        self._hashes = array("Q", [_FREE]) * (2 * len(hashes))
        self._rows = array("Q", [0]) * (2 * len(hashes))
        for key, row in zip(hashes, rows, strict=True):
            if key != _FREE:
                slot = self._slot(key)
                self._hashes[slot], self._rows[slot] = key, row


def _hash(record_id: str) -> int:
    return int.from_bytes(hashlib.blake2b(record_id.encode(), digest_size=8).digest()) or 1

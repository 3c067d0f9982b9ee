"""The saved trades: a file beside the base with what takes longest to make of each passage.

To find where a passage would be filed takes a fifth of a millisecond; a search looks at a thousand
passages. Of a large base, most of them are new to a process.

- `passages.trades`: a row for each passage (`kb.search.trades.passage_trades`), ascending by id. It
  is mapped into memory: all processes share it.
- `passages.trades.json`: the card, with what the rows were made by, and their digest.

They are a cache of what the base holds, like the saved index (`kb.indexing.saved_segment`).
"""

import contextlib
import hashlib
import json
import mmap
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO

import numpy as np

from kb.indexing.dense_index import PassageIds
from kb.search.trades.passage_trades import TradeRows, row_type, unknown_row
from kb.whole_file import replacing

TRADES_FILE, CARD_FILE = "passages.trades", "passages.trades.json"

SAVED_FORMAT = 3
"""Raised whenever the trades of a passage are worked out, or written, in another way."""

ROWS_AT_ONCE = 20_000
"""Count of rows that are read, or written, at once."""


class SavedTrades:
    """What a file holds of the trades of passages; it never changes, and threads share it.

    Attributes:
        ids: ascending.
    """

    def __init__(self, ids: PassageIds, rows: TradeRows) -> None:
        self.ids = ids
        self._rows = rows

    @classmethod
    def empty(cls, trades: int) -> "SavedTrades":
        return cls(np.zeros(0, np.int64), unknown_row(trades))

    def rows(self, ids: PassageIds) -> TradeRows:
        """A row for each of these passages: its own, or that of any other if it is not here."""
        return np.take(self._rows, np.searchsorted(self.ids, ids), mode="clip")


def write(folder: Path, parts: Iterable[TradeRows], made_by: str) -> None:
    """Writes rows, ascending by id, part by part; the card last.

    Raises:
        OSError: they cannot be written.
    """
    digest = hashlib.sha256()
    with replacing(folder / TRADES_FILE) as pending, pending.open("wb") as file:
        for rows in parts:
            content = rows.view(np.uint8).data
            digest.update(content)
            file.write(content)
    with replacing(folder / CARD_FILE) as pending:
        card = {"made_by": _made_by(made_by), "digest": digest.hexdigest()}
        pending.write_text(json.dumps(card), encoding="utf-8")


def read(folder: Path, made_by: str, trades: int) -> SavedTrades:
    """What is saved in a folder, of so many trades; empty if nothing was made so, or not whole."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        card = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))
        if card["made_by"] != _made_by(made_by):
            return SavedTrades.empty(trades)
        with (folder / TRADES_FILE).open("rb") as file:
            digest, ids = hashlib.sha256(), []
            for rows in parts_of(file, trades):
                digest.update(rows.view(np.uint8).data)
                ids.append(rows["id"].copy())
            if card["digest"] == digest.hexdigest():
                # The file that was digested: another may have its name by now.
                mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
                return SavedTrades(np.concatenate(ids), np.frombuffer(mapped, row_type(trades)))
    return SavedTrades.empty(trades)


def delete(folder: Path, alone: Callable[[], AbstractContextManager[None]]) -> None:
    """Deletes what is saved in a folder, if anything is.

    Nobody else saves or deletes files of this base inside `alone`.

    Raises:
        OSError: it cannot be deleted.
    """
    if name_of_card(folder):
        with alone():
            # The card last: what has one is tried again.
            for name in (TRADES_FILE, CARD_FILE):
                (folder / name).unlink(missing_ok=True)


def parts_of(file: IO[bytes], trades: int) -> Iterator[TradeRows]:
    """The rows of an open file, of so many trades, some at a time."""
    file.seek(0)
    while len(rows := np.fromfile(file, row_type(trades), ROWS_AT_ONCE)):
        yield rows


def name_of_card(folder: Path) -> str:
    """A name of what is saved in a folder, that another saving does not have; empty if nothing."""
    with contextlib.suppress(OSError):
        status = (folder / CARD_FILE).stat()
        return f"{status.st_ino} {status.st_mtime_ns}"
    return ""


def _made_by(background: str) -> str:
    return f"format {SAVED_FORMAT}, background {background}"

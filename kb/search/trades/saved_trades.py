"""The saved trades: a file beside the base with what takes longest to make of each passage.

To find where a passage would be filed takes a fifth of a millisecond, and a search looks at a
thousand passages. Of a large base, most of them are new to a process.

- `passages.trades`: `SAVED`, a row for each passage, ascending by id. It is mapped into memory: all
  processes share it.
- `passages.trades.json`: the card, with what the rows were made by, and their digest.

They are a cache of what the base holds, like the saved index (`kb.indexing.saved_segment`).
"""

import contextlib
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kb.encoder.encoder import Embeddings
from kb.indexing.dense_index import EmbeddedPassages
from kb.search.trades.passage_trades import FILED_IN, PassageTrades
from kb.whole_file import replacing

TRADES_FILE, CARD_FILE = "passages.trades", "passages.trades.json"

SAVED_FORMAT = 1
"""Raised whenever the trades of a passage are worked out, or written, in another way."""

SAVED = np.dtype(
    [
        ("id", "<i8"),
        ("sum", "<f4"),
        ("lines", "<f4", 2),
        ("filed", "<u2", FILED_IN),
        ("filing", "<f2", FILED_IN),
    ]
)
"""`sum` is that of the embedding, by which one that was made again is told from the former; the
others are as in `PassageTrades`."""

SavedRows = NDArray[np.void]

_LEAST_DIFFERENCE = 1e-5
"""That of the sums of two embeddings which are not the same, in half precision."""


class SavedTrades:
    """What a file holds of the trades of passages; it never changes, and threads share it."""

    def __init__(self, rows: SavedRows) -> None:
        self._rows = rows
        # By themselves, since a search for an id in the rows would read them all.
        self._ids = np.ascontiguousarray(rows["id"])

    @classmethod
    def empty(cls) -> "SavedTrades":
        return cls(np.zeros(0, SAVED))

    @property
    def all_rows(self) -> SavedRows:
        return self._rows

    def rows(self, passages: EmbeddedPassages) -> tuple[NDArray[np.bool_], SavedRows]:
        """Which of these passages are here with the same embedding, `(n,)`, and their rows."""
        if not len(self._ids):
            return np.zeros(len(passages.ids), bool), np.zeros(0, SAVED)
        places = np.minimum(np.searchsorted(self._ids, passages.ids), len(self._ids) - 1)
        found = self._rows[places]
        # What is no number, as of a damaged embedding, is no difference either: not the same.
        near = np.abs(found["sum"] - _sums(passages)) < _LEAST_DIFFERENCE
        here = (found["id"] == passages.ids) & near
        return here, found[here]


def saved_rows(passages: EmbeddedPassages, trades: PassageTrades) -> SavedRows:
    """The rows of passages whose trades are known."""
    rows = np.zeros(len(passages.ids), SAVED)
    rows["id"], rows["sum"] = passages.ids, _sums(passages)
    rows["lines"], rows["filed"], rows["filing"] = trades.lines, trades.filed, trades.filing
    return rows


def trades_of(rows: SavedRows, shares: Embeddings) -> PassageTrades:
    """The trades of the passages of these rows, with their shares `(n, trades)`."""
    return PassageTrades(shares.astype(np.float16), rows["filed"], rows["filing"], rows["lines"])


def write(folder: Path, rows: SavedRows, made_by: str) -> None:
    """Writes rows, ascending by id; the card last.

    Raises:
        OSError: they cannot be written.
    """
    digest = hashlib.sha256(rows.tobytes()).hexdigest()
    with replacing(folder / TRADES_FILE) as pending:
        rows.tofile(pending)
    with replacing(folder / CARD_FILE) as pending:
        card = {"made_by": _made_by(made_by), "digest": digest}
        pending.write_text(json.dumps(card), encoding="utf-8")


def read(folder: Path, made_by: str) -> SavedTrades:
    """What is saved in a folder; empty if nothing was made so, or it is not whole."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        card = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))
        with (folder / TRADES_FILE).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            if (card["made_by"], card["digest"]) == (_made_by(made_by), digest):
                # The file that was digested: another may have its name by now.
                rows: Any = np.memmap(file, SAVED, mode="r")
                return SavedTrades(rows.view(np.ndarray))
    return SavedTrades.empty()


def name_of_card(folder: Path) -> str:
    """A name of what is saved in a folder, that another saving does not have; empty if nothing."""
    with contextlib.suppress(OSError):
        status = (folder / CARD_FILE).stat()
        return f"{status.st_ino} {status.st_mtime_ns}"
    return ""


def _made_by(background: str) -> str:
    return f"format {SAVED_FORMAT}, background {background}"


def _sums(passages: EmbeddedPassages) -> NDArray[np.float32]:
    sums = passages.embeddings.sum(axis=1, dtype=np.float64)
    return np.asarray(sums, np.float32)

"""The saved segment: the files beside the database from which a start reads its index.

- `passages.faiss`: ids and embeddings, an `IndexIDMap` over an `IndexScalarQuantizer` in half
  precision, which any FAISS can read and search. It is mapped into memory: all processes share it.
- `passages.codes.faiss`: the codes of a large segment (`kb.indexing.segment`).
- `passages.faiss.npz`: the card, with what the files were made of, and their digests.

The files are written part by part, since all embeddings of a large base would not fit beside those
that are in use, and replaced by renaming: who has the former ones mapped goes on with them.
"""

import contextlib
import hashlib
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from kb.indexing.dense_index import PassageIds
from kb.indexing.segment import Coder, Halves, Segment, new_rows
from kb.whole_file import replacing

INDEX_FILE = "passages.faiss"
CODES_FILE = "passages.codes.faiss"
CARD_FILE = "passages.faiss.npz"
INDEX_FORMAT = 5
FORMER_FILES = ("passages.npz", "passages.faiss.json")

_UNREADABLE = (
    OSError,
    EOFError,
    ValueError,
    TypeError,
    KeyError,
    RuntimeError,
    zipfile.BadZipFile,
)
"""What NumPy and FAISS say of a file that they cannot read."""


@dataclass(frozen=True, slots=True)
class SavedSegment:
    """What the card of a saved segment says of it: whether it has codes, how many passages."""

    passages: int
    has_codes: bool
    bytes: int


def write(
    folder: Path,
    ids: PassageIds,
    parts: Iterable[Halves],
    *,
    codes: Any = None,
    dimension: int,
    made_by: str,
    generation: str,
) -> None:
    """Writes ascending ids and the rows of them, part by part, and their codes if they are many.

    The codes are made, unless they are given.
    The card is written last, with the digests of the files: it is not read with others.

    Raises:
        OSError: it cannot be written.
    """
    coder = Coder(len(ids) if codes is None else 0, dimension)
    head, row_bytes = _head(dimension, len(ids))
    with replacing(folder / INDEX_FILE) as pending:
        with pending.open("wb") as file:
            file.write(head)
            file.write(np.uint64(len(ids) * row_bytes).tobytes())
            for part in parts:
                file.write(part.tobytes())
                coder.add(part)
            file.write(np.uint64(len(ids)).tobytes())
            file.write(ids.tobytes())
        digest = _digest_of(pending)
    codes_digest = ""
    codes = coder.codes if codes is None else codes
    if codes is not None:
        with replacing(folder / CODES_FILE) as pending:
            try:
                faiss.write_index(codes, str(pending))
            except RuntimeError as error:
                raise OSError(str(error)) from error
            codes_digest = _digest_of(pending)
    card: dict[str, Any] = {
        "made_by": _made_by(dimension, made_by),
        "digest": digest,
        "codes_digest": codes_digest,
        "passages": len(ids),
        "generation": generation,
    }
    with replacing(folder / CARD_FILE) as pending, pending.open("wb") as file:
        np.savez(file, **card)
    former = FORMER_FILES if codes_digest else (*FORMER_FILES, CODES_FILE)
    for name in former:
        (folder / name).unlink(missing_ok=True)


def read(folder: Path, *, dimension: int, made_by: str) -> tuple[Segment, str] | None:
    """The segment saved in a folder, and its generation.

    None if none was saved of these, or the files are not whole: a cache that cannot be read, for
    any reason, is done without.
    """
    with (
        contextlib.suppress(*_UNREADABLE),
        contextlib.ExitStack() as files,
        (folder / CARD_FILE).open("rb") as card_file,
        np.load(card_file) as card,
    ):
        if str(card["made_by"]) != _made_by(dimension, made_by):
            return None
        # FAISS reads only what it has written itself: it checks nothing.
        file = files.enter_context((folder / INDEX_FILE).open("rb"))
        if _digest(file) != str(card["digest"]):
            return None
        codes = None
        if codes_digest := str(card["codes_digest"]):
            codes_file = files.enter_context((folder / CODES_FILE).open("rb"))
            if _digest(codes_file) != codes_digest:
                return None
            codes_file.seek(0)
            # The stubs do not know of this class.
            codes = faiss.read_index(faiss.PyCallbackIOReader(codes_file.read))  # type: ignore[attr-defined]
        # The file that was digested: another may have its name by now.
        mapped: Any = faiss.read_index(
            f"/dev/fd/{file.fileno()}", faiss.IO_FLAG_MMAP_IFC | faiss.IO_FLAG_READ_ONLY
        )
        rows: Any = faiss.downcast_index(mapped.index)
        rows.referenced_objects = [mapped]  # it frees its parts
        ids = faiss.vector_to_array(mapped.id_map)
        return Segment(ids, rows, codes), str(card["generation"])
    return None


def saved_in(folder: Path) -> SavedSegment | None:
    """What is saved in a folder; None if nothing, or nothing that can be read."""
    with (
        contextlib.suppress(*_UNREADABLE),
        (folder / CARD_FILE).open("rb") as file,
        np.load(file) as card,
    ):
        has_codes = bool(str(card["codes_digest"]))
        names = [INDEX_FILE, CARD_FILE, *([CODES_FILE] if has_codes else [])]
        size = sum((folder / name).stat().st_size for name in names)
        return SavedSegment(int(card["passages"]), has_codes, size)
    return None


def name_of_card(folder: Path) -> str:
    """A name of what is saved in a folder, that another saving does not have; empty if nothing."""
    with contextlib.suppress(OSError):
        status = (folder / CARD_FILE).stat()
        return f"{status.st_ino} {status.st_mtime_ns}"
    return ""


def _head(dimension: int, count: int) -> tuple[bytes, int]:
    """What FAISS writes of so many ids and rows before the rows, and the bytes of a row.

    The file ends with two arrays, of the rows and of the ids, each after its size: FAISS writes
    empty ones here.
    """
    rows = new_rows(dimension)
    mapped = faiss.IndexIDMap(rows)
    rows.ntotal = mapped.ntotal = count
    written = faiss.serialize_index(mapped).tobytes()
    return written[: -2 * np.uint64().itemsize], rows.code_size


def _made_by(dimension: int, encoder: str) -> str:
    return f"format {INDEX_FORMAT}, {dimension} dimensions, encoder {encoder}"


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return _digest(file)


def _digest(file: BufferedReader) -> str:
    return hashlib.file_digest(file, "sha256").hexdigest()

"""The files that a run reads, and entries: records that a reader found, or why there is none."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kb.errors import InputError, RemarkError
from kb.models import Record
from kb.resolution.merge_rules import MODERATION

WHOLE_FILE = 0


class NotInput(RemarkError):
    """The file is something else than knowledge: a failure only when a person named it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A record that a reader found in a file, or the reason why there is none.

    `row` is the row of the spreadsheet, the line of JSON Lines or the item of an array, from 1.
    `left_out`: having no record is no failure; `sheet`: of a workbook, if not the first.
    """

    row: int
    record: Record | None = None
    reason: str = ""
    is_open: bool = False
    left_out: bool = False
    sheet: str = ""
    remarks: tuple[str, ...] = ()
    leaves_out_persons: bool = False


def files(paths: Sequence[Path]) -> Iterator[tuple[Path, bool, str]]:
    """Yields each file to read, whether it was named, and the name of its source."""
    met: set[Path] = set()
    for path in paths:
        is_named = not path.is_dir()
        for file in [path] if is_named else _files_below(path):
            if file.resolve() not in met:
                met.add(file.resolve())
                yield file, is_named, source_of(path)


def refuse_missing(paths: Sequence[Path]) -> None:
    for path in paths:
        if not path.exists():
            raise InputError("missing_path", path=str(path))


def source_of(path: Path) -> str:
    """Returns the name of the source that a file or folder is: "firms" for `firms.csv`."""
    name = path.resolve().name
    stem = name if path.is_dir() else name.partition(".")[0]
    return stem if stem not in {"", MODERATION} else f"file {name}"


def _files_below(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(parent, name)
            if not name.startswith(".") and path.is_file():
                yield path

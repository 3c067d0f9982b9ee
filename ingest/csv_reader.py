"""Directories of actors in CSV and TSV: the delimiter, the header, and one row per actor.

Rows are counted as a spreadsheet counts them: the header is row 1 and blank rows count.
"""

import csv
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import TextIO

from ingest.actors import actor_from_columns
from ingest.columns import Column, actor_columns
from ingest.entries import Entry
from ingest.fields import shown
from ingest.text_files import open_text
from kb.errors import InputError

_DELIMITERS = (",", ";", "\t", "|")
_MAX_HEADERS_SHOWN = 12

# The module's own limit would end the reading of a file at its first very long cell, where
# `ingest.actors` refuses that row alone. One limit holds for the whole process.
csv.field_size_limit(max(csv.field_size_limit(), 1 << 24))


def read_csv(path: Path) -> Iterator[Entry]:
    """Reads the actors of a CSV or TSV file, whatever its delimiter and encoding.

    Raises:
        InputError: the file is empty, is not text, or has no column for the name.
    """
    with open_text(path) as file:
        delimiter = max(_DELIMITERS, key=lambda each: _known_columns(file, each))
        rows = _rows(file, delimiter)
        columns = _columns(rows)
        for row, cells in rows:
            if isinstance(cells, csv.Error):
                yield Entry(row, reason=f"cannot be read as CSV: {cells}")
            else:
                yield _entry(row, columns, cells)


def _rows(file: TextIO, delimiter: str) -> Iterator[tuple[int, list[str] | csv.Error]]:
    """The rows of the file that are not blank, by number; an error for a malformed one."""
    file.seek(0)
    reader = csv.reader(file, delimiter=delimiter, strict=True)
    for row in count(1):
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield row, error
        else:
            if any(cell.strip() for cell in cells):
                yield row, cells


def _known_columns(file: TextIO, delimiter: str) -> tuple[int, int]:
    """How well the delimiter suits the file: the header's known columns, then its columns."""
    _row, header = next(_rows(file, delimiter), (0, []))
    if isinstance(header, csv.Error):
        return 0, 0
    return sum(bool(column.field) for column in actor_columns(header)), len(header)


def _columns(rows: Iterator[tuple[int, list[str] | csv.Error]]) -> list[Column]:
    """Takes the header off the rows."""
    _row, header = next(rows, (0, []))
    if isinstance(header, csv.Error):
        raise InputError(f"has a header that cannot be read as CSV: {header}")
    columns = actor_columns(header)
    if not any(column.field == "name" for column in columns):
        raise InputError(f"has no column called name or nom; its header is {_shown(header)}")
    return columns


def _shown(header: Sequence[str]) -> str:
    more = ", …" if len(header) > _MAX_HEADERS_SHOWN else ""
    return ", ".join(shown(cell) for cell in header[:_MAX_HEADERS_SHOWN]) + more


def _entry(row: int, columns: Sequence[Column], cells: list[str]) -> Entry:
    # Spreadsheets leave empty cells on the right of a table that was once wider.
    while len(cells) > len(columns) and not cells[-1].strip():
        cells.pop()
    if len(cells) != len(columns):
        return Entry(
            row, reason=f"number of cells is {len(cells)}, but the header has {len(columns)}"
        )
    try:
        return Entry(row, actor_from_columns(columns, cells))
    except InputError as error:
        return Entry(row, reason=str(error))

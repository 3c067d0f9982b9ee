"""Tables: the rows of a directory with their headers, and from a row to an entry."""

import json
import math
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

from ingest.directories.actor_row import RowLeftOut, entry_from
from ingest.directories.columns_of import HeaderMap
from ingest.directories.contacts import whose_contacts
from ingest.directories.header_words import are_french
from ingest.records.entries import Entry
from ingest.records.fields import MAX_COLUMNS
from kb.errors import InputError
from kb.remarks import Remark, quoted

MAX_ROWS_ABOVE_HEADER = 20
_MAX_HEADERS_SHOWN = 12
_MAX_EXACT = 1 << 53


class DirectoryRow(NamedTuple):
    """A row of a directory, as in `Entry`, or a `notice` about the whole file."""

    number: int
    header: tuple[str, ...] = ()
    cells: Sequence[str] = ()
    reason: str = ""
    sheet: str = ""
    notice: Remark | None = None
    persons: tuple[str, ...] = ()


RowReader = Callable[[Path, HeaderMap], Iterator[DirectoryRow]]
"""Reads the rows of one file lazily, or raises `InputError` where it cannot go on."""


def raw_row(number: int, cells: list[str]) -> DirectoryRow:
    is_wide = any(cell.strip() for cell in cells[MAX_COLUMNS:])
    reason = Remark("many_cells", most=MAX_COLUMNS) if is_wide else ""
    return DirectoryRow(number, cells=cells[:MAX_COLUMNS], reason=reason)


def entry(row: DirectoryRow, header_map: HeaderMap) -> Entry:
    if row.reason:
        return Entry(row.number, reason=row.reason, sheet=row.sheet)
    try:
        return entry_from(
            header_map.columns(row.header),
            row.cells,
            row=row.number,
            sheet=row.sheet,
            in_french=are_french(row.header),
            whose=whose_contacts(row.header, persons_kept=header_map.persons_kept),
        )
    except (InputError, RowLeftOut) as error:
        left_out = isinstance(error, RowLeftOut)
        return Entry(row.number, reason=error.remark, left_out=left_out, sheet=row.sheet)


def under_header(lines: Iterator[DirectoryRow], header_map: HeaderMap) -> Iterator[DirectoryRow]:
    """Yields the rows below the header, the first row that names the actors, with its titles."""
    if not (first := list(islice(lines, MAX_ROWS_ABOVE_HEADER))):
        raise InputError("empty")
    rows = [line.cells for line in first]
    position = header_position(rows, header_map)
    if position < 0 and header_map.takes_any_header and not first[0].reason:
        # The row with most known headers, then most cells.
        filled = [sum(bool(cell.strip()) for cell in cells) for cells in rows]
        known = [header_map.known(cells) for cells in rows]
        position = max(range(len(rows)), key=lambda row: (known[row], filled[row], -row))
    line = first[max(position, 0)]
    if line.reason and line.cells:
        raise InputError("many_columns", most=MAX_COLUMNS)
    if line.reason:
        raise InputError("wrong_header", reason=str(line.reason))
    if position < 0:
        raise InputError("no_header", header=shown_header(line.cells))
    header = tuple(line.cells)
    for below in chain(first[position + 1 :], lines):  # never all of them in memory
        yield _row(below, header)


def header_position(rows: Sequence[Sequence[str]], header_map: HeaderMap) -> int:
    """Returns the position of the header among the first rows; -1 when none is."""
    for position, cells in enumerate(rows):
        if header_map.names_actors(cells) and (position == 0 or header_map.known(cells) > 1):
            return position
    return -1


def shown_header(cells: Sequence[str]) -> str:
    more = ", …" if len(cells) > _MAX_HEADERS_SHOWN else ""
    return ", ".join(quoted(cell) for cell in cells[:_MAX_HEADERS_SHOWN]) + more


def _row(line: DirectoryRow, header: tuple[str, ...]) -> DirectoryRow:
    if line.reason:
        return line._replace(cells=())
    cells = list(line.cells)
    # Spreadsheets leave empty cells on the right of a table that was once wider.
    while len(cells) > len(header) and not cells[-1].strip():
        cells.pop()
    if len(cells) != len(header):
        reason = Remark("cell_count", count=len(cells), columns=len(header))
        return DirectoryRow(line.number, reason=reason)
    return DirectoryRow(line.number, header, cells)


def cell_text(value: object) -> str:
    """Returns a value as a person reads it: "12" for 12.0, lists with `|`, days without a time."""
    text = str(value)
    if value is None:
        text = ""
    elif isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, float | Decimal):
        text = _number(value)
    elif isinstance(value, datetime) and value.time() == time():
        text = value.date().isoformat()
    elif isinstance(value, date | time):
        text = value.isoformat()
    elif isinstance(value, bytes):
        text = value.decode("utf-8", errors="replace")
    elif isinstance(value, list) and not any(isinstance(item, list | dict) for item in value):
        text = " | ".join(filter(None, map(cell_text, value)))
    elif isinstance(value, list | dict):
        text = json.dumps(value, ensure_ascii=False, default=cell_text)
    return text


def _number(value: float | Decimal) -> str:
    if not math.isfinite(value):  # how a table without empty cells writes one
        return ""
    exact = Decimal(value)
    is_whole = abs(exact) < _MAX_EXACT and exact == int(exact)
    return str(int(exact)) if is_whole else str(value)

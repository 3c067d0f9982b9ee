"""Directories of actors in spreadsheets: XLSX and ODS.

Of several sheets, the first that has a column for the name is read, and those that go on with it;
all but the first are named, read or not. A formula counts for the value that the program that saved
it had computed; where there is none, and where that value is an error such as #REF!, the cell is
empty.
"""

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import islice
from lzma import LZMAError
from pathlib import Path
from typing import IO, TYPE_CHECKING
from zipfile import BadZipFile, ZipFile

from ingest.directories.columns.header_map import HeaderMap
from ingest.directories.columns.header_names import NAMING_FIELDS
from ingest.directories.columns.header_words import names_persons
from ingest.directories.table import (
    MAX_ROWS_ABOVE_HEADER,
    DirectoryRow,
    RawRow,
    cell_text,
    header_position,
    shown_header,
    under_header,
)
from ingest.records.entries import WHOLE_FILE
from ingest.records.fields import folded
from kb.errors import InputError
from kb.remarks import Remark

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

_Place = tuple[int, int]

MAX_UNPACKED_BYTES = 1 << 29
"""Most bytes of an unpacked workbook: a directory fits in memory."""

_IDENTIFYING = frozenset({"siret", "siren", "place", "postal_code", "website"})
"""Fields that say which actor is meant, beside the name, which products and trainings have too."""
_MAX_CELLS = 30_000_000
_BLOCK_BYTES = 1 << 20
_MAX_MERGED_ROWS = 1_000_000
"""Of a sheet with more rows in merged cells, no cell counts as merged."""
_ROW_NUMBER = re.compile(rb"""<(?:\w+:)?row\s[^>]*?\br\s*=\s*["'](\d{1,9})""")
_PLACE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{1,3})(\d{1,9})""")
_LONGEST_PLACE = 4_000
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
"""Encodings that no program writes a sheet in, and that would hide the places of its cells."""
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_DAMAGE = (
    BadZipFile,
    zlib.error,
    LZMAError,
    OSError,  # bzip2 that is none, parts at places that no file has
    EOFError,
    ValueError,  # names that are not in the encoding they claim
    OverflowError,  # places further than a file can be
    RuntimeError,  # parts behind a password; as NotImplementedError, packed in an unknown way
)
"""Errors of zipfile for an archive that is damaged or of an unknown make."""


def spreadsheet_rows(path: Path, header_map: HeaderMap) -> Iterator[DirectoryRow]:
    """Reads the rows of an XLSX or ODS file, as `RowReader`; names the other sheets."""
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    refuse_bomb(path)
    try:
        with CalamineWorkbook.from_path(path) as workbook:
            yield from _rows_of(list(_sheets(workbook, header_map)), header_map)
    except PasswordError:
        raise InputError("protected_workbook") from None
    except CalamineError as error:
        reason = " ".join(str(error).split())
        raise InputError("no_spreadsheet", reason=reason) from None


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A sheet that is not empty: its first rows, and where its header is among them, or -1."""

    name: str
    sheet: "CalamineSheet"
    first: list[RawRow]
    position: int
    is_hidden: bool

    @property
    def header(self) -> list[str]:
        return self.first[max(self.position, 0)].cells

    def lines(self) -> Iterator[RawRow]:
        return _lines(self.sheet, _rows_of_header(self))


def _sheets(workbook: "CalamineWorkbook", header_map: HeaderMap) -> Iterator[_Sheet]:
    from python_calamine import SheetVisibleEnum

    for metadata in workbook.sheets_metadata:
        sheet = workbook.get_sheet_by_name(metadata.name)
        first = list(islice(_lines(sheet), MAX_ROWS_ABOVE_HEADER))
        if first:
            position = header_position([line.cells for line in first], header_map)
            is_hidden = metadata.visible is not SheetVisibleEnum.Visible
            yield _Sheet(metadata.name, sheet, first, position, is_hidden)


def _rows_of(sheets: Sequence[_Sheet], header_map: HeaderMap) -> Iterator[DirectoryRow]:
    """Yields the rows of each table, after a notice for each sheet but the first.

    Raises:
        InputError: there is no table; not where any header may be one.
    """
    if not sheets:
        raise InputError("empty")
    tables = [sheet for sheet in sheets if sheet.position >= 0]
    tables = [sheet for sheet in tables if not sheet.is_hidden] or tables
    if not tables and not header_map.takes_any_header:
        shown = (f"{each.name!r} begins with {shown_header(each.header)}" for each in sheets)
        raise InputError("no_sheet", headers="; ".join(shown))
    main, *others = tables or sheets[:1]
    read = [main, *(other for other in others if tables and _is_of_actors(other, main, header_map))]
    for sheet in sheets:
        if sheet is not main:
            code = "sheet_read_too" if sheet in read else "sheet_left_out"
            notice = Remark(code, name=sheet.name, header=shown_header(sheet.header))
            yield DirectoryRow(WHOLE_FILE, notice=notice)
    for table in read:
        for row in under_header(table.lines(), header_map):
            yield row if table is main else row._replace(sheet=table.name)


def _is_of_actors(other: _Sheet, main: _Sheet, header_map: HeaderMap) -> bool:
    """Whether a sheet goes on with the actors of the main one, and not with products or persons.

    Beside the name, it has half of the same columns, or says what actors can do; and it says which
    actors are meant as the main one does, by a number, a place or a website, if that does.
    """
    of_main, of_other = _columns(main, header_map), _columns(other, header_map)
    identifying = of_main & _IDENTIFYING
    if identifying and identifying.isdisjoint(of_other):
        return False
    goes_on = 2 * len(of_main & of_other) >= max(len(of_main), len(of_other))
    says_more = header_map.says_know_how(other.header) and not names_persons(other.header)
    return goes_on or (bool(identifying) and says_more)


def _columns(sheet: _Sheet, header_map: HeaderMap) -> set[str]:
    """Returns the folded headers that are not the name; those that say which actor, as fields."""
    columns = zip(header_map.columns(sheet.header), map(folded, sheet.header), strict=True)
    return {
        column.field if column.field in _IDENTIFYING else header
        for column, header in columns
        if header and column.field not in NAMING_FIELDS
    }


def _rows_of_header(sheet: _Sheet) -> range:
    """Returns the numbers of the rows of a header of several rows, without its last.

    The last has the names of all columns, since a merged cell counts in each row that it spans.
    """
    if sheet.position < 0:
        return range(0)
    number = sheet.first[sheet.position].number
    ends = [end for (row, _), (end, _) in _merged(sheet.sheet) if row == number - 1]
    return range(number, max([number, *(end + 1 for end in ends)]))


def refuse_bomb(path: Path) -> None:
    """Refuses a workbook that would fill the memory: too large unpacked, or with too many cells.

    Every part is unpacked and counted, since what an archive says of its own size can be a lie.

    Raises:
        InputError: it is too large, or no archive at all.
    """
    with path.open("rb") as file:
        if file.read(len(_OLE)) == _OLE:
            raise InputError("older_workbook")
        try:
            _refuse_bomb(file)
        except _DAMAGE as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise InputError("damaged_workbook", reason=reason) from None


def _refuse_bomb(file: IO[bytes]) -> None:
    unpacked = 0
    with ZipFile(file) as archive:
        for part in archive.infolist():
            # Reads on to where the data ends, or further than is allowed.
            part.file_size = MAX_UNPACKED_BYTES + 2 * _BLOCK_BYTES
            rows, columns = 0, set[bytes]()
            tail = b""
            with archive.open(part) as content:
                while block := content.read(_BLOCK_BYTES):
                    unpacked += len(block)
                    if unpacked > MAX_UNPACKED_BYTES:
                        raise InputError("large_workbook", most=MAX_UNPACKED_BYTES >> 20)
                    if not tail and block.startswith(_UTF_16):
                        raise InputError("strange_workbook")
                    # Any part may be a sheet: the workbook says which.
                    text = tail + block
                    rows = max(rows, *map(int, _ROW_NUMBER.findall(text)), 0)
                    for column, row in set(_PLACE.findall(text)):
                        columns.add(column.upper())
                        rows = max(rows, int(row))
                    tail = text[-_LONGEST_PLACE:]
            _refuse_wide(rows, columns)


def _refuse_wide(rows: int, columns: set[bytes]) -> None:
    """Refuses a sheet whose outermost cells span more than fits: the empty ones count as well."""
    widest = max((_column_number(name) for name in columns), default=0)
    if rows * widest > _MAX_CELLS:
        raise InputError("wide_sheet", rows=rows, columns=widest)


def _column_number(name: bytes) -> int:
    return reduce(lambda number, letter: number * 26 + letter - ord("A") + 1, name, 0)


def _lines(sheet: "CalamineSheet", left_out: range = range(0)) -> Iterator[RawRow]:
    """Yields the rows of a sheet that are not blank; a merged cell counts in each row it spans."""
    below: dict[tuple[int, int], tuple[int, int]] = {}
    for (top, column), (bottom, _) in _merged(sheet):
        below.update({(row, column): (top, column) for row in range(top + 1, bottom + 1)})
    of_tops = set(below.values())
    left = sheet.start[1] if sheet.start else 0  # rows are read from the first, columns are not
    tops: dict[tuple[int, int], str] = {}
    for number, values in enumerate(sheet.iter_rows(), start=1):
        cells = [cell_text(value) for value in values]
        for position in range(len(cells)) if below else ():
            place = (number - 1, left + position)
            if place in of_tops:
                tops[place] = cells[position]
            elif place in below and not cells[position].strip():
                cells[position] = tops.get(below[place], "")
        if number not in left_out and any(cell.strip() for cell in cells):
            yield RawRow(number, cells)


def _merged(sheet: "CalamineSheet") -> Sequence[tuple[_Place, _Place]]:
    """Returns the first and the last cell, from 0, of what is merged; few formats say it."""
    ranges = [(first, last) for first, last in sheet.merged_cell_ranges or () if last > first]
    rows = sum(last[0] - first[0] for first, last in ranges)
    return ranges if rows <= _MAX_MERGED_ROWS else []

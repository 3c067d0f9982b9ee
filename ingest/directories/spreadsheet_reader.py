"""Directories of actors in XLSX, ODS and Parquet."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.directories.columns_of import NAMING_FIELDS, HeaderMap
from ingest.directories.header_words import names_persons
from ingest.directories.table import (
    MAX_ROWS_ABOVE_HEADER,
    DirectoryRow,
    cell_text,
    header_position,
    raw_row,
    shown_header,
    under_header,
)
from ingest.records.entries import WHOLE_FILE
from ingest.records.fields import MAX_COLUMNS, folded
from kb.errors import InputError
from kb.remarks import Remark

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

_Place = tuple[int, int]
_IDENTIFYING = frozenset({"siret", "siren", "place", "postal_code", "website"})
"""Fields that say which actor is meant, beside the name, which products and trainings have too."""
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MAX_MERGED_ROWS = 1_000_000  # of a sheet with more rows in merged cells, no cell counts as merged


def spreadsheet_rows(path: Path, header_map: HeaderMap) -> Iterator[DirectoryRow]:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    with path.open("rb") as file:
        if file.read(len(_OLE)) == _OLE:
            raise InputError("older_workbook")
    try:
        with CalamineWorkbook.from_path(path) as workbook:
            yield from _rows_of(list(_sheets(workbook, header_map)), header_map)
    except PasswordError:
        raise InputError("protected_workbook") from None
    except (CalamineError, OSError) as error:
        if isinstance(error, OSError) and error.errno:
            raise  # the file itself; without a number, it is a part that cannot be unpacked
        reason = " ".join(str(error).split())
        raise InputError("no_spreadsheet", reason=reason) from None


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A sheet that is not empty: its first rows, and where its header is among them, or -1."""

    name: str
    sheet: "CalamineSheet"
    first: list[DirectoryRow]
    position: int
    is_hidden: bool

    @property
    def header(self) -> Sequence[str]:
        return self.first[max(self.position, 0)].cells

    def lines(self) -> Iterator[DirectoryRow]:
        return _lines(self.sheet, _rows_of_header(self))


def _sheets(workbook: "CalamineWorkbook", header_map: HeaderMap) -> Iterator[_Sheet]:
    from python_calamine import SheetVisibleEnum

    for metadata in workbook.sheets_metadata:
        sheet = workbook.get_sheet_by_name(metadata.name)
        if first := list(islice(_lines(sheet), MAX_ROWS_ABOVE_HEADER)):
            position = header_position([line.cells for line in first], header_map)
            is_hidden = metadata.visible is not SheetVisibleEnum.Visible
            yield _Sheet(metadata.name, sheet, first, position, is_hidden)


def _rows_of(sheets: Sequence[_Sheet], header_map: HeaderMap) -> Iterator[DirectoryRow]:
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
    """Whether a sheet, by its columns, goes on with the actors of the main one."""
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
    """Returns the numbers of the rows of a header of several, but its last, which has all names."""
    if sheet.position < 0:
        return range(0)
    number = sheet.first[sheet.position].number
    ends = [end for (row, _), (end, _) in _merged(sheet.sheet) if row == number - 1]
    return range(number, max([number, *(end + 1 for end in ends)]))


def _lines(sheet: "CalamineSheet", left_out: range = range(0)) -> Iterator[DirectoryRow]:
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
            yield raw_row(number, cells)


def _merged(sheet: "CalamineSheet") -> Sequence[tuple[_Place, _Place]]:
    """Returns the first and the last cell, from 0, of what is merged; few formats say it."""
    ranges = [(first, last) for first, last in sheet.merged_cell_ranges or () if last > first]
    rows = sum(last[0] - first[0] for first, last in ranges)
    return ranges if rows <= _MAX_MERGED_ROWS else []


_BATCH_ROWS = 1024


def parquet_rows(path: Path, header_map: HeaderMap) -> Iterator[DirectoryRow]:
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    number = 0
    try:
        with ParquetFile(path, memory_map=True) as file:
            header = tuple(file.schema_arrow.names)
            if len(header) > MAX_COLUMNS:
                raise InputError("many_columns", most=MAX_COLUMNS)
            if not (header_map.names_actors(header) or header_map.takes_any_header):
                raise InputError("no_header", header=shown_header(header))
            columns = zip(header, header_map.columns(header), strict=True)
            kept = [name for name, column in columns if column.field or column.fact]
            empty = dict.fromkeys(header, "")
            for batch in file.iter_batches(_BATCH_ROWS, columns=kept):
                for values in batch.to_pylist():
                    number += 1
                    cells = empty | {name: cell_text(value) for name, value in values.items()}
                    yield DirectoryRow(number, header, list(cells.values()))
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno:
            raise  # the file itself; without a number, it is Arrow's word for damaged pages
        reason = " ".join(str(error).split())
        raise InputError("no_parquet", reason=reason) from None

"""Directories of actors in spreadsheets: XLSX and ODS.

Of several sheets, the first that has a column for the name is read. A formula counts for the value
that the program that saved it had computed; where there is none, and where that value is an error
such as #REF!, the cell is empty.
"""

import re
import zlib
from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import islice
from lzma import LZMAError
from pathlib import Path
from typing import IO
from zipfile import BadZipFile, ZipFile

from ingest.directories.columns.header_map import HeaderMap
from ingest.directories.table import (
    MAX_ROWS_ABOVE_HEADER,
    DirectoryRow,
    RawRow,
    cell_text,
    header_position,
    shown_header,
    under_header,
)
from kb.errors import InputError

MAX_UNPACKED_BYTES = 1 << 29
"""Most bytes of an unpacked workbook: a directory fits in memory."""

_MAX_CELLS = 30_000_000
_BLOCK_BYTES = 1 << 20
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
    """Reads the rows of an XLSX or ODS file, as `RowReader`."""
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    refuse_bomb(path)
    headers = []
    try:
        with CalamineWorkbook.from_path(path) as workbook:
            for name in workbook.sheet_names:
                sheet = workbook.get_sheet_by_name(name)
                first = list(islice(_lines(sheet.iter_rows()), MAX_ROWS_ABOVE_HEADER))
                is_table = header_position([line.cells for line in first], header_map) >= 0
                if is_table or (first and header_map.takes_any_header):
                    yield from under_header(_lines(sheet.iter_rows()), header_map)
                    return
                if first:
                    headers.append(f"{name!r} begins with {shown_header(first[0].cells)}")
    except PasswordError:
        raise InputError("protected_workbook") from None
    except CalamineError as error:
        reason = " ".join(str(error).split())
        raise InputError("no_spreadsheet", reason=reason) from None
    if not headers:
        raise InputError("empty")
    raise InputError("no_sheet", headers="; ".join(headers))


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


def _lines(rows: Iterator[Sequence[object]]) -> Iterator[RawRow]:
    """Yields the rows of a sheet that are not blank."""
    for number, values in enumerate(rows, start=1):
        cells = [cell_text(value) for value in values]
        if any(cell.strip() for cell in cells):
            yield RawRow(number, cells)

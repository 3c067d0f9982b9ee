"""How many cells a sheet would have in memory: the empty ones count, and those said many times.

A sheet in memory is a rectangle around its outermost cells. A cell at the far end, or one that
says how many times it stands there, needs a few bytes in the file.
"""

import re
from functools import reduce
from typing import Protocol
from xml.parsers import expat

from kb.errors import InputError

MAX_CELLS = 30_000_000
MAX_COPIED_CHARS = 50_000_000
"""Most letters of the cells that are said once and stand many times, with one more for each."""

_ROW = re.compile(rb"<(?:\w+:)?row\b")
_ROW_NUMBER = re.compile(rb"""<(?:\w+:)?row\s[^>]*?\br\s*=\s*["'](\d{1,9})""")
_PLACE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{1,3})(\d{1,9})""")
_PLACELESS = re.compile(rb"""<(?:\w+:)?c(?=[\s/>])(?![^>]*?\sr\s*=)""")
_LONGEST_PLACE = 4_000


class Extent(Protocol):
    """Reads a part of a workbook block by block, and refuses it when it is too large.

    Both raise `InputError`.
    """

    def read(self, block: bytes) -> None: ...

    def end(self) -> None: ...


class SheetExtent:
    """The extent of a sheet of Office Open XML, whose cells say their places, or stand in turn."""

    def __init__(self) -> None:
        self._rows = 0
        self._row_marks = 0
        self._columns: set[bytes] = set()
        self._in_turn = 0
        self._most_in_turn = 0
        self._tail = b""

    def read(self, block: bytes) -> None:
        text = self._tail + block
        self._rows = max(self._rows, *map(int, _ROW_NUMBER.findall(text)), 0)
        for column, row in set(_PLACE.findall(text)):
            self._columns.add(column.upper())
            self._rows = max(self._rows, int(row))
        if _PLACELESS.search(block):
            for number, row in enumerate(_ROW.split(block)):
                self._in_turn = len(_PLACELESS.findall(row)) + (0 if number else self._in_turn)
                self._row_marks += number > 0
                self._most_in_turn = max(self._most_in_turn, self._in_turn)
        self._tail = text[-_LONGEST_PLACE:]

    def end(self) -> None:
        widest = max(self._most_in_turn, *map(_column_number, self._columns), 0)
        _refuse_wide(max(self._rows, self._row_marks), widest)


class OpenDocumentExtent:
    """The extent of the sheets of an OpenDocument, whose rows and cells say how often they stand.

    Rows and cells that are empty up to the end of their table or row, as office programs write
    them to fill a page, do not count.
    """

    def __init__(self) -> None:
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.EntityDeclHandler = _refuse_entity
        self._rows = self._rows_to_last = self._widest = 0
        self._row_times = self._columns = self._columns_to_last = 0
        self._cell_times = self._cell_chars = self._row_chars = 0
        self._is_empty = True
        self._copied = 0

    def read(self, block: bytes) -> None:
        self._parser.Parse(block, False)

    def end(self) -> None:
        self._parser.Parse(b"", True)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name in {"table:table-cell", "table:covered-table-cell"}:
            self._cell_times = _times(attributes, "table:number-columns-repeated")
            self._cell_chars = 0
            self._is_empty = "office:value-type" not in attributes
        elif name == "text:s":
            self._cell_chars += _times(attributes, "text:c")
            self._refuse_copied(self._cell_chars)
        elif name == "table:table-row":
            self._row_times = _times(attributes, "table:number-rows-repeated")
            self._columns = self._columns_to_last = self._row_chars = 0
        elif name == "table:table":
            self._rows = self._rows_to_last = self._widest = 0

    def _text(self, text: str) -> None:
        self._cell_chars += len(text)

    def _end(self, name: str) -> None:
        if name in {"table:table-cell", "table:covered-table-cell"}:
            self._columns += self._cell_times
            if self._cell_chars or not self._is_empty:
                self._columns_to_last = self._columns
                self._copied += (self._cell_chars + 1) * (self._cell_times - 1)
                self._row_chars += (self._cell_chars + 1) * self._cell_times
                self._refuse_copied(self._copied)
        elif name == "table:table-row":
            self._rows += self._row_times
            if self._columns_to_last:
                self._rows_to_last = self._rows
                self._widest = max(self._widest, self._columns_to_last)
                self._copied += self._row_chars * (self._row_times - 1)
                self._refuse_copied(self._copied)
                _refuse_wide(self._rows_to_last, self._widest)

    def _refuse_copied(self, chars: int) -> None:
        if chars > MAX_COPIED_CHARS:
            raise InputError("repeated_cells", most=MAX_COPIED_CHARS)


def _times(attributes: dict[str, str], name: str) -> int:
    """How many times an element stands, as it says; the library does not read what is no number."""
    said = attributes.get(name, "1")
    return max(1, int(said[:12])) if said.isdecimal() else 1


def _refuse_entity(*_declaration: object) -> None:
    raise InputError("strange_workbook")


def _refuse_wide(rows: int, columns: int) -> None:
    """Refuses a sheet whose outermost cells span more than fits: the empty ones count as well."""
    if rows * columns > MAX_CELLS:
        raise InputError("wide_sheet", rows=rows, columns=columns)


def _column_number(name: bytes) -> int:
    return reduce(lambda number, letter: number * 26 + letter - ord("A") + 1, name, 0)

"""Directories of actors in CSV and TSV; blank rows count, as in a spreadsheet."""

import csv
from collections.abc import Generator, Iterator
from contextlib import closing
from itertools import count, islice
from pathlib import Path

from ingest.directories.columns_of import HeaderMap
from ingest.directories.table import (
    MAX_ROWS_ABOVE_HEADER,
    DirectoryRow,
    header_position,
    raw_row,
    under_header,
)
from ingest.encodings import lines_of, open_text
from kb.remarks import Remark

_DELIMITERS = (",", ";", "\t", "|")
_MAX_ROW_CHARS = 250_000
"""Most characters of a row of several lines; a longer row has a quote that is never closed."""

# The module's own limit would end the reading of a file at its first very long cell, where
# `ingest.directories.actor_row` refuses that row alone. One limit holds for the whole process.
csv.field_size_limit(max(csv.field_size_limit(), 1 << 24))


def csv_rows(path: Path, header_map: HeaderMap) -> Iterator[DirectoryRow]:
    delimiter = max(_DELIMITERS, key=lambda each: _suits(path, each, header_map))
    yield from under_header(_lines(path, delimiter), header_map)


def _suits(path: Path, delimiter: str, header_map: HeaderMap) -> tuple[int, int]:
    with closing(_lines(path, delimiter)) as lines:
        first = [line.cells for line in islice(lines, MAX_ROWS_ABOVE_HEADER)]
    if not first:
        return 0, 0
    header = first[max(header_position(first, header_map), 0)]
    return header_map.known(header), len(header)


class _Unclosed(Exception):
    """A quote was opened, and no end was met in `_MAX_ROW_CHARS`."""


class _Source(Iterator[str]):
    """Yields the lines of a file; those of the row that is being read can be read again."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._again: list[str] = []
        self._row: list[str] = []
        self._chars = 0

    def __next__(self) -> str:
        if self._row and self._chars > _MAX_ROW_CHARS:
            raise _Unclosed
        line = self._again.pop() if self._again else next(self._lines)
        self._row.append(line)
        self._chars += len(line)
        return line

    def begin_row(self, give_back: bool = False) -> None:
        """Begins a row; the lines of the one before can be given back, but the first."""
        if give_back:
            self._again += reversed(self._row[1:])
        self._row.clear()
        self._chars = 0


def _lines(path: Path, delimiter: str) -> Generator[DirectoryRow]:
    """Yields the rows that are not blank; after a malformed row, goes on at the next line."""
    with open_text(path) as file:
        source = _Source(lines_of(file))
        reader = csv.reader(source, delimiter=delimiter, strict=True)
        for number in count(1):
            source.begin_row()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except (csv.Error, _Unclosed) as error:
                source.begin_row(give_back=True)
                reader = csv.reader(source, delimiter=delimiter, strict=True)
                is_open = isinstance(error, _Unclosed) or str(error) == "unexpected end of data"
                malformed = Remark("malformed_csv", reason=str(error))
                yield DirectoryRow(
                    number, reason=Remark("unclosed_quote") if is_open else malformed
                )
            else:
                if any(cell.strip() for cell in cells):
                    yield raw_row(number, cells)

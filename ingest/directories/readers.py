"""Readers of directories by the ending of a file's name, and previews of what they would read."""

import csv
import re
import zipfile
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, count, islice
from pathlib import Path

from ingest.directories.columns_of import NO_TARGETS, HeaderMap, target_of
from ingest.directories.contacts import is_export
from ingest.directories.json_reader import json_lines_rows, json_rows
from ingest.directories.silent_columns import silent_facts
from ingest.directories.spreadsheet_reader import parquet_rows, spreadsheet_rows
from ingest.directories.table import (
    MAX_ROWS_ABOVE_HEADER,
    DirectoryRow,
    RowReader,
    entry,
    header_position,
    raw_row,
    shown_header,
    under_header,
)
from ingest.encodings import lines_of, open_text
from ingest.records.entries import WHOLE_FILE, Entry, NotInput, source_of
from ingest.report import Note, sheet_of
from kb.errors import InputError
from kb.models import Actor
from kb.remarks import Remark, shortened
from kb.text.know_how import know_how

_DELIMITERS = (",", ";", "\t", "|")
_MAX_ROW_CHARS = 250_000  # a longer row of several lines has a quote that is never closed

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
                reason = Remark("malformed_csv", reason=str(error))
                yield DirectoryRow(number, reason=Remark("unclosed_quote") if is_open else reason)
            else:
                if any(cell.strip() for cell in cells):
                    yield raw_row(number, cells)


ROWS_LOOKED_AT = 1000
_MAX_CHARS_LOOKED_AT = 4_000_000
EXAMPLES = 3
_MAX_PROBLEMS = 50
_GLANCE_BYTES = 4096
_DIMENSION = re.compile(rb'<(?:\w+:)?dimension ref="[A-Z]+\d+:[A-Z]+(\d+)"')
DIRECTORY_READERS: dict[str, RowReader] = {
    ".csv": csv_rows,
    ".tsv": csv_rows,
    ".xlsx": spreadsheet_rows,
    ".ods": spreadsheet_rows,
    ".json": json_rows,
    ".jsonl": json_lines_rows,
    ".ndjson": json_lines_rows,
    ".geojson": json_rows,
    ".parquet": parquet_rows,
}
_OBJECTS_HEARD = 256
_HEARD = dict.fromkeys([".json", ".jsonl", ".ndjson", ".geojson"], _OBJECTS_HEARD)
"""Rows without know-how after which that is said: each object has keys of its own."""


def count_rows(path: Path) -> int:
    """Estimates the number of rows below the header; 0 if only reading them would show it."""
    suffix = path.suffix.lower()
    try:
        if suffix in {".csv", ".tsv", ".jsonl", ".ndjson"}:
            with path.open("rb") as file:
                return max(sum(1 for _line in file) - (suffix in {".csv", ".tsv"}), 0)
        if suffix == ".xlsx":
            return max(_rows_of_largest_sheet(path) - 1, 0)
        if suffix == ".parquet":
            from pyarrow.parquet import read_metadata

            return int(read_metadata(path).num_rows)
    except (OSError, ValueError, zipfile.BadZipFile):
        return 0  # the reader of the file reports its errors
    return 0


def _rows_of_largest_sheet(path: Path) -> int:
    rows = 0
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                with archive.open(name) as sheet:
                    declared = _DIMENSION.search(sheet.read(_GLANCE_BYTES))
                rows = max(rows, int(declared[1]) if declared else 0)
    return rows


def read_directory(
    path: Path,
    header_map: HeaderMap | None = None,
    warn: Callable[[Remark], object] = lambda _remark: None,
    reader: RowReader | None = None,
) -> Iterator[Entry]:
    """Yields the actor of each row of a directory, or why the row has none."""
    header_map = header_map or HeaderMap()
    suffix = path.suffix.lower()
    rows = (reader or DIRECTORY_READERS[suffix])(path, header_map)
    for _row, found in _entries(rows, header_map, warn, _HEARD.get(suffix, 1)):
        yield found


def _entries(
    rows: Iterable[DirectoryRow],
    header_map: HeaderMap,
    warn: Callable[[Remark], object],
    unheard: int,
) -> Iterator[tuple[DirectoryRow, Entry]]:
    with_header = with_persons = without_know_how = kept = 0
    told: set[str] = set()
    header: tuple[str, ...] = ()
    rows = iter(rows)
    first, failure = _first(rows)
    header_map.leave_out(())
    if not any(is_export(row.header) for row in first):
        header_map.leave_out(silent := silent_facts(first, header_map))
        if silent:
            warn(Remark("silent_columns", headers=shown_header(silent)))
    for row in chain(first, rows):
        if row.notice:
            warn(row.notice)
            continue
        left_out = header_map.left_out_persons(row.header) if row.header != header else []
        header = row.header
        for code, columns in (("persons_left_out", left_out), ("objects_of_persons", row.persons)):
            if new := [each for each in columns if each not in told]:
                told.update(new)
                warn(Remark(code, headers=shown_header(new)))
        if unheard > 0 and row.header:
            with_header += 1
            says_know_how = header_map.says_know_how(row.header)
            unheard = 0 if says_know_how else unheard - 1
            if unheard == 0 and not says_know_how:
                warn(Remark("no_know_how_column"))
        found = entry(row, header_map)
        with_persons += found.leaves_out_persons
        without_know_how += isinstance(found.record, Actor) and not _says_know_how(found.record)
        kept += found.record is not None
        yield row, found
    if failure:
        raise failure
    if with_header and unheard:
        warn(Remark("no_know_how_column"))
    elif 0 < without_know_how < kept:
        warn(Remark("rows_without_know_how", count=without_know_how))
    if with_persons:
        warn(Remark("persons_contacts_left_out", count=with_persons))


def _first(rows: Iterator[DirectoryRow]) -> tuple[list[DirectoryRow], Exception | None]:
    """Returns the rows by which columns are judged, and why there are no more of them, if known."""
    first: list[DirectoryRow] = []
    chars = 0
    try:
        while len(first) < ROWS_LOOKED_AT and chars < _MAX_CHARS_LOOKED_AT:
            first.append(next(rows))
            chars += sum(map(len, first[-1].cells))
    except StopIteration:
        pass
    except (InputError, OSError) as error:
        return first, error
    return first, None


def _says_know_how(actor: Actor) -> bool:
    return bool(actor.description or actor.activity_code or know_how(actor.facts))


@dataclass(frozen=True, slots=True)
class PreviewedColumn:
    """A header, where its cells go, and the first values that differ."""

    header: str
    target: str
    examples: tuple[str, ...]
    said: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """What the first `rows` of a directory would give; `total_estimate` is 0 if unknown."""

    file: str
    source: str
    columns: tuple[PreviewedColumn, ...]
    rows: int
    kept: int
    to_check: int
    failed: int
    problems: tuple[Note, ...]
    total_estimate: int


def preview(
    path: Path,
    source: str = "",
    choices: Mapping[str, str] = NO_TARGETS,
    *,
    persons_kept: bool = False,
) -> Preview:
    refuse_no_directory(path)
    suffix = path.suffix.lower()
    header_map = HeaderMap(choices, persons_kept=persons_kept, takes_any_header=True)
    read = islice(DIRECTORY_READERS[suffix](path, header_map), ROWS_LOOKED_AT)
    rows = kept = to_check = failed = 0
    warned: list[Remark] = []
    notes: list[Note] = []
    examples: dict[str, list[str]] = {}
    headers: set[tuple[str, ...]] = set()
    seen_ids: dict[str, tuple[str, int]] = {}
    try:
        for row, found in _entries(read, header_map, warned.append, _HEARD.get(suffix, 1)):
            rows += 1
            reasons: Iterable[str] = found.remarks
            if not row.reason:
                headers.add(row.header)
                _add_examples(examples, row)
            if found.record is None:
                failed += not found.left_out
                reasons = [found.reason]
            else:
                sheet, first = seen_ids.setdefault(found.record.id, (row.sheet, row.number))
                if (sheet, first) == (row.sheet, row.number):
                    kept += 1
                    to_check += bool(found.remarks)
                else:
                    failed += 1
                    place = f"{first} ({sheet})" if sheet else str(first)
                    reasons = [Remark("id_of_row", "id", id=found.record.id, row=place)]
            file = sheet_of(str(path), row.sheet)
            notes += [Note(file, row.number, reason) for reason in reasons]
    except InputError as error:
        if not rows:
            raise
        rows, failed = rows + 1, failed + 1  # the file ends there for its reader
        notes.append(Note(str(path), WHOLE_FILE, error.remark))
    # A table has one header, with as many columns as it has; JSON has one for each object.
    header = headers.pop() if len(headers) == 1 else tuple(examples)
    if not header_map.names_actors(header):
        warned.insert(0, Remark("no_name_column"))
    problems = [*(Note(str(path), WHOLE_FILE, remark) for remark in warned), *notes]
    chosen = {each.casefold().strip() for each in choices}
    targets = [target_of(each, persons_kept=persons_kept) for each in header_map.columns(header)]
    shown = [tuple(examples.get(each, ())) for each in header]
    said = [each.casefold().strip() in chosen for each in header]
    return Preview(
        file=str(path),
        source=source or source_of(path),
        columns=tuple(map(PreviewedColumn, header, targets, shown, said)),
        rows=rows,
        kept=kept,
        to_check=to_check,
        failed=failed,
        problems=tuple(problems[:_MAX_PROBLEMS]),
        total_estimate=max(count_rows(path), rows),
    )


def _add_examples(examples: dict[str, list[str]], row: DirectoryRow) -> None:
    for header, cell in zip(row.header, row.cells, strict=True):
        known = examples.setdefault(header, [])
        short = shortened(" ".join(cell.split()))
        if short and len(known) < EXAMPLES and short not in known:
            known.append(short)


def refuse_no_directory(path: Path) -> None:
    if path.suffix.lower() not in DIRECTORY_READERS:
        raise NotInput("other_format", formats=", ".join(DIRECTORY_READERS))

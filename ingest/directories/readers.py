"""Readers of directories, by the ending of the file's name, and how many rows each has."""

import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from ingest.directories.columns_of import HeaderMap
from ingest.directories.csv_reader import csv_rows
from ingest.directories.json_reader import json_lines_rows, json_rows
from ingest.directories.spreadsheet_reader import parquet_rows, spreadsheet_rows
from ingest.directories.table import RowReader, entry, objects_remark, persons_remark
from ingest.records.entries import Entry
from kb.remarks import Remark

_CHUNK_BYTES = 1 << 20
_GLANCE_BYTES = 4096
_DIMENSION = re.compile(rb'<(?:\w+:)?dimension ref="[A-Z]+\d+:[A-Z]+(\d+)"')


def count_rows(path: Path) -> int:
    """Estimates the number of rows below the header; 0 if only reading them would show it."""
    suffix = path.suffix.lower()
    try:
        if suffix in {".csv", ".tsv", ".txt"}:
            return max(_lines(path) - 1, 0)
        if suffix in {".jsonl", ".ndjson"}:
            return _lines(path)
        if suffix == ".xlsx":
            return max(_rows_of_largest_sheet(path) - 1, 0)
        if suffix == ".parquet":
            return _rows_of_parquet(path)
    except (OSError, ValueError, zipfile.BadZipFile):
        # The reader of the file reports its errors.
        return 0
    return 0


def _lines(path: Path) -> int:
    count = 0
    last = b"\n"
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            count += chunk.count(b"\n")
            last = chunk[-1:]
    return count + (last != b"\n")


def _rows_of_largest_sheet(path: Path) -> int:
    """Returns the number of rows that the largest sheet declares, without reading it."""
    rows = 0
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                with archive.open(name) as sheet:
                    declared = _DIMENSION.search(sheet.read(_GLANCE_BYTES))
                rows = max(rows, int(declared[1]) if declared else 0)
    return rows


def _rows_of_parquet(path: Path) -> int:
    from pyarrow.parquet import ParquetFile

    with ParquetFile(path) as file:
        return int(file.metadata.num_rows)


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
"""Rows after which a directory without know-how is said to have none: objects have keys of their
own; the rows of a table share its header, so that one is enough."""


def read_directory(
    path: Path,
    header_map: HeaderMap | None = None,
    warn: Callable[[Remark], object] = lambda _remark: None,
    reader: RowReader | None = None,
) -> Iterator[Entry]:
    """Yields the actor of each row of a directory, or why the row has none.

    `warn` is called with what deserves a look in the directory as a whole, as soon as it is known.
    `reader` reads the rows instead of the one of its format.

    Raises:
        InputError: the file cannot be read, or has no column for the name.
    """
    header_map = header_map or HeaderMap()
    suffix = path.suffix.lower()
    unheard = _HEARD.get(suffix, 1)
    rows = with_persons = 0
    told: set[str] = set()
    header: tuple[str, ...] = ()
    for row in (reader or DIRECTORY_READERS[suffix])(path, header_map):
        if row.notice:
            warn(row.notice)
            continue
        if row.header != header:
            header = row.header
            persons = [each for each in header_map.left_out_persons(header) if each not in told]
            told.update(persons)
            if persons:
                warn(persons_remark(persons))
        if objects := [each for each in row.persons if each not in told]:
            told.update(objects)
            warn(objects_remark(objects))
        if unheard > 0 and row.header:
            rows += 1
            unheard = 0 if header_map.says_know_how(row.header) else unheard - 1
            if unheard == 0 and not header_map.says_know_how(row.header):
                warn(Remark("no_know_how_column"))
        found = entry(row, header_map)
        with_persons += found.leaves_out_persons
        yield found
    if rows and unheard:
        warn(Remark("no_know_how_column"))
    if with_persons:
        warn(Remark("persons_contacts_left_out", count=with_persons))

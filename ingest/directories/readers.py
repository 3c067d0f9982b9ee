"""Readers of directories, by the ending of the file's name."""

from collections.abc import Callable, Iterator
from pathlib import Path

from ingest.directories.columns.header_map import HeaderMap
from ingest.directories.csv_reader import csv_rows
from ingest.directories.json_reader import json_lines_rows, json_rows
from ingest.directories.parquet_reader import parquet_rows
from ingest.directories.spreadsheet_reader import spreadsheet_rows
from ingest.directories.table import RowReader, entry, objects_remark, persons_remark
from ingest.records.entries import Entry
from kb.remarks import Remark

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

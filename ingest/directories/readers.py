"""Readers of directories, by the ending of the file's name."""

from collections.abc import Iterator
from pathlib import Path

from ingest.directories.csv_reader import csv_rows
from ingest.directories.header_map import HeaderMap
from ingest.directories.json_reader import json_lines_rows, json_rows
from ingest.directories.parquet_reader import parquet_rows
from ingest.directories.spreadsheet_reader import spreadsheet_rows
from ingest.directories.table import RowReader, entry
from ingest.records.entries import Entry

DIRECTORY_READERS: dict[str, RowReader] = {
    ".csv": csv_rows,
    ".tsv": csv_rows,
    ".xlsx": spreadsheet_rows,
    ".ods": spreadsheet_rows,
    ".json": json_rows,
    ".jsonl": json_lines_rows,
    ".ndjson": json_lines_rows,
    ".parquet": parquet_rows,
}


def read_directory(path: Path, header_map: HeaderMap | None = None) -> Iterator[Entry]:
    """Yields the actor of each row of a directory, or why the row has none.

    Raises:
        InputError: the file cannot be read, or has no column for the name.
    """
    header_map = header_map or HeaderMap()
    for row in DIRECTORY_READERS[path.suffix.lower()](path, header_map):
        yield entry(row, header_map)

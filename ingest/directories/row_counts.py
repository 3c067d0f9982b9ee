"""Estimates the number of rows of a directory at a glance, for a progress bar."""

import re
import zipfile
from pathlib import Path

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

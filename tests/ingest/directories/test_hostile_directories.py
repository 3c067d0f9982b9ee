"""Directories made to harm: a line says why, before the memory is full."""

import json
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest.directories.columns_of import HeaderMap
from ingest.directories.readers import read_directory
from ingest.directories.table import DirectoryRow, under_header
from ingest.records.fields import MAX_COLUMNS
from kb.errors import InputError
from tests.ingest.directories.sheets import cell, ods, row

pytestmark = pytest.mark.thorough


def table_of(columns: int, kind: str, folder: Path) -> Path:
    """A directory with one actor and so many columns, each with a header of its own."""
    header = ["nom", *(f"Produit {number}" for number in range(1, columns))]
    cells = ["Avel", *["x"] * (columns - 1)]
    path = folder / f"wide{kind}"
    match kind:
        case ".csv":
            path.write_text(f"{','.join(header)}\n{','.join(cells)}\n")
        case ".json" | ".jsonl":
            path.write_text(json.dumps(dict(zip(header, cells, strict=True))) + "\n")
        case ".parquet":
            pq.write_table(
                pa.table(dict(zip(header, [[cell] for cell in cells], strict=True))), path
            )
        case ".xlsx":
            book = openpyxl.Workbook(write_only=True)
            sheet = book.create_sheet()
            sheet.append(header)
            sheet.append(cells)
            book.save(path)
        case _:
            ods(path, "".join(row(*map(cell, line)) for line in (header, cells)), header=False)
    return path


@pytest.mark.parametrize("kind", [".csv", ".json", ".jsonl", ".parquet", ".xlsx", ".ods"])
def test_a_table_of_too_many_columns_is_refused(tmp_path: Path, kind: str) -> None:
    (entry,) = read_directory(table_of(MAX_COLUMNS, kind, tmp_path))
    assert entry.record is not None
    path = table_of(MAX_COLUMNS + 1, kind, tmp_path)
    try:
        reasons = [str(entry.reason) for entry in read_directory(path)]
    except InputError as error:
        reasons = [str(error)]
    assert reasons == ["has more than 1,000 columns: keep those that tell of the actors"]


BLANK = [""] * 2 * MAX_COLUMNS + [" "]


def test_a_row_with_a_cell_beyond_the_last_column_is_refused_alone(tmp_path: Path) -> None:
    path = tmp_path / "far.xlsx"
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for line in [["nom", "ville"], ["Avel", "Brest", *BLANK, "x"], ["Beta", "Lyon"]]:
        sheet.append(line)
    book.save(path)
    far, beta = read_directory(path)
    assert far.reason == "has more than 1,000 cells"
    assert beta.record is not None


def test_looking_at_a_directory_reads_no_more_of_it_than_is_looked_at() -> None:
    read = 0

    def lines() -> Iterator[DirectoryRow]:
        nonlocal read
        for read in range(1, 100_000):
            yield DirectoryRow(read, cells=["nom"] if read == 1 else [f"Avel {read}"])

    rows = under_header(lines(), HeaderMap())
    assert next(rows).cells == ["Avel 2"]
    assert read < 100

import json
from pathlib import Path

import openpyxl
import pyarrow
import pytest
from pyarrow import parquet

from ingest.directories.readers import count_rows


@pytest.mark.parametrize(
    ("name", "content", "rows"),
    [
        ("a.csv", "nom\nAvel\nMatha\n", 2),
        ("a.csv", "nom\nAvel\nMatha", 2),
        ("a.TSV", "nom\tlieu\nAvel\tx\n", 1),
        ("a.csv", "", 0),
        ("a.jsonl", '{"nom": "Avel"}\n{"nom": "Matha"}\n', 2),
        ("a.json", json.dumps([{"nom": "Avel"}]), 0),
        ("a.xlsx", "not a spreadsheet", 0),
        ("a.parquet", "not a table", 0),
    ],
)
def test_rows_are_counted_where_that_is_cheap(
    tmp_path: Path, name: str, content: str, rows: int
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert count_rows(tmp_path / name) == rows


def test_a_workbook_tells_how_many_rows_its_largest_sheet_has(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    for number in range(30):
        book.active.append([f"firm {number}", "place"])
    book.create_sheet("notes").append(["a note"])
    book.save(tmp_path / "a.xlsx")
    assert count_rows(tmp_path / "a.xlsx") == 29


def test_a_parquet_file_tells_how_many_rows_it_has(tmp_path: Path) -> None:
    parquet.write_table(pyarrow.table({"nom": ["Avel", "Matha"]}), tmp_path / "a.parquet")
    assert count_rows(tmp_path / "a.parquet") == 2

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from ingest.directories.readers import read_directory
from ingest.records.entries import Entry
from kb.errors import InputError
from kb.models import Actor


def write(path: Path, **columns: list[object]) -> Path:
    parquet.write_table(pa.table(columns), path, row_group_size=2)
    return path


def test_rows_are_read_across_row_groups(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", nom=["Avel", None, "Merlet"], commune=["", "x", "Cognac"])
    assert list(read_directory(path)) == [
        Entry(1, Actor(id="avel", name="Avel", country="FR")),
        Entry(2, reason="has no name"),
        Entry(
            3,
            Actor(id="merlet-cognac", name="Merlet", place="Cognac", department="16", country="FR"),
        ),
    ]


def test_values_of_every_kind_become_cells(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.parquet",
        nom=["Avel"],
        siret=[73282932000074],
        closed_on=[date(2024, 1, 31)],
        tags=[["Cuir", "Chimie"]],
        effectif=[40.0],
        ca=[Decimal("1.50")],
        vu=[datetime.fromisoformat("2025-01-02T03:04")],
        note=[float("nan")],
        reseau=[{"cp": "16000"}],
    )
    (entry,) = read_directory(path)
    assert entry.record == Actor(
        id="avel",
        name="Avel",
        country="FR",
        siret="73282932000074",
        closed_on="2024-01-31",
        themes=("Cuir", "Chimie"),
        facts={
            "effectif": "40",
            "ca": "1.50",
            "vu": "2025-01-02T03:04:00",
            "reseau": '{"cp": "16000"}',
        },
    )


@pytest.mark.parametrize("size", [0, 3, -20])
def test_what_is_no_parquet_says_so(tmp_path: Path, size: int) -> None:
    path = write(tmp_path / "a.parquet", nom=["Avel"])
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(InputError, match=r"^(cannot be read as Parquet: |is empty$)"):
        list(read_directory(path))

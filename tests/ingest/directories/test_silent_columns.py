"""Columns that say nothing to a reader are left out, and named; a person may say otherwise."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.directories.columns_of import HeaderMap
from ingest.directories.readers import preview, read_directory
from kb.models import Actor

ROWS = 30
RANDOM = random.Random(31)
TURNOVERS = [f"{RANDOM.randrange(90_000, 4_000_000)}" for _ in range(ROWS)]
KEYS = RANDOM.sample(range(100_000, 900_000), ROWS)


def facts(tmp_path: Path, header: str, cell: Callable[[int], str], rows: int = ROWS) -> set[str]:
    path = tmp_path / "cci.csv"
    lines = [f"Nom;Activité;{header}", *(f"Avel {i};Cirages;{cell(i)}" for i in range(rows))]
    path.write_text("\n".join(lines), encoding="utf-8")
    warned: list[str] = []
    found: set[str] = set()
    for entry in read_directory(path, warn=warned.append):
        assert isinstance(entry.record, Actor)
        found |= set(entry.record.facts)
    assert [line.partition(":")[0] for line in warned] == [
        "columns that say nothing to a reader (codes, numbers of rows, yes or no, one value in all "
        "rows) are left out"
    ] * (not found)
    assert [column.target for column in preview(path).columns][2] == (
        "fact" if found else "ignored"
    )
    return found


@pytest.mark.parametrize(
    ("header", "cell"),
    [
        ("NN", lambda i: f"{i + 1}"),
        ("N° d'ordre 100", lambda i: f"{100 + i}"),
        ("Code client", lambda i: f"CL{i:05}"),
        ("ID_ETS", lambda i: f"{i % 4}"),
        ("Unnamed: 3", lambda i: "x" if i % 9 else ""),
        ("Champ1", lambda i: f"A{i % 3}"),
        ("Zone tarifaire", lambda i: f"ZT-{i:03}/B"),
        ("Dossier", lambda i: f"{KEYS[i]}"),
        ("Export", lambda i: "ON"[i % 2]),
        ("Adhésion", lambda _: "CCI de la Charente"),
    ],
)
def test_a_column_that_says_nothing_is_left_out(
    tmp_path: Path, header: str, cell: Callable[[int], str]
) -> None:
    assert facts(tmp_path, header, cell) == set()


@pytest.mark.parametrize(
    ("header", "cell"),
    [
        ("Effectif", lambda i: f"{i % 7 * 10}"),
        ("Chiffre d'affaires", lambda i: TURNOVERS[i]),
        ("Date de création", lambda i: f"{i % 28 + 1:02}/05/{1960 + i}"),
        ("N° TVA", lambda i: f"FR{10 + i}{732829320 + i}"),
        ("Observations", lambda i: "" if i else "Reprise prévue en 2027"),
        ("Pôle", lambda i: "Aerospace" if i % 2 else ""),
        ("Unnamed: 3", lambda i: f"Usinage et fraisage {i}"),
    ],
)
def test_a_column_that_says_something_is_kept(
    tmp_path: Path, header: str, cell: Callable[[int], str]
) -> None:
    assert facts(tmp_path, header, cell) == {header}


def test_of_few_rows_only_headers_tell(tmp_path: Path) -> None:
    assert facts(tmp_path, "Export", lambda _: "O", rows=5) == {"Export"}


def test_a_person_may_keep_a_column_and_no_know_how_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "cci.csv"
    lines = [f"Avel {i};{i};CL{i:05};ISO 9001" for i in range(ROWS)]
    path.write_text("\n".join(["Nom;NN;Code client;Certifications", *lines]), encoding="utf-8")
    kept = preview(path, choices={"Code client": "fact"}).columns
    assert [column.target for column in kept] == ["name", "ignored", "fact", "certificates"]
    first, *_ = read_directory(path, HeaderMap({"NN": "fact"}))
    assert isinstance(first.record, Actor)
    assert first.record.facts == {"NN": "0", "Certifications": "ISO 9001"}


def test_what_ends_a_file_loses_no_row_before_it(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('[{"nom": "Avel", "activité": "Cirages"}, {"nom": ', encoding="utf-8")
    shown = preview(path)
    assert (shown.kept, shown.failed) == (1, 1)

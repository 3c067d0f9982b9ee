"""Directories made to harm: a line says why, before the memory is full."""

import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest.directories.columns.header_map import HeaderMap
from ingest.directories.columns.header_names import Column, actor_columns
from ingest.directories.preview import preview
from ingest.directories.readers import read_directory
from ingest.directories.table import RawRow, under_header
from ingest.records.fields import MAX_COLUMNS
from kb.errors import InputError
from kb.models import Actor
from tests.ingest.directories.test_spreadsheet_reader import ods

pytestmark = pytest.mark.thorough


def workbook(path: Path, rows: bytes, *, sheet: str = "xl/worksheets/sheet1.xml") -> Path:
    """A workbook with these rows below its own, its sheet in this part."""
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active["A1"], book.active["A2"] = "nom", "Avel"
    plain = io.BytesIO()
    book.save(plain)
    with zipfile.ZipFile(plain) as read, zipfile.ZipFile(path, "w") as written:
        for name in read.namelist():
            content = read.read(name).replace(b"xl/worksheets/sheet1.xml", sheet.encode())
            content = content.replace(b"</sheetData>", rows + b"</sheetData>")
            written.writestr(name.replace("xl/worksheets/sheet1.xml", sheet), content)
    return path


CELL = b" t='inlineStr'><is><t>x</t></is></c></row>"


@pytest.mark.parametrize(
    "row",
    [
        b'<row r="1048576"><c r="XFD1048576"' + CELL,
        b"<row r='1048576'><c r='XFD1048576'" + CELL,
        b'<row\nr = "1048576"><c\tr ="xfd1048576"' + CELL,
        b"<row><c r='XFD1048576'" + CELL,
    ],
)
@pytest.mark.parametrize("sheet", ["xl/worksheets/sheet1.xml", "xl/elsewhere.xml"])
def test_a_cell_at_the_far_end_of_a_sheet_is_refused_before_it_is_read(
    tmp_path: Path, row: bytes, sheet: str
) -> None:
    # The library would end the process: it cannot have the memory for the empty cells.
    path = workbook(tmp_path / "far.xlsx", row, sheet=sheet)
    with pytest.raises(InputError, match="1,048,576 rows and 16,384 columns"):
        preview(path, "far")


def test_a_sheet_that_is_not_in_utf_8_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", b"")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/other.xml", "<row/>".encode("utf-16"))
    with pytest.raises(InputError, match="unusual structure"):
        preview(path, "a")


def test_a_long_text_that_is_written_once_for_many_rows_is_not_unpacked(tmp_path: Path) -> None:
    names = pa.DictionaryArray.from_arrays(
        pa.array([0] * 5000, pa.int32()), pa.array(["x" * 5_000_000])
    )
    path = tmp_path / "once.parquet"
    pq.write_table(pa.table({"nom": names}), path, compression="zstd")
    with pytest.raises(InputError, match="a cell of more than 100,000 characters"):
        preview(path, "once")


@pytest.mark.parametrize(
    "number", ["9" * 10_000, "-1e9999999999999999999", "1E-9999999999999999999"]
)
@pytest.mark.parametrize("items_before", [0, 20_000])
def test_a_number_too_large_to_be_read_is_told(
    tmp_path: Path, number: str, items_before: int
) -> None:
    path = tmp_path / "digits.json"
    ones = ", ".join(["1"] * items_before + [number])
    path.write_text(f'[{{"nom": "a", "x": [{ones}]}}]', encoding="utf-8")
    with pytest.raises(InputError, match="a number that is too large"):
        list(read_directory(path))


def test_digits_are_counted_across_blocks(tmp_path: Path) -> None:
    path = tmp_path / "digits.json"
    path.write_text(f'[{{"nom": "a", "x": "{" " * 65_000}", "y": {"9" * 1000}}}]', encoding="utf-8")
    with pytest.raises(InputError, match="a number that is too large"):
        preview(path, "digits")


def test_a_header_of_millions_of_cells_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text("nom;" + "a;" * 3_000_000 + "\nx\n", encoding="utf-8")
    with pytest.raises(InputError, match="has more than 1,000 columns"):
        preview(path, "wide")


def test_a_header_of_too_many_cells_is_refused_even_if_any_may_be_one(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text("a;" * (MAX_COLUMNS + 1) + "\nx\n", encoding="utf-8")
    with pytest.raises(InputError, match="has more than 1,000 columns"):
        preview(path, "wide")


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
            ods(path, [header, cells])
    return path


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many headers are looked up, each time that some are."""
    counts: list[int] = []

    def counted(header: Sequence[str], *targets: Mapping[str, str]) -> list[Column]:
        counts.append(len(header))
        return actor_columns(header, *targets)

    monkeypatch.setattr("ingest.directories.columns.header_map.actor_columns", counted)
    return counts


@pytest.mark.parametrize("kind", [".csv", ".json", ".jsonl", ".parquet", ".xlsx", ".ods"])
def test_a_table_of_too_many_columns_is_refused_before_each_is_looked_up(
    tmp_path: Path, looked_up: list[int], kind: str
) -> None:
    (entry,) = read_directory(table_of(MAX_COLUMNS, kind, tmp_path))
    assert entry.record is not None
    path = table_of(MAX_COLUMNS + 1, kind, tmp_path)
    try:
        reasons = [str(entry.reason) for entry in read_directory(path)]
    except InputError as error:
        reasons = [str(error)]
    assert reasons == ["has more than 1,000 columns: keep those that tell of the actors"]
    assert max(looked_up) == MAX_COLUMNS


BLANK = [""] * 2 * MAX_COLUMNS + [" "]


@pytest.mark.parametrize("kind", [".csv", ".xlsx", ".ods"])
@pytest.mark.parametrize("padded", [{0}, {2}, {1, 2}])
def test_blank_cells_on_the_right_of_a_table_do_not_count(
    tmp_path: Path, looked_up: list[int], kind: str, padded: set[int]
) -> None:
    rows = [["Annuaire"], ["nom", "ville"], ["Avel", "Brest"]]
    rows = [row + BLANK if number in padded else row for number, row in enumerate(rows)]
    path = tmp_path / f"padded{kind}"
    if kind == ".csv":
        path.write_text("".join(f"{';'.join(row)}\n" for row in rows))
    elif kind == ".ods":
        ods(path, rows)
    else:
        book = openpyxl.Workbook(write_only=True)
        sheet = book.create_sheet()
        for row in rows:
            sheet.append(row)
        book.save(path)
    (entry,) = read_directory(path)
    assert isinstance(entry.record, Actor)
    assert (entry.record.name, entry.record.place) == ("Avel", "Brest")
    assert max(looked_up) <= MAX_COLUMNS


def test_a_row_with_a_cell_beyond_the_last_column_is_refused_alone(tmp_path: Path) -> None:
    path = tmp_path / "far.xlsx"
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in [["nom", "ville"], ["Avel", "Brest", *BLANK, "x"], ["Beta", "Lyon"]]:
        sheet.append(row)
    book.save(path)
    far, beta = read_directory(path)
    assert far.reason == "has more than 1,000 cells"
    assert beta.record is not None


@pytest.mark.parametrize("state", ["visible", "hidden"])
def test_a_sheet_of_too_many_columns_that_is_not_read_refuses_nothing(
    tmp_path: Path, looked_up: list[int], state: str
) -> None:
    book = openpyxl.Workbook()
    wide = book.active
    assert wide is not None
    wide.append([f"Produit {number}" for number in range(MAX_COLUMNS + 1)])
    wide.sheet_state = state
    actors = book.create_sheet()
    actors.append(["nom", "ville"])
    actors.append(["Avel", "Brest"])
    book.save(tmp_path / "a.xlsx")
    warnings: list[str] = []
    (entry,) = read_directory(tmp_path / "a.xlsx", warn=warnings.append)
    assert entry.record is not None
    assert any("is left out: it is no table of the same actors" in line for line in warnings)
    assert max(looked_up) <= MAX_COLUMNS


@pytest.mark.parametrize("kind", ["json", "jsonl"])
def test_objects_that_all_have_other_keys_are_refused_once_they_have_too_many(
    tmp_path: Path, looked_up: list[int], kind: str
) -> None:
    rows = [{"nom": "Avel"} | {f"{row} {key}": "x" for key in range(900)} for row in range(20)]
    path = tmp_path / f"keys.{kind}"
    lines = "\n".join(map(json.dumps, rows))
    path.write_text(json.dumps(rows) if kind == "json" else lines)
    with pytest.raises(InputError, match="objects with more than 10,000 different keys"):
        list(read_directory(path))
    assert sum(looked_up) <= 10 * MAX_COLUMNS + len(rows)


def test_looking_at_a_directory_reads_no_more_of_it_than_is_looked_at() -> None:
    read = 0

    def lines() -> Iterator[RawRow]:
        nonlocal read
        for read in range(1, 100_000):
            yield RawRow(read, ["nom"] if read == 1 else [f"Avel {read}"])

    rows = under_header(lines(), HeaderMap())
    assert next(rows).cells == ["Avel 2"]
    assert read < 100


@pytest.mark.parametrize("kind", ["parquet", "ods"])
def test_a_directory_with_a_wrong_byte_is_read_or_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"a.{kind}"
    if kind == "ods":
        ods(path, [["nom", "activité"], ["Avel", "cirages"]])
    else:
        pq.write_table(pa.table({"nom": ["Avel"], "activité": ["cirages"]}), path)
    whole = path.read_bytes()
    refused = 0
    for at in range(0, len(whole), 3):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        try:
            preview(path, "a")
        except InputError:
            refused += 1
    assert refused

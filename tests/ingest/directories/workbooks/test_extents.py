"""Workbooks that say much in few bytes are refused by what they would have in memory."""

import zipfile
from pathlib import Path

import pytest

from ingest.directories.readers import read_directory
from ingest.directories.workbooks.guard import refuse_bomb
from kb.errors import InputError

NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "table", "text")
)
MIME = "application/vnd.oasis.opendocument.spreadsheet"


def ods(path: Path, rows: str, prolog: str = "") -> Path:
    """A sheet with the header "nom", and these rows below it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", MIME)
        archive.writestr(
            "content.xml",
            f'<?xml version="1.0"?>{prolog}<office:document-content {NAMES} office:version="1.2">'
            '<office:body><office:spreadsheet><table:table table:name="A">'
            f"{row(cell('nom'), cell('ville'))}{rows}"
            "</table:table></office:spreadsheet></office:body></office:document-content>",
        )
        archive.writestr(
            "META-INF/manifest.xml",
            '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            f'<m:file-entry m:full-path="/" m:media-type="{MIME}"/></m:manifest>',
        )
    return path


def cell(text: str = "", times: int = 1) -> str:
    repeated = f' table:number-columns-repeated="{times}"'
    if not text:
        return f"<table:table-cell{repeated}/>"
    return (
        f'<table:table-cell office:value-type="string"{repeated}>'
        f"<text:p>{text}</text:p></table:table-cell>"
    )


def row(*cells: str, times: int = 1) -> str:
    return (
        f'<table:table-row table:number-rows-repeated="{times}">{"".join(cells)}</table:table-row>'
    )


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        (row(cell("Avel", 100), times=300_000), "repeats cells until they have more than"),
        (row(cell("x" * 1000, 60_000)), "repeats cells until they have more than"),
        (row(cell("Avel"), times=1_000_000_000_000), "repeats cells until they have more than"),
        (row(cell("a<text:s text:c='1000000000'/>b")), "repeats cells until they have more than"),
        (
            row(cell("a<text:s text:c='40000'/>", 40), times=40),
            "repeats cells until they have more than",
        ),
        (row(cell("", 16_000), cell("x")) + row(times=9_000) + row(cell("x")), "has a sheet of"),
    ],
    ids=["square", "wide", "high", "spaces", "spaces in many cells", "far"],
)
def test_what_is_said_once_for_many_cells_is_counted(tmp_path: Path, rows: str, line: str) -> None:
    path = ods(tmp_path / "a.ods", rows)
    assert path.stat().st_size < 2_000
    with pytest.raises(InputError) as error:
        refuse_bomb(path)
    assert str(error.value).startswith(line)


def test_an_entity_of_its_own_is_refused(tmp_path: Path) -> None:
    path = ods(tmp_path / "a.ods", row(cell("&a;")), "<!DOCTYPE d [<!ENTITY a 'Avel'>]>")
    with pytest.raises(InputError, match="unusual structure"):
        refuse_bomb(path)


def test_an_encoding_that_nobody_knows_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "a.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("content.xml", '<?xml version="1.0" encoding="UTB-8"?><a/>')
    with pytest.raises(InputError, match="unknown encoding: UTB-8"):
        refuse_bomb(path)


def test_the_empty_cells_and_rows_that_fill_a_page_are_none(tmp_path: Path) -> None:
    # As office programs write them: below and beside every table.
    filled = row(cell("Avel"), cell("Cognac"), cell("", 16_382))
    path = ods(tmp_path / "a.ods", filled + row(cell("", 16_384), times=1_048_574))
    (found,) = read_directory(path)
    assert found.record is not None
    assert found.record.id == "avel-cognac"


def test_rows_that_are_alike_are_rows(tmp_path: Path) -> None:
    path = ods(tmp_path / "a.ods", row(cell("Avel"), cell("Cognac"), times=3))
    assert len(list(read_directory(path))) == 3


def test_cells_without_places_count_where_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    cells = "<c><v>1</v></c>" * 16_000
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "xl/worksheets/sheet1.xml",
            f'<worksheet><sheetData><row r="1">{cells}</row><row r="1048576"><c><v>1</v></c></row>'
            "</sheetData></worksheet>",
        )
    with pytest.raises(InputError, match="1,048,576 rows and 16,000 columns"):
        refuse_bomb(path)

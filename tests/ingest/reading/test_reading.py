"""What is read in a process of its own is what would be read in this one."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import xlsxwriter

from ingest import reading
from ingest.articles.feeds import read_feed
from ingest.articles.readers import pasted_article, read_article
from ingest.directories.columns_of import HeaderMap
from ingest.directories.readers import DIRECTORY_READERS, count_rows, preview
from ingest.reading import (
    count_of,
    entries_of,
    feed_of,
    logo_of,
    pasted_document,
    photograph_of,
    preview_of,
    read_document,
    readers,
    rows_of,
    saved_feed,
)
from ingest.records import case_file
from ingest.records.case_file import read_markdown
from ingest.records.entries import Entry, NotInput
from kb.errors import InputError
from kb.registers.pictures import logo, photograph
from kb.remarks import Remark
from tests.ingest.directories.sheets import cell, ods, row
from tests.ingest.sample_articles import BODY

pytestmark = pytest.mark.thorough

ARTICLES = Path(__file__).parents[2] / "data" / "articles"


def documents() -> list[Path]:
    """The labelled articles of each format, and a few of those that have many."""
    found: list[Path] = []
    for suffix in (".pdf", ".docx", ".odt", ".html", ".md", ".txt"):
        found += sorted(ARTICLES.rglob(f"*{suffix}"))[:4]
    return found


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_a_document_is_read_as_in_this_process(path: Path) -> None:
    def found(read: Callable[[Path], object]) -> object:
        try:
            return read(path)
        except InputError as error:
            return type(error), error.remark, error.remark.values

    here, there = found(read_article), found(read_document)
    assert there == here
    for name in ("found", "remarks", "page_text"):
        assert getattr(there, name, None) == getattr(here, name, None)


CASES = [
    "---\ntitre: Du gel\nid: gel\nparticipants:\n- {nom: Avel, rôle: producteur}\n---\nÀ Cognac.\n",
    "---\ntitre: Du gel\nbesoin: du gel\n---\n",
    "---\ntitre: Du gel\n",
    "# Du gel\n",
    "---\ntitle: Du gel\nlayout: post\n---\nÀ Cognac.\n",
    "",
]


@pytest.mark.parametrize("text", CASES, ids=["case", "bad", "open", "none", "of a site", "empty"])
def test_a_case_is_read_as_in_this_process(tmp_path: Path, text: str) -> None:
    path = tmp_path / "case.md"
    path.write_text(text, encoding="utf-8")

    def found(read: Callable[[Path], Iterator[Entry]]) -> object:
        try:
            return list(read(path))
        except (InputError, NotInput) as error:
            return type(error), error.remark, error.remark.values

    assert found(entries_of) == found(read_markdown)


def test_front_matter_that_would_fill_the_memory_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "case.md"
    said_once, said_again = f"besoin: &a {'x' * 90_000}", f"thèmes: [{'*a, ' * 25_000}]"
    path.write_text(f"---\n{said_once}\n{said_again}\n---\nÀ Cognac.\n", encoding="utf-8")
    with pytest.raises(InputError, match="needs more than 1,024 MB of memory"):
        list(entries_of(path))
    path.write_text(CASES[0], encoding="utf-8")
    (entry,) = entries_of(path)
    assert entry.record


def test_a_pasted_text_a_feed_and_pictures_are_read_as_in_this_process() -> None:
    from io import BytesIO

    from PIL import Image

    assert pasted_document(BODY) == pasted_article(BODY)
    feed = (
        '<rss version="2.0"><channel><item><title>Du gel</title><link>https://avel.example/gel'
        f"</link><description>{BODY * 4}</description></item></channel></rss>"
    ).encode()
    assert feed_of(feed, url="https://avel.example/") == read_feed(
        feed, url="https://avel.example/"
    )
    picture = BytesIO()
    Image.effect_noise((700, 500), 40).save(picture, "PNG")
    assert photograph_of(picture.getvalue()) == photograph(picture.getvalue())
    assert logo_of(picture.getvalue()) == logo(picture.getvalue())
    with pytest.raises(InputError, match="JPEG"):
        logo_of(b"no picture")


def test_a_feed_and_a_case_that_are_too_large_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "feed.xml"
    with path.open("wb") as file:
        file.write(b"---\n<rss>")
        file.truncate(100_000_000)

    def fail(*_asked: object) -> bytes:
        raise AssertionError("read whole")

    monkeypatch.setattr(Path, "read_bytes", fail)
    monkeypatch.setattr(case_file, "open_text", fail)
    for read in (saved_feed, lambda path: list(read_markdown(path))):
        with pytest.raises(InputError, match=r"has 100,000,000 bytes; at most 5,000,000 are read"):
            read(path)


ROWS = [
    ["Raison sociale", "Ville", "Métier", "E-mail du directeur"],
    *(["Avel", "Cognac", "fabrique des cirages", "j.morel@avel.example"] for _ in range(300)),
]


def csv(path: Path) -> Path:
    path.write_text("\n".join(";".join(row) for row in ROWS) + "\nMerlet\n", encoding="cp1252")
    return path


def xlsx(path: Path) -> Path:
    with xlsxwriter.Workbook(path) as book:
        for name in ("Un", "Deux", "Notes"):
            sheet = book.add_worksheet(name)
            for number, cells in enumerate(ROWS if name != "Notes" else [["x"]]):
                sheet.write_row(number, 0, cells)
    return path


def json_rows(path: Path) -> Path:
    objects: list[object] = [dict(zip(ROWS[0], cells, strict=True)) for cells in ROWS[1:]]
    objects += [3, {"nom": "half a pair \ud800", "directeur": {"nom": "Jeanne Morel"}}]
    path.write_text(json.dumps(objects), encoding="utf-8")
    return path


def parquet(path: Path) -> Path:
    import pyarrow
    from pyarrow.parquet import write_table

    columns = dict(zip(ROWS[0], zip(*ROWS[1:], strict=True), strict=True))
    write_table(pyarrow.table({name: list(cells) for name, cells in columns.items()}), path)
    return path


def open_document(path: Path) -> Path:
    return ods(path, "".join(row(*map(cell, cells)) for cells in ROWS[1:5]))


DIRECTORIES: Sequence[tuple[str, Callable[[Path], Path]]] = [
    ("a.csv", csv),
    ("a.xlsx", xlsx),
    ("a.ods", open_document),
    ("a.json", json_rows),
    ("a.parquet", parquet),
]


@pytest.mark.parametrize(("name", "write"), DIRECTORIES, ids=[name for name, _ in DIRECTORIES])
def test_a_directory_is_read_as_in_this_process(
    tmp_path: Path, name: str, write: Callable[[Path], Path]
) -> None:
    path = write(tmp_path / name)
    here = list(DIRECTORY_READERS[path.suffix](path, HeaderMap()))
    there = list(rows_of(path, HeaderMap()))
    assert [each._replace(cells=list(each.cells)) for each in there] == [
        each._replace(cells=list(each.cells)) for each in here
    ]
    for one, other in zip(there, here, strict=True):
        for told, known in ((one.reason, other.reason), (one.notice, other.notice)):
            assert getattr(told, "values", None) == getattr(known, "values", None)
    assert preview_of(path, "Club") == preview(path, "Club")
    assert count_of(path) == count_rows(path)


def test_a_refusal_is_a_remark_with_its_values(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x;y\n1;2\n", encoding="utf-8")
    with pytest.raises(InputError) as error:
        list(rows_of(path, HeaderMap()))
    assert isinstance(error.value.remark, Remark)
    assert error.value.code == "no_header"


@pytest.mark.parametrize(
    "batch",
    [
        {"rows": []},
        [[1, ["nom"], ["a", "b"], "", "", None, []]],
        [[1, ["nom"], [3], "", "", None, []]],
        [["1", ["nom"], ["a"], "", "", None, []]],
        [[1, ["nom"], ["a"], "", "", "no remark", []]],
        [[1, ["nom"], ["a"]]],
        [7],
    ],
)
def test_rows_of_another_shape_are_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: object
) -> None:
    class Lying:
        def stream(self, *_asked: object, **_arguments: object) -> list[object]:
            return [batch]

    monkeypatch.setattr(reading, "readers", Lying)
    with pytest.raises(InputError, match="ended the program"):
        list(rows_of(csv(tmp_path / "a.csv"), HeaderMap()))


def test_a_text_that_takes_too_long_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.ingest.articles.formats.test_hostile_documents import pdf

    monkeypatch.setenv("QUISAIT_READING_SECONDS", "1")
    path_bytes = pdf(b"BT /F 12 Tf " + b"(ab) Tj " * 60_000 + b"ET", pages=200)
    from ingest.reading import document_of

    with pytest.raises(InputError, match=r"takes longer than [13] seconds to read"):
        document_of(path_bytes, ".pdf")
    monkeypatch.delenv("QUISAIT_READING_SECONDS")
    assert pasted_document(BODY).text
    assert readers().pids


def test_a_directory_made_to_harm_is_one_line(tmp_path: Path) -> None:
    import pyarrow
    from pyarrow.parquet import write_table

    (tmp_path / "digits.json").write_text(f'[{{"nom": "a", "x": {"9" * 10_000}}}]')
    (tmp_path / "deep.json").write_text(f'[{{"nom": "a", "x": {"[" * 50_000}')
    once = pyarrow.DictionaryArray.from_arrays(
        pyarrow.array([0] * 5000, pyarrow.int32()), pyarrow.array(["x" * 5_000_000])
    )
    write_table(pyarrow.table({"nom": once}), tmp_path / "once.parquet", compression="zstd")
    ods(tmp_path / "far.ods", row(cell("", 16_000), cell("x")) + row(times=90_000) + row(cell("x")))
    lines = {
        "digits.json": "is not JSON: an integer has too many digits",
        "deep.json": "is not JSON that can be read: it is nested too deeply",
        "once.parquet": "needs more than 1,",
        "far.ods": "cannot be read as a spreadsheet: Cell limit exceeded",
    }
    for name, line in lines.items():
        with pytest.raises(InputError) as error:
            list(rows_of(tmp_path / name, HeaderMap()))
        assert str(error.value).startswith(line), (name, error.value)

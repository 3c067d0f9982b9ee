"""Files made to harm: each is refused in a line, or read as far as it says something, and soon."""

import time
import zlib
from collections.abc import Iterator

import pytest

from ingest.articles.feeds import read_feed
from ingest.articles.readers import article_from_bytes
from kb.errors import InputError
from tests.ingest.reading.test_foreign_entities import docx

pytestmark = pytest.mark.thorough

SAID = "La mairie d’Angoulême a cherché du gel, et une entreprise de cirage lui en a fait. " * 3
SECONDS = 20
"""Most processor time of a file, on a busy machine: quadratic time takes minutes."""


def paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def row(*cells: str) -> str:
    return "<w:tr>" + "".join(f"<w:tc>{cell}</w:tc>" for cell in cells) + "</w:tr>"


def pdf(stream: bytes, pages: int = 1) -> bytes:
    content = zlib.compress(stream)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[" + b"3 0 R " * pages + b"]/Count %d>>" % pages,
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R"
        b"/Resources<</Font<</F 5 0 R>>>>>>",
        b"<</Length %d/Filter/FlateDecode>>stream\n" % len(content) + content + b"\nendstream",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    file, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(file))
        file += b"%d 0 obj" % number + body + b"endobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return file + (
        b"xref\n0 6\n0000000000 65535 f \n" + table + b"trailer<</Size 6/Root 1 0 R>>\n"
        b"startxref\n%d\n%%%%EOF" % len(file)
    )


@pytest.fixture(autouse=True)
def _soon() -> Iterator[None]:
    started = time.process_time()
    yield
    assert time.process_time() - started < SECONDS


ENTITIES = "<!DOCTYPE d [<!ENTITY a 'aaaaaaaaaa'>{}]>".format(
    "".join(f"<!ENTITY {y} '{f'&{x};' * 10}'>" for x, y in zip("abcdefgh", "bcdefghi", strict=True))
)


def test_a_cell_of_a_thousand_million_columns_is_a_cell() -> None:
    wide = '<w:tcPr><w:gridSpan w:val="1000000000"/></w:tcPr>'
    table = "<w:tbl>" + row(wide + paragraph("Qui"), paragraph("Le cirier")) + "</w:tbl>"
    article = article_from_bytes(docx(body=paragraph(SAID) + table), ".docx")
    assert "Le cirier" in article.text


def test_entities_of_a_document_say_nothing() -> None:
    try:
        text = article_from_bytes(docx(ENTITIES, paragraph(f"&i; {SAID}")), ".docx").text
    except InputError:
        return
    assert len(text) < 1000


def test_tags_of_a_template_that_are_never_closed_are_passed_over_soon() -> None:
    text = f"---\ntitle: T\n---\n\n{SAID}\n\n" + "{% {{< " * 13_000
    assert "du gel" in article_from_bytes(text.encode(), ".md").text


RSS = '<?xml version="1.0"?><rss version="2.0"><channel><item>{}</item></channel></rss>'


@pytest.mark.parametrize(
    "item",
    [
        f"<title>T</title><author>{'@' * 200_000}</author>",
        f"<title>T</title><author>{'a@' * 100_000}</author>",
        f"<title>T</title><description>{'&lt;' * 200_000}</description>",
        f"<title>T</title><description>{'...' * 50_000}{'&lt;b&gt;' * 20_000}x</description>",
    ],
    ids=["signs", "addresses", "brackets", "ends"],
)
def test_a_feed_made_to_be_slow_is_read_soon(item: str) -> None:
    assert read_feed(RSS.format(item).encode())[0].title == "T"


@pytest.mark.parametrize("asked", ["PdfReader.pages", "PageObject.extract_text"])
def test_a_pdf_that_needs_too_much_memory_is_not_called_damaged(
    asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exhausted(*_: object, **__: object) -> None:
        raise MemoryError

    owner, _, name = asked.partition(".")
    is_value = owner == "PdfReader"
    monkeypatch.setattr(f"pypdf.{owner}.{name}", property(exhausted) if is_value else exhausted)
    with pytest.raises(MemoryError):
        article_from_bytes(pdf(b"BT /F 12 Tf 50 700 Td (Alba donne du bois.) Tj ET"), ".pdf")

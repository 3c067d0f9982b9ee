"""Files made to harm: each is refused in a line, or read as far as it says something, and soon."""

import copy
import io
import logging
import time
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from odfdo import Document, Element, Paragraph
from pptx import Presentation
from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, NameObject, StreamObject

from ingest.articles.feeds import read_feed
from ingest.articles.formats import pdf as pdf_article
from ingest.articles.formats import pdf_lines, scans
from ingest.articles.readers import article_from_bytes, read_article
from kb.errors import InputError

pytestmark = pytest.mark.thorough

SAID = "La mairie d’Angoulême a cherché du gel, et une entreprise de cirage lui en a fait. " * 3
SECONDS = 20
"""Most processor time of a file, on a busy machine: quadratic time takes minutes."""

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
CONTENT_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
MAIN_PART = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"


def packed(parts: dict[str, str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def docx(body: str, prolog: str = "") -> bytes:
    return packed(
        {
            "[Content_Types].xml": f'<Types xmlns="{CONTENT_TYPES}">'
            '<Default Extension="rels"'
            ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/word/document.xml" ContentType="{MAIN_PART}"/></Types>',
            "_rels/.rels": f'<Relationships xmlns="{RELATIONS}">'
            f'<Relationship Id="r" Type="{OFFICE}" Target="word/document.xml"/></Relationships>',
            "word/document.xml": f'<?xml version="1.0"?>{prolog}'
            f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>',
        }
    )


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
    article = article_from_bytes(docx(paragraph(SAID) + table), ".docx")
    assert "Le cirier" in article.text


def test_a_cell_that_goes_on_for_thousands_of_rows_is_said_in_each() -> None:
    begins = '<w:tcPr><w:vMerge w:val="restart"/></w:tcPr>' + paragraph("Qui")
    goes_on = "<w:tcPr><w:vMerge/></w:tcPr>" + paragraph("")
    rows = row(begins, paragraph("n0")) + "".join(
        row(goes_on, paragraph(f"n{number}")) for number in range(1, 3000)
    )
    article = article_from_bytes(docx(paragraph(SAID) + f"<w:tbl>{rows}</w:tbl>"), ".docx")
    assert "Qui | n0" in article.text
    assert "Qui | n2999" in article.text


def test_a_paragraph_in_a_hundred_thousand_pieces_is_read() -> None:
    runs = "".join(f"<w:r><w:t>a{number} </w:t></w:r>" for number in range(100_000))
    with pytest.raises(InputError, match="characters; at most"):
        article_from_bytes(docx(f"<w:p>{runs}</w:p>"), ".docx")


@pytest.mark.parametrize(
    "prolog",
    [ENTITIES, "<!DOCTYPE d [<!ENTITY i SYSTEM 'file:///etc/passwd'>]>"],
    ids=["a billion laughs", "a file of this machine"],
)
def test_entities_of_a_document_say_nothing(prolog: str) -> None:
    try:
        text = article_from_bytes(docx(paragraph(f"&i; {SAID}"), prolog), ".docx").text
    except InputError:
        return
    assert "root:" not in text
    assert len(text) < 1000


def test_what_a_library_refuses_in_its_own_way_is_one_line() -> None:
    body = "<text:section>" * 5_000 + "</text:section>" * 5_000
    with pytest.raises(InputError, match="is damaged"):
        article_from_bytes(packed({"content.xml": f"<a>{body}</a>"}), ".odt")


def test_what_nobody_foresaw_is_one_line_and_for_whoever_runs_it_the_whole(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    def fail(_content: bytes) -> object:
        raise RecursionError

    monkeypatch.setattr(pdf_article, "open_reader", fail)
    path = tmp_path / "deep.pdf"
    path.write_bytes(b"%PDF-1.4")
    with caplog.at_level(logging.INFO), pytest.raises(InputError, match="RecursionError"):
        read_article(path)
    assert caplog.records[0].exc_info


@pytest.mark.parametrize(
    "stream",
    [b"BT /F 12 Tf (a) Tj ET " * 8_000_000, b"[" * 100_000],
    ids=["text", "arrays"],
)
def test_a_pdf_that_unpacks_to_far_more_is_one_line(stream: bytes) -> None:
    with pytest.raises(InputError, match="is damaged on page 1"):
        article_from_bytes(pdf(stream), ".pdf")


@pytest.mark.parametrize(
    "stream",
    [b"BT /F 12 Tf " + b"(ab) Tj " * 30_000 + b"ET", b"1 " * 120_000],
    ids=["text", "numbers that draw nothing"],
)
def test_a_stream_that_many_pages_share_counts_for_each(
    stream: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf_lines.CountingReader, "most_bytes", 500_000)
    shared = pdf(stream, pages=200)
    assert len(shared) < 2_700
    with pytest.raises(InputError, match="draws more than 500,000 bytes on its pages: paste"):
        article_from_bytes(shared, ".pdf")
    assert (
        "abab" in article_from_bytes(pdf(b"BT /F 12 Tf " + b"(ab) Tj " * 90 + b"ET"), ".pdf").text
    )


def test_a_form_that_a_page_draws_again_and_again_counts_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pdf_lines.CountingReader, "most_bytes", 500_000)
    writer = PdfWriter(io.BytesIO(pdf(b"/X Do " * 5_000)))
    form = StreamObject()
    form.set_data(b"BT /F 12 Tf " + b"(ab) Tj " * 20_000 + b"ET")
    resources: Any = writer.pages[0]["/Resources"].get_object()
    form.update({NameObject("/Subtype"): NameObject("/Form"), NameObject("/Resources"): resources})
    resources[NameObject("/XObject")] = DictionaryObject(
        {NameObject("/X"): writer._add_object(form.flate_encode())}
    )
    file = io.BytesIO()
    writer.write(file)
    with pytest.raises(InputError, match="draws more than 500,000 bytes"):
        article_from_bytes(file.getvalue(), ".pdf")


def test_tables_within_tables_are_read_once() -> None:
    depth = 18
    begins = "<table:table><table:table-row><table:table-cell>"
    ends = "</table:table-cell></table:table-row></table:table>"
    document = Document("text")
    document.body.clear()
    document.body.append(Paragraph(SAID))
    within = f"<text:span>x</text:span>{ends * depth}"
    document.body.append(Element.from_tag(f"{begins * depth}{within}"))
    file = io.BytesIO()
    document.save(file)
    assert "cirage" in article_from_bytes(file.getvalue(), ".odt").text


def test_a_cell_of_many_pieces_that_goes_on_is_read_once() -> None:
    begins = '<w:tcPr><w:vMerge w:val="restart"/></w:tcPr><w:p>' + "<w:r/>" * 20_000 + "</w:p>"
    goes_on = "<w:tcPr><w:vMerge/></w:tcPr>" + paragraph("")
    rows = row(begins, paragraph("n")) + row(goes_on, paragraph("n")) * 1_000
    article = article_from_bytes(docx(paragraph(SAID) + f"<w:tbl>{rows}</w:tbl>"), ".docx")
    assert "cirage" in article.text


def test_a_long_cell_that_goes_on_is_said_once() -> None:
    begins = '<w:tcPr><w:vMerge w:val="restart"/></w:tcPr>' + paragraph(SAID * 20)
    goes_on = "<w:tcPr><w:vMerge/></w:tcPr>" + paragraph("")
    rows = row(begins, paragraph("n0")) + row(goes_on, paragraph("n1")) * 500
    article = article_from_bytes(docx(f"<w:tbl>{rows}</w:tbl>"), ".docx")
    assert article.text.count(SAID.strip()) == 20


def test_a_slide_that_a_deck_shows_again_and_again_is_read_once() -> None:
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text, slide.placeholders[1].text = "Le gel", SAID
    for _ in range(1_000):
        slide.placeholders[1].text_frame.add_paragraph()
    shown = deck.slides._sldIdLst
    for _ in range(1_000):
        shown.append(copy.deepcopy(shown[0]))
    file = io.BytesIO()
    deck.save(file)
    assert article_from_bytes(file.getvalue(), ".pptx").text.count(SAID.strip()) == 1


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        ("<div>" * 900_000, "more than 60,000 tags"),
        ("<p " + " ".join(f"a{n}=1" for n in range(300_000)) + ">", "an invalid tag"),
        ("<p " + " ".join(f"a{n}='>'" for n in range(300_000)) + ">", "an invalid tag"),
    ],
    ids=["depth", "attributes", "attributes that seem to end the tag"],
)
def test_markup_that_holds_up_parsers_is_refused(html: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        article_from_bytes(f"<html><body>{html}{SAID}".encode(), ".html")


def test_a_long_paragraph_and_a_long_address_are_no_such_markup() -> None:
    picture = f'<img src="data:image/png;base64,{"a/b+" * 20_000}" alt="">'
    html = f"<html><body><article>{picture}<p class='l’eau'>{SAID * 30}</p></article>"
    assert len(article_from_bytes(html.encode(), ".html").text) > 2000


@pytest.mark.parametrize(
    "groups",
    [
        r'{\field{\*\fldinst{HYPERLINK "a" ' * 20_000,
        r'{\fie\pict\bin0}ld{\*\fldinst{HYPERLINK "a" ' * 20_000,
        r"{\fonttbl" + r"\f1\fcharset1 " * 60_000 + "}",
        r"{\fonttbl" + r"\f1 " * 300_000 + "}",
    ],
    ids=["links", "links around pictures", "fonts", "fonts without a set"],
)
def test_rich_text_that_would_hold_up_its_parser_is_read_soon(groups: str) -> None:
    said = SAID.replace("’", "'").encode("cp1252").decode("latin-1")
    rtf = rf"{{\rtf1\ansi\ansicpg1252 {said}\par {groups}"
    assert "du gel" in article_from_bytes(rtf.encode("latin-1"), ".rtf").text


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


@pytest.mark.parametrize(
    "item",
    ["<a>" * 100_000, "<a></a>" * 300_000, "<title>T</title>" + "<b>" * 300 + "</b>" * 300],
    ids=["never closed", "many", "deep"],
)
def test_a_feed_that_holds_up_its_parser_is_refused(item: str) -> None:
    with pytest.raises(InputError, match="nested too deeply"):
        read_feed(RSS.format(item).encode())


def test_entities_of_a_feed_say_nothing() -> None:
    prolog, rest = RSS[:21], RSS[21:]
    for name in "ih":
        feed = prolog + ENTITIES + rest.format(f"<title>&{name};</title>")
        try:
            items = read_feed(feed.encode())
        except InputError:
            continue
        assert all(len(item.title) < 100 for item in items)


def test_a_page_of_a_pdf_without_what_it_shows_has_no_pictures() -> None:
    from pypdf.generic import DictionaryObject, NameObject, NullObject

    page = DictionaryObject({NameObject("/Resources"): NullObject()})
    assert list(scans._sizes(page)) == []


def test_a_header_of_thousands_of_quotation_marks_is_refused_at_once() -> None:
    header = b'Content-Type: text/html; name="' + b'"' * 9_000
    page = (
        b'From: <Saved by Blink>\nContent-Type: multipart/related; boundary="B"\n\n'
        + b"".join(b"--B\n" + header + b"\n\n<p>gel</p>\n" for _ in range(40))
        + b"--B--\n"
    )
    with pytest.raises(InputError, match="cannot be read"):
        article_from_bytes(page, ".mhtml")


def test_a_subject_that_encodes_a_nul_is_kept_without_it() -> None:
    message = (
        f"From: =?utf-8?q?Jeanne=00?= <j@a.example>\nSubject: =?utf-8?q?Du=00_gel?=\n\n{SAID}\n"
    )
    article = article_from_bytes(message.encode(), ".eml")
    assert article.title == "Du gel"
    assert "\0" not in repr(article).replace("\\x00", "\0")

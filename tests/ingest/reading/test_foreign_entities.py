"""No document makes its reader open another file, or ask another computer, and show what is there.

Every reader of XML is given a document whose entities, document type and includes lead to a file
with a secret and to a server that counts who asks.
"""

import io
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from ingest.articles.feeds import read_feed
from ingest.articles.readers import article_from_bytes
from ingest.directories.columns_of import HeaderMap
from ingest.directories.readers import read_directory
from kb.errors import InputError

pytestmark = pytest.mark.thorough

SECRET = "cantaloup-des-charentes"
SAID = "La mairie d’Angoulême a cherché du gel, et une entreprise de cirage lui en a fait. " * 3
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
ODF = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "table", "text")
)


class Asked:
    """A server of this computer, and the paths that it was asked for."""

    def __init__(self) -> None:
        paths: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                paths.append(self.path)
                self.send_response(200)
                self.end_headers()
                self.wfile.write(SECRET.encode())

            def log_message(self, *_args: object) -> None:
                """Says nothing."""

        self.paths = paths
        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/entity"


@pytest.fixture(scope="module")
def asked() -> Iterator[Asked]:
    one = Asked()
    thread = threading.Thread(target=one.server.serve_forever, daemon=True)
    thread.start()
    yield one
    one.server.shutdown()
    one.server.server_close()


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret.txt"
    path.write_text(SECRET)
    return path


def prologs(secret: Path, asked: Asked) -> list[str]:
    """Document types that name the file and the server; each gives the entity `e`."""
    named = [secret.as_uri(), str(secret), asked.url]
    general = [f'<!DOCTYPE d [<!ENTITY e SYSTEM "{name}">]>' for name in named]
    parameter = (
        f'<!DOCTYPE d [<!ENTITY % p SYSTEM "{asked.url}"> %p; <!ENTITY e "x">]>',
        f'<!DOCTYPE d SYSTEM "{asked.url}" [<!ENTITY e "x">]>',
        f'<!DOCTYPE d PUBLIC "-//X//X" "{asked.url}" [<!ENTITY e "x">]>',
    )
    return [*general, *parameter]


def packed(parts: dict[str, str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


def related(target: str, kind: str = "officeDocument") -> str:
    return (
        f'<Relationships xmlns="{RELATIONS}">'
        f'<Relationship Id="r" Type="{OFFICE}/{kind}" Target="{target}"/></Relationships>'
    )


def types(part: str, media_type: str) -> str:
    office = "application/vnd.openxmlformats-officedocument"
    relations = "application/vnd.openxmlformats-package.relationships+xml"
    return (
        f'<Types xmlns="{TYPES}"><Default Extension="rels" ContentType="{relations}"/>'
        f'<Override PartName="/{part}" ContentType="{office}.{media_type}+xml"/></Types>'
    )


def docx(prolog: str = "", body: str = "") -> bytes:
    part = "word/document.xml"
    return packed(
        {
            "[Content_Types].xml": types(part, "wordprocessingml.document.main"),
            "_rels/.rels": related(part),
            part: f'<?xml version="1.0"?>{prolog}<w:document xmlns:w="{WORD}"><w:body>'
            + (body or f"<w:p><w:r><w:t>{SAID}&e;</w:t></w:r></w:p>")
            + "</w:body></w:document>",
        }
    )


def pptx(prolog: str) -> bytes:
    part, drawn = "ppt/presentation.xml", "http://schemas.openxmlformats.org/presentationml/2006"
    return packed(
        {
            "[Content_Types].xml": types(part, "presentationml.presentation.main"),
            "_rels/.rels": related(part),
            part: f'<?xml version="1.0"?>{prolog}<p:presentation xmlns:p="{drawn}/main">&e;'
            "</p:presentation>",
        }
    )


def odt(prolog: str) -> bytes:
    return packed(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": f'<?xml version="1.0"?>{prolog}<office:document-content {ODF}>'
            f"<office:body><office:text><text:p>{SAID}&e;</text:p></office:text></office:body>"
            "</office:document-content>",
            "meta.xml": f'<?xml version="1.0"?>{prolog}<office:document-meta {ODF}>'
            "<office:meta>&e;</office:meta></office:document-meta>",
            "META-INF/manifest.xml": "<manifest/>",
        }
    )


def epub(prolog: str) -> bytes:
    spine = (
        f'<?xml version="1.0"?>{prolog}<package xmlns="http://www.idpf.org/2007/opf"><metadata>'
        '<title>&e;</title></metadata><manifest><item id="a" href="a.xhtml"'
        ' media-type="application/xhtml+xml"/></manifest><spine><itemref idref="a"/></spine>'
        "</package>"
    )
    return packed(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:'
            'container"><rootfiles><rootfile full-path="a.opf"/></rootfiles></container>',
            "a.opf": spine,
            "a.xhtml": f'<?xml version="1.0"?>{prolog}<html xmlns="http://www.w3.org/1999/xhtml">'
            f"<body><h1>Du gel</h1><p>{SAID}&e;</p></body></html>",
        }
    )


def html(prolog: str) -> bytes:
    return (
        f'<?xml version="1.0"?>{prolog}<html xmlns:xi="http://www.w3.org/2001/XInclude"><body>'
        f"<h1>Du gel</h1><p>{SAID}&e;</p></body></html>"
    ).encode()


def xlsx(prolog: str) -> bytes:
    cell = '<c r="{}" t="inlineStr"><is><t>{}</t></is></c>'
    return packed(
        {
            "[Content_Types].xml": types("xl/workbook.xml", "spreadsheetml.sheet.main"),
            "_rels/.rels": related("xl/workbook.xml"),
            "xl/workbook.xml": f'<workbook xmlns="{SHEET}" xmlns:r="{OFFICE}"><sheets>'
            '<sheet name="A" sheetId="1" r:id="r"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": related("worksheets/sheet1.xml", "worksheet"),
            "xl/worksheets/sheet1.xml": f'<?xml version="1.0"?>{prolog}<worksheet xmlns="{SHEET}">'
            f'<sheetData><row r="1">{cell.format("A1", "nom")}</row><row r="2">'
            f"{cell.format('A2', 'Avel &e;')}</row></sheetData></worksheet>",
        }
    )


def ods(prolog: str) -> bytes:
    rows = "".join(
        '<table:table-row><table:table-cell office:value-type="string">'
        f"<text:p>{text}</text:p></table:table-cell></table:table-row>"
        for text in ("nom", "Avel &e;")
    )
    media_type = "application/vnd.oasis.opendocument.spreadsheet"
    return packed(
        {
            "mimetype": media_type,
            "content.xml": f'<?xml version="1.0"?>{prolog}<office:document-content {ODF}>'
            f'<office:body><office:spreadsheet><table:table table:name="A">{rows}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
            "META-INF/manifest.xml": "<m:manifest"
            ' xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><m:file-entry'
            f' m:full-path="/" m:media-type="{media_type}"/></m:manifest>',
        }
    )


def feed(prolog: str) -> bytes:
    return (
        f'<?xml version="1.0"?>{prolog}<rss version="2.0"><channel><title>&e;</title><item>'
        f"<title>Du gel &e;</title><description>{SAID}&e;</description>"
        "<link>https://a.example/gel</link></item></channel></rss>"
    ).encode()


ARTICLES = {"docx": docx, "pptx": pptx, "odt": odt, "epub": epub, "html": html}
DIRECTORIES = {"xlsx": xlsx, "ods": ods}


@pytest.mark.parametrize("ending", ARTICLES)
def test_an_article_opens_no_other_file(ending: str, secret: Path, asked: Asked) -> None:
    for prolog in prologs(secret, asked):
        try:
            read = repr(article_from_bytes(ARTICLES[ending](prolog), f".{ending}"))
        except InputError as error:
            read = str(error)
        assert SECRET not in read
    assert asked.paths == []


@pytest.mark.parametrize("ending", DIRECTORIES)
def test_a_directory_opens_no_other_file(
    ending: str, secret: Path, asked: Asked, tmp_path: Path
) -> None:
    for prolog in prologs(secret, asked):
        path = tmp_path / f"a.{ending}"
        path.write_bytes(DIRECTORIES[ending](prolog))
        try:
            read = repr(list(read_directory(path, HeaderMap())))
        except InputError as error:
            read = str(error)
        assert SECRET not in read
    assert asked.paths == []


def test_a_feed_opens_no_other_file(secret: Path, asked: Asked) -> None:
    for prolog in prologs(secret, asked):
        try:
            read = repr(read_feed(feed(prolog), url="https://a.example/feed"))
        except InputError as error:
            read = str(error)
        assert SECRET not in read
    assert asked.paths == []


@pytest.mark.parametrize("ending", [*sorted({*ARTICLES} - {"pptx"}), *DIRECTORIES])
def test_without_foreign_entities_the_same_documents_are_read(ending: str, tmp_path: Path) -> None:
    """What is tried above reaches the readers: it is not refused for its form alone.

    A presentation without slides says nothing, and is left out.
    """
    declared = '<!DOCTYPE d [<!ENTITY e "x">]>'
    if ending in ARTICLES:
        with_none = ARTICLES[ending]("" if ending == "html" else declared)
        assert "cirage" in repr(article_from_bytes(with_none, f".{ending}"))
        return
    path = tmp_path / f"a.{ending}"
    content = zipfile.ZipFile(io.BytesIO(DIRECTORIES[ending]("")))
    parts = {name: content.read(name).decode().replace("&e;", "") for name in content.namelist()}
    path.write_bytes(packed(parts))
    assert "Avel" in repr(list(read_directory(path)))

"""Honest files, small ones, from which fuzzing starts: those of `tests/data`, and made ones."""

import csv
import io
import quopri
import zipfile
from collections.abc import Sequence
from datetime import date
from email.message import EmailMessage
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.data.articles.make_documents import MAKERS
from tests.ingest.articles.formats.test_hostile_documents import paragraph, row
from tests.ingest.directories import sheets
from tests.ingest.reading.test_foreign_entities import docx
from tests.ingest.sample_articles import BODY, FIRST, TITLE

_ARTICLES = Path(__file__).parents[2] / "data/articles"
_LARGEST = 12_000

LINES = [
    f"# {TITLE}", "Par Jeanne Morel, chargée de projets, le 3 mai 2019", *BODY.split("\n\n"),
    "## Qui fait quoi", "- Avel fabrique le gel", "- Merlet fournit l'alcool", "|Qui|Quoi|",
    "|Avel|mélange|", "> Mentions légales",
]  # fmt: skip

CSV = (
    "Annuaire;;\nRaison sociale;N° SIRET;Activité;Description;CP;Ville;Téléphone;Courriel;"
    "Dirigeant;Site;Date;Latitude\nCirages du Marais;73282932000074;20.41Z;"
    '"Fabrique des cirages; et des crèmes.\nEn pots.";16000;ANGOULEME CEDEX;05 45 00 00 01/02;'
    "contact [at] avel.fr;Mme Vue;avel.example;01/02/2020;45,6\nVerre clair;;;"
    "Soufflage;17100;;;;;;;"
)
GEOJSON = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "id": "node/7",
            "geometry": {"type": "Point", "coordinates": [0.0, 45.8]},
            "properties": {
                "name": "La Corderie", "craft": "rope_maker", "addr:postcode": "16100",
                "dirigeants": [{"nom": "Vue", "prénom": ["A"]}], "siret": 73282932000074,
            },
        }
    ],
}  # fmt: skip
MESSAGE_IN_RTF = (
    r"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fcharset204 Arial;}}{\info{\title Le gel}"
    r"{\author Jeanne Morel}}\pard\b Du gel\b0\par "
    r"{\field{\*\fldinst HYPERLINK \"https://a.example/\"}{\fldrslt le site}} "
    r"\u233?\'e9 \trowd\cell A\cell\row\par " + FIRST.replace("é", r"\'e9") + "}"
)
RSS = f"""<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"
 xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Un réseau</title>
<language>fr</language><item><title>{TITLE}</title><link>https://a.example/1</link>
<dc:creator>Jeanne Morel</dc:creator><pubDate>Tue, 14 Mar 2023 09:12:33 +0100</pubDate>
<category>Lait</category><content:encoded><![CDATA[<p>{FIRST}</p><h2>Qui</h2><ul><li>Avel</li></ul>]]>
</content:encoded></item><item><title>&lt;b&gt;Deux</title><description>Un…</description></item>
</channel></rss>"""
ATOM = f"""<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://a.example/" xml:lang="en">
<title>A</title><entry><title type="html">T</title><link href="x"/><id>urn:1</id>
<updated>2023-03-14T09:12:33Z</updated><author><name>J. Morel</name></author>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>{FIRST}</p></div></content>
</entry></feed>"""


def of_data(suffix: str) -> list[bytes]:
    """The smaller articles of `tests/data` in a format."""
    paths = sorted(path for path in _ARTICLES.rglob(f"*{suffix}") if path.is_file())
    return [path.read_bytes() for path in paths if path.stat().st_size <= _LARGEST][:30]


def documents(suffix: str) -> list[bytes]:
    """The articles of `tests/data` in a format of office programs, however large."""
    return [path.read_bytes() for path in sorted(_ARTICLES.rglob(f"*{suffix}"))]


def made_document(suffix: str) -> bytes:
    """A document, or a PDF, with each kind of line."""
    lines = LINES if suffix != ".pdf" else [line for line in LINES if line.isascii()]
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"a{suffix}"
        MAKERS[suffix]({"title": "Du petit-lait", "author": "Jeanne Morel"}, lines, path)
        return path.read_bytes()


def small_docx() -> bytes:
    """A document with a table, a list and a link, in its three necessary files."""
    span = '<w:tcPr><w:gridSpan w:val="2"/><w:vMerge w:val="restart"/></w:tcPr>'
    style = '<w:pPr><w:pStyle w:val="Heading1"/><w:numPr><w:ilvl w:val="0"/></w:numPr></w:pPr>'
    return docx(
        body=f"<w:p>{style}<w:r><w:t>{TITLE}</w:t></w:r></w:p>"
        + "".join(map(paragraph, BODY.split("\n\n")))
        + f"<w:tbl>{row(span + paragraph('Qui'), paragraph('Quoi'))}{row(paragraph('Avel'))}"
        "</w:tbl>"
        '<w:p><w:hyperlink w:anchor="a"><w:r><w:rPr><w:b/></w:rPr><w:t>ici</w:t><w:tab/><w:br/>'
        "</w:r></w:hyperlink></w:p><w:sectPr/>"
    )


def slides() -> bytes:
    """A presentation with a table and notes."""
    import pptx

    presentation = pptx.Presentation()
    first = presentation.slides.add_slide(presentation.slide_layouts[1])
    first.shapes.title.text = TITLE
    first.placeholders[1].text = BODY
    table = first.shapes.add_table(1, 2, 0, 0, 100, 100).table
    table.cell(0, 0).text, table.cell(0, 1).text = "Fournisseur", "Avel"
    first.notes_slide.notes_text_frame.text = "À ne pas dire."
    content = io.BytesIO()
    presentation.save(content)
    return content.getvalue()


def book() -> bytes:
    """An EPUB of two chapters."""
    chapter = f"<html><body><h1>{TITLE}</h1><p>{FIRST}</p></body></html>".encode()
    return zipped(
        [
            ("mimetype", b"application/epub+zip"),
            (
                "META-INF/container.xml",
                b'<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
                b'<rootfile full-path="O/book.opf"/></rootfiles></container>',
            ),
            (
                "O/book.opf",
                b'<package xmlns="http://www.idpf.org/2007/opf"><metadata'
                b' xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>T</dc:title>'
                b"<dc:creator>Jeanne Morel</dc:creator><dc:date>2019-05-03</dc:date>"
                b'<dc:language>fr</dc:language></metadata><manifest><item id="n" href="nav.xhtml"'
                b' properties="nav"/><item id="a" href="a%201.xhtml"/></manifest><spine>'
                b'<itemref idref="a"/><itemref idref="n"/></spine></package>',
            ),
            ("O/nav.xhtml", chapter),
            ("O/a 1.xhtml", chapter),
        ]
    )


def message() -> bytes:
    """A mail in two versions with two attachments."""
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "Jeanne Morel <j.morel@avel.example>", f"Re: TR: {TITLE}"
    mail["Date"] = "Tue, 14 Mar 2023 09:12:33 +0100"
    mail.set_content(BODY)
    mail.add_alternative(f"<p>{FIRST}</p><img src='cid:a'>", subtype="html")
    mail.add_attachment(b"{\\rtf1 " + FIRST.encode("ascii", "ignore") + b"}", maintype="text",
                        subtype="rtf", filename="Fiche.rtf")  # fmt: skip
    mail.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="logo.png")
    return mail.as_bytes()


def saved_page() -> bytes:
    """A web archive (MHTML)."""
    page = f"<html><head><title>{TITLE}</title></head><body><p>{FIRST}</p></body></html>"
    return (
        b"From: <Saved by Blink>\r\nSnapshot-Content-Location: https://a.example/1\r\n"
        b"Subject: =?utf-8?Q?Du=20lait?=\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/related; type="text/html"; boundary="B"\r\n\r\n--B\r\n'
        b"Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: "
        b"quoted-printable\r\nContent-Location: https://a.example/1\r\n\r\n"
        + quopri.encodestring(page.encode())
        + b"\r\n--B--\r\n"
    )


def drawn_pdf() -> bytes:
    """A PDF whose objects are not compressed."""
    lines = [line for line in LINES if line.isascii()] + ["A line of a page. " * 4] * 6
    drawn = b"BT /F 12 Tf 50 700 Td " + b" ".join(
        b"(%s) Tj 0 -14 Td" % line.replace("(", "").replace(")", "").encode() for line in lines
    )
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R/Lang(fr)>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Annots[6 0 R]"
        b"/Resources<</Font<</F 5 0 R>>>>>>endobj\n"
        + b"4 0 obj<</Length %d>>stream\n" % len(drawn)
        + drawn
        + b" ET\nendstream endobj\n5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica"
        b"/Encoding/WinAnsiEncoding/Widths[600 600]/FirstChar 65>>endobj\n"
        b"6 0 obj<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI(https://a.example/)>>>>"
        b"endobj\n7 0 obj<</Title(Du lait)/Author(Jeanne Morel)/CreationDate(D:20190503100000)>>"
        b"endobj\ntrailer<</Size 8/Root 1 0 R/Info 7 0 R>>\n%%EOF"
    )


def workbook() -> bytes:
    """A directory in XLSX: text, numbers, a date, merged cells, a second sheet."""
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.worksheets[0]
    for cells in csv.reader(io.StringIO(CSV), delimiter=";"):
        sheet.append(cells)
    sheet["K3"], sheet["L3"], sheet["B4"] = 45.6, date(2020, 2, 1), True
    sheet.merge_cells("A1:C1")
    book.create_sheet("Autres").append(["nom", "x"])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def open_workbook() -> bytes:
    """A directory in ODS."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.ods"
        lines = csv.reader(io.StringIO(CSV), delimiter=";")
        rows = "".join(sheets.row(*map(sheets.cell, line)) for line in lines)
        return sheets.ods(path, rows, header=False).read_bytes()


def parquet() -> bytes:
    """A directory in Parquet, with lists and structures."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    content = io.BytesIO()
    rows = [
        {"nom": "Avel", "siret": 73282932000074, "tags": ["a", "b"], "où": {"x": 1.5}},
        {"nom": None, "siret": None, "tags": [], "où": None},
    ]
    pq.write_table(pa.Table.from_pylist(rows), content)
    return content.getvalue()


def pictures() -> list[bytes]:
    """A small picture in each format that is taken."""
    from PIL import Image

    made = []
    for kind in ("JPEG", "PNG", "WEBP"):
        content = io.BytesIO()
        picture = Image.effect_noise((90, 60), 80).convert("RGB")
        picture.save(content, kind, exif=b"Exif\0\0II*\0\x08\0\0\0\0\0")
        made.append(content.getvalue())
    return made


def zipped(members: Sequence[tuple[str, bytes]]) -> bytes:
    """An archive of files, which may have the same name."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in members:
            # Not by its name alone: zipfile would warn of one that is there twice.
            archive.NameToInfo.pop(name, None)
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return file.getvalue()

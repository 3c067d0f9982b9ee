"""Messages, web archives, RTF, slides, books, pictures, and articles with front matter."""

import io
import zipfile
from email.message import EmailMessage
from pathlib import Path

import pytest
from PIL import Image

from ingest.articles.article import Person
from ingest.articles.readers import article_from_bytes
from tests.ingest.articles.test_readers import word
from tests.ingest.sample_articles import BODY, FIRST, PARAGRAPHS, SECOND, THIRD, TITLE, refusal


def word_of(text: str) -> bytes:
    return word(lambda document: document.add_paragraph(text))


def message(**headers: str) -> EmailMessage:
    mail = EmailMessage()
    for name, value in {
        "From": "Jeanne Morel <j.morel@avel.example>",
        "To": "liste@plateau.example",
        "Subject": f"Re: TR: {TITLE}",
        "Date": "Tue, 14 Mar 2023 09:12:33 +0100",
        **headers,
    }.items():
        mail[name] = value
    return mail


def test_a_message_and_what_is_attached_to_it() -> None:
    mail = message()
    mail.set_content(FIRST)
    mail.add_attachment(
        word_of(SECOND),
        maintype="application",
        subtype="x",
        filename="Fiche.docx",
    )
    mail.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="logo.png")
    mail.add_attachment(b"PK", maintype="application", subtype="x", filename="archive.zip")
    article = article_from_bytes(mail.as_bytes(), ".eml")
    assert (article.title, article.author) == (TITLE, Person("Jeanne Morel"))
    assert article.date == "2023-03-14T09:12"
    assert article.text == f"{FIRST}\n\n## Fiche\n\n{SECOND}"
    assert [remark for remark in article.remarks if "archive.zip" in remark]
    assert not [remark for remark in article.remarks if "logo.png" in remark]


def test_the_texts_of_a_message_around_its_pictures_and_documents() -> None:
    inner = EmailMessage()
    inner.set_content(f"<p>{FIRST}</p>", subtype="html")
    inner.add_attachment(
        word_of(THIRD),
        maintype="application",
        subtype="x",
        filename="Fiche.docx",
    )
    inner.add_attachment("<p>Fin.</p>", subtype="html", disposition="inline")
    mail = message()
    mail.set_content(FIRST)
    mail.make_alternative()
    mail.attach(inner)
    mail.make_mixed()
    mail.add_attachment(b"\x89PNG", maintype="image", subtype="png", disposition="inline")
    mail.add_attachment(SECOND, disposition="inline")
    assert article_from_bytes(mail.as_bytes(), ".eml").text == (
        f"{FIRST}\n\n{SECOND}\n\n## Fiche\n\n{THIRD}"
    )


def test_a_message_with_the_message_that_it_sends_on() -> None:
    sent_on = message(Subject="Du gel")
    sent_on.set_content(SECOND)
    mail = message()
    mail.set_content(FIRST)
    mail.add_attachment(sent_on)
    article = article_from_bytes(mail.as_bytes(), ".eml")
    assert article.text == f"{FIRST}\n\n## Du gel\n\n{SECOND}"


def test_an_attachment_of_an_unknown_format_is_said() -> None:
    mail = message()
    mail.set_content(FIRST)
    mail.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf")
    mail.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", disposition="inline")
    mail.add_attachment(b"PK", maintype="application", subtype="zip", filename="rapport")
    mail.add_attachment(b"\x89PNG", maintype="image", subtype="png", disposition="inline")
    mail.add_attachment(b"--", maintype="application", subtype="pgp-signature")
    article = article_from_bytes(mail.as_bytes(), ".eml")
    assert article.text == FIRST
    assert list(article.remarks) == [
        f"an attachment whose name says no format ({kind}) is not read: send it alone"
        for kind in ("application/pdf", "application/zip")
    ]


def test_what_is_no_message() -> None:
    assert refusal(b"Rien de tel.\n", ".eml") == (
        "is not an e-mail: save the message again as .eml"
    )


def test_a_page_saved_by_a_browser() -> None:
    saved = (
        "From: <Saved by Blink>\nSnapshot-Content-Location: https://avel.example/gel\n"
        'Subject: x\nMIME-Version: 1.0\nContent-Type: multipart/related; boundary="b"\n\n'
        "--b\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: 8bit\n"
        "Content-Location: https://avel.example/gel\n\n"
        f'<html lang="fr"><head><title>{TITLE}</title></head><body><h1>{TITLE}</h1>'
        f"{PARAGRAPHS}</body></html>\n--b\nContent-Type: image/png\n\nxx\n--b--\n"
    )
    article = article_from_bytes(saved.encode(), ".mhtml")
    assert (article.title, article.text) == (TITLE, BODY)
    assert article.source_url == "https://avel.example/gel"


def test_rich_text() -> None:
    rtf = (
        r"{\rtf1\ansi\ansicpg1252{\info{\title Que faire du petit-lait ?}{\author Jeanne Morel}}"
        rf"\b {TITLE}\b0\par\par {FIRST.encode('cp1252').decode('latin-1')}\par\par "
        r"Caf\'e9, th\u233?, et cela suffit \'e0 notre petite cuisine collective.\par}"
    )
    article = article_from_bytes(rtf.encode("latin-1"), ".rtf")
    assert article.text.endswith("Café, thé, et cela suffit à notre petite cuisine collective.")
    assert ("author", "Jeanne Morel") in {(found.field, found.value) for found in article.found}
    assert refusal(b"plain", ".rtf") == "is not a document in RTF (.rtf)"


def test_rich_text_has_its_links_and_the_letters_of_its_fonts() -> None:
    rtf = (
        r"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fswiss\fcharset0 Arial;}"
        r"{\f1\froman{\*\panose 020206}\fcharset204{\*\fname Times;}Times Cyr;}}"
        rf"\f0 {TITLE}\par\par {FIRST.encode('cp1252').decode('latin-1')} "
        r'{\field{\*\fldinst{HYPERLINK "https://avel.example"}}{\fldrslt{ le site}}}, '
        r"\f1\'ec\'e8\'f0\f0 .\par}"
    )
    article = article_from_bytes(rtf.encode("latin-1"), ".rtf")
    assert article.text.endswith(f"{FIRST}  le site, мир.")


def test_slides() -> None:
    import pptx

    presentation = pptx.Presentation()
    first = presentation.slides.add_slide(presentation.slide_layouts[0])
    first.shapes.title.text = TITLE
    first.placeholders[1].text = FIRST
    second = presentation.slides.add_slide(presentation.slide_layouts[1])
    second.shapes.title.text = "Qui fait quoi"
    second.placeholders[1].text = "Avel fabrique\nJLS livre"
    table = second.shapes.add_table(1, 2, 0, 0, 100, 100).table
    table.cell(0, 0).text, table.cell(0, 1).text = "Fournisseur", "Avel"
    second.notes_slide.notes_text_frame.text = "À ne pas dire."
    content = io.BytesIO()
    presentation.save(content)
    article = article_from_bytes(content.getvalue(), ".pptx")
    assert article.title == TITLE
    assert article.text == (
        f"{FIRST}\n\n## Qui fait quoi\n\n- Avel fabrique\n- JLS livre\n\n"
        "| Fournisseur | Avel |\n| --- | --- |"
    )


def test_a_book() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(
            "META-INF/container.xml",
            '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
            '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>',
        )
        archive.writestr(
            "OEBPS/book.opf",
            '<package xmlns="http://www.idpf.org/2007/opf"><metadata '
            'xmlns:dc="http://purl.org/dc/elements/1.1/">'
            f"<dc:title>{TITLE}</dc:title><dc:creator>Jeanne Morel</dc:creator>"
            "<dc:date>2019-05-03</dc:date><dc:language>fr</dc:language></metadata><manifest>"
            '<item id="n" href="nav.xhtml" properties="nav"/><item id="b" href="b.xhtml"/>'
            '<item id="a" href="a%201.xhtml"/></manifest><spine><itemref idref="n"/>'
            '<itemref idref="a"/><itemref idref="b"/><itemref idref="gone"/>'
            '<itemref idref="a"/></spine></package>',
        )
        for name, text in (("nav", "Sommaire"), ("a 1", FIRST), ("b", THIRD)):
            archive.writestr(f"OEBPS/{name}.xhtml", f"<html><body><p>{text}</p></body></html>")
    article = article_from_bytes(content.getvalue(), ".epub")
    assert (article.title, article.author) == (TITLE, Person("Jeanne Morel"))
    assert (article.date, article.lang) == ("2019-05-03", "fr")
    assert article.text == f"{FIRST}\n\n{THIRD}"


@pytest.mark.parametrize(
    "front_matter",
    [
        f"---\nlayout: post\ntitle: {TITLE}\nauthor: jmorel\ndate: 2019-05-03 10:00:00 +0200\n"
        "categories: [Élevage]\ntags:\n  - lait\n---\n",
        f'+++\ntitle = "{TITLE}"\nauthor = "jmorel"\ndate = 2019-05-03T10:00:00+02:00\n'
        'categories = ["Élevage"]\ntags = ["lait"]\n+++\n',
    ],
)
def test_front_matter_of_a_site(front_matter: str) -> None:
    article = article_from_bytes(f"{front_matter}\n{BODY}\n".encode(), ".md")
    assert (article.title, article.author) == (TITLE, Person("jmorel"))
    assert article.date[:10] == "2019-05-03"
    assert (article.themes, article.text) == (("Élevage", "lait"), BODY)


@pytest.fixture
def picture() -> bytes:
    content = io.BytesIO()
    Image.new("L", (40, 20), 255).save(content, "PNG")
    return content.getvalue()


@pytest.fixture
def scanned_pdf() -> bytes:
    content = io.BytesIO()
    Image.new("L", (40, 20), 255).save(content, "PDF")
    return content.getvalue()


def recognise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Puts a program in the place of tesseract that reads a text in every picture."""
    program = tmp_path / "tesseract"
    program.write_text(
        f"#!/bin/sh\nif [ $1 = --list-langs ]; then echo fra; exit; fi\ncat <<'END'\n{text}\nEND\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")


@pytest.mark.parametrize("suffix", [".png", ".pdf"])
def test_pictures_of_a_text(
    suffix: str,
    picture: bytes,
    scanned_pdf: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recognise(tmp_path, monkeypatch, f"{TITLE}\n\n{BODY}")
    article = article_from_bytes(picture if suffix == ".png" else scanned_pdf, suffix)
    assert (article.title, article.text) == (TITLE, BODY)


def test_a_picture_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recognise(tmp_path, monkeypatch, BODY)
    content = io.BytesIO()
    Image.new("1", (8000, 8000)).save(content, "PNG")
    assert refusal(content.getvalue(), ".png").startswith("is a picture of more than 60 million")


def test_pictures_without_the_program(
    picture: bytes, scanned_pdf: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    said = (
        "has no text, only pictures of it: install tesseract, which reads them, or run it through "
        "text recognition (OCR) first"
    )
    assert refusal(picture, ".png") == said
    assert refusal(scanned_pdf, ".pdf") == said

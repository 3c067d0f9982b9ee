"""Each format to an article, and each kind of bad input to one clear line."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from ingest.articles.article import MAX_PDF_PAGES, Person
from ingest.articles.readers import (
    article_from_bytes,
)
from kb.errors import InputError
from tests.ingest.sample_articles import BODY, FIRST, SECOND, THIRD, TITLE, refusal

BYLINE = "Jeanne Morel, chargée de mission"


# PDF


def pdf(fill: Callable[[Any], None], header: str = "") -> bytes:
    from fpdf import FPDF

    class Document(FPDF):
        def header(self) -> None:
            if header:
                self.set_font("helvetica", size=8)
                self.cell(0, 5, f"{header} {self.page_no()}/{{nb}}")
                self.ln(12)

        def footer(self) -> None:
            if header:
                self.set_y(-12)
                self.set_font("helvetica", size=8)
                self.cell(0, 5, "Reproduction autorisée")

    document = Document()
    document.set_margin(25)
    document.add_page()
    fill(document)
    return bytes(document.output())


def fill_article(document: Any) -> None:
    document.set_font("helvetica", style="B", size=18)
    document.multi_cell(0, 9, TITLE, new_x="LMARGIN", new_y="NEXT")
    document.set_font("helvetica", size=10)
    document.cell(0, 8, f"{BYLINE} - 3 mai 2019")
    document.ln(12)
    document.set_font("times", size=11)
    for paragraph in BODY.split("\n\n"):
        document.multi_cell(0, 6, paragraph, new_x="LMARGIN", new_y="NEXT")
        document.ln(4)


def test_a_pdf() -> None:
    article = article_from_bytes(pdf(fill_article), ".pdf")
    assert article.author == Person("Jeanne Morel", "chargée de mission")
    assert (article.title, article.date, article.text) == (TITLE, "2019-05-03", BODY)


def test_what_every_page_of_a_pdf_repeats_is_dropped() -> None:
    def fill(document: Any) -> None:
        document.set_font("times", size=11)
        for number in range(60):
            document.multi_cell(
                0, 6, f"Lot {number} : {THIRD}", new_x="LMARGIN", new_y="NEXT", align="L"
            )

    text = article_from_bytes(pdf(fill, "Les cahiers du plateau"), ".pdf").text
    assert "cahiers" not in text
    assert "Reproduction" not in text
    assert [f"Lot {number} " in text for number in range(60)] == [True] * 60


def test_lines_of_a_pdf_are_joined_and_so_are_words_broken_between_them() -> None:
    lines = [
        "Chaque semaine la fromagerie rejetait plusieurs tonnes de petit-lait, et per-",
        "sonne n'en voulait. Le savoir-faire manquait, et c'est un savoir-",
        "faire rare. Une usine d'aliments pour le bétail, à deux kilomètres, en cher-",
        "chait depuis longtemps.",
    ]

    def fill(document: Any) -> None:
        document.set_font("times", size=11)
        for line in lines:
            document.cell(0, 6, line)
            document.ln()

    assert article_from_bytes(pdf(fill), ".pdf").text == (
        "Chaque semaine la fromagerie rejetait plusieurs tonnes de petit-lait, et personne n'en "
        "voulait. Le savoir-faire manquait, et c'est un savoir-faire rare. Une usine d'aliments "
        "pour le bétail, à deux kilomètres, en cherchait depuis longtemps."
    )


def test_columns_of_a_pdf_are_read_one_after_the_other() -> None:
    def fill(document: Any) -> None:
        document.set_font("times", size=10)
        with document.text_columns(ncols=2, gutter=10, text_align="L") as columns:
            for _ in range(3):
                columns.write(f"{FIRST}\n\n{SECOND}\n\n{THIRD}\n\n")

    text = article_from_bytes(pdf(fill), ".pdf").text
    assert text.split("\n\n") == [FIRST, SECOND, THIRD] * 3


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-256"])
def test_an_encrypted_pdf(algorithm: str) -> None:
    encrypted = encrypted_pdf("secret", algorithm)
    assert refusal(encrypted, ".pdf") == "is encrypted: save it without its password"


def encrypted_pdf(password: str, algorithm: str) -> bytes:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(PdfReader(io.BytesIO(pdf(fill_article))))
    writer.encrypt(password, owner_password=password + "owner", algorithm=algorithm)
    encrypted = io.BytesIO()
    writer.write(encrypted)
    return encrypted.getvalue()


def test_a_pdf_that_is_cut_off() -> None:
    content = pdf(fill_article)
    assert "is cut off" in refusal(content[: len(content) // 2], ".pdf")
    assert "is cut off" in refusal(content[:-40], ".pdf")


def test_a_pdf_with_too_many_pages() -> None:
    def fill(document: Any) -> None:
        document.set_font("times", size=11)
        for _ in range(MAX_PDF_PAGES):
            document.add_page()
            document.cell(0, 6, THIRD)

    assert refusal(pdf(fill), ".pdf") == (
        f"has {MAX_PDF_PAGES + 1} pages; at most {MAX_PDF_PAGES} are read: send the article alone"
    )


# Word


def word(fill: Callable[[Any], None]) -> bytes:
    from docx import Document

    document = Document()
    document.core_properties.author = "Luc Bernard"
    fill(document)
    content = io.BytesIO()
    document.save(content)
    return content.getvalue()


def test_a_word_document() -> None:
    def fill(document: Any) -> None:
        document.add_heading(TITLE, 0)
        notices = [
            ("Auteur", "Jeanne Morel"),
            ("Date", "3 mai 2019"),
            ("Mots-clés", "lait, bétail"),
        ]
        table = document.add_table(rows=0, cols=2)
        for label, value in notices:
            cells = table.add_row().cells
            cells[0].text, cells[1].text = label, value
        document.add_paragraph(FIRST)
        document.add_heading("Le premier camion", 1)
        document.add_paragraph("Il a tout changé.")
        document.add_paragraph("une citerne", style="List Bullet")
        document.add_paragraph("un prix", style="List Bullet")
        flows = document.add_table(rows=0, cols=3)
        for values in [("Flux", "Tonnes", "De"), ("Petit-lait", "12", "Fromagerie")]:
            for cell, value in zip(flows.add_row().cells, values, strict=True):
                cell.text = value
        document.add_paragraph(SECOND)

    article = article_from_bytes(word(fill), ".docx")
    assert (article.title, article.author.name, article.date) == (
        TITLE,
        "Jeanne Morel",
        "2019-05-03",
    )
    assert article.themes == ("lait", "bétail")
    assert article.text == (
        f"{FIRST}\n\n## Le premier camion\n\nIl a tout changé.\n\n- une citerne\n- un prix\n\n"
        f"| Flux | Tonnes | De |\n| --- | --- | --- |\n| Petit-lait | 12 | Fromagerie |\n\n{SECOND}"
    )


@pytest.mark.parametrize("suffix", [".docx", ".odt"])
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"not an archive", "or is cut off"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "is encrypted, or of an older format"),
    ],
)
def test_what_is_no_office_document(suffix: str, content: bytes, reason: str) -> None:
    assert reason in refusal(content, suffix)


def test_a_word_document_that_is_damaged() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("word/document.xml", "<not xml")
    assert refusal(content.getvalue(), ".docx").startswith("is damaged (")


# OpenDocument


def opendocument() -> bytes:
    from odfdo import Document, Header, List, Paragraph

    document = Document("text")
    document.body.clear()
    document.body.append(Header(1, TITLE))
    document.body.append(Paragraph(f"Par {BYLINE}, le 3 mai 2019"))
    document.body.append(Paragraph(FIRST))
    document.body.append(Header(2, "Le premier camion"))
    document.body.append(List(["une citerne", "un prix"]))
    document.body.append(Paragraph(SECOND))
    content = io.BytesIO()
    document.save(content)
    return content.getvalue()


def test_an_opendocument_text() -> None:
    article = article_from_bytes(opendocument(), ".odt")
    assert article.author == Person("Jeanne Morel", "chargée de mission")
    assert (article.title, article.date) == (TITLE, "2019-05-03")
    assert article.text == (
        f"{FIRST}\n\n## Le premier camion\n\n- une citerne\n- un prix\n\n{SECOND}"
    )


# Text and HTML


@pytest.mark.parametrize(
    ("content", "suffix", "reason"),
    [
        (b"", ".txt", "is empty"),
        (b"  \n", ".txt", "is empty"),
        (bytes(range(32)) * 20, ".txt", "is not text"),
        (b"Bonjour.", ".txt", "has no article that could be found"),
        (b"x" * 5_000_001, ".txt", "has 5,000,001 bytes; at most 5,000,000 of .txt are read"),
        (b"mot\n" * 30_000, ".txt", "has more than 20,000 lines and paragraphs"),
        (b"Un texte long. " * 20_000, ".txt", "at most 200,000 fit"),
        (b"<html><body><div id=app></div><script>go()</script>", ".html", "has no article"),
        (b"<html><body><nav><a href=/>Accueil</a></nav></body></html>", ".html", "has no article"),
        (b"Only words here, and no markup at all.", ".html", "is not HTML"),
        (b"x", ".exe", "is not an article: an article is one of .md,"),
    ],
)
def test_what_is_no_article(content: bytes, suffix: str, reason: str) -> None:
    assert reason in refusal(content, suffix)


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 5_000 + FIRST,
        "<p>" + "<b>" * 5_000 + FIRST,
        "<ul><li>" * 2_000 + FIRST,
        "<p>" + " > ".join("a" * 70) + ".</p>",
        "<div>" + "<a href=x>y</a>" * 30_000,
    ],
)
def test_hostile_html_ends_in_an_article_or_in_a_line(html: str) -> None:
    message = ""
    try:
        article_from_bytes(html.encode(), ".html")
    except InputError as error:
        message = str(error)
    assert "\n" not in message

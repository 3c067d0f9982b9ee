"""Articles from files and fetched addresses, of what a page shows and what its file declares."""

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ingest.articles.article import (
    ATTACHED_SUFFIXES,
    PICTURE_SUFFIXES,
    TEXT_SUFFIXES,
    Article,
    NoArticle,
    refuse_unreadable,
)
from ingest.articles.blocks import ParsedPage
from ingest.articles.courtesies import without_courtesies
from ingest.articles.formats.html.page import parse_html
from ingest.articles.formats.messages import parse_eml, parse_mhtml
from ingest.articles.formats.office import parse_docx, parse_pptx
from ingest.articles.formats.open_documents import parse_epub, parse_odt
from ingest.articles.formats.scans import parse_picture
from ingest.articles.formats.text import parse_rtf, parse_text
from ingest.articles.metadata import body, bylines, notices
from ingest.articles.metadata.layout import Findings, Layout
from ingest.articles.metadata.title import find_title
from ingest.encodings import decoded, whole_characters
from kb.errors import InputError
from kb.models import MAX_TEXT_CHARS
from kb.remarks import Remark

_LOG = logging.getLogger(__name__)
MIN_ARTICLE_CHARS = 30  # the shortest text of an article


def read_article(path: Path) -> Article:
    suffix = path.suffix.lower()
    refuse_unreadable(path.stat().st_size, suffix)
    return article_from_bytes(path.read_bytes(), suffix)


def article_from_bytes(
    content: bytes, suffix: str, *, url: str = "", declared_encoding: str = ""
) -> Article:
    refuse_unreadable(len(content), suffix)
    if not content:
        raise InputError("empty")
    return checked(article_of(_page(content, suffix, url, declared_encoding)))


def _page(content: bytes, suffix: str, url: str, declared_encoding: str) -> ParsedPage:
    return _parsed(
        lambda: _parse(content, suffix, url, declared_encoding), f"{suffix} file", len(content)
    )


def _parsed(parse: Callable[[], ParsedPage], kind: str, size: int) -> ParsedPage:
    """What `parse` returns of a `kind` of `size` bytes or characters, or one line why it fails."""
    try:
        return parse()
    except (InputError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 (a hostile file finds in parsers what none lists)
        # pypdf itself warns that broken files cause errors other than its own, and lxml, docx and
        # odfdo are no different. A single file must not hold up the batch.
        _LOG.info("a %s of size %d cannot be read", kind, size, exc_info=True)
        raise InputError("damaged_file", kind=type(error).__name__) from None


def pasted_article(text: str) -> Article:
    lines = whole_characters(text).replace("\r\n", "\n").replace("\r", "\n")
    article = article_of(_parsed(lambda: parse_text(lines), "pasted text", len(lines)))
    return checked(replace(article, text=without_courtesies(article.text)))


def checked(article: Article) -> Article:
    if len(article.text.strip()) < MIN_ARTICLE_CHARS:
        raise NoArticle("no_article")
    if len(article.text) > MAX_TEXT_CHARS:
        raise InputError("long_article", count=len(article.text), most=MAX_TEXT_CHARS)
    return article


def _attachment(content: bytes, suffix: str) -> ParsedPage:
    if suffix not in ATTACHED_SUFFIXES:
        raise InputError("no_article_format", formats=", ".join(ATTACHED_SUFFIXES))
    refuse_unreadable(len(content), suffix)
    return _page(content, suffix, "", "")


def _parse(content: bytes, suffix: str, url: str, declared_encoding: str) -> ParsedPage:
    match suffix:
        case ".html" | ".htm":
            return parse_html(content, url=url, declared_encoding=declared_encoding)
        case ".eml":
            return parse_eml(content, _attachment)
        case ".mhtml" | ".mht":
            return parse_mhtml(content)
        case _ if suffix in TEXT_SUFFIXES:
            return parse_text(decoded(content, declared_encoding), source_url=url)
        case _:
            return _document_parsers()[suffix](content, url=url)


def _document_parsers() -> dict[str, Callable[..., ParsedPage]]:
    from ingest.articles.formats.pdf import parse_pdf  # pypdf takes long to import

    return {
        ".pdf": parse_pdf,
        ".docx": parse_docx,
        ".odt": parse_odt,
        ".rtf": parse_rtf,
        ".pptx": parse_pptx,
        ".epub": parse_epub,
        **dict.fromkeys(PICTURE_SUFFIXES, parse_picture),
    }


def article_of(page: ParsedPage) -> Article:
    """The article that a page shows; its text is empty when the page has none."""
    layout = Layout(page)
    findings = Findings(words=layout.words, remarks=list(page.remarks))
    findings.add_declared(page.declared)
    body.leave_other_parts(layout)
    body.end_at_colophon(layout)
    layout.find_bounds()
    bylines.find_card(layout, findings)
    find_title(layout, findings)
    layout.find_bounds()
    notices.take_notices(layout, findings)
    notices.take_values_near_labels(layout, findings)
    notices.take_hinted(layout, findings)
    bylines.find_byline(layout, findings)
    notices.find_dateline(layout, findings)
    notices.find_themes(layout, findings)
    bylines.find_signature(layout, findings)
    bylines.find_desk(layout, findings)
    bylines.find_job(layout, findings)
    body.leave_surroundings(layout)
    text = body.markdown_of([line.block for line in layout.lines if line.is_body])
    title = findings.fields["title"].value if "title" in findings.fields else ""
    if not title and text:
        findings.remark(Remark("no_certain_title", "title"))
    if not findings.certain_value("author"):
        findings.remark(Remark("no_certain_author", "author"))
    if not findings.certain_value("date") and not findings.certain_value("modified"):
        findings.remark(Remark("no_certain_date", "date"))
    return Article(
        title=title,
        text=text,
        author=findings.certain_person("author"),
        moderator=findings.certain_person("moderator"),
        date=findings.certain_value("date"),
        modified=findings.certain_value("modified"),
        moderated=findings.certain_value("moderated"),
        themes=findings.choose_themes(),
        lang=layout.lang,
        source_url=page.source_url,
        found=tuple(findings.fields.values()),
        remarks=tuple(findings.remarks),
        page_text="\n\n".join(line.text for line in layout.lines),
    )

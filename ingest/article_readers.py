"""Articles from files, each format by its reader."""

from collections.abc import Callable
from pathlib import Path

from ingest.article import Article
from ingest.article_limits import MAX_FILE_BYTES, MAX_TEXT_BYTES
from ingest.decoding import decoded
from ingest.page import Page
from ingest.shape import article_of
from ingest.text_article import text_page
from kb.errors import InputError


def read_article(path: Path) -> Article:
    """The article that a file holds.

    Raises:
        InputError: the file holds none, or cannot be read; says why in one line.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError(f"is no article: write one of {', '.join(ARTICLE_SUFFIXES)}")
    size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        raise InputError(
            f"has {size:,} bytes; at most {MAX_FILE_BYTES:,} are read: hand in its text alone"
        )
    if not size:
        raise InputError("is empty")
    return checked(article_of(reader(path)))


def checked(article: Article) -> Article:
    """The article, if there is one.

    Raises:
        InputError: it has no text.
    """
    if not article.text.strip():
        raise InputError("has no article that could be found: paste its text instead")
    return article


def _text(path: Path) -> Page:
    return text_page(decoded(_content(path)))


def _html(path: Path) -> Page:
    from ingest.html_article import html_page

    return html_page(_content(path))


def _pdf(path: Path) -> Page:
    from ingest.pdf_article import pdf_page

    return pdf_page(path.read_bytes())


def _word(path: Path) -> Page:
    from ingest.word_article import word_page

    return word_page(path)


def _opendocument(path: Path) -> Page:
    from ingest.opendocument_article import opendocument_page

    return opendocument_page(path)


def _content(path: Path) -> bytes:
    size = path.stat().st_size
    if size > MAX_TEXT_BYTES:
        raise InputError(
            f"has {size:,} bytes; at most {MAX_TEXT_BYTES:,} of text are read: cut it into articles"
        )
    return path.read_bytes()


_READERS: dict[str, Callable[[Path], Page]] = {
    ".md": _text,
    ".markdown": _text,
    ".txt": _text,
    ".html": _html,
    ".htm": _html,
    ".pdf": _pdf,
    ".docx": _word,
    ".odt": _opendocument,
}
ARTICLE_SUFFIXES = tuple(_READERS)

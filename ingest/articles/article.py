"""An article as a person hands it in: its text, and what its page says about it."""

from dataclasses import dataclass, field
from pathlib import Path

from ingest.fetching.safe_fetch import PAGE_SUFFIXES, Fetched
from kb.errors import InputError
from kb.registers.drafts import ProposedField

MAX_FILE_BYTES = 50_000_000  # a file of any format
MAX_TEXT_BYTES = 5_000_000  # a text, a page, a feed or a text in RTF, which are read whole
MAX_LINES = 20_000  # the lines and paragraphs of a page, menus included
MAX_PDF_PAGES = 200
MAX_SCANNED_PAGES = 30  # the pages of a PDF whose pictures are read by text recognition
MAX_SCAN_SECONDS = 120  # the time of text recognition for a file
MAX_SCAN_PIXELS = 60_000_000
MAX_FEED_ITEMS = 200
TEXT_SUFFIXES = (".md", ".markdown", ".txt", ".html", ".htm")
PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
ATTACHED_SUFFIXES = (*TEXT_SUFFIXES, ".pdf", ".docx", ".odt", ".rtf", ".pptx")
ARTICLE_SUFFIXES = (
    *ATTACHED_SUFFIXES, ".epub", ".eml", ".mhtml", ".mht", *PICTURE_SUFFIXES,
)  # fmt: skip
_SUFFIXES = {**PAGE_SUFFIXES, "message/rfc822": ".eml", "multipart/related": ".mhtml"}


def suffix_of(fetched: Fetched) -> str:
    suffix = _SUFFIXES.get(fetched.media_type) or Path(fetched.path).suffix.lower()
    if suffix not in ARTICLE_SUFFIXES:
        raise InputError("no_article_or_feed")
    return suffix


def refuse_unreadable(size: int, suffix: str) -> None:
    if suffix not in ARTICLE_SUFFIXES:
        raise InputError("no_article_format", formats=", ".join(ARTICLE_SUFFIXES))
    most = MAX_TEXT_BYTES if suffix in (*TEXT_SUFFIXES, ".rtf") else MAX_FILE_BYTES
    if size > most:
        raise InputError("large_article", size=size, most=most, suffix=suffix)


class NoArticle(InputError):
    """The content that was read holds no article."""


@dataclass(frozen=True, slots=True)
class Person:
    name: str = ""
    job: str = ""


NOBODY = Person()


@dataclass(frozen=True, slots=True)
class Article:
    """An article as Markdown `text`, without its title and what the page puts around it.

    Dates are in ISO 8601, with or without times; what the page does not give for certain is
    empty. `found` has the line and the confidence of each value, `remarks` what deserves a
    look.
    """

    title: str
    text: str
    author: Person = NOBODY
    moderator: Person = NOBODY
    date: str = ""
    modified: str = ""
    moderated: str = ""
    themes: tuple[str, ...] = ()
    lang: str = ""
    source_url: str = ""
    found: tuple[ProposedField, ...] = field(default=(), compare=False)
    remarks: tuple[str, ...] = field(default=(), compare=False)
    page_text: str = field(default="", compare=False, repr=False)

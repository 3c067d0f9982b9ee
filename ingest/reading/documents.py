"""The reading processes, and what reads articles, cases, feeds and pictures of strangers in them.

The functions are those of `ingest.articles`, `ingest.records` and `kb.registers.pictures`; each
file that exceeds a limit, or ends the process that reads it, is refused in one line as a damaged
one is.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.articles.article import Article, NoArticle
from ingest.articles.limits import MAX_TEXT_BYTES
from ingest.articles.suffixes import refuse_unreadable, suffix_of
from ingest.records.entries import WHOLE_FILE, Entry, NotInput
from ingest.sandbox.limits import ReadingLimits
from ingest.sandbox.pool import ReaderPool
from ingest.sandbox.shapes import Misshapen, Shape, shaped
from kb.errors import InputError
from kb.models import Case
from kb.registers.pictures.encoding import EncodedPicture, is_picture_name
from kb.remarks import Remark
from kb.settings import Settings

if TYPE_CHECKING:
    from ingest.articles.feeds import FeedItem
    from ingest.fetching.safe_fetch import Fetched


ANSWER_MB = 64
"""The most of each part of an answer: a row of a directory has at most 16 million letters."""

CLOCK_TIMES = 3
"""The clock may show so many times the processor's time: a busy machine, text recognition."""

TABLE_UNIT_BYTES = 10_000_000
MOST_TABLE_MEMORY_MB = 4096
"""A directory may take more time and memory with each unit, up to this; docs/ingesting.md."""

REFUSALS: Mapping[str, type[InputError]] = {kind.__name__: kind for kind in (InputError, NoArticle)}


@cache
def readers() -> ReaderPool:
    """The pool of this process."""
    return ReaderPool("ingest.reading.child", REFUSALS)


def document_limits() -> ReadingLimits:
    """The limits of an article, a feed or a picture, by the settings of now."""
    settings = Settings.from_environment()
    seconds = settings.reading_seconds
    return ReadingLimits(settings.reading_memory_mb, seconds, CLOCK_TIMES * seconds, ANSWER_MB)


def table_limits(path: Path) -> ReadingLimits:
    """The limits of a directory, by its size."""
    return document_limits().for_bytes(
        path.stat().st_size, unit=TABLE_UNIT_BYTES, most_memory_mb=MOST_TABLE_MEMORY_MB
    )


def read_document(path: Path) -> Article:
    """As `read_article`."""
    suffix = path.suffix.lower()
    refuse_unreadable(path.stat().st_size, suffix)
    return document_of(path.read_bytes(), suffix)


def document_of(
    content: bytes, suffix: str, *, url: str = "", declared_encoding: str = ""
) -> Article:
    """As `article_from_bytes`."""
    refuse_unreadable(len(content), suffix)
    arguments = {"suffix": suffix, "url": url, "declared_encoding": declared_encoding}
    return _asked("article", arguments, content, Article)


def fetched_document(fetched: "Fetched") -> Article:
    """As `fetched_article`."""
    return document_of(
        fetched.content, suffix_of(fetched), url=fetched.url, declared_encoding=fetched.encoding
    )


def pasted_document(text: str) -> Article:
    """As `pasted_article`."""
    return _asked("pasted", {}, text.encode("utf-8", "surrogatepass"), Article)


def entries_of(path: Path) -> Iterator[Entry]:
    """As `read_markdown`."""
    with path.open("rb"):  # what this raises, the other process would not tell whole
        pass
    match readers().ask("case", {"path": str(path)}, document_limits()):
        case [parts, reason, bool() as is_no_fault]:
            try:
                case = None if parts is None else shaped(parts, Case)
                remark = shaped(reason, str)
                if is_no_fault and isinstance(remark, Remark):
                    raise NotInput(remark.code, remark.field, **remark.values)
            except (Misshapen, KeyError, TypeError):
                raise InputError("reading_crash") from None
            yield Entry(WHOLE_FILE, case, remark)
        case _:
            raise InputError("reading_crash")


def saved_feed(path: Path) -> Sequence["FeedItem"]:
    """As `feed_of`, of a file."""
    size = path.stat().st_size
    if size > MAX_TEXT_BYTES:
        raise InputError("large_feed", size=size, most=MAX_TEXT_BYTES)
    return feed_of(path.read_bytes())


def feed_of(content: bytes, *, url: str = "") -> Sequence["FeedItem"]:
    """As `read_feed`."""
    from ingest.articles.feeds import FeedItem  # all formats of articles, which take long to import

    return _asked("feed", {"url": url}, content, list[FeedItem])


def link_to_feed(fetched: "Fetched") -> str:
    """As `feed_link`, of a fetched page."""
    arguments = {"url": fetched.url, "declared_encoding": fetched.encoding}
    return _asked("feed_link", arguments, fetched.content, str)


def photograph_of(upload: bytes) -> Sequence[EncodedPicture]:
    """As `photograph`."""
    return _pictures("photograph", upload)


def logo_of(upload: bytes) -> EncodedPicture:
    """As `logo`."""
    return _pictures("logo", upload)[0]


def _asked(task: str, arguments: Mapping[str, object], content: bytes, shape: type[Shape]) -> Shape:
    answer = readers().ask(task, arguments, document_limits(), content)
    try:
        return shaped(answer, shape)
    except Misshapen:
        raise InputError("reading_crash") from None


def _pictures(task: str, upload: bytes) -> list[EncodedPicture]:
    pairs = _asked(task, {}, upload, list[tuple[str, ...]])
    try:
        pictures = [EncodedPicture(name, bytes.fromhex(content)) for name, content in pairs]
    except ValueError:
        raise InputError("reading_crash") from None
    if not pictures or not all(is_picture_name(picture.name) for picture in pictures):
        raise InputError("reading_crash")
    return pictures

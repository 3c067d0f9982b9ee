"""Articles, cases, feeds and pictures of strangers, read in processes of their own."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ingest.articles.article import MAX_TEXT_BYTES, Article, NoArticle, refuse_unreadable, suffix_of
from ingest.directories.columns_of import NO_TARGETS, HeaderMap
from ingest.directories.readers import (
    DIRECTORY_READERS,
    Preview,
    count_rows,
    preview,
    refuse_no_directory,
)
from ingest.directories.table import DirectoryRow
from ingest.records.entries import WHOLE_FILE, Entry, NotInput, source_of
from ingest.sandbox.pool import ReaderPool
from ingest.sandbox.serving import ReadingLimits
from ingest.sandbox.shapes import Misshapen, Shape, shaped
from kb.errors import InputError
from kb.models import Case
from kb.registers.pictures import EncodedPicture, is_picture_name
from kb.remarks import Remark
from kb.settings import Settings

if TYPE_CHECKING:
    from ingest.articles.feeds import FeedItem
    from ingest.fetching.safe_fetch import Fetched
    from kb.knowledge_base import KnowledgeBase


ANSWER_MB = 64  # each part of an answer; a row has at most 16 million letters
CLOCK_TIMES = 3  # of the processor's time: a busy machine, text recognition
TABLE_UNIT_BYTES = 10_000_000
MOST_TABLE_MEMORY_MB = 4096  # a directory gets more with each unit: docs/ingesting.md
_PICTURES = "kb.registers.pictures"
REFUSALS: Mapping[str, type[InputError]] = {kind.__name__: kind for kind in (InputError, NoArticle)}


@cache
def readers() -> ReaderPool:
    return ReaderPool(REFUSALS)


def document_limits() -> ReadingLimits:
    settings = Settings.from_environment()
    seconds = settings.reading_seconds
    return ReadingLimits(settings.reading_memory_mb, seconds, CLOCK_TIMES * seconds, ANSWER_MB)


def table_limits(path: Path) -> ReadingLimits:
    return document_limits().for_bytes(
        path.stat().st_size, unit=TABLE_UNIT_BYTES, most_memory_mb=MOST_TABLE_MEMORY_MB
    )


def read_document(path: Path) -> Article:
    suffix = path.suffix.lower()
    refuse_unreadable(path.stat().st_size, suffix)
    return document_of(path.read_bytes(), suffix)


def document_of(
    content: bytes, suffix: str, *, url: str = "", declared_encoding: str = ""
) -> Article:
    refuse_unreadable(len(content), suffix)
    return _asked(
        "ingest.articles.readers:article_from_bytes", Article, content,
        suffix=suffix, url=url, declared_encoding=declared_encoding,
    )  # fmt: skip


def fetched_document(fetched: "Fetched") -> Article:
    return document_of(
        fetched.content, suffix_of(fetched), url=fetched.url, declared_encoding=fetched.encoding
    )


def pasted_document(text: str) -> Article:
    return _asked("ingest.articles.readers:pasted_article", Article, text=text)


def entries_of(path: Path) -> Iterator[Entry]:
    _refuse_closed(path)
    match readers().ask("ingest.reading:_case", document_limits(), path=str(path)):
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
    if (size := path.stat().st_size) > MAX_TEXT_BYTES:
        raise InputError("large_feed", size=size, most=MAX_TEXT_BYTES)
    return feed_of(path.read_bytes())


def feed_of(content: bytes, *, url: str = "") -> Sequence["FeedItem"]:
    from ingest.articles.feeds import FeedItem  # all formats of articles, which take long to import

    return _asked("ingest.articles.feeds:read_feed", list[FeedItem], content, url=url)


def link_to_feed(fetched: "Fetched") -> str:
    return _asked(
        "ingest.reading:_feed_link", str, fetched.content,
        url=fetched.url, declared_encoding=fetched.encoding,
    )  # fmt: skip


def photograph_of(upload: bytes) -> Sequence[EncodedPicture]:
    return _checked(_asked(f"{_PICTURES}:photograph", list[EncodedPicture], upload))


def logo_of(upload: bytes) -> EncodedPicture:
    return _checked([_asked(f"{_PICTURES}:logo", EncodedPicture, upload)])[0]


def _asked(
    task: str,
    shape: type[Shape],
    content: bytes | None = None,
    limits: ReadingLimits | None = None,
    **arguments: object,
) -> Shape:
    answer = readers().ask(task, limits or document_limits(), content, **arguments)
    try:
        return shaped(answer, shape)
    except Misshapen:
        raise InputError("reading_crash") from None


def _checked(pictures: list[EncodedPicture]) -> list[EncodedPicture]:
    if not pictures or not all(is_picture_name(picture.name) for picture in pictures):
        raise InputError("reading_crash")
    return pictures


# Directories: their rows come batch by batch, and the process waits until they are taken.

_Texts = list[str]


def preview_of(
    path: Path,
    source: str = "",
    choices: Mapping[str, str] = NO_TARGETS,
    *,
    knowledge_base: "KnowledgeBase | None" = None,
    persons_kept: bool | None = None,
) -> Preview:
    """As `preview`, with what the base remembers of the source."""
    refuse_no_directory(path)
    source = source or source_of(path)
    if knowledge_base is not None:
        choices = {**knowledge_base.column_choices.mapping(source), **choices}
        if persons_kept is None:
            persons_kept = knowledge_base.contact_choices.of(source).keeps_persons
    HeaderMap(choices)
    _refuse_closed(path)
    return _asked(
        "ingest.reading:_preview", Preview, limits=table_limits(path), path=str(path),
        source=source, choices=dict(choices), persons_kept=bool(persons_kept),
    )  # fmt: skip


def rows_of(path: Path, header_map: HeaderMap) -> Iterator[DirectoryRow]:
    """Reads the rows of a directory of any format, as `RowReader`."""
    _refuse_closed(path)
    header: tuple[str, ...] = ()
    for batch in readers().stream(
        "ingest.reading:_rows", table_limits(path), path=str(path),
        choices=dict(header_map.choices), persons_kept=header_map.persons_kept,
    ):  # fmt: skip
        if not isinstance(batch, list):
            raise InputError("reading_crash")
        for parts in batch:
            try:
                row = _row(parts, header)
            except (Misshapen, TypeError, ValueError):
                raise InputError("reading_crash") from None
            header = row.header
            yield row


def count_of(path: Path) -> int:
    with suppress(InputError, OSError):
        limits = table_limits(path)
        return _asked("ingest.reading:_row_count", int, limits=limits, path=str(path))
    return 0


def _row(parts: object, header: tuple[str, ...]) -> DirectoryRow:
    number, new_header, cells, reason, sheet, notice, persons = cast("list[object]", parts)
    row = DirectoryRow(
        shaped(number, int),
        header if new_header is None else tuple(_texts(new_header)),
        _texts(cells),
        shaped(reason, str),
        shaped(sheet, str),
        None if notice is None else _notice(shaped(notice, str)),
        tuple(_texts(persons)),
    )
    if row.cells and len(row.cells) != len(row.header):
        raise Misshapen
    return row


def _texts(value: object) -> _Texts:
    # At once, not one after the other: a directory has millions of cells.
    if not isinstance(value, list) or not {str}.issuperset(map(type, value)):
        raise Misshapen
    return value


def _notice(remark: str) -> Remark:
    if not isinstance(remark, Remark):
        raise Misshapen
    return remark


def _refuse_closed(path: Path) -> None:
    """Raises what opening a file raises, as the process that reads it would not tell it whole."""
    with path.open("rb"):
        pass


# What a reading process does that is asked for in another form

BATCH_ROWS = 256
BATCH_CHARS = 1_000_000  # a part of an answer ends with the row that reaches one of these


def _feed_link(content: bytes, url: str, declared_encoding: str) -> str:
    from ingest.articles.formats.html.page import feed_link
    from ingest.encodings import decoded

    return feed_link(decoded(content, declared_encoding), url)


def _case(path: str) -> tuple[object, str, bool]:
    from ingest.records.case_file import read_markdown

    try:
        (entry,) = read_markdown(Path(path))
    except NotInput as error:
        return None, error.remark, True
    return entry.record, entry.reason, False


def _preview(path: str, source: str, choices: Mapping[str, str], persons_kept: bool) -> Preview:
    return preview(Path(path), source, choices, persons_kept=persons_kept)


def _row_count(path: str) -> int:
    return count_rows(Path(path))


def _rows(path: str, choices: Mapping[str, str], persons_kept: bool) -> Iterator[object]:
    header_map = HeaderMap(choices, persons_kept=persons_kept)
    batch: list[object] = []
    chars = 0
    header: tuple[str, ...] | None = None
    for row in DIRECTORY_READERS[Path(path).suffix.lower()](Path(path), header_map):
        new_header = None if row.header == header else row.header
        header = row.header
        chars += sum(map(len, row.cells)) + sum(map(len, new_header or ()))
        # None stands for the header before; `_row` puts it back.
        batch.append(row._replace(header=new_header))  # type: ignore[arg-type]
        if len(batch) == BATCH_ROWS or chars >= BATCH_CHARS:
            yield batch
            batch, chars = [], 0
    yield batch

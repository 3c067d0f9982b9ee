"""The tasks of a reading process, each with its own imports: one that reads a table needs no other.

python -P -m ingest.reading.child
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ingest.sandbox.serving import Task, serve
from ingest.sandbox.shapes import plain

BATCH_ROWS = 256
BATCH_CHARS = 1_000_000
"""A part of an answer holds rows up to one of these, and the row that reaches it."""


def _article(arguments: Mapping[str, Any], content: bytes) -> Iterator[object]:
    from ingest.articles.readers import article_from_bytes

    article = article_from_bytes(
        content,
        arguments["suffix"],
        url=arguments["url"],
        declared_encoding=arguments["declared_encoding"],
    )
    yield plain(article)


def _pasted(_arguments: Mapping[str, Any], content: bytes) -> Iterator[object]:
    from ingest.articles.readers import pasted_article

    yield plain(pasted_article(content.decode("utf-8", "surrogatepass")))


def _feed(arguments: Mapping[str, Any], content: bytes) -> Iterator[object]:
    from ingest.articles.feeds import read_feed

    yield plain(read_feed(content, url=arguments["url"]))


def _feed_link(arguments: Mapping[str, Any], content: bytes) -> Iterator[object]:
    from ingest.articles.formats.html.page import feed_link
    from ingest.encodings import decoded

    yield feed_link(decoded(content, arguments["declared_encoding"]), arguments["url"])


def _case(arguments: Mapping[str, Any], _content: bytes) -> Iterator[object]:
    """Yields the case of a file or why it has none, and whether that is no fault."""
    from ingest.records.case_file import read_markdown
    from ingest.records.entries import NotInput

    try:
        for entry in read_markdown(Path(arguments["path"])):
            yield [plain(entry.record), plain(entry.reason), False]
    except NotInput as error:
        yield [None, plain(error.remark), True]


def _preview(arguments: Mapping[str, Any], _content: bytes) -> Iterator[object]:
    from ingest.directories.readers import preview

    looked_at = preview(
        Path(arguments["path"]),
        arguments["source"],
        arguments["choices"],
        persons_kept=arguments["persons_kept"],
    )
    yield plain(looked_at)


def _rows(arguments: Mapping[str, Any], _content: bytes) -> Iterator[object]:
    """Yields batches of rows; a header that is that of the row before is left out."""
    from ingest.directories.columns_of import HeaderMap
    from ingest.directories.readers import DIRECTORY_READERS

    path = Path(arguments["path"])
    header_map = HeaderMap(arguments["choices"], persons_kept=arguments["persons_kept"])
    batch: list[object] = []
    chars = 0
    header: tuple[str, ...] | None = None
    for row in DIRECTORY_READERS[path.suffix.lower()](path, header_map):
        notice = row.notice and plain(row.notice)
        new_header = None if row.header == header else list(row.header)
        header = row.header
        chars += sum(map(len, row.cells)) + sum(map(len, new_header or ()))
        batch.append(
            [row.number, new_header, list(row.cells), plain(row.reason), row.sheet, notice,
             list(row.persons)]
        )  # fmt: skip
        if len(batch) == BATCH_ROWS or chars >= BATCH_CHARS:
            yield batch
            batch, chars = [], 0
    yield batch


def _count(arguments: Mapping[str, Any], _content: bytes) -> Iterator[object]:
    from ingest.directories.readers import count_rows

    yield count_rows(Path(arguments["path"]))


def _photograph(_arguments: Mapping[str, Any], content: bytes) -> Iterator[object]:
    from kb.registers.pictures.encoding import photograph

    yield [[picture.name, picture.content.hex()] for picture in photograph(content)]


def _logo(_arguments: Mapping[str, Any], content: bytes) -> Iterator[object]:
    from kb.registers.pictures.encoding import logo

    picture = logo(content)
    yield [[picture.name, picture.content.hex()]]


TASKS: Mapping[str, Task] = {
    "article": _article,
    "pasted": _pasted,
    "feed": _feed,
    "feed_link": _feed_link,
    "case": _case,
    "preview": _preview,
    "rows": _rows,
    "count": _count,
    "photograph": _photograph,
    "logo": _logo,
}

if __name__ == "__main__":
    serve(TASKS)

"""Reading that only a reading process does: what has another form on its way back."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ingest.directories.preview import Preview

BATCH_ROWS = 256
BATCH_CHARS = 1_000_000
"""A part of an answer holds rows up to one of these, and the row that reaches it."""


def link_to_feed(content: bytes, url: str, declared_encoding: str) -> str:
    from ingest.articles.formats.html.page import feed_link
    from ingest.encodings import decoded

    return feed_link(decoded(content, declared_encoding), url)


def case(path: str) -> tuple[object, str, bool]:
    """The case of a file or why it has none, and whether that is no fault."""
    from ingest.case_files.markdown_reader import read_markdown
    from ingest.records.entries import NotInput

    try:
        (entry,) = read_markdown(Path(path))
    except NotInput as error:
        return None, error.remark, True
    return entry.record, entry.reason, False


def table_preview(
    path: str, source: str, choices: Mapping[str, str], persons_kept: bool
) -> "Preview":
    from ingest.directories.preview import preview

    return preview(Path(path), source, choices, persons_kept=persons_kept)


def row_count(path: str) -> int:
    from ingest.directories.readers import count_rows

    return count_rows(Path(path))


def rows(path: str, choices: Mapping[str, str], persons_kept: bool) -> Iterator[object]:
    """Yields batches of rows; a header that is that of the row before is left out."""
    from ingest.directories.columns_of import HeaderMap
    from ingest.directories.readers import DIRECTORY_READERS

    header_map = HeaderMap(choices, persons_kept=persons_kept)
    batch: list[object] = []
    chars = 0
    header: tuple[str, ...] | None = None
    for row in DIRECTORY_READERS[Path(path).suffix.lower()](Path(path), header_map):
        new_header = None if row.header == header else row.header
        header = row.header
        chars += sum(map(len, row.cells)) + sum(map(len, new_header or ()))
        batch.append(row._replace(header=new_header))  # type: ignore[arg-type]
        if len(batch) == BATCH_ROWS or chars >= BATCH_CHARS:
            yield batch
            batch, chars = [], 0
    yield batch

"""Directories of strangers, read in a process of its own: previews, rows, and how many there are.

The functions are those of `ingest.directories`. The rows of a directory come batch by batch,
however many they are: the process waits until the ones before are taken.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import cast

from ingest.directories.columns_of import NO_TARGETS, HeaderMap
from ingest.directories.readers import Preview, refuse_no_directory, remembered
from ingest.directories.table import DirectoryRow
from ingest.reading.documents import readers, table_limits
from ingest.sandbox.shapes import Misshapen, shaped
from kb.errors import InputError
from kb.knowledge_base import KnowledgeBase
from kb.remarks import Remark

_Texts = list[str]


def preview_of(
    path: Path,
    source: str = "",
    choices: Mapping[str, str] = NO_TARGETS,
    *,
    knowledge_base: KnowledgeBase | None = None,
    persons_kept: bool | None = None,
) -> Preview:
    """As `preview`, with what the base remembers of the source."""
    refuse_no_directory(path)
    known = remembered(path, source, choices, knowledge_base, persons_kept)
    arguments = {
        "path": str(path),
        "source": known.source,
        "choices": dict(known.choices),
        "persons_kept": known.persons_kept,
    }
    HeaderMap(known.choices)
    _refuse_closed(path)
    answer = readers().ask("preview", arguments, table_limits(path))
    try:
        return shaped(answer, Preview)
    except Misshapen:
        raise InputError("reading_crash") from None


def rows_of(path: Path, header_map: HeaderMap) -> Iterator[DirectoryRow]:
    """Reads the rows of a directory of any format, as `RowReader`."""
    _refuse_closed(path)
    arguments = {
        "path": str(path),
        "choices": dict(header_map.choices),
        "persons_kept": header_map.persons_kept,
    }
    header: tuple[str, ...] = ()
    for batch in readers().stream("rows", arguments, table_limits(path)):
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
    """As `count_rows`."""
    with suppress(InputError, OSError):
        return shaped(readers().ask("count", {"path": str(path)}, table_limits(path)), int)
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

"""Previews a directory: how its columns are read, and what its rows would become."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ingest.directories.columns_of import NO_TARGETS, HeaderMap, target_of
from ingest.directories.readers import DIRECTORY_READERS, count_rows
from ingest.directories.table import DirectoryRow, entry, objects_remark, persons_remark
from ingest.input_files import source_of
from ingest.records.entries import WHOLE_FILE, NotInput
from ingest.report import Note, sheet_of
from kb.errors import InputError
from kb.remarks import Remark

if TYPE_CHECKING:
    from kb.knowledge_base import KnowledgeBase

ROWS_LOOKED_AT = 1000
EXAMPLES = 3
_EXAMPLE_CHARS = 60
_MAX_PROBLEMS = 50


@dataclass(frozen=True, slots=True)
class PreviewedColumn:
    """A header, where its cells go, and the first values that differ.

    `target` is one of `ingest.directories.columns_of.TARGETS`, "fact" or "ignored"; `said`
    says whether a person chose it.
    """

    header: str
    target: str
    examples: tuple[str, ...]
    said: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """The outcome of reading the first rows of a directory. Nothing was changed.

    Of the `rows` looked at, `kept` would be kept, `failed` would fail, and the others would rightly
    be left out. `problems` are the first reasons. `total_estimate` is about how many rows there
    are; 0 when only reading them would tell.
    """

    file: str
    source: str
    columns: tuple[PreviewedColumn, ...]
    rows: int
    kept: int
    failed: int
    problems: tuple[Note, ...]
    total_estimate: int


def preview(
    path: Path,
    source: str = "",
    choices: Mapping[str, str] = NO_TARGETS,
    *,
    knowledge_base: "KnowledgeBase | None" = None,
    persons_kept: bool | None = None,
) -> Preview:
    """Reads the first rows of a directory as `ingest.pipeline.ingest` would.

    `choices` say by header how columns are to be read, in addition to those that the knowledge
    base remembers of the source, which is named after the file unless it has a name. `persons_kept`
    says whether contacts of persons are read; if it is None, as the base remembers.

    Raises:
        InputError: a choice cannot be used, or the file cannot be read.
        NotInput: the file is no directory of actors.
    """
    refuse_no_directory(path)
    reader = DIRECTORY_READERS[path.suffix.lower()]
    known = remembered(path, source, choices, knowledge_base, persons_kept)
    header_map = HeaderMap(known.choices, persons_kept=known.persons_kept, takes_any_header=True)
    seen = _RowsSeen(str(path), header_map)
    try:
        for row in islice(reader(path, header_map), ROWS_LOOKED_AT):
            if row.notice:
                seen.problems.append(Note(str(path), WHOLE_FILE, row.notice))
            else:
                seen.add(row)
    except InputError as error:
        if not seen.rows:
            raise
        seen.fail(WHOLE_FILE, error.remark)
    if seen.with_persons:
        left_out = Remark("persons_contacts_left_out", count=seen.with_persons)
        seen.problems.insert(0, Note(str(path), WHOLE_FILE, left_out))
    columns = tuple(seen.columns())
    headers = [column.header for column in columns]
    if seen.persons:
        remark = objects_remark(list(seen.persons))
        seen.problems.insert(0, Note(str(path), WHOLE_FILE, remark))
    persons = header_map.left_out_persons(headers)
    if persons:
        seen.problems.insert(0, Note(str(path), WHOLE_FILE, persons_remark(persons)))
    if not header_map.says_know_how(headers):
        seen.problems.insert(0, Note(str(path), WHOLE_FILE, Remark("no_know_how_column")))
    if not header_map.names_actors(headers):
        seen.problems.insert(0, Note(str(path), WHOLE_FILE, Remark("no_name_column")))
    return Preview(
        file=str(path),
        source=known.source,
        columns=columns,
        rows=seen.rows,
        kept=seen.kept,
        failed=seen.failed,
        problems=tuple(seen.problems),
        total_estimate=max(count_rows(path), seen.rows),
    )


class Remembered(NamedTuple):
    """A source's name, how its columns are read, and whether contacts of persons are."""

    source: str
    choices: Mapping[str, str]
    persons_kept: bool


def remembered(
    path: Path,
    source: str,
    choices: Mapping[str, str],
    knowledge_base: "KnowledgeBase | None",
    persons_kept: bool | None,
) -> Remembered:
    """Returns these, with what a base remembers of the source where nothing is given."""
    source = source or source_of(path)
    if knowledge_base is None:
        return Remembered(source, choices, bool(persons_kept))
    if persons_kept is None:
        persons_kept = knowledge_base.contact_choices.of(source).keeps_persons
    earlier = knowledge_base.column_choices.mapping(source)
    return Remembered(source, {**earlier, **choices}, persons_kept)


def refuse_no_directory(path: Path) -> None:
    """Refuses a file whose name is not that of a directory.

    Raises:
        NotInput: it is in another format.
    """
    if path.suffix.lower() not in DIRECTORY_READERS:
        raise NotInput("other_format", formats=", ".join(DIRECTORY_READERS))


class _RowsSeen:
    def __init__(self, file: str, header_map: HeaderMap) -> None:
        self.rows = 0
        self.kept = 0
        self.failed = 0
        self.with_persons = 0
        self.problems: list[Note] = []
        self.persons: dict[str, None] = {}
        self._file = file
        self._header_map = header_map
        self._examples: dict[str, list[str]] = {}
        self._header: tuple[str, ...] = ()
        self._seen_ids: dict[str, tuple[str, int]] = {}

    def add(self, row: DirectoryRow) -> None:
        self.rows += 1
        self._remember(row)
        self.persons |= dict.fromkeys(row.persons)
        found = entry(row, self._header_map)
        if found.record is None:
            if not found.left_out:
                self.failed += 1
            self._note(row.number, found.reason, row.sheet)
            return
        place = (row.sheet, row.number)
        first = self._seen_ids.setdefault(found.record.id, place)
        if first is not place:
            self.failed += 1
            taken = Remark("id_of_row", "id", id=found.record.id, row=_place(*first))
            self._note(row.number, taken, row.sheet)
        else:
            self.kept += 1
            self.with_persons += found.leaves_out_persons
            for remark in found.remarks:
                self._note(row.number, remark, row.sheet)

    def fail(self, row: int, reason: str) -> None:
        """Counts what cannot be read as a row: the file ends there for its reader."""
        self.rows += 1
        self.failed += 1
        self._note(row, reason)

    def columns(self) -> Iterator[PreviewedColumn]:
        # A table has one header, with as many columns as it has; JSON has one for each object.
        headers = self._header or tuple(self._examples)
        chosen = {header.casefold().strip() for header in self._header_map.choices}
        for header, column in zip(headers, self._header_map.columns(headers), strict=True):
            yield PreviewedColumn(
                header=header,
                target=target_of(column, persons_kept=self._header_map.persons_kept),
                examples=tuple(self._examples.get(header, ())),
                said=header.casefold().strip() in chosen,
            )

    def _note(self, row: int, reason: str, sheet: str = "") -> None:
        if len(self.problems) < _MAX_PROBLEMS:
            self.problems.append(Note(sheet_of(self._file, sheet), row, reason))

    def _remember(self, row: DirectoryRow) -> None:
        if row.reason:
            return
        is_first = not self._examples
        for header, cell in zip(row.header, row.cells, strict=True):
            examples = self._examples.setdefault(header, [])
            text = " ".join(cell.split())
            short = text if len(text) <= _EXAMPLE_CHARS else f"{text[: _EXAMPLE_CHARS - 1]}…"
            if short and len(examples) < EXAMPLES and short not in examples:
                examples.append(short)
        if is_first:
            self._header = row.header
        elif self._header != row.header:
            self._header = ()


def _place(sheet: str, row: int) -> str:
    return f"{row} ({sheet})" if sheet else str(row)


def table(columns: Sequence[PreviewedColumn]) -> Iterator[str]:
    """Yields the lines of a table of the columns, for a terminal."""
    rows = [("column", "is read as", "for example")]
    rows += [
        (
            column.header or "(no header)",
            f"{column.target}{' (said)' if column.said else ''}",
            " · ".join(column.examples),
        )
        for column in columns
    ]
    widths = [min(max(len(row[cell]) for row in rows), 40) for cell in (0, 1)]
    for header, target, examples in rows:
        line = f"  {header[:40]:<{widths[0]}}  {target:<{widths[1]}}  {examples}"
        yield line.rstrip()

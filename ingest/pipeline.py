"""The way in: files and folders, through their readers, into a knowledge base.

A record that cannot be kept never holds up the others: it is a line of the report. Ingesting
the same input again changes nothing.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from ingest.csv_reader import read_csv
from ingest.entries import WHOLE_FILE, Entry, NotInput, Reader
from ingest.json_reader import read_json, read_json_lines
from ingest.markdown_reader import read_markdown
from kb.errors import InputError
from kb.knowledge_base import KnowledgeBase, Outcome
from kb.models import Case, Kind, Record, kind_of

READERS: dict[str, Reader] = {
    ".csv": read_csv,
    ".tsv": read_csv,
    ".json": read_json,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".md": read_markdown,
    ".markdown": read_markdown,
}

_BATCH_RECORDS = 64


@dataclass(frozen=True, slots=True)
class Note:
    """What there is to say of one place of the input. `row` as in `Entry`."""

    file: str
    row: int
    reason: str

    def __str__(self) -> str:
        return f"{_place(self.file, self.row)}: {self.reason}"


@dataclass(slots=True)
class Report:
    """What a run did.

    `read` counts the records found, kept or not; `embedded` the passages that were embedded.
    `failures` are the records and files that were not kept, `skipped` the files of a folder that
    are no input, `remarks` what was kept but deserves a look. `pruned` says whether the records
    that the input no longer has were looked for, and `removed` counts them.
    """

    read: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    embedded: int = 0
    pruned: bool = False
    removed: int = 0
    failures: list[Note] = field(default_factory=list)
    skipped: list[Note] = field(default_factory=list)
    remarks: list[Note] = field(default_factory=list)


class _Found(NamedTuple):
    """A record and the place of the input where it was read."""

    record: Record
    file: str
    row: int


def _untold(_records: int) -> None:
    """Progress that nobody watches."""


def ingest(
    knowledge_base: KnowledgeBase,
    paths: Sequence[Path],
    *,
    progress: Callable[[int], object] = _untold,
    prune: bool = False,
) -> Report:
    """Puts the records of the files, and of the folders however deep, into the knowledge base.

    Args:
        knowledge_base: where the records go, a batch at a time.
        paths: files of the formats in `READERS`, and folders, where other files are skipped and
            so are hidden ones. A file that is met twice is read once.
        progress: called with the number of records read since the last call.
        prune: whether to remove, after a run without failure, the records that the input no
            longer has. A kind of record of which the input has none at all is left alone.

    Returns:
        The report. Of two records with one id, the first is kept and the second a failure.

    Raises:
        InputError: a path does not exist; nothing was read.
    """
    refuse_missing(paths)
    run = _Run(knowledge_base, progress)
    for path, is_named in _files(paths):
        run.read(path, is_named)
    run.finish(prune)
    return run.report


def refuse_missing(paths: Sequence[Path]) -> None:
    """Refuses paths that lead nowhere.

    Raises:
        InputError: a path does not exist.
    """
    for path in paths:
        if not path.exists():
            raise InputError(f"{path} does not exist")


class _Run:
    """One run: what was seen so far, what waits to be put, and the report that grows."""

    def __init__(self, knowledge_base: KnowledgeBase, progress: Callable[[int], object]) -> None:
        self.report = Report()
        self._knowledge_base = knowledge_base
        self._progress = progress
        self._places: dict[Kind, dict[str, str]] = {kind: {} for kind in Kind}
        self._mentions: list[tuple[str, Note]] = []
        self._waiting: list[_Found] = []

    def read(self, path: Path, is_named: bool) -> None:
        try:
            for entry in _reader(path)(path):
                self._take(entry, str(path))
        except NotInput as error:
            notes = self.report.failures if is_named else self.report.skipped
            notes.append(Note(str(path), WHOLE_FILE, str(error)))
        except InputError as error:
            self._fail(str(path), WHOLE_FILE, str(error))
        except OSError as error:
            self._fail(str(path), WHOLE_FILE, f"cannot be read: {error.strerror}")

    def finish(self, prune: bool) -> None:
        self._put_waiting()
        if prune and not self.report.failures:
            self._prune()
        known = self._knowledge_base.ids(Kind.ACTOR) if self._mentions else set()
        self.report.remarks += [note for actor_id, note in self._mentions if actor_id not in known]

    def _take(self, entry: Entry, file: str) -> None:
        self.report.read += 1
        self._progress(1)
        record = entry.record
        if record is None:
            self._fail(file, entry.row, entry.reason)
            return
        places = self._places[kind_of(record)]
        if record.id in places:
            first = places[record.id]
            self._fail(file, entry.row, f"id {record.id!r} was already given by {first}")
            return
        places[record.id] = _place(file, entry.row)
        self._waiting.append(_Found(record, file, entry.row))
        if len(self._waiting) == _BATCH_RECORDS:
            self._put_waiting()

    def _put_waiting(self) -> None:
        batch, self._waiting = self._waiting, []
        try:
            self._put(batch)
        except (InputError, ValueError):
            # The base keeps a batch or none of it: find the record that it refuses.
            for found in batch:
                try:
                    self._put([found])
                except (InputError, ValueError) as error:
                    self._fail(found.file, found.row, " ".join(str(error).split()))

    def _put(self, batch: Sequence[_Found]) -> None:
        if not batch:
            return
        records = [found.record for found in batch]
        outcomes = self._knowledge_base.put(records, self._count_embedded)
        self.report.added += outcomes.count(Outcome.ADDED)
        self.report.changed += outcomes.count(Outcome.CHANGED)
        self.report.unchanged += outcomes.count(Outcome.UNCHANGED)
        for found in batch:
            if isinstance(found.record, Case):
                self._note_mentions(found.record, found)

    def _count_embedded(self, passages: int) -> None:
        self.report.embedded += passages

    def _note_mentions(self, case: Case, found: _Found) -> None:
        for participant in case.participants:
            if participant.actor_id:
                reason = (
                    f"participant {participant.name!r} has the actor {participant.actor_id!r}, "
                    "which the knowledge base does not have"
                )
                self._mentions.append((participant.actor_id, Note(found.file, found.row, reason)))

    def _prune(self) -> None:
        for kind, places in self._places.items():
            if places:
                gone = self._knowledge_base.ids(kind) - places.keys()
                self.report.removed += self._knowledge_base.remove(kind, gone)
        self.report.pruned = True

    def _fail(self, file: str, row: int, reason: str) -> None:
        self.report.failures.append(Note(file, row, reason))


def _place(file: str, row: int) -> str:
    return file if row == WHOLE_FILE else f"{file}:{row}"


def _reader(path: Path) -> Reader:
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise NotInput(f"is none of {', '.join(READERS)}")
    return reader


def _files(paths: Sequence[Path]) -> Iterator[tuple[Path, bool]]:
    """The files to read in order, each once, and whether it was named rather than found."""
    met: set[Path] = set()
    for path in paths:
        is_named = not path.is_dir()
        for file in [path] if is_named else _files_below(path):
            if file.resolve() not in met:
                met.add(file.resolve())
                yield file, is_named


def _files_below(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(parent, name)
            if not name.startswith(".") and path.is_file():
                yield path

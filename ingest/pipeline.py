"""Reads files and folders into a knowledge base; what cannot be kept is a line of the report."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ingest.directories.columns_of import HeaderMap
from ingest.directories.readers import DIRECTORY_READERS, read_directory
from ingest.reading import count_of, entries_of, rows_of
from ingest.records.entries import WHOLE_FILE, Entry, NotInput, files, refuse_missing
from ingest.records.fields import short_line
from ingest.report import (
    MAX_NOTES,
    IngestReport,
    Note,
    Phase,
    SourceReport,
    Watch,
    place_in,
    sheet_of,
)
from kb.errors import InputError, UnknownRecord
from kb.knowledge_base import KnowledgeBase, Outcome
from kb.models import Actor, Case, Kind, Record, kind_of
from kb.reference.visibility import Visibility
from kb.remarks import Remark
from kb.resolution.merge_rules import MODERATION, SourceRow

if TYPE_CHECKING:
    from ingest.article_intake import ArticleIntake

CASE_SUFFIXES = (".md", ".markdown")
BATCH_RECORDS = 128  # of a transaction: texts of equal length meet, and no writer waits long


class _ReadRecord(NamedTuple):
    record: Record
    is_open: bool
    source: str
    file: str
    row: int

    def note(self, reason: str) -> Note:
        return Note(self.file, self.row, reason)


def ingest(
    knowledge_base: KnowledgeBase,
    paths: Sequence[Path],
    *,
    called: str = "",
    watch: Watch | None = None,
    prune: bool = False,
    by: str = "",
    source: str = "",
    choices: Mapping[str, str] | None = None,
    seen_by: Mapping[str, Visibility] | None = None,
    articles: "ArticleIntake | None" = None,
    addresses: Sequence[str] = (),
    on_warning: Callable[[Note], object] = lambda _note: None,
    changes: SourceReport | None = None,
) -> IngestReport:
    """Puts the records of files, and of folders however deep, into the knowledge base.

    `called` names a file in the report; `source` is that of each file or folder when empty.
    With `prune`, and without a failure, records go that neither the input nor another source
    has. `articles` takes `addresses` last, so that whom they mention is known; `changes` notes
    what differs.
    """
    refuse_missing(paths)
    refuse_unusable(source, choices or {})
    run = _Run(
        knowledge_base, called, watch or Watch(), by, articles, on_warning, seen_by or {}, changes
    )
    for path, is_named, found_source in files(paths):
        run.read(path, is_named, source or found_source, choices or {})
    run.finish(prune, addresses)
    if changes is not None:
        run.compare_listed(source)
    return run.report


def expected(paths: Sequence[Path]) -> int:
    """Estimates how many records and articles files and folders have; 0 if it is not known."""
    counts = [
        count_of(path) if path.suffix.lower() in DIRECTORY_READERS else 1
        for path, _, _ in files(paths)
    ]
    return sum(counts) if all(counts) else 0


def refuse_unusable(source: str, choices: Mapping[str, str]) -> None:
    if source == MODERATION:
        raise InputError("reserved_source", name=MODERATION)
    short_line(source, "source")
    HeaderMap(choices)


@dataclass
class _Run:
    base: KnowledgeBase
    called: str
    watch: Watch
    by: str
    articles: "ArticleIntake | None"
    on_warning: Callable[[Note], object]
    seen_by: Mapping[str, Visibility]
    changes: SourceReport | None
    report: IngestReport = field(init=False)
    _file: str = ""
    _article_files: list[tuple[Path, bool]] = field(default_factory=list)
    _case_ids: set[str] = field(default_factory=set)
    _actors: dict[str, dict[str, str]] = field(default_factory=dict)
    _cases: dict[str, str] = field(default_factory=dict)
    _header_maps: dict[str, HeaderMap] = field(default_factory=dict)
    _mentions: list[tuple[str, Note]] = field(default_factory=list)
    _waiting: list[_ReadRecord] = field(default_factory=list)
    _warned: int = 0

    def __post_init__(self) -> None:
        self.report = self.articles.report if self.articles else self.changes or IngestReport()

    def read(self, path: Path, is_named: bool, source: str, choices: Mapping[str, str]) -> None:
        file = self.called or str(path)
        self._begin(file)
        try:
            for entry in self._entries(path, source, choices):
                self._take(entry, source, file)
        except NotInput as error:
            if self.articles is not None and self.articles.takes(path, is_named=is_named):
                self._article_files.append((path, is_named))
                return
            kind = "failures" if is_named else "skipped"
            passed_over = "" if is_named or not self.articles else self.articles.passed_over(path)
            self.report.note(kind, Note(file, WHOLE_FILE, passed_over or error.remark))
        except InputError as error:
            self.report.note("failures", Note(file, WHOLE_FILE, error.remark))
        except OSError as error:
            reason = Remark("unreadable", reason=str(error.strerror))
            self.report.note("failures", Note(file, WHOLE_FILE, reason))

    def compare_listed(self, source: str) -> None:
        """Marks what the source lists no more; what it lists none of is left alone."""
        if any(note.row == WHOLE_FILE for note in self.report.failures):
            return
        unlisted = self.base.unlisted
        for name, seen_ids in self._actors.items():
            unlisted.compare_actors(name, seen_ids.__contains__)
        if self._case_ids:
            unlisted.compare_cases(source, self._case_ids)

    def finish(self, prune: bool, addresses: Sequence[str]) -> None:
        self._put_waiting()
        if self.articles is not None:
            for path, is_named in self._article_files:
                self._begin(str(path))
                self.articles.take_file(path, is_named=is_named)
            for url in addresses:
                self._begin(url)
                self.articles.take_url(url)
        if prune and not self.report.failed:
            self._prune()
        if self._actors:
            self.report.sources = sorted(self._actors)
            self.report.duplicates = self.base.duplicates.count(sources=self._actors)
        for actor_id, note in self._mentions:
            try:
                self.base.actor(actor_id)  # or the one that it was merged into
            except UnknownRecord:
                self.report.note("remarks", note)

    def _entries(self, path: Path, source: str, choices: Mapping[str, str]) -> Iterator[Entry]:
        if (suffix := path.suffix.lower()) in CASE_SUFFIXES:
            return entries_of(path)
        if suffix not in DIRECTORY_READERS:
            suffixes = self.articles.suffixes if self.articles else ()
            known = dict.fromkeys([*DIRECTORY_READERS, *CASE_SUFFIXES, *suffixes])
            raise NotInput("other_format", formats=", ".join(known))
        if source not in self._header_maps:
            self._header_maps[source] = self._header_map(source, choices)
        return read_directory(path, self._header_maps[source], self._warn, rows_of)

    def _header_map(self, source: str, choices: Mapping[str, str]) -> HeaderMap:
        before = self.base.contact_choices.of(source)
        if (choice := replace(before, **self.seen_by)) != before:
            self.base.begin_choice(source, choice)
        if self.base.choice_is_under_way():
            self.base.finish_choices()
        earlier = self.base.column_choices.mapping(source)
        if (together := {**earlier, **choices}) != earlier:
            self.base.column_choices.remember(source, together)
        return HeaderMap(together, persons_kept=choice.keeps_persons)

    def _begin(self, file: str) -> None:
        self._file = file
        self.watch.at(Phase.READING, file)

    def _warn(self, remark: Remark) -> None:
        note = Note(self._file, WHOLE_FILE, remark)
        if self._warned < MAX_NOTES:  # before those on rows, which may be many
            self.report.remarks.insert(self._warned, note)
            self._warned += 1
        self.on_warning(note)

    def _take(self, entry: Entry, source: str, file: str) -> None:
        self.report.read += 1
        self.watch.advance(1)
        record = entry.record
        file = sheet_of(file, entry.sheet)
        if record is None:
            kind = "skipped" if entry.left_out else "failures"
            self.report.note(kind, Note(file, entry.row, entry.reason))
            return
        seen_ids = self._cases
        if isinstance(record, Actor):
            seen_ids = self._actors.setdefault(source, {})
        place = place_in(file, entry.row)
        if (first := seen_ids.setdefault(record.id, place)) is not place:
            reason = Remark("id_given_twice", "id", id=record.id, place=first)
            self.report.note("failures", Note(file, entry.row, reason))
            return
        self.report.to_check += bool(entry.remarks)
        for remark in entry.remarks:
            self.report.note("remarks", Note(file, entry.row, remark))
        self._waiting.append(_ReadRecord(record, entry.is_open, source, file, entry.row))
        if len(self._waiting) == BATCH_RECORDS:
            self._put_waiting()

    def _put_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        for _, same in groupby(waiting, lambda each: (kind_of(each.record), each.source)):
            self._put_or_each(list(same))

    def _put_or_each(self, batch: Sequence[_ReadRecord]) -> None:
        try:
            self._put(batch)
        except (InputError, ValueError) as error:
            if len(batch) == 1:
                self.report.note("failures", batch[0].note(" ".join(str(error).split())))
                return
            for found in batch:
                self._put_or_each([found])

    def _put(self, batch: Sequence[_ReadRecord]) -> None:
        if actors := [each.record for each in batch if isinstance(each.record, Actor)]:
            pairs = zip(actors, batch, strict=True)
            rows = [SourceRow(actor, each.is_open) for actor, each in pairs]
            outcomes = self.base.begin_rows(batch[0].source, rows, by=self.by).put(
                self._count_embedded,
                on_changed=self.changes.add_change if self.changes else None,
                on_apart=lambda position, other: self._note_apart(batch[position], other),
            )
        else:
            cases = [each.record for each in batch if isinstance(each.record, Case)]
            known = self._published(cases) if self.changes else {}
            outcomes = self.base.ingest_cases(cases, self._count_embedded, by=self.by)
            self._case_ids |= {case.id for case in cases}
            for id_, case in self._published(cases).items() if self.changes else ():
                if self.changes and case != known.get(id_):
                    self.changes.add_change(known.get(id_), case)
        self._count(batch, outcomes)

    def _count(self, batch: Sequence[_ReadRecord], outcomes: Sequence[Outcome]) -> None:
        self.watch.at(Phase.READING, self._file)
        for found, outcome in zip(batch, outcomes, strict=True):
            if outcome is Outcome.WITHDRAWN:
                self._note_withdrawn(found)
                continue
            setattr(self.report, outcome, getattr(self.report, outcome) + 1)
            for part in found.record.participants if isinstance(found.record, Case) else ():
                if part.actor_id:
                    reason = Remark(
                        "unknown_participant", "participants", name=part.name, id=part.actor_id
                    )
                    self._mentions.append((part.actor_id, found.note(reason)))

    def _published(self, cases: Sequence[Case]) -> dict[str, Case]:
        found = {}
        for case in cases:
            with suppress(UnknownRecord):
                found[case.id] = self.base.case(case.id)
        return found

    def _count_embedded(self, passages: int) -> None:
        self.report.embedded += passages
        self.watch.at(Phase.EMBEDDING if passages else Phase.WRITING, self._file)
        self.watch.advance(0)  # who is to stop can do so here, too

    def _note_withdrawn(self, found: _ReadRecord) -> None:
        kind, id_ = kind_of(found.record), found.record.id
        how = "withdrawn"
        if withdrawal := self.base.withdrawal(kind, id_):
            by = f" by {withdrawal.by}" if withdrawal.by else ""
            how = f"{'erased' if withdrawal.erased else 'withdrawn'}{by} on {withdrawal.at[:10]}"
        reason = Remark("was_withdrawn", kind=kind, id=id_, how=how)
        self.report.note("remarks", found.note(reason))

    def _note_apart(self, found: _ReadRecord, other: Actor) -> None:
        name = found.record.name if isinstance(found.record, Actor) else ""
        reason = Remark("siret_of_another_name", "siret", other=other.name, name=name)
        self.report.note("remarks", found.note(reason))

    def _prune(self) -> None:
        base = self.base
        if self._actors:
            self.report.removed += base.prune(
                set(self._actors), lambda source, key: key in self._actors[source]
            )
        if self._cases:
            # What people contributed or corrected on the pages is in no file.
            spared = base.looked_after(Kind.CASE)
            if self.articles:
                spared |= self.articles.case_ids
            gone = {*base.ids(Kind.CASE)} - spared - {*self._cases}
            self.report.removed += base.remove(Kind.CASE, gone)
        self.report.pruned = True

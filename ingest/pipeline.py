"""Reads files and folders into a knowledge base.

A record that cannot be kept never holds up the others: it is a line of the report. Ingesting
the same input again changes nothing. Files are read as they are put: how large they are does not
matter.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ingest.changes import Changes
from ingest.directories.columns_of import HeaderMap
from ingest.directories.readers import DIRECTORY_READERS, read_directory
from ingest.input_files import files, refuse_missing
from ingest.pace import AtPlace, Phase, nowhere
from ingest.reading import count_of, entries_of, rows_of
from ingest.records.entries import WHOLE_FILE, Entry, NotInput
from ingest.records.fields import short_line
from ingest.report import IngestReport, Note, place_in, sheet_of, unwatched
from ingest.slices import SlicesUnderWay
from kb.errors import InputError, UnknownRecord
from kb.knowledge_base import KnowledgeBase, Outcome, RowSlice
from kb.models import Actor, Case, Kind, Record, kind_of
from kb.reference.visibility import Visibility
from kb.remarks import Remark
from kb.resolution.merge_rules import MODERATION, SourceRow

if TYPE_CHECKING:
    from ingest.article_intake import ArticleIntake

READERS: dict[str, Callable[[Path], Iterator[Entry]]] = {
    ".md": entries_of,
    ".markdown": entries_of,
}

BATCH_RECORDS = 128
"""Records of a transaction: enough that texts of equal length meet at the encoder, and not so many
that another writer waits long."""


class _ReadRecord(NamedTuple):
    record: Record
    is_open: bool
    source: str
    file: str
    row: int

    def note(self, reason: str) -> Note:
        return Note(self.file, self.row, reason)


def _kind_and_source(found: _ReadRecord) -> tuple[Kind, str]:
    return kind_of(found.record), found.source


def ingest(
    knowledge_base: KnowledgeBase,
    paths: Sequence[Path],
    *,
    progress: Callable[[int], object] = unwatched,
    at: AtPlace = nowhere,
    prune: bool = False,
    by: str = "",
    source: str = "",
    choices: Mapping[str, str] | None = None,
    seen_by: Mapping[str, Visibility] | None = None,
    articles: "ArticleIntake | None" = None,
    addresses: Sequence[str] = (),
    on_warning: Callable[[Note], object] = lambda _note: None,
    changes: Changes | None = None,
) -> IngestReport:
    """Puts the records of files, and of folders however deep, into the knowledge base.

    Args:
        knowledge_base: where the records go, a batch at a time.
        paths: files of the formats in `DIRECTORY_READERS` and `READERS`, and folders, where other
            files are skipped and so are hidden ones. A file that is met twice is read once.
        progress: called with the number of records read since the last call.
        at: called with each phase that begins, and its file.
        prune: whether to remove, after a run without failure, the records that the input no
            longer has. A kind of record of which the input has none at all is left alone, and so
            are the actors that other sources tell of.
        by: the account that asks for it.
        source: the name of the source of the actors; when empty, each file or folder of `paths` is
            a source of its own, by its name.
        choices: by header, how columns are read (`ingest.directories.columns_of`):
            remembered for the source, in addition to earlier choices.
        seen_by: who sees the contacts of the sources, by what `ContactChoice` says of them;
            remembered likewise.
        articles: takes in the files that are articles, after all others, so that whom they
            mention is known; without it, they are no input. Its report is the one returned.
        addresses: addresses of articles and feeds, taken in likewise.
        on_warning: called with each remark of the report on a directory as a whole, before the
            rows that it is about are put.
        changes: takes up what is new or different, where one source is read again; what it lists
            no more is then marked (`kb.registers.records.rereading`), unless a file failed.

    Returns:
        The report. Of two records of a source with the same id, the first is kept, and the second
        is a failure.

    Raises:
        InputError: a path does not exist, or a choice or the source's name cannot be used;
            nothing was read.
    """
    refuse_missing(paths)
    refuse_unusable(source, choices or {})
    run = _Run(knowledge_base, progress, at, by, articles, on_warning, seen_by or {}, changes)
    with closing(run):
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
    """Refuses a name that no source may have, and choices of columns that cannot be followed.

    Raises:
        InputError: the name or a choice is refused.
    """
    if source == MODERATION:
        raise InputError("reserved_source", name=MODERATION)
    short_line(source, "source")
    HeaderMap(choices)


class _Run:
    """The state of a run: the ids seen, the records that wait to be put, and the report."""

    def __init__(
        self,
        knowledge_base: KnowledgeBase,
        progress: Callable[[int], object],
        at: AtPlace,
        by: str,
        articles: "ArticleIntake | None",
        on_warning: Callable[[Note], object],
        seen_by: Mapping[str, Visibility],
        changes: Changes | None,
    ) -> None:
        self.report = articles.report if articles else IngestReport()
        self._articles = articles
        self._article_files: list[tuple[Path, bool]] = []
        self._knowledge_base = knowledge_base
        self._progress = progress
        self._at = at
        self._file = ""
        self._changes = changes
        self._case_ids: set[str] = set()
        self._by = by
        self._on_warning = on_warning
        self._seen_by = seen_by
        self._actors: dict[str, dict[str, tuple[str, int]]] = {}
        self._cases: dict[str, tuple[str, int]] = {}
        self._header_maps: dict[str, HeaderMap] = {}
        self._mentions: list[tuple[str, Note]] = []
        self._waiting: list[_ReadRecord] = []
        self._slices = SlicesUnderWay(self._put_actors_or_each, self._watch)

    def close(self) -> None:
        """Ends what is under way, wherever the run ends."""
        self._slices.close()

    def read(self, path: Path, is_named: bool, source: str, choices: Mapping[str, str]) -> None:
        self._begin(str(path))
        try:
            for entry in self._entries(path, source, choices):
                self._take(entry, source, str(path))
        except NotInput as error:
            if self._articles is not None and self._articles.takes(path, is_named=is_named):
                self._article_files.append((path, is_named))
                return
            kind = "failures" if is_named else "skipped"
            passed_over = "" if is_named or not self._articles else self._articles.passed_over(path)
            self.report.note(kind, Note(str(path), WHOLE_FILE, passed_over or error.remark))
        except InputError as error:
            self._fail(str(path), WHOLE_FILE, error.remark)
        except OSError as error:
            self._fail(str(path), WHOLE_FILE, Remark("unreadable", reason=str(error.strerror)))

    def compare_listed(self, source: str) -> None:
        """Marks what the source lists no more; what it lists none of is left alone."""
        if any(note.row == WHOLE_FILE for note in self.report.failures):
            return
        unlisted = self._knowledge_base.unlisted
        for name, seen_ids in self._actors.items():
            unlisted.compare_actors(name, seen_ids.__contains__)
        if self._case_ids:
            unlisted.compare_cases(source, self._case_ids)

    def finish(self, prune: bool, addresses: Sequence[str]) -> None:
        self._put_waiting()
        self._slices.finish()
        if self._articles is not None:
            for path, is_named in self._article_files:
                self._begin(str(path))
                self._articles.take_file(path, is_named=is_named)
            for url in addresses:
                self._begin(url)
                self._articles.take_url(url)
        if prune and not self.report.failed:
            self._prune()
        if self._actors:
            self.report.sources = sorted(self._actors)
            self.report.duplicates = self._knowledge_base.duplicates.count(sources=self._actors)
        known = {id_: self._is_known(id_) for id_ in {id_ for id_, _ in self._mentions}}
        for actor_id, note in self._mentions:
            if not known[actor_id]:
                self.report.note("remarks", note)

    def _entries(self, path: Path, source: str, choices: Mapping[str, str]) -> Iterator[Entry]:
        suffix = path.suffix.lower()
        if suffix in READERS:
            return READERS[suffix](path)
        if suffix not in DIRECTORY_READERS:
            known = (*DIRECTORY_READERS, *READERS)
            if self._articles is not None:
                known += tuple(kind for kind in self._articles.suffixes if kind not in READERS)
            raise NotInput("other_format", formats=", ".join(known))
        if source not in self._header_maps:
            self._header_maps[source] = _header_map(
                self._knowledge_base, source, choices, self._seen_by
            )
        return read_directory(
            path, self._header_maps[source], partial(self._warn, str(path)), rows_of
        )

    def _begin(self, file: str) -> None:
        self._file = file
        self._at(Phase.READING, file)

    def _warn(self, file: str, remark: Remark) -> None:
        note = Note(file, WHOLE_FILE, remark)
        self.report.note("remarks", note)
        self._on_warning(note)

    def _take(self, entry: Entry, source: str, file: str) -> None:
        self.report.read += 1
        self._progress(1)
        record = entry.record
        file = sheet_of(file, entry.sheet)
        if record is None:
            kind = "skipped" if entry.left_out else "failures"
            self.report.note(kind, Note(file, entry.row, entry.reason))
            return
        seen_ids = self._cases
        if isinstance(record, Actor):
            seen_ids = self._actors.setdefault(source, {})
        place = (file, entry.row)
        first = seen_ids.setdefault(record.id, place)
        if first is not place:
            reason = Remark("id_given_twice", "id", id=record.id, place=place_in(*first))
            self._fail(file, entry.row, reason)
            return
        for remark in entry.remarks:
            self.report.note("remarks", Note(file, entry.row, remark))
        self._waiting.append(_ReadRecord(record, entry.is_open, source, file, entry.row))
        if len(self._waiting) == BATCH_RECORDS:
            self._put_waiting()

    def _put_waiting(self) -> None:
        batch, self._waiting = self._waiting, []
        for (kind, source), same in groupby(batch, _kind_and_source):
            found = list(same)
            if kind is Kind.ACTOR:
                self._slices.add(self._rows(source, found), found)
            else:
                self._slices.finish()
                self._put_cases_or_each(found)

    def _rows(self, source: str, batch: Sequence[_ReadRecord]) -> RowSlice:
        rows = [
            SourceRow(found.record, found.is_open)
            for found in batch
            if isinstance(found.record, Actor)
        ]
        return self._knowledge_base.begin_rows(source, rows, by=self._by)

    def _put_actors_or_each(self, rows: RowSlice, batch: Sequence[_ReadRecord]) -> None:
        try:
            self._put_actors(rows, batch)
        except (InputError, ValueError):
            # The base keeps a slice or none of it: find the record that it refuses.
            for found in batch:
                try:
                    self._put_actors(self._rows(found.source, [found]), [found])
                except (InputError, ValueError) as error:
                    self._note_refused(found, error)

    def _put_cases_or_each(self, batch: Sequence[_ReadRecord]) -> None:
        try:
            self._put_cases(batch)
        except (InputError, ValueError):
            for found in batch:
                try:
                    self._put_cases([found])
                except (InputError, ValueError) as error:
                    self._note_refused(found, error)

    def _note_refused(self, found: _ReadRecord, error: Exception) -> None:
        self.report.note("failures", found.note(" ".join(str(error).split())))

    def _put_actors(self, rows: RowSlice, batch: Sequence[_ReadRecord]) -> None:
        outcomes = rows.put(
            self._count_embedded,
            on_changed=self._changes.add if self._changes else None,
            on_apart=lambda position, other: self._note_apart(batch[position], other),
        )
        self._count(batch, outcomes)

    def _put_cases(self, batch: Sequence[_ReadRecord]) -> None:
        cases = [found.record for found in batch if isinstance(found.record, Case)]
        base = self._knowledge_base
        known = self._published(cases) if self._changes else {}
        outcomes = base.ingest_cases(cases, self._count_embedded, by=self._by)
        self._case_ids |= {case.id for case in cases}
        if self._changes:
            for id_, case in self._published(cases).items():
                if case != known.get(id_):
                    self._changes.add(known.get(id_), case)
        self._count(batch, outcomes)

    def _count(self, batch: Sequence[_ReadRecord], outcomes: Sequence[Outcome]) -> None:
        self._at(Phase.READING, self._file)
        self.report.added += outcomes.count(Outcome.ADDED)
        self.report.completed += outcomes.count(Outcome.COMPLETED)
        self.report.changed += outcomes.count(Outcome.CHANGED)
        self.report.unchanged += outcomes.count(Outcome.UNCHANGED)
        for found, outcome in zip(batch, outcomes, strict=True):
            if outcome is Outcome.WITHDRAWN:
                self._note_withdrawn(found)
            elif isinstance(found.record, Case):
                self._note_mentions(found.record, found)

    def _published(self, cases: Sequence[Case]) -> dict[str, Case]:
        found = {}
        for case in cases:
            with suppress(UnknownRecord):
                found[case.id] = self._knowledge_base.case(case.id)
        return found

    def _count_embedded(self, passages: int) -> None:
        self.report.embedded += passages
        self._at(Phase.EMBEDDING if passages else Phase.WRITING, self._file)
        self._progress(0)  # who is to stop can do so here, too

    def _watch(self) -> None:
        """Tells, while the encoder is waited for, that nothing else is done."""
        self._at(Phase.EMBEDDING, self._file)
        self._progress(0)

    def _note_withdrawn(self, found: _ReadRecord) -> None:
        kind = Kind.CASE if isinstance(found.record, Case) else Kind.ACTOR
        withdrawal = self._knowledge_base.withdrawal(kind, found.record.id)
        how = "withdrawn"
        if withdrawal:
            by = f" by {withdrawal.by}" if withdrawal.by else ""
            how = f"{'erased' if withdrawal.erased else 'withdrawn'}{by} on {withdrawal.at[:10]}"
        reason = Remark("was_withdrawn", kind=kind, id=found.record.id, how=how)
        self.report.note("remarks", found.note(reason))

    def _note_apart(self, found: _ReadRecord, other: Actor) -> None:
        name = found.record.name if isinstance(found.record, Actor) else ""
        reason = Remark("siret_of_another_name", "siret", other=other.name, name=name)
        self.report.note("remarks", found.note(reason))

    def _note_mentions(self, case: Case, found: _ReadRecord) -> None:
        for participant in case.participants:
            if participant.actor_id:
                reason = Remark(
                    "unknown_participant",
                    "participants",
                    name=participant.name,
                    id=participant.actor_id,
                )
                self._mentions.append((participant.actor_id, found.note(reason)))

    def _is_known(self, actor_id: str) -> bool:
        """Whether an actor has the id, or was merged into one."""
        try:
            self._knowledge_base.actor(actor_id)
        except UnknownRecord:
            return False
        return True

    def _prune(self) -> None:
        base = self._knowledge_base
        if self._actors:
            self.report.removed += base.prune(
                set(self._actors), lambda source, key: key in self._actors[source]
            )
        if self._cases:
            # What people contributed or corrected on the pages is in no file.
            spared = base.looked_after(Kind.CASE)
            if self._articles:
                spared |= self._articles.case_ids
            gone = {
                case_id for case_id in base.ids(Kind.CASE) - spared if case_id not in self._cases
            }
            self.report.removed += base.remove(Kind.CASE, gone)
        self.report.pruned = True

    def _fail(self, file: str, row: int, reason: str) -> None:
        self.report.note("failures", Note(file, row, reason))


def _header_map(
    knowledge_base: KnowledgeBase,
    source: str,
    choices: Mapping[str, str],
    seen_by: Mapping[str, Visibility],
) -> HeaderMap:
    """Returns the map of a source's columns, by earlier choices and these, which are remembered."""
    before = knowledge_base.contact_choices.of(source)
    choice = replace(before, **seen_by)
    if choice != before:
        knowledge_base.begin_choice(source, choice)
    if knowledge_base.choice_is_under_way():
        knowledge_base.finish_choices()
    earlier = knowledge_base.column_choices.mapping(source)
    together = {**earlier, **choices}
    if together != earlier:
        knowledge_base.column_choices.remember(source, together)
    return HeaderMap(together, persons_kept=choice.keeps_persons)

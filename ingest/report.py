"""The report of an ingest, and how it goes on."""

import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path

import click

from ingest.records.entries import WHOLE_FILE
from kb.models import Case, Kind, Record, kind_of
from kb.registers.clock import seconds_left
from kb.registers.records.rereading import Unlisted
from kb.remarks import shortened

MAX_NOTES = 1000  # most notes of a kind that a report holds; further notes are only counted
MAX_VALUE_CHARS = 160
_UNTOLD_VALUES = frozenset({"phone", "email", "address", "contact"})
"""Fields whose values no report holds: it outlives a choice of who may see them."""
_NO_FIELDS = frozenset({"id", "members_only"})


@dataclass(frozen=True, slots=True)
class Note:
    file: str
    row: int
    reason: str

    def __str__(self) -> str:
        return f"{place_in(self.file, self.row)}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Drafted:
    file: str
    title: str
    draft_id: str
    case_id: str = ""

    def __str__(self) -> str:
        if self.case_id:
            return f"{self.file}: {self.title} → case {self.case_id}"
        return f"{self.file}: {self.title} → draft {self.draft_id}, waiting for a moderator"


@dataclass(slots=True)
class IngestReport:
    """Counts and notes of a run.

    `completed` counts records that added to an actor of other sources, `embedded` passages,
    `to_check` those that are kept with a remark, `duplicates` undecided pairs of the `sources`,
    `untold` notes beyond the room of their list.
    `pruned` says whether records were looked for that the input no longer has.
    """

    read: int = 0
    added: int = 0
    completed: int = 0
    changed: int = 0
    unchanged: int = 0
    embedded: int = 0
    pruned: bool = False
    removed: int = 0
    to_check: int = 0
    duplicates: int = 0
    sources: list[str] = field(default_factory=list)
    failures: list[Note] = field(default_factory=list)
    skipped: list[Note] = field(default_factory=list)
    remarks: list[Note] = field(default_factory=list)
    known: list[Note] = field(default_factory=list)
    drafts: list[Drafted] = field(default_factory=list)
    untold: dict[str, int] = field(default_factory=dict)

    @property
    def failed(self) -> int:
        return len(self.failures) + self.untold.get("failures", 0)

    def note(self, kind: str, note: Note) -> None:
        """Adds to `failures`, `skipped`, `remarks` or `known`, if there is room."""
        notes: list[Note] = getattr(self, kind)
        if len(notes) < MAX_NOTES:
            notes.append(note)
        else:
            self.untold[kind] = self.untold.get(kind, 0) + 1


def place_in(file: str, row: int) -> str:
    """Names a row of a file in a message: `actors.csv:12`, or the file alone for all of it."""
    return file if row == WHOLE_FILE else f"{file}:{row}"


def sheet_of(file: str, sheet: str) -> str:
    """Names a sheet of a workbook in a message: `actors.xlsx (Members)`, or the file alone."""
    return f"{file} ({sheet})" if sheet else file


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field of a record that changed. `fact:` and a header name a fact; values may be cut."""

    field: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class RecordChange:
    """A record that is new, without `fields`, or that changed in these fields."""

    kind: Kind
    id: str
    name: str
    is_new: bool
    fields: tuple[FieldChange, ...] = ()


@dataclass(slots=True)
class SourceReport(IngestReport):
    """What a reading of a source did: its new and changed records, and those no more listed."""

    is_same: bool = False
    changes: list[RecordChange] = field(default_factory=list)
    gone: list[Unlisted] = field(default_factory=list)

    def add_change(self, before: Record | None, after: Record) -> None:
        if len(self.changes) == MAX_NOTES:
            self.untold["changes"] = self.untold.get("changes", 0) + 1
            return
        name = after.title if isinstance(after, Case) else after.name
        changed = () if before is None else changed_fields(before, after)
        self.changes.append(RecordChange(kind_of(after), after.id, name, before is None, changed))

    @property
    def problem(self) -> str:
        kept = self.added + self.completed + self.changed + self.unchanged
        if kept or self.drafts or self.known or not self.failures:
            return ""
        whole = [note for note in self.failures if note.row == WHOLE_FILE]
        return (whole or self.failures)[0].reason


def changed_fields(before: Record, after: Record) -> tuple[FieldChange, ...]:
    old, new = _values(before), _values(after)
    return tuple(
        FieldChange(name)
        if name in _UNTOLD_VALUES
        else FieldChange(name, _cut(old.get(name, "")), _cut(new.get(name, "")))
        for name in {**new, **old}
        if old.get(name, "") != new.get(name, "")
    )


def _values(record: Record) -> dict[str, str]:
    values: dict[str, str] = {}
    for name in (each.name for each in fields(record)):
        value = getattr(record, name)
        if isinstance(value, Mapping):
            values |= {f"fact:{header}": str(fact) for header, fact in value.items()}
        elif isinstance(record, Case) and name == "participants":
            values[name] = " | ".join(f"{part.name} ({part.role})" for part in record.participants)
        elif name not in _NO_FIELDS:
            values[name] = " | ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return values


def _cut(text: str) -> str:
    return shortened(" ".join(text.split()), MAX_VALUE_CHARS)


SAID_EVERY_S = 10.0  # time between two lines of the log
WINDOW_S = 60  # the time over which the rate is the mean


class Phase(StrEnum):
    READING = "reading"
    EMBEDDING = "embedding"
    WRITING = "writing"


class Watch:
    """Follows an ingest; this one ignores it. `advance` may raise, to end it."""

    def expect(self, _count: int) -> None:
        """Takes up how many records there are; 0 if it is not known."""

    def at(self, _phase: Phase, _file: str) -> None:
        """Takes up the phase that begins, and the file or address that it is about."""

    def advance(self, _count: int = 1) -> None:
        """Takes up the number of records read since the last call."""


class Pace(Watch):
    """Where an ingest is, and how fast it goes. `total` is 0 as long as it is not known."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.done = 0
        self.total = 0
        self.phase = Phase.READING
        self.file = ""
        self._clock = clock
        self._marks = deque([(clock(), 0)], maxlen=WINDOW_S)  # at most one a second
        self._said_at = clock()

    def expect(self, count: int) -> None:
        self.total = count

    def at(self, phase: Phase, file: str) -> None:
        self.phase, self.file = phase, file

    def advance(self, count: int = 1) -> None:
        self.done += count
        moment = self._clock()
        if moment - self._marks[-1][0] >= 1:
            self._marks.append((moment, self.done))

    @property
    def per_second(self) -> float:
        since, done = self._marks[0]
        seconds = self._clock() - since
        return (self.done - done) / seconds if seconds >= 1 else 0.0

    def line(self) -> str:
        """Says where it is: file, record of how many, rate, time left, phase."""
        rate, left = self.per_second, seconds_left(self.done, self.total, self.per_second)
        parts = [
            f"{self.file}: " if self.file else "",
            f"record {self.done:,}",
            f" of {max(self.total, self.done):,}" if self.total else "",
            f", {rate:,.1f} records/s" if rate else "",
            f", {_duration(left)} left" if left else "",
            f", {self.phase}",
        ]
        return "".join(parts)

    def due_line(self) -> str:
        """The line, if one has not been said for a while; else nothing."""
        if self._clock() - self._said_at < SAID_EVERY_S:
            return ""
        self._said_at = self._clock()
        return self.line()


def _duration(seconds: float) -> str:
    """A time in its two largest units: "2 h 05 min", "3 min", "40 s"."""
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60:02} min"
    return f"{minutes} min" if minutes else f"{rest} s"


class IngestProgress(Pace):
    """Shows on standard error how far an ingest is, of `total` records; 0 if it is not known."""

    def __init__(self, total: int) -> None:
        from tqdm import tqdm

        super().__init__()
        self.total = total
        # `disable=None` shows the bar on a terminal only.
        self._bar = tqdm(total=total or None, unit=" records", disable=None, leave=False)

    def close(self) -> None:
        self._bar.close()

    def advance(self, count: int = 1) -> None:
        super().advance(count)
        self._bar.update(count)
        line = self.due_line() if self._bar.disable else ""
        if line:
            click.echo(line, err=True)

    def at(self, phase: Phase, file: str) -> None:
        super().at(phase, file)
        self._bar.set_description_str(f"{Path(file).name}, {phase}", refresh=False)

    def write(self, line: str) -> None:
        self._bar.write(line, file=sys.stderr)

"""Locations: where the sources are that are read again, how often, and how it went last.

A source is looked for at its `location`. What is kept of the last reading (`Validators`) tells
whether anything is new there.
"""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from kb.errors import InputError, UnknownRecord
from kb.models import Kind
from kb.registers.clock import now
from kb.remarks import Remark, kept_remark, restored_remark
from kb.resolution.merge_rules import MODERATION
from kb.store.connection import StoreRow
from kb.store.database import dataclass_of
from kb.store.pool import StorePool
from kb.store.store import Store

MANY_FAILURES = 3
"""Failures in a row after which people are told that a source cannot be read."""

MAX_NAME_CHARS = 100


class Interval(StrEnum):
    """How often a source is read again."""

    DAY = "day"
    WEEK = "week"


@dataclass(frozen=True, slots=True)
class Validators:
    """What is kept of a reading, to know at the next whether anything is new.

    `address` is the address that was fetched, which may be that of a page's feed; `form` is what
    was there ("directory", "feed" or "page"; empty for files). `etag` and `last_modified` are as
    the server gave them, `digest` is a hash of the content, `choices` one of how it was read.
    """

    address: str = ""
    form: str = ""
    etag: str = ""
    last_modified: str = ""
    digest: str = ""
    choices: str = ""


@dataclass(frozen=True, slots=True)
class SourceLocation:
    """Where a source is: `location` is a web address or an absolute path of this machine.

    `tried_at` is when a reading was last begun or put into the queue, `read_at` when one last
    succeeded; both are empty before. `failures` counts the readings that failed since, and
    `problem` is the line of the last.
    """

    name: str
    location: str
    every: Interval
    added_by: str
    added_at: str
    tried_at: str
    read_at: str
    failures: int
    problem: str
    validators: Validators

    @property
    def fails(self) -> bool:
        """Whether it failed so often that people are to look at it."""
        return self.failures >= MANY_FAILURES


class SourceLocations:
    """The register of the sources that are read again."""

    def __init__(self, stores: StorePool) -> None:
        self._stores = stores

    def add(self, name: str, location: str, every: Interval, *, by: str = "") -> SourceLocation:
        """Registers a source under a name of its own.

        Raises:
            InputError: the name cannot be used, or the name or the location is registered.
        """
        name = " ".join(name.split())
        if name in {"", MODERATION} or len(name) > MAX_NAME_CHARS or not name.isprintable():
            raise InputError("reserved_source", "name", name=name)
        with self._stores.lend() as store, store.writing():
            for known in _all(store):
                if known.name == name:
                    raise InputError("source_name_taken", "name", name=name)
                if known.location == location:
                    raise InputError(
                        "location_taken", "location", location=location, name=known.name
                    )
            store.insert(
                "source_locations",
                {
                    "name": name,
                    "location": location,
                    "every": every.value,
                    "added_by": by,
                    "added_at": now(),
                    "tried_at": "",
                    "read_at": "",
                    "failures": 0,
                    "problem": "",
                    **asdict(Validators()),
                },
            )
            return _get(store, name)

    def get(self, name: str) -> SourceLocation:
        """The source of this name, or `UnknownRecord`."""
        with self._stores.lend() as store:
            return _get(store, name)

    def list(self) -> list[SourceLocation]:
        """Every source that is read again, by name."""
        with self._stores.lend() as store:
            return _all(store)

    def failing(self) -> Sequence[SourceLocation]:
        """The sources that people are to look at, because they fail again and again."""
        return [location for location in self.list() if location.fails]

    def remove(self, name: str) -> None:
        """Forgets where a source is; what was read of it stays.

        Raises:
            UnknownRecord: no such source is registered.
        """
        with self._stores.lend() as store, store.writing():
            _get(store, name)
            store.execute("delete from source_locations where name = ?", [name])

    def take(self, location: SourceLocation, at: str = "") -> bool:
        """Notes that a reading begins; returns whether no other process did so before.

        `at` is the time, as `kb.registers.clock` writes it; now when empty.
        """
        with self._stores.lend() as store, store.writing():
            taken = store.execute(
                "update source_locations set tried_at = ? where name = ? and tried_at = ?"
                " returning name",
                [at or now(), location.name, location.tried_at],
            ).fetchone()
        return taken is not None

    def succeeded(self, location: SourceLocation, validators: Validators) -> None:
        """Notes that a source was read; `validators` are for its next reading.

        Does nothing if the source has been removed meanwhile, or is elsewhere now.
        """
        values = {**asdict(validators), "read_at": now(), "failures": 0, "problem": ""}
        columns = ", ".join(f"{column} = :{column}" for column in values)
        with self._stores.lend() as store, store.writing():
            store.execute(
                f"update source_locations set {columns}"  # noqa: S608 (ours)
                " where name = :name and location = :location",
                {**values, "name": location.name, "location": location.location},
            )

    def failed(self, name: str, problem: str) -> None:
        """Notes that a source could not be read, and why: a line, or better a remark."""
        with self._stores.lend() as store, store.writing():
            # A page may have a new feed: its own address is looked at again.
            store.execute(
                "update source_locations set failures = failures + 1, problem = ?, address = '',"
                " etag = '', last_modified = '' where name = ?",
                [json.dumps(kept_remark(problem), ensure_ascii=False), name],
            )


def _all(store: Store) -> list[SourceLocation]:
    rows = store.execute("select * from source_locations order by name").fetchall()
    return [_location(row) for row in rows]


def _get(store: Store, name: str) -> SourceLocation:
    row = store.execute("select * from source_locations where name = ?", [name]).fetchone()
    if row is None:
        raise UnknownRecord(Remark("unregistered_source", name=name))
    return _location(row)


def _location(row: StoreRow) -> SourceLocation:
    return dataclass_of(
        SourceLocation,
        row,
        every=Interval(row["every"]),
        problem=restored_remark(json.loads(row["problem"])) if row["problem"] else "",
        validators=dataclass_of(Validators, row),
    )


@dataclass(frozen=True, slots=True)
class Unlisted:
    """A published record that a source no longer lists, and since when."""

    kind: Kind
    id: str
    name: str
    since: str


class UnlistedRecords:
    """The register of what sources no longer list."""

    def __init__(self, stores: StorePool) -> None:
        self._stores = stores

    def of(self, source: str) -> list[Unlisted]:
        """The published records that a source no longer lists, the latest first."""
        with self._stores.lend() as store:
            rows = store.execute(
                "select distinct 'actor' as kind, actors.id, name, unlisted_at as since"
                " from statements join actors on actors.id = statements.actor_id"
                " where source = :source and unlisted_at != ''"
                " union all select 'case', cases.id, title, unlisted_at"
                " from inputs join cases on cases.id = inputs.case_id"
                " where source = :source and unlisted_at != ''"
                " order by since desc, name",
                {"source": source},
            ).fetchall()
        return [Unlisted(Kind(row[0]), row[1], row[2], row[3]) for row in rows]

    def has_listed(self, source: str) -> bool:
        """Whether a source listed a record when it was last read whole."""
        with self._stores.lend() as store:
            (found,) = store.execute(
                "select exists (select 1 from statements"
                " where source = :source and unlisted_at = '')"
                " or exists (select 1 from inputs where source = :source and unlisted_at = '')",
                {"source": source},
            ).fetchone()
        return bool(found)

    def compare_actors(self, source: str, keeps: Callable[[str], bool]) -> None:
        """Marks the actors of a source that was read whole; `keeps` tells of an id of its own."""
        with self._stores.lend() as store, store.writing():
            rows = store.execute(
                "select key, unlisted_at != '' from statements where source = ?", [source]
            )
            changed = [key for key, is_unlisted in rows if keeps(key) == bool(is_unlisted)]
            store.executemany(
                "update statements set unlisted_at = ? where source = ? and key = ?",
                [("" if keeps(key) else now(), source, key) for key in changed],
            )

    def compare_cases(self, source: str, case_ids: Collection[str]) -> None:
        """Marks the cases of a source that was read whole; it lists those with these ids."""
        with self._stores.lend() as store, store.writing():
            store.executemany(
                "update inputs set source = ?, unlisted_at = '' where case_id = ?",
                [(source, case_id) for case_id in case_ids],
            )
            rows = store.execute(
                "select case_id from inputs where source = ? and unlisted_at = ''", [source]
            ).fetchall()
            gone = {row[0] for row in rows} - set(case_ids)
            store.executemany(
                "update inputs set unlisted_at = ? where case_id = ?",
                [(now(), case_id) for case_id in gone],
            )

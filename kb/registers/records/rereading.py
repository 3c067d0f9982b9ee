"""The locations of sources that are read again, how often, and how it went last."""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from kb.errors import InputError, UnknownRecord
from kb.models import Kind
from kb.registers.clock import now
from kb.registers.register import Register, as_json, columns_of, row_as
from kb.remarks import Remark, kept_remark, restored_remark
from kb.resolution.merge_rules import MODERATION
from kb.store.connection import StoreRow
from kb.store.store import Store

MANY_FAILURES = 3  # failures in a row after which people are told that a source cannot be read
MAX_NAME_CHARS = 100


class Interval(StrEnum):
    DAY = "day"
    WEEK = "week"


@dataclass(frozen=True, slots=True)
class Validators:
    """What is kept of a reading, to know at the next whether anything is new."""

    address: str = ""  # that was fetched, and may be that of a page's feed
    form: str = ""  # "directory", "feed" or "page"
    etag: str = ""
    last_modified: str = ""
    digest: str = ""
    choices: str = ""  # a hash of how it was read


@dataclass(frozen=True, slots=True)
class SourceLocation:
    """A source at a web address or a path; `failures` counts readings since one succeeded."""

    name: str
    location: str
    every: Interval
    added_by: str
    added_at: str
    tried_at: str = ""
    read_at: str = ""
    failures: int = 0
    problem: str = ""
    validators: Validators = Validators()

    @property
    def fails(self) -> bool:
        return self.failures >= MANY_FAILURES


class SourceLocations(Register):
    def add(self, name: str, location: str, every: Interval, *, by: str = "") -> SourceLocation:
        name = " ".join(name.split())
        if name in {"", MODERATION} or len(name) > MAX_NAME_CHARS or not name.isprintable():
            raise InputError("reserved_source", "name", name=name)
        added = SourceLocation(name, location, every, by, now())
        with self._writing() as store:
            for other in _all(store):
                if other.name == name:
                    raise InputError("source_name_taken", "name", name=name)
                if other.location == location:
                    raise InputError(
                        "location_taken", "location", location=location, name=other.name
                    )
            row = columns_of(added, but=["validators"]) | asdict(added.validators)
            store.insert("source_locations", row)
        return added

    def get(self, name: str) -> SourceLocation:
        with self._stores.lend() as store:
            return _get(store, name)

    def list(self) -> list[SourceLocation]:
        with self._stores.lend() as store:
            return _all(store)

    def failing(self) -> Sequence[SourceLocation]:
        return [location for location in self.list() if location.fails]

    def remove(self, name: str) -> None:
        with self._writing() as store:
            _get(store, name)
            store.execute("delete from source_locations where name = ?", [name])

    def take(self, location: SourceLocation, at: str = "") -> bool:
        """Notes that a reading begins; False if another process was first."""
        with self._writing() as store:
            taken = store.execute(
                "update source_locations set tried_at = ? where name = ? and tried_at = ?",
                [at or now(), location.name, location.tried_at],
            )
            return taken.rowcount > 0

    def succeeded(self, location: SourceLocation, validators: Validators) -> None:
        """Notes that a source was read, unless it was removed or is elsewhere now."""
        values = {**asdict(validators), "read_at": now(), "failures": 0, "problem": ""}
        key = {"name": location.name, "location": location.location}
        with self._writing() as store:
            store.update("source_locations", key, values)

    def failed(self, name: str, problem: str) -> None:
        # A page may have a new feed: its own address is looked at again.
        self._write(
            "update source_locations set failures = failures + 1, problem = ?, address = '',"
            " etag = '', last_modified = '' where name = ?",
            [as_json(kept_remark(problem)), name],
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
    problem = restored_remark(json.loads(row["problem"])) if row["problem"] else ""
    validators = row_as(Validators, row)
    return row_as(SourceLocation, row, problem=problem, validators=validators)


@dataclass(frozen=True, slots=True)
class Unlisted:
    kind: Kind
    id: str
    name: str
    since: str


class UnlistedRecords(Register):
    def of(self, source: str) -> list[Unlisted]:
        return self._read(
            Unlisted,
            "select distinct 'actor' as kind, actors.id, name, unlisted_at as since"
            " from statements join actors on actors.id = statements.actor_id"
            " where source = :source and unlisted_at != ''"
            " union all select 'case', cases.id, title, unlisted_at"
            " from inputs join cases on cases.id = inputs.case_id"
            " where source = :source and unlisted_at != ''"
            " order by since desc, name",
            {"source": source},
        )

    def has_listed(self, source: str) -> bool:
        return any(
            self._rows(
                f"select 1 from {table} where source = ? and unlisted_at = '' limit 1",  # noqa: S608
                [source],
            )
            for table in ("statements", "inputs")
        )

    def compare_actors(self, source: str, keeps: Callable[[str], bool]) -> None:
        """Marks the actors that a source, read whole, no longer has; `keeps` tells by its ids."""
        with self._writing() as store:
            rows = store.execute(
                "select key, unlisted_at != '' from statements where source = ?", [source]
            )
            changed = [key for key, is_unlisted in rows if keeps(key) == bool(is_unlisted)]
            store.executemany(
                "update statements set unlisted_at = ? where source = ? and key = ?",
                [("" if keeps(key) else now(), source, key) for key in changed],
            )

    def compare_cases(self, source: str, case_ids: Collection[str]) -> None:
        """Marks the cases of a source, read whole, but those with these ids."""
        with self._writing() as store:
            store.executemany(
                "update inputs set source = ?, unlisted_at = '' where case_id = ?",
                [(source, case_id) for case_id in case_ids],
            )
            store.run(
                "update inputs set unlisted_at = :at where source = :source and unlisted_at = ''"
                " and case_id not in :values",
                case_ids,
                at=now(),
                source=source,
            )

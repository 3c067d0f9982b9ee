"""Personal data: found and erased where a person asks for it, and forgotten when it is old."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from kb.address import UPLOADS
from kb.editorial.commit import Change, commit
from kb.indexing.faiss_index import LiveIndex
from kb.indexing.indexer import Indexer
from kb.models import Kind, Record, kind_of
from kb.registers.kept_files import KeptFiles
from kb.registers.personal_data.keeping import (
    PersonalFinding,
    erase_thing,
    find_person,
    forget_old,
    take_words_out,
)
from kb.registers.personal_data.naming import pattern_of, read_column, without
from kb.registers.personal_data.traits import PersonalKind, Retention
from kb.store.pool import StorePool
from kb.store.record_json import record_from_json, record_to_json
from kb.store.store import SqliteStore, Store
from kb.whole_file import delete_abandoned


@dataclass(kw_only=True)
class _Redaction(Change):
    """Takes what a pattern finds out of the records, and out of every other text."""

    pattern: re.Pattern[str]
    from_sources: bool = True
    changed: int = 0

    def plan(self, store: Store) -> Sequence[Record]:
        records = [
            record
            for kind in Kind
            for record in store.records(kind, store.ids(kind)).values()
            if self.pattern.search(read_column(record_to_json(record)))
        ]
        plain = [(record, _without(self.pattern, record)) for record in records]
        return [after for before, after in plain if after != before]

    def apply(self, store: Store) -> None:
        self.changed = take_words_out(store, self.pattern)
        if self.changed:
            store.mark_for_scrubbing()


class Unreached(StrEnum):
    ASIDE = "aside"  # what a restored backup replaced
    UNDER_WAY = "under_way"  # a copy that a living process makes, such as a backup
    UPLOAD = "upload"  # a file that waits for its job, or to be deleted after it


class PersonalData:
    def __init__(
        self,
        stores: StorePool,
        indexer: Indexer,
        index: LiveIndex,
        erase_record: Callable[[Kind, str, str], None],
    ) -> None:
        self._stores = stores
        self._indexer = indexer
        self._index = index
        self._erase_record = erase_record

    def find(self, term: str) -> Sequence[PersonalFinding]:
        pattern = pattern_of(term)
        with self._stores.lend() as store, store.reading():
            return find_person(store, pattern)

    def unreached(self) -> Sequence[tuple[Unreached, str]]:
        folder = self._index.folder
        left = [(Unreached.UNDER_WAY, str(path)) for path in delete_abandoned(folder)]
        uploads = [path.relative_to(folder).as_posix() for path in folder.glob(f"{UPLOADS}/*/*")]
        with self._stores.lend() as store:
            aside = [(Unreached.ASIDE, name) for name in store.bases_aside()]
            if not isinstance(store, SqliteStore):
                uploads += KeptFiles(self._stores).names(f"{UPLOADS}/")
        return [*aside, *left, *((Unreached.UPLOAD, name) for name in sorted(uploads))]

    def erase(self, kind: PersonalKind, id: str, *, by: str) -> None:
        if kind in {PersonalKind.ACTOR, PersonalKind.CASE}:
            self._erase_record(Kind(kind.value), id, by)
            return
        with self._stores.lend() as store:
            with store.writing():
                erase_thing(store, kind, id)
                store.mark_for_scrubbing()
            self._index.scrub(store)

    def take_out(self, term: str, *, by: str) -> int:
        """Takes words out of every text but ids and accounts' names; returns how many rows change.

        Where they stood, "[…]" stands; a contact that has them goes.
        """
        change = _Redaction(pattern=pattern_of(term), by=by)
        with self._stores.lend() as store:
            commit(store, self._indexer, change)
            if change.changed:
                self._index.scrub(store)
        return change.changed

    def forget_old(self, retention: Retention, at: str = "") -> int:
        """Deletes what is older than it is kept; cleans the files of interrupted erasures."""
        with self._stores.lend() as store:
            with store.writing():
                count = forget_old(store, retention, at)
            delete_abandoned(self._index.folder)
            if store.is_to_be_scrubbed():
                self._index.scrub(store)
            elif count:
                store.truncate_wal()
            store.tend()
        return count


def _without(pattern: re.Pattern[str], record: Record) -> Record:
    plain = without(pattern, json.loads(record_to_json(record)))
    return record_from_json(kind_of(record), json.dumps(plain))

"""Unlisted records: what a source described before and no longer lists.

Nothing is deleted for it: a moderator decides. A record that the source lists again is unlisted
no more.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from kb.models import Kind
from kb.registers.clock import now
from kb.store.pool import StorePool


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

"""Ageing actors: the published actors that nothing confirmed for long."""

from collections.abc import Sequence
from dataclasses import dataclass

from kb.store.pool import StorePool


@dataclass(frozen=True, slots=True)
class AgeingActor:
    """A published actor with the time when it last changed."""

    id: str
    name: str
    changed: str


class AgeingActors:
    """The actors that did not change for long, and that no source was read for since."""

    def __init__(self, stores: StorePool) -> None:
        self._stores = stores

    def count(self, before: str) -> int:
        """Returns how many actors neither changed nor were read again since a day."""
        with self._stores.lend() as store:
            (count,) = store.execute(
                f"select count(*) {_AGEING}",
                {"before": before},
            ).fetchone()
        return int(count)

    def oldest(self, before: str, limit: int) -> Sequence[AgeingActor]:
        """Returns the first `limit` of them, those that changed longest ago first."""
        with self._stores.lend() as store:
            rows = store.execute(
                f"select id, name, updated_at {_AGEING} order by updated_at, id limit :limit",
                {"before": before, "limit": limit},
            ).fetchall()
        return [AgeingActor(*row) for row in rows]


# An actor whose source was read since was confirmed, if the source still lists it.
_AGEING = (
    "from actors where updated_at < :before and not exists ("
    "select 1 from statements join source_locations on source_locations.name = statements.source"
    " where statements.actor_id = actors.id and unlisted_at = '' and read_at >= :before)"
)

"""The register of pairs: a need and an offer that may fit, and what a moderator made of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from kb.errors import UnknownRecord
from kb.registers.clock import now, today
from kb.store.connection import StoreRow
from kb.store.database import dataclass_of
from kb.store.pool import StorePool


class PairState(StrEnum):
    """Proposed by the program; told to both by a moderator, or set aside."""

    PROPOSED = "proposed"
    TOLD = "told"
    SET_ASIDE = "set_aside"


@dataclass(frozen=True, slots=True)
class NoticePair:
    """A need and an offer, by their ids, and how close they are (`kb.matching.closeness`)."""

    need_id: str
    offer_id: str
    closeness: float
    state: PairState
    by: str
    at: str


class NoticePairs:
    """The register of pairs."""

    def __init__(self, stores: StorePool) -> None:
        self._stores = stores

    def propose(self, pairs: Iterable[tuple[str, str, float]]) -> None:
        """Notes needs and offers (ids) with their closeness; what is decided stays decided."""
        with self._stores.lend() as store, store.writing():
            store.executemany(
                'insert into notice_pairs (need_id, offer_id, closeness, state, "by", "at")'
                " values (?, ?, ?, 'proposed', '', ?) on conflict (need_id, offer_id)"
                " do update set closeness = excluded.closeness",
                [(*pair, now()) for pair in pairs],
            )

    def forget_proposals(self, notice_id: str) -> None:
        """Takes back the proposals with a notice, whose words have changed."""
        with self._stores.lend() as store, store.writing():
            store.execute(
                "delete from notice_pairs where state = 'proposed' and ? in (need_id, offer_id)",
                [notice_id],
            )

    def proposed(self) -> Sequence[NoticePair]:
        """The pairs to decide on, whose notices are both open, closest first."""
        with self._stores.lend() as store:
            rows = store.execute(
                "select p.* from notice_pairs p"
                " join notices n on n.id = p.need_id join notices o on o.id = p.offer_id"
                " where p.state = 'proposed' and n.state = 'published' and o.state = 'published'"
                " and (n.until = '' or n.until >= :today) and (o.until = '' or o.until >= :today)"
                " order by p.closeness desc, p.need_id, p.offer_id",
                {"today": today()},
            ).fetchall()
        return [_pair(row) for row in rows]

    def told_with(self, notice_id: str) -> Sequence[str]:
        """The ids of the notices that were told with a notice, closest first."""
        with self._stores.lend() as store:
            rows = store.execute(
                "select * from notice_pairs where state = 'told' and ? in (need_id, offer_id)"
                " order by closeness desc, need_id, offer_id",
                [notice_id],
            ).fetchall()
        return [row["offer_id"] if row["need_id"] == notice_id else row["need_id"] for row in rows]

    def decide(self, need_id: str, offer_id: str, state: PairState, *, by: str) -> NoticePair:
        """Tells both of a pair, or sets it aside; raises `UnknownRecord` if it is none."""
        with self._stores.lend() as store:
            with store.writing():
                store.execute(
                    'update notice_pairs set state = ?, "by" = ?, "at" = ?'
                    " where need_id = ? and offer_id = ?",
                    [state.value, by, now(), need_id, offer_id],
                )
            row = store.execute(
                "select * from notice_pairs where need_id = ? and offer_id = ?", [need_id, offer_id]
            ).fetchone()
        if row is None:
            raise UnknownRecord("These two notices are no pair.")
        return _pair(row)


def _pair(row: StoreRow) -> NoticePair:
    return dataclass_of(NoticePair, row, state=PairState(row["state"]))

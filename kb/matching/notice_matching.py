"""Notices that belong together: needs and offers that fit, and those that are much the same."""

from collections.abc import Callable, Iterable, Sequence

from kb.matching.closeness import FITTING, NoticeCloseness
from kb.reference.flows import Flow
from kb.registers.board.notice import Notice, NoticePairs
from kb.registers.board.notices import Notices
from kb.text.folding import fold

MOST_PROPOSED = 5
"""How many pairs are proposed for a notice at most, when it is published."""


class NoticeMatching:
    """Finds the open notices that fit a notice. `closeness` gives what measures them."""

    def __init__(
        self, notices: Notices, pairs: NoticePairs, closeness: Callable[[], NoticeCloseness]
    ) -> None:
        self._notices = notices
        self._pairs = pairs
        self._closeness = closeness

    def propose(self, notice: Notice) -> None:
        """Proposes pairs of needs with offers or shares to moderators, never of one owner."""
        self._pairs.forget_proposals(notice.id)
        seeks = notice.content.flow is Flow.SEEKS
        flows = (Flow.OFFERS, Flow.SHARES) if seeks else (Flow.SEEKS,)
        others = (one for one in self._open(flows) if not _same_owner(notice, one))
        fitting = self._closest(notice, others)[:MOST_PROPOSED]
        self._pairs.propose(
            (notice.id, other.id, value) if seeks else (other.id, notice.id, value)
            for other, value in fitting
        )

    def similar(self, notice: Notice, most: int) -> Sequence[Notice]:
        """Returns the open notices of the same flow that are close to a notice, closest first."""
        others = (one for one in self._open([notice.content.flow]) if one.id != notice.id)
        return [other for other, _ in self._closest(notice, others)[:most]]

    def _open(self, flows: Sequence[Flow]) -> Sequence[Notice]:
        return self._notices.public(flows=flows).notices

    def _closest(self, notice: Notice, others: Iterable[Notice]) -> list[tuple[Notice, float]]:
        found = list(others)
        if not found:
            return []
        values = self._closeness().to_each(
            notice.content.wordings, [other.content.wordings for other in found]
        )
        fitting = [pair for pair in zip(found, values, strict=True) if pair[1] >= FITTING]
        return sorted(fitting, key=lambda pair: (-pair[1], pair[0].id))


def _same_owner(notice: Notice, other: Notice) -> bool:
    """Whether two notices are of one account, one e-mail address, or one who asks."""
    pairs = (
        (notice.owner, other.owner),
        (notice.told_at.lower(), other.told_at.lower()),
        (fold(notice.content.asker), fold(other.content.asker)),
    )
    return any(one and one == another for one, another in pairs)

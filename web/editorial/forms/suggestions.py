"""What a text suggests beside the participations of a form, each organisation once."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Self

from ingest.records.fields import folded
from kb.registers.drafts import ProposedParticipation
from web.editorial.forms.participations import ParticipationRow


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An organisation that may have taken part: the numbers of its rows in the form, surest first.

    It has a row for each role.
    """

    name: str
    actor_id: str
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Rows of a form that are not kept, and come from proposals.

    `organisations` are those that take no part yet, surest first. `also` has the further roles of
    those that do, by the number of their first row.
    """

    organisations: Sequence[Suggestion]
    also: Mapping[int, Sequence[int]]

    @property
    def waiting(self) -> frozenset[int]:
        """The numbers of all rows that are not kept and come from proposals."""
        groups = [*(organisation.rows for organisation in self.organisations), *self.also.values()]
        return frozenset(chain.from_iterable(groups))

    @classmethod
    def of(
        cls, rows: Sequence[ParticipationRow], proposals: Sequence[ProposedParticipation]
    ) -> Self:
        kept: dict[str, int] = {}
        for number, row in enumerate(rows):
            if not is_suggested(row, proposals):
                for key in _keys(row):
                    kept.setdefault(key, number)
        waiting: dict[str, list[int]] = {}
        also: dict[int, list[int]] = defaultdict(list)
        by_confidence = sorted(
            (number for number, row in enumerate(rows) if is_suggested(row, proposals)),
            key=lambda number: -proposals[rows[number].proposal].confidence,
        )
        for number in by_confidence:
            keys = _keys(rows[number])
            if taken := [kept[key] for key in keys if key in kept]:
                also[min(taken)].append(number)
                continue
            group = next((waiting[key] for key in keys if key in waiting), [])
            group.append(number)
            waiting |= dict.fromkeys(keys, group)
        groups = {id(group): group for group in waiting.values()}.values()
        return cls([_suggestion(rows, group) for group in groups], also)


def is_suggested(row: ParticipationRow, proposals: Sequence[ProposedParticipation]) -> bool:
    """Whether a row only stands for a proposal that nobody has accepted."""
    return not row.kept and 0 <= row.proposal < len(proposals)


def _keys(row: ParticipationRow) -> list[str]:
    """By what rows of one organisation are known: its entry and its name."""
    return [f"{kind} {key}" for kind, key in (("id", row.actor_id), ("n", folded(row.name))) if key]


def _suggestion(rows: Sequence[ParticipationRow], group: Sequence[int]) -> Suggestion:
    actor_id = next((rows[number].actor_id for number in group if rows[number].actor_id), "")
    return Suggestion(rows[group[0]].name, actor_id, tuple(group))

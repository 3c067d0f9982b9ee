"""A knowledge base in a dictionary: what this room asks of a real one, and no more."""

from collections.abc import Callable, Collection, Sequence

from kb.errors import InputError
from kb.hits import Filters
from kb.knowledge_base import KnowledgeBase, Outcome
from kb.models import Actor, Case, Kind, Record, kind_of


class MemoryKnowledgeBase(KnowledgeBase):
    """Embeds nothing, and says that each added or changed record had one passage embedded."""

    def __init__(self, *records: Record, refused: Collection[str] = ()) -> None:
        self.records: dict[tuple[Kind, str], Record] = {}
        self.batches: list[int] = []
        self._refused = refused
        self.put(records)

    def put(
        self,
        records: Sequence[Record],
        on_embedded: Callable[[int], None] | None = None,
        *,
        by: str = "",
        note: str = "",
    ) -> list[Outcome]:
        self.batches.append(len(records))
        if any(record.id in self._refused for record in records):
            raise InputError("cannot be\nembedded")
        outcomes = [self._put(record) for record in records]
        if on_embedded:
            on_embedded(sum(outcome is not Outcome.UNCHANGED for outcome in outcomes))
        return outcomes

    def _put(self, record: Record) -> Outcome:
        key = (kind_of(record), record.id)
        known = self.records.get(key)
        self.records[key] = record
        if known is None:
            return Outcome.ADDED
        return Outcome.UNCHANGED if known == record else Outcome.CHANGED

    def ids(self, kind: Kind) -> set[str]:
        return {record_id for each, record_id in self.records if each is kind}

    def remove(self, kind: Kind, ids: Collection[str]) -> int:
        return len([self.records.pop((kind, record_id)) for record_id in ids])

    def actors(self, filters: Filters = Filters()) -> Sequence[Actor]:
        return [record for record in self.records.values() if isinstance(record, Actor)]

    def cases(self, filters: Filters = Filters()) -> Sequence[Case]:
        return [record for record in self.records.values() if isinstance(record, Case)]

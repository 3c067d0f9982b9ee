"""A knowledge base in a dictionary, with the methods that this room uses."""

from collections.abc import Callable, Collection, Mapping, Sequence

from kb.errors import UnknownRecord
from kb.indexing.indexer import OnEmbedded
from kb.knowledge_base import KnowledgeBase, Outcome, RowSlice
from kb.models import Actor, Case, Kind, Record, kind_of
from kb.reference.visibility import ContactChoice
from kb.registers.records.duplicates import Duplicates, DuplicateState
from kb.registers.records.sources import ColumnChoices, ContactChoices
from kb.resolution.merge_rules import SourceRow
from kb.search.results import Filters


class MemoryKnowledgeBase(KnowledgeBase):
    """Embeds nothing, and says that each added or changed record had one passage embedded.

    What a source tells is the record, under the source's own id.
    """

    def __init__(self, *records: Record, refused: Collection[str] = ()) -> None:
        self.records: dict[tuple[Kind, str], Record] = {}
        self.batches: list[int] = []
        self.column_choices = MemoryColumnChoices()
        self.duplicates = NoDuplicates()
        self.contact_choices = MemoryContactChoices()
        self._refused = refused
        self.put(records)

    def put(
        self,
        records: Sequence[Record],
        on_embedded: OnEmbedded | None = None,
        *,
        by: str = "",
        note: str = "",
    ) -> list[Outcome]:
        self.batches.append(len(records))
        if any(record.id in self._refused for record in records):
            raise ValueError("cannot be\nembedded")
        outcomes = [self._put(record) for record in records]
        if on_embedded:
            on_embedded(sum(outcome is not Outcome.UNCHANGED for outcome in outcomes))
        return outcomes

    def begin_rows(
        self, source: str, rows: Sequence[SourceRow], *, by: str = ""
    ) -> "MemoryRowSlice":
        return MemoryRowSlice(self, [row.actor for row in rows])

    def ingest_cases(
        self,
        cases: Sequence[Case],
        on_embedded: OnEmbedded | None = None,
        *,
        by: str = "",
    ) -> list[Outcome]:
        return self.put(cases, on_embedded)

    def choice_is_under_way(self) -> bool:
        return False

    def prune(self, sources: Collection[str], keeps: Callable[[str, str], bool]) -> int:
        gone = {
            actor_id
            for actor_id in self.ids(Kind.ACTOR)
            if not any(keeps(source, actor_id) for source in sources)
        }
        return self.remove(Kind.ACTOR, gone)

    def generation(self, kind: Kind) -> str:
        return str(hash(tuple(id(record) for record in self.records.values())))

    def actor(self, actor_id: str) -> Actor:
        record = self.records.get((Kind.ACTOR, actor_id))
        if not isinstance(record, Actor):
            raise UnknownRecord(actor_id)
        return record

    def _put(self, record: Record) -> Outcome:
        key = (kind_of(record), record.id)
        known = self.records.get(key)
        self.records[key] = record
        if known is None:
            return Outcome.ADDED
        return Outcome.UNCHANGED if known == record else Outcome.CHANGED

    def ids(self, kind: Kind) -> set[str]:
        return {record_id for each, record_id in self.records if each is kind}

    def looked_after(self, kind: Kind) -> set[str]:
        return set()

    def remove(self, kind: Kind, ids: Collection[str]) -> int:
        return len([self.records.pop((kind, record_id)) for record_id in ids])

    def actors(self, filters: Filters = Filters()) -> Sequence[Actor]:
        return [record for record in self.records.values() if isinstance(record, Actor)]

    def cases(self, filters: Filters = Filters()) -> Sequence[Case]:
        return [record for record in self.records.values() if isinstance(record, Case)]


class NoDuplicates(Duplicates):
    def __init__(self) -> None:
        """No pair of actors may be one."""

    def count(
        self, state: DuplicateState = DuplicateState.OPEN, sources: Collection[str] = ()
    ) -> int:
        return 0


class MemoryColumnChoices(ColumnChoices):
    def __init__(self) -> None:
        self.mappings: dict[str, Mapping[str, str]] = {}

    def mapping(self, name: str) -> Mapping[str, str]:
        return self.mappings.get(name, {})

    def remember(self, name: str, mapping: Mapping[str, str]) -> None:
        self.mappings[name] = mapping


class MemoryContactChoices(ContactChoices):
    def __init__(self) -> None:
        pass

    def of(self, source: str) -> ContactChoice:
        return ContactChoice()


class MemoryRowSlice(RowSlice):
    """Rows on their way into a base in a dictionary, where nothing is prepared."""

    def __init__(self, base: MemoryKnowledgeBase, actors: Sequence[Actor]) -> None:
        self._base = base
        self._actors = actors

    def prepare(self, after: Sequence[RowSlice] = ()) -> None:
        """Nothing is encoded."""

    def encode(self) -> None:
        """Nothing is encoded."""

    def put(
        self,
        on_embedded: OnEmbedded | None = None,
        *,
        on_changed: Callable[[Actor | None, Actor], object] | None = None,
        on_apart: Callable[[int, Actor], object] | None = None,
    ) -> list[Outcome]:
        return self._base.put(self._actors, on_embedded)

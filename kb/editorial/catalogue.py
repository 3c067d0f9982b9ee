"""The catalogue: the published records, by id, filter and story."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, cast

from kb.errors import UnknownRecord, WithdrawnRecord
from kb.indexing.faiss_index import LiveIndex
from kb.indexing.indexer import Indexer
from kb.models import Actor, Case, Kind, Record
from kb.registers.records import versions
from kb.remarks import Remark
from kb.search.boosts.case_matching import one_edition_each
from kb.search.results import Filters
from kb.store.pool import StorePool
from kb.store.records import RecordOfKind, in_order
from kb.store.store import Store
from kb.text.folding import fold
from kb.text.organisation_name import analyse_name


@dataclass(frozen=True, slots=True)
class ThemeCount:
    name: str
    actors: int
    cases: int


@dataclass(frozen=True, slots=True)
class ThemeLanguages:
    by_key: Mapping[str, str]

    def of(self, theme: str) -> str:
        return self.by_key.get(fold(theme), "")


@dataclass(frozen=True, slots=True)
class Listing(Generic[RecordOfKind]):
    """A page of records, in the order of their ids; `total` counts those of all pages."""

    records: Sequence[RecordOfKind]
    total: int
    is_last: bool


class Catalogue:
    def __init__(self, stores: StorePool, indexer: Indexer, index: LiveIndex) -> None:
        self._stores = stores
        self._indexer = indexer
        self._index = index
        self._languages: tuple[tuple[str, ...], ThemeLanguages] = ((), ThemeLanguages({}))

    def actor(self, actor_id: str) -> Actor:
        with self._stores.lend() as store, store.reading():
            return cast("Actor", published(store, Kind.ACTOR, kept_id(store, actor_id)))

    def actors_by_id(self, actor_ids: Collection[str]) -> Mapping[str, Actor]:
        """Returns actors, also those that an id was merged into, by the id asked for."""
        with self._stores.lend() as store, store.reading():
            redirects = versions.redirects_of(store, actor_ids)
            found = store.actors({*actor_ids, *redirects.values()})
        last = {id_: id_ if id_ in found else redirects.get(id_, id_) for id_ in actor_ids}
        return {id_: found[last_id] for id_, last_id in last.items() if last_id in found}

    def case(self, case_id: str) -> Case:
        with self._stores.lend() as store, store.reading():
            return cast("Case", published(store, Kind.CASE, case_id))

    def actors(self, filters: Filters = Filters()) -> Sequence[Actor]:
        with self._stores.lend() as store, store.reading():
            return in_order(store.actors, store.ids(Kind.ACTOR, filters.department, filters.theme))

    def cases(self, filters: Filters = Filters()) -> Sequence[Case]:
        with self._stores.lend() as store, store.reading():
            return in_order(store.cases, store.ids(Kind.CASE, filters.department, filters.theme))

    def list_actors(
        self, filters: Filters = Filters(), *, name: str = "", after: str = "", limit: int
    ) -> Listing[Actor]:
        words = analyse_name(name).spelled if name.strip() else None
        with self._stores.lend() as store, store.reading():
            ids, total = store.page(
                Kind.ACTOR, filters.department, filters.theme, words, after=after, limit=limit + 1
            )
            return Listing(in_order(store.actors, ids[:limit]), total, len(ids) <= limit)

    def list_cases(
        self, filters: Filters = Filters(), *, after: str = "", limit: int
    ) -> Listing[Case]:
        with self._stores.lend() as store, store.reading():
            ids, total = store.page(
                Kind.CASE, filters.department, filters.theme, after=after, limit=limit + 1
            )
            return Listing(in_order(store.cases, ids[:limit]), total, len(ids) <= limit)

    def actors_of(self, cases: Sequence[Case]) -> Mapping[str, Actor]:
        ids = {part.actor_id for case in cases for part in case.participants if part.actor_id}
        with self._stores.lend() as store:
            return store.actors(ids)

    def cases_of(self, actor_id: str, lang: str = "fr") -> Sequence[Case]:
        with self._stores.lend() as store, store.reading():
            cases = in_order(store.cases, store.cases_of([actor_id]).get(actor_id, []))
        return one_edition_each(cases, lang)

    def translations(self, case: Case) -> Sequence[Case]:
        with self._stores.lend() as store, store.reading():
            others = [id_ for id_ in store.editions(case.story) if id_ != case.id]
            return in_order(store.cases, others)

    def publication_times(self, kind: Kind, ids: Collection[str]) -> Mapping[str, tuple[str, str]]:
        with self._stores.lend() as store:
            return versions.publication_times(store, kind, ids)

    def latest(
        self, kind: Kind, filters: Filters = Filters(), *, since: str = "", limit: int
    ) -> Mapping[str, tuple[str, str]]:
        with self._stores.lend() as store, store.reading():
            ids = store.ids(kind, filters.department, filters.theme)
            times = versions.publication_times(store, kind, ids).items()
        changed = [(id_, of) for id_, of in times if of[1] > since]
        return dict(sorted(changed, key=lambda item: (item[1], item[0]), reverse=True)[:limit])

    def cases_with(self, ids: Collection[str]) -> Sequence[Case]:
        with self._stores.lend() as store:
            known = store.cases(ids)
        return [known[id_] for id_ in ids if id_ in known]

    def themes(self) -> Sequence[ThemeCount]:
        with self._stores.lend() as store:
            return [ThemeCount(*row) for row in store.themes()]

    def theme_languages(self) -> ThemeLanguages:
        with self._stores.lend() as store, store.reading():
            state = tuple(map(store.generation_of, Kind))
            known = self._languages
            if known[0] != state:
                known = (state, ThemeLanguages(store.theme_languages()))
                self._languages = known
        return known[1]

    def departments(self) -> Sequence[tuple[str, int]]:
        with self._stores.lend() as store:
            return store.departments()

    def generation(self, kind: Kind) -> str:
        with self._stores.lend() as store:
            return store.generation_of(kind)

    def ids(self, kind: Kind) -> set[str]:
        with self._stores.lend() as store:
            return set(store.ids(kind))


def published(store: Store, kind: Kind, record_id: str) -> Record:
    try:
        return store.record(kind, record_id)
    except UnknownRecord:
        if versions.withdrawn(store, kind, [record_id]):
            raise WithdrawnRecord(Remark(f"withdrawn_{kind}", id=record_id)) from None
        raise


def kept_id(store: Store, actor_id: str) -> str:
    if store.actors([actor_id]):
        return actor_id
    return versions.redirects_of(store, [actor_id]).get(actor_id, actor_id)

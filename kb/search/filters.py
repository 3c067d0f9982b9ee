"""Filters: the records that may answer, by filters, required words and unwanted words."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from functools import lru_cache

from kb.errors import QueryError
from kb.models import Case, Kind
from kb.reference.communes import Commune, communes_named, is_postal_code
from kb.reference.departments import department_code
from kb.search.boosts.endorsements import Endorsement
from kb.search.query import Query
from kb.search.results import DISTANCES, Filters, PartAnswer, Steering
from kb.search.scorer import Scope
from kb.store.records import FiledActor, usual_spelling
from kb.store.store import Store
from kb.text.folding import fold

NAMESAKES_TOLD = 6  # how many communes of one name a refusal lists; the largest


def checked(filters: Filters) -> Filters:
    """Returns the filters with their department's code; raises `QueryError`."""
    if not filters.department:
        return filters
    try:
        return replace(filters, department=department_code(filters.department))
    except ValueError as error:
        raise QueryError("unknown_department", "department", reason=str(error)) from None


def commune_meant(text: str) -> Commune | None:
    """Returns the commune that a text names, None if blank; raises `QueryError`."""
    if not text.strip():
        return None
    named = communes_named(text)
    if not named:
        raise QueryError("unknown_place", "near", given=text)
    if len(named) > 1 and not is_postal_code(text.strip()):
        labels = ", ".join(commune.label for commune in named[:NAMESAKES_TOLD])
        raise QueryError("several_places", "near", given=text, places=labels)
    return named[0]


def filters_near(department: str, theme: str, near: str, within: int) -> Filters:
    """Returns filters with the commune `near`; raises `QueryError`."""
    return Filters(department, theme, near=commune_meant(near), within=within)


def with_place_of(asked: Query, filters: Filters) -> Filters:
    """Returns the filters with the places of a need, if none is chosen; raises `QueryError`."""
    if filters.near:
        return filters
    parts = asked.reading.parts
    near = [part for part in parts if part.near]
    if len(near) == 1:
        filters = replace(filters, near=near[0].near, within=filters.within or near[0].within)
    elif filters.within:
        raise QueryError("within_nothing", "within")
    departments = tuple(dict.fromkeys(code for part in parts for code in part.departments))
    return filters if filters.department else replace(filters, departments=departments)


def ids_left(filters: Filters, kind: Kind, store: Store) -> list[str]:
    """Returns the ids of the records of a kind that the filters leave, in ascending order."""
    if filters.actors and kind is Kind.ACTOR:
        return sorted(filters.actors)
    found = (
        store.ids(kind, department, filters.theme, filters.circle)
        for department in filters.departments or (filters.department,)
    )
    return sorted({id_ for ids in found for id_ in ids})


def scope_of(filters: Filters, store: Store, *, complete: bool) -> Scope:
    if complete or filters.keep_all:
        return Scope(complete=complete)
    return Scope(store.passage_ids_of(Kind.ACTOR, ids_left(filters, Kind.ACTOR, store)))


def leaves(filters: Filters, kind: Kind, store: Store) -> Callable[[str], bool]:
    """Returns a test of whether the filters keep a record of this kind, by its id."""
    if filters.kind not in {None, kind}:
        return lambda _: False
    if filters.keep_all:
        return lambda _: True
    return set(ids_left(filters, kind, store)).__contains__


class Bounds:
    """Records that cannot answer: they have unwanted words, or lack required words."""

    def __init__(self, asked: Query, steering: Steering, store: Store) -> None:
        self._required = [store.records_saying(phrase) for phrase in asked.required]
        said = zip(asked.required, self._required, strict=True)
        self.unsaid = tuple(phrase for phrase, records in said if not records)
        self._unwanted = [store.records_saying(phrase) for phrase in asked.unwanted]
        self._unlike = frozenset(steering.unlike)

    def exclude_actor(self, id_: str, endorsements: Iterable[Endorsement]) -> bool:
        its_own = (Kind.ACTOR, id_)
        theirs = {(Kind.CASE, endorsement.case.id) for endorsement in endorsements}
        return (
            id_ in self._unlike
            or any(its_own in records for records in self._unwanted)
            or any(its_own not in records and not theirs & records for records in self._required)
        )

    def exclude_case(self, id_: str) -> bool:
        return self._is_unwanted(id_) or any(
            (Kind.CASE, id_) not in records for records in self._required
        )

    def wanted_stories(
        self, cases: Mapping[str, Case], unmatched: Collection[str] = ()
    ) -> dict[str, Case]:
        """Returns the cases that may be matched, none with an edition that has unwanted words."""
        unwanted = {case.story for id_, case in cases.items() if self._is_unwanted(id_)}
        return {
            id_: case
            for id_, case in cases.items()
            if id_ not in unmatched and case.story not in unwanted
        }

    def without_silent_mentions(self, parts: Iterable[PartAnswer]) -> list[PartAnswer]:
        """Returns the parts without those mentioned by cases that lack required words."""
        found = []
        for part in parts:
            said = [one for one in part.mentioned if not self.exclude_case(one.case.id)]
            if part.hits or said:
                found.append(replace(part, mentioned=tuple(said)))
        return found

    def _is_unwanted(self, id_: str) -> bool:
        return any((Kind.CASE, id_) in records for records in self._unwanted)


def facets(
    actors: Iterable[FiledActor], filters: Filters
) -> tuple[dict[str, int], dict[str, int], dict[int, int]]:
    """Counts the actors that each department, theme and distance (km) would leave."""
    theme = fold(filters.theme)
    among = filters.departments or (filters.department,)
    departments: Counter[str] = Counter()
    filed_under: Counter[tuple[str, ...]] = Counter()
    distances = dict.fromkeys(DISTANCES if filters.near else (), 0)
    alike = Counter(
        (actor.department, actor.themes, actor.point if filters.near else None) for actor in actors
    )
    for (department, names, point), count in alike.items():
        km = filters.km_to(point)
        in_department = among == ("",) or department in among
        in_theme = not theme or theme in _folded(names)
        in_circle = not filters.circle or (km is not None and km <= filters.within)
        if department and in_theme and in_circle:
            departments[department] += count
        if in_department and in_circle:
            filed_under[names] += count
        if in_department and in_theme and km is not None:
            for most in distances:
                distances[most] += count * (km <= most)
    themes: dict[str, Counter[str]] = {}
    for names, count in filed_under.items():
        for key, name in _folded(names).items():
            themes.setdefault(key, Counter())[name] += count

    def most_first(counts: Mapping[str, int]) -> dict[str, int]:
        return dict(sorted(counts.items(), key=lambda item: (-item[1], fold(item[0]))))

    by_usual_spelling = {usual_spelling(names): names.total() for names in themes.values()}
    return most_first(departments), most_first(by_usual_spelling), distances


@lru_cache(maxsize=1_000)
def _folded(themes: tuple[str, ...]) -> Mapping[str, str]:
    return {fold(name): name for name in themes}

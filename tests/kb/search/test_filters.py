import math
from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest

from kb.errors import QueryError
from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.models import Actor, Case, Kind, Participation
from kb.reference.communes import communes_named
from kb.reference.points import Circle, Point
from kb.reference.roles import Role
from kb.search.filters import filters_near
from kb.search.fits import rank_of
from kb.search.pipeline import SHOWN_DECIMALS
from kb.search.results import DISTANCES, NEAR_KM, Filters, Fit
from kb.store.store import Store
from tests.conftest import OpenBase
from tests.encoders import WordCountEncoder

PLACES = [("Angoulême", "16"), ("Cognac", "16"), ("Saintes", "17"), ("Royan", "17")]
PLACES += [("Limoges", "87"), ("Bordeaux", "33"), ("Saint-Denis", "974"), ("Nulle-Part", "16")]
THEMES = ["Cuir", "CUIR", "Bois", "Chimie"]
WORK = ["coud des gants de cuir", "vend des gants", "scie du bois", "teint le cuir"]


def somewhere(random: Random, number: int) -> Actor:
    place, department = random.choice(PLACES)
    return Actor(
        f"a{number}",
        f"Atelier {number}",
        f"L'atelier {number} {random.choice(WORK)}.",
        place=place,
        department=department,
        country=random.choice(["FR", ""]),
        themes=tuple(random.sample(THEMES, random.randrange(3))),
    )


@pytest.fixture(scope="module")
def actors() -> Sequence[Actor]:
    random = Random(20)
    return [somewhere(random, number) for number in range(120)]


@pytest.fixture
def base(
    open_base: OpenBase, word_counts: WordCountEncoder, actors: Sequence[Actor]
) -> KnowledgeBase:
    base = open_base(word_counts, "places")
    base.put(actors)
    return base


def test_what_a_value_of_a_filter_counts_is_what_it_leaves(base: KnowledgeBase) -> None:
    random = Random(7)
    (angouleme,) = communes_named("Angoulême")
    for _ in range(12):
        chosen = Filters(
            random.choice(["", "16", "17"]),
            random.choice(["", "cuir", "Bois"]),
            near=angouleme,
            within=random.choice([0, *DISTANCES]),
        )
        query = random.choice(["gants de cuir", "bois", "atelier"])
        found = base.search(query, filters=chosen)
        picks = [
            *((replace(chosen, department=code), n) for code, n in found.departments.items()),
            *((replace(chosen, theme=name), n) for name, n in found.themes.items()),
            *((replace(chosen, within=km), n) for km, n in found.distances.items()),
        ]
        assert picks
        for picked, count in picks:
            assert base.search(query, filters=picked).total == count, (query, picked)


def test_a_department_is_counted_and_chosen_within_the_distance_that_the_need_says(
    base: KnowledgeBase,
) -> None:
    said = "gants de cuir à moins de 30 km de Cognac"
    counts = base.search(said).departments
    assert counts.keys() == {"16", "17"}
    for code, count in counts.items():
        chosen = Filters(code)
        everywhere = base.search("gants de cuir", filters=chosen)
        assert base.search(said, filters=chosen).total == count < everywhere.total


def test_a_circle_keeps_exactly_who_is_in_it(base: KnowledgeBase, actors: Sequence[Actor]) -> None:
    random = Random(3)
    parts = tuple(Participation(each.name, Role.PRODUCER, each.id) for each in actors[:2])
    base.put([Case("c", "Des gants", "Texte", participants=parts)])
    store = Store.open(base.folder / DATABASE_FILE)
    for _ in range(40):
        circle = Circle(
            Point(random.uniform(44, 46.5), random.uniform(-1.5, 2)), random.uniform(1, 300)
        )
        held = {each.id for each in actors if each.point and circle.holds(each.point)}
        assert set(store.ids(Kind.ACTOR, circle=circle)) == held
        assert store.ids(Kind.CASE, circle=circle) == ["c"] * bool(held & {"a0", "a1"})
        in_17 = {each.id for each in actors if each.department == "17"}
        assert set(store.ids(Kind.ACTOR, "17", circle=circle)) == held & in_17
    store.close()


def test_of_each_fit_the_near_come_first_by_score_and_the_nearer_of_two(
    base: KnowledgeBase,
) -> None:
    anywhere = base.search("gants de cuir", complete=True)
    for query, town in [
        ("gants de cuir", "Royan"), ("gants de cuir près de Cognac", ""),
        ("gants de cuir near Saintes", ""), ("gants de cuir", "Aurillac"),
    ]:  # fmt: skip
        found = base.search(query, complete=True, filters=filters_near("", "", town, 0))
        assert {hit.actor.id for hit in found.hits} == {hit.actor.id for hit in anywhere.hits}
        assert found.filters.near
        placed = [
            (-rank_of(hit.fit), km > NEAR_KM, -round(hit.score, SHOWN_DECIMALS), km)
            for hit in found.hits
            for known in [found.filters.km_to(hit.actor.point)]
            for km in [math.inf if known is None else known]
        ]
        assert placed == sorted(placed)
        with_score_alone = sorted(placed, key=lambda place: (place[0], place[2]))
        assert (placed == with_score_alone) == (town == "Aurillac")  # nobody is near
        near = [hit for hit in found.hits if hit.fit is not Fit.NONE]
        near = [hit for hit in near if found.filters.is_near(hit.actor)]
        assert len(near) == found.distances[NEAR_KM]
    assert anywhere.distances == {}


def test_a_distance_is_measured_from_the_place_that_the_need_says(base: KnowledgeBase) -> None:
    for said in ("gants près de Cognac", "gants à moins de 10 km de Cognac"):
        counts = base.search(said).distances
        for km, count in counts.items():
            found = base.search(said, filters=Filters(within=km), limit=200)
            fits = [hit for hit in found.hits if hit.fit is not Fit.NONE]
            assert found.total == count == len(fits)
            assert all(found.filters.is_near(hit.actor) for hit in found.hits)
    with pytest.raises(QueryError) as refused:
        base.search("gants", filters=Filters(within=50))
    assert refused.value.code == "within_nothing"


def test_a_place_that_is_not_clear_is_refused() -> None:
    cases: list[tuple[str, int, str]] = [
        ("Kalundborg", 0, "unknown_place"), ("Saint-Denis", 10, "several_places"),
    ]  # fmt: skip
    for near, within, code in cases:
        with pytest.raises(QueryError) as refused:
            filters_near("", "", near, within)
        assert refused.value.code == code

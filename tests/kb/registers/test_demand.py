"""What is counted of searches, when its words may be read, and when it is gone."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from kb.knowledge_base import KnowledgeBase
from kb.registers.demand import Demand, NeedWords, need_words
from kb.registers.records.rereading import Interval, Validators
from tests.kb.records import POLISH

KEY = "a secret of thirty-two characters"
FIRST = date(2026, 3, 2)


@pytest.fixture
def demand(base: KnowledgeBase) -> Demand:
    base.demand.choose(counted=True, by="Léa")
    return base.demand


def day(number: int) -> str:
    return (FIRST + timedelta(days=number)).isoformat()


def need(text: str) -> NeedWords:
    found = need_words(text)
    assert found
    return found


def ask(demand: Demand, number: int, *texts: str) -> None:
    demand.count(day(number), {"none": len(texts)}, [need(text) for text in texts], key=KEY)


def everything_in(base: KnowledgeBase) -> str:
    """All that the tables of demand hold, as text."""
    with base._stores.lend() as store:
        tables = ("demand_choices", "search_counts", "missed_needs", "missed_words")
        found = [store.execute(f"select * from {table}").fetchall() for table in tables]
        return repr([[tuple(row) for row in rows] for rows in found])


def test_a_need_is_shown_once_it_was_asked_on_three_days(
    base: KnowledgeBase, demand: Demand
) -> None:
    for _ in range(5):  # however often on one day
        ask(demand, 0, "Des bottes en caoutchouc")
    ask(demand, 1, "bottes caoutchouc", "une hélice")
    assert demand.missed() == []
    assert demand.below_threshold() == 2
    assert "botte" not in everything_in(base)
    ask(demand, 5, "caoutchouc pour botte")
    (shown,) = demand.missed()
    assert (shown.words, shown.days, shown.asked, shown.last) == (
        "caoutchouc botte", 3, 7, day(5)
    )  # fmt: skip
    assert demand.below_threshold() == 1
    assert "lice" not in everything_in(base)


def test_the_hash_of_a_need_needs_the_secret_of_the_site(
    base: KnowledgeBase, demand: Demand
) -> None:
    ask(demand, 0, "une hélice")
    first = everything_in(base)
    demand.count(day(0), {"none": 1}, [need("une hélice")], key="another secret")
    assert demand.below_threshold() == 2
    assert first != everything_in(base)


def test_nothing_is_counted_before_somebody_chooses_so_and_all_goes_with_the_choice(
    base: KnowledgeBase,
) -> None:
    empty = everything_in(base)
    for number in range(4):
        ask(base.demand, number, "une hélice")
    assert everything_in(base) == empty
    assert not base.demand.choice().counted
    base.demand.choose(counted=True, by="Léa")
    for number in range(4):
        ask(base.demand, number, "une hélice")
    assert base.demand.missed()
    base.demand.choose(counted=False, by="Marc")
    assert (base.demand.missed(), base.demand.below_threshold()) == ([], 0)
    assert base.demand.searches("") == {}
    assert base.demand.choice().by == "Marc"


def test_what_is_old_is_forgotten_its_words_first(base: KnowledgeBase, demand: Demand) -> None:
    for number in range(3):
        ask(demand, number, "une hélice")
    assert demand.missed()
    ask(demand, Demand.NEED_DAYS, "un ressort")  # the first day is too old now
    assert demand.missed() == []
    assert "lice" not in everything_in(base)
    ask(demand, Demand.NEED_DAYS + 2, "un ressort")
    assert demand.below_threshold() == 1
    assert set(demand.searches("")) == {
        day(number) for number in (0, 1, 2, Demand.NEED_DAYS, Demand.NEED_DAYS + 2)
    }
    ask(demand, Demand.SEARCH_DAYS + 1, "un ressort")
    assert set(demand.searches("")) == {
        day(number) for number in (2, Demand.NEED_DAYS, Demand.NEED_DAYS + 2, 366)
    }


def test_a_need_can_be_erased(base: KnowledgeBase, demand: Demand) -> None:
    for number in range(3):
        ask(demand, number, "une hélice", "un ressort")
    helix = next(need for need in demand.missed() if need.words == "hélice")
    demand.forget(helix.id)
    assert [need.words for need in demand.missed()] == ["ressort"]
    assert helix.id not in everything_in(base)


def test_searches_are_counted_by_day_and_fit(demand: Demand) -> None:
    demand.count(day(0), {"strong": 2, "none": 1}, key=KEY)
    demand.count(day(0), {"strong": 1}, key=KEY)
    demand.count(day(1), {"weak": 4}, key=KEY)
    assert demand.searches(day(0)) == {day(0): {"strong": 3, "none": 1}, day(1): {"weak": 4}}
    assert demand.searches(day(1)) == {day(1): {"weak": 4}}


def test_an_actor_ages_until_it_changes_or_its_source_is_read_again(base: KnowledgeBase) -> None:
    base.put([POLISH, replace(POLISH, id="fresh", name="Fresh")])
    with base._stores.lend() as database:
        database.execute("update actors set updated_at = '2020-01-01' where id = ?", [POLISH.id])
        database.execute(
            "insert into statements (source, key, actor_id, said, since)"
            " values ('directory', '1', ?, '{}', '2020-01-01')",
            [POLISH.id],
        )
    ageing = base.ageing_actors
    assert [actor.id for actor in ageing.oldest("2021-01-01", 10)] == [POLISH.id]
    assert ageing.count("2021-01-01") == 1
    assert ageing.count("2019-01-01") == 0
    base.source_locations.add("directory", "https://a.example/", Interval.WEEK)
    assert ageing.count("2021-01-01") == 1  # it has still to be read
    base.source_locations.succeeded(base.source_locations.get("directory"), Validators())
    assert ageing.count("2021-01-01") == 0
    with base._stores.lend() as database:
        database.execute("update statements set unlisted_at = '2026-01-01'")
    assert ageing.count("2021-01-01") == 1

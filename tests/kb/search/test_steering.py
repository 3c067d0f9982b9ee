"""A search that is steered by hand: signs in the query, and hits that a person likes or not."""

import pytest

from kb.knowledge_base import KnowledgeBase
from kb.models import Actor
from kb.search.results import Filters, SearchResult, Steering
from tests.kb.records import RECORDS, SANITISER

TANNER = Actor(id="tanner", name="T", description="Du cuir.")
KNITTER = Actor(id="knitter", name="K", description="Des gants.")


@pytest.fixture
def base(base: KnowledgeBase) -> KnowledgeBase:
    base.put(RECORDS)
    return base


def ids(result: SearchResult) -> list[str]:
    return [hit.actor.id for hit in result.hits]


def above(result: SearchResult, one: str, other: str) -> bool:
    found = ids(result)
    return found.index(one) < found.index(other)


# What counts more


def test_a_word_after_a_plus_counts_more(base: KnowledgeBase) -> None:
    base.put([TANNER, KNITTER])
    assert above(base.search("cuir +gants"), "knitter", "tanner")
    assert above(base.search("gants +cuir"), "tanner", "knitter")


def test_a_plus_leaves_out_nobody(base: KnowledgeBase) -> None:
    base.put([TANNER, KNITTER])
    assert sorted(ids(base.search("cuir +gants"))) == sorted(ids(base.search("cuir gants")))


# What counts against


@pytest.mark.parametrize("unwanted", ["-cirages", "-cirage", '-"cirages et des crèmes"', "−CIRAGE"])
def test_actors_with_an_unwanted_word_are_left_out(base: KnowledgeBase, unwanted: str) -> None:
    query = "crèmes pour le cuir, gants de cuir fins"
    without = base.search(query)
    assert "avel" in ids(without)
    result = base.search(f"{query} {unwanted}")
    assert "avel" not in ids(result)
    assert ids(result)[0] == "gants"
    assert result.total == without.total - 1
    assert "Chimie" not in result.themes


def test_a_case_with_an_unwanted_word_is_left_out(base: KnowledgeBase) -> None:
    assert [hit.case for hit in base.search("gel").cases] == [SANITISER]
    assert base.search("gel -mairie").cases == ()


def test_unwanted_words_that_stand_apart_are_no_phrase(base: KnowledgeBase) -> None:
    assert "avel" in ids(base.search('gants -"cuir cirages"'))


def test_what_is_unwanted_is_moved_away_from(base: KnowledgeBase) -> None:
    """Who is like what is unwanted sinks, though it does not say the word itself."""
    base.put([TANNER, KNITTER])
    plain = {hit.actor.id: hit.parts.dense for hit in base.search("cuir gants").hits}
    # No record says "cuirs tannés", so that nobody is left out.
    steered = {h.actor.id: h.parts.dense for h in base.search('cuir gants -"tannés cuir"').hits}
    assert steered.keys() == plain.keys()
    before = plain["tanner"] - plain["knitter"]
    assert steered["tanner"] - steered["knitter"] < before


# Required words


def test_only_actors_with_a_required_word_are_found(base: KnowledgeBase) -> None:
    assert ids(base.search('cuir "ganterie"')) == ["gants"]
    assert ids(base.search('cuir "porcelaine"')) == []
    assert base.search('cuir "porcelaine"').cases == ()


@pytest.mark.parametrize(
    ("phrase", "found"),
    [
        ("gants de cuir", ["gants"]),
        ("GANT de cuirs", ["gants"]),
        ("gants en cuir", []),
        ("cuir gants", []),
        ("de", ["gants", "matha"]),
    ],
)
def test_the_words_of_a_phrase_stand_next_to_each_other(
    base: KnowledgeBase, phrase: str, found: list[str]
) -> None:
    assert ids(base.search(f'atelier "{phrase}"')) == found


def test_each_of_two_required_words_must_be_there(base: KnowledgeBase) -> None:
    assert ids(base.search('cuir "ganterie" "fins"')) == ["gants"]
    assert ids(base.search('cuir "ganterie" "cirages"')) == []


def test_a_required_word_may_stand_in_a_matched_case(base: KnowledgeBase) -> None:
    """No directory speaks of hydroalcoolique; the case does, of who took part."""
    result = base.search('gel "hydroalcoolique"')
    assert ids(result) == ["avel", "matha"]
    assert [hit.case for hit in result.cases] == [SANITISER]
    # A case that met another need says nothing for those who took part in it.
    assert "mairie" in SANITISER.text
    assert ids(base.search('gants de cuir "mairie"')) == []


def test_a_required_name_may_be_that_of_the_firm(base: KnowledgeBase) -> None:
    assert ids(base.search('alcool "Matha"'))[:1] == ["matha"]


# Whom a person likes


def test_those_like_a_liked_one_rise(base: KnowledgeBase) -> None:
    base.put([TANNER, KNITTER])
    assert above(base.search("cuir"), "tanner", "knitter")
    twin = Actor(id="twin", name="J", description="Des gants, des moufles.")
    base.put([twin])
    plain = {hit.actor.id: hit for hit in base.search("cuir").hits}
    liked = base.search("cuir", steering=Steering(like=("knitter",)))
    steered = {hit.actor.id: hit for hit in liked.hits}
    assert steered["twin"].parts.dense > plain["twin"].parts.dense
    assert above(liked, "twin", "matha")
    assert "knitter" in steered


def test_an_unliked_one_is_left_out_and_those_like_it_sink(base: KnowledgeBase) -> None:
    twin = Actor(id="twin", name="J", description="Des gants, des moufles.")
    base.put([TANNER, KNITTER, twin])
    plain = base.search("cuir gants")
    steered = base.search("cuir gants", steering=Steering(unlike=("knitter",)))
    assert "knitter" in ids(plain)
    assert "knitter" not in ids(steered)
    gaps = []
    for result in (plain, steered):
        dense = {hit.actor.id: hit.parts.dense for hit in result.hits}
        gaps.append(dense["tanner"] - dense["twin"])
    assert gaps[1] > gaps[0]


def test_whoever_took_part_is_left_out_too_if_unliked(base: KnowledgeBase) -> None:
    result = base.search("gel hydroalcoolique", steering=Steering(unlike=("avel",)))
    assert "avel" not in ids(result)
    assert ids(result)[0] == "matha"
    whole = base.search("gel", steering=Steering(unlike=("avel",)), complete=True)
    assert "avel" not in ids(whole)


def test_likes_of_nobody_change_nothing(base: KnowledgeBase) -> None:
    base.put([Actor(id="silent", name="S")])
    plain = base.search("cuir")
    for steering in (
        Steering(like=("nobody",)),
        Steering(unlike=("nobody",)),
        Steering(like=("silent",)),
    ):
        assert base.search("cuir", steering=steering).hits == plain.hits


def test_signs_and_filters_go_together(base: KnowledgeBase) -> None:
    assert ids(base.search("cuir -ganterie", filters=Filters(theme="cuir"))) == ["avel"]
    assert ids(base.search('cuir "ganterie"', filters=Filters(department="16"))) == []

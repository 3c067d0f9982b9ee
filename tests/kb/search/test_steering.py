"""A search that is steered by hand: signs in the query, and hits that a person likes or not."""

from collections.abc import Sequence

import pytest

from kb.encoder.encoder import Embeddings, TextKind
from kb.knowledge_base import KnowledgeBase
from kb.models import Actor
from kb.search.results import SearchResult, Steering
from tests.encoders import WordCountEncoder
from tests.kb.records import RECORDS

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


def test_a_need_is_the_same_without_its_accents(
    base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    encode = WordCountEncoder.encode

    def reading(self: WordCountEncoder, texts: Sequence[str], kind: TextKind) -> Embeddings:
        read.extend(texts)
        return encode(self, texts, kind)

    monkeypatch.setattr(WordCountEncoder, "encode", reading)
    base.search("pieces detachees de velos", lang="fr")
    assert "pièces détachées de vélos" in read


# What counts against


def test_actors_with_an_unwanted_word_are_left_out(base: KnowledgeBase) -> None:
    for unwanted in ["-cirages", "-cirage", '-"cirages et des crèmes"', "−CIRAGE"]:
        query = "crèmes pour le cuir, gants de cuir fins"
        without = base.search(query)
        assert "avel" in ids(without)
        result = base.search(f"{query} {unwanted}")
        assert "avel" not in ids(result)
        assert ids(result)[0] == "gants"
        assert result.total == without.total - 1
        assert "Chimie" not in result.themes


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

"""Words that few texts have decide; those that many have do not."""

from collections.abc import Sequence
from contextlib import closing

import pytest

from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.models import Actor, Case, Participation
from kb.reference.roles import Role
from kb.search.literal.known_words import KnownWords
from kb.search.literal.rare_words import RareWord, rare_word_points, rare_words
from kb.search.query import parse
from kb.search.results import Fit
from kb.search.weights import DEFAULT_WEIGHTS
from kb.store.store import Store

WEIGHTS = DEFAULT_WEIGHTS.rare_words

DRIER = Actor(id="drier", name="Sèche", description="Nous séchons les drêches des brasseries.")
BOOTS = Actor(id="boots", name="Bottes", description="Des bottes de caoutchouc, des vêtements.")
RACK = Actor(id="rack", name="Chai", description="Un porte-fût en bois.", place="Jarnac")
DOOR = Actor(id="door", name="Huis", description="Une porte, et plus loin un fût.", place="Cognac")
OTHERS = [
    Actor(id=f"other-{i}", name=f"Autre {i}", description=f"Travaille la matière {i}.")
    for i in range(40)
]


@pytest.fixture
def base(base: KnowledgeBase) -> KnowledgeBase:
    base.put([DRIER, BOOTS, RACK, DOOR, *OTHERS])
    return base


def found(base: KnowledgeBase, query: str) -> Sequence[RareWord]:
    with closing(Store.open(base.folder / DATABASE_FILE)) as store:
        return rare_words(parse(query), KnownWords().of(store), WEIGHTS)


def who_has(base: KnowledgeBase, query: str) -> dict[str, set[str]]:
    with closing(Store.open(base.folder / DATABASE_FILE)) as store:
        return {
            word.text: {passage.record_id for passage in store.passages(word.passages).values()}
            for word in rare_words(parse(query), KnownWords().of(store), WEIGHTS)
        }


def test_a_word_of_one_text_is_rare(base: KnowledgeBase) -> None:
    (word,) = found(base, "que faire de nos drêches ?")
    assert (word.text, word.rarity, word.share) == ("drêches", 1.0, 1.0)
    assert who_has(base, "une drêche") == {"drêche": {"drier"}}


@pytest.mark.parametrize("common", ["matière", "introuvable"])
def test_a_word_of_many_texts_or_of_none_is_not(base: KnowledgeBase, common: str) -> None:
    assert not found(base, common)


def test_a_word_of_many_trades_is_less_rare(base: KnowledgeBase) -> None:
    """Many trades work with wood, though a single firm of this base does."""
    (wood,) = found(base, "bois")
    assert 0 < wood.rarity < 0.6


def test_each_word_has_its_share_of_the_need(base: KnowledgeBase) -> None:
    (word,) = found(base, "qui pourrait broyer des drêches humides ?")
    assert word.share == pytest.approx(1 / 3)
    (once,) = found(base, "broyer drêches")
    twice = found(base, "broyer +drêches")
    assert sum(word.share for word in twice) > once.share


def test_a_word_with_a_hyphen_is_one_word(base: KnowledgeBase) -> None:
    for written in ("porte-fût", "portefût", "Porte-Fut"):
        assert who_has(base, written) == {written: {"rack"}}


def test_a_name_is_also_looked_for_among_places(base: KnowledgeBase) -> None:
    assert who_has(base, "Jarnac") == {"Jarnac": {"rack"}}
    # In small letters it is no name, and cognac is also what trades make.
    assert not who_has(base, "jarnac")
    assert not who_has(base, "Cognac")


def test_a_single_word_of_many_counts_less_than_its_share() -> None:
    whole, third = rare_word_points(1.0, WEIGHTS), rare_word_points(1 / 3, WEIGHTS)
    assert whole == WEIGHTS.points
    assert 0 < third < whole / 3


def test_who_has_the_rare_word_is_first_and_fits(base: KnowledgeBase) -> None:
    asked = base.search("que faire de nos drêches ?").hits[0]
    assert asked.actor.id == "drier"
    assert asked.fit.is_worth_a_call
    first = base.search("drêches").hits[0]
    assert (first.actor.id, first.fit) == ("drier", Fit.STRONG)
    assert first.parts.rare == pytest.approx(WEIGHTS.points)
    assert first.parts.lexical > first.parts.rare


def test_a_case_is_matched_by_the_rare_word_of_its_need(base: KnowledgeBase) -> None:
    took = Participation("Bottes", Role.PRODUCER, "boots", "les presse")
    need = "Trouver un débouché aux coques de cacao de l'atelier voisin, chaque semaine"
    base.put([Case(id="case", title="Titre", text="Texte.", need=need, participants=(took,))])
    result = base.search("cacao")
    assert [match.case.id for match in result.matched] == ["case"]
    assert result.hits[0].actor.id == "boots"
    # A word that is one of many makes no need the same.
    assert not base.search("un gâteau au cacao pour le goûter des enfants de la classe").matched

"""Queries that are plainly names, by how they are written, and those that only look so."""

from contextlib import closing

import pytest

from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.models import Actor, Case, Participation
from kb.reference.roles import Role
from kb.search.query import parse
from kb.search.results import Absence, Fit
from kb.search.wordable import NameReading, name_reading
from kb.store.store import Store

ACTORS = [
    Actor(id="cooper", name="Doreau", description="Nous faisons des barriques en chêne."),
    Actor(id="glover", name="Ganterie", description="Gants de cuir, à Saint-Junien."),
]


@pytest.fixture
def base(base: KnowledgeBase) -> KnowledgeBase:
    base.put(ACTORS)
    return base


def read(base: KnowledgeBase, query: str) -> NameReading:
    with closing(Store.open(base.folder / DATABASE_FILE)) as store:
        return name_reading(parse(query), store)


def test_a_plain_name(base: KnowledgeBase) -> None:
    for name in ["Saint-Gobain", "SARL Dupont Frères", "DUPONT SAS", "L'Air-Vif"]:
        assert read(base, name) is NameReading.PLAIN


def test_a_likely_name(base: KnowledgeBase) -> None:
    for name in ["Michelin", "L'Oréal", "Brasserie Martinaud", "Groupe Zodiarex"]:
        assert read(base, name) is NameReading.LIKELY


def test_a_need(base: KnowledgeBase) -> None:
    cases: list[str] = [
        "gel hydroalcoolique", "Gel hydroalcoolique", "Barriques", "Jéroboams", "Emboutissage",
        "ESAT", "CNC", "Usinage CNC", "ISO 13485", "saint-gobain", "Saint-Junien",
        "un fournisseur pour Michelin", "+Michelin tissu", "Qui ?",
    ]  # fmt: skip
    for need in cases:
        assert read(base, need) is NameReading.NEED


def test_a_name_that_is_not_here_has_no_strong_fit_by_chance(base: KnowledgeBase) -> None:
    """The other word of the name is what a firm here makes."""
    plain = base.search("Barriques").hits[0]
    assert plain.fit is Fit.STRONG
    named = base.search("Barriques Martinaud")
    assert named.absent is Absence.NAME
    assert {hit.fit for hit in named.hits} <= {Fit.POSSIBLE, Fit.WEAK}


def test_a_need_that_was_met_is_no_name_however_it_is_written(base: KnowledgeBase) -> None:
    took = Participation("Ganterie", Role.PRODUCER, "glover", "made them")
    need = "Face shields"
    base.put([Case(id="case", title="T", text="T.", need=need, lang="en", participants=(took,))])
    result = base.search("Face Shields")
    assert result.absent is None
    assert (result.hits[0].actor.id, result.hits[0].fit) == ("glover", Fit.STRONG)

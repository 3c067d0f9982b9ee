"""Answers by role: which parts a need takes, who took them, and who here could."""

from dataclasses import replace
from typing import Any

import pytest

from kb.knowledge_base import KnowledgeBase
from kb.models import Actor, Case, Kind, Participation
from kb.reference.roles import Part, Role
from kb.search.context import RankingOptions
from kb.search.parts import brought_in
from kb.search.results import (
    ActorHit,
    EvidenceKind,
    Filters,
    Fit,
    PartAnswer,
    SearchResult,
    Steering,
)
from kb.search.weights import DEFAULT_WEIGHTS

# Of participations


MOST = DEFAULT_WEIGHTS.parts


def test_what_a_supplier_brought_in() -> None:
    cases: list[tuple[str, str]] = [
        ("fournit l'éthanol", "éthanol"),
        ("a fourni de l'éthanol, à la suite de Rémy Martin, pour le gel", "éthanol"),
        ("a fourni en premier de l'éthanol pour la solution", "éthanol"),
        ("ont aussi fourni des contenants afin de livrer", "contenants"),
        ("a livré 200 bidons", "200 bidons"), ("livre la glycérine", "glycérine"),
        ("a donné du tissu pour des masques", "tissu"), ("offre des étiquettes", "étiquettes"),
        ("apporte les bouchons", "bouchons"),
        ("a mis à disposition des flacons destinés aux soignants", "flacons"),
        ("a cédé des déchets de bois", "déchets de bois"),
        ("ont cédé leurs déchets de PVC", "déchets de PVC"), ("éthanol", "éthanol"),
        ("supplied ethanol, after Rémy Martin, for the hand sanitiser", "ethanol"),
        ("supplies ethanol", "ethanol"), ("provides the bottles", "bottles"),
        ("was the first to supply ethanol for the hand sanitiser", "ethanol"),
        ("has also brought in glass bottles", "glass bottles"),
        ("delivered some cardboard boxes to the packers", "cardboard boxes"),
        ("gave up cloth coffee sacks and coffee grounds", "cloth coffee sacks and coffee grounds"),
        ("supplied its cooling water to the power station", "cooling water"), ("", ""),
    ]  # fmt: skip
    for contribution, brought in cases:
        assert brought_in(Participation("X", Role.SUPPLIER, "x", contribution)) == brought


# Of a search

QUERY = "gel hydroalcoolique"


def actor(id_: str, description: str, department: str = "16") -> Actor:
    return Actor(id=id_, name=f"Maison {id_}", description=description, department=department)


ACTORS = (
    actor("maker", "Cirages, encaustiques."), actor("likemaker", "Encaustiques, laques."),
    actor("distiller", "Spiritueux, éthanol."), actor("chemist", "Éthanol, solvants.", "17"),
    actor("bottler", "Embouteillage."), actor("glass", "Flacons, bouteilles.", "17"),
    actor("stopper", "Bouchons."), actor("cartons", "Emballages en carton, coffrets, étuis."),
    actor("haulier", "Transport routier."), actor("lab", "Laboratoire d'analyses."),
    actor("townhall", "État civil."), actor("othertownhall", "État civil."),
    actor("clinic", "Chirurgie."), actor("otherclinic", "Chirurgie."), actor("forge", "Portails."),
)  # fmt: skip
STORY = Case(
    id="story",
    title="Une histoire",
    text="Un matin.",
    need="Du gel hydroalcoolique",
    participants=(
        Participation("Maison maker", Role.PRODUCER, "maker", "a fait le gel"),
        Participation("Distiller", Role.SUPPLIER, "distiller", "a fourni de l'éthanol pour le gel"),
        Participation("Fabricants de contenants", Role.SUPPLIER, "", "ont fourni des contenants"),
        Participation("Transporteurs", Role.CARRIER, "", "ont livré"),
        Participation("Agence régionale de santé", Role.AUTHORITY, "", "a validé la formule"),
        Participation("Town hall", Role.FACILITATOR, "townhall", "a réuni"),
        Participation("Clinic", Role.BUYER, "clinic", "a utilisé"),
    ),
)


@pytest.fixture
def base(base: KnowledgeBase) -> KnowledgeBase:
    base.put([*ACTORS, STORY])
    return base


def by_role(result: SearchResult) -> dict[Part, PartAnswer]:
    found = {answer.part: answer for answer in result.parts}
    assert len(found) == len(result.parts)
    return found


def roles(base: KnowledgeBase, query: str = QUERY, **filters: Any) -> dict[Part, PartAnswer]:
    return by_role(base.search(query, filters=Filters(**filters)))


def ids(answer: PartAnswer) -> list[str]:
    return [hit.actor.id for hit in answer.hits]


def mentioned(answer: PartAnswer) -> list[str]:
    return [mention.participation.name for mention in answer.mentioned]


def kinds(hit: ActorHit) -> set[EvidenceKind]:
    return {evidence.kind for evidence in hit.evidence}


def test_the_parts_of_the_case_and_the_usual_ones_makers_first(base: KnowledgeBase) -> None:
    found = roles(base)
    assert list(found) == [
        Part.MAKER, Part.INPUTS, Part.CONTAINERS, Part.PACKAGING, Part.TRANSPORT, Part.VALIDATION,
        Part.COORDINATION, Part.BUYER,
    ]  # fmt: skip
    usual = [role for role, answer in found.items() if not answer.cases]
    assert usual == [Part.PACKAGING]
    assert all(answer.cases == (STORY,) for role, answer in found.items() if role not in usual)
    for answer in found.values():
        assert [hit.rank for hit in answer.hits] == list(range(1, len(answer.hits) + 1))
        assert len(ids(answer)) == len(set(ids(answer))) <= MOST.hits


def test_makers_are_the_first_of_the_ranking_but_for_those_with_another_part(
    base: KnowledgeBase,
) -> None:
    makers = roles(base)[Part.MAKER]
    assert ids(makers)[0] == "maker"
    assert {"townhall", "clinic", "distiller"}.isdisjoint(ids(makers))
    hits = {hit.actor.id: hit for hit in base.search(QUERY, limit=100).hits}
    assert all(hits[id_].parts.case > 0 for id_ in ("townhall", "clinic", "distiller"))


def test_those_who_did_come_before_those_who_could(base: KnowledgeBase) -> None:
    inputs = roles(base)[Part.INPUTS]
    assert inputs.need == "éthanol"
    assert ids(inputs) == ["distiller", "chemist"]
    did, could = inputs.hits
    assert did.fit is Fit.STRONG
    evidence = did.evidence[0]
    assert evidence.kind is EvidenceKind.CASE
    assert evidence.case == STORY
    assert evidence.participation == STORY.participants[1]
    assert kinds(could) == {EvidenceKind.PASSAGE}
    assert could.evidence[0].text == "Éthanol, solvants."
    marks = [could.evidence[0].text[start:end] for start, end in could.evidence[0].marks]
    assert marks == ["Éthanol"]


def test_containers_are_asked_for_thing_by_thing(base: KnowledgeBase) -> None:
    containers = roles(base)[Part.CONTAINERS]
    assert {"glass", "stopper"} <= set(ids(containers))
    assert {"forge", "distiller", "cartons"}.isdisjoint(ids(containers))
    assert mentioned(containers) == ["Fabricants de contenants"]
    assert containers.mentioned[0].case == STORY


def test_filters_hold_for_every_part(base: KnowledgeBase) -> None:
    found = roles(base, department="17")
    assert {id_ for answer in found.values() for id_ in ids(answer)} == {"chemist", "glass"}
    assert ids(found[Part.INPUTS]) == ["chemist"]
    assert ids(found[Part.CONTAINERS]) == ["glass"]
    # Whoever is mentioned has no department.
    assert mentioned(found[Part.VALIDATION]) == ["Agence régionale de santé"]
    # A part that nobody there could take, and nobody is mentioned for, is not spoken of.
    assert Part.COORDINATION not in found


def test_closed_firms_take_no_part(base: KnowledgeBase) -> None:
    closed = {"maker", "distiller", "glass", "lab", "clinic"}
    base.put([replace(one, closed_on="2020-01-01") for one in ACTORS if one.id in closed])
    given = {id_ for answer in roles(base).values() for id_ in ids(answer)}
    assert closed.isdisjoint(given)
    assert {"chemist", "stopper"} <= given


def test_where_no_case_is_similar_there_are_no_parts(base: KnowledgeBase) -> None:
    for query in ["portails", "porcelaine", "flacons et bouteilles"]:
        assert base.search(query).parts == ()


def test_a_name_and_a_search_for_cases_ask_for_no_parts(base: KnowledgeBase) -> None:
    assert base.search("Maison maker").parts == ()
    assert base.search(QUERY, filters=Filters(kind=Kind.CASE)).parts == ()
    assert base.search(QUERY, filters=Filters(kind=Kind.ACTOR)).parts != ()
    assert base.search(QUERY, options=RankingOptions(cases=False)).parts == ()


# Steering


def everyone(answers: dict[Part, PartAnswer]) -> set[str]:
    return {id_ for answer in answers.values() for id_ in ids(answer)}


def test_who_is_not_wanted_is_in_no_list(base: KnowledgeBase) -> None:
    assert {"stopper", "distiller"} <= everyone(roles(base))
    unlike = base.search(QUERY, steering=Steering(unlike=("stopper", "distiller")))
    assert {"stopper", "distiller"}.isdisjoint(everyone(by_role(unlike)))
    assert "glass" in everyone(by_role(unlike))
    assert "stopper" not in everyone(roles(base, f"{QUERY} -bouchons"))


def test_required_words_stand_in_the_actor_or_in_the_case(base: KnowledgeBase) -> None:
    assert everyone(roles(base, f'{QUERY} "spiruline"')) == set()
    assert everyone(roles(base, f'{QUERY} "bouchons"')) == {"stopper"}
    # Who took part is endorsed by the case, which says it.
    assert {"maker", "distiller", "townhall"} <= everyone(roles(base, f'{QUERY} "un matin"'))

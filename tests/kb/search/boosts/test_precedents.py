"""Close trades: who resembles those that a case shows may be able to do it too."""

from dataclasses import replace
from typing import Any

import pytest

from kb.knowledge_base import KnowledgeBase
from kb.models import Actor, Case, Participation
from kb.reference.roles import Role
from kb.search.context import RankingOptions
from kb.search.results import ActorHit, EvidenceKind, Filters, Fit
from kb.search.weights import PassageWeights, RankingWeights
from tests.conftest import OpenBase
from tests.encoders import WordCountEncoder

QUERY = "gel hydroalcoolique"


def actor(id_: str, description: str, **fields: Any) -> Actor:
    return Actor(id=id_, name=id_.capitalize(), description=description, **fields)


POLISHER = actor("polisher", "Cirages, encaustiques, vernis.")
DISTILLER = actor("distiller", "Alambics, spiritueux, cognac.")
CLINIC = actor("clinic", "Chirurgie, urgences, maternité.")
CLOSE = actor(
    "close", "Encaustiques, cirages, laques.", department="16", source_url="https://c.fr/"
)
CLOSE_TO_SUPPLIER = actor("closetosupplier", "Spiritueux, alambics, liqueurs.")
CLOSE_TO_BUYER = actor("closetobuyer", "Maternité, chirurgie, radiologie.")
FORGE = actor("forge", "Portails, rampes, grilles.")
STORY = Case(
    id="story",
    title="Une histoire",
    text="Un matin.",
    need="Du gel hydroalcoolique",
    source_url="https://exemple.fr/story",
    participants=(
        Participation("Polisher", Role.PRODUCER, "polisher", "a fait le gel"),
        Participation("Distiller", Role.SUPPLIER, "distiller", "a fourni l'éthanol"),
        Participation("Clinic", Role.BUYER, "clinic", "a utilisé le gel"),
    ),
)
ACTORS = (POLISHER, DISTILLER, CLINIC, CLOSE, CLOSE_TO_SUPPLIER, CLOSE_TO_BUYER, FORGE)


@pytest.fixture
def base(base: KnowledgeBase) -> KnowledgeBase:
    base.put([*ACTORS, STORY])
    return base


def found(
    base: KnowledgeBase, query: str = QUERY, options: RankingOptions = RankingOptions()
) -> dict[str, ActorHit]:
    hits = base.search(query, limit=100, options=options).hits
    return {hit.actor.id: hit for hit in hits}


def kinds(hit: ActorHit) -> set[EvidenceKind]:
    return {evidence.kind for evidence in hit.evidence}


def test_a_close_trade_is_raised_above_another_one(base: KnowledgeBase) -> None:
    hits = found(base)
    assert hits["close"].rank < hits["forge"].rank
    assert hits["close"].parts.similar > 0 == hits["forge"].parts.similar
    # By their own words there is nothing between them.
    without = found(base, options=RankingOptions(similar=False))
    assert without["close"].score == pytest.approx(without["forge"].score, abs=0.1)
    assert hits["close"].score > without["close"].score
    assert hits["forge"].score == without["forge"].score


def test_a_boost_gives_its_precedent_and_the_close_passage(base: KnowledgeBase) -> None:
    hit = found(base)["close"]
    (inferred,) = [one for one in hit.evidence if one.kind is EvidenceKind.SIMILAR]
    assert inferred.precedent == POLISHER
    assert inferred.case == STORY
    assert inferred.participation == STORY.participants[0]
    assert inferred.text == CLOSE.description
    assert inferred.source == CLOSE.source_url


def test_nobody_comes_before_the_example_that_it_follows(base: KnowledgeBase) -> None:
    """Not with its very words; and who did it itself is shown to have, not inferred to be able."""
    base.put([replace(POLISHER, id="twin", name="Twin")])
    hits = found(base)
    assert hits["polisher"].rank < hits["twin"].rank
    assert hits["polisher"].score > hits["twin"].score
    assert hits["polisher"].parts.similar == 0
    assert kinds(hits["polisher"]) == {EvidenceKind.CASE, EvidenceKind.PASSAGE}
    assert EvidenceKind.SIMILAR in kinds(hits["twin"])


def test_without_a_relevant_case_nothing_is_inferred(base: KnowledgeBase) -> None:
    for query in ["portails", "porcelaine", "gants de cuir"]:
        hits = found(base, query)
        assert all(hit.parts.similar == 0 for hit in hits.values())
        assert all(EvidenceKind.SIMILAR not in kinds(hit) for hit in hits.values())


def test_nothing_is_inferred_where_it_is_left_out(base: KnowledgeBase) -> None:
    cases: list[RankingOptions] = [
        RankingOptions(cases=False, elsewhere=False), RankingOptions(similar=False),
        RankingOptions(unmatched=frozenset({"story"}), elsewhere=False),
    ]  # fmt: skip
    for options in cases:
        hits = found(base, options=options)
        assert all(hit.parts.similar == 0 for hit in hits.values())


def test_what_is_only_inferred_is_never_strong(base: KnowledgeBase) -> None:
    """Not even with the very words of the precedent, and with many precedents."""
    twins = [replace(POLISHER, id=f"w{i}", name=f"W {i}") for i in range(6)]
    parts = tuple(Participation(one.name, Role.PRODUCER, one.id) for one in twins)
    base.put([*twins, replace(STORY, participants=(*STORY.participants, *parts))])
    base.put([replace(POLISHER, id="twin", name="Twin")])
    hit = found(base)["twin"]
    assert hit.fit is not Fit.STRONG
    assert hit.parts.similar > 0
    assert EvidenceKind.CASE not in kinds(hit)
    assert found(base)["w0"].fit is Fit.STRONG


def test_who_is_raised_is_judged_alike_whether_a_filter_brought_it_up(
    open_base: OpenBase, word_counts: WordCountEncoder
) -> None:
    """Else a filter leaves others than it counted: that a name says nothing is no merit."""
    few = PassageWeights(dense_candidates=2, lexical_candidates=2)
    base = open_base(word_counts, weights=RankingWeights(passages=few))
    base.put([*ACTORS, STORY])
    everywhere, there = base.search(QUERY), base.search(QUERY, filters=Filters(department="16"))
    (close,) = (hit for hit in everywhere.hits if hit.actor == CLOSE)
    (same,) = there.hits
    assert close.parts.similar > 0 > close.parts.own
    assert (close.fit, close.parts.own) == (same.fit, same.parts.own)


# Known conversions


def test_a_known_conversion_raises_a_firm_in_a_close_trade_and_is_named(
    base: KnowledgeBase,
) -> None:
    base.put([actor("tailor", "Costumes, chemises et cravates pour hommes.")])
    query = "masques et blouses pour soignants"
    hit = found(base, query)["tailor"]
    assert hit.parts.similar > 0
    (inferred,) = [one for one in hit.evidence if one.kind is EvidenceKind.SIMILAR]
    assert inferred.precedent is not None
    assert (inferred.precedent.id, inferred.precedent.name) == ("", "Brooks Brothers")
    assert inferred.precedent.source_url.startswith("https://")
    assert "Brooks Brothers" not in {one.actor.name for one in found(base, query).values()}
    without = found(base, query, RankingOptions(elsewhere=False))["tailor"]
    assert without.parts.similar == 0
    # Who made a thing is no outlet for it.
    assert found(base, f"que faire de nos {query} ?")["tailor"].parts.similar == 0

"""Close trades: who resembles those that a case shows may be able to do it too."""

from dataclasses import replace
from typing import Any

import pytest

from kb.knowledge_base import KnowledgeBase
from kb.models import Actor, Case, Participation
from kb.reference.roles import ROLES, Role
from kb.search.context import RankingOptions
from kb.search.results import ActorHit, EvidenceKind, Filters, Fit

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


def test_nobody_is_a_precedent_for_itself(base: KnowledgeBase) -> None:
    base.put([replace(STORY, participants=STORY.participants[:1])])
    assert found(base)["polisher"].parts.similar == 0
    options = RankingOptions(transfer_only=True, elsewhere=False)
    alone = found(base, options=options)["polisher"]
    assert alone.parts.similar == 0


def test_the_role_of_the_precedent_scales_the_boost_of_its_trade(base: KnowledgeBase) -> None:
    hits = found(base)
    assert hits["closetosupplier"].parts.similar > 0
    assert hits["closetobuyer"].parts.similar == 0
    raised = {}
    for role in (Role.PRODUCER, Role.SUPPLIER):
        base.put([replace(STORY, participants=(Participation("Polisher", role, "polisher"),))])
        raised[role] = found(base)["close"].parts.similar
    assert raised[Role.PRODUCER] > raised[Role.SUPPLIER] > 0
    assert {role for role in Role if not ROLES[role].precedent_share} == {
        Role.BUYER,
        Role.AUTHORITY,
        Role.FACILITATOR,
        Role.NETWORK,
        Role.CARRIER,
    }


@pytest.mark.parametrize("query", ["portails", "porcelaine", "gants de cuir"])
def test_without_a_relevant_case_nothing_is_inferred(base: KnowledgeBase, query: str) -> None:
    hits = found(base, query)
    assert all(hit.parts.similar == 0 for hit in hits.values())
    assert all(EvidenceKind.SIMILAR not in kinds(hit) for hit in hits.values())


@pytest.mark.parametrize(
    "options",
    [
        RankingOptions(cases=False, elsewhere=False),
        RankingOptions(similar=False),
        RankingOptions(unmatched=frozenset({"story"}), elsewhere=False),
    ],
)
def test_nothing_is_inferred_where_it_is_left_out(
    base: KnowledgeBase, options: RankingOptions
) -> None:
    hits = found(base, options=options)
    assert all(hit.parts.similar == 0 for hit in hits.values())


def test_a_name_asks_for_nobody_like_it(base: KnowledgeBase) -> None:
    hits = found(base, "Polisher")
    assert hits["polisher"].rank == 1
    assert hits["close"].parts.similar == 0


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


def test_several_passages_of_one_actor_count_once(base: KnowledgeBase) -> None:
    """A description that says the same again is no closer."""
    paragraph = CLOSE.description
    filler = " ".join(f"mot{i}" for i in range(120))
    base.put([replace(CLOSE, id="long", name="Long", description=f"{paragraph}\n\n{filler}")])
    hits = found(base)
    assert hits["long"].parts.similar <= hits["close"].parts.similar + 1e-6


def test_transfer_only_measures_the_effect_of_a_case_on_others(base: KnowledgeBase) -> None:
    hits = found(base, options=RankingOptions(transfer_only=True))
    assert all(hit.parts.case == 0 for hit in hits.values())
    assert all(EvidenceKind.CASE not in kinds(hit) for hit in hits.values())
    plain = found(base)
    assert hits["close"].parts.similar == pytest.approx(plain["close"].parts.similar)
    assert hits["close"].rank < hits["forge"].rank
    assert plain["polisher"].score > hits["polisher"].score


def test_a_filter_leaves_precedents_followed(base: KnowledgeBase) -> None:
    (hit,) = base.search(QUERY, filters=Filters(department="16")).hits
    assert hit.actor == CLOSE
    assert hit.parts.similar == pytest.approx(found(base)["close"].parts.similar)
    assert [one.precedent for one in hit.evidence if one.precedent] == [POLISHER]


def test_a_closed_actor_is_not_raised_but_still_tells(base: KnowledgeBase) -> None:
    base.put([replace(CLOSE, closed_on="2020-01-01")])
    assert "close" not in found(base)
    base.put([CLOSE, replace(POLISHER, closed_on="2020-01-01")])
    hits = found(base)
    assert "polisher" not in hits
    assert hits["close"].parts.similar > 0


def test_a_case_of_the_same_trade_in_another_language_tells_too(base: KnowledgeBase) -> None:
    english = replace(
        STORY,
        id="story-en",
        title="A story",
        need="Some sanitiser",
        lang="en",
        translation_of="story",
    )
    base.put([english])
    hit = found(base, "sanitiser")["close"]
    assert hit.parts.similar > 0
    assert [one.case for one in hit.evidence if one.precedent] == [english]


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

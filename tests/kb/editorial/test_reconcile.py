from dataclasses import replace

import pytest

from kb.errors import UnknownRecord
from kb.knowledge_base import KnowledgeBase, Outcome
from kb.models import Actor, Case, Kind, Participation
from kb.reference.roles import Role
from kb.resolution.merge_rules import SourceRow
from tests.encoders import WordCountEncoder

SIRET = "73282932000074"
AVEL = Actor(id="avel", name="Avel", description="Fabrique des cirages.", country="FR", siret=SIRET)
SAME = Actor(id="A-7", name="AVEL SAS", place="Angoulême", country="FR", siret=SIRET)
MERLET = Actor(id="merlet", name="Merlet", country="FR")


def ingest(base: KnowledgeBase, source: str, *actors: Actor) -> list[Outcome]:
    return base.begin_rows(source, [SourceRow(actor) for actor in actors]).put()


def claims_of(base: KnowledgeBase, actor_id: str) -> set[tuple[str, str, str]]:
    return {(claim.source, claim.field, claim.value) for claim in base.claims.of(actor_id)}


def test_a_row_with_a_known_siret_is_of_the_known_actor(base: KnowledgeBase) -> None:
    assert ingest(base, "cci", AVEL) == [Outcome.ADDED]
    assert ingest(base, "annuaire", SAME) == [Outcome.COMPLETED]
    assert base.actors() == [replace(AVEL, place="Angoulême")]
    assert ("annuaire", "name", "AVEL SAS") in claims_of(base, "avel")
    assert ("cci", "name", "Avel") in claims_of(base, "avel")


SAPHIR = Actor(
    id="S-1",
    name="Saphir",
    place="Ruffec",
    country="FR",
    siret=SIRET,
    website="https://saphir.fr",
    closed_on="2024-01-31",
)


def test_a_known_siret_under_quite_another_name_waits_as_a_pair(base: KnowledgeBase) -> None:
    ingest(base, "cci", AVEL)
    told: list[tuple[int, str]] = []

    def again() -> list[Outcome]:
        rows = [SourceRow(MERLET), SourceRow(SAPHIR)]
        return base.begin_rows("annuaire", rows).put(
            on_apart=lambda position, other: told.append((position, other.id))
        )

    assert again() == [Outcome.ADDED, Outcome.ADDED]
    assert base.actor("avel") == AVEL
    assert base.actor("S-1") == SAPHIR
    assert told == [(1, "avel")]
    (pair,) = base.duplicates.list()
    assert ({pair.left_id, pair.right_id}, pair.reasons) == ({"avel", "S-1"}, ("same_siret",))
    assert again() == [Outcome.UNCHANGED, Outcome.UNCHANGED]
    assert told == [(1, "avel")], "told once"


def test_once_a_person_merges_them_a_row_of_either_name_is_of_the_one(
    base: KnowledgeBase,
) -> None:
    ingest(base, "cci", AVEL)
    ingest(base, "annuaire", replace(SAPHIR, closed_on=""))
    base.duplicates.decide("avel", "S-1", same=True)
    assert ingest(base, "annuaire", replace(SAPHIR, closed_on="")) == [Outcome.UNCHANGED]
    third = Actor(id="3", name="SAPHIR SARL", country="FR", siret=SIRET, phone=("+33536490010",))
    assert ingest(base, "poles", third) == [Outcome.COMPLETED]
    assert base.ids(Kind.ACTOR) == {"avel"}


def test_of_actors_with_one_siret_a_row_is_of_the_one_with_its_name(base: KnowledgeBase) -> None:
    ingest(base, "cci", AVEL)
    ingest(base, "annuaire", replace(SAPHIR, id="a"))
    outcomes = ingest(base, "poles", SAME, replace(SAPHIR, id="b", phone=("+33536490010",)))
    assert outcomes == [Outcome.COMPLETED, Outcome.COMPLETED]
    assert base.ids(Kind.ACTOR) == {"avel", "a"}


def test_another_name_with_the_id_and_the_siret_of_a_firm_stays_apart(base: KnowledgeBase) -> None:
    ingest(base, "cci", AVEL)
    assert ingest(base, "annuaire", replace(SAPHIR, id="avel")) == [Outcome.ADDED]
    assert base.ids(Kind.ACTOR) == {"avel", "avel-annuaire"}
    assert base.actor("avel") == AVEL


def test_the_siret_of_a_withdrawn_actor_brings_nothing_back(base: KnowledgeBase) -> None:
    ingest(base, "cci", AVEL)
    ingest(base, "annuaire", SAPHIR)
    base.withdraw(Kind.ACTOR, "avel", by="lea")
    assert ingest(base, "poles", SAME) == [Outcome.WITHDRAWN]
    assert base.ids(Kind.ACTOR) == {"S-1"}


HERE = replace(MERLET, place="Cognac", department="16", phone=("+33536490010",))
THERE = replace(HERE, id="77", name="MERLET SAS", description="Distille des vins.")


def test_a_second_directory_completes_what_is_certainly_the_same(base: KnowledgeBase) -> None:
    ingest(base, "cci", replace(HERE, description="Vieillit des eaux-de-vie.", activity_code=""))
    told = replace(THERE, activity_code="11.01Z", website="https://merlet.fr", place="COGNAC CEDEX")
    assert ingest(base, "annuaire", told) == [Outcome.COMPLETED]
    (actor,) = base.actors()
    assert (actor.id, actor.name, actor.place) == ("merlet", "Merlet", "Cognac")
    assert (actor.activity_code, actor.website) == ("11.01Z", "https://merlet.fr")
    assert actor.description == "Vieillit des eaux-de-vie.\n\nDistille des vins."
    assert ("annuaire", "website", "https://merlet.fr") in claims_of(base, "merlet")
    assert base.duplicates.count() == 0
    assert ingest(base, "annuaire", told) == [Outcome.UNCHANGED]
    assert ingest(base, "annuaire", replace(told, website="")) == [Outcome.CHANGED]


def test_a_source_has_each_firm_once(base: KnowledgeBase) -> None:
    assert ingest(base, "cci", HERE, THERE) == [Outcome.ADDED, Outcome.ADDED]
    assert ingest(base, "annuaire", replace(THERE, id="8")) == [Outcome.ADDED], "which of the two?"
    assert base.duplicates.count() == 3


def test_what_a_person_said_is_another_is_not_joined(base: KnowledgeBase) -> None:
    ingest(base, "cci", HERE)
    ingest(base, "annuaire", replace(THERE, phone=()))
    base.duplicates.decide("merlet", "77", same=False)
    base.prune(["annuaire"], lambda _source, _key: False)
    assert ingest(base, "annuaire", THERE) == [Outcome.ADDED]
    assert base.ids(Kind.ACTOR) == {"merlet", "77"}


def test_telling_the_same_again_changes_nothing(
    base: KnowledgeBase, word_counts: WordCountEncoder
) -> None:
    ingest(base, "cci", AVEL)
    ingest(base, "annuaire", SAME)
    before = base.claims.of("avel"), base.status().generation, list(word_counts.embedded)
    assert ingest(base, "cci", AVEL) == [Outcome.UNCHANGED]
    assert ingest(base, "annuaire", SAME) == [Outcome.UNCHANGED]
    assert (
        base.claims.of("avel"),
        base.status().generation,
        word_counts.embedded,
    ) == before


def test_a_source_that_repeats_known_values_is_noted_without_a_change(base: KnowledgeBase) -> None:
    ingest(base, "cci", AVEL)
    generation = base.status().generation
    assert ingest(base, "annuaire", AVEL) == [Outcome.UNCHANGED]
    assert base.status().generation == generation
    assert base.claims.sources() == [("annuaire", 1), ("cci", 1)]
    assert len(base.history(Kind.ACTOR, "avel")) == 1


def test_ids_of_two_sources_that_are_of_two_firms_stay_two(base: KnowledgeBase) -> None:
    ingest(base, "cci", replace(AVEL, id="1"))
    ingest(base, "annuaire", replace(MERLET, id="1"))
    assert {actor.id: actor.name for actor in base.actors()} == {
        "1": "Avel",
        "1-annuaire": "Merlet",
    }
    assert ingest(base, "annuaire", replace(MERLET, id="1", place="Cognac")) == [Outcome.CHANGED]
    assert base.actor("1-annuaire").place == "Cognac"


def test_ids_of_two_sources_that_are_of_one_firm_are_one(base: KnowledgeBase) -> None:
    ingest(base, "cci", MERLET)
    assert ingest(base, "annuaire", replace(MERLET, place="Cognac")) == [Outcome.COMPLETED]
    assert base.actors() == [replace(MERLET, place="Cognac")]


def test_what_a_moderator_wrote_stands(base: KnowledgeBase) -> None:
    ingest(base, "cci", AVEL, MERLET)
    assert base.put([replace(AVEL, name="Avel-Saphir")], by="lea") == [Outcome.CHANGED]
    ingest(base, "cci", replace(AVEL, name="AVEL", place="Magnac"))
    assert base.actor("avel") == replace(AVEL, name="Avel-Saphir", place="Magnac")
    assert ("moderation", "name", "Avel-Saphir") in claims_of(base, "avel")


def test_a_withdrawn_actor_stays_out(base: KnowledgeBase) -> None:
    ingest(base, "cci", AVEL)
    base.withdraw(Kind.ACTOR, "avel", by="lea")
    changed = replace(AVEL, name="AVEL")
    assert ingest(base, "cci", changed, MERLET) == [Outcome.WITHDRAWN, Outcome.ADDED]
    assert base.actors() == [MERLET]
    base.restore(Kind.ACTOR, "avel", 1, by="lea")
    assert ingest(base, "cci", changed) == [Outcome.CHANGED]


def test_one_of_two_firms_of_one_id_that_is_erased_stays_out(base: KnowledgeBase) -> None:
    ingest(base, "cci", replace(MERLET, id="1"))
    other = Actor(id="1", name="Ganterie de Saint-Junien")
    assert ingest(base, "annuaire", other) == [Outcome.ADDED]
    base.erase(Kind.ACTOR, "1-annuaire", by="max")
    assert ingest(base, "annuaire", other) == [Outcome.WITHDRAWN]
    assert base.ids(Kind.ACTOR) == {"1"}


def test_values_that_a_source_no_longer_gives_are_removed(base: KnowledgeBase) -> None:
    ingest(base, "cci", AVEL, MERLET)
    ingest(base, "annuaire", SAME)
    assert base.prune(["cci"], lambda _source, _key: False) == 1
    assert base.actors() == [replace(SAME, id="avel")]
    assert base.prune(["annuaire"], lambda _source, _key: False) == 1
    assert base.actors() == []
    assert base.claims.sources() == []


# Duplicates

TWIN = Actor(id="merlet-2", name="Ets Merlet", place="Cognac", country="FR", department="16")
LIKE = replace(MERLET, place="Cognac", department="16", description="Distille.")
CASE = Case(
    id="gel",
    title="Gel",
    text="Récit.",
    participants=(
        Participation("Merlet", Role.PRODUCER, "merlet-2"),
        Participation("Avel", Role.BUYER, "avel"),
    ),
)


def pairs(base: KnowledgeBase) -> list[tuple[str, str]]:
    return [(pair.left_id, pair.right_id) for pair in base.duplicates.list()]


@pytest.fixture
def twins(base: KnowledgeBase) -> KnowledgeBase:
    ingest(base, "cci", LIKE, AVEL)
    ingest(base, "annuaire", TWIN)
    base.put([CASE])
    return base


def test_likely_duplicates_are_listed_with_what_speaks_for_it(twins: KnowledgeBase) -> None:
    (found,) = twins.duplicates.list()
    assert (found.left_id, found.right_id) == ("merlet", "merlet-2")
    assert found.reasons == ("same_name", "same_place")
    assert twins.duplicates.count() == 1


def test_actors_that_are_no_longer_alike_are_no_longer_listed(twins: KnowledgeBase) -> None:
    ingest(twins, "annuaire", replace(TWIN, name="Jolival"))
    assert pairs(twins) == []


def test_the_same_become_one(twins: KnowledgeBase) -> None:
    twins.duplicates.decide("merlet", "merlet-2", same=True, keep="merlet", by="lea")
    assert [actor.id for actor in twins.actors()] == ["avel", "merlet"]
    assert twins.actor("merlet-2") == twins.actor("merlet") == LIKE
    assert [part.actor_id for part in twins.case("gel").participants] == ["merlet", "avel"]
    assert [case.id for case in twins.cases_of("merlet")] == ["gel"]
    assert pairs(twins) == []
    assert {claim.source for claim in twins.claims.of("merlet")} == {"cci", "annuaire"}


def test_the_kept_one_keeps_its_fields_whoever_came_first(twins: KnowledgeBase) -> None:
    twins.duplicates.decide("merlet", "merlet-2", same=True, keep="merlet-2", by="lea")
    assert twins.actor("merlet") == replace(TWIN, description="Distille.")


def test_merged_actors_stay_merged_when_they_are_ingested_again(twins: KnowledgeBase) -> None:
    twins.duplicates.decide("merlet", "merlet-2", same=True, keep="merlet", by="lea")
    assert ingest(twins, "annuaire", TWIN) == [Outcome.UNCHANGED]
    assert ingest(twins, "web", replace(TWIN, website="https://merlet.fr")) == [Outcome.COMPLETED]
    assert twins.put([CASE]) == [Outcome.UNCHANGED]
    assert [actor.id for actor in twins.actors()] == ["avel", "merlet"]
    assert twins.actor("merlet").website == "https://merlet.fr"


def test_a_pair_of_one_that_is_gone_is_asked_of_the_kept_one(twins: KnowledgeBase) -> None:
    ingest(twins, "web", replace(TWIN, id="merlet-3", name="Distillerie Merlet"))
    assert len(pairs(twins)) == 3
    twins.duplicates.decide("merlet", "merlet-2", same=True, by="lea")
    assert pairs(twins) == [("merlet", "merlet-3")]


def test_a_decision_on_what_is_no_actor_is_refused(twins: KnowledgeBase) -> None:
    for left, right, keep in (("merlet", "x", ""), ("x", "merlet", ""), ("merlet", "avel", "x")):
        for same in (True, False):
            with pytest.raises(UnknownRecord):
                twins.duplicates.decide(left, right, same=same, keep=keep, by="lea")
    assert len(twins.actors()) == 3

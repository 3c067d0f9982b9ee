from dataclasses import replace

import pytest

from kb.knowledge_base import KnowledgeBase
from kb.models import Actor
from kb.registers.records.duplicates import DuplicateState
from kb.resolution.merge_rules import SourceRow

PHONE = "+33536490010"
MERLET = Actor(id="a", name="Merlet SARL", place="Cognac", department="16")
SAME = Actor(id="b", name="Ets Merlet", place="Cognac", department="16")


def ingest(base: KnowledgeBase, source: str, *actors: Actor) -> None:
    base.begin_rows(source, [SourceRow(actor) for actor in actors]).put()


def pairs(base: KnowledgeBase, state: DuplicateState = DuplicateState.OPEN) -> set[tuple[str, str]]:
    return {(pair.left_id, pair.right_id) for pair in base.duplicates.list(state)}


def test_pairs_of_a_source_are_those_with_an_actor_of_it(base: KnowledgeBase) -> None:
    ingest(base, "cci", MERLET, replace(MERLET, id="x", name="Avel"))
    ingest(base, "annuaire", SAME)
    ingest(base, "web", replace(MERLET, id="y", name="Avel SAS"))
    assert pairs(base) == {("a", "b"), ("x", "y")}
    of_annuaire = base.duplicates.list(sources=["annuaire"])
    assert [pair.right_id for pair in of_annuaire] == ["b"]
    counts = [base.duplicates.count(sources=names) for names in ((), ["cci"], ["web"], ["none"])]
    assert counts == [2, 2, 1, 0]


def test_establishments_in_two_towns_are_related_and_no_question(base: KnowledgeBase) -> None:
    here = replace(MERLET, siret="66204340500213")
    ingest(base, "cci", here, replace(here, id="b", place="Ruffec", siret="66204340500239"))
    assert base.duplicates.count() == 0
    assert pairs(base, DuplicateState.RELATED) == {("a", "b")}
    base.duplicates.decide("a", "b", same=False)
    assert pairs(base, DuplicateState.RELATED) == set()


def test_a_pair_is_judged_anew_when_its_contact_becomes_common(base: KnowledgeBase) -> None:
    names = ("Avel", "Saphir", "Ortho3D", "Vignal", "Numéria", "Biolaq")
    firms = [replace(MERLET, id=name, name=name, phone=(PHONE,)) for name in names]
    ingest(base, "cci", *firms[:2])
    assert pairs(base) == {("Avel", "Saphir")}
    ingest(base, "cci", *firms[2:])
    assert pairs(base) == set()


@pytest.mark.parametrize("same", [True, False])
def test_a_decision_stands_whatever_is_ingested_later(base: KnowledgeBase, same: bool) -> None:
    ingest(base, "cci", MERLET)
    ingest(base, "annuaire", SAME)
    base.duplicates.decide("a", "b", same=same)
    ingest(base, "annuaire", replace(SAME, phone=(PHONE,)))
    assert pairs(base) == set()

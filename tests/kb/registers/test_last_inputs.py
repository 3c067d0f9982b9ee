from dataclasses import replace

import pytest

from kb.knowledge_base import KnowledgeBase, Outcome
from kb.models import Actor, Kind
from kb.resolution.merge_rules import SourceRow
from kb.store.pool import open_store
from tests.kb.records import SANITISER

CORRECTED = replace(SANITISER, need="Trouver du gel pour l'hôpital", themes=("Santé", "Chimie"))
RETOLD = replace(SANITISER, title="Du gel à Angoulême")


@pytest.fixture
def corrected(base: KnowledgeBase) -> KnowledgeBase:
    base.ingest_cases([SANITISER])
    base.put([CORRECTED], by="léa")
    return base


def generation(base: KnowledgeBase) -> str:
    store = open_store(base._stores.place)
    found = store.generation
    store.close()
    return found


def test_corrections_stand_when_the_input_is_repeated(
    corrected: KnowledgeBase,
) -> None:
    before = generation(corrected)
    assert corrected.ingest_cases([SANITISER]) == [Outcome.UNCHANGED]
    assert corrected.case(SANITISER.id) == CORRECTED
    assert generation(corrected) == before


def test_what_is_new_in_the_input_is_taken_and_the_rest_stays(corrected: KnowledgeBase) -> None:
    both = replace(CORRECTED, title=RETOLD.title)
    assert corrected.ingest_cases([RETOLD]) == [Outcome.CHANGED]
    assert corrected.case(SANITISER.id) == both
    assert corrected.ingest_cases([RETOLD]) == [Outcome.UNCHANGED]
    assert corrected.case(SANITISER.id) == both


def test_the_input_that_takes_up_a_correction_is_no_news(corrected: KnowledgeBase) -> None:
    assert corrected.ingest_cases([CORRECTED]) == [Outcome.UNCHANGED]
    again = replace(CORRECTED, need="Trouver du gel")
    corrected.put([again], by="max")
    assert corrected.ingest_cases([CORRECTED]) == [Outcome.UNCHANGED]
    assert corrected.case(SANITISER.id) == again


def test_a_merge_is_no_news_of_the_input(base: KnowledgeBase) -> None:
    base.begin_rows("cci", [SourceRow(Actor(id="avel", name="Avel"))]).put()
    base.begin_rows("annuaire", [SourceRow(Actor(id="avel-2", name="Avel SAS"))]).put()
    base.ingest_cases([SANITISER])
    base.put([CORRECTED], by="léa")
    base.duplicates.decide("avel", "avel-2", same=True, keep="avel-2", by="léa")
    assert base.ingest_cases([SANITISER]) == [Outcome.UNCHANGED]
    case = base.case(SANITISER.id)
    assert (case.need, case.participants[0].actor_id) == (CORRECTED.need, "avel-2")


def test_nothing_is_kept_of_erased_records_that_are_ingested_again(base: KnowledgeBase) -> None:
    secret = replace(SANITISER, text="Kwyjibo.")
    base.ingest_cases([secret])
    base.erase(Kind.CASE, secret.id, by="max")
    assert base.ingest_cases([secret]) == [Outcome.WITHDRAWN]
    base.close()
    assert not any(
        b"kwyjibo" in path.read_bytes().lower() for path in base.folder.iterdir() if path.is_file()
    )

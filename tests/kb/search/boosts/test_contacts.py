"""Telephone numbers and e-mail addresses as queries."""

from dataclasses import replace

import pytest

from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.search.results import Absence
from kb.store.store import Store
from tests.kb.records import DISTILLER, GLOVER, POLISH, RECORDS

POLISHERS = replace(POLISH, phone=("+33545000001",), email=("contact@polish.example",))
HIDDEN = ("+33545000002", "atelier_1@glover.example")
GLOVERS = replace(GLOVER, phone=HIDDEN[:1], email=HIDDEN[1:])


@pytest.fixture
def base(base: KnowledgeBase) -> KnowledgeBase:
    overseas = replace(DISTILLER, department="971", phone=("+590590000003",))
    base.put([*RECORDS, POLISHERS, GLOVERS, overseas])
    store = Store.open(base.folder / DATABASE_FILE)
    with store.writing():
        store.hide_contacts(GLOVER.id, HIDDEN)
    store.close()
    return base


def test_a_contact_finds_its_organisation_alone(base: KnowledgeBase) -> None:
    cases: list[str] = [
        "05 45 00 00 01", "0545000001", "+33 5 45 00 00 01", "Tél. : 05.45.00.00.01",
        "contact@polish.example", " Contact@Polish.example", "mailto:contact@polish.example",
    ]  # fmt: skip
    for query in cases:
        result = base.search(query)
        assert [hit.actor.id for hit in result.hits if hit.rank == 1] == [POLISH.id]
        assert result.total == 1
        assert result.absent is None


def test_what_members_alone_may_see_finds_nobody(base: KnowledgeBase) -> None:
    cases: list[str] = [
        "05 45 00 00 02", "atelier_1@glover.example", "atelierX1@glover.example", "05 45 00 00 09",
    ]  # fmt: skip
    for query in cases:
        with_it = base.actor(GLOVER.id)
        assert with_it.phone == HIDDEN[:1]
        assert with_it.members_only == {*HIDDEN}
        result = base.search(query)
        assert result.absent is Absence.NUMBER
        assert (result.total, result.hits) == (0, ())


def test_a_need_with_a_number_in_it_is_a_need(base: KnowledgeBase) -> None:
    assert base.search("gants, tel 05 45 00 00 01").absent is None

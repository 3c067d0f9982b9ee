"""What is erased of a base in PostgreSQL leaves no byte in the files of its database."""

from dataclasses import replace

import pytest

from kb.knowledge_base import KnowledgeBase
from kb.models import Kind
from kb.registers.personal_data.traits import PersonalKind, Retention
from kb.settings import Settings
from kb.store.postgres import store as postgres_store
from kb.store.postgres.connection import PostgresConnection
from tests.conftest import OpenBase
from tests.encoders import WordCountEncoder
from tests.kb.records import POLISH, RECORDS, SANITISER
from tests.postgres import PostgresServer

WORD = "quaxifrag"
"""As words of passages are kept: stemmed."""

NAME = f"Zorglub {WORD.title()}e"


@pytest.fixture
def engine() -> str:
    return "postgres"


@pytest.fixture
def told(open_base: OpenBase, word_counts: WordCountEncoder) -> KnowledgeBase:
    """A base in which an organisation, a case and a draft name a person."""
    base = open_base(word_counts)
    base.put(RECORDS)
    base.put([replace(POLISH, name=NAME, place=NAME, description=f"Appeler {NAME}.")], by=NAME)
    base.put([replace(SANITISER, author=NAME, text=f"{NAME} a dit oui.")], by=NAME)
    base.drafts.add(POLISH, by=NAME, origin=f"{NAME}.pdf", source_text=NAME)
    base.save_index()
    return base


def test_a_person_who_is_erased_leaves_no_byte(
    told: KnowledgeBase, postgres: PostgresServer
) -> None:
    assert {"actors", "postings", "versions"} <= {*postgres.files_saying(WORD, "base")}
    told.erase(Kind.ACTOR, POLISH.id, by="max")
    told.personal_data.take_out(NAME, by="max")
    told.personal_data.erase(PersonalKind.ACCOUNT, NAME, by="max")
    assert postgres.files_saying(WORD, "base") == []
    assert told.personal_data.find(NAME) == []
    assert told.search("gel hydroalcoolique").cases[0].case.id == SANITISER.id


def test_an_erasure_that_was_interrupted_is_finished_within_the_hour(
    told: KnowledgeBase, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_store: PostgresConnection, _began: str) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as interrupted:
        interrupted.setattr(postgres_store, "rewrite", killed)
        with pytest.raises(KeyboardInterrupt):
            told.personal_data.take_out(NAME, by="max")
        with pytest.raises(KeyboardInterrupt):
            told.personal_data.erase(PersonalKind.ACCOUNT, NAME, by="max")
    assert postgres.files_saying(WORD, "base")
    told.personal_data.forget_old(Retention.of(Settings()))
    assert postgres.files_saying(WORD, "base") == []

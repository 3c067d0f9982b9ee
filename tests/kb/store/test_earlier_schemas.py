"""Bases that earlier versions of the program made are opened by this one."""

from contextlib import closing
from pathlib import Path

import pytest

from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.models import Kind
from kb.store.migrations import FIRST_VERSION, SCHEMA_VERSION
from kb.store.store import Store
from kb.upkeep.check import BaseCheck
from tests.data.schemas import SCHEMAS, unpacked
from tests.encoders import WordCountEncoder

pytestmark = pytest.mark.thorough


def test_there_is_a_base_of_every_earlier_schema() -> None:
    """A migration was added? python -m tests.data.schemas.make N"""
    assert {*range(FIRST_VERSION, SCHEMA_VERSION)} == {*SCHEMAS}


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_base_of_an_earlier_schema_is_migrated_and_answers(schema: int, tmp_path: Path) -> None:
    unpacked(schema, tmp_path / DATABASE_FILE)
    for name in ("passages.faiss", "passages.csv"):
        (tmp_path / name).touch()
    base = KnowledgeBase(tmp_path, lambda: WordCountEncoder("words-64", 64), trade_index=None)
    if base.status().problems:
        assert "made by other rules" in base.status().problems[0]
        base.rebuild()
    assert base.status().problems == ()
    assert [path.name for path in tmp_path.glob("passages.*")] == ["passages.csv"]
    assert (base.status().actors, base.status().cases) == (3, 1)
    found = base.search("gants de cuir")
    assert found.hits[0].actor.id == "gants"
    assert found.hits[0].actor.description == "Un atelier de ganterie coud des gants de cuir."
    assert base.case("gel-angouleme").participants[0].actor_id == "avel"
    assert [version.number for version in base.history(Kind.ACTOR, "gants")] == [1, 2]
    assert [account.name for account in base.accounts.list()] == ["Camille"]
    base.close()
    with closing(Store.open(tmp_path / DATABASE_FILE)) as store:
        assert BaseCheck(store).run() == []

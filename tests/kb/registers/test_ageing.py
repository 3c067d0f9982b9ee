"""Which organisations nothing confirmed for long."""

from dataclasses import replace

from kb.knowledge_base import KnowledgeBase
from kb.registers.records.rereading import Interval, Validators
from tests.kb.records import POLISH


def test_an_actor_ages_until_it_changes_or_its_source_is_read_again(base: KnowledgeBase) -> None:
    base.put([POLISH, replace(POLISH, id="fresh", name="Fresh")])
    with base._stores.lend() as database:
        database.execute("update actors set updated_at = '2020-01-01' where id = ?", [POLISH.id])
        database.execute(
            "insert into statements (source, key, actor_id, said, since)"
            " values ('directory', '1', ?, '{}', '2020-01-01')",
            [POLISH.id],
        )
    ageing = base.ageing_actors
    assert [actor.id for actor in ageing.oldest("2021-01-01", 10)] == [POLISH.id]
    assert ageing.count("2021-01-01") == 1
    assert ageing.count("2019-01-01") == 0
    base.source_locations.add("directory", "https://a.example/", Interval.WEEK)
    assert ageing.count("2021-01-01") == 1  # it has still to be read
    base.source_locations.succeeded(base.source_locations.get("directory"), Validators())
    assert ageing.count("2021-01-01") == 0
    with base._stores.lend() as database:
        database.execute("update statements set unlisted_at = '2026-01-01'")
    assert ageing.count("2021-01-01") == 1

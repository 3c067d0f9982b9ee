from pathlib import Path

from kb.editorial.reconcile import reconcile
from kb.models import Actor
from kb.registers.clock import now
from kb.registers.records.sources import save_source_records
from kb.resolution.merge_rules import SourceRow, source_record
from kb.store.store import NewRecord, SqliteStore

WATCHED_EVERY = 100
"""Steps of SQLite's machine between two calls of its progress handler."""


def steps_of_a_slice(folder: Path, known: int) -> int:
    """How many steps SQLite takes to plan some new rows of a source that has described so many."""
    folder.mkdir()
    store = SqliteStore.open_file(folder / "kb.sqlite", create=True)
    actors = [Actor(id=f"firme-{row}", name=f"Firme {row}", country="FR") for row in range(known)]
    with store.changing():
        store.put_all([NewRecord(actor, [], []) for actor in actors])
        save_source_records(
            store, [source_record("cci", SourceRow(actor), actor.id, now()) for actor in actors]
        )
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += WATCHED_EVERY
        return 0

    new = [
        SourceRow(Actor(id=f"new-{row}", name=f"New {row}", email=(f"a@new-{row}.example",)))
        for row in range(20)
    ]
    connection = store.connection
    assert connection is not None
    connection.set_progress_handler(count, WATCHED_EVERY)
    assert len(reconcile(store, "cci", new, now()).changed) == 20
    store.close()
    return steps


def test_rows_are_looked_up_as_fast_among_many_actors_as_among_few(tmp_path: Path) -> None:
    few = steps_of_a_slice(tmp_path / "few", 100)
    many = steps_of_a_slice(tmp_path / "many", 2000)
    assert many < 2 * few

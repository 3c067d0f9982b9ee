from pathlib import Path

from kb.indexing.derivation import derive
from kb.models import Actor
from kb.store.store import NewRecord, SqliteStore

ACTORS = [
    Actor(id="a", name="Tonnellerie Avel", description="Des fûts, et des barriques. Réparation."),
    Actor(id="b", name="Tonnellerie Merlet", description="Des foudres.", themes=("Bois", "bois")),
    Actor(id="c", name="Avel et fils", description="Des bouchons.", place="Saint-Jean, Île-d'Aix"),
]
TABLES = (
    "actors",
    "themes",
    "names",
    "name_vocabulary",
    "name_words",
    "name_slips",
    "passages",
)


def new(actor: Actor) -> NewRecord:
    derived = derive(actor)
    return NewRecord(actor, derived.documents, derived.names)


def stored(store: SqliteStore) -> dict[str, set[tuple[object, ...]]]:
    """What is stored, words by themselves and not by their numbers."""
    words = {row["id"]: row["word"] for row in store.execute("select * from name_vocabulary")}
    unlike = {"id", "updated_at", "document_id"}
    found = {
        table: {
            tuple(
                words[value] if column == "word_id" else value
                for column, value in dict(row).items()
                if column not in unlike or (column == "id" and table in {"actors", "passages"})
            )
            for row in store.execute(f"select * from {table}")
        }
        for table in TABLES
    }
    found["words"] = set(map(tuple, store.execute("select rowid, words from passage_words")))
    return found


def opened(path: Path) -> SqliteStore:
    return SqliteStore.open_file(path, create=True)


def test_records_stored_together_are_as_stored_one_by_one(tmp_path: Path) -> None:
    alone, together = opened(tmp_path / "alone.sqlite"), opened(tmp_path / "together.sqlite")
    for actor in ACTORS:
        with alone.changing():
            alone.put(actor, new(actor).documents, new(actor).names)
    with together.changing():
        together.put_all(list(map(new, ACTORS)))
    assert stored(together) == stored(alone)
    counts = {
        row["word"]: row["names"] for row in together.execute("select * from name_vocabulary")
    }
    assert (counts["tonnellerie"], counts["avel"], counts["merlet"]) == (2, 2, 1)
    for store in (alone, together):
        store.close()

"""Statements: what each source says of an actor, fact by fact, and since when.

The register of provenance. A source's statements under one of its ids are one row, so that
a directory of many facts costs one write for each of its lines.
"""

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from kb.resolution.merge_rules import Said, Teller
from kb.store.pool import StorePool
from kb.store.store import Store


@dataclass(frozen=True, slots=True)
class Statement:
    """That a source says this of an actor, under an id of its own (`key`), since `said_at`.

    `field` is one of `Actor`'s, or `fact:` and a fact's name. `source` is "moderation" for a
    moderator's correction, and empty for what was known before sources were named.
    """

    source: str
    key: str
    field: str
    value: str
    said_at: str


class Statements:
    """The register of statements, to be read; `kb.editorial.ingestion` writes it."""

    def __init__(self, stores: StorePool) -> None:
        self._stores = stores

    def of(self, actor_id: str) -> Sequence[Statement]:
        """What is said of an actor, source by source as they came; none where no source is known.

        An actor that was merged into another is asked for by the other's id.
        """
        with self._stores.lend() as store:
            tellers = tellers_of(store, [actor_id]).get(actor_id, [])
        return [
            Statement(
                teller.source,
                teller.key,
                field,
                said.value if isinstance(said.value, str) else " | ".join(said.value),
                said.at,
            )
            for teller in tellers
            for field, said in teller.said.items()
        ]

    def sources(self) -> Sequence[tuple[str, int]]:
        """Every source that says something, with of how many of its ids, in alphabetical order."""
        with self._stores.lend() as store:
            return sources_of(store)


def sources_of(store: Store) -> list[tuple[str, int]]:
    """Every source that says something, with of how many of its ids, in alphabetical order."""
    rows = store.database.conn.execute(
        "select source, count(*) from statements group by source order by source"
    )
    return [(row[0], row[1]) for row in rows]


def tellers_of(store: Store, actor_ids: Collection[str]) -> dict[str, list[Teller]]:
    """Who tells of each of these actors, in the order in which they came."""
    rows = store.database.conn.execute(
        "select * from statements where actor_id in (select value from json_each(?))"
        " order by number",
        [json.dumps(sorted(actor_ids))],
    )
    found: dict[str, list[Teller]] = {}
    for row in rows:
        found.setdefault(row["actor_id"], []).append(_teller(row))
    return found


def tellers_by_key(store: Store, source: str, keys: Collection[str]) -> dict[str, Teller]:
    """What a source says under each of these ids of its own."""
    rows = store.database.conn.execute(
        "select * from statements where source = ? and key in (select value from json_each(?))",
        [source, json.dumps(sorted(keys))],
    )
    return {row["key"]: _teller(row) for row in rows}


def keys_of(store: Store, sources: Collection[str]) -> Iterator[tuple[str, str]]:
    """The source and the key of all that these sources tell."""
    rows = store.database.conn.execute(
        "select source, key from statements where source in (select value from json_each(?))",
        [json.dumps(sorted(sources))],
    )
    return ((row[0], row[1]) for row in rows)


def actors_told_by(store: Store, keys: Iterable[tuple[str, str]]) -> set[str]:
    """The actors of whom is told under these keys of these sources."""
    execute = store.database.conn.execute
    rows = (
        execute("select actor_id from statements where source = ? and key = ?", key).fetchone()
        for key in keys
    )
    return {row[0] for row in rows if row}


def keys_free(store: Store, actor_ids: Collection[str]) -> list[str]:
    """The ids by which sources tell of these actors and that are no actor's: they could become."""
    rows = store.database.conn.execute(
        "select distinct key from statements where actor_id in (select value from json_each(?))"
        " and key not in (select id from actors) order by key",
        [json.dumps(sorted(actor_ids))],
    )
    return [row[0] for row in rows]


def untold_actors(store: Store) -> list[str]:
    """The actors of whom no source is known."""
    rows = store.database.conn.execute(
        "select id from actors where id not in (select actor_id from statements) order by id"
    )
    return [row[0] for row in rows]


def keep_tellers(store: Store, tellers: Iterable[Teller]) -> None:
    """Keeps what each teller says, in the place of what it said before."""
    store.database.conn.executemany(
        "insert into statements (number, source, key, actor_id, said, since)"
        " values (?, ?, ?, ?, ?, ?) on conflict (source, key) do update set"
        " actor_id = excluded.actor_id, said = excluded.said, since = excluded.since",
        [
            (
                teller.number or None,
                teller.source,
                teller.key,
                teller.actor_id,
                _json(teller),
                teller.since,
            )
            for teller in tellers
        ],
    )


def forget_tellers(store: Store, keys: Iterable[tuple[str, str]]) -> None:
    """Forgets what was said by these sources under these ids of theirs."""
    store.database.conn.executemany("delete from statements where source = ? and key = ?", keys)


def forget_actors(store: Store, actor_ids: Collection[str]) -> None:
    """Forgets all that was said of these actors."""
    store.database.conn.execute(
        "delete from statements where actor_id in (select value from json_each(?))",
        [json.dumps(sorted(actor_ids))],
    )


def erase_statements(store: Store, actor_ids: Collection[str]) -> None:
    """Deletes all that was said of these actors, and what was compared and decided of them."""
    forget_actors(store, actor_ids)
    execute = store.database.conn.execute
    these = {"these": json.dumps(sorted(actor_ids))}
    execute("delete from blocks where actor_id in (select value from json_each(:these))", these)
    execute(
        "delete from duplicates where left_id in (select value from json_each(:these))"
        " or right_id in (select value from json_each(:these))",
        these,
    )
    execute(
        "delete from merged_actors where id in (select value from json_each(:these))"
        " or actor_id in (select value from json_each(:these))",
        these,
    )


def _json(teller: Teller) -> str:
    by_date: dict[str, dict[str, str | tuple[str, ...]]] = {}
    for field, said in teller.said.items():
        by_date.setdefault(said.at, {})[field] = said.value
    return json.dumps(by_date, ensure_ascii=False)


def _teller(row: sqlite3.Row) -> Teller:
    said = {
        field: Said(tuple(value) if isinstance(value, list) else value, at)
        for at, values in json.loads(row["said"]).items()
        for field, value in values.items()
    }
    return Teller(
        source=row["source"],
        key=row["key"],
        actor_id=row["actor_id"],
        said=MappingProxyType(said),
        since=row["since"],
        number=row["number"],
    )

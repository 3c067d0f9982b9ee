"""Claims: the values that each source claims of an actor, field by field, and since when.

The register of provenance. A source's claims under one of its ids are one row of the table
`statements`, so that a directory of many facts costs one write for each of its lines.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from kb.resolution.merge_rules import Claim, SourceRecord
from kb.store.connection import StoreRow
from kb.store.database import dataclass_of
from kb.store.pool import StorePool
from kb.store.store import Store


@dataclass(frozen=True, slots=True)
class SourcedClaim:
    """A source's claim about an actor, under an id of the source's own (`key`).

    `field` is one of `Actor`'s, or `fact:` and a fact's name. `source` is "moderation" for a
    moderator's correction, and empty for what was known before sources were named. `claimed_at`
    is when the source first claimed the value.
    """

    source: str
    key: str
    field: str
    value: str
    claimed_at: str


class Claims:
    """The register of claims, to be read; `kb.editorial` writes it."""

    def __init__(self, stores: StorePool) -> None:
        self._stores = stores

    def of(self, actor_id: str) -> Sequence[SourcedClaim]:
        """The claims about an actor, source by source as they came; none if no source is known.

        Those about a merged actor are found by the id of the actor that was kept.
        """
        with self._stores.lend() as store:
            records = source_records_of(store, [actor_id]).get(actor_id, [])
        return [
            SourcedClaim(
                record.source,
                record.key,
                field,
                claim.value if isinstance(claim.value, str) else " | ".join(claim.value),
                claim.at,
            )
            for record in records
            for field, claim in record.claims.items()
        ]

    def sources(self) -> Sequence[tuple[str, int]]:
        """Every source with how many ids it makes claims under, in alphabetical order."""
        with self._stores.lend() as store:
            return sources_of(store)


def sources_of(store: Store) -> list[tuple[str, int]]:
    """Every source with how many ids it makes claims under, in alphabetical order."""
    rows = store.execute("select source, count(*) from statements group by source order by source")
    return [(row[0], row[1]) for row in rows]


def source_records_of(store: Store, actor_ids: Collection[str]) -> dict[str, list[SourceRecord]]:
    """The source records of each of these actors, in the order in which they came."""
    found: dict[str, list[SourceRecord]] = {}
    for row in store.run(
        "select * from statements where actor_id in :values order by number", actor_ids
    ):
        found.setdefault(row["actor_id"], []).append(_source_record(row))
    return found


def actors_of_keys(store: Store, source: str, keys: Collection[str]) -> dict[str, str]:
    """The actors that a source describes under these ids of its own, by id."""
    rows = store.run(
        "select key, actor_id from statements where source = :source and key in :values",
        keys,
        source=source,
    )
    return {row["key"]: row["actor_id"] for row in rows}


def keys_of(store: Store, sources: Collection[str]) -> Iterator[tuple[str, str]]:
    """The source and the key of every record of these sources, one after the other."""
    for source in sorted(sources):
        rows = store.execute("select key from statements where source = ?", [source])
        yield from ((source, row[0]) for row in rows)


def actors_by_keys(store: Store, keys: Iterable[tuple[str, str]]) -> set[str]:
    """The ids of the actors with a record under these sources and keys."""
    of_key = "select actor_id from statements where source = ? and key = ?"
    return {row[0] for key in keys for row in store.execute(of_key, key)}


def unused_keys(store: Store, actor_ids: Collection[str]) -> list[str]:
    """The sources' own ids of these actors that no actor has: an ingest could give them to one."""
    rows = store.run(
        "select distinct key from statements where actor_id in :values"
        " and key not in (select id from actors) order by key",
        actor_ids,
    )
    return [row[0] for row in rows]


def actors_without_source(store: Store) -> list[str]:
    """The ids of the actors without a source record."""
    rows = store.execute(
        "select id from actors where id not in (select actor_id from statements) order by id"
    )
    return [row[0] for row in rows]


def save_source_records(store: Store, source_records: Iterable[SourceRecord]) -> None:
    """Stores source records, each in the place of the one with its source and key."""
    columns = "source, key, actor_id, said, since"
    update = (
        " on conflict (source, key) do update set"
        " actor_id = excluded.actor_id, said = excluded.said, since = excluded.since"
    )
    rows = [
        (record.number, record.source, record.key, record.actor_id, _json(record), record.since)
        for record in source_records
    ]
    # Those that have a number first: none of the others must get it.
    store.executemany(
        f"insert into statements (number, {columns}) values (?, ?, ?, ?, ?, ?){update}",  # noqa: S608
        [row for row in rows if row[0]],
    )
    store.executemany(
        f"insert into statements ({columns}) values (?, ?, ?, ?, ?){update}",  # noqa: S608
        [row[1:] for row in rows if not row[0]],
    )


def delete_source_records(store: Store, keys: Iterable[tuple[str, str]]) -> None:
    """Deletes the records with these sources and keys."""
    store.executemany("delete from statements where source = ? and key = ?", keys)


def forget_actors(store: Store, actor_ids: Collection[str]) -> None:
    """Deletes the source records of these actors."""
    store.run("delete from statements where actor_id in :values", actor_ids)


def erase_claims(store: Store, actor_ids: Collection[str]) -> None:
    """Deletes all claims about these actors, and their duplicates and redirects."""
    forget_actors(store, actor_ids)
    store.run("delete from blocks where actor_id in :values", actor_ids)
    store.run("delete from duplicates where left_id in :values or right_id in :values", actor_ids)
    store.run("delete from merged_actors where id in :values or actor_id in :values", actor_ids)


def _json(record: SourceRecord) -> str:
    by_date: dict[str, dict[str, str | tuple[str, ...]]] = {}
    for field, claim in record.claims.items():
        by_date.setdefault(claim.at, {})[field] = claim.value
    return json.dumps(by_date, ensure_ascii=False)


def _source_record(row: StoreRow) -> SourceRecord:
    claims = {
        field: Claim(tuple(value) if isinstance(value, list) else value, at)
        for at, values in json.loads(row["said"]).items()
        for field, value in values.items()
    }
    return dataclass_of(SourceRecord, row, claims=MappingProxyType(claims))

"""The store: everything that is known, in one SQLite database.

No module speaks SQL but this one and the registers beside it, in `kb.editorial`: what no search
looks at. A store is for one thread at a time. Every change of what can be found is one
transaction that also raises the base's generation, by which other threads and processes see that
something changed.
"""

import contextlib
import hashlib
import json
import os
import secrets
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import numpy as np
from sqlite_utils import Database

from kb import schema
from kb.embedding import Embeddings
from kb.errors import (
    KnowledgeBaseError,
    NotAKnowledgeBase,
    ReadOnlyKnowledgeBase,
    UnknownRecord,
)
from kb.language import fold
from kb.models import Actor, Case, Kind, Participation, Record, Role, Slice, kind_of

BUSY_TIMEOUT_S = 10.0
"""How long a writer waits for another process's transaction before it gives up."""

PASSAGE_CHANGES_KEPT = 100_000
"""How many of the last changes of passages are remembered."""


@dataclass(frozen=True, slots=True)
class DraftPassage:
    """A passage to be stored: where it is, its stems, and the hash of what is embedded of it.

    `text_hash` is empty for a passage that is found by its words alone.
    """

    slice: Slice
    words: str
    text_hash: str


@dataclass(frozen=True, slots=True)
class Document:
    """One text of a record (`part` names which) and its passages, to be stored."""

    part: str
    lang: str
    text: str
    passages: tuple[DraftPassage, ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """A stored passage with what its document tells of it. `text` is the slice."""

    id: int
    kind: Kind
    record_id: str
    part: str
    lang: str
    text: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How much is known. `stories`: cases, a case and its translations counted once."""

    actors: int
    cases: int
    stories: int
    passages: int
    embedded: int
    updated_at: str


class Store:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = Database(connection)
        self._connection = connection
        self._frozen_at: tuple[int, int] | None = None
        self._released: set[str] = set()
        self._touched: set[int] = set()
        self._changed: set[Kind] = set()

    @property
    def database(self) -> Database:
        """The database, for the registers of the package `kb.editorial` beside this store."""
        return self._db

    @classmethod
    def open(cls, path: Path, *, create: bool = False) -> Self:
        """Opens the database at `path`; with `create`, makes it if there is none.

        A base of an older schema is migrated, unless it cannot be written.

        Raises:
            NotAKnowledgeBase: there is no file, or it is something else.
            SchemaTooNew: a later version of this program wrote it.
            ReadOnlyKnowledgeBase: it has to be made or migrated, and cannot be written.
        """
        if not create and not path.is_file():
            raise NotAKnowledgeBase(
                f"{path.parent} is not a knowledge base: it has no {path.name}. "
                "Make one with `quisait ingest`, or name another with --kb."
            )
        writable = is_writable(path)
        try:
            store = cls(_connect(path, "mode=rwc")) if writable else cls._open_to_read(path)
            store._check(path, create=create)
            if writable:
                store._connection.execute("pragma journal_mode = wal")
                store._connection.execute("pragma synchronous = normal")
        except sqlite3.DatabaseError as error:
            raise explained(error, path) from None
        return store

    @classmethod
    def _open_to_read(cls, path: Path) -> Self:
        """Opens a base that cannot be written, with what writers may still have in their WAL.

        Where no process has it open to write, there is no WAL index to read along with: such a
        base is read as a file that does not change, and `outlived` tells when it did.
        """
        with contextlib.suppress(sqlite3.OperationalError):
            connection = _connect(path, "mode=ro")
            with contextlib.ExitStack() as unless_it_reads:
                unless_it_reads.callback(connection.close)
                schema.version_of(connection)
                unless_it_reads.pop_all()
                return cls(connection)
        frozen_at = _state_of_file(path)
        store = cls(_connect(path, "immutable=1"))
        store._frozen_at = frozen_at
        return store

    def outlived(self, path: Path) -> bool:
        """Whether the base was written since it was opened as one that does not change."""
        if self._frozen_at is None:
            return False
        return self._frozen_at != _state_of_file(path) or _wal(path).exists()

    def close(self) -> None:
        self._connection.close()

    def _check(self, path: Path, *, create: bool) -> None:
        version = schema.version_of(self._connection)
        (application,) = self._connection.execute("pragma application_id").fetchone()
        (tables,) = self._connection.execute("select count(*) from sqlite_master").fetchone()
        if application != schema.APPLICATION_ID and (tables or not create):
            self.close()
            raise NotAKnowledgeBase(f"{path} is a database, but not one of this program.")
        if version != schema.SCHEMA_VERSION:
            schema.migrate(self._db)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """One state of the base for all that is read inside, whoever writes meanwhile."""
        if self._connection.in_transaction:
            yield
            return
        self._connection.execute("begin")
        try:
            yield
        finally:
            self._connection.rollback()

    # What is known

    def record(self, kind: Kind, record_id: str) -> Record:
        """The actor or case with this id.

        Raises:
            UnknownRecord: there is none.
        """
        found = self.actors([record_id]) if kind is Kind.ACTOR else self.cases([record_id])
        if record_id not in found:
            raise UnknownRecord(f"There is no {kind} with the id {record_id!r}.")
        return found[record_id]

    def actors(self, ids: Collection[str]) -> dict[str, Actor]:
        """The actors with these ids, by id; unknown ids are left out."""
        rows = self._select(
            "select * from actors where id in (select value from json_each(:values))", ids
        )
        return {row["id"]: _actor(row) for row in rows}

    def cases(self, ids: Collection[str]) -> dict[str, Case]:
        """The cases with these ids, by id, with their participants; unknown ids are left out."""
        rows = self._select(
            "select * from cases where id in (select value from json_each(:values))", ids
        )
        parts = self._select(
            "select * from participations where case_id in (select value from json_each(:values))"
            " order by case_id, position",
            ids,
        )
        participants: dict[str, list[Participation]] = {row["id"]: [] for row in rows}
        for part in parts:
            participants[part["case_id"]].append(
                Participation(
                    name=part["name"],
                    role=Role(part["role"]),
                    actor_id=part["actor_id"],
                    contribution=part["contribution"],
                    source_url=part["source_url"],
                )
            )
        return {row["id"]: _case(row, participants[row["id"]]) for row in rows}

    def ids(self, kind: Kind, department: str = "", theme: str = "") -> list[str]:
        """The ids of the actors or cases that a filter leaves, in the order of their ids.

        A case has no department of its own: it is in those of its participants.
        """
        conditions = []
        if department and kind is Kind.ACTOR:
            conditions.append("department = :department")
        elif department:
            conditions.append(
                "id in (select case_id from participations join actors"
                " on actors.id = participations.actor_id where department = :department)"
            )
        if theme:
            conditions.append(
                "id in (select record_id from themes where kind = :kind and key = :theme)"
            )
        rows = self._db.table(_TABLES[kind]).rows_where(
            " and ".join(conditions) or None,
            {"department": department, "kind": kind.value, "theme": fold(theme)},
            order_by="id",
            select="id",
        )
        return [row["id"] for row in rows]

    def updated_at(self, kind: Kind, ids: Collection[str]) -> dict[str, str]:
        """When each of these records was last stored, by id; unknown ids are left out."""
        rows = self._select(
            f"select id, updated_at from {_TABLES[kind]}"  # noqa: S608
            " where id in (select value from json_each(:values))",
            ids,
        )
        return {row["id"]: row["updated_at"] for row in rows}

    def cases_of(self, actor_ids: Collection[str]) -> dict[str, list[str]]:
        """The ids of the cases that each of these actors took part in, newest first."""
        rows = self._select(
            "select distinct actor_id, case_id, date from participations"
            " join cases on cases.id = case_id"
            " where actor_id in (select value from json_each(:values))"
            " order by actor_id, date desc, case_id",
            actor_ids,
        )
        found: dict[str, list[str]] = {}
        for row in rows:
            found.setdefault(row["actor_id"], []).append(row["case_id"])
        return found

    def editions(self, story: str) -> list[str]:
        """The ids of a case and of its translations, by the id of the original."""
        rows = self._connection.execute(
            "select id from cases where id = ? or translation_of = ? order by id", [story, story]
        )
        return [row[0] for row in rows]

    def themes(self) -> list[tuple[str, int, int]]:
        """Each theme as it is usually written, with how many actors and stories have it."""
        rows = self._connection.execute(
            "select key, name, kind,"
            " count(distinct coalesce(nullif(translation_of, ''), record_id))"
            " from themes left join cases on kind = 'case' and id = record_id"
            " group by key, name, kind order by key"
        )
        spellings: dict[str, Counter[str]] = {}
        counts: dict[str, Counter[str]] = {}
        for key, name, kind, count in rows:
            spellings.setdefault(key, Counter())[name] += count
            counts.setdefault(key, Counter())[kind] += count
        return [
            (usual_spelling(names), counts[key][Kind.ACTOR], counts[key][Kind.CASE])
            for key, names in spellings.items()
        ]

    def departments(self) -> list[tuple[str, int]]:
        """Each department with how many actors it has, in the order of the codes."""
        rows = self._connection.execute(
            "select department, count(*) from actors where department != ''"
            " group by department order by department"
        )
        return [(row[0], row[1]) for row in rows]

    def actors_named(self, key: str) -> list[str]:
        """The ids of the actors whose name has this key (`kb.language.name_key`)."""
        rows = self._connection.execute(
            "select actor_id from names where key = ? order by actor_id", [key]
        )
        return [row[0] for row in rows]

    def actors_registered(self, number: str) -> list[str]:
        """The ids of the actors with this SIRET (14 digits) or SIREN (9)."""
        rows = self._connection.execute(
            "select id from actors where siret = ? or (length(?) = 9 and substr(siret, 1, 9) = ?)"
            " order by id",
            [number, number, number],
        )
        return [row[0] for row in rows]

    # What is found

    def passages(self, ids: Collection[int]) -> dict[int, Passage]:
        """The passages with these ids, by id; ids that are gone are left out."""
        rows = self._select(
            'select p.id, kind, record_id, part, lang, substr(text, start + 1, "end" - start) text'
            " from passages p join documents d on d.id = document_id"
            " where p.id in (select value from json_each(:values))",
            ids,
        )
        return {
            row["id"]: Passage(
                row["id"],
                Kind(row["kind"]),
                row["record_id"],
                row["part"],
                row["lang"],
                row["text"],
            )
            for row in rows
        }

    def passage_ids_of(self, kind: Kind, record_ids: Collection[str]) -> set[int]:
        rows = self._select(
            "select p.id from passages p join documents d on d.id = document_id"
            " where kind = :kind and record_id in (select value from json_each(:values))",
            record_ids,
            kind=kind.value,
        )
        return {row["id"] for row in rows}

    def match_words(
        self, stems: Collection[str], k: int, among: Collection[int] | None = None
    ) -> list[tuple[int, float]]:
        """The `k` passages that match the stems best: id and BM25, positive, best first.

        BM25 is FTS5's, with k1 1.2 and b 0.75; any of the stems is enough. With `among`, only
        those passages are looked at.
        """
        query = fts_query(stems)
        if not query:
            return []
        rows = self._connection.execute(
            "select rowid, -bm25(passage_words) from passage_words where passage_words match :query"
            " and (? is null or rowid in (select value from json_each(?)))"
            " order by bm25(passage_words), rowid limit ?",
            [query, *[None if among is None else json.dumps(list(among))] * 2, k],
        )
        return [(row[0], row[1]) for row in rows]

    # What the index is made of

    @property
    def generation(self) -> str:
        """Names the state of the base: a counter of changes, and a token that never recurs.

        The token tells a base from a restored copy that has seen as many changes.
        """
        return self.property("generation")

    def generation_of(self, kind: Kind) -> str:
        """Names the state of the actors or of the cases: the generation that last changed any."""
        return self.property(f"{kind} generation")

    def property(self, name: str) -> str:
        row = self._connection.execute(
            "select value from properties where name = ?", [name]
        ).fetchone()
        return row[0] if row else ""

    def passages_touched_since(self, generation: str) -> set[int] | None:
        """The passages that may have come, gone or been embedded since a generation.

        None if that is not remembered, or if this base never was at that generation: a base
        restored from a copy remembers no change that came after the copy.
        """
        closed = self._connection.execute(
            "select id from passage_changes where generation = ?", [generation]
        ).fetchone()
        if closed is None:
            return None
        rows = self._connection.execute(
            "select distinct passage_id from passage_changes"
            " where id > ? and passage_id is not null",
            [closed[0]],
        )
        return {row[0] for row in rows}

    def embedded_passages(
        self, encoder: str, among: Collection[int] | None = None
    ) -> dict[int, str]:
        """The passages that have an embedding of this encoder: their kind and language by id.

        With `among`, only those passages are looked at.
        """
        query = (
            "select p.id, kind || ' ' || lang from passages p join embeddings e using (text_hash)"
            " join documents d on d.id = document_id where encoder = :encoder"
        )
        if among is not None:
            query += " and p.id in (select value from json_each(:values))"
        rows = self._select(query, among or (), encoder=encoder)
        return {row[0]: row[1] for row in rows}

    def embeddings(self, encoder: str, ids: Sequence[int]) -> Embeddings:
        """The embeddings of these passages, a row each in the order given."""
        rows = self._select(
            "select p.id, vector from passages p join embeddings e using (text_hash)"
            " where encoder = :encoder and p.id in (select value from json_each(:values))",
            ids,
            encoder=encoder,
        )
        vectors = {row["id"]: np.frombuffer(row["vector"], np.float32) for row in rows}
        return np.stack([vectors[id_] for id_ in ids])

    def missing_embeddings(self, encoder: str, hashes: Collection[str]) -> set[str]:
        """Those of these text hashes that have no embedding of this encoder."""
        rows = self._select(
            "select text_hash from embeddings where encoder = :encoder"
            " and text_hash in (select value from json_each(:values))",
            hashes,
            encoder=encoder,
        )
        return set(hashes) - {row["text_hash"] for row in rows}

    def counts(self, encoder: str) -> Counts:
        """How much is known, and how many passages are embedded by this encoder."""
        row = self._connection.execute(
            "select (select count(*) from actors), (select count(*) from cases),"
            " (select count(distinct coalesce(nullif(translation_of, ''), id)) from cases),"
            " (select count(*) from passages where text_hash is not null),"
            " (select count(*) from passages join embeddings using (text_hash)"
            "  where encoder = ?)",
            [encoder],
        ).fetchone()
        actors, cases, stories, passages, embedded = map(int, row)
        updated_at = self.property("updated_at")
        return Counts(actors, cases, stories, passages, embedded, updated_at)

    # Changes

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction that changes nothing of what a search can find.

        Raises:
            ReadOnlyKnowledgeBase: the base cannot be written.
        """
        path = Path(self._connection.execute("pragma database_list").fetchone()[2])
        try:
            self._connection.execute("begin immediate")
            try:
                yield
                # Where this fails, as on a full disk, the transaction is still open.
                self._connection.commit()
            except BaseException:
                self._connection.rollback()
                raise
        except sqlite3.DatabaseError as error:
            raise explained(error, path) from None

    @contextmanager
    def changing(self) -> Iterator[None]:
        """One transaction that raises the generation; nothing of it stays if it fails.

        Raises:
            ReadOnlyKnowledgeBase: the base cannot be written.
        """
        try:
            with self.writing():
                yield
                self._drop_released_embeddings()
                now = datetime.now(UTC).isoformat(timespec="seconds")
                number = int(self.generation.partition("-")[0] or 0) + 1
                generation = f"{number}-{secrets.token_hex(4)}"
                self.set_property("generation", generation)
                for kind in self._changed:
                    self.set_property(f"{kind} generation", generation)
                self._remember_touched(generation)
                self.set_property("updated_at", now)
        finally:
            self._released.clear()
            self._touched.clear()
            self._changed.clear()

    def _remember_touched(self, generation: str) -> None:
        """Notes which passages led to this generation, and forgets what is long past.

        The line that names the generation comes after those of its passages, so that all later
        lines are what happened since.
        """
        execute = self._connection.execute
        self._connection.executemany(
            "insert into passage_changes (passage_id) values (?)",
            ([id_] for id_ in sorted(self._touched)),
        )
        execute("insert into passage_changes (generation) values (?)", [generation])
        execute(
            "delete from passage_changes where id <= (select max(id) from passage_changes) - ?",
            [PASSAGE_CHANGES_KEPT],
        )

    def set_property(self, name: str, value: str) -> None:
        self._db.table("properties").upsert({"name": name, "value": value}, pk="name")

    def put(self, record: Record, documents: Sequence[Document], names: Collection[str]) -> None:
        """Stores a record in the place of any with its id. `names`: an actor's name keys."""
        kind = kind_of(record)
        self._changed.add(kind)
        if self._is_known(kind, record.id):
            self._forget(kind, record.id)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        row = {**_row(record), "updated_at": now}
        # Thousands of actors come at once: plain SQL costs a tenth of what a table's methods do.
        self._connection.execute(
            f"insert into {_TABLES[kind]} ({', '.join(row)})"  # noqa: S608
            f" values ({', '.join('?' * len(row))})",
            list(row.values()),
        )
        if isinstance(record, Case):
            self._db.table("participations").insert_all(
                {
                    "case_id": record.id,
                    "position": position,
                    "actor_id": part.actor_id,
                    "name": part.name,
                    "role": part.role.value,
                    "contribution": part.contribution,
                    "source_url": part.source_url,
                }
                for position, part in enumerate(record.participants)
            )
        self._connection.executemany(
            "insert or ignore into themes (kind, record_id, key, name) values (?, ?, ?, ?)",
            [(kind.value, record.id, fold(theme), theme) for theme in record.themes],
        )
        self._connection.executemany(
            "insert or ignore into names (key, actor_id) values (?, ?)",
            [(key, record.id) for key in sorted(names)],
        )
        for document in documents:
            self._put_document(kind, record.id, document)

    def _is_known(self, kind: Kind, record_id: str) -> bool:
        row = self._connection.execute(
            f"select 1 from {_TABLES[kind]} where id = ?",  # noqa: S608
            [record_id],
        ).fetchone()
        return row is not None

    def _put_document(self, kind: Kind, record_id: str, document: Document) -> None:
        cursor = self._connection.execute(
            "insert into documents (kind, record_id, part, lang, text) values (?, ?, ?, ?, ?)",
            [kind.value, record_id, document.part, document.lang, document.text],
        )
        for passage in document.passages:
            text = document.text[passage.slice.start : passage.slice.end]
            id_ = passage_id(
                kind,
                record_id,
                document.part,
                passage.slice.start,
                document.lang,
                text,
                passage.text_hash,
            )
            self._touched.add(id_)
            self._connection.execute(
                'insert into passages (id, document_id, start, "end", text_hash)'
                " values (?, ?, ?, ?, ?)",
                [
                    id_,
                    cursor.lastrowid,
                    passage.slice.start,
                    passage.slice.end,
                    passage.text_hash or None,
                ],
            )
            self._connection.execute(
                "insert into passage_words (rowid, words) values (?, ?)", [id_, passage.words]
            )

    def put_embeddings(self, encoder: str, vectors: Mapping[str, Embeddings]) -> None:
        """Stores vectors `(dimension,)` by text hash."""
        rows = self._select(
            "select id from passages where text_hash in (select value from json_each(:values))",
            vectors.keys(),
        )
        self._touched.update(row["id"] for row in rows)
        self._db.table("embeddings").insert_all(
            (
                {"text_hash": text_hash, "encoder": encoder, "vector": vector.tobytes()}
                for text_hash, vector in vectors.items()
            ),
            replace=True,
        )

    def remove(self, kind: Kind, record_id: str) -> bool:
        """Removes a record and all that was made of it; returns whether there was one."""
        return self._forget(kind, record_id)

    def _forget(self, kind: Kind, record_id: str) -> bool:
        key = [kind.value, record_id]
        execute = self._connection.execute
        passages = execute(
            "select p.id, text_hash from passages p join documents d on d.id = document_id"
            " where kind = ? and record_id = ?",
            key,
        ).fetchall()
        self._released.update(row["text_hash"] for row in passages if row["text_hash"])
        self._touched.update(row["id"] for row in passages)
        ids = [json.dumps([row["id"] for row in passages])]
        execute("delete from passage_words where rowid in (select value from json_each(?))", ids)
        execute("delete from passages where id in (select value from json_each(?))", ids)
        execute("delete from documents where kind = ? and record_id = ?", key)
        execute("delete from themes where kind = ? and record_id = ?", key)
        if kind is Kind.ACTOR:
            execute("delete from names where actor_id = ?", [record_id])
            deleted = execute("delete from actors where id = ?", [record_id])
        else:
            execute("delete from participations where case_id = ?", [record_id])
            deleted = execute("delete from cases where id = ?", [record_id])
        if deleted.rowcount:
            self._changed.add(kind)
        return deleted.rowcount > 0

    def _drop_released_embeddings(self) -> None:
        """Deletes the embeddings of removed passages, unless another passage has the same text."""
        self._connection.execute(
            "delete from embeddings where text_hash in (select value from json_each(:values))"
            " and not exists (select 1 from passages p where p.text_hash = embeddings.text_hash)",
            {"values": json.dumps(sorted(self._released))},
        )

    def actors_of_sirets(self, sirets: Collection[str]) -> dict[str, str]:
        """The actor of each of these SIRET that is known; of several, the first by id."""
        rows = self._select(
            "select siret, min(id) id from actors where siret != ''"
            " and siret in (select value from json_each(:values)) group by siret",
            sirets,
        )
        return {row["siret"]: row["id"] for row in rows}

    def leads_of(self, actor_ids: Collection[str]) -> dict[str, str]:
        """Where those of these ids lead whose actors were found to be others."""
        rows = self._select(
            "select id, actor_id from merged_actors"
            " where id in (select value from json_each(:values))",
            actor_ids,
        )
        return {row["id"]: row["actor_id"] for row in rows}

    def merged_into(self, actor_id: str) -> list[str]:
        """The former ids of an actor that others were found to be."""
        rows = self._connection.execute(
            "select id from merged_actors where actor_id = ? order by id", [actor_id]
        )
        return [row["id"] for row in rows]

    def erase_statements(self, actor_ids: Collection[str]) -> None:
        """Deletes what sources said of actors, and what was decided of them."""
        these = "in (select value from json_each(:values))"
        for table, condition in {
            "statements": f"actor_id {these}",
            "duplicates": f"left_id {these} or right_id {these}",
            "merged_actors": f"id {these} or actor_id {these}",
            "blocks": f"actor_id {these}",
        }.items():
            self._select(f"delete from {table} where {condition}", actor_ids)  # noqa: S608

    def scrub(self) -> None:
        """Writes the database anew, without a byte of what was deleted from it.

        SQLite only marks what is deleted, and its word index keeps words that are gone until
        their segments are merged.

        Raises:
            KnowledgeBaseError: another process reads a former state for too long.
        """
        with self.writing():
            self._connection.execute(
                "insert into passage_words (passage_words) values ('optimize')"
            )
        self._connection.execute("vacuum")
        (is_busy, *_) = self._connection.execute("pragma wal_checkpoint(truncate)").fetchone()
        if is_busy:
            raise KnowledgeBaseError(
                "What is erased is gone from every search, but not yet from the files: another "
                "process reads them. Erase it again later."
            )

    def drop_embeddings_except(self, encoder: str) -> None:
        """Deletes what other encoders made."""
        self._connection.execute("delete from embeddings where encoder != ?", [encoder])

    def _select(self, sql: str, values: Collection[Any], **named: str) -> list[sqlite3.Row]:
        """Runs a query with the parameters `named` and `:values`, a set as a JSON array."""
        return self._connection.execute(
            sql, {"values": json.dumps(list(values)), **named}
        ).fetchall()


def passage_id(
    kind: Kind, record_id: str, part: str, start: int, lang: str, text: str, text_hash: str
) -> int:
    """Names a passage by what it says, where, in which language, and what is embedded of it.

    63 bits of a hash. The same id always means the same text, language and embedding, whatever
    happened to the base in between, so that an index can trust the ids it holds.
    """
    parts = "\0".join([kind.value, record_id, part, str(start), lang, text, text_hash])
    return int.from_bytes(hashlib.sha256(parts.encode()).digest()[:8]) >> 1


def usual_spelling(spellings: Counter[str]) -> str:
    """The one most used; of several, the first in the alphabet."""
    return min(spellings, key=lambda name: (-spellings[name], name))


def fts_query(stems: Collection[str]) -> str:
    """An FTS5 query for any of the stems; nothing in a stem is FTS5 syntax once it is quoted."""
    return " OR ".join('"' + stem.replace('"', '""') + '"' for stem in sorted(stems) if stem)


_TABLES = {Kind.ACTOR: "actors", Kind.CASE: "cases"}


def is_writable(path: Path) -> bool:
    """Whether this process may write the database at `path`, or make it.

    Raises:
        ReadOnlyKnowledgeBase: there is none and it cannot be made.
    """
    if not path.exists() and not os.access(path.parent, os.W_OK):
        raise ReadOnlyKnowledgeBase(f"{path.parent} cannot be written.")
    return os.access(path.parent, os.W_OK) and (not path.exists() or os.access(path, os.W_OK))


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    """A connection in autocommit mode."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{mode}",
        uri=True,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,  # lent from thread to thread, one at a time
    )
    connection.row_factory = sqlite3.Row
    connection.execute("pragma foreign_keys = on")
    return connection


def _state_of_file(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size


def _wal(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def explained(error: sqlite3.DatabaseError, path: Path) -> KnowledgeBaseError:
    """The error of ours that says in one line what an error of SQLite's means here."""
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith("SQLITE_NOTADB"):
        return NotAKnowledgeBase(f"{path} is not a knowledge base: {error}.")
    if name.startswith("SQLITE_CORRUPT"):
        return NotAKnowledgeBase(
            f"{path} is damaged ({error}): restore a copy, or ingest again into a new folder."
        )
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return ReadOnlyKnowledgeBase(f"{path} cannot be written: {error}.")
    if name.startswith("SQLITE_BUSY"):
        return KnowledgeBaseError(
            f"{path} has been locked by another process for {BUSY_TIMEOUT_S:.0f} s; try again."
        )
    if name.startswith("SQLITE_FULL"):
        return KnowledgeBaseError(f"{path}: the disk is full; nothing was changed.")
    return KnowledgeBaseError(f"{path}: {error}.")


def _row(record: Record) -> dict[str, str]:
    """A record's own columns: all its fields but the participants, the compound ones as JSON."""
    row = {
        field.name: getattr(record, field.name)
        for field in fields(record)
        if field.name != "participants"
    }
    row["themes"] = json.dumps(record.themes, ensure_ascii=False)
    if isinstance(record, Actor):
        row["facts"] = json.dumps(dict(record.facts), ensure_ascii=False)
    return row


def _actor(row: sqlite3.Row) -> Actor:
    given = dict(row)
    del given["updated_at"]
    given["themes"] = tuple(json.loads(row["themes"]))
    given["facts"] = MappingProxyType(json.loads(row["facts"]))
    return Actor(**given)


def _case(row: sqlite3.Row, participants: Sequence[Participation]) -> Case:
    given = dict(row)
    del given["updated_at"]
    given["themes"] = tuple(json.loads(row["themes"]))
    return Case(**given, participants=tuple(participants))

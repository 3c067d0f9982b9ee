"""The store: all actors, cases and passages in one database, and every change of them."""

import json
import secrets
from abc import abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from kb.address import ASIDE
from kb.encoder.encoder import Embeddings
from kb.errors import NotYetScrubbed
from kb.models import Actor, Case, Kind, Record, Slice, kind_of
from kb.reference.fields import CONTACT_FIELDS
from kb.store.database import StoreFile
from kb.store.names import StoredNames
from kb.store.passages import StoredPassages, passage_id
from kb.store.records import TABLES, StoredRecords, coordinates_of, row_of
from kb.text.folding import fold

PASSAGE_CHANGES_KEPT = 100_000  # count of the last changes of passages that are remembered


@dataclass(frozen=True, slots=True)
class NewPassage:
    """A passage to be stored: its place, its stems, and the hash of what is embedded of it."""

    slice: Slice
    words: str
    text_hash: str


@dataclass(frozen=True, slots=True)
class Document:
    """A text of a record (`part` names which) and its passages, to be stored."""

    part: str
    lang: str
    text: str
    passages: tuple[NewPassage, ...]


@dataclass(frozen=True, slots=True)
class NewRecord:
    """A record with its documents, to be stored. `names`: an actor's name keys."""

    record: Record
    documents: Sequence[Document]
    names: Collection[str]


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of the content of a base. `stories` counts a case and its translations once."""

    actors: int
    cases: int
    stories: int
    passages: int
    embedded: int
    updated_at: str


TO_SCRUB = "erased, not yet scrubbed"

_UNUSED = (
    "delete from embeddings where not exists"
    " (select 1 from passages p where p.text_hash = embeddings.text_hash)"
)

DERIVED = "passage_words passages documents names name_words name_slips name_vocabulary".split()
"""The tables that are made of the records, each before those that it refers to."""


class Store(StoredRecords, StoredPassages, StoredNames):
    """The records and passages, to be read and changed; changes are noted until they commit."""

    def __init__(self) -> None:
        super().__init__()
        self._released: set[str] = set()
        self._touched: set[int] = set()
        self._changed: set[Kind] = set()

    @staticmethod
    def open(path: Path, *, create: bool = False) -> "SqliteStore":
        """Opens the store in a file: `StoreFile.open_file`. `open_store` knows servers, too."""
        return SqliteStore.open_file(path, create=create)

    @property
    def generation(self) -> str:
        """The name of the state of the base: a counter, and a token that never recurs."""
        return self.property("generation")

    def generation_of(self, kind: Kind) -> str:
        """The generation that last changed an actor, or a case."""
        return self.property(f"{kind} generation")

    def counts(self, encoder: str) -> Counts:
        row = self.execute(
            "select (select count(*) from actors), (select count(*) from cases),"
            " (select count(distinct coalesce(nullif(translation_of, ''), id)) from cases),"
            " (select count(*) from passages where text_hash is not null),"
            " (select count(*) from passages join embeddings using (text_hash)"
            "  where encoder = ?)",
            [encoder],
        ).fetchone()
        actors, cases, stories, passages, embedded = map(int, row)
        return Counts(actors, cases, stories, passages, embedded, self.property("updated_at"))

    @contextmanager
    def changing(self, *, if_noted: bool = False) -> Iterator[None]:
        """Runs a transaction that raises the generation; nothing of it stays if it fails."""
        with self.writing():
            for noted in (self._released, self._touched, self._changed):
                noted.clear()
            yield
            if if_noted and not (self._released or self._touched or self._changed):
                return
            self.run(f"{_UNUSED} and text_hash in :values", self._released)
            now = datetime.now(UTC).isoformat(timespec="seconds")
            number = int(self.generation.partition("-")[0] or 0) + 1
            generation = f"{number}-{secrets.token_hex(4)}"
            self.set_property("generation", generation)
            for kind in self._changed:
                self.set_property(f"{kind} generation", generation)
            # The generation comes after its passages, so that all later lines are changes since.
            self.executemany(
                "insert into passage_changes (passage_id) values (?)",
                ([id_] for id_ in sorted(self._touched)),
            )
            self.execute("insert into passage_changes (generation) values (?)", [generation])
            self.execute(
                "delete from passage_changes where id <= (select max(id) from passage_changes) - ?",
                [PASSAGE_CHANGES_KEPT],
            )
            self.set_property("updated_at", now)

    def forget_touched(self) -> None:
        self._touched.clear()
        super().forget_touched()

    def put(self, record: Record, documents: Sequence[Document], names: Collection[str]) -> None:
        self.put_all([NewRecord(record, documents, names)])

    def put_all(self, given: Sequence[NewRecord]) -> None:
        """Stores records, each in the place of any with its id; of two with one id, the last."""
        given = list({(kind_of(new.record), new.record.id): new for new in given}.values())
        for kind in Kind:
            of_kind = [new for new in given if kind_of(new.record) is kind]
            if of_kind:
                self._changed.add(kind)
                self._put_records(kind, [new.record for new in of_kind])
        records = [new.record for new in given]
        self.executemany(
            "insert into themes (kind, record_id, key, name) values (?, ?, ?, ?)"
            " on conflict do nothing",
            [
                (kind_of(record).value, record.id, fold(theme), theme)
                for record in records
                for theme in record.themes
            ],
        )
        self.put_derived(given)

    def put_derived(self, given: Sequence[NewRecord]) -> None:
        """Stores the names and documents of stored records that have none."""
        self._put_names([(new.record, new.names) for new in given if isinstance(new.record, Actor)])
        self._put_documents([(new.record, new.documents) for new in given])

    def clear_derived(self) -> None:
        """Deletes the names and documents of all records, which are to be put anew."""
        for table in DERIVED:
            self.execute(f"delete from {table}")  # noqa: S608 (ours)

    def drop_embeddings_except(self, encoder: str) -> None:
        """Deletes the embeddings of other encoders, and of no passage."""
        self.execute("delete from embeddings where encoder != ?", [encoder])
        self.drop_unused_embeddings()

    def drop_unused_embeddings(self) -> None:
        self.execute(_UNUSED)

    def _put_records(self, kind: Kind, records: Sequence[Record]) -> None:
        """Stores the rows of records of a kind; what was stored of them goes."""
        stored = self.updated_at(kind, [record.id for record in records])
        hidden = {}
        if kind is Kind.ACTOR:
            known = self.run("select id, members_only from actors where id in :values", stored)
            hidden = {id_: json.loads(values) for id_, values in known if values != "[]"}
        for record_id in stored:
            self.remove(kind, record_id)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        rows: list[dict[str, object]] = [{**row_of(one), "updated_at": now} for one in records]
        for row, record in zip(rows, records, strict=True):
            row.update(coordinates_of(record) if isinstance(record, Actor) else {})
        # Thousands of actors come at once: plain SQL costs a tenth of what a table's methods do.
        into = f"insert into {TABLES[kind]} ({', '.join(rows[0])})"
        marks = ", ".join("?" * len(rows[0]))
        self.executemany(f"{into} values ({marks})", [list(row.values()) for row in rows])
        for record in records:
            parts = record.participants if isinstance(record, Case) else ()
            for position, part in enumerate(parts):
                row = {"case_id": record.id, "position": position, **asdict(part)}
                self.insert("participations", row)
        for record_id, values in hidden.items():
            self.hide_contacts(record_id, values)

    def _put_documents(self, given: Sequence[tuple[Record, Sequence[Document]]]) -> None:
        written = [(record, document) for record, documents in given for document in documents]
        document_ids = self.insert_documents(
            [
                (kind_of(record).value, record.id, document.part, document.lang, document.text)
                for record, document in written
            ]
        )
        passages = []
        for document_id, (record, document) in zip(document_ids, written, strict=True):
            kind = kind_of(record)
            for passage in document.passages:
                start, end = passage.slice.start, passage.slice.end
                text, text_hash = document.text[start:end], passage.text_hash
                id_ = passage_id(
                    kind, record.id, document.part, start, document.lang, text, text_hash
                )
                passages.append((id_, document_id, start, end, text_hash or None, passage.words))
        passages.sort()  # out of order, the index of words would take them as pieces to be merged
        self._touched.update(row[0] for row in passages)
        self.executemany(
            'insert into passages (id, document_id, start, "end", text_hash)'
            " values (?, ?, ?, ?, ?)",
            [row[:-1] for row in passages],
        )
        self.executemany(
            "insert into passage_words (rowid, words) values (?, ?)",
            [(row[0], row[-1]) for row in passages],
        )

    def put_embeddings(self, encoder: str, vectors: Mapping[str, Embeddings]) -> None:
        """Stores vectors `(dimension,)` by text hash, of texts that have none yet."""
        self._touch_saying(vectors)
        self.insert_embeddings(encoder, vectors)

    def _touch_saying(self, hashes: Collection[str]) -> None:
        rows = self.run("select id from passages where text_hash in :values", hashes)
        self._touched.update(row["id"] for row in rows)

    def note_changed(self, kind: Kind) -> None:
        """Notes that records of a kind are shown otherwise from this transaction on."""
        self._changed.add(kind)

    def hide_contacts(self, actor_id: str, values: Collection[str]) -> None:
        """Stores which of an actor's contacts only members may see."""
        self._changed.add(Kind.ACTOR)
        self.execute(
            "update actors set members_only = ? where id = ?",
            [json.dumps(sorted(values), ensure_ascii=False), actor_id],
        )

    def set_contacts(self, actor: Actor) -> None:
        """Stores the contacts of an actor, and nothing else of it; no passage has them."""
        self._changed.add(Kind.ACTOR)
        row = row_of(actor)
        self.execute(
            "update actors set phone = ?, email = ?, address = ?, contact = ? where id = ?",
            [*(row[field] for field in CONTACT_FIELDS), actor.id],
        )

    def remove(self, kind: Kind, record_id: str) -> bool:
        """Removes a record with its documents; returns whether there was such a record."""
        key = [kind.value, record_id]
        passages = self.execute(
            "select p.id, text_hash from passages p join documents d on d.id = document_id"
            " where kind = ? and record_id = ?",
            key,
        ).fetchall()
        self._released.update(row["text_hash"] for row in passages if row["text_hash"])
        self._touched.update(row["id"] for row in passages)
        ids = [row["id"] for row in passages]
        self.run("delete from passage_words where rowid in :values", ids)
        self.run("delete from passages where id in :values", ids)
        self.execute("delete from documents where kind = ? and record_id = ?", key)
        self.execute("delete from themes where kind = ? and record_id = ?", key)
        if kind is Kind.ACTOR:
            self._remove_name(record_id)
            deleted = self.execute("delete from actors where id = ?", [record_id])
        else:
            self.execute("delete from participations where case_id = ?", [record_id])
            deleted = self.execute("delete from cases where id = ?", [record_id])
        if deleted.rowcount:
            self._changed.add(kind)
        return deleted.rowcount > 0

    def drop_embeddings(self, encoder: str, hashes: Collection[str]) -> None:
        self._touch_saying(hashes)
        sql = "delete from embeddings where encoder = :encoder and text_hash in :values"
        self.run(sql, hashes, encoder=encoder)

    @abstractmethod
    def bases_aside(self) -> Sequence[str]:
        """Names what restored backups replaced: whole bases, in which nothing is erased."""

    @abstractmethod
    def scrub(self) -> None:
        """Rewrites the database, without a byte of what was deleted from it."""

    def mark_for_scrubbing(self) -> None:
        """Notes, with what is erased, that the files still have it: whoever is next cleans them."""
        self.set_property(TO_SCRUB, secrets.token_hex(8))

    def is_to_be_scrubbed(self) -> bool:
        return bool(self.property(TO_SCRUB))

    def _note_scrubbed(self, mark: str) -> None:
        """Notes that the files have no more of what was erased up to a mark, and not after it."""
        with self.writing():
            self.execute("delete from properties where name = ? and value = ?", [TO_SCRUB, mark])


class SqliteStore(StoreFile, Store):
    def bases_aside(self) -> Sequence[str]:
        return sorted(str(path) for path in self.path.parent.glob(f"{ASIDE}*"))

    def scrub(self) -> None:
        # Copies from before migrations hold what was deleted, and so does the index of words until
        # its segments are merged.
        for copy in self.path.parent.glob(f"*{self.path.stem}.before-schema-*"):
            copy.unlink(missing_ok=True)
        with self.writing():
            self.execute("insert into passage_words (passage_words) values ('optimize')")
            self.drop_unused_embeddings()
            mark = self.property(TO_SCRUB)
        self.execute("vacuum")
        if not self.truncate_wal():
            raise NotYetScrubbed
        self._note_scrubbed(mark)

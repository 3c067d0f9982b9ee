"""A knowledge base as one thing: the folder, its store, its index, its encoder.

The only door of this package for the rooms above it. Safe to share between threads: each
thread gets a store of its own, the index and the encoder are shared. A change made by any
process is seen by the next search of every other.
"""

import logging
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self, cast

import numpy as np

from kb.cases import one_edition_each
from kb.documents import DERIVATION, Derived, derive
from kb.embedding import Embeddings, Encoder, TextKind
from kb.errors import KnowledgeBaseError, ReadOnlyKnowledgeBase, UnknownRecord
from kb.hits import Filters, SearchResult
from kb.index import Index
from kb.models import Actor, Case, Kind, Record, kind_of
from kb.prepared_model import load_encoder
from kb.schema import SCHEMA_VERSION
from kb.search import Ingredients, search
from kb.settings import Settings
from kb.store import Store

logger = logging.getLogger(__name__)

DATABASE_FILE = "kb.sqlite"
EMBEDDING_BATCH = 64


class Outcome(StrEnum):
    """What putting a record changed."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class ThemeCount:
    name: str
    actors: int
    cases: int


@dataclass(frozen=True, slots=True)
class Status:
    """What a knowledge base holds and how it stands.

    `passages` are those to be embedded, `embedded` those that this encoder has embedded. What is
    amiss is told in `problems`, a line each; a base without problems can be searched.
    """

    folder: Path
    schema_version: int
    generation: str
    actors: int
    cases: int
    passages: int
    embedded: int
    model: str
    engine: str
    encoder: str
    dimension: int
    size_bytes: int
    updated_at: str
    problems: tuple[str, ...]


class KnowledgeBase:
    def __init__(self, folder: Path, encoder: Callable[[], Encoder]) -> None:
        """`encoder` loads the encoder when it is first needed: many uses never need it."""
        self.folder = folder
        self._load_encoder = encoder
        self._encoder: Encoder | None = None
        self._index: Index | None = None
        self._lock = threading.RLock()
        self._of_this_thread = threading.local()
        self._stores: list[Store] = []

    @classmethod
    def open(cls, settings: Settings, *, create: bool = False) -> Self:
        """Opens the knowledge base that the settings name; with `create`, makes it if need be.

        Raises:
            NotAKnowledgeBase: the folder is something else, or missing.
            SchemaTooNew: a later version of this program wrote it.
            ReadOnlyKnowledgeBase: it has to be made or migrated, and cannot be written.
        """
        if create:
            try:
                settings.kb.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise ReadOnlyKnowledgeBase(
                    f"{settings.kb} cannot be made: {error.strerror}."
                ) from None
        base = cls(settings.kb, lambda: load_encoder(settings))
        base._keep(Store.open(settings.kb / DATABASE_FILE, create=create))
        return base

    def close(self) -> None:
        """Closes what this base holds open, in whatever thread it was opened."""
        with self._lock:
            for store in self._stores:
                store.close()
            self._stores.clear()
            self._of_this_thread = threading.local()

    # Asking

    def search(
        self,
        query: str,
        *,
        limit: int = 10,
        filters: Filters = Filters(),
        ingredients: Ingredients = Ingredients(),
    ) -> SearchResult:
        """Finds the actors and cases that could answer a query, `limit` of each at most.

        Raises:
            QueryError: the query is empty, too long, or without a word.
            KnowledgeBaseError: the base was embedded by another encoder.
        """
        index, store = self._fresh_index(), self._store
        with store.reading():
            return search(
                query,
                store=store,
                index=index,
                encoder=self.encoder,
                limit=limit,
                filters=filters,
                ingredients=ingredients,
            )

    def actor(self, actor_id: str) -> Actor:
        """The actor with this id, or `UnknownRecord`."""
        return cast("Actor", self._store.record(Kind.ACTOR, actor_id))

    def case(self, case_id: str) -> Case:
        """The case with this id, or `UnknownRecord`."""
        return cast("Case", self._store.record(Kind.CASE, case_id))

    def actors(self, filters: Filters = Filters()) -> Sequence[Actor]:
        """The actors that a filter leaves, in the order of their ids."""
        ids = self._store.ids(Kind.ACTOR, filters.department, filters.theme)
        found = self._store.actors(ids)
        return [found[id_] for id_ in ids]

    def cases(self, filters: Filters = Filters()) -> Sequence[Case]:
        """The cases that a filter leaves, in the order of their ids."""
        ids = self._store.ids(Kind.CASE, filters.department, filters.theme)
        found = self._store.cases(ids)
        return [found[id_] for id_ in ids]

    def cases_of(self, actor_id: str, lang: str = "fr") -> Sequence[Case]:
        """The cases that an actor took part in, newest first, each once: in `lang` if told."""
        ids = self._store.cases_of([actor_id]).get(actor_id, [])
        found = self._store.cases(ids)
        return one_edition_each((found[id_] for id_ in ids), lang)

    def translations(self, case: Case) -> Sequence[Case]:
        """The same story in other languages, in the order of their ids."""
        ids = [id_ for id_ in self._store.editions(case.story) if id_ != case.id]
        found = self._store.cases(ids)
        return [found[id_] for id_ in ids]

    def themes(self) -> Sequence[ThemeCount]:
        return [ThemeCount(*row) for row in self._store.themes()]

    def departments(self) -> Sequence[tuple[str, int]]:
        return self._store.departments()

    def ids(self, kind: Kind) -> set[str]:
        return set(self._store.ids(kind))

    def status(self) -> Status:
        encoder = self.encoder
        counts = self._store.counts(encoder.fingerprint)
        problems = [self._mismatch(), self._outdated()]
        if not problems[0] and counts.embedded < counts.passages:
            problems.append(
                f"{counts.passages - counts.embedded} passages are not embedded: "
                "run `quisait rebuild`."
            )
        return Status(
            folder=self.folder,
            schema_version=SCHEMA_VERSION,
            generation=self._store.generation,
            actors=counts.actors,
            cases=counts.cases,
            passages=counts.passages,
            embedded=counts.embedded,
            model=encoder.name,
            engine=encoder.engine,
            encoder=encoder.fingerprint,
            dimension=encoder.dimension,
            size_bytes=sum(p.stat().st_size for p in self.folder.iterdir() if p.is_file()),
            updated_at=counts.updated_at,
            problems=tuple(problem for problem in problems if problem),
        )

    # Telling

    def put(
        self, records: Sequence[Record], on_embedded: Callable[[int], None] | None = None
    ) -> list[Outcome]:
        """Stores records in one transaction, each in the place of any with its kind and id.

        Only text that no passage had yet is embedded; `on_embedded` is told how many texts, batch
        by batch. Returns what changed, in the order given.

        Raises:
            ReadOnlyKnowledgeBase: the base cannot be written.
            KnowledgeBaseError: the base was embedded by another encoder, or made by other rules.
        """
        outcomes = [self._outcome(record) for record in records]
        changed = [
            record
            for record, outcome in zip(records, outcomes, strict=True)
            if outcome is not Outcome.UNCHANGED
        ]
        if changed:
            self._refuse_mismatch()
            derived = [(record, derive(record)) for record in changed]
            vectors = self._embed_missing([one for _, one in derived], on_embedded)
            self._write(derived, vectors)
        return outcomes

    def remove(self, kind: Kind, ids: Collection[str]) -> int:
        """Removes records and all that was made of them; returns how many there were."""
        store = self._store
        with store.changing():
            return sum(store.remove(kind, id_) for id_ in sorted(ids))

    def rebuild(self, on_embedded: Callable[[int], None] | None = None) -> Status:
        """Makes documents, embeddings and index anew from the records, with today's encoder.

        Text that this encoder has embedded before is not embedded again. Searches go on with the
        old state until the new one is complete.
        """
        store = self._store
        records: list[Record] = [*self.actors(), *self.cases()]
        derived = [(record, derive(record)) for record in records]
        vectors = self._embed_missing([one for _, one in derived], on_embedded)
        self._write(derived, vectors, only_encoder=True)
        with self._lock:
            fresh = Index(self.encoder.fingerprint, self.encoder.dimension)
            self._index = fresh.refreshed(store)
        self.save_index()
        return self.status()

    def save_index(self) -> None:
        """Writes the index beside the database, so that the next start need not make it."""
        index = self._fresh_index()
        try:
            index.save(self.folder)
        except (OSError, RuntimeError) as error:
            # A cache that cannot be written is made again at the next start, no more.
            logger.info("The index was not saved: %s", error)

    # Inside

    @property
    def encoder(self) -> Encoder:
        if self._encoder is None:
            with self._lock:
                if self._encoder is None:
                    self._encoder = self._load_encoder()
        return self._encoder

    @property
    def _store(self) -> Store:
        store: Store | None = getattr(self._of_this_thread, "store", None)
        return store or self._keep(Store.open(self.folder / DATABASE_FILE))

    def _keep(self, store: Store) -> Store:
        self._of_this_thread.store = store
        with self._lock:
            self._stores.append(store)
        return store

    def _outcome(self, record: Record) -> Outcome:
        try:
            known = self._store.record(kind_of(record), record.id)
        except UnknownRecord:
            return Outcome.ADDED
        return Outcome.UNCHANGED if known == record else Outcome.CHANGED

    def _embed_missing(
        self, derived: Sequence[Derived], on_embedded: Callable[[int], None] | None
    ) -> dict[str, Embeddings]:
        texts = {key: text for one in derived for key, text in one.encoder_texts.items()}
        missing = sorted(self._store.missing_embeddings(self.encoder.fingerprint, texts.keys()))
        vectors: dict[str, Embeddings] = {}
        for first in range(0, len(missing), EMBEDDING_BATCH):
            batch = missing[first : first + EMBEDDING_BATCH]
            rows = self.encoder.encode([texts[key] for key in batch], TextKind.DOCUMENT)
            if not np.isfinite(rows).all():
                raise KnowledgeBaseError(f"The encoder {self.encoder.name} gave no numbers.")
            vectors.update(zip(batch, rows, strict=True))
            if on_embedded:
                on_embedded(len(batch))
        return vectors

    def _write(
        self,
        derived: Sequence[tuple[Record, Derived]],
        vectors: dict[str, Embeddings],
        *,
        only_encoder: bool = False,
    ) -> None:
        store = self._store
        with store.changing():
            store.put_embeddings(self.encoder.fingerprint, vectors)
            for record, one in derived:
                store.put(record, one.documents, one.names)
            if only_encoder:
                store.drop_embeddings_except(self.encoder.fingerprint)
            store.set_property("encoder", self.encoder.fingerprint)
            store.set_property("model", self.encoder.name)
            store.set_property("derivation", DERIVATION)

    def _fresh_index(self) -> Index:
        """The index at the store's generation; others may go on searching the one before."""
        self._refuse_mismatch(outdated=False)
        store = self._store
        index = self._index
        if index is None or index.generation != store.generation:
            with self._lock, store.reading():
                encoder = self.encoder
                index = self._index
                if index is None:
                    index = Index.load(self.folder, encoder.fingerprint, encoder.dimension, store)
                if index.generation != store.generation:
                    index = index.refreshed(store)
                self._index = index
        return index

    def _refuse_mismatch(self, *, outdated: bool = True) -> None:
        problem = self._mismatch() or (self._outdated() if outdated else "")
        if problem:
            raise KnowledgeBaseError(problem)

    def _mismatch(self) -> str:
        stored = self._store.property("encoder")
        if stored in {"", self.encoder.fingerprint}:
            return ""
        return (
            f"{self.folder} was embedded by another encoder ({self._store.property('model')} "
            f"{stored}) than the one set ({self.encoder.name} {self.encoder.fingerprint}): "
            "set QUISAIT_MODEL to the former, or run `quisait rebuild`."
        )

    def _outdated(self) -> str:
        stored = self._store.property("derivation")
        if stored in {"", DERIVATION}:
            return ""
        return (
            f"{self.folder} was made by other rules ({stored}) than this version's "
            f"({DERIVATION}): run `quisait rebuild`."
        )

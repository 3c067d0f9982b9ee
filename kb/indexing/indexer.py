"""The indexer: derives and embeds the documents by which records are found."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from kb.address import Place
from kb.encoder.encoder import Embeddings, Encoder, TextKind
from kb.errors import KnowledgeBaseError
from kb.indexing.derivation import DERIVATION, Derived, derive
from kb.models import Actor, Kind, Record
from kb.store.store import NewRecord, Store

logger = logging.getLogger(__name__)
EMBEDDING_BATCH = 256  # texts for the encoder at once: between two calls, a core waits
REBUILT_AT_ONCE = 256  # records that a rebuild embeds before it stores their embeddings
OnEmbedded = Callable[[int], object]  # gets the count of a batch, or 0 before it


class IndexBatch:
    """Records with their documents and embeddings, on their way into the store."""

    def __init__(self, indexer: "Indexer", on_embedded: OnEmbedded | None) -> None:
        self._indexer, self._on_embedded = indexer, on_embedded
        self._derived: Sequence[tuple[Record, Derived]] = ()
        self._texts: Mapping[str, str] = {}
        self._wanted: Sequence[str] = ()
        self._vectors: dict[str, Embeddings] = {}

    def derive(self, records: Sequence[Record]) -> None:
        self._derived = [(record, derive(record)) for record in records]
        for record in records:
            if isinstance(record, Actor):
                _ = record.point  # known before the transaction that stores it
        self._texts = {
            key: text for _, derived in self._derived for key, text in derived.encoder_texts.items()
        }

    def embed(self, store: Store) -> None:
        """Embeds the texts that neither the store nor this batch has embedded."""
        self.look_up(store)
        self.encode()

    def look_up(self, store: Store) -> None:
        # Neighbours in length share a batch, so that little of it is padding.
        self._wanted = sorted(self._missing(store), key=lambda key: (len(self._texts[key]), key))

    def encode(self) -> None:
        """Embeds the texts that were found; in any thread, since it needs no store."""
        encoder, wanted, texts = self._indexer.encoder, self._wanted, self._texts
        for first in range(0, len(wanted), EMBEDDING_BATCH):
            batch = wanted[first : first + EMBEDDING_BATCH]
            if self._on_embedded:
                self._on_embedded(0)
            rows = encoder.encode([texts[key] for key in batch], TextKind.DOCUMENT)
            if not np.isfinite(rows).all():
                raise KnowledgeBaseError(f"The encoder {encoder.name} gave no numbers.")
            self._vectors.update(zip(batch, rows, strict=True))
            if self._on_embedded:
                self._on_embedded(len(batch))
        self._wanted = ()

    @property
    def has_embedded(self) -> bool:
        return bool(self._vectors)

    def is_embedded(self, store: Store) -> bool:
        return not self._missing(store)

    def put(self, store: Store) -> None:
        """Stores the records and their documents, in the caller's transaction."""
        self.put_embeddings(store)
        store.put_all(self._new_records())
        self._indexer.sign(store)

    def _new_records(self) -> list[NewRecord]:
        return [
            NewRecord(record, derived.documents, derived.names) for record, derived in self._derived
        ]

    def put_derived(self, store: Store) -> None:
        """Stores the documents of stored records that have none, in the caller's transaction."""
        self.put_embeddings(store)
        store.put_derived(self._new_records())

    def put_embeddings(self, store: Store) -> None:
        """Stores the embeddings, in the caller's transaction."""
        fingerprint = self._indexer.encoder.fingerprint
        # What was derived before the base changed meanwhile is said by no passage.
        said = self._texts.keys()
        store.put_embeddings(
            fingerprint, {key: self._vectors[key] for key in self._vectors.keys() & said}
        )

    def _missing(self, store: Store) -> set[str]:
        fingerprint = self._indexer.encoder.fingerprint
        return store.missing_embeddings(fingerprint, self._texts.keys()) - self._vectors.keys()


class Indexer:
    """The encoder and the rules of derivation of this process, for the base at a place."""

    def __init__(self, place: Place, load: Callable[[], Encoder]) -> None:
        self._place, self._load = place, load
        self._encoder: Encoder | None = None
        self._lock = threading.Lock()

    @property
    def encoder(self) -> Encoder:
        """The encoder, loaded once, whichever thread asks first."""
        if self._encoder is None:
            with self._lock:
                if self._encoder is None:
                    self._encoder = self._load()
        return self._encoder

    def start(self, on_embedded: OnEmbedded | None) -> IndexBatch:
        return IndexBatch(self, on_embedded)

    def rebuild(self, store: Store, on_embedded: OnEmbedded | None) -> None:
        """Embeds all records, then makes all documents anew; goes on after one that was killed."""
        # What was written, or erased, during a long pass is embedded by the next.
        while self._embed_all(store, on_embedded):
            pass
        with store.changing():
            store.clear_derived()
            for records in _stored(store):
                self._embedded(store, records, on_embedded).put_derived(store)
            store.drop_embeddings_except(self.encoder.fingerprint)
            self.sign(store)
            store.forget_touched()

    def _embed_all(self, store: Store, on_embedded: OnEmbedded | None) -> bool:
        """Embeds all records; returns whether there was anything to embed."""
        is_new = False
        for records in _stored(store):
            batch = self._embedded(store, records, on_embedded)
            if batch.has_embedded:
                is_new = True
                with store.writing():
                    batch.put_embeddings(store)
        return is_new

    def _embedded(
        self, store: Store, records: Sequence[Record], on_embedded: OnEmbedded | None
    ) -> IndexBatch:
        batch = self.start(on_embedded)
        batch.derive(records)
        batch.embed(store)
        return batch

    def sign(self, store: Store) -> None:
        """Notes that this encoder and these rules made the base, in the caller's transaction."""
        store.set_property("encoder", self.encoder.fingerprint)
        store.set_property("model", self.encoder.name)
        store.set_property("derivation", DERIVATION)

    def refuse_mismatch(self, store: Store, *, outdated: bool = True) -> None:
        """Raises `KnowledgeBaseError` if the base has another encoder or other rules."""
        problem = self.mismatch(store) or (self.outdated(store) if outdated else "")
        if problem:
            raise KnowledgeBaseError(problem)

    def mismatch(self, store: Store) -> str:
        """A line that the base was embedded by another encoder, or nothing."""
        stored = store.property("encoder")
        if stored in {"", self.encoder.fingerprint}:
            return ""
        return (
            f"{self._place} was embedded by another encoder ({store.property('model')} "
            f"{stored}) than the one set ({self.encoder.name} {self.encoder.fingerprint}): "
            "set QUISAIT_MODEL to the former, or run `quisait rebuild`."
        )

    def outdated(self, store: Store) -> str:
        """A line that the base was made by other rules, or nothing."""
        stored = store.property("derivation")
        if stored in {"", DERIVATION}:
            return ""
        return (
            f"{self._place} was made by other rules ({stored}) than this version's "
            f"({DERIVATION}): run `quisait rebuild`."
        )


def _stored(store: Store) -> Iterator[Sequence[Record]]:
    for kind in Kind:
        ids = store.ids(kind)
        for first in range(0, len(ids), REBUILT_AT_ONCE):
            yield list(store.records(kind, ids[first : first + REBUILT_AT_ONCE]).values())

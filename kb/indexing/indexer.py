"""The indexer: derives and embeds the documents by which records are found.

A base remembers its encoder and its rules of derivation. A process with others does not add to it:
their vectors would meet in one index.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from kb.address import Place
from kb.encoder.encoder import Embeddings, Encoder, TextKind
from kb.errors import KnowledgeBaseError
from kb.indexing.derivation import DERIVATION, Derived, derive
from kb.models import Actor, Kind, Record, kind_of
from kb.store.migrations import SCHEMA_VERSION
from kb.store.store import NewRecord, Store

logger = logging.getLogger(__name__)

EMBEDDING_BATCH = 256
"""Texts that the encoder gets at once: between two calls, a core waits for the other."""

REBUILT_AT_ONCE = 256
"""Records that a rebuild takes in a transaction."""

RecordKey = tuple[Kind, str]

OnEmbedded = Callable[[int], object]
"""Called with how many texts were embedded, after each batch; with 0 before they are written."""


class IndexBatch:
    """Records with their documents and embeddings, on their way into the store.

    Encoding takes long, so it is done before the transaction. If the base has changed meanwhile,
    the same batch derives the records again: no text is encoded twice.
    """

    def __init__(self, indexer: "Indexer", on_embedded: OnEmbedded | None) -> None:
        self._indexer = indexer
        self._on_embedded = on_embedded
        self._derived: Sequence[tuple[Record, Derived]] = ()
        self._texts: Mapping[str, str] = {}
        self._wanted: Sequence[str] = ()
        self._vectors: dict[str, Embeddings] = {}
        self._ahead: set[str] = set()

    def derive(self, records: Sequence[Record]) -> None:
        """Derives the documents of these records, in the place of those before."""
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

    def look_up(self, store: Store, after: Sequence["IndexBatch"] = ()) -> None:
        """Finds which texts are to be embedded: not those of batches that are stored before.

        Those that others have embedded ahead count as embedded.
        """
        before = set[str]().union(*(batch._texts for batch in after))
        told = before | self._ahead
        missing = self._missing(store) - before
        # Neighbours in length share a batch, so that little of it is padding.
        self._wanted = sorted(missing, key=lambda key: (len(self._texts[key]), key))
        if self._on_embedded and not self._ahead <= told:
            self._on_embedded(len(self._ahead - told))

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

    def is_embedded(self, store: Store) -> bool:
        """Returns whether every text is embedded, in the store or here."""
        return not self._missing(store)

    def put(self, store: Store) -> None:
        """Stores the records and their documents, in the caller's transaction."""
        self._put_embeddings(store)
        store.put_all(
            [
                NewRecord(record, derived.documents, derived.names)
                for record, derived in self._derived
            ]
        )
        self._indexer.sign(store)

    def put_aside(self, store: Store, settles: Callable[[RecordKey], bool]) -> None:
        """Stores the documents in the side tables, of the records that `settles` answers for."""
        self._put_embeddings(store)
        for record, derived in self._derived:
            if settles((kind_of(record), record.id)):
                store.put_aside(record, derived.documents, derived.names)

    def put_ahead(self, store: Store, job: str) -> None:
        """Keeps the embeddings for the job that is to put their passages, in a transaction."""
        store.insert_ahead(job, self._indexer.encoder.fingerprint, self._vectors)

    def _put_embeddings(self, store: Store) -> None:
        fingerprint = self._indexer.encoder.fingerprint
        # What was derived before the base changed meanwhile is said by no passage.
        said = self._texts.keys()
        store.put_embeddings(
            fingerprint, {key: self._vectors[key] for key in self._vectors.keys() & said}
        )
        if used := self._ahead & said:
            store.use_ahead(fingerprint, used)

    def _missing(self, store: Store) -> set[str]:
        fingerprint = self._indexer.encoder.fingerprint
        missing = store.missing_embeddings(fingerprint, self._texts.keys()) - self._vectors.keys()
        ahead = store.embedded_ahead(fingerprint, missing) if missing else set()
        self._ahead |= ahead
        return missing - ahead


class Indexer:
    """The encoder and the rules of derivation of this process, for the base at a place.

    `load` loads the encoder when it is first needed: many uses never need it.
    """

    def __init__(self, place: Place, load: Callable[[], Encoder]) -> None:
        self._place = place
        self._load = load
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
        """An empty batch."""
        return IndexBatch(self, on_embedded)

    def rebuild(self, store: Store, on_embedded: OnEmbedded | None) -> None:
        """Derives and embeds all records anew, a slice of them in each transaction.

        Searches and writers use the former state until the last transaction exchanges it for the
        new one (`kb.store.side_tables`). A rebuild that was killed goes on where it was. Texts that
        this encoder has embedded are not embedded again; other embeddings go.

        Raises:
            KnowledgeBaseError: another process makes the base anew meanwhile, by another encoder.
        """
        side = store.side
        made_by = f"{self.encoder.fingerprint} {DERIVATION} {SCHEMA_VERSION}"
        side.begin(made_by)
        while self._put_aside(store, made_by, on_embedded):
            pass
        # Where another process was faster, it may have had another encoder, or have it now.
        self.refuse_mismatch(store)
        if side.made_by:
            raise KnowledgeBaseError(
                f"{self._place} is being rebuilt by another process, with another encoder."
            )
        side.drop_embeddings_except(self.encoder.fingerprint)
        side.clear()

    def _put_aside(self, store: Store, made_by: str, on_embedded: OnEmbedded | None) -> bool:
        """Fills the side tables with some records that wait, or exchanges them if none does.

        Returns whether there may be more to do.
        """
        side = store.side
        with store.reading():
            if side.made_by != made_by:
                return False
            records = _stored(store, side.waiting(REBUILT_AT_ONCE))
        batch = self.start(on_embedded)
        batch.derive([record for record in records.values() if record])
        batch.embed(store)
        with store.writing() if records else store.changing():
            if side.made_by != made_by:
                return False
            if not records and not side.waiting(1):
                side.exchange()
                self.sign(store)
                return False
            # What has changed meanwhile waits on, and all do if an embedding went.
            if batch.is_embedded(store):
                as_stored = _stored(store, records)
                batch.put_aside(
                    store, lambda key: records[key] == as_stored[key] and side.settle(*key)
                )
        return True

    def sign(self, store: Store) -> None:
        """Notes that this encoder and these rules made the base, in the caller's transaction."""
        store.set_property("encoder", self.encoder.fingerprint)
        store.set_property("model", self.encoder.name)
        store.set_property("derivation", DERIVATION)

    def refuse_mismatch(self, store: Store, *, outdated: bool = True) -> None:
        """Raises `KnowledgeBaseError` if the base has another encoder or other rules.

        Without `outdated`, other rules are accepted.
        """
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


def _stored(store: Store, keys: Iterable[RecordKey]) -> dict[RecordKey, Record | None]:
    """The records with these kinds and ids, None where there is none."""
    keys = list(keys)
    found: dict[RecordKey, Record | None] = dict.fromkeys(keys)
    for kind in Kind:
        ids = [id_ for of_kind, id_ in keys if of_kind is kind]
        found |= {(kind, id_): record for id_, record in store.records(kind, ids).items()}
    return found

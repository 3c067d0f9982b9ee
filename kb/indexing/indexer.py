"""The indexer: derives and embeds the documents by which records are found.

A base remembers its encoder and its rules of derivation. A process with others does not add to it:
their vectors would meet in one index.
"""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from kb.encoder.encoder import Embeddings, Encoder, TextKind
from kb.errors import KnowledgeBaseError
from kb.indexing.derivation import DERIVATION, Derived, derive
from kb.models import Kind, Record
from kb.store.records import in_order
from kb.store.store import Store

logger = logging.getLogger(__name__)

EMBEDDING_BATCH = 64

OnEmbedded = Callable[[int], None]
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
        self._vectors: dict[str, Embeddings] = {}

    def derive(self, records: Sequence[Record]) -> None:
        """Derives the documents of these records, in the place of those before."""
        self._derived = [(record, derive(record)) for record in records]
        self._texts = {
            key: text for _, derived in self._derived for key, text in derived.encoder_texts.items()
        }

    def embed(self, store: Store) -> None:
        """Embeds the texts that neither the store nor this batch has embedded."""
        encoder, texts = self._indexer.encoder, self._texts
        # Neighbours in length share a batch, so that little of it is padding.
        missing = sorted(self._missing(store), key=lambda key: (len(texts[key]), key))
        for first in range(0, len(missing), EMBEDDING_BATCH):
            batch = missing[first : first + EMBEDDING_BATCH]
            rows = encoder.encode([texts[key] for key in batch], TextKind.DOCUMENT)
            if not np.isfinite(rows).all():
                raise KnowledgeBaseError(f"The encoder {encoder.name} gave no numbers.")
            self._vectors.update(zip(batch, rows, strict=True))
            if self._on_embedded:
                self._on_embedded(len(batch))

    def is_embedded(self, store: Store) -> bool:
        """Returns whether every text is embedded, in the store or here."""
        return not self._missing(store)

    def put(self, store: Store) -> None:
        """Stores the records and their documents, in the caller's transaction."""
        encoder = self._indexer.encoder
        store.put_embeddings(encoder.fingerprint, self._vectors)
        for record, derived in self._derived:
            store.put(record, derived.documents, derived.names)
        store.set_property("encoder", encoder.fingerprint)
        store.set_property("model", encoder.name)
        store.set_property("derivation", DERIVATION)

    def _missing(self, store: Store) -> set[str]:
        fingerprint = self._indexer.encoder.fingerprint
        return store.missing_embeddings(fingerprint, self._texts.keys()) - self._vectors.keys()


class Indexer:
    """The encoder and the rules of derivation of this process, for the base in a folder.

    `load` loads the encoder when it is first needed: many uses never need it.
    """

    def __init__(self, folder: Path, load: Callable[[], Encoder]) -> None:
        self._folder = folder
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
        """Derives and embeds all records anew, in one transaction.

        Texts that this encoder has embedded are not embedded again; other embeddings go.
        """
        batch = self.start(on_embedded)
        while not self._rebuilt(store, batch):
            logger.info("The knowledge base changed meanwhile; rebuilding what changed")

    def _rebuilt(self, store: Store, batch: IndexBatch) -> bool:
        """Derives and embeds every record, and stores it all unless the base changed meanwhile."""
        with store.reading():
            generation = store.generation
            records: list[Record] = [
                *in_order(store.actors, store.ids(Kind.ACTOR)),
                *in_order(store.cases, store.ids(Kind.CASE)),
            ]
        batch.derive(records)
        batch.embed(store)
        with store.changing():
            if store.generation != generation:
                return False
            batch.put(store)
            store.drop_embeddings_except(self.encoder.fingerprint)
        return True

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
            f"{self._folder} was embedded by another encoder ({store.property('model')} "
            f"{stored}) than the one set ({self.encoder.name} {self.encoder.fingerprint}): "
            "set QUISAIT_MODEL to the former, or run `quisait rebuild`."
        )

    def outdated(self, store: Store) -> str:
        """A line that the base was made by other rules, or nothing."""
        stored = store.property("derivation")
        if stored in {"", DERIVATION}:
            return ""
        return (
            f"{self._folder} was made by other rules ({stored}) than this version's "
            f"({DERIVATION}): run `quisait rebuild`."
        )

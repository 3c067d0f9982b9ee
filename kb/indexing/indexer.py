"""What is made of records to be found by: their documents and embeddings, and by which rules.

A base remembers the encoder and the rules that it was made by. Another process, with others, does
not add to it: their vectors would meet in one index.
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
"""Is told how many texts were embedded, batch by batch."""


class IndexBatch:
    """What is made of some records, on its way into the store.

    Encoding takes long, so it is done before the transaction. Where the base has changed
    meanwhile, the same making goes on with what is wanted by then: no text is encoded twice.
    """

    def __init__(self, indexer: "Indexer", on_embedded: OnEmbedded | None) -> None:
        self._indexer = indexer
        self._on_embedded = on_embedded
        self._derived: Sequence[tuple[Record, Derived]] = ()
        self._texts: Mapping[str, str] = {}
        self._vectors: dict[str, Embeddings] = {}

    def derive(self, records: Sequence[Record]) -> None:
        """Makes the documents of these records, in the place of those before."""
        self._derived = [(record, derive(record)) for record in records]
        self._texts = {
            key: text for _, one in self._derived for key, text in one.encoder_texts.items()
        }

    def embed(self, store: Store) -> None:
        """Embeds those of the texts that neither the store nor this making has embedded."""
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
        """Whether every text is embedded, in the store or here."""
        return not self._missing(store)

    def put(self, store: Store) -> None:
        """Stores the records with all that was made of them; the transaction is the caller's."""
        encoder = self._indexer.encoder
        store.put_embeddings(encoder.fingerprint, self._vectors)
        for record, one in self._derived:
            store.put(record, one.documents, one.names)
        store.set_property("encoder", encoder.fingerprint)
        store.set_property("model", encoder.name)
        store.set_property("derivation", DERIVATION)

    def _missing(self, store: Store) -> set[str]:
        fingerprint = self._indexer.encoder.fingerprint
        return store.missing_embeddings(fingerprint, self._texts.keys()) - self._vectors.keys()


class Indexer:
    """The encoder and the rules of this process, for the base in one folder.

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
        """A making of nothing yet."""
        return IndexBatch(self, on_embedded)

    def rebuild(self, store: Store, on_embedded: OnEmbedded | None) -> None:
        """Makes all that is found anew from the records, in one transaction.

        What this encoder has embedded before is not embedded again; what others embedded goes.
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
        """Raises `KnowledgeBaseError` if the base was made by another encoder, or other rules.

        Where not `outdated`, the rules may be others.
        """
        problem = self.mismatch(store) or (self.outdated(store) if outdated else "")
        if problem:
            raise KnowledgeBaseError(problem)

    def mismatch(self, store: Store) -> str:
        """That the base was embedded by another encoder, in one line, or nothing."""
        stored = store.property("encoder")
        if stored in {"", self.encoder.fingerprint}:
            return ""
        return (
            f"{self._folder} was embedded by another encoder ({store.property('model')} "
            f"{stored}) than the one set ({self.encoder.name} {self.encoder.fingerprint}): "
            "set QUISAIT_MODEL to the former, or run `quisait rebuild`."
        )

    def outdated(self, store: Store) -> str:
        """That the base was made by other rules, in one line, or nothing."""
        stored = store.property("derivation")
        if stored in {"", DERIVATION}:
            return ""
        return (
            f"{self._folder} was made by other rules ({stored}) than this version's "
            f"({DERIVATION}): run `quisait rebuild`."
        )

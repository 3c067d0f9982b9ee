"""A set's records as a knowledge base, and embeddings that are not made twice.

A set with a corpus is put into a knowledge base in a temporary folder. So are the records of a
base that another encoder embedded than the one that is asked about. What was embedded once is
kept between runs, by encoder and text.
"""

import contextlib
import hashlib
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from kb.encoder.encoder import Embeddings, Encoder, TextKind, WordEmbeddings
from kb.encoder.prepared import load_encoder
from kb.evaluation.sets import DevelopmentSet
from kb.knowledge_base import KnowledgeBase
from kb.models import Record
from kb.search.weights import DEFAULT_WEIGHTS, RankingWeights
from kb.settings import Settings
from kb.trade_index.trade_index import find_trade_index
from kb.whole_file import replacing


class RememberingEncoder:
    """An encoder that keeps what it embedded, of either kind, in a file of a folder."""

    def __init__(self, encoder: Encoder, folder: Path) -> None:
        self._encoder = encoder
        self.name = encoder.name
        self.engine = encoder.engine
        self.fingerprint = encoder.fingerprint
        self.dimension = encoder.dimension
        self._path = folder / f"{encoder.fingerprint}.npz"
        self._known: dict[str, Embeddings] = self._kept()
        self._added = False

    def encode(self, texts: Sequence[str], kind: TextKind) -> Embeddings:
        keys = [hashlib.sha256(f"{kind}\0{text}".encode()).hexdigest()[:32] for text in texts]
        missing = {
            key: text for key, text in zip(keys, texts, strict=True) if key not in self._known
        }
        if missing:
            rows = self._encoder.encode(list(missing.values()), kind)
            self._known.update(zip(missing, rows, strict=True))
            self._added = True
        if not keys:
            return np.zeros((0, self.dimension), np.float32)
        return np.stack([self._known[key] for key in keys])

    def encode_words(self, text: str, kind: TextKind) -> WordEmbeddings | None:
        return self._encoder.encode_words(text, kind)

    def keep(self) -> None:
        """Writes what it knows, whole or not at all."""
        if not self._added:
            return
        rows = np.stack(list(self._known.values()))
        with replacing(self._path) as pending, pending.open("wb") as file:
            np.savez(file, keys=np.array(list(self._known)), rows=rows)
        self._added = False

    def _kept(self) -> dict[str, Embeddings]:
        # Whatever is wrong with a cache, the answer is the same: do without it.
        with (
            contextlib.suppress(OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile),
            self._path.open("rb") as file,
            np.load(file) as kept,
        ):
            keys, rows = kept["keys"].tolist(), kept["rows"]
            if rows.shape == (len(keys), self.dimension):
                return dict(zip(keys, rows, strict=True))
        return {}


class Encoders:
    """The encoders of several settings, each loaded once, with what they embedded kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loaded: dict[str, RememberingEncoder] = {}

    def of(self, settings: Settings) -> RememberingEncoder:
        key = settings.model_dump_json(exclude={"kb"})
        if key not in self._loaded:
            self._loaded[key] = RememberingEncoder(load_encoder(settings), self._folder)
        return self._loaded[key]

    def close(self) -> None:
        for encoder in self._loaded.values():
            encoder.keep()


@contextlib.contextmanager
def base_of(
    dataset: DevelopmentSet,
    settings: Settings,
    encoders: Encoders,
    weights: RankingWeights = DEFAULT_WEIGHTS,
    *,
    may_copy: bool = False,
) -> Iterator[KnowledgeBase]:
    """The knowledge base that the set's queries are asked of, open as long as the context is.

    With `may_copy`, a base that cannot be searched with the encoder that the settings name is
    copied into one that can.

    Raises:
        NotAKnowledgeBase: the set has no corpus, and the settings name no base.
    """
    encoder = encoders.of(settings)
    if dataset.actors is not None:
        with _temporary([*dataset.actors, *dataset.cases], encoder, settings, weights) as base:
            yield base
        return
    KnowledgeBase.open(settings).close()
    index = find_trade_index(settings)
    base = KnowledgeBase(
        settings.folder,
        lambda: encoder,
        settings.cache,
        weights,
        trade_index=index,
        database=settings.database,
    )
    with contextlib.closing(base):
        if not may_copy or not base.status().problems:
            yield base
            return
        records: list[Record] = [*base.actors(), *base.cases()]
    with _temporary(records, encoder, settings, weights) as base:
        yield base


@contextlib.contextmanager
def _temporary(
    records: Sequence[Record], encoder: Encoder, chosen: Settings, weights: RankingWeights
) -> Iterator[KnowledgeBase]:
    with tempfile.TemporaryDirectory(prefix="quisait-evaluation-") as folder:
        settings = Settings(kb=Path(folder))
        KnowledgeBase.open(settings, create=True).close()
        base = KnowledgeBase(
            settings.folder,
            lambda: encoder,
            chosen.cache,
            weights,
            trade_index=find_trade_index(chosen),
        )
        with contextlib.closing(base):
            base.put(records)
            yield base

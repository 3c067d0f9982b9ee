"""Qui sait faire ?, asked through its knowledge base; its command and server are run alone."""

import hashlib
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from ingest.pipeline import ingest
from kb.encoder.encoder import Embeddings, Encoder, TextKind, WordEmbeddings
from kb.encoder.prepared import load_encoder
from kb.knowledge_base import KnowledgeBase
from kb.models import Case
from kb.settings import Settings
from tests.benchmarks.rivals.contestant import NEAREST, Contestant, SliceFiles, main


class Ours(Contestant):
    """The model is the one of the program, which prepares it itself; the folder is not read."""

    def warm(self) -> None:
        self._encoder = load_encoder(Settings.from_environment())
        self._encoder.encode(["prêt"], TextKind.DOCUMENT)

    def place(self, folder: Path) -> Path | str:
        """What the setting of the base is, for a base with its files in a folder."""
        return folder

    def build(self, folder: Path, slices: Sequence[SliceFiles], given: bool) -> int:
        encoder = GivenEmbeddings(self._encoder, slices) if given else self._encoder
        directory = folder.with_suffix(".jsonl")  # a directory is one file, however large
        with directory.open("wb") as whole:
            for one in slices:
                whole.write(one.firms.read_bytes())
        settings = Settings.from_environment(kb=self.place(folder))
        with (
            patch("kb.knowledge_base.load_encoder", lambda _settings: encoder),
            closing(KnowledgeBase.open(settings, create=True)) as base,
        ):
            report = ingest(base, [directory])
            base.save_index()
            passages = base.status().passages
        if report.failures:
            raise ValueError(str(report.failures[0]))
        return passages

    def open(self, folder: Path) -> None:
        self._base = KnowledgeBase.open(Settings.from_environment(kb=self.place(folder)))
        self._base.search("prêt")

    def search(self, need: str) -> Sequence[str]:
        found = self._base.search(need)
        return [hit.actor.id for hit in found.hits] + [hit.case.id for hit in found.cases]

    def nearest(self, need: str) -> tuple[Sequence[float], Sequence[str]]:
        row = self._base.encoder.encode([need], TextKind.QUERY)[0]
        with self._base._context() as context:
            ids = [id_ for id_, _ in context.index.search(row, NEAREST)]
            passages = context.store.passages(ids)
        return row.tolist(), [passages[id_].text for id_ in ids]

    def add(self, id: str, text: str) -> None:
        title = text.partition(",")[0]
        self._base.put([Case(id, title, text=text, need=title, lang="fr")])


class GivenEmbeddings:
    """An encoder that knows the embeddings of slices, and embeds other texts by another."""

    def __init__(self, encoder: Encoder, slices: Sequence[SliceFiles]) -> None:
        self._encoder = encoder
        self.name, self.engine = encoder.name, encoder.engine
        self.fingerprint, self.dimension = encoder.fingerprint, encoder.dimension
        self._embeddings = [np.load(one.embeddings, mmap_mode="r") for one in slices]
        keys = [_key(text) for one in slices for _, text in one.read_passages()]
        self._keys = np.array(keys, np.uint64)
        self._order = np.argsort(self._keys)
        self._keys = self._keys[self._order]
        self._starts = np.cumsum([0, *map(len, self._embeddings)])

    def encode(self, texts: Sequence[str], kind: TextKind) -> Embeddings:
        rows = np.empty((len(texts), self.dimension), np.float32)
        others = []
        for at, text in enumerate(texts):
            key = np.uint64(_key(text))
            place = int(np.searchsorted(self._keys, key))
            if kind is TextKind.QUERY or place == len(self._keys) or self._keys[place] != key:
                others.append(at)
                continue
            row = int(self._order[place])
            part = int(np.searchsorted(self._starts, row, side="right")) - 1
            rows[at] = self._embeddings[part][row - self._starts[part]]
        if others:
            rows[others] = self._encoder.encode([texts[at] for at in others], kind)
        return rows

    def encode_words(self, text: str, kind: TextKind) -> WordEmbeddings | None:
        return self._encoder.encode_words(text, kind)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._encoder, name)


def _key(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])


if __name__ == "__main__":
    main(Ours)

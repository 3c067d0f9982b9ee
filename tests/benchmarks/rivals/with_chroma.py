"""Chroma: passages and an HNSW graph in a folder, embedded by sentence-transformers.

Of the databases of embeddings that run inside a program, it is the one most downloaded. Its server
is given embeddings and not texts, so that there is no HTTP to compare.

https://docs.trychroma.com/docs/run-chroma/persistent-client
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.rivals.contestant import NEAREST, Contestant, SliceFiles, main

COLLECTION = "passages"


class WithChroma(Contestant):
    """A persistent client, by inner product, its graph as Chroma makes it by default."""

    def warm(self) -> None:
        from sentence_transformers import SentenceTransformer

        self._encoder = SentenceTransformer(str(self.model), device="cpu", local_files_only=True)
        self._encoder.encode_query(["prêt"])

    def build(self, folder: Path, slices: Sequence[SliceFiles], given: bool) -> int:
        import numpy

        self._connect(folder)
        at_once = self._client.get_max_batch_size()
        for one in slices:
            passages = list(one.read_passages())
            if given:
                embeddings = numpy.load(one.embeddings)
            else:
                embeddings = self._embedded([text for _, text in passages])
            for first in range(0, len(passages), at_once):
                part = passages[first : first + at_once]
                self._collection.add(
                    ids=[id_ for id_, _ in part],
                    documents=[text for _, text in part],
                    embeddings=embeddings[first : first + at_once],
                )
        return int(self._collection.count())

    def open(self, folder: Path) -> None:
        self.warm()
        self._connect(folder)

    def search(self, need: str) -> Sequence[str]:
        found = self._collection.query(
            query_embeddings=self._encoder.encode_query([need], normalize_embeddings=True),
            n_results=NEAREST,
        )
        ids: Sequence[str] = found["ids"][0]
        return ids

    def nearest(self, need: str) -> tuple[Sequence[float], Sequence[str]]:
        embedding = self._encoder.encode_query([need], normalize_embeddings=True)
        found = self._collection.query(query_embeddings=embedding, n_results=NEAREST)
        return embedding[0], found["documents"][0]

    def add(self, id: str, text: str) -> None:
        self._collection.add(ids=[id], documents=[text], embeddings=self._embedded([text]))

    def _embedded(self, texts: Sequence[str]) -> Any:
        return self._encoder.encode_document(list(texts), normalize_embeddings=True)

    def _connect(self, folder: Path) -> None:
        import chromadb

        self._client = chromadb.PersistentClient(
            str(folder), settings=chromadb.Settings(anonymized_telemetry=False)
        )
        self._collection = self._client.get_or_create_collection(
            COLLECTION, embedding_function=None, configuration={"hnsw": {"space": "ip"}}
        )


if __name__ == "__main__":
    main(WithChroma)

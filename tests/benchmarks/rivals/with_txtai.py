"""txtai: hybrid search (embeddings and BM25), its content in SQLite, its API over HTTP.

https://neuml.github.io/txtai/embeddings/, https://neuml.github.io/txtai/api/
"""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.rivals.contestant import NEAREST, Contestant, SliceFiles, main

DENSE_ALONE = 1.0
"""The weight of embeddings, of which words have the rest."""


class WithTxtai(Contestant):
    """txtai as its documentation has it, with its own choice of FAISS index for each size."""

    def warm(self) -> None:
        from txtai import Embeddings

        self._embeddings = Embeddings(self._settings())
        self._embeddings.batchtransform(["prêt"], category="query")

    def build(self, folder: Path, slices: Sequence[SliceFiles], given: bool) -> int:
        if given:
            self._take(slices)
        self._embeddings.index(
            (id_, text, None) for one in slices for id_, text in one.read_passages()
        )
        self._embeddings.save(str(folder))
        return int(self._embeddings.count())

    def open(self, folder: Path) -> None:
        from txtai import Embeddings

        self._folder = folder
        self._embeddings = Embeddings()
        self._embeddings.load(str(folder))
        self._embeddings.batchtransform(["prêt"], category="query")

    def search(self, need: str) -> Sequence[str]:
        return [hit["id"] for hit in self._embeddings.search(need, NEAREST)]

    def nearest(self, need: str) -> tuple[Sequence[float], Sequence[str]]:
        found = self._embeddings.search(need, NEAREST, weights=DENSE_ALONE)
        embedding = self._embeddings.batchtransform([need], category="query")[0]
        return embedding, [hit["text"] for hit in found]

    def add(self, id: str, text: str) -> None:
        self._embeddings.upsert([(id, text, None)])
        self._embeddings.save(str(self._folder))

    @classmethod
    def serve(cls, model: Path, folder: Path, port: int) -> None:
        settings = folder.with_suffix(".yml")
        # JSON is YAML.
        settings.write_text(json.dumps({"path": str(folder), "embeddings": {}}), encoding="utf-8")
        os.environ["CONFIG"] = str(settings)
        where = ["--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"]
        os.execv(sys.executable, [sys.executable, "-m", "uvicorn", "txtai.api:app", *where])  # noqa: S606

    def _settings(self) -> dict[str, Any]:
        return {
            "path": str(self.model),
            "hybrid": True,
            "content": True,
            # txtai reads the prompts of a model itself, as the others do.
        }

    def _take(self, slices: Sequence[SliceFiles]) -> None:
        """Has the encoder answer with the embeddings of the slices, which come in that order."""
        import numpy

        vectors = self._embeddings.model
        rows: Iterator[Any] = (row for one in slices for row in numpy.load(one.embeddings))
        vectors.encode = lambda data, category=None: numpy.stack([next(rows) for _ in data])


if __name__ == "__main__":
    main(WithTxtai)

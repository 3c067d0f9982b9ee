"""What one writes first: sentence-transformers, and FAISS's exact index; the texts in JSON lines.

https://sbert.net/docs/quickstart.html, https://github.com/facebookresearch/faiss/wiki
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.rivals.contestant import NEAREST, Contestant, SliceFiles, main

INDEX, TEXTS = "index.faiss", "texts.jsonl"


class Plain(Contestant):
    """An index in memory, a list of texts, and both in files."""

    _index: Any

    def warm(self) -> None:
        import faiss
        import numpy
        from sentence_transformers import SentenceTransformer

        self._faiss, self._numpy = faiss, numpy
        self._encoder = SentenceTransformer(str(self.model), device="cpu", local_files_only=True)
        self._encoder.encode_query(["prêt"])

    def build(self, folder: Path, slices: Sequence[SliceFiles], given: bool) -> int:
        passages = [passage for one in slices for passage in one.read_passages()]
        if given:
            embeddings = self._numpy.vstack([self._numpy.load(one.embeddings) for one in slices])
        else:
            embeddings = self._encoder.encode_document(
                [text for _, text in passages], normalize_embeddings=True
            )
        self._index = self._faiss.IndexFlatIP(embeddings.shape[1])
        self._index.add(embeddings)
        self._passages, self._folder = passages, folder
        folder.mkdir(parents=True)
        with (folder / TEXTS).open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(passage) + "\n" for passage in passages)
        self._write_index()
        return len(passages)

    def open(self, folder: Path) -> None:
        self.warm()
        self._folder = folder
        self._index = self._faiss.read_index(str(folder / INDEX))
        with (folder / TEXTS).open(encoding="utf-8") as file:
            self._passages = [(id_, text) for id_, text in map(json.loads, file)]

    def search(self, need: str) -> Sequence[str]:
        return [self._passages[row][0] for row in self._rows(self._embedding(need))]

    def nearest(self, need: str) -> tuple[Sequence[float], Sequence[str]]:
        embedding = self._embedding(need)
        return embedding[0], [self._passages[row][1] for row in self._rows(embedding)]

    def add(self, id: str, text: str) -> None:
        self._index.add(self._encoder.encode_document([text], normalize_embeddings=True))
        self._passages.append((id, text))
        with (self._folder / TEXTS).open("a", encoding="utf-8") as file:
            file.write(json.dumps((id, text)) + "\n")
        self._write_index()

    @classmethod
    def serve(cls, model: Path, folder: Path, port: int) -> None:
        import uvicorn
        from fastapi import FastAPI

        contestant = cls(model)
        contestant.open(folder)
        app = FastAPI()

        @app.get("/search")
        def search(query: str) -> Any:
            rows = contestant._rows(contestant._embedding(query))
            return [contestant._passages[row] for row in rows]

        uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")

    def _embedding(self, need: str) -> Any:
        return self._encoder.encode_query([need], normalize_embeddings=True)

    def _rows(self, embedding: Any) -> Sequence[int]:
        return [row for row in self._index.search(embedding, NEAREST)[1][0].tolist() if row >= 0]

    def _write_index(self) -> None:
        self._faiss.write_index(self._index, str(self._folder / INDEX))


if __name__ == "__main__":
    main(Plain)

"""Whether a base is whole: store and index compared with what its records make, one by one.

Shares nothing with the program's own ways of looking: no count, no generation, no sample.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np

from kb.encoder.encoder import Encoder, TextKind
from kb.indexing.derivation import derive
from kb.indexing.faiss_index import Index
from kb.knowledge_base import DATABASE_FILE
from kb.models import Kind
from kb.store.passages import VECTOR, passage_id
from kb.store.store import Store


def faults(folder: Path, encoder: Encoder) -> list[str]:
    """What is wrong with the base in a folder, a line each; none if it is whole."""
    path = folder / DATABASE_FILE
    with closing(sqlite3.connect(path)) as connection:
        (told,) = connection.execute("pragma integrity_check(1)").fetchone()
        if told != "ok":
            return [f"SQLite: {told}"]
        if connection.execute("pragma foreign_key_check").fetchone():
            return ["SQLite: a row refers to none"]
    with closing(Store.open(path)) as store:
        return [*_faults_of_passages(store, encoder), *_faults_of_index(store, encoder)]


def _faults_of_passages(store: Store, encoder: Encoder) -> Iterator[str]:
    """Compares all that is derived of the records with what is made of them now."""
    documents, passages, words, names = set(), set(), set(), set()
    texts: dict[str, str] = {}
    for kind in Kind:
        for id_, record in store.records(kind, store.ids(kind)).items():
            derived = derive(record)
            texts |= derived.encoder_texts
            names |= {(key, id_) for key in derived.names}
            for document in derived.documents:
                documents.add((kind.value, id_, document.part, document.lang, document.text))
                for passage in document.passages:
                    start, end = passage.slice.start, passage.slice.end
                    made = passage_id(
                        kind,
                        id_,
                        document.part,
                        start,
                        document.lang,
                        document.text[start:end],
                        passage.text_hash,
                    )
                    passages.add((made, start, end, passage.text_hash or None))
                    words.add((made, passage.words))
    for what, wanted, query in (
        ("documents", documents, "select kind, record_id, part, lang, text from documents"),
        ("passages", passages, 'select id, start, "end", text_hash from passages'),
        ("words", words, "select rowid, words from passage_words"),
        ("names", names, "select key, actor_id from names"),
    ):
        stored = set(map(tuple, store.execute(query)))
        for row in sorted(map(str, wanted - stored)):
            yield f"{what}: {row} is missing"
        for row in sorted(map(str, stored - wanted)):
            yield f"{what}: {row} is of no record"
    keys = sorted(texts)
    made_now = encoder.encode([texts[key] for key in keys], TextKind.DOCUMENT) if keys else ()
    stored_vectors = {
        row["text_hash"]: np.frombuffer(row["vector"], VECTOR)
        for row in store.execute(
            "select text_hash, vector from embeddings where encoder = ?", [encoder.fingerprint]
        )
    }
    for key, vector in zip(keys, made_now, strict=True):
        if key not in stored_vectors:
            yield f"embeddings: {texts[key]!r} has none"
        elif not np.array_equal(stored_vectors[key], vector.astype(VECTOR)):
            yield f"embeddings: {texts[key]!r} has another"


def _faults_of_index(store: Store, encoder: Encoder) -> Iterator[str]:
    """Compares the index that the next search uses with the embeddings, passage by passage."""
    index = Index(encoder.fingerprint, encoder.dimension).refreshed(store)
    wanted = {
        row["id"]: np.frombuffer(row["vector"], VECTOR)
        for row in store.execute(
            "select p.id, vector from passages p join embeddings e using (text_hash)"
            " where encoder = ?",
            [encoder.fingerprint],
        )
    }
    held = index.embeddings(wanted)
    if len(index) != len(wanted):
        yield f"index: {len(index)} passages for {len(wanted)}"
    for id_, vector in wanted.items():
        if id_ not in held or not np.array_equal(held[id_], vector):
            yield f"index: passage {id_} is missing or another"
        else:
            row = vector.astype(np.float32)
            # In half precision, rows are units within a thousandth: another may be as near.
            own = float(row @ row) - 1e-5
            if not any(found == id_ or cosine > own for found, cosine in index.search(row, 1)):
                yield f"index: passage {id_} does not find itself"

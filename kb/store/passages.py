"""Passages in the store: their words, by which they are matched, and their embeddings."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kb.encoder.encoder import Embeddings
from kb.models import Kind
from kb.store.connection import StoreConnection, StoreRow
from kb.store.records import grouped
from kb.text.analysis import FUNCTION_WORDS, says, spellings, words

VECTOR = np.dtype("<f2")  # how the numbers of an embedding are stored
_UNFOLDED = frozenset("bdfghjklmpqrtvwx")  # letters that no accent or ligature is folded to
TEXTS_AT_ONCE, VECTORS_AT_ONCE = 2_000, 10_000
_PASSAGES = "from passages p join documents d on d.id = document_id"
_EMBEDDED = "from passages p join embeddings e using (text_hash)"
_TEXT = 'substr(text, start + 1, "end" - start)'
DocumentRow = tuple[str, str, str, str, str]  # kind, record id, part, language, text
_KINDS = {kind.value: kind for kind in Kind}  # sooner than `Kind` finds them


class Passage(NamedTuple):
    """A stored passage with its document's record, part and language. `text` is the slice."""

    id: int
    kind: Kind
    record_id: str
    part: str
    lang: str
    text: str


class StoredPassages(StoreConnection):
    def passages(self, ids: Collection[int]) -> dict[int, Passage]:
        rows = self.run(
            f"select p.id, kind, record_id, part, lang, {_TEXT} {_PASSAGES} where p.id in :values",
            ids,
        )
        with self.decoding():
            return {id_: Passage(id_, _KINDS[kind], *rest) for id_, kind, *rest in rows}

    def langs_of(self, ids: Collection[int]) -> dict[int, str]:
        rows = self.run(f"select p.id, lang {_PASSAGES} where p.id in :values", ids)
        return {row["id"]: row["lang"] for row in rows}

    def passage_ids_of(self, kind: Kind, record_ids: Collection[str]) -> set[int]:
        where = "where kind = :kind and record_id in :values"
        rows = self.run(f"select p.id {_PASSAGES} {where}", record_ids, kind=kind.value)
        return {row["id"] for row in rows}

    def passages_of_actors(self, actor_ids: Collection[str]) -> dict[str, list[int]]:
        where = "where kind = 'actor' and record_id in :values"
        rows = self.run(f"select record_id, p.id {_PASSAGES} {where}", actor_ids)
        return grouped((row[0], row[1]) for row in rows)

    def passage_ids_of_parts(self, kind: Kind, parts: Collection[str]) -> set[int]:
        where = "where kind = :kind and part in :values"
        rows = self.run(f"select p.id {_PASSAGES} {where}", parts, kind=kind.value)
        return {row["id"] for row in rows}

    def records_saying(self, phrase: str) -> set[tuple[Kind, str]]:
        """The records that have exactly these words (`kb.text.analysis.says`)."""
        carrying = [word for word in words(phrase) if not FUNCTION_WORDS.issuperset(word.forms)]
        if carrying:
            rows: Iterable[StoreRow] = self.run(
                f"select kind, record_id, {_TEXT} {_PASSAGES} where p.id in :values",
                self.passages_saying([spellings(word) for word in carrying]),
            )
        else:
            # The index has no function words; for a letter that folding changes, any may stand.
            letters = (letter if letter in _UNFOLDED else "%" for letter in phrase.lower())
            rows = self.execute(
                "select kind, record_id, text from documents where text like ?",
                [f"%{''.join(letters)}%"],
            )
        return {(Kind(row[0]), row[1]) for row in rows if says(row[2], phrase)}

    def texts(self) -> Iterator[str]:
        """The texts of all documents, names included, read some at a time."""
        last = 0
        while rows := self.execute(
            "select id, text from documents where id > ? order by id limit ?", [last, TEXTS_AT_ONCE]
        ).fetchall():
            yield from (row[1] for row in rows)
            last = rows[-1][0]

    def passages_touched_since(self, generation: str) -> set[int] | None:
        """The passages that may have come, gone or been embedded since; None if not remembered."""
        sql = "select id from passage_changes where generation = ?"
        closed = self.execute(sql, [generation]).fetchone()
        if closed is None:
            return None
        rows = self.execute(
            "select distinct passage_id from passage_changes"
            " where id > ? and passage_id is not null",
            [closed[0]],
        )
        return {row[0] for row in rows}

    def forget_touched(self) -> None:
        """Has all that follows passages read them anew: any may have changed."""
        self.execute("delete from passage_changes")

    def insert_documents(self, rows: Sequence[DocumentRow]) -> Sequence[int]:
        """Stores documents; returns their ids, in the order given."""
        (last,) = self.execute("select coalesce(max(id), 0) from documents").fetchone()
        ids = range(last + 1, last + 1 + len(rows))
        self.executemany(
            "insert into documents (id, kind, record_id, part, lang, text)"
            " values (?, ?, ?, ?, ?, ?)",
            [(id_, *row) for id_, row in zip(ids, rows, strict=True)],
        )
        return ids

    def insert_embeddings(self, encoder: str, vectors: Mapping[str, Embeddings]) -> None:
        """Stores vectors by text hash, of texts that have none yet, and nothing else."""
        self.executemany(
            "insert into embeddings (text_hash, encoder, vector) values (?, ?, ?)"
            " on conflict do nothing",
            [
                (text_hash, encoder, vector.astype(VECTOR).tobytes())
                for text_hash, vector in vectors.items()
            ],
        )

    def embedded_passages(self, encoder: str) -> set[int]:
        query = f"select p.id {_EMBEDDED} where encoder = ?"
        return {row[0] for row in self.execute(query, [encoder])}

    def known_embeddings(
        self, encoder: str, ids: Collection[int] | None = None
    ) -> tuple[NDArray[np.int64], Embeddings]:
        """The ids `(n,)`, ascending, and the embeddings of passages that have one, a row each."""
        query = f"select p.id, vector {_EMBEDDED} where encoder = :encoder"
        if ids is None:  # of a large base, some at a time
            read = iter(self.execute(f"{query} order by p.id", {"encoder": encoder}))
        else:
            where = "and p.id in :values order by p.id"
            read = iter(self.run(f"{query} {where}", ids, encoder=encoder))
        found, parts = [np.empty(0, np.int64)], list[Embeddings]()
        with self.decoding():
            while rows := list(islice(read, VECTORS_AT_ONCE)):
                if len({len(row[1]) for row in rows}) > 1:
                    raise ValueError("embeddings of several dimensions")
                vectors = np.frombuffer(b"".join(row[1] for row in rows), VECTOR)
                parts.append(vectors.reshape(len(rows), -1).astype(np.float32))
                found.append(np.fromiter((row[0] for row in rows), np.int64, len(rows)))
            embeddings = np.concatenate(parts) if parts else np.empty((0, 0), np.float32)
        return np.concatenate(found), embeddings

    def kept_trades(self, encoder: str, made_by: str, ids: Collection[int]) -> dict[int, bytes]:
        """What is kept of the trades of these passages, by id, if it was made by these rules."""
        rows = self.run(
            f"select p.id, trades {_EMBEDDED}"
            " where encoder = :encoder and trades_by = :made_by and p.id in :values",
            ids,
            encoder=encoder,
            made_by=made_by,
        )
        return {row[0]: row[1] for row in rows}

    def keep_trades(self, encoder: str, made_by: str, trades: Mapping[int, bytes]) -> None:
        """Keeps the trades of passages, by id, beside their embeddings, in a transaction."""
        self.executemany(
            "update embeddings set trades = ?, trades_by = ? where encoder = ?"
            " and text_hash = (select text_hash from passages where id = ?)",
            [(row, made_by, encoder, id_) for id_, row in trades.items()],
        )

    def missing_embeddings(self, encoder: str, hashes: Collection[str]) -> set[str]:
        rows = self.run(
            "select text_hash from embeddings where encoder = :encoder and text_hash in :values",
            hashes,
            encoder=encoder,
        )
        return set(hashes) - {row["text_hash"] for row in rows}


def passage_id(
    kind: Kind, record_id: str, part: str, start: int, lang: str, text: str, text_hash: str
) -> int:
    """The 63-bit hash of a passage, so that an index can trust the ids it holds."""
    parts = "\0".join([kind.value, record_id, part, str(start), lang, text, text_hash])
    return int.from_bytes(hashlib.sha256(parts.encode()).digest()[:8]) >> 1

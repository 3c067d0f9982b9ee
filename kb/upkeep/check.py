"""The check of a base: its pages, and whether what is derived fits what it is derived from.

A quick check looks at the pages, counts, and the files beside the database. A whole one derives
each record again, and looks at every vector.
"""

import re
import shlex
import sqlite3
import stat
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np

from kb.base_folder import DATABASE_FILE, MIN_SECRET_CHARS, SECRET_FILE, UPLOADS
from kb.encoder.encoder import Embeddings, TextKind
from kb.encoder.prepared import load_encoder
from kb.errors import EncoderError, KnowledgeBaseError, SchemaTooNew, SchemaTooOld
from kb.indexing.derivation import DERIVATION, Derived, derive
from kb.indexing.indexer import Indexer
from kb.knowledge_base import KnowledgeBase
from kb.models import Actor, Kind, Record
from kb.registers.jobs import waiting_uploads
from kb.settings import Settings
from kb.store import integrity
from kb.store.integrity import StoredDocument, StoredPassage
from kb.store.orphans import delete_orphans, orphans
from kb.store.passages import VECTOR, passage_id
from kb.store.store import REBUILDING, SqliteStore, Store
from kb.text.organisation_name import analyse_name
from kb.upkeep.finding import Finding
from kb.whole_file import delete_abandoned

RECORDS_AT_ONCE = 500
VECTORS_AT_ONCE = 10_000
SAMPLE = 20
"""Count of texts that are embedded again."""

SAME = 0.98
"""The least cosine of two embeddings of one text: engines round differently."""

UNIT = 1e-3
"""Most that the length of a vector may differ from 1."""

OLD_UPLOAD_S = 2 * 24 * 3600.0
NAMED = 3
"""Most records that a finding names."""

_INDEX_LINE = re.compile(
    r"missing from index|wrong # of entries in index|non-unique entry in index"
)
_WORDS_LINE = re.compile(r"fts5|passage_words", re.IGNORECASE)
Item = TypeVar("Item")

REBUILD = "Run `quisait rebuild`."
RESTORE = "Restore a backup (`quisait restore`)."
REPAIR = "Run `quisait check --repair`."


class BaseCheck:
    """A check of the base that a store has open.

    With an `indexer`, some texts are embedded again: that loads the encoder.
    """

    def __init__(
        self, store: SqliteStore, *, indexer: Indexer | None = None, quick: bool = False
    ) -> None:
        self._store = store
        self._folder = store.path.parent
        self._indexer = indexer
        self._quick = quick
        self._sample: dict[str, str] = {}

    def run(self) -> list[Finding]:
        """Looks at everything, in one state of the base; the gravest comes first."""
        found: list[Finding] = []
        try:
            with self._store.reading():
                found += self._pages()
                if all(finding.repair for finding in found):
                    found += [*self._orphans(), *self._texts(), *self._encoder()]
                    if not any(finding.about == "encoder" for finding in found):
                        found += self._vectors()
            if not self._quick:
                found += self._words()
        except sqlite3.DatabaseError as error:
            if all(finding.repair for finding in found):
                found.insert(0, self._damage([str(error)]))
        return [*found, *self._files()]

    # The database

    def _pages(self) -> Iterator[Finding]:
        lines = integrity.damaged_pages(self._store, quick=self._quick) or ()
        words = [line for line in lines if _WORDS_LINE.search(line)]
        indexes = [line for line in lines if line not in words and _INDEX_LINE.search(line)]
        others = [line for line in lines if line not in words and line not in indexes]
        if others:
            yield self._damage(others)
        elif indexes:
            yield Finding(
                "pages",
                f"indexes of the database do not fit their tables ({indexes[0]})",
                REPAIR,
                why="Records are not found, or twice.",
                repair=self._writing(integrity.make_indexes_anew),
            )
        if words:
            yield self._words_finding(words[0])

    def _words(self) -> Iterator[Finding]:
        line = integrity.word_index_problem(self._store)
        if line:
            yield self._words_finding(line)

    def _words_finding(self, line: str) -> Finding:
        return Finding(
            "words",
            f"the word index is damaged ({line})",
            REPAIR,
            why="Searches miss words that are there.",
            repair=self._changing(integrity.make_word_index_anew),
        )

    def _damage(self, lines: Sequence[str]) -> Finding:
        more = f", and {len(lines) - 1} more" if len(lines) > 1 else ""
        return Finding(
            "pages",
            f"{self._store.path.name} is damaged ({lines[0]}{more})",
            f"{RESTORE} What can still be read: `quisait export`.",
            why="What is on these pages is lost or wrong; the disk may be failing.",
        )

    def _orphans(self) -> Iterator[Finding]:
        for belonging, count in orphans(self._store).items():
            yield Finding(
                "orphans",
                f"{count} rows of {belonging.table} belong to no row of {belonging.owner}",
                REPAIR,
                repair=self._changing(delete_orphans),
            )

    # Vectors

    def _vectors(self) -> Iterator[Finding]:
        encoder = self._store.property("encoder")
        missing = integrity.count_not_embedded(self._store, encoder)
        if missing:
            yield Finding(
                "vectors",
                f"{missing} passages are not embedded",
                REBUILD,
                why="They are found by their words alone.",
            )
        dimension = _dimension(self._store, encoder)
        if self._quick or not dimension:
            return
        wrong = []
        for rows in _in_parts(integrity.stored_vectors(self._store, encoder), VECTORS_AT_ONCE):
            size = VECTOR.itemsize * dimension
            whole = [(key, vector) for key, vector in rows if len(vector) == size]
            wrong += [key for key, vector in rows if len(vector) != size]
            if whole:
                matrix = np.frombuffer(b"".join(vector for _, vector in whole), VECTOR)
                lengths = np.linalg.norm(matrix.reshape(-1, dimension).astype(np.float64), axis=1)
                is_unit = np.isfinite(lengths) & (abs(lengths - 1) < UNIT)
                wrong += [key for (key, _), good in zip(whole, is_unit, strict=True) if not good]
        if wrong:
            yield Finding(
                "vectors",
                f"{len(wrong)} vectors are no unit vectors of {dimension} finite numbers",
                f"{REPAIR} Then run `quisait rebuild`.",
                why="Their passages are found for any need, or for none.",
                repair=self._changing(lambda store: store.drop_embeddings(encoder, wrong)),
            )
            return
        yield from self._embedded_again()

    # Texts

    def _texts(self) -> Iterator[Finding]:
        rules = self._store.property("derivation")
        if rules not in {"", DERIVATION}:
            yield Finding(
                "texts",
                f"passages were made by other rules ({rules}) than this version's ({DERIVATION})",
                REBUILD,
            )
            return
        if self._quick:
            return
        for kind in Kind:
            wrong: list[str] = []
            for ids in _in_parts(self._store.ids(kind), RECORDS_AT_ONCE):
                records = self._store.records(kind, ids)
                documents = integrity.stored_documents(self._store, kind, ids)
                names = integrity.stored_names(self._store, ids) if kind is Kind.ACTOR else {}
                words = self._store.name_words(ids) if kind is Kind.ACTOR else {}
                for id_ in ids:
                    derived = derive(records[id_])
                    self._keep_of_sample(derived.encoder_texts)
                    placed = sorted((word.position, word.word) for word in words.get(id_, ()))
                    fits = (
                        _documents_of(records[id_], derived) == documents.get(id_, frozenset())
                        and derived.names == names.get(id_, frozenset())
                        and sorted({*_placed(records[id_])}) == placed
                    )
                    if not fits:
                        wrong.append(id_)
            if wrong:
                some = ", ".join(wrong[:NAMED]) + (", …" if len(wrong) > NAMED else "")
                yield Finding(
                    "texts",
                    f"the passages or names of {len(wrong)} {kind}s do not fit their text: {some}",
                    REBUILD,
                    why="They are found for what they no longer say, or not for what they say.",
                )

    def _keep_of_sample(self, texts: dict[str, str]) -> None:
        """Keeps the texts with the least hashes: by chance, but the same each time."""
        self._sample.update(texts)
        self._sample = dict(sorted(self._sample.items())[:SAMPLE])

    def _encoder(self) -> Iterator[Finding]:
        if self._store.property(REBUILDING):
            yield Finding(
                "rebuild",
                "the base is being made anew, or was until a process was killed",
                "If no `quisait rebuild` runs: run it, and it goes on where it was.",
                is_note=True,
            )
        try:
            line = self._indexer.mismatch(self._store) if self._indexer else ""
        except EncoderError as error:
            line = str(error)
        if line:
            yield Finding("encoder", line.rstrip("."))

    def _embedded_again(self) -> Iterator[Finding]:
        if not self._indexer:
            return
        encoder = self._indexer.encoder
        stored = integrity.vectors_of(self._store, encoder.fingerprint, self._sample)
        hashes = [key for key in self._sample if key in stored]
        if not hashes:
            return
        again = encoder.encode([self._sample[key] for key in hashes], TextKind.DOCUMENT)
        kept = np.stack([np.frombuffer(stored[key], VECTOR) for key in hashes]).astype(np.float32)
        unlike = int((_cosines(again, kept) < SAME).sum())
        if unlike:
            yield Finding(
                "vectors",
                f"{unlike} of {len(hashes)} texts that were embedded again have another vector",
                f"{RESTORE} Or ingest again into a new folder.",
                why="The ranking is not that of these texts.",
            )

    # Files beside the database

    def _files(self) -> Iterator[Finding]:
        yield from folder_findings(self._folder)
        yield from secret_findings(self._folder)
        yield from self._uploads()
        for place in self._store.bases_aside():
            yield Finding(
                "files",
                f"{place} holds what a restored backup replaced",
                "Delete the folder when you no longer need it: nothing is erased in it.",
                is_note=True,
            )

    def _uploads(self) -> Iterator[Finding]:
        try:
            wanted = waiting_uploads(self._store)
        except sqlite3.DatabaseError:
            return  # Told of already.
        here = {path.name: path for path in (self._folder / UPLOADS).glob("*") if path.is_dir()}
        lost = wanted - here.keys()
        if lost:
            yield Finding(
                "uploads",
                f"the files of {len(lost)} uploads that wait for their job are not there",
                "Send them again, and cancel the jobs that wait for them.",
            )
        old = [
            name
            for name, path in here.items()
            if name not in wanted and time.time() - path.stat().st_mtime > OLD_UPLOAD_S
        ]
        if old:
            yield Finding(
                "uploads",
                f"{len(old)} uploads belong to no job",
                "The next job deletes them.",
                is_note=True,
            )

    # Repairs

    def _writing(self, mend: Callable[[Store], None]) -> Callable[[], None]:
        def repair() -> None:
            with self._store.writing():
                mend(self._store)

        return repair

    def _changing(self, mend: Callable[[Store], None]) -> Callable[[], None]:
        def repair() -> None:
            with self._store.changing():
                mend(self._store)

        return repair


def folder_findings(folder: Path) -> Iterator[Finding]:
    """A finding if other users of the computer may look into the folder."""
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & stat.S_IRWXO:
        yield Finding(
            "folder",
            f"other users of this computer may look into {folder} (mode {mode:o})",
            f"Run `chmod o-rwx {shlex.quote(str(folder))}`, or `quisait check --repair`.",
            why="Contacts, drafts and the hashes of passwords are in it.",
            is_note=True,
            repair=lambda: folder.chmod(mode & ~stat.S_IRWXO),
        )


def secret_findings(folder: Path) -> Iterator[Finding]:
    """Findings about the file with the secret, if there is one."""
    path = folder / SECRET_FILE
    try:
        status = path.stat()
        kept = path.read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        return
    except OSError as error:
        yield Finding(
            "secret",
            f"{path} cannot be read ({error.strerror})",
            "Make the server its owner.",
            why="Nobody can sign in.",
        )
        return
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield Finding(
            "secret",
            f"{path.name} can be read by others (mode {stat.S_IMODE(status.st_mode):o})",
            f"{REPAIR} Delete it if somebody may have read it: everybody signs in again.",
            why="Whoever has it can make links and reports that pass for the site's own.",
            repair=lambda: path.chmod(0o600),
        )
    if len(kept) < MIN_SECRET_CHARS:
        yield Finding(
            "secret",
            f"{path.name} is damaged",
            "Delete it: everybody signs in again.",
            why="Nobody can sign in.",
        )


def check_base(
    settings: Settings, *, quick: bool = False, repair: bool = False
) -> Sequence[Finding]:
    """Checks the base of the settings; with `repair`, mends what can be and checks again.

    Of one in PostgreSQL, it sees whether it can be read and searched.

    Raises:
        NotAKnowledgeBase: there is none.
        KnowledgeBaseError: it is to be repaired, and cannot be written.
    """
    if settings.database:
        # Its pages are its server's, which has pg_amcheck.
        with closing(KnowledgeBase.open(settings)) as base:
            return [Finding("base", line.rstrip(".")) for line in base.status().problems]
    folder = settings.folder
    path = folder / DATABASE_FILE
    delete_abandoned(folder)
    try:
        store = Store.open(path)
    except KnowledgeBaseError as error:
        if not path.is_file() or isinstance(error, (SchemaTooNew, SchemaTooOld)):
            raise
        return [Finding("pages", str(error).rstrip("."), RESTORE)]
    indexer = None if quick else Indexer(folder, lambda: load_encoder(settings))
    with closing(store):
        check = BaseCheck(store, indexer=indexer, quick=quick)
        found = check.run()
        if repair:
            for finding in found:
                if finding.repair:
                    finding.repair()
            found = check.run()
    return found


def _dimension(store: Store, encoder: str) -> int:
    """The dimension of most vectors, since a damaged one has another; 0 without any."""
    counts = Counter(
        len(vector) // VECTOR.itemsize for _, vector in integrity.stored_vectors(store, encoder)
    )
    return max(counts, key=counts.__getitem__, default=0)


def _documents_of(record: Record, derived: Derived) -> frozenset[StoredDocument]:
    """What should be stored of a record's texts."""
    kind = Kind.ACTOR if isinstance(record, Actor) else Kind.CASE
    found = set()
    for document in derived.documents:
        passages = []
        for passage in document.passages:
            start, end = passage.slice.start, passage.slice.end
            id_ = passage_id(
                kind,
                record.id,
                document.part,
                start,
                document.lang,
                document.text[start:end],
                passage.text_hash,
            )
            passages.append(StoredPassage(id_, start, end, passage.text_hash, passage.words))
        found.add(StoredDocument(document.part, document.lang, document.text, tuple(passages)))
    return frozenset(found)


def _placed(record: Record) -> Iterator[tuple[int, str]]:
    if isinstance(record, Actor):
        yield from analyse_name(record.name).placed()


def _cosines(first: Embeddings, second: Embeddings) -> Embeddings:
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    cosines: Embeddings = (first * second).sum(axis=1) / lengths
    return cosines


def _in_parts(items: Iterable[Item], most: int) -> Iterator[Sequence[Item]]:
    rest = iter(items)
    while part := list(islice(rest, most)):
        yield part

"""The check of a base: its pages, what holds of its rows, its vectors, and the files beside it."""

import shlex
import sqlite3
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kb.address import DATABASE_FILE, MIN_SECRET_CHARS, SECRET_FILE, UPLOADS
from kb.encoder.prepared import load_encoder
from kb.errors import EncoderError, KnowledgeBaseError, SchemaTooNew, SchemaTooOld
from kb.indexing.indexer import Indexer
from kb.knowledge_base import KnowledgeBase
from kb.registers.jobs import waiting_uploads
from kb.settings import Settings
from kb.store import integrity
from kb.store.passages import VECTOR
from kb.store.store import SqliteStore, Store
from kb.whole_file import delete_abandoned

UNIT = 1e-3  # most that the length of a vector may differ from 1
OLD_UPLOAD_S = 2 * 24 * 3600.0
REBUILD = "Run `quisait rebuild`."
RESTORE = "Restore a backup (`quisait restore`). What can still be read: `quisait export`."
REPAIR = "Run `quisait check --repair`."


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong, or worth knowing if it `is_note`: what, what to do, and why."""

    about: str
    what: str
    remedy: str = ""
    why: str = ""
    is_note: bool = False

    def plain(self) -> dict[str, object]:
        level = "note" if self.is_note else "problem"
        told = {"what": self.what, "why": self.why, "remedy": self.remedy}
        return {"about": self.about, "level": level, **told}

    def __str__(self) -> str:
        level = "note" if self.is_note else "problem"
        said = [f"{level}  {self.about}: {self.what}"]
        said += [f"         {line}" for line in (self.why, self.remedy) if line]
        return "\n".join(said)


_TEXTS = {"actor": ("actors", "name description"), "case": ("cases", "title need text")}

_INVARIANTS = (
    *(
        (
            "texts",
            f"{kind}s whose {part} is not the text by which they are found",
            f"from {table} r left join documents d on d.kind = '{kind}' and d.record_id = r.id"
            f" and d.part = '{part}' where trim(coalesce(r.{part}, ''), ' ' || char(9, 10, 13))"
            f" != '' and coalesce(d.text, '') != r.{part}",
            "They are found for what they no longer say, or not for what they say.",
        )
        for kind, (table, parts) in _TEXTS.items()
        for part in parts.split()
    ),
    (
        "texts",
        "passages that are no part of their text",
        "from passages p join documents d on d.id = document_id"
        ' where start < 0 or "end" <= start or "end" > length(text)',
        "The evidence of a hit is cut wrongly.",
    ),
    (
        "texts",
        "passages without words",
        "from passages where id not in (select rowid from passage_words)",
        "Searches miss them.",
    ),
    (
        "vectors",
        "passages that are not embedded",
        "from passages p where text_hash is not null and not exists (select 1"
        " from embeddings e where e.text_hash = p.text_hash and encoder ="
        " (select value from properties where name = 'encoder'))",
        "They are found by their words alone.",
    ),
)
"""About what, which rows are wrong, how they are selected, and why that matters."""

_OF_INDEX = ("missing from index", "entries in index", "entry in index", "fts5", "passage_words")
"""What SQLite says of an index that can be made anew."""


class BaseCheck:
    """A check of the base that a store has open; an `indexer` tells whether its encoder fits."""

    def __init__(
        self, store: SqliteStore, *, indexer: Indexer | None = None, quick: bool = False
    ) -> None:
        self._store = store
        self._folder = store.path.parent
        self._indexer, self._quick = indexer, quick

    def run(self) -> list[Finding]:
        """Looks at everything, in one state of the base; the gravest comes first."""
        found: list[Finding] = []
        try:
            with self._store.reading():
                found += self._pages()
                if not is_damaged(found):
                    found += [*self._encoder(), *self._invariants()]
        except sqlite3.DatabaseError as error:
            found.insert(0, self._damage(str(error)))
        return [*found, *folder_findings(self._folder), *self._files()]

    def repair(self) -> None:
        """Mends indexes, deletes what belongs to nothing, and closes what others can read."""
        with self._store.changing():
            integrity.mend(self._store)
            self._store.drop_embeddings(self._store.property("encoder"), self._wrong_vectors())
        self._folder.chmod(stat.S_IMODE(self._folder.stat().st_mode) & ~stat.S_IRWXO)
        if (secret := self._folder / SECRET_FILE).exists():
            secret.chmod(0o600)

    def _pages(self) -> list[Finding]:
        lines = integrity.damaged_pages(self._store, quick=self._quick)
        for line in lines:
            if not any(said in line.lower() for said in _OF_INDEX):
                return [self._damage(line)]
        what = f"an index of the database does not fit its table ({', '.join(lines[:1])})"
        return [Finding("indexes", what, REPAIR, "Searches miss what is there.")][: len(lines)]

    def _damage(self, line: str) -> Finding:
        why = "What is on these pages is lost or wrong; the disk may be failing."
        return Finding("pages", f"{self._store.path.name} is damaged ({line})", RESTORE, why)

    def _encoder(self) -> Iterator[Finding]:
        if self._indexer is None:
            return
        lines = [self._indexer.outdated(self._store)]
        try:
            lines += [] if self._quick else [self._indexer.mismatch(self._store)]
        except EncoderError as error:
            lines.append(str(error))
        yield from (Finding("encoder", line.rstrip(".")) for line in lines if line)

    def _invariants(self) -> Iterator[Finding]:
        for belonging, count in integrity.orphans(self._store).items():
            what = f"{count} rows of {belonging.table} belong to no row of {belonging.owner}"
            yield Finding("orphans", what, REPAIR)
        for about, rows, selected, why in _INVARIANTS:
            (count,) = self._store.execute(f"select count(*) {selected}").fetchone()
            if count:
                yield Finding(about, f"there are {count} {rows}", REBUILD, why)
        if not self._quick and (wrong := self._wrong_vectors()):
            what = f"{len(wrong)} vectors are no unit vectors of finite numbers"
            why = "Their passages are found for any need, or for none."
            yield Finding("vectors", what, REPAIR, why)

    def _wrong_vectors(self) -> list[str]:
        """The hashes of the texts whose vector has another size than most, or another length."""
        encoder = self._store.property("encoder")
        size = self._store.execute(
            "select length(vector) from embeddings where encoder = ?"
            " group by length(vector) order by count(*) desc limit 1",
            [encoder],
        ).fetchone()
        sql = "select text_hash, vector from embeddings where encoder = ?"
        vectors = self._store.execute(sql, [encoder])
        return [
            key
            for key, vector in vectors
            if len(vector) != size[0]
            or not abs(np.linalg.norm(np.frombuffer(vector, VECTOR).astype(float)) - 1) < UNIT
        ]

    def _files(self) -> Iterator[Finding]:
        for place in self._store.bases_aside():
            what = f"{place} holds what a restored backup replaced"
            remedy = "Delete the folder when you no longer need it: nothing is erased in it."
            yield Finding("files", what, remedy, is_note=True)
        try:
            wanted = waiting_uploads(self._store)
        except sqlite3.DatabaseError:
            return  # Told of already.
        here = {path.name: path for path in (self._folder / UPLOADS).glob("*") if path.is_dir()}
        if lost := wanted - here.keys():
            what = f"the files of {len(lost)} uploads that wait for their job are not there"
            remedy = "Send them again, and cancel the jobs that wait for them."
            yield Finding("uploads", what, remedy)
        since = time.time() - OLD_UPLOAD_S
        if old := [name for name in here.keys() - wanted if here[name].stat().st_mtime < since]:
            what = f"{len(old)} uploads belong to no job"
            yield Finding("uploads", what, "The next job deletes them.", is_note=True)


def is_damaged(found: Sequence[Finding]) -> bool:
    """Whether pages are damaged, so that nothing else can be told, or mended."""
    return any(finding.about == "pages" for finding in found)


def folder_findings(folder: Path) -> Iterator[Finding]:
    """Findings about who may look into the folder, and about the file with the secret."""
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & stat.S_IRWXO:
        yield Finding(
            "folder",
            f"other users of this computer may look into {folder} (mode {mode:o})",
            f"Run `chmod o-rwx {shlex.quote(str(folder))}`, or `quisait check --repair`.",
            why="Contacts, drafts and the hashes of passwords are in it.",
            is_note=True,
        )
    path = folder / SECRET_FILE
    nobody = "Nobody can sign in."
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        kept = path.read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        return
    except OSError as error:
        what = f"{path} cannot be read ({error.strerror})"
        yield Finding("secret", what, "Make the server its owner.", nobody)
        return
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield Finding(
            "secret",
            f"{path.name} can be read by others (mode {mode:o})",
            f"{REPAIR} Delete it if somebody may have read it: everybody signs in again.",
            why="Whoever has it can make links and reports that pass for the site's own.",
        )
    if len(kept) < MIN_SECRET_CHARS:
        remedy = "Delete it: everybody signs in again."
        yield Finding("secret", f"{path.name} is damaged", remedy, nobody)


def check_base(
    settings: Settings, *, quick: bool = False, repair: bool = False
) -> Sequence[Finding]:
    """Checks the base of the settings; with `repair`, mends it and checks again."""
    if settings.database:
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
    indexer = Indexer(folder, lambda: load_encoder(settings))
    with closing(store):
        check = BaseCheck(store, indexer=indexer, quick=quick)
        found = check.run()
        if repair and not is_damaged(found):
            check.repair()
            with closing(KnowledgeBase.open(settings)) as base:
                base.rebuild()
            # By a new connection: one that was open calls a word index that another made damaged.
            return check_base(settings, quick=quick)
    return found

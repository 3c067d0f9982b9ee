"""Backups: one state of a base in a zip, made while it is in use, and read again.

    kb.sqlite                      the database
    secret                         what signs cookies and reports, unless it was left out
    uploads/0123…ef/actors.csv     files that waited for their job
    manifest.json                  what the base was, and of each other member its size and SHA-256

The manifest says whether a file is whole, not who made it. A file that is read may be anybody's: it
is unpacked only if it has exactly the members that its manifest names, under such names as these,
and none of them is larger than the manifest says.
"""

import hashlib
import importlib.metadata
import json
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO, NoReturn, Self

from pydantic import TypeAdapter

from kb.base_folder import DATABASE_FILE, SECRET_FILE, UPLOADS
from kb.errors import FileError, NotAKnowledgeBase, SchemaTooNew
from kb.registers.clock import now
from kb.registers.jobs import waiting_uploads
from kb.settings import Settings
from kb.store import migrations
from kb.store.copies import OnCopied, copy_database
from kb.store.copying.copied import copy_tables
from kb.store.integrity import count_rows, damaged_pages
from kb.store.store import SqliteStore, Store
from kb.upkeep.base_copy import Beside, FolderFiles, base_at, names_beside
from kb.whole_file import scratch_folder, sync_folder

ATTEMPTS = 3
"""Most copies of the database that are made to get one whose uploads are all there."""

FORMAT = 1
MANIFEST = "manifest.json"
MAX_MANIFEST_BYTES = 20_000_000
MAX_PACKED_TIMES = 200
"""Most that a member unpacks to, as often as it is packed: a database unpacks to a few times."""

_CHUNK_BYTES = 1 << 20
_UNREADABLE = (
    zipfile.BadZipFile, zlib.error, struct.error, ArithmeticError, AttributeError, EOFError,
    LookupError, OSError, RuntimeError, TypeError, ValueError,
)  # fmt: skip
"""What zipfile raises of files whose headers lie, and what a manifest without a sense does."""

_NAME = re.compile(
    rf"{MANIFEST}|{re.escape(DATABASE_FILE)}|{SECRET_FILE}"
    rf"|{UPLOADS}/[0-9a-f]{{32}}/(?!\.)[\w .()'-]{{1,200}}"
)


@dataclass(frozen=True, slots=True)
class Member:
    """A file of a backup, by its path in the folder of the base."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a base was when its backup was made; `rows` counts the rows of each table."""

    made_at: str
    program: str
    schema: int
    rows: Mapping[str, int]
    members: tuple[Member, ...]
    format: int = FORMAT

    @property
    def size(self) -> int:
        """Bytes of all members, unpacked."""
        return sum(member.size for member in self.members)

    @property
    def has_secret(self) -> bool:
        return any(member.name == SECRET_FILE for member in self.members)


def back_up(
    settings: Settings,
    target: Path | BinaryIO,
    *,
    with_secret: bool = True,
    overwrite: bool = False,
    on_copied: OnCopied | None = None,
) -> Manifest:
    """Writes a backup of a base, in a folder or in PostgreSQL, to a file, whole or not at all.

    The file can be read by its owner alone. Beside it there is need for room for the database; if
    the target is a stream, in the folder of the base.

    Raises:
        FileError: the file exists already, or cannot be written.
        NotAKnowledgeBase: there is no base, or its pages are damaged.
        KnowledgeBaseError: it cannot be reached.
    """
    path = target if isinstance(target, Path) else None
    if path and path.exists() and not overwrite:
        raise FileError(f"{path} exists already: name another, or say --overwrite.")
    try:
        if not path:  # of a base in PostgreSQL, there may be none
            settings.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (
            base_at(settings) as (store, beside),
            scratch_folder(path.parent if path else settings.folder) as scratch,
        ):
            names = _copy(store, beside, scratch / DATABASE_FILE, on_copied)
            names = [name for name in names if with_secret or name != SECRET_FILE]
            if not isinstance(target, Path):
                return _pack(scratch, beside, names, target)
            pending = scratch / "backup"
            pending.touch(mode=0o600)
            with pending.open("wb") as stream:
                manifest = _pack(scratch, beside, names, stream)
                stream.flush()
                os.fsync(stream.fileno())
            pending.replace(target)
            sync_folder(target.parent)
    except OSError as error:
        called = path or "Standard output"
        raise FileError(f"{called} cannot be written: {error.strerror}.") from None
    return manifest


def _copy(store: Store, beside: Beside, path: Path, on_copied: OnCopied | None) -> Sequence[str]:
    """Copies the database, and returns the names of the secret and of what its jobs wait for.

    A job may end between the copy and the look for its files: then a newer copy is made.
    """
    for _ in range(ATTEMPTS):
        path.unlink(missing_ok=True)
        if isinstance(store, SqliteStore):
            copy_database(store.connection, path, on_copied)
        else:
            copy_tables(store, path, lambda rows: on_copied(-rows, 0) if on_copied else None)
        with closing(SqliteStore.open_as_it_is(path)) as copy:
            if damage := damaged_pages(copy, quick=True):
                raise NotAKnowledgeBase(
                    f"{store.called} is damaged ({damage[0]}): no backup was made. Run "
                    "`quisait check`, and keep your last backup."
                )
            waiting = waiting_uploads(copy)
        names = names_beside(beside, waiting)
        if len({name.rpartition("/")[0] for name in names} - {""}) == len(waiting):
            break
    return names


def _pack(scratch: Path, beside: Beside, names: Sequence[str], stream: BinaryIO) -> Manifest:
    """Writes a copy of a database, and what lies beside, to a stream."""
    members = []
    sources = dict.fromkeys(names, beside)
    # A higher level of deflate hardly makes vectors smaller, which are most of a base.
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        for name, source in ({DATABASE_FILE: FolderFiles(scratch)} | sources).items():
            pieces = source.pieces(name)
            if (first := next(pieces, None)) is None:
                continue  # it is gone
            digest, size = hashlib.sha256(), 0
            with packed.open(name, "w", force_zip64=True) as member:
                for piece in chain([first], pieces):
                    digest.update(piece)
                    size += len(piece)
                    member.write(piece)
            members.append(Member(name, size, digest.hexdigest()))
        with closing(SqliteStore.open_as_it_is(scratch / DATABASE_FILE)) as copy:
            manifest = Manifest(
                made_at=now(),
                program=importlib.metadata.version("quisait"),
                schema=migrations.version_of(copy.connection),
                rows=count_rows(copy),
                members=tuple(members),
            )
        packed.writestr(MANIFEST, json.dumps(asdict(manifest), ensure_ascii=False, indent=2))
    return manifest


def verified(path: Path) -> Manifest:
    """Reads a backup to its end, and returns what it says of itself.

    Raises:
        FileError: it is no backup, or not a whole one.
        SchemaTooNew: a later version of this program made it.
    """
    with BackupFile(path) as backup:
        if backup.manifest.schema > migrations.SCHEMA_VERSION:
            raise SchemaTooNew(
                f"{path} has schema {backup.manifest.schema}; this program knows "
                f"{migrations.SCHEMA_VERSION} at most. Use the version that wrote it "
                f"({backup.manifest.program}), or a later one."
            )
        backup.verify()
        return backup.manifest


class BackupFile:
    """A backup to be read.

    Raises:
        FileError: it cannot be read, or is no backup, or not a whole one.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._zip = zipfile.ZipFile(path)
        except OSError as error:
            raise FileError(f"{path} cannot be read: {error.strerror}.") from None
        except _UNREADABLE:
            raise FileError(f"{path} is not a backup, or was cut off.") from None
        try:
            self.manifest = self._read_manifest()
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._zip.close()

    def verify(self) -> None:
        """Reads all members; raises `FileError` if one is not as the manifest says."""
        for member in self.manifest.members:
            self._read(member, lambda _: None)

    def unpack(self, folder: Path) -> None:
        """Writes all members to new files in a folder that only its owner can read.

        Raises:
            FileError: one was changed.
            OSError: a file cannot be written.
        """
        for member in self.manifest.members:
            target = folder / member.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.touch(mode=0o600, exist_ok=False)
            with target.open("wb") as file:
                self._read(member, file.write)

    def _read(self, member: Member, take: Callable[[bytes], object]) -> None:
        digest, size = hashlib.sha256(), 0
        for chunk in self._chunks(member):
            size += len(chunk)
            digest.update(chunk)
            take(chunk)
        if (size, digest.hexdigest()) != (member.size, member.sha256):
            self._refuse(f"{member.name} in it was changed")

    def _chunks(self, member: Member) -> Iterator[bytes]:
        """The content of a member, which is not longer than the manifest says."""
        try:
            if self._zip.getinfo(member.name).file_size != member.size:
                return
            # Not one byte more than its header says is unpacked.
            with self._zip.open(member.name) as packed:
                while chunk := packed.read(_CHUNK_BYTES):
                    yield chunk
        except _UNREADABLE:
            self._refuse(f"{member.name} in it is damaged")

    def _read_manifest(self) -> Manifest:
        entries = {entry.filename: entry for entry in self._zip.infolist()}
        if MANIFEST not in entries:
            self._refuse("it is another zip")
        if len(entries) < len(self._zip.infolist()) or any(map(_is_strange, entries.values())):
            self._refuse("it has members that no backup has")
        if entries[MANIFEST].file_size > MAX_MANIFEST_BYTES:
            self._refuse("its manifest is too large")
        try:
            plain = json.loads(self._zip.read(MANIFEST))
            if plain["format"] != FORMAT:
                raise FileError(
                    f"{self._path} was made by a later version of this program: use that."
                )
            manifest = TypeAdapter(Manifest).validate_python(plain)
        except _UNREADABLE:
            self._refuse("its manifest is damaged")
        if sorted([MANIFEST, *(member.name for member in manifest.members)]) != sorted(entries):
            self._refuse("it has other members than its manifest names")
        if DATABASE_FILE not in entries:
            self._refuse("it has no database")
        return manifest

    def _refuse(self, why: str) -> NoReturn:
        raise FileError(f"{self._path} is not a whole backup: {why}.")


def _is_strange(entry: zipfile.ZipInfo) -> bool:
    """Whether no backup of this program has such a member."""
    return (
        _NAME.fullmatch(entry.filename) is None
        or entry.compress_type != zipfile.ZIP_DEFLATED
        or entry.file_size > max(entry.compress_size * MAX_PACKED_TIMES, _CHUNK_BYTES)
    )

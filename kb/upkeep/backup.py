"""Backups: one state of a base in a zip, whose members are read only if a backup has such names."""

import importlib.metadata
import json
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO, NoReturn, Self

from pydantic import TypeAdapter

from kb.address import DATABASE_FILE, SECRET_FILE, UPLOADS
from kb.errors import FileError, NotAKnowledgeBase, SchemaTooNew
from kb.registers.clock import now
from kb.registers.jobs import waiting_uploads
from kb.settings import Settings
from kb.store import migrations
from kb.store.copying import copy_to_file, row_counts
from kb.store.integrity import damaged_pages
from kb.store.store import SqliteStore
from kb.upkeep.base_copy import Beside, FolderFiles, base_at, names_beside
from kb.whole_file import scratch_folder, sync_folder

MANIFEST = "manifest.json"
MAX_MANIFEST_BYTES = 20_000_000
ATTEMPTS = 3  # copies that are made to get one whose uploads are all there
MAX_PACKED_TIMES = 200  # its packed size that a member may unpack to: a database has a few
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
class Manifest:
    """What a base was when its backup was made: `rows` of each table, and the `names` of files."""

    made_at: str
    program: str
    schema: int
    rows: Mapping[str, int]
    names: tuple[str, ...]

    @property
    def has_secret(self) -> bool:
        return SECRET_FILE in self.names


def back_up(
    settings: Settings,
    target: Path | BinaryIO,
    *,
    with_secret: bool = True,
    overwrite: bool = False,
) -> Manifest:
    """Writes a backup of a base, in a folder or in PostgreSQL, to a file, whole or not at all."""
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
            if damage := damaged_pages(store, quick=True):
                raise NotAKnowledgeBase(
                    f"{store.called} is damaged ({damage[0]}): no backup was made. Run "
                    "`quisait check`, and keep your last backup."
                )
            for _ in range(ATTEMPTS):
                copy_to_file(store, scratch / DATABASE_FILE)
                with closing(SqliteStore.open_as_it_is(scratch / DATABASE_FILE)) as copy:
                    waiting = waiting_uploads(copy)
                folders = {name.rpartition("/")[0] for name in names_beside(beside, waiting)}
                if len(folders - {""}) == len(waiting):
                    break  # else a job ended, and its file went, while the base was copied
                (scratch / DATABASE_FILE).unlink()
            else:
                raise FileError("Jobs end faster than the base is copied: try again.")
            if not isinstance(target, Path):
                return _pack(scratch, beside, with_secret, target)
            pending = scratch / "backup"
            pending.touch(mode=0o600)
            with pending.open("wb") as stream:
                manifest = _pack(scratch, beside, with_secret, stream)
                stream.flush()
                os.fsync(stream.fileno())
            pending.replace(target)
            sync_folder(target.parent)
    except OSError as error:
        called = path or "Standard output"
        raise FileError(f"{called} cannot be written: {error.strerror}.") from None
    return manifest


def _pack(scratch: Path, beside: Beside, with_secret: bool, stream: BinaryIO) -> Manifest:
    with closing(SqliteStore.open_as_it_is(scratch / DATABASE_FILE)) as copy:
        schema, rows = migrations.version_of(copy.connection), row_counts(copy)
        names = names_beside(beside, waiting_uploads(copy))
    sources = {DATABASE_FILE: FolderFiles(scratch), **dict.fromkeys(names, beside)}
    packed_names = []
    # A higher level of deflate hardly makes vectors smaller, which are most of a base.
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        for name, source in sources.items():
            pieces = source.pieces(name)
            if (first := next(pieces, None)) is None or (name == SECRET_FILE and not with_secret):
                continue  # it is gone, or stays
            with packed.open(name, "w", force_zip64=True) as member:
                for piece in chain([first], pieces):
                    member.write(piece)
            packed_names.append(name)
        program = importlib.metadata.version("quisait")
        manifest = Manifest(now(), program, schema, rows, tuple(packed_names))
        packed.writestr(MANIFEST, json.dumps(asdict(manifest), ensure_ascii=False, indent=2))
    return manifest


class BackupFile:
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
        if self.manifest.schema > migrations.SCHEMA_VERSION:
            raise SchemaTooNew(
                f"{self._path} has schema {self.manifest.schema}; this program knows "
                f"{migrations.SCHEMA_VERSION} at most. Use the version that wrote it "
                f"({self.manifest.program}), or a later one."
            )
        for name in self.manifest.names:
            for _ in self._chunks(name):
                pass

    @property
    def unpacked_bytes(self) -> int:
        return sum(entry.file_size for entry in self._zip.infolist())

    def unpack(self, folder: Path) -> None:
        """Writes all members to new files in a folder that only its owner can read."""
        for name in self.manifest.names:
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.touch(mode=0o600, exist_ok=False)
            with target.open("wb") as file:
                file.writelines(self._chunks(name))

    def _chunks(self, name: str) -> Iterator[bytes]:
        """The content of a member, which has the checksum of its header."""
        try:
            with self._zip.open(name) as packed:
                while chunk := packed.read(_CHUNK_BYTES):
                    yield chunk
        except _UNREADABLE:
            self._refuse(f"{name} in it is damaged")

    def _read_manifest(self) -> Manifest:
        entries = self._zip.infolist()
        names = tuple(entry.filename for entry in entries if entry.filename != MANIFEST)
        if len(names) == len(entries):
            self._refuse("it is another zip")
        if len({*names}) + 1 < len(entries) or any(map(_is_strange, entries)):
            self._refuse("it has members that no backup has")
        if DATABASE_FILE not in names:
            self._refuse("it has no database")
        try:
            plain = json.loads(self._zip.read(MANIFEST))
            manifest = TypeAdapter(Manifest).validate_python({"names": names, **plain})
        except _UNREADABLE:
            self._refuse("its manifest is damaged")
        if sorted(manifest.names) != sorted(names):
            self._refuse("it has other members than its manifest names")
        return manifest

    def _refuse(self, why: str) -> NoReturn:
        raise FileError(f"{self._path} is not a whole backup: {why}.")


def _is_strange(entry: zipfile.ZipInfo) -> bool:
    return (
        _NAME.fullmatch(entry.filename) is None
        or entry.compress_type != zipfile.ZIP_DEFLATED
        or (entry.filename == MANIFEST and entry.file_size > MAX_MANIFEST_BYTES)
        or entry.file_size > max(entry.compress_size * MAX_PACKED_TIMES, _CHUNK_BYTES)
    )

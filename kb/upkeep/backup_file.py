"""The file of a backup: a zip with the database, the secret, uploads, and a manifest of them.

    manifest.json                  what the base was, and of each other member its size and SHA-256
    kb.sqlite                      the database
    secret                         what signs cookies and reports, unless it was left out
    uploads/0123…ef/actors.csv     files that waited for their job

The manifest says whether a file is whole, not who made it. A file that is read may be anybody's: it
is unpacked only if it has exactly the members that its manifest names, under such names as these,
and none of them is larger than the manifest says.
"""

import hashlib
import json
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import IO, BinaryIO, NoReturn, Self

from pydantic import TypeAdapter

from kb.base_folder import DATABASE_FILE, SECRET_FILE, UPLOADS
from kb.errors import FileError

FORMAT = 1
MANIFEST = "manifest.json"
MAX_MANIFEST_BYTES = 20_000_000
MAX_PACKED_TIMES = 200
"""Most that a member unpacks to, as often as it is packed: a database unpacks to a few times."""

_CHUNK_BYTES = 1 << 20
_PACKED_LEVEL = 1
"""Of deflate: vectors, which are most of a base, hardly become smaller by a higher one."""

_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What zipfile raises of files whose headers lie, and what a manifest without a sense does."""

_NAME = re.compile(
    rf"{re.escape(DATABASE_FILE)}|{SECRET_FILE}"
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
    generation: str
    encoder: str
    model: str
    derivation: str
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


class BackupWriter:
    """Packs members into a stream, and notes them for the manifest, which comes last."""

    def __init__(self, stream: BinaryIO) -> None:
        self._zip = zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=_PACKED_LEVEL)
        self.members: list[Member] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        # After an error there is no more to say of it.
        with suppress(*(() if kind is None else (OSError, ValueError))):
            self._zip.close()

    def add(self, name: str, pieces: Iterator[bytes]) -> None:
        """Packs a file under a name; one without a piece is gone, and left out."""
        first = next(pieces, None)
        if first is None:
            return
        digest, size = hashlib.sha256(), 0
        with self._zip.open(_entry(name), "w", force_zip64=True) as packed:
            for piece in chain([first], pieces):
                digest.update(piece)
                size += len(piece)
                packed.write(piece)
        self.members.append(Member(name, size, digest.hexdigest()))

    def finish(self, manifest: Manifest) -> None:
        """Packs the manifest."""
        text = json.dumps(asdict(manifest), ensure_ascii=False, indent=2)
        with self._zip.open(_entry(MANIFEST), "w") as packed:
            packed.write(text.encode())


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
        """Reads all members, and compares them with the manifest.

        Raises:
            FileError: a member was changed.
        """
        for member in self.manifest.members:
            self._read(member, lambda _: None)

    def unpack(self, name: str, target: Path) -> None:
        """Writes a member to a new file that only its owner can read.

        Raises:
            FileError: it was changed.
            OSError: the file cannot be written.
        """
        (member,) = (member for member in self.manifest.members if member.name == name)
        target.touch(mode=0o600, exist_ok=False)
        with target.open("wb") as file:
            self._read(member, file.write)

    def _read(self, member: Member, take: Callable[[bytes], object]) -> None:
        digest, size = hashlib.sha256(), 0
        try:
            with self._zip.open(member.name) as packed:
                # Not one byte more than there should be is unpacked.
                while size <= member.size and (chunk := _read_some(packed, member.size - size + 1)):
                    size += len(chunk)
                    digest.update(chunk)
                    if size <= member.size:
                        take(chunk)
        except _UNREADABLE:
            self._refuse(f"{member.name} in it is damaged")
        if (size, digest.hexdigest()) != (member.size, member.sha256):
            self._refuse(f"{member.name} in it was changed")

    def _read_manifest(self) -> Manifest:
        entries = self._zip.infolist()
        names = [entry.filename for entry in entries]
        if MANIFEST not in names:
            self._refuse("it is another zip")
        if len(set(names)) < len(names) or any(map(_is_strange, entries)):
            self._refuse("it has members that no backup has")
        size = self._zip.getinfo(MANIFEST).file_size
        if size > MAX_MANIFEST_BYTES:
            self._refuse("its manifest is too large")
        try:
            with self._zip.open(MANIFEST) as packed:
                plain = json.loads(packed.read(MAX_MANIFEST_BYTES + 1))
            if isinstance(plain, dict) and plain.get("format") != FORMAT:
                raise FileError(
                    f"{self._path} was made by a later version of this program: use that."
                )
            manifest = TypeAdapter(Manifest).validate_python(plain)
        except _UNREADABLE:
            self._refuse("its manifest is damaged")
        if sorted([MANIFEST, *(member.name for member in manifest.members)]) != sorted(names):
            self._refuse("it has other members than its manifest names")
        if DATABASE_FILE not in names:
            self._refuse("it has no database")
        return manifest

    def _refuse(self, why: str) -> NoReturn:
        raise FileError(f"{self._path} is not a whole backup: {why}.")


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o100600 << 16
    return entry


def _is_strange(entry: zipfile.ZipInfo) -> bool:
    """Whether no backup of this program has such a member."""
    return (
        (entry.filename != MANIFEST and _NAME.fullmatch(entry.filename) is None)
        or entry.compress_type != zipfile.ZIP_DEFLATED
        or bool(entry.flag_bits & 0x1)  # encrypted
        or entry.file_size > max(entry.compress_size * MAX_PACKED_TIMES, _CHUNK_BYTES)
    )


def _read_some(packed: IO[bytes], most: int) -> bytes:
    return packed.read(min(most, _CHUNK_BYTES))

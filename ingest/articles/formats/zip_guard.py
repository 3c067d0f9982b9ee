"""Refuses archives of office documents before they are unpacked, by what they declare."""

import io
import zipfile

from ingest.articles.limits import MAX_UNPACKED_BYTES, MAX_UNPACKING_RATIO
from kb.errors import InputError

_COMPOUND_FILE = b"\xd0\xcf\x11\xe0"
_MAX_PARTS = 5_000
_SMALL_PART = 1_000_000
_DAMAGE = (
    zipfile.BadZipFile,
    ValueError,  # names that are not in the encoding they claim, places before the file
    OverflowError,  # places further than a file can be
    NotImplementedError,  # a version of the format that is yet to come
)
"""Errors of zipfile for a damaged list of parts."""


def refuse_unsafe(content: bytes, part: str, name: str) -> None:
    """Refuses an archive that is no document of a kind, or would unpack to more than documents do.

    Every document of the kind has the `part`, such as `word/document.xml`.

    Raises:
        InputError: it is no document, is damaged or encrypted, or would fill the memory.
    """
    if content.startswith(_COMPOUND_FILE):
        raise InputError("encrypted_or_older", format=name)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
    except _DAMAGE:
        raise InputError("cut_off_document", format=name) from None
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > _MAX_PARTS or unpacked > MAX_UNPACKED_BYTES:
        raise InputError("large_unpacked", size=unpacked, most=MAX_UNPACKED_BYTES)
    for entry in entries:
        packed = max(1, entry.compress_size)
        if entry.file_size > _SMALL_PART and entry.file_size / packed > MAX_UNPACKING_RATIO:
            raise InputError("tightly_packed", times=entry.file_size // packed)
        if entry.flag_bits & 1:
            raise InputError("encrypted")
    if part not in {entry.filename for entry in entries}:
        raise InputError("no_document", format=name)

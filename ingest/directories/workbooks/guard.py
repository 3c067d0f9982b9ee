"""Refuses a workbook that would unpack to more than fits in memory, by all of its parts."""

import zlib
from collections.abc import Iterator
from lzma import LZMAError
from pathlib import Path
from typing import IO
from xml.parsers.expat import ExpatError
from zipfile import BadZipFile, ZipFile

from ingest.directories.workbooks.extents import OpenDocumentExtent, SheetExtent
from kb.errors import InputError

MAX_UNPACKED_BYTES = 1 << 29
"""Most bytes of an unpacked workbook: a directory fits in memory."""

_BLOCK_BYTES = 1 << 20
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
"""Encodings that no program writes a sheet in, and that would hide the places of its cells."""
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OPEN_DOCUMENT = "content.xml"
"""The part that has all sheets of an OpenDocument."""

_DAMAGE = (
    BadZipFile,
    ExpatError,
    zlib.error,
    LZMAError,
    OSError,  # bzip2 that is none, parts at places that no file has
    EOFError,
    ValueError,  # names that are not in the encoding they claim
    LookupError,  # an encoding that nobody knows
    OverflowError,  # places further than a file can be
    RuntimeError,  # parts behind a password; as NotImplementedError, packed in an unknown way
)
"""Errors of zipfile and of the parser for a workbook that is damaged or of an unknown make."""


def refuse_bomb(path: Path) -> None:
    """Refuses a workbook that would fill the memory: too large unpacked, or with too many cells.

    Every part is unpacked and counted, since what an archive says of its own size can be a lie.

    Raises:
        InputError: it is too large, or no archive at all.
    """
    with path.open("rb") as file:
        if file.read(len(_OLE)) == _OLE:
            raise InputError("older_workbook")
        try:
            _refuse_bomb(file)
        except _DAMAGE as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise InputError("damaged_workbook", reason=reason) from None


def _refuse_bomb(file: IO[bytes]) -> None:
    unpacked = 0
    with ZipFile(file) as archive:
        for part in archive.infolist():
            # Reads on to where the data ends, or further than is allowed.
            part.file_size = MAX_UNPACKED_BYTES + 2 * _BLOCK_BYTES
            is_open_document = part.filename == _OPEN_DOCUMENT
            # Of the other make, any part may be a sheet: the workbook says which.
            extent = OpenDocumentExtent() if is_open_document else SheetExtent()
            with archive.open(part) as content:
                for number, block in enumerate(_blocks(content)):
                    unpacked += len(block)
                    if unpacked > MAX_UNPACKED_BYTES:
                        raise InputError("large_workbook", most=MAX_UNPACKED_BYTES >> 20)
                    if number == 0 and block.startswith(_UTF_16):
                        raise InputError("strange_workbook")
                    extent.read(block)
            extent.end()


def _blocks(content: IO[bytes]) -> Iterator[bytes]:
    while block := content.read(_BLOCK_BYTES):
        yield block

"""Files as text: which encoding a file is in, and which files are no text at all.

A file is never held whole: each of these reads it block by block.
"""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from kb.errors import InputError

MAX_LINE_CHARS = 1 << 24
"""No line of a file that people write is longer; one that is would fill the memory."""

_MARKED = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BLOCK_BYTES = 1 << 20
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
# A random byte is one of these controls in one case of ten; text hardly ever holds any.
_MAX_CONTROLS = 0.05
# "é" and its like in UTF-8. In Windows-1252 it would be "Ã©", which nobody writes.
_UTF8_LETTER = re.compile(rb"\xc3[\x80-\xbf]")
_NOT_IN_WINDOWS_1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_HIGH_BYTES = re.compile(rb"[\x80-\xff]+")
# "Ã©" in UTF-8: an "é" that was written as UTF-8, read as Windows-1252, and written again.
_TWICE_ENCODED = re.compile(rb"\xc3\x83\xc2[\xa0-\xbf]")
_MIN_TWICE_ENCODED = 10
_USUAL_LETTERS = frozenset("àâäçéèêëîïôöùûüœÀÂÇÉÈÊËÎÏÔÙÛŒ’«»°€–… ")
"""What a French text holds beyond ASCII."""
_OF_ONE_BYTE = ("cp1252", "cp850", "mac_roman")


def open_text(path: Path) -> TextIO:
    """Opens a file for reading as text, its line ends as they are.

    Raises:
        InputError: the file is empty, is not text, or holds a damaged character.
    """
    return path.open(encoding=encoding_of(path), newline="")


def lines_of(file: TextIO) -> Iterator[str]:
    """The lines that are left of a file, with their ends.

    Raises:
        InputError: a line is longer than `MAX_LINE_CHARS`.
    """
    while line := file.readline(MAX_LINE_CHARS):
        if len(line) == MAX_LINE_CHARS:
            raise InputError(f"has a line of more than {MAX_LINE_CHARS:,} characters")
        yield line


def encoding_of(path: Path) -> str:
    """The encoding of a text file: what its byte order mark says, else UTF-8 if all of it is.

    What is not UTF-8 is the Windows-1252 of older office programs (Latin-1 when it holds bytes
    that Windows-1252 does not define), unless DOS's or the old Macintosh's encoding makes more
    French letters of it.

    Raises:
        InputError: the file is empty, is not text, holds a damaged character, or was encoded
            twice.
    """
    with path.open("rb") as file:
        block = file.read(_BLOCK_BYTES)
        if not block.strip():
            raise InputError("is empty")
        marked = next((name for mark, name in _MARKED if block.startswith(mark)), "")
        if not marked and len(_CONTROL.findall(block)) > _MAX_CONTROLS * len(block):
            raise InputError("is not text")
        _refuse_twice_encoded(block)
        encoding = marked or "utf-8"
        decoder = codecs.getincrementaldecoder(encoding)()
        line = 1
        try:
            while block:
                decoder.decode(block)
                line += block.count(b"\n")
                block = file.read(_BLOCK_BYTES)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            line += error.object.count(b"\n", 0, error.start)
        else:
            return encoding
    found = "" if marked else _encoding_of_one_byte(path)
    if not found:
        raise InputError(f"has a damaged character on line {line}: save it again as UTF-8")
    return found


def _encoding_of_one_byte(path: Path) -> str:
    """The encoding of a file that is not UTF-8, or "" if part of it is."""
    usual = dict.fromkeys(_OF_ONE_BYTE, 0)
    undefined = False
    last = b""
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            if _UTF8_LETTER.search(last + block):
                return ""
            undefined = undefined or bool(_NOT_IN_WINDOWS_1252.search(block))
            high = b"".join(_HIGH_BYTES.findall(block))
            for encoding in usual:
                letters = high.decode(encoding, errors="replace")
                usual[encoding] += sum(letter in _USUAL_LETTERS for letter in letters)
            last = block[-1:]
    best = max(usual, key=lambda encoding: usual[encoding])
    return "latin-1" if best == "cp1252" and undefined else best


def _refuse_twice_encoded(block: bytes) -> None:
    """Refuses a text of which more letters were encoded twice than were not."""
    twice = [found.start() for found in _TWICE_ENCODED.finditer(block)]
    once = len(_UTF8_LETTER.findall(block)) - len(twice)
    if len(twice) >= _MIN_TWICE_ENCODED and len(twice) > once:
        line = 1 + block.count(b"\n", 0, twice[0])
        raise InputError(
            f"was encoded twice: line {line} has 'Ã' and a sign where a letter with an accent "
            "should be; export it again as UTF-8"
        )

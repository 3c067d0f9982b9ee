"""Files as text: which encoding a file is in, and which files are no text at all."""

import codecs
import re
from pathlib import Path
from typing import TextIO

from kb.errors import InputError

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


def open_text(path: Path) -> TextIO:
    """Opens a file for reading as text, its line ends as they are.

    Raises:
        InputError: the file is empty, is not text, or holds a damaged character.
    """
    return path.open(encoding=encoding_of(path), newline="")


def encoding_of(path: Path) -> str:
    """The encoding of a text file: what its byte order mark says, else UTF-8 if all of it is.

    What is not UTF-8 is the Windows-1252 of older office programs, or Latin-1 when it holds
    bytes that Windows-1252 does not define.

    Raises:
        InputError: the file is empty, is not text, or holds a damaged character.
    """
    with path.open("rb") as file:
        block = file.read(_BLOCK_BYTES)
        if not block.strip():
            raise InputError("is empty")
        marked = next((name for mark, name in _MARKED if block.startswith(mark)), "")
        if not marked and len(_CONTROL.findall(block)) > _MAX_CONTROLS * len(block):
            raise InputError("is not text")
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
    content = path.read_bytes()
    if marked or _UTF8_LETTER.search(content):
        raise InputError(f"has a damaged character on line {line}: save it again as UTF-8")
    return "latin-1" if _NOT_IN_WINDOWS_1252.search(content) else "cp1252"

"""Bytes and files as text: which encoding they are in, and mojibake undone where it is certain."""

import codecs
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, TextIO

from kb.errors import InputError

MAX_LINE_CHARS = 1 << 24  # a longer line would fill the memory
_MARKED = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BLOCK_BYTES = 1 << 20
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
# A random byte is one of these controls in one case of ten; text hardly ever holds any.
_MAX_CONTROLS = 0.05
_MAX_CONTROLS_OF_ARTICLES = 0.02
_GLANCE_BYTES = 100_000
# "é" and its like in UTF-8. In Windows-1252 it would be "Ã©", which nobody writes.
_UTF8_LETTER = re.compile(rb"\xc3[\x80-\xbf]")
_NOT_IN_WINDOWS_1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_HIGH_BYTES = re.compile(rb"[\x80-\xff]+")
# "Ã©" in UTF-8: an "é" that was written as UTF-8, read as Windows-1252, and written again.
_TWICE_ENCODED = re.compile(rb"\xc3\x83\xc2[\xa0-\xbf]")
_MIN_TWICE_ENCODED = 10
# What UTF-8 looks like when read as Windows-1252: a lead byte's letter, then a continuation's.
_MOJIBAKE = re.compile("[ÃÂâÅ][\u0080-¿€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]{1,2}")
_DAMAGE = "\ufffd"
_USUAL_LETTERS = frozenset("àâäçéèêëîïôöùûüœÀÂÇÉÈÊËÎÏÔÙÛŒ’«»°€–… ")
_OF_ONE_BYTE = ("cp1252", "cp850", "mac_roman")


def open_text(path: Path) -> TextIO:
    return path.open(encoding=encoding_of(path), newline="")


def lines_of(file: TextIO) -> Iterator[str]:
    while line := file.readline(MAX_LINE_CHARS):
        if len(line) == MAX_LINE_CHARS:
            raise InputError("long_line", most=MAX_LINE_CHARS)
        yield line


def encoding_of(path: Path) -> str:
    """Returns the encoding of a text file, or raises InputError if it is no sound text."""
    with path.open("rb") as file:
        block = file.read(_BLOCK_BYTES)
        if not block.strip():
            raise InputError("empty")
        marked = _marked_encoding(block)
        if not marked and len(_CONTROL.findall(block)) > _MAX_CONTROLS * len(block):
            raise InputError("not_text")
        _refuse_twice_encoded(block)
        file.seek(0)
        line = 1
        try:
            for text in codecs.iterdecode(_blocks(file), marked or "utf-8"):
                line += text.count("\n")
        except UnicodeDecodeError as error:
            line += error.object.count(b"\n", 0, error.start)
        else:
            return marked or "utf-8"
        file.seek(0)
        if marked or any(_UTF8_LETTER.search(block) for block in _blocks(file)):
            raise InputError("damaged_character", line=str(line))
        file.seek(0)
        return _of_one_byte(_blocks(file))


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    return iter(lambda: file.read(_BLOCK_BYTES), b"")


def _of_one_byte(blocks: Iterable[bytes]) -> str:
    """Returns the encoding that makes the most French letters of what is not UTF-8."""
    usual = dict.fromkeys(_OF_ONE_BYTE, 0)
    undefined = False
    for block in blocks:
        undefined = undefined or bool(_NOT_IN_WINDOWS_1252.search(block))
        high = b"".join(_HIGH_BYTES.findall(block))
        for encoding in usual:
            letters = high.decode(encoding, errors="replace")
            usual[encoding] += sum(letter in _USUAL_LETTERS for letter in letters)
    best = max(usual, key=lambda encoding: usual[encoding])
    return "latin-1" if best == "cp1252" and undefined else best


def _refuse_twice_encoded(block: bytes) -> None:
    """Refuses a text of which more letters were encoded twice than were not."""
    twice = [found.start() for found in _TWICE_ENCODED.finditer(block)]
    once = len(_UTF8_LETTER.findall(block)) - len(twice)
    if len(twice) >= _MIN_TWICE_ENCODED and len(twice) > once:
        line = 1 + block.count(b"\n", 0, twice[0])
        raise InputError("encoded_twice", line=str(line))


def decoded(content: bytes, declared: str = "") -> str:
    """Decodes bytes as UTF-8, or as declared by a header or the file itself, or else by a guess."""
    if not content.strip():
        raise InputError("empty")
    if marked := _marked_encoding(content):
        return _clean(_strict(content, marked) or content.decode(marked, "replace"))
    glance = content[:_GLANCE_BYTES]
    if len(_CONTROL.findall(glance)) > _MAX_CONTROLS_OF_ARTICLES * len(glance):
        raise InputError("not_text")
    text = _strict(content, "utf-8") or (_strict(content, declared) if declared else None)
    return _clean(text or content.decode(_of_one_byte([content]), "replace"))


def _marked_encoding(content: bytes) -> str:
    return next((name for mark, name in _MARKED if content.startswith(mark)), "")


def _strict(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except (ValueError, LookupError):  # other bytes, or a name that no encoding has
        return None


def _clean(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    return unscrambled(text)


def whole_characters(text: str) -> str:
    """Returns the text without NUL; halves of characters are joined, and left out if alone."""
    halves = text.replace("\0", "").encode("utf-16-le", "surrogatepass")
    return halves.decode("utf-16-le", "ignore")


def unscrambled(text: str) -> str:
    """Returns the text with mojibake ("Ã©") undone, where encoding it back gives valid UTF-8."""
    if len(_MOJIBAKE.findall(text)) >= 2 or ("Ã©" in text or "â€™" in text):
        if (repaired := _round_trip(text)) is not None:
            return repaired
        text = "\n".join(_round_trip(line) or line for line in text.split("\n"))
        if len(_MOJIBAKE.findall(text)) >= 2:
            raise InputError("scrambled")
    damaged = text.count(_DAMAGE)
    if damaged > 3 and damaged > len(text) / 2000:
        line = text.count("\n", 0, text.index(_DAMAGE)) + 1
        raise InputError("lost_letters", line=str(line))
    return text


def _round_trip(text: str) -> str | None:
    """Writes the text as Windows-1252 and reads it as UTF-8; None where that fails."""
    try:
        content = b"".join(
            bytes([ord(character)]) if "\x80" <= character <= "\x9f" else character.encode("cp1252")
            for character in text
        )
        repaired = content.decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return None
    return repaired if not _MOJIBAKE.search(repaired) else None

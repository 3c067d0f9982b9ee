"""Bytes as text: the encoding told or detected, and mojibake undone where it is certain."""

import codecs
import re

from kb.errors import InputError

_MARKED = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
# What UTF-8 looks like when read as Windows-1252: a lead byte's letter, then a continuation's.
_MOJIBAKE = re.compile("[ÃÂâÅ][\u0080-¿€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]{1,2}")
_DAMAGE = "\ufffd"


def decoded(content: bytes, told: str = "") -> str:
    """The text of some bytes; what other bytes would say decides where nothing is told.

    Args:
        content: the bytes.
        told: the encoding that a header or the file itself names, if any: tried before others.

    Raises:
        InputError: they are no text, or characters were lost before they came here.
    """
    if not content.strip():
        raise InputError("is empty")
    for mark, encoding in _MARKED:
        if content.startswith(mark):
            return _clean(_strict(content, encoding) or content.decode(encoding, "replace"))
    if len(_CONTROL.findall(content[:100_000])) > 0.02 * len(content[:100_000]):
        raise InputError("is not text")
    for encoding in ("utf-8", told):
        text = _strict(content, encoding) if encoding else None
        if text is not None:
            return _clean(text)
    return _clean(_detected(content))


def _strict(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _detected(content: bytes) -> str:
    """What is not UTF-8: Windows-1252, unless another reading is clearly the better one."""
    from charset_normalizer import from_bytes

    western = _strict(content, "cp1252")
    best = from_bytes(
        content, cp_isolation=["cp1252", "latin_1", "iso8859_15", "cp850", "mac_roman", "utf_8"]
    ).best()
    if best is not None and (western is None or best.encoding in {"cp850", "mac_roman"}):
        detected = str(best)
        if western is None or _letters(detected) > _letters(western):
            return detected
    return western if western is not None else content.decode("latin-1")


_FRENCH = re.compile("[àâçéèêëîïôùûüœÀÂÇÉÈÊÎÔ’«»]")


def _letters(text: str) -> int:
    return len(_FRENCH.findall(text))


def _clean(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    return unscrambled(text)


def unscrambled(text: str) -> str:
    """The text with mojibake ("Ã©") undone, where encoding it back gives UTF-8 without a fault.

    Raises:
        InputError: characters were lost, so that it cannot be undone.
    """
    if len(_MOJIBAKE.findall(text)) >= 2 or ("Ã©" in text or "â€™" in text):
        repaired = _round_trip(text)
        if repaired is not None:
            return repaired
        lines = [_round_trip(line) or line for line in text.split("\n")]
        text = "\n".join(lines)
        if len(_MOJIBAKE.findall(text)) >= 2:
            raise InputError(
                'has letters scrambled beyond repair (such as "Ã©"): save it again as UTF-8'
            )
    damaged = text.count(_DAMAGE)
    if damaged > 3 and damaged > len(text) / 2000:
        line = text.count("\n", 0, text.index(_DAMAGE)) + 1
        raise InputError(f"has lost letters (first on line {line}): save it again as UTF-8")
    return text


def _round_trip(text: str) -> str | None:
    """The text read as UTF-8 after being written as Windows-1252, or None."""
    try:
        content = b"".join(
            bytes([ord(character)]) if "\x80" <= character <= "\x9f" else character.encode("cp1252")
            for character in text
        )
        repaired = content.decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return None
    return repaired if not _MOJIBAKE.search(repaired) else None

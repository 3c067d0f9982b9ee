"""The sounds of words in names, and the keys by which near spellings are found."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

_EDGE = "_"
_MIN_SLIP_CHARS = 3
MOST_SLIP_CHARS = 64  # a longer word is no typed name: its keys grow by its square
_MIN_CONSONANTS = 4
_VOWELS = re.compile("[aeiouy]+")
# Spellings and their sounds, applied in this order to words, each on a line of its own.
_SOUNDS = tuple(
    (re.compile(written, re.MULTILINE), sound)
    for written, sound in (
        ("ph", "f"), ("sch|sh|ch", "$"), ("[ck]?qu?|ck", "k"), ("c(?=[eiy])", "s"), ("c", "k"),
        ("ge(?=[ao])|g(?=[eiy])", "j"), ("gu(?=[eiy])", "g"),
        ("h", ""), ("y", "i"), ("z", "s"), ("w", "v"), ("e?aux?", "o"),
        ("(?:ai|ei|i)[mn](?![aeiou])", "in"), ("ai|ei", "e"),
        (r"[ae][mn](?=[^aeioumn\n])", "an"), (r"om(?=[^aeioum\n])", "on"),
        (r"([a-z$])\1+", r"\1"), (r"(?<=[a-z$]{3})(?:es?|[stxdp]s?)$", ""),
    )
)  # fmt: skip


@lru_cache(maxsize=50_000)
def sound(word: str) -> str:
    return _sounded(word) if _is_said(word) else word


def sounds(words: Iterable[str]) -> Mapping[str, str]:
    """Returns the sound of each of many folded words, sooner than one by one."""
    found = {word: word for word in words}
    said = [word for word in found if _is_said(word)]
    return found | dict(zip(said, _sounded("\n".join(said)).splitlines(), strict=True))


def _is_said(word: str) -> bool:
    return word.isalpha() and word.isascii() and _VOWELS.search(word) is not None


def _sounded(lines: str) -> str:
    for written, spoken in _SOUNDS:
        lines = written.sub(spoken, lines)
    return lines


def slips(word: str) -> set[str]:
    """Returns the keys of a word: it, its sound, its consonants, and each less a letter."""
    sounded = sound(word)
    consonants = _VOWELS.sub("", sounded)
    found = _with_one_left_out(word) | _with_one_left_out(sounded)
    if len(consonants) >= _MIN_CONSONANTS:
        found |= {f"{_EDGE}{key}" for key in _with_one_left_out(consonants)}
    return found


def _with_one_left_out(word: str) -> set[str]:
    if not _MIN_SLIP_CHARS <= len(word) <= MOST_SLIP_CHARS:
        return {word}
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}

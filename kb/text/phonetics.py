"""The sound of a word of a name, and the keys by which near spellings of it are found.

`Cafés MERLING` sounds like `kafe merlin`. Spellings of a French word share their sound:
silent ends, double letters, `ph` and `f`, `eau` and `o`.
"""

import re
from functools import lru_cache

_EDGE = "_"
_MIN_SLIP_CHARS = 3
_MIN_CONSONANTS = 4

_VOWELS = re.compile("[aeiouy]+")
_SOUNDS = tuple(
    (re.compile(written), sound)
    for written, sound in (
        ("ph", "f"),
        ("sch|sh|ch", "$"),
        ("[ck]?qu?|ck", "k"),
        ("c(?=[eiy])", "s"),
        ("c", "k"),
        ("ge(?=[ao])|g(?=[eiy])", "j"),
        ("gu(?=[eiy])", "g"),
        ("h", ""),
        ("y", "i"),
        ("z", "s"),
        ("w", "v"),
        ("e?aux?", "o"),
        ("(?:ai|ei|i)[mn](?![aeiou])", "in"),
        ("ai|ei", "e"),
        ("[ae][mn](?=[^aeioumn])", "an"),
        ("om(?=[^aeioum])", "on"),
        (r"([a-z$])\1+", r"\1"),
        (r"(?<=[a-z$]{3})(?:es?|[stxdp]s?)\Z", ""),
    )
)
"""Pairs of a spelling and its sound, applied in this order."""


@lru_cache(maxsize=50_000)
def sound(word: str) -> str:
    """Returns the sound of a folded word."""
    if not word.isalpha() or not word.isascii() or not _VOWELS.search(word):
        return word
    for written, sounds in _SOUNDS:
        word = written.sub(sounds, word)
    return word


def slips(word: str) -> set[str]:
    """Returns the keys of a word: it, its sound and its consonants, each with a letter left out.

    Two words a slip apart (a letter left out, put in, replaced, or two swapped) have a key in
    common; so do most words two slips apart that sound alike.
    """
    sounded = sound(word)
    consonants = _VOWELS.sub("", sounded)
    found = _with_one_left_out(word) | _with_one_left_out(sounded)
    if len(consonants) >= _MIN_CONSONANTS:
        found |= {f"{_EDGE}{key}" for key in _with_one_left_out(consonants)}
    return found


def _with_one_left_out(word: str) -> set[str]:
    if len(word) < _MIN_SLIP_CHARS:
        return {word}
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}

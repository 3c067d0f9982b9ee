"""How a name is written and how it sounds, for who remembers it only nearly.

`Cafés MERLING SARL` is the words `cafes merling`, which sound like `kafe merlin`. Sounds are what
the spellings of one French word share: silent ends, double letters, `ph` and `f`, `eau` and `o`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from kb.text.analysis import FUNCTION_WORDS, LEGAL_FORMS, words

INITIALS = -1
"""The position of a word that is not in the name, but its initials."""

_WRITTEN_OUT = {
    "st": "saint",
    "ste": "sainte",
    **{
        number: str(digit)
        for digit, number in enumerate("deux trois quatre cinq six sept huit neuf dix".split(), 2)
    },
}
"""What is written in two ways, and the one it is compared in."""
_APOSTROPHES = frozenset("'’ʼ")
_EDGE = "_"
_MIN_SLIP_CHARS = 3
_MIN_CONSONANTS = 4
_MIN_INITIALS = 3
_MAX_WORDS = 24
"""Of a longer name, the first words are enough to know it by."""

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
"""What is written so, sounds so; in this order."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """A name or a query, word by word, folded, without articles and legal forms.

    Where there is nothing else, the words are those. `initials` are those of the words, and those
    with the articles, where the words are several.
    """

    words: tuple[str, ...]
    initials: tuple[str, ...]

    def placed(self) -> Iterator[tuple[int, str]]:
        """Each word with its position; last, at `INITIALS`, the initials."""
        yield from enumerate(self.words)
        yield from ((INITIALS, initials) for initials in self.initials)


@lru_cache(maxsize=20_000)
def spelling(text: str) -> Spelling:
    parts = list(_parts(text))
    kept = [part for part in parts if part not in FUNCTION_WORDS and part not in LEGAL_FORMS]
    telling = tuple(_WRITTEN_OUT.get(part, part) for part in kept or parts)[:_MAX_WORDS]
    initials = set()
    if len(telling) >= _MIN_INITIALS:
        initials = {"".join(word[0] for word in several) for several in (telling, parts)}
    return Spelling(telling, tuple(sorted(initials)))


def _parts(text: str) -> Iterator[str]:
    """The words, hyphens parted; initials with dots or spaces between them are one word."""
    initials = ""
    for word in words(text):
        is_elided = text[word.end : word.end + 1] in _APOSTROPHES
        for part in word.forms[: max(1, len(word.forms) - 1)]:
            if len(part) == 1 and not is_elided:
                initials += part
                continue
            if initials:
                yield initials
                initials = ""
            yield part
    if initials:
        yield initials


@lru_cache(maxsize=50_000)
def sound(word: str) -> str:
    """What a folded word shares with others that sound the same."""
    if not word.isalpha() or not word.isascii() or not _VOWELS.search(word):
        return word
    heard = word
    for written, sounds in _SOUNDS:
        heard = written.sub(sounds, heard)
    return heard


def slips(word: str) -> set[str]:
    """What a word is looked up by: it, its sound and its consonants, each with a letter left out.

    Two words that are one slip apart (a letter left out, put in, another, or two swapped) have one
    of these in common; so do most that are two slips apart and sound alike.
    """
    heard = sound(word)
    consonants = _VOWELS.sub("", heard)
    found = _with_one_left_out(word) | _with_one_left_out(heard)
    if len(consonants) >= _MIN_CONSONANTS:
        found |= {f"{_EDGE}{one}" for one in _with_one_left_out(consonants)}
    return found


def _with_one_left_out(word: str) -> set[str]:
    if len(word) < _MIN_SLIP_CHARS:
        return {word}
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}

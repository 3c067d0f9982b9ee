"""Ordinary words of French and English: a name that has none of them is seldom anything else."""

import math
from collections.abc import Mapping
from functools import cache

from spellchecker import SpellChecker

_LANGUAGES = ("fr", "en")


def is_ordinary(word: str) -> bool:
    """Whether a word, without its capital, is one of a dictionary of French or English."""
    return word.lower() in _dictionary()


def commonness(word: str) -> float:
    """The decimal logarithm of a word's count in a corpus, from 0 (unknown) to about 7."""
    return math.log10(1 + _dictionary().get(word.lower(), 0))


@cache
def _dictionary() -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for language in _LANGUAGES:
        for word, count in SpellChecker(language).word_frequency.items():
            counts[word] = max(count, counts.get(word, 0))
    return counts

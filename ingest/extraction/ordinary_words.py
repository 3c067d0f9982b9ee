"""Ordinary words of French and English: a name that has none of them is seldom anything else."""

from functools import cache

from spellchecker import SpellChecker

_LANGUAGES = ("fr", "en")


def is_ordinary(word: str) -> bool:
    """Whether a word, without its capital, is one of a dictionary of French or English."""
    return word.lower() in _dictionary()


@cache
def _dictionary() -> frozenset[str]:
    return frozenset(
        word for language in _LANGUAGES for word in SpellChecker(language).word_frequency
    )

"""A fold that keeps the length: what is found in a folded text lies there in the text too."""

import unicodedata
from functools import lru_cache

_ALIKE = {"’": "'", "ʼ": "'", "`": "'", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\t": " "}


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """The text in lower case without accents: its slices are the folds of the text's slices."""
    return "".join(map(_plain_character, text))


@lru_cache(maxsize=1024)
def _plain_character(character: str) -> str:
    if character in _ALIKE:
        return _ALIKE[character]
    folded = unicodedata.normalize("NFD", character)[0].lower()
    return folded if len(folded) == 1 else character

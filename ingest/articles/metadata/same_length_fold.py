"""A text in lower case without accents, letter for letter: what is found in it lies in the text."""

import unicodedata
from functools import lru_cache

_ALIKE = {"’": "'", "ʼ": "'", "`": "'", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\t": " "}


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """The text folded, of the same length: `plain(t)[i:j]` is `plain` of `t[i:j]`."""
    return "".join(map(_plain_character, text))


@lru_cache(maxsize=1024)
def _plain_character(character: str) -> str:
    if character in _ALIKE:
        return _ALIKE[character]
    folded = unicodedata.normalize("NFD", character)[0].lower()
    return folded if len(folded) == 1 else character

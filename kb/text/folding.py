"""Folding: texts without the differences that people leave out when they type."""

import unicodedata

_FIRST_MARK = "\u0300"


def fold(text: str) -> str:
    """Folds case, accents and ligatures: `Œuvre D'ÉTÉ` → `oeuvre d'ete`."""
    if text.isascii():  # has neither, and is most of what is folded
        return text.lower()
    text = text.casefold().replace("œ", "oe").replace("æ", "ae")
    letters = unicodedata.normalize("NFKD", text)
    # Nothing before the first mark combines, and that is most of a text.
    return "".join([c for c in letters if c < _FIRST_MARK or not unicodedata.combining(c)])

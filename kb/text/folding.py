"""Folding: texts without the differences that people leave out when they type."""

import unicodedata


def fold(text: str) -> str:
    """Lower case, without accents or ligatures: `Œuvre D'ÉTÉ` → `oeuvre d'ete`."""
    if text.isascii():  # has neither, and is most of what is folded
        return text.lower()
    text = text.casefold().replace("œ", "oe").replace("æ", "ae")
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))

"""Capitals: places and streets that a directory has in capitals, written as French writes them."""

import re
from pathlib import Path

from kb.reference.communes import written_name
from kb.text.folding import fold
from kb.text.lexicon import Lexicons

_LEXICONS = Lexicons(Path(__file__).parent / "lexicons")
_WAYS = _LEXICONS.words("capitals", "ways")
_SMALL = _LEXICONS.words("capitals", "small")
_CAPITALS = _LEXICONS.words("capitals", "capitals")
_WORD = re.compile(r"\w+")
_KEPT = re.compile(r"[A-Z]{1,2}\d+|[XVI]{2,}|[A-Z]")  # "N10", "XIV", "12 B"
_ELIDED = re.compile(r"\b([dl]) (?=[AEIOUYHÉÈÊ])")
_ARTICLE_LAST = re.compile(r"(?P<name>.+?)\s*\((?P<article>l['’]|la|le|les)\)", re.IGNORECASE)
_CEDEX = re.compile(r"\s*\bcedex\b.*", re.IGNORECASE)
_OVER = re.compile(r"\s*\bS?/\s*(?=[A-Z])", re.IGNORECASE)  # "ST YRIEIX S/ CHARENTE"
_UNDER = re.compile(r"\bS/S\s*", re.IGNORECASE)


def in_small_letters(text: str) -> str:
    """Returns a text in capitals as French writes names; any other as it is."""
    if any(len(word) > 3 and word != word.upper() for word in _WORD.findall(text)):
        return text
    written, end, is_head = "", 0, True
    for found in _WORD.finditer(text):
        word, between = found[0], text[end : found.start()]
        plain = fold(word)
        is_head = is_head or "," in between
        is_elided = text[found.end() : found.end() + 1] in {"'", "’", " "}
        if plain in _CAPITALS:
            word = word.upper()
        elif (plain in _SMALL and (len(word) > 1 or is_elided)) or (is_head and plain in _WAYS):
            word = word.lower()
        elif not _KEPT.fullmatch(word):
            word = word.lower() if word[0].isdigit() else word.capitalize()
        goes_on = plain in _WAYS or len(word) == 1 or any(map(str.isdigit, word))
        is_head = is_head and goes_on
        written, end = f"{written}{between}{word}", found.end()
    return _ELIDED.sub(r"\1'", f"{written[:1].upper()}{written[1:]}{text[end:]}")


def written_town(town: str, department: str, postal_code: str) -> str:
    """Returns a town as the table of communes writes it; else without its capitals, if all are."""
    whole = _OVER.sub(" sur ", _UNDER.sub("sous ", _CEDEX.sub("", town)))
    ways = [whole]
    if turned := _ARTICLE_LAST.fullmatch(whole):  # "ISLE D ESPAGNAC (L')"
        ways = [f"{turned['article']} {turned['name']}", turned["name"]]
    # No commune has the number of a district in its name.
    ways = [] if any(map(str.isdigit, whole)) else ways
    names = (written_name(way, department, postal_code) for way in ways)
    return next(filter(None, names), "") or in_small_letters(town)

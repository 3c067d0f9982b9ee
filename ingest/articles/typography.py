"""Signs of typography: prose told by them, letters folded in their places, Markdown escaped."""

import re
import unicodedata
from functools import lru_cache

from kb.text.markdown import plain_text

BULLETS = "•●▪◦‣"  # signs that are nothing else; formats add what writers type
ENDING = ".!?…"  # signs that end a sentence
CLOSING = "»”\"')"  # closing signs that may follow the end of a sentence
SENTENCE_END = re.compile(rf"[{ENDING}][{CLOSING}\]]*$")
TWO_SENTENCES = re.compile(rf"[{ENDING}][{CLOSING}]*\s+[«“‘\"'(\[–—-]*\s?\w")


def is_prose(text: str) -> bool:
    """Whether a line reads as the sentences of a text rather than as a heading or a notice."""
    if len(text) >= 200:
        return True
    if len(text) >= 45 and SENTENCE_END.search(text):
        return True
    return len(text) >= 70 and bool(TWO_SENTENCES.search(text))


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


_OPENS_A_BLOCK = re.compile(r"(?:#{1,6}\s|[-+*]\s|>|\d{1,3}[.)]\s|```|~~~|={3,}|-{3,})")
_MARKS = re.compile(r"([\\`*_\[\]<>#])")


def escaped(text: str) -> str:
    """The text, with its signs escaped if Markdown took any of them for a mark."""
    if is_inert(text) and plain_text(text) == text:
        return text
    text = _MARKS.sub(r"\\\1", text)
    return re.sub(r"^(\d{1,3})([.)]\s)", r"\1\\\2", re.sub(r"^([-+=~])", r"\\\1", text))


def is_inert(markdown: str) -> bool:
    """Whether a piece of Markdown opens neither a block nor a tag of HTML."""
    return not _OPENS_A_BLOCK.match(markdown) and not re.search(r"(?<!\\)<", markdown)

"""Signs of typography, and what tells prose from headings and notices by them."""

import re

BULLETS = "•●▪◦‣"
"""Signs that are bullets and nothing else; formats add what their writers type instead."""

ENDING = ".!?…"
"""Signs that end a sentence."""

CLOSING = "»”\"')"
"""Closing signs that may follow the end of a sentence."""

SENTENCE_END = re.compile(rf"[{ENDING}][{CLOSING}\]]*$")
TWO_SENTENCES = re.compile(rf"[{ENDING}][{CLOSING}]*\s+[«“‘\"'(\[–—-]*\s?\w")


def is_prose(text: str) -> bool:
    """Whether a line reads as the sentences of a text rather than as a heading or a notice."""
    if len(text) >= 200:
        return True
    if len(text) >= 45 and SENTENCE_END.search(text):
        return True
    return len(text) >= 70 and bool(TWO_SENTENCES.search(text))

"""Text as Markdown that shows exactly this text."""

import re

from kb.text.markdown import plain_text

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

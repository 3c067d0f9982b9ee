"""Markdown as plain words, for quoting and for searching; pages render it themselves."""

import re
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

_PARSER = MarkdownIt("commonmark", {"html": False})
_SPACES = re.compile(r"[ \t\n]+")


def plain_text(markdown: str) -> str:
    """The words of a piece of Markdown on one line, without the signs that format them.

    A link gives its words, an image its description; HTML is text. No-break spaces stay.
    """
    return _words(_PARSER.parse(markdown)).strip(" ")


def _words(tokens: Sequence[Token]) -> str:
    pieces = []
    for token in tokens:
        if token.children:
            pieces.append(_words(token.children))
        elif token.type in {"softbreak", "hardbreak"} or (token.block and not token.content):
            pieces.append(" ")  # between lines, and between blocks
        else:
            pieces.append(token.content.rstrip("\n"))
    return _SPACES.sub(" ", "".join(pieces))

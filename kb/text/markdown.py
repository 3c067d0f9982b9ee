"""Markdown as plain words, for quoting and for searching; pages render it themselves."""

import re
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, blockquote
from markdown_it.token import Token

_LINES_AHEAD = "lines ahead of quotes"
_MOST_LINES_AHEAD = 10_000
_SPACES = re.compile(r"[ \t\n]+")


def markdown_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False})
    alternatives = ["paragraph", "reference", "blockquote", "list"]
    parser.block.ruler.at("blockquote", _quote, {"alt": alternatives})
    return parser


def _quote(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Parses a quote; after many lines ahead, it reads only lines that begin with `>`."""
    if silent:
        return blockquote(state, start, end, silent)
    if state.env.setdefault(_LINES_AHEAD, 0) > _MOST_LINES_AHEAD:
        begins = [state.bMarks[line] + state.tShift[line] for line in range(start + 1, end)]
        quoted = [state.src.startswith(">", at) for at in begins]
        end = start + 1 + quoted.index(False) if False in quoted else end
        return blockquote(state, start, end, silent)
    found = blockquote(state, start, end, silent)
    if found:
        below = range(state.line, end)
        blank = next((line for line in below if state.isEmpty(line)), end)
        state.env[_LINES_AHEAD] += blank - state.line
    return found


def plain_text(markdown: str) -> str:
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


_PARSER = markdown_parser()

"""The splitter: cuts a document's text into passages that can be quoted."""

import re
from collections.abc import Iterator

from kb.models import Slice

SPLITTER_VERSION = 1  # raised whenever cuts change, so that passages are cut anew
MAX_CHARS = 480  # about 120 tokens of French, three or four sentences, a single thought
_LINE = re.compile(r"[^\n]+")
_ITEM = re.compile(r"\s*(?:[-*•>]\s+|\d{1,3}[.)]\s+)+")
_HEADING = re.compile(r"\s*#{1,6}\s")
_SENTENCE_END = re.compile(r"[.!?…](?:[\s\xa0]*[»\")\]])?\s+(?=[\"«(\[]?[A-ZÀ-ÖØ-Þ«])")
_LINK = re.compile(r"https?://\S+")


def split(text: str, max_chars: int = MAX_CHARS) -> list[Slice]:
    """Cuts a plain or Markdown text into passages of at most `max_chars` characters."""
    return [
        piece
        for block in _blocks(text)
        for group in _gather(_sentences(text, block), max_chars)
        for piece in _fit(text, group, max_chars)
    ]


def _blocks(text: str) -> Iterator[Slice]:
    """Paragraphs and list items, without their marks; headings and lines of links left out."""
    start = end = 0
    for line in _LINE.finditer(text):
        heading = _HEADING.match(line.group())
        item = _ITEM.match(line.group())
        goes_on = "\n\n" not in text[end : line.start()] and line.group().strip()
        if heading or item or not goes_on:
            yield from _with_words(text, start, end)
            start = line.start() + (item.end() if item else 0)
        end = line.end()
        if heading:
            start = end
    yield from _with_words(text, start, end)


def _with_words(text: str, start: int, end: int) -> Iterator[Slice]:
    block = _trim(text, start, end)
    words = _LINK.sub("", text[block.start : block.end])
    if sum(map(str.isalpha, words)) * 2 > block.end - block.start:
        yield block


def _sentences(text: str, block: Slice) -> Iterator[Slice]:
    start = block.start
    for match in _SENTENCE_END.finditer(text, block.start, block.end):
        yield _trim(text, start, match.end())
        start = match.end()
    if start < block.end:
        yield _trim(text, start, block.end)


def _gather(sentences: Iterator[Slice], max_chars: int) -> Iterator[Slice]:
    current: Slice | None = None
    for sentence in sentences:
        if current and sentence.end - current.start <= max_chars:
            current = Slice(current.start, sentence.end)
        else:
            if current:
                yield current
            current = sentence
    if current:
        yield current


def _fit(text: str, piece: Slice, max_chars: int) -> Iterator[Slice]:
    start = piece.start
    while piece.end - start > max_chars:
        space = text.rfind(" ", start + 1, start + max_chars + 1)
        end = space if space > start else start + max_chars
        yield _trim(text, start, end)
        start = _trim(text, end, piece.end).start
    if start < piece.end:
        yield Slice(start, piece.end)


def _trim(text: str, start: int, end: int) -> Slice:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Slice(start, end)

"""Marked passages: the title and the sentences that name an organisation, with marks around it."""

import re
from collections.abc import Sequence

import numpy as np

from ingest.extraction.reader.encoded import Floats, encoded, linear

BEFORE, AFTER = "@", "#"
MOST_CHARS = 420  # about 100 tokens: more take longer, and say no more
_NO_MARKS = {ord(sign): " " for sign in (BEFORE, AFTER)}  # "@alba" and "#wood" of the text
_BREAK = re.compile(r"(?<=[.!?])\s+(?=[A-ZÀ-Þ«\"“\d–-])|\n+")


def role_odds(text: str, mentions: Sequence[tuple[int, int]]) -> Floats:
    """The log odds of each of `learnt_roles` of who is named from `start` to `end`."""
    read = encoded(passage := marked(text, mentions))
    before, after = marks(passage, read.spans.tolist())
    parts = (read.vectors[before], read.vectors[after], read.vectors)
    return linear("marked", np.concatenate([each.mean(axis=0) for each in parts]))


def marks(passage: str, spans: Sequence[Sequence[int]]) -> tuple[list[int], list[int]]:
    """The tokens of the marks before names, and of those after them."""
    signs = [passage[start:end].strip() for start, end in spans]
    before, after = (
        [at for at, sign in enumerate(signs) if sign == mark] for mark in (BEFORE, AFTER)
    )
    return before, after


def marked(text: str, mentions: Sequence[tuple[int, int]], most: int = MOST_CHARS) -> str:
    """The first sentence, those that name the organisation, and neighbours of the first two.

    They are `most` characters together; a longer sentence is cut around the name.
    """
    text = text.translate(_NO_MARKS)
    sentences = _sentences(text, mentions)
    naming = [
        number
        for number, (start, end) in enumerate(sentences)
        if any(start <= first < end for first, _ in mentions)
    ]
    around = [number + step for number in naming[:2] for step in (-1, 1)]
    left, kept = most, dict[int, tuple[int, int]]()
    for number in (0, *naming, *around):
        if number in kept or not 0 <= number < len(sentences):
            continue
        start, end = sentences[number]
        if number in naming[:1] and end - start > left:
            first, last = next(each for each in mentions if start <= each[0] < end)
            start = max(start, first - left // 2)
            end = min(end, max(last, start + left))
        elif end - start > (left if number else most // 2):
            continue
        kept[number] = (start, end)
        left -= end - start
    return " ".join(_marked(text, *span, mentions) for _, span in sorted(kept.items()))


def _sentences(text: str, mentions: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The start and end of each sentence; none ends within a name, as "J. T. Orme"."""
    found, start = [], 0
    for match in _BREAK.finditer(text):
        is_within = any(first < match.end() and match.start() < end for first, end in mentions)
        if not is_within:
            if match.start() > start:
                found.append((start, match.start()))
            start = match.end()
    return [*found, (start, len(text))] if start < len(text) else found


def _marked(text: str, start: int, end: int, mentions: Sequence[tuple[int, int]]) -> str:
    parts, at = [], start
    for first, last in sorted(mentions):
        if at <= first and last <= end:
            parts += [text[at:first], f" {BEFORE} ", text[first:last], f" {AFTER} "]
            at = last
    return "".join([*parts, text[at:end]])

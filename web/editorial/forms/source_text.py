"""The text that a draft was made from, with the sentences that its proposals come from marked.

Each marked sentence has a number, from 1 in the order of the text, by which the form names it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# What Markdown and line breaks may have put between two words of a sentence.
_BETWEEN_WORDS = r"[\s*_`#>|\\\[\]]+"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the text; `number` is 0 outside of the marked sentences."""

    text: str
    number: int = 0


@dataclass(frozen=True, slots=True)
class NumberedText:
    """`stretches` joined are the text; `numbers` has the sentences that were found in it."""

    stretches: tuple[Stretch, ...]
    numbers: Mapping[str, int]


def numbered(text: str, sentences: Iterable[str]) -> NumberedText:
    """Marks the first occurrence of each sentence; those that overlap share a mark."""
    places = {sentence: place for sentence in sentences if (place := _place(text, sentence))}
    spans: list[tuple[int, int]] = []
    for start, end in sorted(places.values()):
        if spans and start < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))

    stretches, position = [], 0
    for number, (start, end) in enumerate(spans, start=1):
        stretches += [Stretch(text[position:start]), Stretch(text[start:end], number)]
        position = end
    stretches.append(Stretch(text[position:]))
    numbers = {
        sentence: number
        for sentence, (start, _) in places.items()
        for number, (first, last) in enumerate(spans, start=1)
        if first <= start < last
    }
    return NumberedText(tuple(stretch for stretch in stretches if stretch.text), numbers)


def _place(text: str, sentence: str) -> tuple[int, int] | None:
    """The half-open span of the sentence in the text, whatever stands between its words."""
    words = re.findall(r"[^\s*_`#>|\\\[\]]+", sentence)
    if not words:
        return None
    sentence = sentence.strip()
    start = text.find(sentence)
    if start >= 0:
        return start, start + len(sentence)
    found = re.search(_BETWEEN_WORDS.join(map(re.escape, words)), text)
    return found.span() if found else None

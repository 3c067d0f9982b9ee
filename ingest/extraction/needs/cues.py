"""The phrases that stand after the words by which people tell a need.

"face au besoin de …", "shortage of …", "les masques étaient introuvables".
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from ingest.extraction import lexicon
from ingest.extraction.needs.phrases import noun_phrase
from ingest.extraction.tokens import Sentence, TextToken

_CUES = tuple(
    (re.compile(rf"(?:^|(?<= ))(?:{pattern}) "), float(weight))
    for weight, pattern in lexicon.rows("need_cues", 2)
)
_MISSING_AFTER = re.compile(lexicon.any_of("need_phrases", "missing_after"))
_WHEREWITH = re.compile(lexicon.any_of("need_phrases", "wherewith"))
_LACKING = re.compile(lexicon.any_of("need_phrases", "lacking"))

CuedPhrase = tuple[Sequence[TextToken], float]
"""A phrase of a sentence, and how surely its cue tells a need, from 0 to 1."""


def cued_phrases(sentence: Sentence) -> Iterator[CuedPhrase]:
    """Yields the phrases that a sentence says are needed or missing."""
    for phrase, weight in (*_after_cues(sentence), *_missing(sentence)):
        if phrase:
            yield phrase, weight


def _after_cues(sentence: Sentence) -> Iterator[CuedPhrase]:
    words, starts = _joined(sentence.tokens)
    for match in _WHEREWITH.finditer(words):
        first, end = bisect_left(starts, match.start(1)), bisect_left(starts, match.end(1) + 1)
        yield sentence.tokens[first:end], 0.9
    for cue, weight in _CUES:
        for match in cue.finditer(words):
            yield noun_phrase(sentence.tokens, bisect_left(starts, match.end())), weight


def _missing(sentence: Sentence) -> Iterator[CuedPhrase]:
    """Yields the things a sentence names and calls missing: "les masques étaient introuvables"."""
    words, starts = _joined(sentence.tokens)
    for at, token in enumerate(sentence.tokens):
        if at and token.form == "dont" and _LACKING.search(words[starts[at] :]):
            yield _before(sentence.tokens, starts, starts[at - 1]), 0.9
    for match in _MISSING_AFTER.finditer(words):
        yield _before(sentence.tokens, starts, match.start()), 0.9


def _before(tokens: Sequence[TextToken], starts: Sequence[int], offset: int) -> Sequence[TextToken]:
    """Returns the noun phrase that ends a folded text, before the words that call it missing."""
    end = bisect_left(starts, offset)
    while end and tokens[end - 1].form in {"qui", "ne", "n'", "se", "y", "en"}:
        end -= 1
    for first in range(max(0, end - 5), end):
        phrase = noun_phrase(tokens[:end], first)
        if phrase and phrase[-1] is tokens[end - 1]:
            return phrase
    return ()


def _joined(tokens: Sequence[TextToken]) -> tuple[str, list[int]]:
    """The folded words of tokens joined by blanks, and where each begins."""
    words = ""
    starts = []
    for token in tokens:
        starts.append(len(words))
        words += token.form + " "
    return words, starts

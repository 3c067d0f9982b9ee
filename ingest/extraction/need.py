"""The need that was met: the words of a sentence that say it, as somebody would type them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ingest.extraction.reader.encoded import EncodedText
from ingest.extraction.reader.heads import naming
from ingest.extraction.tokens import Sentence, TextPart, TextToken, tokens
from kb.text.analysis import FRAMING_WORDS, FUNCTION_WORDS, stem

LEAST = 0.3  # an article whose likeliest word is less likely to say a need tells none
MOST_TOKENS = 14
_COST, _FILLER, _TITLE = 0.22, 0.03, 0.1  # cost of a word, of a small word; worth of the title
_SIGNS = frozenset("-'’")


@dataclass(frozen=True, slots=True)
class Need:
    """A phrase of the text, the sentence that it is from, and how sure it is, 0 to 1."""

    phrase: str
    sentence: Sentence
    confidence: float


def need_of(read: EncodedText, sentences: Sequence[Sentence], lang: str) -> Need | None:
    likely = _words(read, lang)
    found = [each for sentence in sentences for each in _phrases(sentence, likely, lang)]
    if not found:
        return None
    _, sentence, first, last = max(found, key=lambda each: each[0])
    phrase = sentence.written(first, last)
    own = [
        likely.get(stem(token.form, lang), 0.0)
        for token in sentence.tokens[first:last]
        if _carries(token)
    ]
    if max(own) < LEAST:
        return None
    return Need(_small(phrase, opens=first == 0), sentence, round(max(own), 2))


def _words(read: EncodedText, lang: str) -> Mapping[str, float]:
    """How likely each word, by its stem, says the need: the mean of where it says so most."""
    likely = naming(read)
    places: dict[str, list[float]] = defaultdict(list)
    starts = read.spans[:, 0]
    for token in tokens(read.text):
        if _carries(token):
            first, last = np.searchsorted(starts, (token.start, token.end))
            inside = likely[max(0, first - 1) if first == last else first : last or 1]
            places[stem(token.form, lang)].append(float(inside.max(initial=0)))
    return {own: float(np.mean(sorted(those)[-3:])) for own, those in places.items()}


def _phrases(
    sentence: Sentence, likely: Mapping[str, float], lang: str
) -> Iterator[tuple[float, Sentence, int, int]]:
    """The phrases of a sentence that begin and end with likely words, with what each is worth."""
    values = [_value(token, likely, lang) for token in sentence.tokens]
    for first, value in enumerate(values):
        if value <= 0:
            continue
        worth, seen = _TITLE * (sentence.part is TextPart.TITLE), set[str]()
        for last in range(first, min(first + MOST_TOKENS, len(values))):
            token = sentence.tokens[last]
            if not token.is_word and token.text not in _SIGNS:
                break
            own = stem(token.form, lang)
            worth += values[last] if own not in seen else -_COST
            if values[last] > 0:
                seen.add(own)
                yield worth, sentence, first, last + 1


def _value(token: TextToken, likely: Mapping[str, float], lang: str) -> float:
    if _carries(token):
        return likely.get(stem(token.form, lang), 0.0) - _COST
    return -_FILLER


def _carries(token: TextToken) -> bool:
    form = token.form
    return (
        token.is_word
        and len(form) > 2
        and not form.isdigit()
        and form not in FUNCTION_WORDS
        and form not in FRAMING_WORDS
    )


def _small(phrase: str, *, opens: bool) -> str:
    """A phrase without the capital that it owes to the beginning of its sentence."""
    if phrase.isupper():
        return phrase.lower()
    return phrase[:1].lower() + phrase[1:] if opens and phrase[1:2].islower() else phrase

"""The need that was met: the words of a sentence that say it, as somebody would type them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ingest.extraction import lexicon
from ingest.extraction.reader.encoded import EncodedText, naming
from ingest.extraction.tokens import Sentence, TextPart, TextToken, tokens
from kb.text.analysis import FRAMING_WORDS, FUNCTION_WORDS, stem

LEAST = 0.3  # an article whose likeliest word is less likely to say a need tells none
BESIDE = 0.3  # least probability of the likeliest word of a second phrase
MOST_TOKENS, MOST_JOINED = 14, 2  # of a phrase; complements that are joined to its end
_JOINTS = frozenset("de d' du des en of".split())
_COST, _FILLER, _TITLE = 0.2, 0.06, 0.2  # cost of a word, of a small word; worth of the title
_SIGNS = frozenset("-'’")
_OF_CLAUSES = lexicon.words("verb_forms", "of_clauses")


@dataclass(frozen=True, slots=True)
class Need:
    """A phrase of the text, the sentence that it is from, how likely its surest word says it.

    `is_told` says that the text speaks of it, and not a subject or title alone.
    """

    phrase: str
    sentence: Sentence
    likely: float
    is_told: bool


def need_of(read: EncodedText, sentences: Sequence[Sentence], lang: str) -> Need | None:
    """The phrase with the likeliest words, and a second that says another thing as surely."""
    likely = _words(read, lang)
    found = [each for sentence in sentences for each in _phrases(sentence, likely, lang)]
    best = max(found, key=lambda each: each.worth, default=None)
    if best is None or best.surest < LEAST:
        return None
    beside = [each for each in found if not each.stems & best.stems and each.surest >= BESIDE]
    second = max(beside, key=lambda each: each.worth, default=None)
    phrase = f"{best.text}, {second.text}" if second else best.text
    told = (each for each in sentences if each.part is TextPart.BODY)
    is_told = any(stem(token.form, lang) in best.stems for each in told for token in each.tokens)
    return Need(phrase, best.sentence, best.surest, is_told)


@dataclass(frozen=True, slots=True)
class _Phrase:
    """`sentence.tokens[first:last]`, the stems of its words, and how likely the surest one is."""

    sentence: Sentence
    first: int
    last: int
    stems: frozenset[str]
    worth: float
    surest: float

    @property
    def text(self) -> str:
        """The words, without a capital that they owe to the beginning of their sentence."""
        last = _with_complement(self.sentence.tokens, self.last)
        text = self.sentence.written(self.first, last)
        if text.isupper():
            return text.lower()
        is_opening = self.first == 0 and text[1:2].islower()
        return text[:1].lower() + text[1:] if is_opening else text


def _with_complement(tokens: Sequence[TextToken], last: int) -> int:
    """Where a phrase ends with what is joined to its last word: "drêches de brasserie"."""
    for _ in range(MOST_JOINED):
        at = last
        while at < len(tokens) and tokens[at].form in _JOINTS and at - last < 2:
            at += 1
        if last < at < len(tokens) and _carries(tokens[at]) and not tokens[at].is_capital:
            last = at + 1
    return last


def _words(read: EncodedText, lang: str) -> Mapping[str, float]:
    """How likely each word, by its stem, says the need: the mean of where it says so most."""
    likely = naming(read)
    places: dict[str, list[float]] = defaultdict(list)
    starts, ends = read.spans.T
    for token in tokens(read.text):
        if _carries(token):
            first = np.searchsorted(ends, token.start, "right")
            last = np.searchsorted(starts, token.end)
            places[stem(token.form, lang)].append(float(likely[first:last].max(initial=0)))
    return {own: float(np.mean(sorted(those)[-3:])) for own, those in places.items()}


def _phrases(sentence: Sentence, likely: Mapping[str, float], lang: str) -> Iterator[_Phrase]:
    """The phrases of a sentence that begin and end with likely words, with what each is worth."""
    values = [_value(token, likely, lang) for token in sentence.tokens]
    for first, value in enumerate(values):
        if value <= 0:
            continue
        worth, surest, seen = _TITLE * (sentence.part is TextPart.TITLE), 0.0, set[str]()
        for last in range(first, min(first + MOST_TOKENS, len(values))):
            token = sentence.tokens[last]
            if (not token.is_word and token.text not in _SIGNS) or token.form in _OF_CLAUSES:
                break
            own = stem(token.form, lang)
            worth += values[last] if own not in seen else -_COST
            if values[last] > 0:
                seen.add(own)
                surest = max(surest, likely[own])
                yield _Phrase(sentence, first, last + 1, frozenset(seen), worth, surest)


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

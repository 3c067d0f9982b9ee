"""The need that was met, as a short phrase from the text of an article.

Candidates stand after the words by which people tell a need ("face au besoin de", "shortage of"),
after the verbs of making, and in the title. The candidate that the text keeps coming back to wins.
"""

import math
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.extraction import lexicon
from ingest.extraction.actions import Action, verbs
from ingest.extraction.references.vocabulary import FIRM_HEADS, is_head
from ingest.extraction.tokens import Sentence, TextPart, TextToken
from kb.text.analysis import FRAMING_WORDS, FUNCTION_WORDS, stem


@dataclass(frozen=True, slots=True)
class Need:
    """A phrase of the text, the sentence that it is from, and how sure it is from 0 to 1."""

    phrase: str
    sentence: Sentence
    confidence: float


_CUES = tuple(
    (re.compile(rf"(?:^|(?<= ))(?:{pattern}) "), float(weight))
    for weight, pattern in lexicon.rows("need_cues", 2)
)
_MISSING_AFTER = re.compile(lexicon.any_of("need_phrases", "missing_after"))
_WHEREWITH = re.compile(lexicon.any_of("need_phrases", "wherewith"))
_LACKING = re.compile(lexicon.any_of("need_phrases", "lacking"))
_BY_PRODUCTS = re.compile(
    rf"{lexicon.any_of('by_products', 'anywhere')}|{lexicon.any_of('by_products', 'in_need')}"
)
_NO_NEEDS = lexicon.words("not_needs")
_INSIDE = lexicon.words("prepositions", "inside_need")
_STOP = lexicon.words("conjunctions", "ends_need")
_LEADING = lexicon.words("determiners", "before_need")
_AUXILIARIES = lexicon.words("auxiliaries", "ends_need")
_NOUNS_IN_ANT = lexicon.words("ending_exceptions", "ant")
_NOUNS_IN_ENT = lexicon.words("ending_exceptions", "ent")

MAX_WORDS = 8
"""A need is a phrase of this many words at most."""


def need_of(sentences: Sequence[Sentence], lang: str) -> Need | None:
    """Returns the need that an article answers; `None` if its text states no need."""
    counts = _counts(sentences, lang)
    titled = {
        stem(token.form, lang)
        for sentence in sentences
        if sentence.part is TextPart.TITLE
        for token in sentence.tokens
        if _carries(token)
    }
    best: tuple[float, Need] | None = None
    for phrase, sentence, weight in _candidates(sentences):
        heads = [token for token in phrase if _carries(token)]
        if not heads:
            continue
        stems = list(dict.fromkeys(stem(token.form, lang) for token in heads))
        often = max(counts[each] for each in stems[:3])
        first = counts[stems[0]]
        score = weight * (1 + 0.5 * math.log2(1 + often) + 0.3 * math.log2(1 + first))
        score += 0.5 * weight * bool(titled & set(stems[:3]))
        score -= 0.02 * sentence.number
        score += 0.1 * (len(heads) > 1)
        text = sentence.text[phrase[0].start : phrase[-1].end]
        confidence = 0.25 + 0.35 * weight + 0.08 * min(often, 4) + 0.1 * bool(titled & set(stems))
        need = Need(text, sentence, round(min(0.95, confidence), 2))
        if best is None or score > best[0]:
            best = (score, need)
    return best[1] if best else None


def _counts(sentences: Sequence[Sentence], lang: str) -> Counter[str]:
    return Counter(
        stem(token.form, lang)
        for sentence in sentences
        for token in sentence.tokens
        if _carries(token)
    )


def _carries(token: TextToken) -> bool:
    """Whether a token is a word that can describe a need."""
    form = token.form
    return (
        token.is_word
        and len(form) > 2
        and not form.isdigit()
        and form not in FUNCTION_WORDS
        and form not in FRAMING_WORDS
        and form not in _NO_NEEDS
    )


_Candidate = tuple[Sequence[TextToken], float]


def _candidates(
    sentences: Sequence[Sentence],
) -> Iterator[tuple[Sequence[TextToken], Sentence, float]]:
    often = sum(
        bool(_BY_PRODUCTS.fullmatch(token.form))
        for sentence in sentences
        for token in sentence.tokens
    )
    by_product = 0.9 if often > 2 else 0.6
    for sentence in sentences:
        early = 1.0 if sentence.paragraph < 4 else 0.8
        for phrase, weight in (
            *_after_cues(sentence),
            *_missing(sentence),
            *_made_or_left(sentence, by_product),
        ):
            if phrase:
                yield phrase, sentence, weight * early
        if sentence.part is TextPart.TITLE:
            for at, token in enumerate(sentence.tokens):
                phrase = noun_phrase(sentence.tokens, at)
                party = is_head(token.form)
                if phrase and _carries(token) and not token.is_capital and not party:
                    yield phrase, sentence, 0.34


def _after_cues(sentence: Sentence) -> Iterator[_Candidate]:
    words, starts = _joined(sentence.tokens)
    for match in _WHEREWITH.finditer(words):
        first, end = bisect_left(starts, match.start(1)), bisect_left(starts, match.end(1) + 1)
        yield sentence.tokens[first:end], 0.9
    for cue, weight in _CUES:
        for match in cue.finditer(words):
            yield noun_phrase(sentence.tokens, bisect_left(starts, match.end())), weight


def _missing(sentence: Sentence) -> Iterator[_Candidate]:
    """Yields the things a sentence names and calls missing: "les masques étaient introuvables"."""
    words, starts = _joined(sentence.tokens)
    for at, token in enumerate(sentence.tokens):
        if at and token.form == "dont" and _LACKING.search(words[starts[at] :]):
            yield _before(sentence.tokens, starts, starts[at - 1]), 0.9
    for match in _MISSING_AFTER.finditer(words):
        yield _before(sentence.tokens, starts, match.start()), 0.9


def _made_or_left(sentence: Sentence, by_product: float) -> Iterator[_Candidate]:
    for at, token in enumerate(sentence.tokens):
        if {Action.MAKE, Action.TRANSFORM, Action.BUY} & set(verbs(token.form)):
            yield noun_phrase(sentence.tokens, at + 1), 0.55
        elif token.form in {"faire", "fait", "font"} and _is_partitive(sentence.tokens, at + 1):
            yield noun_phrase(sentence.tokens, at + 1), 0.5
        elif _BY_PRODUCTS.fullmatch(token.form):
            yield noun_phrase(sentence.tokens, at), by_product


def _is_partitive(tokens: Sequence[TextToken], at: int) -> bool:
    return at < len(tokens) and tokens[at].form in {"du", "des", "de", "d'"}


def noun_phrase(tokens: Sequence[TextToken], at: int) -> Sequence[TextToken]:
    """The noun phrase that begins at a token or at the next, without determiners; none if empty."""
    first = at
    while first < len(tokens) and tokens[first].form in _LEADING and first - at < 4:
        first += 1
    if first < len(tokens) and tokens[first].form in {"pour", "for", "sans", "without"}:
        return ()
    last = first
    while last < len(tokens) and last - first < 2 * MAX_WORDS:
        token = tokens[last]
        if not token.is_word and token.text not in {"-", "'", "’"} and not token.form.endswith("'"):
            break
        if token.form in _STOP or (token.form in _INSIDE and last == first):
            break
        if token.is_capital and last > first and not token.text.isupper():
            break
        if token.form in {"et", "pour", "for", "sans", "des"} and last > first:
            break
        if sum(token.is_word for token in tokens[first:last]) >= MAX_WORDS:
            break
        if last > first and _is_finite(tokens, last):
            break
        last += 1
    while last > first and (
        tokens[last - 1].form in _INSIDE
        or tokens[last - 1].form in _LEADING
        or not tokens[last - 1].is_word
    ):
        last -= 1
    phrase = tokens[first:last]
    if not phrase or phrase[0].form in FIRM_HEADS or not any(_carries(token) for token in phrase):
        return ()
    is_verb = phrase[0].form.endswith("ant") and phrase[0].form not in _NOUNS_IN_ANT
    if is_verb or (phrase[0].is_capital and not phrase[0].text.isupper() and first > 0):
        return ()
    return phrase


def _is_finite(tokens: Sequence[TextToken], at: int) -> bool:
    form = tokens[at].form
    if form in {"ne", "n'", "se", "s'"} or form in _AUXILIARIES:
        return True
    if tokens[at - 1].form in _INSIDE or tokens[at - 1].form in _LEADING:
        return False
    if form.endswith(("aient", "erent")):
        return True
    return form.endswith("ent") and not form.endswith("ment") and form not in _NOUNS_IN_ENT


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

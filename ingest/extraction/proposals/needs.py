"""The need that was met, as a short phrase from the text of an article.

Candidates stand after the words by which people tell a need ("face au besoin de", "shortage of"),
after the verbs of making, and in the title. The candidate that the text keeps coming back to wins;
the title adds what else it names, its use or its matter.
"""

import math
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ingest.extraction import lexicon
from ingest.extraction.actions import Action, verbs
from ingest.extraction.proposals.phrases import carries, noun_phrase
from ingest.extraction.proposals.titled_things import TitledThing, titled_things, written
from ingest.extraction.references.vocabulary import is_head
from ingest.extraction.tokens import Sentence, TextPart, TextToken, tokens
from kb.text.analysis import stem


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
_TITLED, _HINTED, _CLEAR = 0.6, 0.6, 0.7
"""The confidence in a need that the title alone names; below which the text only hints at one; and
from which what the text makes or leaves is one, whatever the title says more often."""
_SAID_AGAIN = 2
"""How often an article must have a thing, the title included, for it to stand beside the need."""
_MISSING_AFTER = re.compile(lexicon.any_of("need_phrases", "missing_after"))
_WHEREWITH = re.compile(lexicon.any_of("need_phrases", "wherewith"))
_LACKING = re.compile(lexicon.any_of("need_phrases", "lacking"))
_BY_PRODUCTS = re.compile(
    rf"{lexicon.any_of('by_products', 'anywhere')}|{lexicon.any_of('by_products', 'in_need')}"
)


def need_of(sentences: Sequence[Sentence], lang: str) -> Need | None:
    """Returns the need that an article answers; `None` if its text states no need."""
    counts = _counts(sentences, lang)
    titled = {
        stem(token.form, lang)
        for sentence in sentences
        if sentence.part is TextPart.TITLE
        for token in sentence.tokens
        if carries(token)
    }
    best: tuple[float, Need] | None = None
    is_told = False
    things = titled_things(sentences, counts, lang)
    titles = [(thing.tokens, thing.sentence, 0.34, False) for thing in things]
    for phrase, sentence, weight, tells in (*_candidates(sentences), *titles):
        heads = [token for token in phrase if carries(token)]
        if not heads or is_head(heads[0].form):
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
            best, is_told = (score, need), tells
    return _with_title(best[1] if best else None, things, counts, lang, is_told=is_told)


def _with_title(
    need: Need | None,
    things: Sequence[TitledThing],
    counts: Counter[str],
    lang: str,
    *,
    is_told: bool,
) -> Need | None:
    """Returns the need with what the title says of its matter and its use.

    A title that names the need says it best, unless the text says more of it; what it names
    beside the need is its use, or its matter. Where the text only hints at a need, the title's is
    taken; `is_told` says whether the text tells it in the words of a need.
    """
    if not things:
        return need
    often = max(things, key=lambda thing: thing.count)
    if need is None:
        return Need(written(things, often), often.sentence, _TITLED)
    own = [stem(token.form, lang) for token in tokens(need.phrase) if carries(token)]
    shared = [thing for thing in things if set(own) & set(thing.stems)]
    is_rarer = often.count > max(counts[each] for each in own)
    is_unclear = is_rarer and not is_told and need.confidence < _CLEAR
    if not shared and (is_unclear or need.confidence < _HINTED):
        return Need(written(things, often), often.sentence, _TITLED)
    if shared:
        matter = max(shared, key=lambda thing: thing.count)
        titled = written(things, matter)
        if not set(own) - {stem(token.form, lang) for token in tokens(titled)}:
            return replace(need, phrase=titled, sentence=matter.sentence)
    beside = [thing for thing in things
              if not set(own) & set(thing.stems) and thing.count >= _SAID_AGAIN]  # fmt: skip
    if not beside or (is_told and not shared):
        return need
    use = max(beside, key=lambda thing: thing.count)
    return replace(need, phrase=f"{need.phrase} : {use.text}")


def _counts(sentences: Sequence[Sentence], lang: str) -> Counter[str]:
    return Counter(
        stem(token.form, lang)
        for sentence in sentences
        for token in sentence.tokens
        if carries(token)
    )


_Candidate = tuple[Sequence[TextToken], float]


def _candidates(
    sentences: Sequence[Sentence],
) -> Iterator[tuple[Sequence[TextToken], Sentence, float, bool]]:
    """Yields phrases with their sentence and weight, and whether the words of a need precede."""
    often = sum(
        bool(_BY_PRODUCTS.fullmatch(token.form))
        for sentence in sentences
        for token in sentence.tokens
    )
    by_product = 0.9 if often > 2 else 0.6
    for sentence in sentences:
        early = 1.0 if sentence.paragraph < 4 else 0.8
        for phrase, weight in (*_after_cues(sentence), *_missing(sentence)):
            if phrase:
                yield phrase, sentence, weight * early, True
        for phrase, weight in _made_or_left(sentence, by_product):
            if phrase:
                yield phrase, sentence, weight * early, False


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

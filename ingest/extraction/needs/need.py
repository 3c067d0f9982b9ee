"""The need that was met, a short phrase of the article: "marc de café : champignons".

A judge that learnt from labelled articles says of each word how likely it names the need; the
stretch with the likeliest words is taken, and a second one that names its use or its matter.
"""

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Self

from ingest.extraction import lexicon
from ingest.extraction.actions import verbs
from ingest.extraction.candidates.noun_phrases import PLACES_AND_TIMES, is_head
from ingest.extraction.needs.phrases import (
    BEFORE_NOUNS,
    BY_PRODUCTS,
    NeedStretch,
    carries,
    stretches,
)
from ingest.extraction.tokens import Sentence, TextPart, TextToken, commonness
from kb.regression import Regression
from kb.text.analysis import stem

OF = frozenset({"de", "d'", "du", "des", "of"})
USES = frozenset({"pour", "for"})
_IN = frozenset({"en", "in", "dans", "with", "avec", "from"})
_ENDINGS = lexicon.words("need_endings")
_BEFORE_CAPITALS = frozenset('.:«"“-–—(')
_EARLY, _LATE = 3, 8  # paragraphs at the beginning of a text, and those after which it is late
_MOST_SPOKEN = 4.0  # commonness of words that any text may have
_NAME = 0.6  # the share of capitals within sentences from which a word is a name


@dataclass(slots=True)
class NeedWord:
    stem: str
    places: list[tuple[Sentence, int]] = field(default_factory=list)
    features: dict[str, float] = field(default_factory=dict)

    @property
    def tokens(self) -> Iterator[TextToken]:
        return (sentence.tokens[at] for sentence, at in self.places)

    @property
    def count(self) -> int:
        return len(self.places)


def need_words(sentences: Sequence[Sentence], lang: str) -> dict[str, NeedWord]:
    found: dict[str, NeedWord] = {}
    for sentence in sentences:
        for at, token in enumerate(sentence.tokens):
            if carries(token):
                own = stem(token.form, lang)
                found.setdefault(own, NeedWord(own)).places.append((sentence, at))
    bodies = (each.paragraph for each in sentences if each.part is TextPart.BODY)
    opening = min(bodies, default=0)
    most = max((word.count for word in found.values()), default=1)
    for word in found.values():
        word.features |= _of_places(word, most, len(sentences), opening)
        word.features |= _of_neighbours(word)
        word.features |= _of_kind(word)
        if any(sentence.part is TextPart.TITLE for sentence, _ in word.places):
            word.features |= _in_title(word)
    _add_ranks(found)
    return found


def _of_places(word: NeedWord, most: int, sentences: int, opening: int) -> dict[str, float]:
    in_sentences = len({sentence.number for sentence, _ in word.places})
    in_body = (each for each, _ in word.places if each.part is TextPart.BODY)
    paragraphs = [each.paragraph - opening for each in in_body]
    first = min(paragraphs, default=99)
    return {
        "count": math.log(1 + word.count),
        "share of most": word.count / most,
        "share of sentences": in_sentences / sentences,
        "sentences": math.log(1 + in_sentences),
        "heading": float(any(each.part is TextPart.HEADING for each, _ in word.places)),
        "first paragraph": float(first <= 0),
        "early": float(first <= _EARLY),
        "late": float(first > _LATE),
        "count early": math.log(1 + sum(each < _EARLY for each in paragraphs)),
    }


def _of_neighbours(word: NeedWord) -> dict[str, float]:
    before = [each.tokens[at - 1].form if at else "" for each, at in word.places]
    after = [each.tokens[at + 1].form for each, at in word.places if at + 1 < len(each.tokens)]
    uses = sum(
        any(token.form in USES for token in sentence.tokens[max(0, at - 3) : at])
        for sentence, at in word.places
    )
    noun = sum(form in BEFORE_NOUNS for form in before) / word.count
    return {
        "after a determiner": noun,
        "never after a determiner": float(noun == 0),
        "after of": sum(form in OF for form in before) / word.count,
        "before of": sum(form in OF for form in after) / word.count,
        "after a head": sum(is_head(form) for form in before) / word.count,
        "for use": float(min(2, uses)),
    }


def _of_kind(word: NeedWord) -> dict[str, float]:
    within = [
        sentence.tokens[at].is_capital
        for sentence, at in word.places
        if at
        and sentence.part is TextPart.BODY
        and sentence.tokens[at - 1].text not in _BEFORE_CAPITALS
    ]
    capital = sum(within) / len(within) if within else 0.0
    form = Counter(token.form for token in word.tokens).most_common(1)[0][0]
    text = Counter(token.text.lower() for token in word.tokens).most_common(1)[0][0]
    common = commonness(text)
    many = math.log(1 + word.count)
    only_capital = all(token.is_capital for token in word.tokens)
    is_name = float(capital > _NAME or (only_capital and common == 0))
    by_product = float(bool(BY_PRODUCTS.fullmatch(form)))
    features = {
        "capital": capital,
        "name": is_name,
        "name, often": is_name * many,
        "plural": sum(token.form.endswith(("s", "x")) for token in word.tokens) / word.count,
        "length": min(len(form), 12) / 12,
        "unknown": float(common == 0),
        "common": common / 5,
        "very common": max(0.0, common - _MOST_SPOKEN),
        "rare, often": (5 - common) / 5 * many,
        "verb": float(bool(verbs(form))),
        "head": float(is_head(form)),
        "place or time": float(form in PLACES_AND_TIMES),
        "by-product": by_product,
        "by-product, often": by_product * many,
    }
    return features | {f"-{each}": 1.0 for each in _ENDINGS if form.endswith((each, f"{each}s"))}


def _in_title(word: NeedWord) -> dict[str, float]:
    """The features of a word of the title, those of its kind weighing otherwise there."""
    sentence, at = next(each for each in word.places if each[0].part is TextPart.TITLE)
    tokens, own = sentence.tokens, word.features
    carrying = [each for each, token in enumerate(tokens) if carries(token)]
    before = tokens[at - 1].form if at else ""
    outside = sum(each.part is TextPart.BODY for each, _ in word.places)
    is_no_noun = own["never after a determiner"] and not own["before of"]
    return {
        "title": 1.0,
        "title and text": float(outside > 0),
        "title, often": math.log(1 + outside),
        "title, early": 1 - carrying.index(at) / max(1, len(carrying) - 1),
        "title, first": float(at == 0),
        "title, for": float(before in USES),
        "title, after of": float(before in OF),
        "title, in": float(before in _IN),
        "title, before of": float(at + 1 < len(tokens) and tokens[at + 1].form in OF),
        "title, no noun": float(is_no_noun),
        "title, only there": float(word.count == 1),
    } | {f"title, {kind}": own[kind] for kind in ("name", "common", "verb", "head", "by-product")}


def _add_ranks(found: Mapping[str, NeedWord]) -> None:
    """Ranks the most frequent words: of all, of those of the title, and of the nouns."""
    words = list(found.values())
    nouns = [
        word for word in words
        if word.features["after a determiner"] > 0.3 and not word.features["name"]
    ]  # fmt: skip
    titled = [word for word in words if "title" in word.features]
    for name, those in (("rank", words), ("title, rank", titled), ("noun, rank", nouns)):
        for rank, word in enumerate(sorted(those, key=lambda each: -each.count)[:6], start=1):
            word.features[name] = 1 / rank


LEAST = 0.1  # an article whose likeliest word is less likely to name a need tells none
BESIDE = 0.12  # least probability of the likeliest word of a second stretch
_LIKELIEST = 8  # stretches are looked for around so many words, the likeliest that are no names
_A_WORD, _A_TITLE, _SURE = 0.05, 0.1, 0.9  # cost of a word, worth of the title, most of a word
_WHOLE = 5  # words of a stretch that needs no other, and most words of that other
_LEAST = 1e-3  # probabilities are kept this far from 0 and 1 before their log odds are taken


@dataclass(frozen=True, slots=True)
class NeedJudge:
    """`names_need` judges words by the features of `NeedWord`, `calibration` those of `doubts`."""

    names_need: Regression
    calibration: Regression

    @classmethod
    def of_json(cls, told: Mapping[str, Any]) -> Self:
        return cls(*(Regression(told[name]["intercept"], told[name]["weights"])
                     for name in ("words", "calibration")))  # fmt: skip


def doubts(probabilities: Sequence[float]) -> dict[str, float]:
    """The features of the calibration: the log odds of a phrase's two likeliest words."""
    best, second = sorted((*probabilities, 0.0), reverse=True)[:2]
    return {"likeliest": _log_odds(best), "second": _log_odds(second)}


def _log_odds(probability: float) -> float:
    kept = min(max(probability, _LEAST), 1 - _LEAST)
    return math.log(kept / (1 - kept))


@cache
def bundled_need_judge() -> NeedJudge:
    text = (files("ingest.extraction.needs") / "judge.json").read_text(encoding="utf-8")
    return NeedJudge.of_json(json.loads(text))


@dataclass(frozen=True, slots=True)
class Need:
    """A phrase of the text, its stems, the sentence that it is from, and how sure it is, 0 to 1."""

    phrase: str
    stems: tuple[str, ...]
    sentence: Sentence
    confidence: float


def need_of(
    sentences: Sequence[Sentence], lang: str, judge: NeedJudge | None = None
) -> Need | None:
    judge = judge or bundled_need_judge()
    return told_need(sentences, need_words(sentences, lang), lang, judge)


def told_need(
    sentences: Sequence[Sentence], words: Mapping[str, NeedWord], lang: str, judge: NeedJudge
) -> Need | None:
    likely = {own: judge.names_need.probability(word.features) for own, word in words.items()}
    things = (own for own, word in words.items() if not word.features["name"])
    likeliest = sorted(things, key=lambda own: -likely[own])[:_LIKELIEST]
    if not likeliest or likely[likeliest[0]] < LEAST:
        return None
    if not (found := list(stretches(sentences, set(likeliest), lang))):
        return None

    def score(stretch: NeedStretch) -> float:
        worth = sum(min(likely[each], _SURE) - _A_WORD for each in stretch.stems)
        return worth + _A_TITLE * (stretch.sentence.part is TextPart.TITLE)

    best = max(found, key=score)
    phrase, stems = best.text, best.stems
    beside = [
        each for each in found
        if not set(each.stems) & set(best.stems)
        and len(each.text.split()) <= _WHOLE
        and max(likely[own] for own in each.stems) >= BESIDE
    ]  # fmt: skip
    if beside and len(best.stems) < _WHOLE:
        other = max(beside, key=score)
        phrase = f"{phrase} : {other.text}"
        stems += other.stems
    confidence = judge.calibration.probability(doubts([likely[each] for each in stems]))
    return Need(phrase, stems, best.sentence, round(confidence, 2))

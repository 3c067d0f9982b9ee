"""The need that was met, a short phrase of the article: "marc de café : champignons".

A judge that learnt from labelled articles says of each word how likely it names the need; the
stretch with the likeliest words is taken, and a second one that names its use or its matter.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Self

from ingest.extraction.needs.phrases import NeedStretch, stretches
from ingest.extraction.needs.words import NeedWord, need_words
from ingest.extraction.tokens import Sentence, TextPart
from kb.regression import Regression

LEAST = 0.1  # an article whose likeliest word is less likely to name a need tells none
BESIDE = 0.12  # least probability of the likeliest word of a second stretch
_LIKELIEST = 8  # stretches are looked for around so many words, the likeliest that are no names
_A_WORD, _A_TITLE, _SURE = 0.05, 0.1, 0.9
"""What a word costs a stretch, what the title adds to one, and the most that a word is worth."""
_WHOLE = 5
"""A stretch of so many words needs no other beside it, and what stands beside has no more."""
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
    found = list(stretches(sentences, set(likeliest), lang))
    if not found:
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

"""Letters: the sentences of a long text that ask for something, by the probe, words and place."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from kb.encoder.encoder import Embeddings
from kb.search.need.probe import NeedProbe
from kb.search.query import bare_need
from kb.search.weights import LetterWeights
from kb.text.folding import fold
from kb.text.lexicon import Lexicons

_LEXICONS = Lexicons(Path(__file__).parent / "lexicons")
_POLITENESS = re.compile(rf"{_LEXICONS.any_of('letters', 'politeness')}(?!\w)")
_CLOSING = re.compile(rf"{_LEXICONS.any_of('letters', 'closings')}(?!\w)")
_QUOTED = re.compile(_LEXICONS.any_of("letters", "quoted"))
_REFERRING = re.compile(_LEXICONS.any_of("letters", "referring"))
_ASKING = re.compile(_LEXICONS.any_of("letters", "asking"))
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"»”)]*\s+(?=[\"«“(\-–•*]*[A-ZÀ-ÖØ-Þ0-9])")
_CONTACT = re.compile(r"https?://|www\.|\S@\S|(?:\+?\d[\d .()/-]{7,}\d)")
_MARKS = re.compile(r"[\"«»“”]|(?:^|(?<=\s))[+\-−–•*>]+\s*(?=\S)")
_GREETING = re.compile(
    rf"^{_LEXICONS.any_of('letters', 'politeness')}[^,.!?:]{{0,40}}[,!:.]\s*(?=\S)"
)
_ITEM = re.compile(r"\s*(?:[-–•*]|\d{1,2}[.)])\s*\S")
_WORDS = re.compile(r"\w+")
_MOST_QUOTED_CHARS = 120  # a longer line is a whole letter that lost its lines


def is_letter(text: str, weights: LetterWeights) -> bool:
    words, most = len(_WORDS.findall(text)), weights.most_words
    return words > most or (words > most // 2 and len(_split(text)) >= weights.least_sentences)


def has_contact(text: str) -> bool:
    """Returns whether a text has an e-mail or web address, or a number as long as a telephone's."""
    return _CONTACT.search(text) is not None


def sentences_of(text: str) -> list[str]:
    """The sentences of a letter that could ask for something, without the signs that steer."""
    found: list[str] = []
    in_list = False
    for line in text.splitlines():
        if _QUOTED.match(fold(line).strip()) and len(line) <= _MOST_QUOTED_CHARS:
            continue
        is_item, in_list = in_list and _ITEM.match(line) is not None, _ITEM.match(line) is not None
        for sentence in _split(line):
            told = _without_greeting(sentence)
            if _CLOSING.match(fold(told)):
                if found:
                    return found
            elif _may_ask(told):
                plain = " ".join(_MARKS.sub(" ", told).split())
                if is_item and found:
                    # The items of a list are asked for together.
                    found[-1] += f", {plain}"
                else:
                    found.append(plain)
    return found


def asking_sentences(
    text: str,
    probe: NeedProbe,
    embed: Callable[[Sequence[str]], Embeddings],
    weights: LetterWeights,
) -> tuple[str, ...]:
    """The sentences in which a letter asks for a need, in order; `embed` gives `(n, dimension)`."""
    sentences = sentences_of(text)[: weights.sentences_read]
    if not sentences:
        return ()
    rows = embed([bare_need(sentence) for sentence in sentences])
    odds = [
        float(np.clip(probe.log_odds(sentence, row), -weights.most_odds, weights.most_odds))
        for sentence, row in zip(sentences, rows, strict=True)
    ]
    asks = [_ASKING.search(fold(sentence)) is not None for sentence in sentences]
    scores = np.array(odds) + weights.asking * np.array(asks)
    scores -= weights.place * np.arange(len(sentences)) / len(sentences)
    near = scores.max() - weights.near_best
    in_order = np.argsort(-scores, kind="stable").tolist()
    best = [at for at in in_order if scores[at] >= near or (asks[at] and odds[at] > 0)]
    kept: list[int] = []
    for at in best:
        # "Le moteur a brûlé. Qui saurait le réparer ?": the sentence before says what is asked for.
        refers = at > 0 and _REFERRING.search(fold(sentences[at])) is not None
        new = {at - 1, at} - set(kept) if refers else {at} - set(kept)
        if asks[at] or len(kept) + len(new) <= weights.most_sentences:
            kept += new
    return tuple(sentences[at] for at in sorted(kept))


def _split(text: str) -> list[str]:
    return [part.strip() for part in _SENTENCE_END.split(text) if part.strip()]


def _without_greeting(sentence: str) -> str:
    """The sentence without the greeting before it: "Bonjour, nous cherchons" → "nous cherchons"."""
    folded = fold(sentence)
    greeting = _GREETING.match(folded)
    # Folding may change lengths; then the sentence stays as it is.
    return sentence[greeting.end() :] if greeting and len(folded) == len(sentence) else sentence


def _may_ask(sentence: str) -> bool:
    telling = [word for word in _WORDS.findall(_CONTACT.sub(" ", sentence)) if word.isalpha()]
    is_contact = _CONTACT.search(sentence) is not None and len(telling) < 6
    folded = fold(sentence)
    polite = _POLITENESS.match(folded) is not None and _ASKING.search(folded) is None
    return len(telling) >= 2 and not is_contact and not polite

"""Readings: what a single word may mean, by what firms of different trades make: "pompe"."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import cache

from kb.reference.trades import LexiconKind, TradePhrase, lexicon
from kb.search.query import Query
from kb.text.analysis import carrying_words
from kb.text.folding import fold

MOST, MOST_WORDS = 3, 4
"""Most readings, and most words of each."""


def readings(asked: Query, lang: str) -> tuple[str, ...]:
    """Returns what a need of one word may mean in different trades, usual ones first."""
    found = carrying_words(asked.need)
    if len(found) != 1 or len(asked.need.split()) > len(found) + 1:
        return ()
    said = _phrases(lang).get(_singular(fold(found[0].forms[-1])), ())
    uses = Counter(phrase.code[:2] for phrase in said)
    chosen: dict[str, str] = {}
    for phrase in sorted(said, key=lambda phrase: (-uses[phrase.code[:2]], len(phrase.text))):
        if fold(phrase.text) not in {fold(asked.need), *map(fold, chosen.values())}:
            chosen.setdefault(phrase.code[:2], phrase.text)
    return tuple(chosen.values())[:MOST] if len(chosen) > 1 else ()


@cache
def _phrases(lang: str) -> Mapping[str, Sequence[TradePhrase]]:
    """What firms make, by the first word of a phrase in French, by the last in English."""
    found: dict[str, list[TradePhrase]] = defaultdict(list)
    for phrase in lexicon():
        if phrase.kind is LexiconKind.MAKES and phrase.lang == lang:
            said = fold(phrase.text).split()
            if 1 < len(said) <= MOST_WORDS:
                found[_singular(said[0] if lang == "fr" else said[-1])].append(phrase)
    return found


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word[-1] in "sx" else word

"""Rare words: words of a query that few texts have, and that therefore decide.

An encoder knows nothing of `drêches`, of a machine's name or of a certificate, and reads something
else in them. Whose text has the word has what is asked for. A word is rare by how few records have
it, among the records of the base and the trades of the whole economy, so that a word is not rare
for the sole reason that a base is small.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from kb.reference.trades import trades
from kb.search.literal.known_words import WordsOfBase
from kb.search.query import Query
from kb.search.weights import RareWordWeights
from kb.text.analysis import STEMMERS, Word, carrying_words, stem, stems, words


@dataclass(frozen=True, slots=True)
class RareWord:
    """A rare word as it was typed, how rare it is (above 0, at most 1), and who has it.

    `share` is its share of the words that carry the need; `passages` are ids.
    """

    text: str
    rarity: float
    share: float
    passages: frozenset[int]


def rare_words(asked: Query, base: WordsOfBase, weights: RareWordWeights) -> tuple[RareWord, ...]:
    """Returns the rare words of a query that some passage has, as they stand in it.

    A wanted word is there twice: it counts more.
    """
    texts = [asked.text, *asked.wanted]
    carrying = [(text, word) for text in texts for word in carrying_words(text)]
    documents = base.count_records() + len(trades())
    most = int(documents**weights.common_power)
    known: dict[tuple[str, ...], tuple[float, frozenset[int]]] = {}
    found = []
    for text, word in carrying:
        if word.forms not in known:
            is_name = text[word.start].isupper()
            known[word.forms] = _rarity(word, is_name, base, documents, most, weights)
        rarity, passages = known[word.forms]
        if rarity > 0 and passages:
            share = 1 / len(carrying)
            found.append(RareWord(text[word.start : word.end], rarity, share, passages))
    return tuple(found)


def shares_of_rare_words(found: Sequence[RareWord]) -> Mapping[int, tuple[float, float]]:
    """Returns the share of the need that the rare words of each passage are, by its id.

    First each word counts as it is rare, then each as much.
    """
    shares: dict[int, tuple[float, float]] = {}
    for word in found:
        for id_ in word.passages:
            rare, share = shares.get(id_, (0.0, 0.0))
            shares[id_] = rare + word.rarity * word.share, share + word.share
    return shares


def rare_word_points(share: float, weights: RareWordWeights) -> float:
    """Returns what rare words add to the BM25 of a passage, by their share of the need.

    A passage with all the words of a need, all of them rare, gets `weights.points`; with a single
    word of many, less than its share. So a word that is there by chance does not drown the rest.
    """
    return weights.points * math.pow(share, weights.share_power)


def _rarity(
    word: Word,
    is_name: bool,
    base: WordsOfBase,
    documents: int,
    most: int,
    weights: RareWordWeights,
) -> tuple[float, frozenset[int]]:
    """The rarity of a word, 0 for a common one, and the passages with a rare one.

    A word that may be a name is also looked for among the places of actors, and stands in all their
    passages; not so `Cognac`, which is also what trades make.
    """
    in_trades = _trades_with(word)
    found = base.records_having(word, most - in_trades, placed=is_name and not in_trades)
    if not found or not found.records or found.records + in_trades >= most:
        return 0.0, frozenset()
    power = math.log(found.records + in_trades) / math.log(documents)
    rarity = (weights.common_power - power) / (weights.common_power - weights.rare_power)
    return min(rarity, 1.0), frozenset(found.passages.tolist())


def is_word_of_trades(word: Word) -> bool:
    """Returns whether some trade of the economy is described with this word."""
    return _trades_with(word) > 0


def _trades_with(word: Word) -> int:
    counts = _stems_of_trades()
    return max(counts.get(stem(form, lang), 0) for form in word.forms[-1:] for lang in STEMMERS)


@cache
def _stems_of_trades() -> Mapping[str, int]:
    """How many trades have each stem, in the language that has it in more of them."""
    by_lang = {
        lang: Counter(
            key
            for phrase in phrases
            for key in {key for word in words(phrase) for key in stems(word, lang)}
        )
        for lang, phrases in (
            ("fr", [trade.fr for trade in trades()]),
            ("en", [trade.en for trade in trades()]),
        )
    }
    joined = by_lang["fr"] | by_lang["en"]
    return dict(joined)

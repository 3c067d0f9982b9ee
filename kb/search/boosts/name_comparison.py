"""Comparison of a query with names: words are compared by their letters and by their sound.

A name is recognised by its distinctive words. A word is less distinctive if more names have it and
if more texts write it in small letters: `savon` is no name, though a firm is called Savon du
Midi; `merlet` is, though the firm is called Distillerie Merlet.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

from kb.search.weights import NameWeights
from kb.store.names import NameWord, VocabularyWord
from kb.store.store import Store
from kb.text.analysis import FRAMING_WORDS
from kb.text.lexicon import LEXICONS
from kb.text.organisation_name import analyse_name
from kb.text.phonetics import sound

_BEFORE_NAMES = LEXICONS.words("words_before_names")
"""Words of a query that announce a firm; its name is in the other words."""


class NameComparison:
    """A query compared with names. The worth of each of its words is looked up once."""

    def __init__(self, asked: Sequence[str], store: Store, weights: NameWeights) -> None:
        """`asked` are the words of the query (`kb.text.organisation_name`)."""
        self._asked = asked
        self._store = store
        self._weights = weights
        self._known: dict[str, float] = {}

    def likeness(self, actor_id: str, name: Sequence[NameWord]) -> float:
        """Returns the likeness of the query to a name of an actor, 0 to 1, the name itself."""
        weights = self._weights
        words = [word for word in name if word.position >= 0]
        key, sounds = "".join(self._asked), "".join(map(sound, self._asked))
        if key == "".join(word.word for word in words):
            return 1.0
        whole = max(
            OSA.normalized_similarity(key, "".join(word.word for word in words)),
            weights.sounds_alike
            * OSA.normalized_similarity(sounds, "".join(word.sound for word in words)),
        )
        if whole < weights.whole_likeness or len(key) < weights.least_whole_chars:
            whole = 0.0
        elif len(self._asked) == 1:
            whole *= min(1.0, self.distinctiveness(key) / weights.enough)
        return max(whole, self._by_initials(key, name), self._by_words(actor_id, words))

    def _by_initials(self, key: str, name: Sequence[NameWord]) -> float:
        weights = self._weights
        for word in name:
            if word.position < 0 and word.word == key and len(key) >= weights.least_initials:
                distinctive = min(1.0, self.distinctiveness(key) / weights.enough)
                return weights.initials_likeness * distinctive
        return 0.0

    def _by_words(self, actor_id: str, name: Sequence[NameWord]) -> float:
        weights = self._weights
        named = {word.word: word for word in name}
        asked, written = self._asked, [word.word for word in name]
        pairs = self._pairs(asked, written)
        if len(pairs) < max(len(asked), len(written)):
            written = self._joined(_shortened(written, asked), asked)
            asked = self._joined(asked, written)
            pairs = self._pairs(asked, written)
        alike = {word: likeness for word, _, likeness in pairs}
        if not pairs or sum(alike.values()) < weights.enough:
            return 0.0
        added = set(asked) - alike.keys() - FRAMING_WORDS - _BEFORE_NAMES
        least = weights.least_added if min(alike.values()) == 1 else weights.least_added_to_slip
        # These bounds reject most names before any text is read.
        at_best = [
            rarity(named[other].names if other in named else 1, weights) for _, other, _ in pairs
        ]
        place = set()
        if added and _contained(at_best, alike.values(), 0) >= weights.threshold:
            place = set(analyse_name(self._store.actors([actor_id])[actor_id].place).spelled)
            added -= place
        if _contained(at_best, alike.values(), least * len(added)) < weights.threshold:
            return 0.0
        worths = [self._shared_worth(word, other, named) for word, other, _ in pairs]
        if sum(worths) < weights.enough or (
            _contained(worths, alike.values(), 0) < weights.threshold
        ):
            return 0.0
        contained = _contained(
            worths, alike.values(), sum(max(least, self.distinctiveness(word)) for word in added)
        )
        missing = sum(
            self._missing_worth(word, named)
            for word in set(written) - {other for _, other, _ in pairs}
        )
        covered = _contained(worths, alike.values(), missing)
        return min(weights.below_exact, contained * (1 - weights.missing_share * (1 - covered)))

    def _shared_worth(self, word: str, other: str, named: Mapping[str, NameWord]) -> float:
        """Returns the worth of a word of the query paired with the word `other` of the name.

        If they differ and texts use the word of the query, it probably has its usual meaning.
        """
        worth = self._worth(other, named)
        return worth if word == other else min(worth, self.distinctiveness(word))

    def _worth(self, word: str, named: Mapping[str, NameWord]) -> float:
        names = named[word].names if word in named else 1
        return rarity(names, self._weights) * self.distinctiveness(word)

    def _missing_worth(self, word: str, named: Mapping[str, NameWord]) -> float:
        """Returns the worth of a word that the query leaves out; a trade's is not looked up."""
        if word in named and named[word].names > self._weights.trade_names:
            return rarity(named[word].names, self._weights) / 2
        return self._worth(word, named)

    def distinctiveness(self, word: str) -> float:
        """Returns 1 for a word that texts use only as a name, else less."""
        if word not in self._known:
            weights = self._weights
            uses = self._store.uses_of_word(word, weights.uses_counted, weights.uses_read)
            self._known[word] = 1 / (
                1 + uses.small / weights.small_uses + uses.others / weights.other_uses
            )
        return self._known[word]

    def _joined(self, words: Sequence[str], others: Sequence[str]) -> list[str]:
        """Returns the words, with two neighbours joined if that makes a word of the others."""
        weights = self._weights
        joined: list[str] = []
        for word in words:
            if joined and any(
                word_likeness(joined[-1] + word, other, weights)
                > max(
                    weights.joined_likeness,
                    word_likeness(joined[-1], other, weights),
                    word_likeness(word, other, weights),
                )
                for other in others
            ):
                joined[-1] += word
            else:
                joined.append(word)
        return joined

    def _pairs(self, words: Sequence[str], others: Sequence[str]) -> list[tuple[str, str, float]]:
        """Returns pairs of like words and their likeness; each word is in no second pair."""
        alike = sorted(
            (
                (likeness, word, other)
                for word in dict.fromkeys(words)
                for other in dict.fromkeys(others)
                if (likeness := word_likeness(word, other, self._weights))
            ),
            key=lambda pair: -pair[0],
        )
        pairs: list[tuple[str, str, float]] = []
        for likeness, word, other in alike:
            if all(word != pair[0] and other != pair[1] for pair in pairs):
                pairs.append((word, other, likeness))
        return pairs


def _contained(worths: Sequence[float], alike: Iterable[float], rest: float) -> float:
    """Returns the share of the total worth that is shared; `rest` is the worth that is not."""
    shared = sum(worth * likeness for worth, likeness in zip(worths, alike, strict=True))
    return shared / (sum(worths) + rest)


def rarity(names: int, weights: NameWeights) -> float:
    """Returns the rarity of a word in this many names: 1 for a single name, else less."""
    return 1 / (1 + math.log2(max(names, 1)) / weights.rarity_doublings)


def _shortened(words: Sequence[str], others: Sequence[str]) -> list[str]:
    """Returns the words, with neighbours as initials where these are a word of the others."""
    initials = "".join(word[0] for word in words)
    shortened = list(words)
    for other in others:
        at = initials.find(other) if len(other) > 1 else -1
        if at >= 0 and len(shortened) == len(words):
            shortened[at : at + len(other)] = [other]
    return shortened


def word_likeness(word: str, other: str, weights: NameWeights) -> float:
    """Returns the likeness of two words, 0 if they are more than a slip apart."""
    slip_chars = weights.slip_chars, weights.two_slips_chars
    return _word_likeness(word, other, weights.sounds_alike, slip_chars)


@lru_cache(maxsize=50_000)
def _word_likeness(
    word: str, other: str, sounds_alike: float, slip_chars: tuple[int, int]
) -> float:
    if word == other:
        return 1.0
    if word.isdigit() or other.isdigit():
        return 0.0
    by_sound = _nearness(sound(word), sound(other), slip_chars)
    return max(_nearness(word, other, slip_chars), sounds_alike * by_sound)


def _nearness(word: str, other: str, slip_chars: tuple[int, int]) -> float:
    length = max(len(word), len(other))
    slips = _slips(length, slip_chars)
    edits = OSA.distance(word, other, score_cutoff=slips)
    return 1 - edits / length if edits <= slips else 0.0


def _slips(length: int, slip_chars: tuple[int, int]) -> int:
    """Returns how many slips a word of this length may have."""
    return (length >= slip_chars[0]) + (length >= slip_chars[1])


def alike(
    word: str, others: Sequence[VocabularyWord], weights: NameWeights
) -> dict[VocabularyWord, float]:
    """Returns those of others that are like a word, each with its `word_likeness`, in one go."""
    if word.isdigit():
        return {other: 1.0 for other in others if other.word == word}
    slip_chars = weights.slip_chars, weights.two_slips_chars
    found: dict[VocabularyWord, float] = {}
    for asked, written, share in (
        (word, [other.word for other in others], 1.0),
        (sound(word), [other.sound for other in others], weights.sounds_alike),
    ):
        # What it is like is as many characters longer at most as there are slips.
        most = _slips(len(asked) + 2, slip_chars)
        for text, edits, place in process.extract(
            asked, written, scorer=OSA.distance, score_cutoff=most, limit=None
        ):
            length, other = max(len(asked), len(text)), others[place]
            if edits <= _slips(length, slip_chars) and not other.word.isdigit():
                likeness = share * (1 - edits / length)
                found[other] = max(found.get(other, 0.0), likeness)
    return found

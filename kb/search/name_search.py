"""Names nearly known: the actors that a query means by name, however it spells it.

    query ─ its words ─ near words of names (kb.store.names) ─ who bears them ─ compared

A name is known by its distinctive words. A word is the less so, the more names have it, and the
more texts write it small, as no name is: `savon` is no name, though a firm is called Savon du
Midi; `merlet` is one, though the firm is called Distillerie Merlet.
"""

import heapq
import math
import re
from bisect import bisect
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import NamedTuple

from rapidfuzz.distance import OSA
from stdnum import luhn

from kb.models import SIREN_DIGITS, SIRET_DIGITS
from kb.store.names import NameWord, VocabularyWord
from kb.store.store import Store
from kb.text.analysis import FRAMING_WORDS, FUNCTION_WORDS
from kb.text.folding import fold
from kb.text.organisation_name import analyse_name, name_key
from kb.text.phonetics import sound

THRESHOLD = 0.7
"""From this likeness on, a query is taken for the name."""
MAX_NAME_WORDS = 8
"""Who types more words than that tells a need."""
MAX_NAMES = 10
"""How many names a query is taken for at most."""

_SET_BEFORE_NAMES = frozenset(
    "atelier ateliers boutique fabrique firme maison manufacture marque usine usines".split()
)
"""Words by which people say that a firm is meant; who is in the others."""

_NEAR_WORDS, _ACTORS_LOOKED_AT, _NAMES_COMPARED = 8, 1000, 10
_PASSAGES_LOOKED_AT, _PASSAGES_READ = 24, 8
"""How much is looked at, so that a name is found in a millisecond."""
_MIN_PART_CHARS, _PART_LIKENESS = 3, 0.6
_WORDS_JOINED = 4
"""Of more words, none are thought to be one."""
_LEAST_ADDED, _LEAST_ADDED_TO_A_SLIP = 0.25, 0.5
"""What a word that is not in the name tells against it, however plain; and beside a slip."""
_SOUNDS_ALIKE = 0.97
"""How alike two words are that are written differently, and sound the same."""
_ONE_SLIP_CHARS, _TWO_SLIPS_CHARS = 4, 8
_JOINED_LIKENESS = 0.85
_HALF_AS_TELLING_SMALL, _HALF_AS_TELLING_OTHERS = 0.5, 2.0
"""A word is half as telling when so many passages write it small, or so many actors use it that
are not called so."""
_HALF_AS_TELLING_DOUBLINGS = 7.0
"""And when the names that have it have doubled so many times."""
_ENOUGH = 0.6
"""What the words that a query shares with a name must tell, of the 1 of a word of its own."""
_NAMES_OF_A_TRADE = 16
_MISSING_SHARE = 0.25
"""What a name loses of its likeness by all that the query leaves out of it."""
_WHOLE_LIKENESS = 0.8
_MIN_WHOLE_CHARS = 4
_MIN_INITIALS = 3
_INITIALS_LIKENESS = 0.9
_NEAR_NUMBER, _SAME_UNIT = 0.9, 0.95
_NUMBER = re.compile(r"(?:sire[nt]|rcs|n[o°]|[\s:])*((?:\d[\s.\-_/]*){8,15})")


@dataclass(frozen=True, slots=True)
class NearName:
    """An actor that a query may name. `likeness` is from `THRESHOLD` to 1, the name itself."""

    actor_id: str
    likeness: float


def names_near(query: str, store: Store) -> list[NearName]:
    """The actors that a query names, most alike first, ties by id; nobody, if it tells a need.

    A number of digits is a SIREN or SIRET, with one digit wrong, missing or swapped if it does not
    satisfy its check digit.
    """
    if number := _NUMBER.fullmatch(fold(query).strip()):
        found = _numbered("".join(filter(str.isdigit, number[1])), store)
    else:
        found = _named(query, store)
    return sorted(found, key=lambda near: (-near.likeness, near.actor_id))[:MAX_NAMES]


def is_telling(name: str, store: Store) -> bool:
    """Whether a name could be nothing else: not if all its words are those of needs, too."""
    comparison = _Comparison((), store)
    return any(comparison.telling(word) >= _ENOUGH for word in analyse_name(name).spelled)


def _named(query: str, store: Store) -> list[NearName]:
    asked = analyse_name(query).spelled
    if not asked or len(asked) > MAX_NAME_WORDS:
        return []
    ids = set(store.actors_named(name_key(query)))
    if not FUNCTION_WORDS.issuperset(asked):
        ids.update(_bearers(asked, store))
    names = store.name_words(ids)
    return _Comparison(asked, store).of(names)


# Who may be meant


def _bearers(asked: Sequence[str], store: Store) -> list[str]:
    """The ids of the actors whose names have most of what is near the words of the query."""
    near = _near_words(asked, store)
    if not near:
        return []
    # A word of very many names only tells apart those that rarer words have brought up.
    n_rare = max(1, bisect(list(accumulate(one.word.names for one in near)), _ACTORS_LOOKED_AT))
    rare = {one.word.id for one in near[:n_rare]}
    common = {one.word.id for one in near[n_rare:]} - rare
    found = store.actors_with_words(rare, _ACTORS_LOOKED_AT)
    if common:
        found += store.actors_with_words(common, _ACTORS_LOOKED_AT, among_those_with=rare)
    having: dict[int, list[str]] = defaultdict(list)
    for word_id, actor_id in found:
        having[word_id].append(actor_id)
    scores: dict[str, dict[str, float]] = defaultdict(dict)
    for word, token, likeness in near:
        worth = likeness * _rarity(word.names)
        for actor_id in having[word.id]:
            score = scores[actor_id]
            score[token] = max(score.get(token, 0.0), worth)
    return heapq.nsmallest(
        _NAMES_COMPARED, scores, key=lambda id_: (-sum(scores[id_].values()), id_)
    )


class _NearWord(NamedTuple):
    """A word that names have, and the word of the query that it is like."""

    word: VocabularyWord
    token: str
    likeness: float


def _near_words(asked: Sequence[str], store: Store) -> list[_NearWord]:
    """Words like one of these, or two of them joined, or part of one; the rarest first."""
    found: list[_NearWord] = []
    joined = map("".join, pairwise(asked)) if len(asked) <= _WORDS_JOINED else ()
    for token, words in store.words_near({*asked, *joined}).items():
        near = [
            _NearWord(word, token, likeness)
            for word in words
            if (likeness := _likeness(token, word.word))
        ]
        found += heapq.nsmallest(_NEAR_WORDS, near, key=lambda one: (-one.likeness, one.word.id))
    ends = {end: word for word in asked for end in _ends(word)}
    found += [
        _NearWord(word, ends[word.word], _PART_LIKENESS)
        for word in (store.vocabulary(ends) if ends else ())
    ]
    return sorted(found, key=lambda one: (one.word.names, -one.likeness, one.word.id))


def _ends(word: str) -> Iterator[str]:
    """What could be a word of a name, if the space after it, or before it, was left out."""
    for at in range(_MIN_PART_CHARS, len(word) - _MIN_PART_CHARS + 1):
        yield from (word[:at], word[at:])


# Whether it is


class _Comparison:
    """A query against names. What its words are worth is looked up once."""

    def __init__(self, asked: Sequence[str], store: Store) -> None:
        self._asked = asked
        self._store = store
        self._told: dict[str, float] = {}

    def of(self, names: dict[str, list[NameWord]]) -> list[NearName]:
        return [
            NearName(actor_id, likeness)
            for actor_id, name in names.items()
            if (likeness := self._likeness(actor_id, name)) >= THRESHOLD
        ]

    def _likeness(self, actor_id: str, name: Sequence[NameWord]) -> float:
        words = [word for word in name if word.position >= 0]
        key, heard = "".join(self._asked), "".join(map(sound, self._asked))
        if key == "".join(word.word for word in words):
            return 1.0
        whole = max(
            OSA.normalized_similarity(key, "".join(word.word for word in words)),
            _SOUNDS_ALIKE * OSA.normalized_similarity(heard, "".join(word.sound for word in words)),
        )
        if whole < _WHOLE_LIKENESS or len(key) < _MIN_WHOLE_CHARS:
            whole = 0.0
        elif len(self._asked) == 1:
            whole *= min(1.0, self.telling(key) / _ENOUGH)
        return max(whole, self._by_initials(key, name), self._by_words(actor_id, words))

    def _by_initials(self, key: str, name: Sequence[NameWord]) -> float:
        for word in name:
            if word.position < 0 and word.word == key and len(key) >= _MIN_INITIALS:
                return _INITIALS_LIKENESS * min(1.0, self.telling(key) / _ENOUGH)
        return 0.0

    def _by_words(self, actor_id: str, name: Sequence[NameWord]) -> float:
        named = {word.word: word for word in name}
        asked, written = self._asked, [word.word for word in name]
        pairs = _pairs(asked, written)
        if len(pairs) < max(len(asked), len(written)):
            written = _joined(_shortened(written, asked), asked)
            asked = _joined(asked, written)
            pairs = _pairs(asked, written)
        alike = {one: likeness for one, _, likeness in pairs}
        if not pairs or sum(alike.values()) < _ENOUGH:
            return 0.0
        added = set(asked) - alike.keys() - FRAMING_WORDS - _SET_BEFORE_NAMES
        least = _LEAST_ADDED if min(alike.values()) == 1 else _LEAST_ADDED_TO_A_SLIP
        # Most names are found too far by what is at hand, before texts are looked at.
        at_best = [_rarity(named[other].names if other in named else 1) for _, other, _ in pairs]
        place = set()
        if added and _contained(at_best, alike.values(), 0) >= THRESHOLD:
            place = set(analyse_name(self._store.actors([actor_id])[actor_id].place).spelled)
            added -= place
        if _contained(at_best, alike.values(), least * len(added)) < THRESHOLD:
            return 0.0
        worths = [self._shared_worth(one, other, named) for one, other, _ in pairs]
        if sum(worths) < _ENOUGH or _contained(worths, alike.values(), 0) < THRESHOLD:
            return 0.0
        contained = _contained(
            worths, alike.values(), sum(max(least, self.telling(one)) for one in added)
        )
        missing = sum(
            self._missing_worth(one, named)
            for one in set(written) - {other for _, other, _ in pairs}
        )
        covered = _contained(worths, alike.values(), missing)
        return min(0.99, contained * (1 - _MISSING_SHARE * (1 - covered)))

    def _shared_worth(self, one: str, other: str, named: dict[str, NameWord]) -> float:
        """What it tells that a word of the query is this one of the name.

        Another word than that of the name, that others use, is likely to mean what they do.
        """
        worth = self._worth(other, named)
        return worth if one == other else min(worth, self.telling(one))

    def _worth(self, word: str, named: dict[str, NameWord]) -> float:
        names = named[word].names if word in named else 1
        return _rarity(names) * self.telling(word)

    def _missing_worth(self, word: str, named: dict[str, NameWord]) -> float:
        """What a word of the name tells that the query leaves out; a trade's is not looked up."""
        if word in named and named[word].names > _NAMES_OF_A_TRADE:
            return _rarity(named[word].names) / 2
        return self._worth(word, named)

    def telling(self, word: str) -> float:
        """1 for a word that no text uses but as a name; else less."""
        if word not in self._told:
            uses = self._store.uses_of_word(word, _PASSAGES_LOOKED_AT, _PASSAGES_READ)
            self._told[word] = 1 / (
                1 + uses.small / _HALF_AS_TELLING_SMALL + uses.others / _HALF_AS_TELLING_OTHERS
            )
        return self._told[word]


def _contained(worths: Sequence[float], alike: Iterable[float], rest: float) -> float:
    """How much of all is shared, by worth, where `rest` is not."""
    shared = sum(worth * likeness for worth, likeness in zip(worths, alike, strict=True))
    return shared / (sum(worths) + rest)


def _rarity(names: int) -> float:
    return 1 / (1 + math.log2(max(names, 1)) / _HALF_AS_TELLING_DOUBLINGS)


def _shortened(words: Sequence[str], others: Sequence[str]) -> list[str]:
    """The words, those that follow each other as initials where those are a word of the others."""
    initials = "".join(word[0] for word in words)
    shortened = list(words)
    for other in others:
        at = initials.find(other) if len(other) > 1 else -1
        if at >= 0 and len(shortened) == len(words):
            shortened[at : at + len(other)] = [other]
    return shortened


def _joined(words: Sequence[str], others: Sequence[str]) -> list[str]:
    """The words, two that follow each other joined where that is a word of the others."""
    joined: list[str] = []
    for word in words:
        if joined and any(
            _likeness(joined[-1] + word, other)
            > max(_JOINED_LIKENESS, _likeness(joined[-1], other), _likeness(word, other))
            for other in others
        ):
            joined[-1] += word
        else:
            joined.append(word)
    return joined


def _pairs(words: Sequence[str], others: Sequence[str]) -> list[tuple[str, str, float]]:
    """Words that are meant to be the same, each in one pair at most, with how alike they are."""
    alike = sorted(
        (
            (likeness, one, other)
            for one in dict.fromkeys(words)
            for other in dict.fromkeys(others)
            if (likeness := _likeness(one, other))
        ),
        key=lambda pair: -pair[0],
    )
    pairs: list[tuple[str, str, float]] = []
    for likeness, one, other in alike:
        if all(one != pair[0] and other != pair[1] for pair in pairs):
            pairs.append((one, other, likeness))
    return pairs


@lru_cache(maxsize=50_000)
def _likeness(one: str, other: str) -> float:
    """How alike two words are, 0 if they are more than a slip apart."""
    if one == other:
        return 1.0
    if one.isdigit() or other.isdigit():
        return 0.0
    return max(_nearness(one, other), _SOUNDS_ALIKE * _nearness(sound(one), sound(other)))


def _nearness(one: str, other: str) -> float:
    length = max(len(one), len(other))
    slips = 0 if length < _ONE_SLIP_CHARS else 1 if length < _TWO_SLIPS_CHARS else 2
    edits = OSA.distance(one, other, score_cutoff=slips)
    return 1 - edits / length if edits <= slips else 0.0


# Numbers


def _numbered(digits: str, store: Store) -> list[NearName]:
    """The actors of a SIREN or SIRET, or of those that it may be a slip of."""
    if len(digits) in {SIREN_DIGITS, SIRET_DIGITS}:
        if known := store.actors_registered(digits):
            return [NearName(actor_id, 1.0) for actor_id in known]
        if luhn.is_valid(digits):
            siren = digits[:SIREN_DIGITS]
            return [NearName(actor_id, _SAME_UNIT) for actor_id in store.actors_registered(siren)]
    meant = sorted({one for one in _slips(digits) if luhn.is_valid(one)})
    return [NearName(actor_id, _NEAR_NUMBER) for actor_id in store.actors_numbered(meant)]


def _slips(digits: str) -> Iterator[str]:
    """Numbers of the right length that one slip makes these digits of."""
    for at in range(len(digits) + 1):
        before, after = digits[:at], digits[at:]
        if len(digits) + 1 in {SIREN_DIGITS, SIRET_DIGITS}:
            yield from (f"{before}{digit}{after}" for digit in "0123456789")
        if len(digits) in {SIREN_DIGITS, SIRET_DIGITS}:
            yield from (f"{before}{digit}{after[1:]}" for digit in "0123456789" if after)
            yield f"{before}{after[1:2]}{after[:1]}{after[2:]}"
        if len(digits) - 1 in {SIREN_DIGITS, SIRET_DIGITS}:
            yield before + after[1:]

"""Names: the actors that a query means by name or number, however it spells it."""

import heapq
import math
import re
from bisect import bisect
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA
from stdnum import luhn

from kb.models import SIREN_DIGITS, SIRET_DIGITS
from kb.search.weights import NAMES
from kb.store.names import NameWord, VocabularyWord
from kb.store.store import Store
from kb.text.analysis import FRAMING_WORDS, FUNCTION_WORDS
from kb.text.email_addresses import addresses_in
from kb.text.folding import fold
from kb.text.lexicon import LEXICONS
from kb.text.organisation_name import analyse_name, name_key
from kb.text.phone_numbers import FRENCH_REGIONS, numbers_in
from kb.text.phonetics import MOST_SLIP_CHARS, sound
from kb.text.written_words import is_of_language

_NUMBER = re.compile(r"(?:sire[nt]|rcs|n[o°]|[\s:])*((?:\d[\s.\-_/]*){8,15})")
_PHONE = re.compile(r"(?:(?:tel|telephone|phone|portable|mobile)[\s.:]*)?\+?[\d\s.()/-]{8,24}")
_ADDRESS = re.compile(r"(?:mailto:)?[^\s@]+@[^\s@]+\.[^\s@]+")
_BEFORE_NAMES = LEXICONS.words("words_before_names")  # words that announce a firm


@dataclass(frozen=True, slots=True)
class NamedActors:
    """The actors whose exact name or number a query is; `only_named`: it asks for nobody else."""

    ids: frozenset[str]
    only_named: bool


def named_actors(text: str, store: Store) -> NamedActors:
    number = "".join(text.split())
    is_bare = number.isdigit() and len(number) in {SIREN_DIGITS, SIRET_DIGITS}
    ids = set(store.actors_named(name_key(text)))
    if is_bare:
        ids |= set(store.actors_registered(number))
    contacts = contacts_in(text)
    ids.update(id_ for contact in contacts for id_ in store.actors_reached_at(contact))
    # A name can only be a name if some word of it is not usual in needs.
    worth = _Comparison((), store).distinctiveness
    only_named = bool(ids) and (
        is_bare
        or bool(contacts)
        or any(worth(word) >= NAMES.enough for word in analyse_name(text).spelled)
    )
    return NamedActors(frozenset(ids), only_named)


def boost_names(text: str, named: NamedActors, store: Store, *, near: bool) -> dict[str, float]:
    """Returns the boosts of the actors that a query names, by id; with `near`, or nearly names."""
    if named.ids or not near:
        return dict.fromkeys(sorted(named.ids), NAMES.exact)
    return {id_: NAMES.near * likeness for id_, likeness in names_near(text, store).items()}


def is_number(text: str) -> bool:
    """Returns whether a query is a SIREN or SIRET, or nearly, a telephone number or an address."""
    return _NUMBER.fullmatch(fold(text).strip()) is not None or bool(contacts_in(text))


def contacts_in(text: str) -> set[str]:
    """Returns the telephone number, or the e-mail address, that a query is, as they are kept."""
    text = text.strip()
    if _PHONE.fullmatch(fold(text)):
        return {kept for region in FRENCH_REGIONS for kept in numbers_in(text, region).kept}
    return set(addresses_in(text).kept) if _ADDRESS.fullmatch(text) else set()


def names_near(query: str, store: Store) -> dict[str, float]:
    """Returns the likeness of the actors that a query names or numbers, 0 to 1, best first."""
    if number := _NUMBER.fullmatch(fold(query).strip()):
        found = _numbered("".join(filter(str.isdigit, number[1])), store)
    else:
        found = _called(query, store)
    best_first = sorted(found.items(), key=lambda near: (-near[1], near[0]))
    return dict(best_first[: NAMES.most_names])


def _called(query: str, store: Store) -> dict[str, float]:
    asked = analyse_name(query).spelled
    if not asked or len(asked) > NAMES.most_words:
        return {}
    ids = set(store.actors_named(name_key(query)))
    if not FUNCTION_WORDS.issuperset(asked):
        ids.update(_bearers(asked, store))
    comparison = _Comparison(asked, store)
    return {
        actor_id: likeness
        for actor_id, name in store.name_words(ids).items()
        if (likeness := comparison.likeness(actor_id, name)) >= NAMES.threshold
    }


def _bearers(asked: Sequence[str], store: Store) -> list[str]:
    """The ids of the actors whose names have most of what is near the words of the query."""
    near = _near_words(asked, store)
    if not near:
        return []
    # A word of very many names only tells apart names that rarer words have found.
    names = list(accumulate(found.word.names for found in near))
    n_rare = max(1, bisect(names, NAMES.actors))
    rare = {found.word.id for found in near[:n_rare]}
    common = {found.word.id for found in near[n_rare:]} - rare
    bearers = store.actors_with_words(rare, NAMES.actors)
    if common:
        bearers += store.actors_with_words(common, NAMES.actors, among_those_with=rare)
    having: dict[int, list[str]] = defaultdict(list)
    for word_id, actor_id in bearers:
        having[word_id].append(actor_id)
    scores: dict[str, dict[str, float]] = defaultdict(dict)
    for word, token, likeness in near:
        worth = likeness * _rarity(word.names)
        for actor_id in having[word.id]:
            scores[actor_id][token] = max(scores[actor_id].get(token, 0.0), worth)
    return heapq.nsmallest(
        NAMES.compared, scores, key=lambda id_: (-sum(scores[id_].values()), id_)
    )


class _NearWord(NamedTuple):
    """A word that names have, and the word of the query that it is like."""

    word: VocabularyWord
    token: str
    likeness: float


def _near_words(asked: Sequence[str], store: Store) -> list[_NearWord]:
    """Returns words like a word of these, two of them joined, or a part of one; rarest first."""
    joined = map("".join, pairwise(asked)) if len(asked) <= NAMES.joined_words else ()
    near = store.words_near({*asked, *joined})
    words = store.vocabulary_words(set().union(*near.values()))
    found = [
        _NearWord(word, token, likeness)
        for token, ids in near.items()
        for word, likeness in heapq.nsmallest(
            NAMES.near_words,
            _alike(token, [words[id_] for id_ in ids]).items(),
            key=lambda like: (-like[1], like[0].id),
        )
    ]
    ends = {end: word for word in asked for end in _ends(word)}
    found += [
        _NearWord(word, ends[word.word], NAMES.part_likeness)
        for word in (store.vocabulary(ends) if ends else ())
    ]
    if len(asked) == 1 and len(asked[0]) >= NAMES.least_beginning_chars:
        begun = store.vocabulary_beginning(asked[0])
        if len(begun) == 1:  # of several, none is told apart
            found.append(_NearWord(begun[0], asked[0], NAMES.beginning_likeness))
    return sorted(found, key=lambda near: (near.word.names, -near.likeness, near.word.id))


def _ends(word: str) -> Iterator[str]:
    """Yields possible words of a name, if the space after it or before it was left out."""
    if len(word) <= MOST_SLIP_CHARS:
        for at in range(NAMES.least_part_chars, len(word) - NAMES.least_part_chars + 1):
            yield from (word[:at], word[at:])


def _numbered(digits: str, store: Store) -> dict[str, float]:
    """The actors of a SIREN or SIRET, or of those that it may be a slip of."""
    if len(digits) in {SIREN_DIGITS, SIRET_DIGITS}:
        if known := store.actors_registered(digits):
            return dict.fromkeys(known, 1.0)
        if luhn.is_valid(digits):
            return dict.fromkeys(store.actors_registered(digits[:SIREN_DIGITS]), NAMES.same_unit)
    meant = sorted({number for number in _meant(digits) if luhn.is_valid(number)})
    return dict.fromkeys(store.actors_numbered(meant), NAMES.near_number)


def _meant(digits: str) -> Iterator[str]:
    """Yields numbers of the right length that a single slip makes these digits of."""
    for at in range(len(digits) + 1):
        before, after = digits[:at], digits[at:]
        if len(digits) + 1 in {SIREN_DIGITS, SIRET_DIGITS}:
            yield from (f"{before}{digit}{after}" for digit in "0123456789")
        if len(digits) in {SIREN_DIGITS, SIRET_DIGITS}:
            yield from (f"{before}{digit}{after[1:]}" for digit in "0123456789" if after)
            yield f"{before}{after[1:2]}{after[:1]}{after[2:]}"
        if len(digits) - 1 in {SIREN_DIGITS, SIRET_DIGITS}:
            yield before + after[1:]


class _Comparison:
    """A query compared with names. The worth of each of its words is looked up once."""

    def __init__(self, asked: Sequence[str], store: Store) -> None:
        """`asked` are the words of the query (`kb.text.organisation_name`)."""
        self._asked, self._store = asked, store
        self._known: dict[str, float] = {}

    def likeness(self, actor_id: str, name: Sequence[NameWord]) -> float:
        """Returns the likeness of the query to a name of an actor, 0 to 1, the name itself."""
        words = [word for word in name if word.position >= 0]
        key, written = "".join(self._asked), "".join(word.word for word in words)
        if key == written:
            return 1.0
        sounds = "".join(map(sound, self._asked)), "".join(word.sound for word in words)
        whole = max(
            OSA.normalized_similarity(key, written),
            NAMES.sounds_alike * OSA.normalized_similarity(*sounds),
        )
        if whole < NAMES.whole_likeness or len(key) < NAMES.least_whole_chars:
            whole = 0.0
        elif len(self._asked) == 1:
            whole *= min(1.0, self._misspelt_worth(key) / NAMES.enough)
        initials = any(word.position < 0 and word.word == key for word in name)
        if initials and len(key) >= NAMES.least_initials:
            distinctive = min(1.0, self.distinctiveness(key) / NAMES.enough)
            whole = max(whole, NAMES.initials_likeness * distinctive)
        return max(whole, self._by_words(actor_id, words))

    def _by_words(self, actor_id: str, name: Sequence[NameWord]) -> float:
        named = {word.word: word for word in name}
        asked, written = self._asked, [word.word for word in name]
        pairs = _pairs(asked, written)
        if len(pairs) < max(len(asked), len(written)):
            written = _joined(_shortened(written, asked), asked)
            asked = _joined(asked, written)
            pairs = _pairs(asked, written)
        alike = {word: likeness for word, _, likeness in pairs}
        if not pairs or sum(alike.values()) < NAMES.enough:
            return 0.0
        added = set(asked) - alike.keys() - FRAMING_WORDS - _BEFORE_NAMES
        least = NAMES.least_added if min(alike.values()) == 1 else NAMES.least_added_to_slip
        # These bounds reject most names before any text is read.
        at_best = [_rarity(named[other].names if other in named else 1) for _, other, _ in pairs]
        if added and _contained(at_best, alike.values(), 0) >= NAMES.threshold:
            added -= set(analyse_name(self._store.actors([actor_id])[actor_id].place).spelled)
        if _contained(at_best, alike.values(), least * len(added)) < NAMES.threshold:
            return 0.0
        worths = [self._shared_worth(word, other, named) for word, other, _ in pairs]
        if sum(worths) < NAMES.enough or _contained(worths, alike.values(), 0) < NAMES.threshold:
            return 0.0
        contained = _contained(
            worths, alike.values(), sum(max(least, self.distinctiveness(word)) for word in added)
        )
        missing = sum(
            self._missing_worth(word, named)
            for word in set(written) - {other for _, other, _ in pairs}
        )
        covered = _contained(worths, alike.values(), missing)
        return min(NAMES.below_exact, contained * (1 - NAMES.missing_share * (1 - covered)))

    def _shared_worth(self, word: str, other: str, named: Mapping[str, NameWord]) -> float:
        """The worth of a pair of words; less if they differ and texts use the query's."""
        worth = self._worth(other, named)
        return worth if word == other else min(worth, self._misspelt_worth(word))

    def _misspelt_worth(self, word: str) -> float:
        """Returns the distinctiveness of a word, 0 if it is of the language: it is not misspelt."""
        return 0.0 if is_of_language(word) else self.distinctiveness(word)

    def _worth(self, word: str, named: Mapping[str, NameWord]) -> float:
        return _rarity(named[word].names if word in named else 1) * self.distinctiveness(word)

    def _missing_worth(self, word: str, named: Mapping[str, NameWord]) -> float:
        """Returns the worth of a word that the query leaves out; a trade's is not looked up."""
        if word in named and named[word].names > NAMES.trade_names:
            return _rarity(named[word].names) / 2
        return self._worth(word, named)

    def distinctiveness(self, word: str) -> float:
        """Returns 1 for a word that texts use only as a name, else less."""
        if word not in self._known:
            uses = self._store.uses_of_word(word, NAMES.uses_counted, NAMES.uses_read)
            usual = uses.small / NAMES.small_uses + uses.others / NAMES.other_uses
            self._known[word] = 1 / (1 + usual)
        return self._known[word]


def _joined(words: Sequence[str], others: Sequence[str]) -> list[str]:
    """Returns the words, with two neighbours joined if that makes a word of the others."""
    joined: list[str] = []
    for word in words:
        if joined and any(
            _word_likeness(joined[-1] + word, other)
            > max(NAMES.joined_likeness, *(_word_likeness(a, other) for a in (joined[-1], word)))
            for other in others
        ):
            joined[-1] += word
        else:
            joined.append(word)
    return joined


def _pairs(words: Sequence[str], others: Sequence[str]) -> list[tuple[str, str, float]]:
    """Returns pairs of like words and their likeness; each word is in no second pair."""
    alike = [
        (word, other, likeness)
        for word in dict.fromkeys(words)
        for other in dict.fromkeys(others)
        if (likeness := _word_likeness(word, other))
    ]
    pairs: list[tuple[str, str, float]] = []
    for word, other, likeness in sorted(alike, key=lambda pair: -pair[2]):
        if all(word != pair[0] and other != pair[1] for pair in pairs):
            pairs.append((word, other, likeness))
    return pairs


def _contained(worths: Sequence[float], alike: Iterable[float], rest: float) -> float:
    """Returns the share of the total worth that is shared; `rest` is the worth that is not."""
    shared = sum(worth * likeness for worth, likeness in zip(worths, alike, strict=True))
    return shared / (sum(worths) + rest)


def _rarity(names: int) -> float:
    """Returns the rarity of a word in this many names: 1 for a single name, else less."""
    return 1 / (1 + math.log2(max(names, 1)) / NAMES.rarity_doublings)


def _shortened(words: Sequence[str], others: Sequence[str]) -> list[str]:
    """Returns the words, with neighbours as initials where these are a word of the others."""
    initials = "".join(word[0] for word in words)
    shortened = list(words)
    for other in others:
        at = initials.find(other) if len(other) > 1 else -1
        if at >= 0 and len(shortened) == len(words):
            shortened[at : at + len(other)] = [other]
    return shortened


@lru_cache(maxsize=50_000)
def _word_likeness(word: str, other: str) -> float:
    """Returns the likeness of two words, 0 if they are more than a slip apart."""
    if word == other:
        return 1.0
    if word.isdigit() or other.isdigit():
        return 0.0
    if len(word) >= NAMES.least_beginning_chars and other.startswith(word):
        return NAMES.beginning_likeness
    return max(_nearness(word, other), NAMES.sounds_alike * _nearness(sound(word), sound(other)))


def _nearness(word: str, other: str) -> float:
    length = max(len(word), len(other))
    edits = OSA.distance(word, other, score_cutoff=_slips(length))
    return 1 - edits / length if edits <= _slips(length) else 0.0


def _slips(length: int) -> int:
    return (length >= NAMES.slip_chars) + (length >= NAMES.two_slips_chars)


def _alike(word: str, others: Sequence[VocabularyWord]) -> dict[VocabularyWord, float]:
    """Returns those of others that are like a word, each with its likeness, in one go."""
    if word.isdigit():
        return {other: 1.0 for other in others if other.word == word}
    found: dict[VocabularyWord, float] = {}
    for asked, written, share in (
        (word, [other.word for other in others], 1.0),
        (sound(word), [other.sound for other in others], NAMES.sounds_alike),
    ):
        # What it is like is as many characters longer at most as there are slips.
        most = _slips(len(asked) + 2)
        for text, edits, place in process.extract(
            asked, written, scorer=OSA.distance, score_cutoff=most, limit=None
        ):
            length, other = max(len(asked), len(text)), others[place]
            if edits <= _slips(length) and not other.word.isdigit():
                found[other] = max(found.get(other, 0.0), share * (1 - edits / length))
    return found

"""Names: the actors that a query means by name or number, however it spells it.

query ─ its words ─ near words of names (kb.store.names) ─ who bears them ─ compared
"""

import heapq
import re
from bisect import bisect
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import NamedTuple

from stdnum import luhn

from kb.models import SIREN_DIGITS, SIRET_DIGITS
from kb.search.boosts.name_comparison import NameComparison, alike, rarity
from kb.search.context import KnownNames, Likenesses, SearchContext
from kb.search.weights import NAMES, NameWeights
from kb.store.names import VocabularyWord
from kb.store.store import Store
from kb.text.analysis import FUNCTION_WORDS
from kb.text.email_addresses import addresses_in
from kb.text.folding import fold
from kb.text.organisation_name import analyse_name, name_key
from kb.text.phone_numbers import FRENCH_REGIONS, numbers_in
from kb.text.phonetics import MOST_SLIP_CHARS

_NUMBER = re.compile(r"(?:sire[nt]|rcs|n[o°]|[\s:])*((?:\d[\s.\-_/]*){8,15})")
_PHONE = re.compile(r"(?:(?:tel|telephone|phone|portable|mobile)[\s.:]*)?\+?[\d\s.()/-]{8,24}")
_ADDRESS = re.compile(r"(?:mailto:)?[^\s@]+@[^\s@]+\.[^\s@]+")


@dataclass(frozen=True, slots=True)
class NamedActors:
    """The actors whose exact name or number a query is, by id.

    `only_named` is true if it asks for nobody else. A firm may be called what others need: such a
    name silences nobody.
    """

    ids: frozenset[str]
    only_named: bool


def named_actors(text: str, context: SearchContext) -> NamedActors:
    store, weights = context.store, NAMES
    number = "".join(text.split())
    is_bare = number.isdigit() and len(number) in {SIREN_DIGITS, SIRET_DIGITS}
    ids = set(store.actors_named(name_key(text)))
    if is_bare:
        ids |= set(store.actors_registered(number))
    contacts = contacts_in(text)
    ids.update(id_ for contact in contacts for id_ in store.actors_reached_at(contact))
    only_named = bool(ids) and (is_bare or bool(contacts) or is_distinctive(text, store, weights))
    return NamedActors(frozenset(ids), only_named)


def boost_names(
    text: str, named: NamedActors, context: SearchContext, *, near: bool
) -> dict[str, float]:
    """Returns the boosts of the actors that a query names, by id: above all other actors.

    With `near`, a query that nobody is called exactly may be nearly a name.
    """
    weights = NAMES
    if named.ids or not near:
        return dict.fromkeys(sorted(named.ids), weights.exact)
    near_names = names_near(text, context.store, weights, context.calibration.names)
    return {actor_id: weights.near * likeness for actor_id, likeness in near_names.items()}


def is_number(text: str) -> bool:
    """Returns whether a query is a SIREN or SIRET, or nearly, a telephone number or an address."""
    return _NUMBER.fullmatch(fold(text).strip()) is not None or bool(contacts_in(text))


def contacts_in(text: str) -> set[str]:
    """Returns the telephone number, or the e-mail address, that a query is, as they are kept."""
    text = text.strip()
    if _PHONE.fullmatch(fold(text)):
        return {kept for region in FRENCH_REGIONS for kept in numbers_in(text, region).kept}
    return set(addresses_in(text).kept) if _ADDRESS.fullmatch(text) else set()


def names_near(
    query: str, store: Store, weights: NameWeights, known: KnownNames
) -> dict[str, float]:
    """The likeness of the actors that a query names, by id: at most 1, the name itself.

    The most alike are first, ties by id. There are none if the query is a need.
    A number of digits is a SIREN or SIRET, with a digit wrong, missing or swapped if it does not
    satisfy its check digit.
    """
    if number := _NUMBER.fullmatch(fold(query).strip()):
        found = _numbered("".join(filter(str.isdigit, number[1])), store, weights)
    else:
        found = _called(query, store, weights, known)
    best_first = sorted(found.items(), key=lambda near: (-near[1], near[0]))
    return dict(best_first[: weights.most_names])


def is_distinctive(name: str, store: Store, weights: NameWeights) -> bool:
    """Returns whether a name can only be a name: some word of it is not usual in needs."""
    comparison = NameComparison((), store, weights)
    return any(
        comparison.distinctiveness(word) >= weights.enough for word in analyse_name(name).spelled
    )


def _called(query: str, store: Store, weights: NameWeights, known: KnownNames) -> dict[str, float]:
    asked = analyse_name(query).spelled
    if not asked or len(asked) > weights.most_words:
        return {}
    ids = set(store.actors_named(name_key(query)))
    if not FUNCTION_WORDS.issuperset(asked):
        ids.update(_bearers(asked, store, weights, known))
    comparison = NameComparison(asked, store, weights)
    return {
        actor_id: likeness
        for actor_id, name in store.name_words(ids).items()
        if (likeness := comparison.likeness(actor_id, name)) >= weights.threshold
    }


def _bearers(
    asked: Sequence[str], store: Store, weights: NameWeights, known: KnownNames
) -> list[str]:
    """The ids of the actors whose names have most of what is near the words of the query."""
    near = _near_words(asked, store, weights, known)
    if not near:
        return []
    # A word of very many names only tells apart names that rarer words have found.
    names = list(accumulate(found.word.names for found in near))
    n_rare = max(1, bisect(names, weights.actors))
    rare = {found.word.id for found in near[:n_rare]}
    common = {found.word.id for found in near[n_rare:]} - rare
    bearers = store.actors_with_words(rare, weights.actors)
    if common:
        bearers += store.actors_with_words(common, weights.actors, among_those_with=rare)
    having: dict[int, list[str]] = defaultdict(list)
    for word_id, actor_id in bearers:
        having[word_id].append(actor_id)
    scores: dict[str, dict[str, float]] = defaultdict(dict)
    for word, token, likeness in near:
        worth = likeness * rarity(word.names, weights)
        for actor_id in having[word.id]:
            score = scores[actor_id]
            score[token] = max(score.get(token, 0.0), worth)
    return heapq.nsmallest(
        weights.compared, scores, key=lambda id_: (-sum(scores[id_].values()), id_)
    )


class _NearWord(NamedTuple):
    """A word that names have, and the word of the query that it is like."""

    word: VocabularyWord
    token: str
    likeness: float


def _near_words(
    asked: Sequence[str], store: Store, weights: NameWeights, known: KnownNames
) -> list[_NearWord]:
    """Returns words like a word of these, two of them joined, or a part of one; rarest first."""
    state = store.generation

    def most_alike(tokens: Collection[str]) -> dict[str, Likenesses]:
        near = store.words_near(tokens)
        ids = set().union(*near.values())
        words = known.words.of(ids, state, store.vocabulary_words)
        return {
            token: heapq.nsmallest(
                weights.near_words,
                alike(token, [words[id_] for id_ in near[token]], weights).items(),
                key=lambda found: (-found[1], found[0].id),
            )
            for token in tokens
        }

    joined = map("".join, pairwise(asked)) if len(asked) <= weights.joined_words else ()
    near = known.near.of({*asked, *joined}, state, most_alike)
    found = [
        _NearWord(word, token, likeness)
        for token, likes in near.items()
        for word, likeness in likes
    ]
    ends = {end: word for word in asked for end in _ends(word, weights.least_part_chars)}
    found += [
        _NearWord(word, ends[word.word], weights.part_likeness)
        for word in (store.vocabulary(ends) if ends else ())
    ]
    return sorted(found, key=lambda near: (near.word.names, -near.likeness, near.word.id))


def _ends(word: str, least_chars: int) -> Iterator[str]:
    """Yields possible words of a name, if the space after it or before it was left out."""
    if len(word) <= MOST_SLIP_CHARS:
        for at in range(least_chars, len(word) - least_chars + 1):
            yield from (word[:at], word[at:])


def _numbered(digits: str, store: Store, weights: NameWeights) -> dict[str, float]:
    """The actors of a SIREN or SIRET, or of those that it may be a slip of."""
    if len(digits) in {SIREN_DIGITS, SIRET_DIGITS}:
        if known := store.actors_registered(digits):
            return dict.fromkeys(known, 1.0)
        if luhn.is_valid(digits):
            same_unit = store.actors_registered(digits[:SIREN_DIGITS])
            return dict.fromkeys(same_unit, weights.same_unit)
    meant = sorted({number for number in _slips(digits) if luhn.is_valid(number)})
    return dict.fromkeys(store.actors_numbered(meant), weights.near_number)


def _slips(digits: str) -> Iterator[str]:
    """Numbers of the right length that a single slip makes these digits of."""
    for at in range(len(digits) + 1):
        before, after = digits[:at], digits[at:]
        if len(digits) + 1 in {SIREN_DIGITS, SIRET_DIGITS}:
            yield from (f"{before}{digit}{after}" for digit in "0123456789")
        if len(digits) in {SIREN_DIGITS, SIRET_DIGITS}:
            yield from (f"{before}{digit}{after[1:]}" for digit in "0123456789" if after)
            yield f"{before}{after[1:2]}{after[:1]}{after[2:]}"
        if len(digits) - 1 in {SIREN_DIGITS, SIRET_DIGITS}:
            yield before + after[1:]

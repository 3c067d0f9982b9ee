"""The comparison of two names of organisations: what they share, and what sets them apart."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path

from kb.reference.communes import is_commune
from kb.reference.trades import trades
from kb.text.analysis import FUNCTION_WORDS, words
from kb.text.lexicon import Lexicons
from kb.text.organisation_name import (
    LEFT_OUT_IN_TEXTS,
    LEFT_OUT_OF_NAMES,
    LEGAL_FORMS,
    WRITTEN_ALIKE,
    joined_words,
)
from kb.text.phonetics import sound

LEXICONS = Lexicons(Path(__file__).parent / "lexicons")
_GENERAL = LEXICONS.words("name_words", "general")
_NEUTRAL = LEXICONS.words("name_words", "neutral")
_ENDINGS = LEXICONS.phrases("name_words", "trade_endings")
_KIN = LEXICONS.words("name_words", "kin")
_BEFORE_A_NAME = LEXICONS.words("name_words", "before_a_name")
_BETWEEN_NAMES = re.compile(r"[()\[\]«»“”\":;|/]|\s[-–—]+\s|,")
_WORKSHOP = re.compile("[a-z]{4,}eries?")  # a word for a workshop or a shop, such as "tonnellerie"
_LEFT_OUT = (LEFT_OUT_OF_NAMES | LEGAL_FORMS | FUNCTION_WORDS | _NEUTRAL) - _KIN
_CONSONANTS = re.compile(r"[aeiouyh]|(.)(?=\1)")
_DOUBLED = re.compile(r"(.)\1")
_MIN_ALIKE_CHARS, _MIN_ALIKE = 4, 84.0  # of two words that are alike; similarity is 0 to 100
_MIN_ROOT_CHARS = 3
_MIN_JOINED_CHARS, _MIN_JOINED = 8, 94.0  # the same of names whose words are joined in one
_ACRONYM = range(2, 7)
_MIN_TRADE_CHARS = _MIN_TOWN_CHARS = 5
ALL = 0.99  # names that share more than this have no word without a counterpart
_GENERAL_WEIGHT = 0.35  # of a trade's word, where one that only this firm has weighs 1


@dataclass(frozen=True, slots=True)
class ComparedNames:
    """What two names share (0 to 1), and what sets them apart; words of trades count less."""

    shared: float = 0.0  # of words with a counterpart, alike or the same
    exact: float = 0.0  # of words with the same
    own: int = 0  # count of shared words of no trade
    rest: float = 0.0  # weight of words without counterpart where it is less
    longer_rest: float = 0.0  # and in the other name
    is_acronym: bool = False  # one stands for words of the other
    is_part: bool = False  # one of several names of a record
    other_town: bool = False  # a word without counterpart is a town
    two_towns: bool = False  # each name says where it is, differently
    other_numbers: bool = False


@dataclass(frozen=True, slots=True)
class GivenName:
    """One name of a record: `every` word, the `telling` ones, its `own`, of no trade."""

    every: tuple[str, ...]
    telling: tuple[str, ...]
    own: frozenset[str]
    is_part: bool = False

    def letters(self) -> set[str]:
        """Returns the consonants of its own words, and of all, which misspellings mostly leave."""
        joined = "".join(self.telling)
        return {_CONSONANTS.sub("", word) or word for word in (*self.own, joined)}

    def short_words(self) -> Iterator[str]:
        return (word for word in self.telling if len(word) in _ACRONYM and not is_general(word))


@lru_cache(maxsize=20_000)
def names_in(name: str) -> tuple[GivenName, ...]:
    """Returns the names that a record gives: the whole first, then its parts."""
    whole = _name(name)
    found = [whole]
    pieces = [piece for piece in _BETWEEN_NAMES.split(name) if piece.strip()]
    if len(pieces) > 1:
        for at, piece in enumerate(pieces):
            part = _name(piece, is_part=True)
            # "Bastide et fils (Tannerie)": a trade alone is a name only where a name stands.
            is_name = at == 0 or len(part.telling) > 1 or not all(map(is_general, part.telling))
            if is_name and part.telling != whole.telling:
                found.append(part)
    return tuple(found)


def compare_names(left: str, right: str, towns: Collection[str] = ()) -> ComparedNames:
    """Compares two names; words of the actors' `towns`, folded, tell nothing."""
    if left == right:
        (whole, *_) = names_in(left)
        return _same(whole.telling, whole.own)
    towns = frozenset(towns)
    compared = [_compared(one, other, towns) for one in names_in(left) for other in names_in(right)]
    return max(
        compared, key=lambda each: (each.shared - 0.2 * each.rest, each.exact, not each.is_part)
    )


@lru_cache(maxsize=50_000)
def are_one_name(left: str, right: str) -> bool:
    return compare_names(left, right).shared > ALL


def acronyms_of(every: Sequence[str]) -> set[str]:
    """Returns the acronyms that a name may have, with and without its function words."""
    found = {""}
    for word in every:
        initial = word if word.isdigit() else word[:1]
        longer = {start + initial for start in found}
        found = longer | found if word in FUNCTION_WORDS or word in LEFT_OUT_IN_TEXTS else longer
        if len(found) > 64:
            break
    return {each for each in found if len(each) in _ACRONYM}


@lru_cache(maxsize=50_000)
def is_general(word: str) -> bool:
    """Says whether many firms have the word in their names: it is of a trade, or says little."""
    return word in _GENERAL or word in _words_of_trades() or bool(_WORKSHOP.fullmatch(word))


@cache
def _words_of_trades() -> frozenset[str]:
    forms = {
        form.rstrip("sx")
        for trade in trades()
        for word in words(trade.fr)
        for form in word.forms
        if len(form) >= _MIN_TRADE_CHARS and form not in FUNCTION_WORDS
    }
    return frozenset(form + end for form in forms for end in ("", "s", "x"))


def _name(text: str, *, is_part: bool = False) -> GivenName:
    every = [WRITTEN_ALIKE.get(word, word) for word in joined_words(text)]
    while len(every) > 1 and every[0] in _BEFORE_A_NAME:
        every.pop(0)
    telling = tuple(word for word in every if word not in _LEFT_OUT)
    telling = telling or tuple(every)
    own = {word for word in telling if not is_general(word) and word not in _KIN}
    return GivenName(tuple(every), telling, frozenset(own or telling[1:] or telling), is_part)


def _compared(left: GivenName, right: GivenName, towns: frozenset[str]) -> ComparedNames:
    one = _without(left.telling, towns - set(right.telling))
    other = _without(right.telling, towns - set(left.telling))
    if not one or not other:
        return ComparedNames()
    own = left.own | right.own
    two_towns = set(left.telling) != set(one) and set(right.telling) != set(other)
    shortened = _shortened(one, right.every) or _shortened(other, left.every)
    if one == other or "".join(one) == "".join(other):
        found = _same(one, own)
    elif _is_spaced_otherwise(one, other):
        found = _same(one, own, exact=0.0)
    elif shortened:
        acronym, run = shortened
        one, other = _replaced(one, acronym, run), _replaced(other, acronym, run)
        found = ComparedNames(1.0, 1.0, 1)
        if one != other:
            found = _aligned(
                one, other, left.own - towns | {acronym}, right.own - towns | {acronym}
            )
        found = replace(found, is_acronym=True)
    else:
        found = _aligned(one, other, left.own - towns, right.own - towns)
    return replace(found, is_part=left.is_part or right.is_part, two_towns=two_towns)


def _same(shared: Sequence[str], own: Collection[str], exact: float = 1.0) -> ComparedNames:
    return ComparedNames(1.0, exact, max(sum(word in own for word in shared), 1))


def _aligned(
    one: Sequence[str],
    other: Sequence[str],
    own_of_one: Collection[str],
    own_of_other: Collection[str],
) -> ComparedNames:
    left = {word: 1.0 if word in own_of_one else _GENERAL_WEIGHT for word in one}
    right = {word: 1.0 if word in own_of_other else _GENERAL_WEIGHT for word in other}
    total = sum(left.values()) + sum(right.values())
    pairs = [(left.pop(word), right.pop(word)) for word in one if word in left and word in right]
    exact = sum(map(sum, pairs))
    for word in list(left) if right else ():
        found = next((each for each in right if _is_alike(word, each)), None)
        if found is not None:
            pairs.append((left.pop(word), right.pop(found)))
    shared = sum(map(sum, pairs))
    own = sum(min(weights) == 1.0 for weights in pairs)
    rests = sorted((sum(left.values()), sum(right.values())))
    numbers = [{word for word in words_ if word.isdigit()} for words_ in (one, other)]
    return ComparedNames(
        shared / total if total else 0.0,
        exact / total if total else 0.0,
        own,
        rests[0],
        rests[1],
        other_town=any(
            len(word) >= _MIN_TOWN_CHARS and is_commune(word) for word in (*left, *right)
        ),
        other_numbers=bool(numbers[0] and numbers[1]) and numbers[0] != numbers[1],
    )


def _without(telling: Sequence[str], towns: frozenset[str]) -> tuple[str, ...]:
    return tuple(word for word in telling if word not in towns) or tuple(telling)


def _shortened(short: Sequence[str], every: Sequence[str]) -> tuple[str, tuple[str, ...]] | None:
    """Finds an acronym among words of a name, and the words of the other with its initials."""
    for word in short:
        if len(word) in _ACRONYM and word not in every:
            for start in range(len(every)):
                end = _end_of_run(word, every, start)
                if end - start > 1:
                    return word, tuple(every[start:end])
    return None


def _end_of_run(acronym: str, every: Sequence[str], start: int) -> int:
    """Returns the end of the run of words with the initials of an acronym, 0 without any."""
    if not acronym:
        return start
    if start == len(every):
        return 0
    word = every[start]
    initial = word if word.isdigit() else word[0]
    if acronym.startswith(initial):
        end = _end_of_run(acronym[len(initial) :], every, start + 1)
        if end:
            return end
    is_optional = word in FUNCTION_WORDS or word in LEFT_OUT_IN_TEXTS
    return _end_of_run(acronym, every, start + 1) if is_optional else 0


def _replaced(telling: Sequence[str], acronym: str, run: Sequence[str]) -> tuple[str, ...]:
    if acronym in telling:
        return tuple(telling)
    kept = [word for word in telling if word not in run]
    return (acronym, *kept)


def _is_spaced_otherwise(one: Sequence[str], other: Sequence[str]) -> bool:
    """Says whether two names have nearly the same letters, spaced otherwise: "thermo plast"."""
    from rapidfuzz import fuzz

    left, right = "".join(one), "".join(other)
    if len(one) == len(other) or min(len(left), len(right)) < _MIN_JOINED_CHARS:
        return False
    if sound(left) == sound(right):
        return True
    return not re.search(r"\d", left + right) and float(fuzz.ratio(left, right)) >= _MIN_JOINED


@lru_cache(maxsize=100_000)
def _is_alike(one: str, other: str) -> bool:
    from rapidfuzz import fuzz

    if min(len(one), len(other)) == 1:
        return one[0] == other[0] and not one.isdigit()  # "E. Lacroix"
    if min(len(one), len(other)) < _MIN_ALIKE_CHARS or one.isdigit() or other.isdigit():
        return False
    if sound(one) == sound(other) or float(fuzz.ratio(one, other)) >= _MIN_ALIKE:
        return True
    if not (is_general(one) or is_general(other)):
        return False
    # "élec" for "électricité", "tonneliers" for "tonnellerie"
    return one.startswith(other) or other.startswith(one) or _root(one) == _root(other)


@lru_cache(maxsize=50_000)
def _root(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _MIN_ROOT_CHARS:
            word = word.removesuffix(ending)
            break
    return _DOUBLED.sub(r"\1", word)

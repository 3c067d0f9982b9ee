"""How alike two actors are: whether they may be one firm that two sources tell of.

Only actors that share a block are compared: a distinctive part of the name in one department or
town, the SIREN, the website, or the whole name. How many there are does not matter, only how many
are alike.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from kb.language import FUNCTION_WORDS, LEGAL_FORMS, fold, name_key, words
from kb.models import Actor

BLOCKING_VERSION = "1"
"""Raised whenever `blocks` gives other blocks."""
LIKELY = 0.8
"""From this likeness on, a person is asked."""

_PREFIX_CHARS = 4
_MIN_TOKEN_CHARS = 3
_SIREN_DIGITS = 9
_SHARED_HOSTS = frozenset("facebook.com fr-fr.facebook.com linkedin.com instagram.com".split())
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Likeness:
    """From 0 to 1, and what speaks for it.

    Reasons are `same_siret`, `same_siren`, `same_name`, `similar_name`, `same_place`,
    `same_department`, `same_activity`, `similar_activity`, `same_website`.
    """

    score: float
    reasons: tuple[str, ...]


def blocks(actor: Actor) -> set[int]:
    """The blocks that an actor is in, each a hash of 63 bits."""
    return {_hash(block) for block in _blocks(actor)}


def likeness(left: Actor, right: Actor) -> Likeness:
    """How alike two actors are.

    The name weighs most, then the place, the activity and the website; what one of the two does
    not say speaks neither for nor against. Two firms of two SIREN are hardly ever one.
    """
    if left.siret and left.siret == right.siret:
        return Likeness(1.0, ("same_siret",))
    reasons = []
    name = name_likeness(left.name, right.name)
    if name >= 0.999:
        reasons.append("same_name")
    elif name >= 0.8:
        reasons.append("similar_name")
    score = 0.6 * name
    place = _place_likeness(left, right)
    score += 0.2 * place
    if place == 1.0:
        reasons.append("same_place")
    elif left.department and left.department == right.department:
        reasons.append("same_department")
    activity = _activity_likeness(left, right)
    score += 0.1 * activity
    if activity == 1.0:
        reasons.append("same_activity")
    elif activity > 0.5:
        reasons.append("similar_activity")
    hosts = _host(left.website), _host(right.website)
    if all(hosts):
        score += 0.1 * (hosts[0] == hosts[1])
        if hosts[0] == hosts[1]:
            reasons.append("same_website")
    else:
        score += 0.05
    sirens = left.siret[:_SIREN_DIGITS], right.siret[:_SIREN_DIGITS]
    if all(sirens):
        same = sirens[0] == sirens[1]
        score += 0.1 if same else -0.25
        if same:
            reasons.insert(0, "same_siren")
    return Likeness(round(min(max(score, 0.0), 1.0), 3), tuple(reasons))


def name_likeness(left: str, right: str) -> float:
    """How alike two names are, from 0 to 1, whatever their legal forms, accents and order."""
    from rapidfuzz import fuzz

    if name_key(left) == name_key(right):
        return 1.0
    parts = _telling(left), _telling(right)
    one, other = (" ".join(sorted(part)) for part in parts)
    likeness = float(fuzz.ratio(one, other))
    # "Merlet" within "Distillerie Merlet": the words of one are all among the other's.
    if min(map(len, parts)) and (set(parts[0]) <= set(parts[1]) or set(parts[1]) <= set(parts[0])):
        likeness = max(likeness, 92.0)
    if set(_NUMBER.findall(left)) != set(_NUMBER.findall(right)):
        likeness *= 0.7
    return likeness / 100


def _telling(name: str) -> list[str]:
    """The words of a name, folded, without articles and legal forms."""
    parts = [part for word in words(name) for part in word.forms[: max(1, len(word.forms) - 1)]]
    telling = [part for part in parts if part not in FUNCTION_WORDS and part not in LEGAL_FORMS]
    return telling or parts


def _place_likeness(left: Actor, right: Actor) -> float:
    same_department = bool(left.department) and left.department == right.department
    if left.department and right.department and not same_department:
        return 0.0
    if left.place and right.place:
        if _place_key(left.place) == _place_key(right.place):
            return 1.0
        return 0.3 if same_department else 0.0
    return 0.6 if same_department else 0.5


def _activity_likeness(left: Actor, right: Actor) -> float:
    codes = left.activity_code, right.activity_code
    if not all(codes):
        return 0.5
    if codes[0] == codes[1]:
        return 1.0
    return 0.6 if codes[0][:2] == codes[1][:2] else 0.0


def _blocks(actor: Actor) -> Iterator[str]:
    where = [part for part in (f"d{actor.department}", f"p{_place_key(actor.place)}") if part[1:]]
    for part in set(_telling(actor.name)):
        if len(part) >= _MIN_TOKEN_CHARS:
            for place in where or ["nowhere"]:
                yield f"{part[:_PREFIX_CHARS]} {place}"
    yield f"n {name_key(actor.name)}"
    if actor.siret:
        yield f"s {actor.siret[:_SIREN_DIGITS]}"
    if host := _host(actor.website):
        yield f"w {host}"


def _place_key(place: str) -> str:
    """Folded letters only: "SAINT JUNIEN" and "St-Junien" are one town."""
    parts = [part for part in re.split(r"[^a-z0-9]+", fold(place)) if part and part != "cedex"]
    if parts and parts[-1].isdigit():
        parts.pop()  # "Angoulême Cedex 9"
    return "".join({"st": "saint", "ste": "sainte"}.get(part, part) for part in parts)


def _host(website: str) -> str:
    if not website:
        return ""
    host = (urlsplit(website).hostname or "").removeprefix("www.")
    return "" if host in _SHARED_HOSTS else host


def _hash(block: str) -> int:
    return int.from_bytes(hashlib.blake2b(block.encode(), digest_size=8).digest()) >> 1

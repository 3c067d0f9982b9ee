"""Similarity: how likely two actors are one firm that two sources describe.

Only actors that share a block are compared: a distinctive part of the name in one department or
town, the SIREN, the website, or the whole name. How many there are does not matter, only how many
are alike.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from kb.models import SIREN_DIGITS, Actor
from kb.text.folding import fold
from kb.text.organisation_name import analyse_name, name_key

BLOCKING_VERSION = "1"
"""Raised whenever `blocks` gives other blocks."""
LIKELY = 0.8
"""Least similarity of two actors that a person must compare."""

_NAME_WEIGHT = 0.6
_SIMILAR_NAME = 0.8
_PREFIX_CHARS = 4
_MIN_TOKEN_CHARS = 3
_SHARED_HOSTS = frozenset("facebook.com fr-fr.facebook.com linkedin.com instagram.com".split())


@dataclass(frozen=True, slots=True)
class ActorSimilarity:
    """A score from 0 to 1, and the reasons for it.

    Reasons are `same_siret`, `same_siren`, `same_name`, `similar_name`, `same_place`,
    `same_department`, `same_activity`, `similar_activity`, `same_website`.
    """

    score: float
    reasons: tuple[str, ...]


def blocks(actor: Actor) -> set[int]:
    """The blocks of an actor, each a hash of 63 bits."""
    return {_hash(block) for block in _blocks(actor)}


def actor_similarity(left: Actor, right: Actor) -> ActorSimilarity:
    """The similarity of two actors; 0 if no name could make them likely the same.

    The name weighs most, then the place, the activity and the website; a field that is empty in
    either counts neither for nor against. Two actors with two SIREN are hardly ever the same.
    """
    if left.siret and left.siret == right.siret:
        return ActorSimilarity(1.0, ("same_siret",))
    place = _place_similarity(left, right)
    activity = _activity_similarity(left, right)
    website = _website_similarity(left, right)
    siren = _siren_similarity(left, right)
    score = 0.2 * place + 0.1 * activity + 0.1 * website + siren
    if score + _NAME_WEIGHT < LIKELY:
        return ActorSimilarity(0.0, ())
    name = name_similarity(left.name, right.name)
    score += _NAME_WEIGHT * name
    same_department = bool(left.department) and left.department == right.department
    reasons = {
        "same_siren": siren > 0,
        "same_name": name == 1.0,
        "similar_name": _SIMILAR_NAME <= name < 1.0,
        "same_place": place == 1.0,
        "same_department": same_department and place < 1.0,
        "same_activity": activity == 1.0,
        "similar_activity": 0.5 < activity < 1.0,
        "same_website": website == 1.0,
    }
    return ActorSimilarity(
        round(min(max(score, 0.0), 1.0), 3),
        tuple(reason for reason, holds in reasons.items() if holds),
    )


def name_similarity(left: str, right: str) -> float:
    """The similarity of two names, 0 to 1, whatever their legal forms, accents and order."""
    from rapidfuzz import fuzz

    left_key, right_key = name_key(left), name_key(right)
    if not left_key or not right_key:
        return 1.0 if left == right else 0.0
    if left_key == right_key:
        return 1.0
    first, second = analyse_name(left), analyse_name(right)
    first_words, second_words = set(first.distinctive), set(second.distinctive)
    similarity = float(
        fuzz.ratio(*(" ".join(sorted(name.distinctive)) for name in (first, second)))
    )
    # "Merlet" within "Distillerie Merlet": one name has all words of the other.
    if first_words <= second_words or second_words <= first_words:
        similarity = max(similarity, 92.0)
    if first.numbers != second.numbers:
        similarity *= 0.7
    return min(similarity / 100, 0.99)


def _place_similarity(left: Actor, right: Actor) -> float:
    same_department = bool(left.department) and left.department == right.department
    if left.department and right.department and not same_department:
        return 0.0
    if left.place and right.place:
        if _place_key(left.place) == _place_key(right.place):
            return 1.0
        return 0.3 if same_department else 0.0
    return 0.6 if same_department else 0.5


def _website_similarity(left: Actor, right: Actor) -> float:
    hosts = _host(left.website), _host(right.website)
    if not all(hosts):
        return 0.5
    return 1.0 if hosts[0] == hosts[1] else 0.0


def _siren_similarity(left: Actor, right: Actor) -> float:
    """Returns the change of the similarity by the numbers of the two legal units."""
    if not left.siret or not right.siret:
        return 0.0
    return 0.1 if left.siret[:SIREN_DIGITS] == right.siret[:SIREN_DIGITS] else -0.25


def _activity_similarity(left: Actor, right: Actor) -> float:
    codes = left.activity_code, right.activity_code
    if not all(codes):
        return 0.5
    if codes[0] == codes[1]:
        return 1.0
    return 0.6 if codes[0][:2] == codes[1][:2] else 0.0


def _blocks(actor: Actor) -> Iterator[str]:
    where = [part for part in (f"d{actor.department}", f"p{_place_key(actor.place)}") if part[1:]]
    for part in set(analyse_name(actor.name).distinctive):
        if len(part) >= _MIN_TOKEN_CHARS:
            for place in where or ["nowhere"]:
                yield f"{part[:_PREFIX_CHARS]} {place}"
    yield f"n {name_key(actor.name)}"
    if actor.siret:
        yield f"s {actor.siret[:SIREN_DIGITS]}"
    if host := _host(actor.website):
        yield f"w {host}"


@lru_cache(maxsize=20_000)
def _place_key(place: str) -> str:
    """The folded letters of a place: "SAINT JUNIEN" and "St-Junien" are the same town."""
    parts = [part for part in re.split(r"[^a-z0-9]+", fold(place)) if part and part != "cedex"]
    if parts and parts[-1].isdigit():
        parts.pop()  # "Angoulême Cedex 9"
    return "".join({"st": "saint", "ste": "sainte"}.get(part, part) for part in parts)


@lru_cache(maxsize=20_000)
def _host(website: str) -> str:
    if not website:
        return ""
    host = (urlsplit(website).hostname or "").removeprefix("www.")
    return "" if host in _SHARED_HOSTS else host


def _hash(block: str) -> int:
    return int.from_bytes(hashlib.blake2b(block.encode(), digest_size=8).digest()) >> 1

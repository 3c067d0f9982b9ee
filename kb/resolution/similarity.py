"""Similarity: how likely two actors are one firm that two sources describe.

Only actors that share a block are compared: a contact, the SIREN, the whole name, an acronym, the
beginning of a word of the name in one town, or its consonants in one department. Two numbers decide
alone: one SIRET is one firm, two SIREN are two firms, and two establishments of one firm in two
towns are two actors. All else is weighed by a judge that learnt from labelled pairs (`judge.md`).
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from kb.models import SIREN_DIGITS, Actor
from kb.regression import Regression
from kb.resolution.commonness import Commonness, name_block
from kb.resolution.contacts import keys_of
from kb.resolution.features import (
    ActorComparison,
    compare_actors,
    features,
    have_only_place_and_activity,
)
from kb.resolution.name_comparison import ALL, acronyms_of, compare_names, names_in
from kb.resolution.places import Nearness, nearness, place_of

BLOCKING_VERSION = "5"
"""Raised whenever `blocks` gives other blocks, or the judge learnt anew."""
LIKELY = 0.45
"""Least similarity of two actors that a person must compare."""

MAX_BLOCK = 25
"""A block of more actors is no sign: a chain's name, the commonest trade of a town."""

_CERTAIN = 0.9
"""Least similarity of two actors that are one without a person's word."""
_MIN_SIMILAR_NAME = 0.8
_BEGINNING_CHARS = 4
_MIN_CHARS = 3
_NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True)
class ActorSimilarity:
    """A probability from 0 to 1, and the reasons for it.

    `is_certain`: the two are one without a person's word. `are_establishments`: they are two
    establishments of one firm, in two towns; their score is 0.

    Reasons are `same_siret`, `two_establishments`, `same_name`, `similar_name`, `acronym`, `brand`,
    `same_page`, `same_website`, `same_email`, `same_email_domain`, `same_phone`, `name_is_domain`,
    `same_place`, `near_place`, `same_department`, `same_activity`, `similar_activity`.
    """

    score: float
    reasons: tuple[str, ...]
    is_certain: bool = False
    are_establishments: bool = False


def blocks(actor: Actor) -> set[int]:
    """The blocks of an actor, each a hash of 63 bits."""
    return {block_of(key) for key in (*_blocks(actor), *shared_keys(actor))}


def shared_keys(actor: Actor) -> Iterator[str]:
    """The keys of an actor whose commonness counts: its contacts, and its whole name."""
    yield from keys_of(actor)
    yield name_block(actor)


def block_of(key: str) -> int:
    """The block of those that have a key of `shared_keys`."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest()) >> 1


def actor_similarity(
    left: Actor, right: Actor, commonness: Commonness | None = None
) -> ActorSimilarity:
    """How likely two actors are one, and why.

    Args:
        left: an actor.
        right: another.
        commonness: how common the contacts and names are in the base; what is not in it is taken
            for that of these two alone.
    """
    if left.siret and left.siret == right.siret:
        return ActorSimilarity(1.0, ("same_siret",), is_certain=True)
    if are_two_firms(left, right):
        return ActorSimilarity(0.0, ())
    found = compare_actors(left, right, commonness or {})
    reasons = tuple(_reasons(found))
    if found.same_siren and found.near is not Nearness.SAME_TOWN:
        return ActorSimilarity(0.0, reasons, are_establishments=True)
    if found.same_siren:
        return ActorSimilarity(_CERTAIN, reasons)
    score = round(bundled_judge().probability(features(found)), 3)
    return ActorSimilarity(score, reasons, is_certain=score >= _CERTAIN and _is_certain(found))


def likely_similarity(
    left: Actor, right: Actor, commonness: Commonness | None = None
) -> ActorSimilarity | None:
    """As `actor_similarity`; None where two actors are neither `LIKELY` one nor establishments.

    Most of those who share a block are not. The judge finds nobody `LIKELY` for a place and an
    activity alone, so that its features need not be worked out.
    """
    siren, other = left.siret[:SIREN_DIGITS], right.siret[:SIREN_DIGITS]
    is_open = not (siren and other)  # else numbers decide
    if is_open and have_only_place_and_activity(left, right):
        return None
    found = actor_similarity(left, right, commonness)
    return found if found.score >= LIKELY or found.are_establishments else None


def are_two_firms(left: Actor, right: Actor) -> bool:
    """Whether two actors have two SIREN, whatever else they share."""
    sirens = left.siret[:SIREN_DIGITS], right.siret[:SIREN_DIGITS]
    return all(sirens) and sirens[0] != sirens[1]


def are_in_one_town(left: Actor, right: Actor) -> bool:
    """Whether two actors are in one town, as they are if they are certainly one."""
    places = (place_of(actor.place, actor.department) for actor in (left, right))
    return nearness(*places) is Nearness.SAME_TOWN


def name_similarity(left: str, right: str) -> float:
    """The similarity of two names, 0 to 1, whatever their legal forms, accents and order."""
    found = compare_names(left, right)
    if found.shared > ALL:
        return 1.0
    if found.other_numbers:
        return 0.0
    return 0.9 if found.own and not found.rest else found.shared * _MIN_SIMILAR_NAME


@cache
def bundled_judge() -> Regression:
    text = (files("kb.resolution") / "judge.json").read_text(encoding="utf-8")
    told = json.loads(text)
    return Regression(told["intercept"], told["weights"])


def _is_certain(found: ActorComparison) -> bool:
    """Whether name, town and a contact of theirs alone agree, and no number speaks against it."""
    names = found.names
    same_name = names.own > 0 and not (names.rest or names.other_numbers or names.two_towns)
    return same_name and found.contact == 1.0 and found.near is Nearness.SAME_TOWN


def _reasons(found: ActorComparison) -> Iterator[str]:
    names = found.names
    if found.same_siren:
        yield "two_establishments"
    if names.is_acronym:
        yield "acronym"
    elif names.shared > ALL and names.exact > ALL:
        yield "brand" if names.is_part else "same_name"
    elif names.shared >= _MIN_SIMILAR_NAME or (names.own and not names.rest):
        yield "brand" if names.is_part else "similar_name"
    elif found.names_a_domain:
        yield "name_is_domain"
    for reason, holds in (
        ("same_page", found.same_page),
        ("same_website", found.same_host and not found.same_page),
        ("same_phone", found.same_phone),
        ("same_email", found.same_email),
        ("same_email_domain", found.same_domain > found.same_host and not found.same_email),
        ("same_place", found.near is Nearness.SAME_TOWN),
        ("near_place", found.near is Nearness.SAME_GROUPING),
        ("same_department", found.near in {Nearness.SAME_DEPARTMENT, Nearness.OTHER_TOWN}),
        ("same_activity", found.activity == 1.0),
        ("similar_activity", 0.5 < found.activity < 1.0),
    ):
        if holds:
            yield reason


def _blocks(actor: Actor) -> Iterator[str]:
    place = place_of(actor.place, actor.department)
    region = place.department or (_NOWHERE if not place.town else "")
    for name in names_in(actor.name):
        beginnings = {word[:_BEGINNING_CHARS] for word in name.telling}
        beginnings.add("".join(name.telling)[:_BEGINNING_CHARS])
        if place.town:
            yield from (f"{each} p{place.town}" for each in beginnings if len(each) >= _MIN_CHARS)
        if region:
            yield from (f"{each} d{region}" for each in name.letters() if len(each) >= _MIN_CHARS)
        for acronym in {*acronyms_of(name.every), *name.short_words()}:
            yield f"a {acronym} d{region}"
    if actor.siret:
        yield f"s {actor.siret[:SIREN_DIGITS]}"

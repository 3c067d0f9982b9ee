"""Similarity: how likely two actors that share a block are one firm that two sources describe.

One SIRET is one firm, two SIREN are two; a judge that learnt from labelled pairs weighs the rest.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from kb.models import SIREN_DIGITS, Actor
from kb.regression import Regression
from kb.resolution.contacts import Commonness, Contacts, contacts_of, keys_of, name_block
from kb.resolution.name_comparison import ALL, ComparedNames, acronyms_of, compare_names, names_in
from kb.resolution.places import Nearness, nearness, place_of

_EXCLUSIVE, _COMMON = 2, 4  # a contact of two names is theirs alone; one of four says nothing
_MIN_DOMAIN_CHARS, _SAME_LETTERS = 4, 92.0


@dataclass(frozen=True, slots=True)
class ActorComparison:
    """What two actors have in common; shared contacts are weighed from 0 to 1."""

    names: ComparedNames
    near: Nearness
    same_host: float = 0.0
    same_page: float = 0.0
    same_phone: float = 0.0
    same_email: float = 0.0
    same_domain: float = 0.0
    other_page: bool = False
    other_host: bool = False
    other_phone: bool = False
    names_a_domain: bool = False
    same_siren: bool = False
    other_siren: bool = False
    activity: float = 0.5
    shares: bool = False
    places_of_name: int = 1

    @property
    def common(self) -> bool:
        return self.shares and self.contact < 0.5

    @property
    def contact(self) -> float:
        return max(
            self.same_host, self.same_page, self.same_phone, self.same_email, self.same_domain
        )


def compare_actors(left: Actor, right: Actor, commonness: Commonness) -> ActorComparison:
    places = [place_of(actor.place, actor.department) for actor in (left, right)]
    one, other = (contacts_of(each.website, each.phone, each.email) for each in (left, right))
    sirens = left.siret[:SIREN_DIGITS], right.siret[:SIREN_DIGITS]

    def said(kind: str, shared: frozenset[str]) -> float:
        counts = [commonness.get(f"{kind} {each}", _EXCLUSIVE) for each in shared]
        shares = ((_COMMON - count) / (_COMMON - _EXCLUSIVE) for count in counts)
        return max((min(1.0, share) for share in shares if share > 0), default=0.0)

    names = compare_names(left.name, right.name, places[0].words | places[1].words)
    same_host = bool(one.host) and one.host == other.host
    domains = one.domains & other.domains
    return ActorComparison(
        names=names,
        near=nearness(*places),
        same_host=said("w", frozenset({one.host})) if same_host else 0.0,
        same_page=said("u", frozenset({one.page} & {other.page} - {""})),
        same_phone=said("t", one.phones & other.phones),
        same_email=said("e", one.emails & other.emails),
        same_domain=said("w", domains),
        other_page=same_host and bool(one.page and other.page) and one.page != other.page,
        other_host=bool(one.host and other.host) and not domains,
        other_phone=bool(one.phones and other.phones) and not one.phones & other.phones,
        names_a_domain=_names_a_domain(left, other) or _names_a_domain(right, one),
        same_siren=all(sirens) and sirens[0] == sirens[1],
        other_siren=all(sirens) and sirens[0] != sirens[1],
        places_of_name=commonness.get(name_block(left), 1) if names.shared > ALL else 1,
        shares=bool(set(one.keys()) & set(other.keys())),
        activity=_activity(left.activity_code, right.activity_code),
    )


def features(found: ActorComparison) -> dict[str, float]:
    names = found.names
    is_whole = names.shared > ALL
    is_within = not is_whole and names.own > 0 and not names.rest
    is_crossed = not is_whole and names.own > 0 and names.rest > 0
    is_other = not is_whole and names.own == 0
    near = Nearness.OTHER_TOWN if names.two_towns else found.near
    close = near in {Nearness.SAME_TOWN, Nearness.SAME_GROUPING, Nearness.SAME_DEPARTMENT}
    known = {
        "name whole": is_whole and names.own > 0,
        "name whole, of trades": is_whole and not names.own,
        "name whole, in letters": is_whole * names.exact,
        "name within": is_within,
        "name within, rest": is_within * min(names.longer_rest, 2.0),
        "name within, of trades": is_within and names.longer_rest < 1.0,
        "name crossed": is_crossed,
        "name crossed, rest": is_crossed * min(names.rest, 1.0),
        "name crossed, shared": is_crossed * names.shared,
        "name shares no word": is_other,
        "name shares trades": is_other * names.shared,
        "several words": names.own > 1,
        "acronym": names.is_acronym,
        "rest names a town": names.other_town,
        "names a domain": found.names_a_domain and not found.same_domain,
        "names the domain": found.names_a_domain * found.same_domain,
        **{f"place: {each.value}": each is near for each in Nearness},
        "whole, of many places": is_whole
        * (near is not Nearness.SAME_TOWN)
        * max(0.0, min(1.0, (found.places_of_name - 2) / 2)),
        "whole, far": is_whole and near in {Nearness.FAR, Nearness.OTHER_TOWN},
        "close, name whole": close and is_whole,
        "close, name within": close and is_within,
        "host": found.same_host,
        "phone": found.same_phone,
        "email": found.same_email,
        "domain": found.same_domain,
        "other page": found.other_page,
        "other host": found.other_host,
        "other phone": found.other_phone,
        "contact, name whole": found.contact * is_whole,
        "contact, name within": found.contact * is_within,
        "contact, name crossed": found.contact * is_crossed,
        "contact, name other": found.contact * is_other,
        "contact, close": found.contact * close,
        "common contact": found.common,
        "same activity": found.activity == 1.0,
        "near activity": found.activity == 0.75,
        "other activity": found.activity == 0.0,
    }
    return {name: float(value) for name, value in known.items() if value}


def _names_a_domain(actor: Actor, contacts: Contacts) -> bool:
    from rapidfuzz import fuzz

    names = names_in(actor.name)
    keys = ["".join(several) for name in names for several in (name.every, name.telling)]
    labels = [domain.split(".")[0].replace("-", "") for domain in contacts.domains]
    return any(
        len(label) >= _MIN_DOMAIN_CHARS and float(fuzz.ratio(label, key)) >= _SAME_LETTERS
        for label in labels
        for key in keys
    )


def _activity(left: str, right: str) -> float:
    if not left or not right:
        return 0.5
    if left[:5] == right[:5]:
        return 1.0
    return 0.75 if left[:2] == right[:2] else 0.0


BLOCKING_VERSION = "5"  # raised whenever `blocks` gives other blocks, or the judge learnt anew
LIKELY = 0.45  # least similarity of two actors that a person must compare
MAX_BLOCK = 25  # a block of more actors is no sign: a chain's name, the commonest trade of a town
_CERTAIN = 0.9  # least similarity of two actors that are one without a person's word
_MIN_SIMILAR_NAME = 0.8
_BEGINNING_CHARS = 4
_MIN_CHARS = 3
_NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True)
class ActorSimilarity:
    """A probability with reasons; `are_establishments` (one firm in two towns) have the score 0."""

    score: float
    reasons: tuple[str, ...]
    is_certain: bool = False
    are_establishments: bool = False


def blocks(actor: Actor) -> set[int]:
    return {block_of(key) for key in (*_blocks(actor), *shared_keys(actor))}


def shared_keys(actor: Actor) -> Iterator[str]:
    """Yields the keys of an actor whose commonness counts: of its contacts and whole name."""
    yield from keys_of(actor)
    yield name_block(actor)


def block_of(key: str) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest()) >> 1


def actor_similarity(
    left: Actor, right: Actor, commonness: Commonness | None = None
) -> ActorSimilarity:
    if left.siret and left.siret == right.siret:
        return ActorSimilarity(1.0, ("same_siret",), is_certain=True)
    found = compare_actors(left, right, commonness or {})
    if found.other_siren:
        return ActorSimilarity(0.0, ())
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
    """Returns the similarity of actors that are `LIKELY` one, or establishments, or else None."""
    found = actor_similarity(left, right, commonness)
    return found if found.score >= LIKELY or found.are_establishments else None


def are_in_one_town(left: Actor, right: Actor) -> bool:
    places = [place_of(actor.place, actor.department) for actor in (left, right)]
    return nearness(*places) is Nearness.SAME_TOWN


def name_similarity(left: str, right: str) -> float:
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
    """Says whether name, town and an exclusive contact agree, and no number contradicts."""
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

"""The features of two actors by which a judge tells whether they are the same."""

from dataclasses import dataclass

from kb.models import SIREN_DIGITS, Actor
from kb.resolution.commonness import Commonness, name_block
from kb.resolution.contacts import Contacts, contacts_of
from kb.resolution.name_comparison import ALL, ComparedNames, compare_names, names_in
from kb.resolution.places import Nearness, Place, nearness, place_of

_EXCLUSIVE, _COMMON = 2, 4
"""A contact of two names is theirs alone; one of so many names says nothing."""
_MIN_DOMAIN_CHARS, _SAME_LETTERS = 4, 92.0


@dataclass(frozen=True, slots=True)
class ActorComparison:
    """What is found of two actors; of the contacts, how much each that they share says, 0 to 1.

    `places_of_name` counts the towns of their name, if it is one.
    """

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
        """Whether they share a contact only with many others."""
        return self.shares and self.contact < 0.5

    @property
    def contacts(self) -> int:
        """How many kinds of contact they share with nobody else, or few."""
        kinds = (max(self.same_domain, self.same_page), self.same_phone, self.same_email)
        return sum(kind >= 0.5 for kind in kinds)

    @property
    def contact(self) -> float:
        """How much the contact says that says most."""
        return max(
            self.same_host, self.same_page, self.same_phone, self.same_email, self.same_domain
        )


def compare_actors(left: Actor, right: Actor, commonness: Commonness) -> ActorComparison:
    """Compares two actors; `commonness` is that of the base."""
    places = _place(left), _place(right)
    contacts = _contacts(left), _contacts(right)
    one, other = contacts
    sirens = left.siret[:SIREN_DIGITS], right.siret[:SIREN_DIGITS]

    def said(kind: str, shared: frozenset[str]) -> float:
        counts = [commonness.get(f"{kind} {each}", _EXCLUSIVE) for each in shared]
        return max((_said_by(count) for count in counts), default=0.0)

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


def have_only_place_and_activity(left: Actor, right: Actor) -> bool:
    """Whether no contact speaks for two actors, and each name has words that the other lacks."""
    towns = _place(left).words | _place(right).words
    names = compare_names(left.name, right.name, towns)
    if names.shared > ALL or (names.own and not names.rest):
        return False
    one, other = _contacts(left), _contacts(right)
    return (
        set(one.keys()).isdisjoint(other.keys())
        and not _names_a_domain(left, other)
        and not _names_a_domain(right, one)
    )


def features(found: ActorComparison) -> dict[str, float]:
    """The features of a comparison, by name; those of 0 are left out."""
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
        "part": names.is_part and not is_other,
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
        "page": found.same_page,
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
        "contacts": 2.0 * (found.contacts > 1),
        "common contact": found.common,
        "same siren": found.same_siren,
        "same activity": found.activity == 1.0,
        "near activity": found.activity == 0.75,
        "other activity": found.activity == 0.0,
    }
    return {name: float(value) for name, value in known.items() if value}


def _said_by(count: int) -> float:
    return max(0.0, min(1.0, (_COMMON - count) / (_COMMON - _EXCLUSIVE)))


def _place(actor: Actor) -> Place:
    return place_of(actor.place, actor.department)


def _contacts(actor: Actor) -> Contacts:
    return contacts_of(actor.website, actor.phone, actor.email)


def _names_a_domain(actor: Actor, contacts: Contacts) -> bool:
    """Whether a domain has the name of an actor, which may be the other name of its own firm."""
    if not contacts.domains:
        return False
    from rapidfuzz import fuzz

    keys = ["".join(name.every) for name in names_in(actor.name)]
    keys += ["".join(name.telling) for name in names_in(actor.name)]
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

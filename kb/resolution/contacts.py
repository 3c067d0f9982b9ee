"""Contacts by which two actors are compared; the more firms share one, the less it says."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from kb.models import SIREN_DIGITS, Actor
from kb.resolution.name_comparison import LEXICONS, are_one_name
from kb.resolution.places import place_of
from kb.text.folding import fold
from kb.text.organisation_name import name_key

_FREE_MAIL = LEXICONS.words("free_mail")
_PLATFORMS = LEXICONS.words("platforms")
_COMMON_PAGES = LEXICONS.words("common_pages")
_BEFORE_A_HOST = re.compile(r"\A(?:www\d?|m|[a-z]{2}(?:-[a-z]{2})?)\.(?=[^.]+\.[^.])")
MANY = 12  # so many names say as much as more
Commonness = Mapping[str, int]  # how many firms share a contact, how many towns a name, by key


@dataclass(frozen=True, slots=True)
class Contacts:
    """The contacts of an actor; no platform's `host`, no `domain` where anybody has an address."""

    host: str = ""
    page: str = ""
    domain: str = ""
    phones: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()

    def keys(self) -> Iterator[str]:
        """Yields each contact that other actors may share; a host and a domain have one key."""
        for domain in self.domains:
            yield f"w {domain}"
        if self.page:
            yield f"u {self.page}"
        yield from (f"t {phone}" for phone in self.phones)
        yield from (f"e {email}" for email in self.emails)

    @property
    def domains(self) -> frozenset[str]:
        return frozenset({self.host, self.domain} - {""})


def keys_of(actor: Actor) -> Iterator[str]:
    return contacts_of(actor.website, actor.phone, actor.email).keys()


@lru_cache(maxsize=20_000)
def contacts_of(website: str, phone: tuple[str, ...], email: tuple[str, ...]) -> Contacts:
    host, page = _host_and_page(website)
    domains = sorted({_plain_host(each.rpartition("@")[2]) for each in email} - _FREE_MAIL)
    return Contacts(
        host="" if host in _PLATFORMS else host,
        page=page,
        domain=domains[0] if domains else "",
        phones=frozenset(number.partition(";")[0] for number in phone),
        emails=frozenset(each.casefold() for each in email),
    )


def _host_and_page(website: str) -> tuple[str, str]:
    if not website:
        return "", ""
    try:
        parts = urlsplit(website)
        host = _plain_host(parts.hostname or "")
    except ValueError:
        return "", ""
    path = [fold(part) for part in parts.path.split("/") if part]
    while path and path[-1].partition(".")[0] in _COMMON_PAGES:
        path.pop()
    while path and path[0] in _COMMON_PAGES:
        path.pop(0)
    query = f"?{parts.query.casefold()}" if parts.query and parts.query[:4] != "utm_" else ""
    page = "/".join(path) + query
    return host, f"{host}/{page}" if page else ""


def _plain_host(host: str) -> str:
    return _BEFORE_A_HOST.sub("", host.casefold().strip("."))


def commonness_of(actors: Iterable[Actor], of: Collection[str] | None = None) -> Commonness:
    """Counts the firms of each contact among actors, and the towns of each name, `of` some keys."""
    sharing: dict[str, list[Actor]] = defaultdict(list)
    towns: dict[str, set[str]] = defaultdict(set)
    for actor in actors:
        for key in keys_of(actor):
            if of is None or key in of:
                sharing[key].append(actor)
        name = name_block(actor)
        if of is None or name in of:
            towns[name].add(place_of(actor.place, actor.department).town)
    counted = {key: _firms(those) for key, those in sharing.items() if len(those) > 1}
    return counted | {key: len(found) for key, found in towns.items() if len(found) > 1}


def name_block(actor: Actor) -> str:
    return f"n {name_key(actor.name)}"


def _firms(actors: Sequence[Actor]) -> int:
    sirens = {actor.siret[:SIREN_DIGITS] for actor in actors if actor.siret}
    names = sorted({actor.name for actor in actors})
    if len(names) > MANY:
        return MANY
    firms: list[list[str]] = []
    for name in names:
        same = [firm for firm in firms if any(are_one_name(name, other) for other in firm)]
        firms = [firm for firm in firms if firm not in same]
        firms.append([name, *(other for firm in same for other in firm)])
    return max(len(firms), len(sirens))

"""Contacts: by what an actor is reached, in a form in which two actors are compared."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from kb.models import Actor
from kb.text.folding import fold
from kb.text.lexicon import Lexicons

LEXICONS = Lexicons(Path(__file__).parent / "lexicons")

_FREE_MAIL = LEXICONS.words("free_mail")
_PLATFORMS = LEXICONS.words("platforms")
_COMMON_PAGES = LEXICONS.words("common_pages")
_BEFORE_A_HOST = re.compile(r"\A(?:www\d?|m|[a-z]{2}(?:-[a-z]{2})?)\.(?=[^.]+\.[^.])")


@dataclass(frozen=True, slots=True)
class Contacts:
    """The contacts of an actor, empty where it has none.

    `host` is its website's, without "www." and languages, unless the host is a platform's; `page`
    is the host with the path of a page that is not its home page. `domain` is that of its e-mail
    addresses, unless anybody may have an address there.
    """

    host: str = ""
    page: str = ""
    domain: str = ""
    phones: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()

    def keys(self) -> Iterator[str]:
        """Each contact that other actors may share; a host and a domain have one key."""
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
    """The keys of an actor's contacts."""
    return contacts_of(actor.website, actor.phone, actor.email).keys()


@lru_cache(maxsize=20_000)
def contacts_of(website: str, phone: tuple[str, ...], email: tuple[str, ...]) -> Contacts:
    """The contacts in these fields of an actor."""
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

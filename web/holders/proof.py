"""Whether an e-mail address proves that somebody writes for an organisation."""

from collections.abc import Iterable

import idna
from tld import is_tld

from kb.models import Actor
from kb.registers.alerts.outbox import checked_address
from kb.resolution.contacts import contacts_of


def proves(email: str, actor: Actor, actors: Iterable[Actor]) -> bool:
    """Returns whether the address is at the domain of the actor's website, and of nobody else's.

    The domain is the host of the website or lies below it. A host is no proof on which anybody may
    have a page or a mailbox: a platform, a suffix under which names are registered, a host that
    another of the `actors` has too. An address above the host is none either: the site of a
    laboratory does not belong to everybody at its university.

    Raises:
        InputError: `email` is no e-mail address.
    """
    domain = checked_address(email).rpartition("@")[2]
    contacts = contacts_of(actor.website, (), (email,))
    host = _ascii(contacts.host)
    if not (contacts.domain and "." in host) or is_tld(host, search_private=True):
        return False
    if domain != host and not domain.endswith(f".{host}"):
        return False
    return not any(
        other.id != actor.id and _ascii(contacts_of(other.website, (), ()).host) == host
        for other in actors
    )


def _ascii(host: str) -> str:
    try:
        return idna.encode(host, uts46=True).decode() if host else ""
    except idna.IDNAError:
        return ""

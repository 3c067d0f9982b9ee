"""Contacts as pages show them: who sees which, and the links that call and write.

A page never reads the contacts of an actor itself: it takes them of `shown_to`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from kb.models import Actor
from kb.registers.accounts import Account
from kb.text.folding import fold
from kb.text.phone_numbers import dialling_region, numbers_in, shown_number

_ADDRESS = re.compile(r"[^\s@,;]+@[^\s@,;]+\.[^\s@,;]+")


@dataclass(frozen=True, slots=True)
class ContactText:
    """A text, and the link that it is of, if any: `tel:` or `mailto:`."""

    text: str
    href: str = ""

    @property
    def is_phone(self) -> bool:
        return self.href.startswith("tel:")


@dataclass(frozen=True, slots=True)
class ShownContacts:
    """How an actor is reached, as far as the reader may see. `person` is a line in its parts."""

    phones: Sequence[ContactText]
    emails: Sequence[ContactText]
    street: str
    person: Sequence[ContactText]

    def __bool__(self) -> bool:
        return bool(self.phones or self.emails or self.street or self.person)


def as_seen_by(actor: Actor, account: Account | None) -> Actor:
    """Returns an actor with the contacts that the public sees, or a member.

    What it then has is no longer for members only: its `public` is all of it.
    """
    return (
        replace(actor, members_only=frozenset()) if account and account.is_member else actor.public
    )


def shown_to(actor: Actor, account: Account | None) -> ShownContacts:
    """Returns the contacts of an actor that the public sees, or a member."""
    seen = as_seen_by(actor, account)
    region = dialling_region(actor.country, actor.department)
    return ShownContacts(
        phones=[ContactText(shown_number(each, region), f"tel:{each}") for each in seen.phone],
        emails=[ContactText(each, f"mailto:{quote(each, safe='@')}") for each in seen.email],
        street=with_town(seen),
        person=[_linked(part, region) for part in seen.contact.split(", ") if part],
    )


def with_town(actor: Actor) -> str:
    """Returns the street and postal code, with the town unless it is in them."""
    if not actor.address or fold(actor.place) in fold(actor.address):
        return actor.address
    return f"{actor.address} {actor.place}"


def _linked(part: str, region: str) -> ContactText:
    if _ADDRESS.fullmatch(part):
        return ContactText(part, f"mailto:{quote(part, safe='@')}")
    found = numbers_in(part, region).kept if any(map(str.isdigit, part)) else ()
    if len(found) == 1 and shown_number(found[0], region) == part:
        return ContactText(part, f"tel:{found[0]}")
    return ContactText(part)


def filters() -> Mapping[str, Callable[..., object]]:
    """Returns the filters of templates that show contacts."""
    return {"contacts_shown_to": shown_to}

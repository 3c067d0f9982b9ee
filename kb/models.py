"""The records that every room shares: actors, cases, participations, passages."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Self

from kb.reference.communes import point_of
from kb.reference.points import Point
from kb.reference.roles import Role

NO_FACTS: Mapping[str, str] = MappingProxyType({})
SIREN_DIGITS, SIRET_DIGITS = 9, 14  # a SIRET (an establishment's) begins with its firm's SIREN
MAX_TEXT_CHARS = 200_000  # the longest text of a case


class Kind(StrEnum):
    ACTOR = "actor"
    CASE = "case"


@dataclass(frozen=True, slots=True)
class Actor:
    """A firm or other organisation; unknown fields are empty (`kb.reference.fields` says more).

    `facts` are columns of the source without a field here, `members_only` the values of contacts
    that only members are shown.
    """

    id: str
    name: str
    description: str = ""
    place: str = ""
    department: str = ""
    country: str = ""
    activity_code: str = ""
    siret: str = ""
    website: str = ""
    phone: tuple[str, ...] = ()
    email: tuple[str, ...] = ()
    address: str = ""
    contact: str = ""
    lang: str = "fr"
    themes: tuple[str, ...] = ()
    source_url: str = ""
    closed_on: str = ""
    facts: Mapping[str, str] = field(default_factory=lambda: NO_FACTS)
    members_only: frozenset[str] = field(default=frozenset(), compare=False)

    @property
    def point(self) -> Point | None:
        return point_of(self.place, self.department, self.country, self.facts)

    @property
    def public(self) -> Self:
        if not self.members_only:
            return self
        return replace(
            self,
            phone=tuple(number for number in self.phone if number not in self.members_only),
            email=tuple(address for address in self.email if address not in self.members_only),
            address="" if self.address in self.members_only else self.address,
            contact="" if self.contact in self.members_only else self.contact,
            members_only=frozenset(),
        )


@dataclass(frozen=True, slots=True)
class Participation:
    """An actor's part in a case. `actor_id` is empty when the participant has no entry."""

    name: str
    role: Role
    actor_id: str = ""
    contribution: str = ""
    source_url: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """An article, in Markdown, on how a need was met (`kb.reference.fields` says more).

    `date` (written), `modified` (by its author) and `moderated` are ISO 8601 dates or times.
    """

    id: str
    title: str
    text: str
    lang: str = "fr"
    date: str = ""
    modified: str = ""
    moderated: str = ""
    author: str = ""
    author_job: str = ""
    moderator: str = ""
    moderator_job: str = ""
    themes: tuple[str, ...] = ()
    need: str = ""
    flow: str = ""
    period: str = ""
    source_url: str = ""
    translation_of: str = ""
    picture: str = ""
    picture_alt: str = ""
    picture_credit: str = ""
    participants: tuple[Participation, ...] = ()

    @property
    def story(self) -> str:
        return self.translation_of or self.id


Record = Actor | Case


@dataclass(frozen=True, slots=True)
class Slice:
    """A passage's place in its document: the half-open span `text[start:end]`, in characters."""

    start: int
    end: int


def kind_of(record: Record) -> Kind:
    return Kind.CASE if isinstance(record, Case) else Kind.ACTOR

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
    """The kind of record that a document describes and that a hit gives."""

    ACTOR = "actor"
    CASE = "case"


@dataclass(frozen=True, slots=True)
class Actor:
    """A firm or other organisation, as a directory describes it; unknown fields are empty.

    `department` is a French department code, `country` an ISO 3166 alpha-2 code, `activity_code` a
    NAF or NACE code, `closed_on` an ISO 8601 date. `phone` has numbers as `kb.text.phone_numbers`
    keeps them, `email` addresses in lower case, `contact` a person's name and job. `facts` are the
    columns of the source that have no field here. `members_only` are those of the values of its
    contacts that only members are shown.
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
        """Where it is on the map, if it is in France and that is known."""
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
    """An article on how a need was met.

    `text` is Markdown. `date` (written), `modified` (by its author) and `moderated` are ISO 8601
    dates or times, `period` is in EDTF, `flow` one of `kb.reference.flows.Flow`, or each is empty.
    `translation_of` is the id of the case that this one translates, `picture` the name of a
    photograph (`kb.registers.pictures`).
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

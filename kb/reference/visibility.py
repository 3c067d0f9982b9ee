"""The visibility of actors' contacts: a choice for each source, apart for those of persons."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Visibility(StrEnum):
    """Who sees something: everybody, members who are signed in, or nobody."""

    PUBLIC = "public"
    MEMBERS = "members"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ContactChoice:
    """Who sees the contacts that a source gives; what nobody sees is not kept."""

    organisations: Visibility = Visibility.PUBLIC
    persons: Visibility = Visibility.NONE

    @property
    def keeps_persons(self) -> bool:
        return self.persons is not Visibility.NONE

    def of(self, field: str) -> Visibility:
        return self.persons if field in PERSON_FIELDS else self.organisations


PERSON_FIELDS = frozenset({"contact"})  # the fields of contacts that hold what is a person's
DEFAULT_CHOICE = ContactChoice()
# Of what people typed, each for one actor, until a person makes another choice.
DEFAULT_CHOICES: Mapping[str, ContactChoice] = MappingProxyType(
    dict.fromkeys(("moderation", ""), ContactChoice(persons=Visibility.MEMBERS))
)

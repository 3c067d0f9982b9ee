"""Who may see the contacts of actors: a choice for each source, apart for those of persons."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Visibility(StrEnum):
    """Who sees something: everybody, those who are signed in, or nobody, who need not keep it."""

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
        """Who sees a field of contacts."""
        return self.persons if field in PERSON_FIELDS else self.organisations


PERSON_FIELDS = frozenset({"contact"})  # the fields of contacts that hold what is a person's
DEFAULT_CHOICE = ContactChoice()
DEFAULT_CHOICES: Mapping[str, ContactChoice] = MappingProxyType(
    {
        source: ContactChoice(persons=Visibility.MEMBERS)
        for source in ("moderation", "")  # what people typed, each for one actor
    }
)
"""The choice of the sources that are no directories, until a person makes one."""

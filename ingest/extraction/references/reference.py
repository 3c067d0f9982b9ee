"""A reference: a stretch of words that stands for an organisation, and how likely that is."""

from dataclasses import dataclass
from enum import IntEnum

from ingest.extraction.organisation_kinds import OrganisationKind


class ReferenceKind(IntEnum):
    """By what an organisation is referred to, the best last."""

    UNNAMED = 0
    NAMED = 1
    KNOWN = 2


@dataclass(frozen=True, slots=True)
class Reference:
    """`sentence.tokens[first:last]` stand for an organisation, with `likelihood` 0 to 1.

    `name` is how it would be written in a list of participants. `head` is the folded word that
    says what it is ("" for a bare name); `definite` tells "the hospital" from "a hospital";
    `number` is how many a plural says they are, 0 if it does not.
    """

    first: int
    last: int
    name: str
    reference_kind: ReferenceKind
    kind: OrganisationKind
    likelihood: float
    actor_ids: tuple[str, ...] = ()
    head: str = ""
    definite: bool = False
    plural: bool = False
    number: int = 0

    @property
    def is_named(self) -> bool:
        return self.reference_kind is not ReferenceKind.UNNAMED

    @property
    def is_known(self) -> bool:
        return self.reference_kind is ReferenceKind.KNOWN

"""Participants: the organisations of an article, and where it mentions them."""

from dataclasses import dataclass, field

from ingest.extraction.organisation_kinds import OrganisationKind
from ingest.extraction.references.reference import Reference, ReferenceKind

PUBLIC = frozenset(
    {
        OrganisationKind.TOWN,
        OrganisationKind.CARE,
        OrganisationKind.STATE,
        OrganisationKind.CHAMBER,
        OrganisationKind.NETWORK,
        OrganisationKind.SCHOOL,
        OrganisationKind.MEDIA,
    }
)


@dataclass(slots=True, eq=False)
class Participant:
    """An organisation of the article, under all that it is called there; equal only to itself."""

    name: str
    reference_kind: ReferenceKind
    kind: OrganisationKind
    likelihood: float
    actor_ids: tuple[str, ...] = ()
    heads: set[str] = field(default_factory=set)
    names: list[str] = field(default_factory=list)
    plural: bool = False
    definite: bool = False

    @property
    def is_named(self) -> bool:
        return self.reference_kind is not ReferenceKind.UNNAMED

    @property
    def is_known(self) -> bool:
        return self.reference_kind is ReferenceKind.KNOWN


@dataclass(frozen=True, slots=True)
class ParticipantMention:
    """A participant at `sentence.tokens[first:last]`."""

    first: int
    last: int
    participant: Participant
    reference: Reference | None = None

    @property
    def is_pronoun(self) -> bool:
        return self.reference is None


def is_named_firm(participant: Participant) -> bool:
    """Whether a participant is no public body, and has a name."""
    return participant.is_named and participant.kind not in PUBLIC

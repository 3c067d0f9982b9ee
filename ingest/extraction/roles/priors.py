"""Prior probabilities of roles for kinds of organisations, before any deed is read."""

from ingest.extraction.organisation_kinds import OrganisationKind
from kb.reference.roles import Role

_PRIORS: dict[OrganisationKind, dict[Role, float]] = {
    kind: dict(zip(Role, factors, strict=True))
    for kind, factors in {
    # In the order of `Role`: producer, supplier, repackager, carrier, laboratory, buyer,
    # facilitator, authority, network.
    OrganisationKind.STATE:       (0.1,  0.25, 0.1,  0.2,  0.4,  0.45, 0.6,  1.1,  0.2),
    OrganisationKind.TOWN:        (0.15, 0.5,  0.15, 0.3,  0.2,  1.05, 1.0,  0.7,  0.25),
    OrganisationKind.CARE:        (0.5,  0.4,  0.5,  0.2,  0.6,  1.1,  0.7,  0.15, 0.2),
    OrganisationKind.CHAMBER:     (0.1,  0.25, 0.1,  0.1,  0.2,  0.4,  1.1,  0.4,  0.5),
    OrganisationKind.NETWORK:     (0.25, 0.4,  0.4,  0.4,  0.3,  0.6,  1.0,  0.2,  1.25),
    OrganisationKind.LABORATORY:  (0.85, 0.5,  1.0,  0.2,  1.15, 0.4,  0.5,  0.35, 0.2),
    OrganisationKind.HAULIER:     (0.2,  0.5,  1.0,  1.15, 0.1,  0.4,  0.3,  0.1,  0.1),
    OrganisationKind.SCHOOL:      (0.9,  1.0,  1.0,  1.0,  0.9,  1.0,  0.7,  0.1,  0.2),
    OrganisationKind.FIRM:        (1.0,  1.0,  1.0,  1.0,  0.55, 1.0,  0.45, 0.15, 0.15),
    OrganisationKind.UNKNOWN:     (1.0,  1.0,  1.0,  1.0,  0.85, 1.0,  0.7,  0.35, 0.35),
    }.items()
}  # fmt: skip

PUBLIC_BUYERS = frozenset({OrganisationKind.CARE, OrganisationKind.TOWN, OrganisationKind.SCHOOL})
"""Kinds of organisations that buy where others make."""


def prior(kind: OrganisationKind, role: Role) -> float:
    """The factor by which a kind of organisation makes a role likelier or less likely."""
    if kind is OrganisationKind.MEDIA:
        return 0.1
    return _PRIORS[kind][role]

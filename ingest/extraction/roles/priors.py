"""How likely a role is for a kind of organisation, whatever an article says that it did."""

from ingest.extraction.organisation_kinds import OrganisationKind
from kb.reference.roles import Role

_PRIORS: dict[OrganisationKind, dict[Role, float]] = {
    OrganisationKind.STATE: {
        Role.PRODUCER: 0.1,
        Role.SUPPLIER: 0.25,
        Role.REPACKAGER: 0.1,
        Role.CARRIER: 0.2,
        Role.LABORATORY: 0.4,
        Role.BUYER: 0.45,
        Role.FACILITATOR: 0.6,
        Role.NETWORK: 0.2,
        Role.AUTHORITY: 1.1,
    },
    OrganisationKind.TOWN: {
        Role.PRODUCER: 0.15,
        Role.SUPPLIER: 0.5,
        Role.REPACKAGER: 0.15,
        Role.CARRIER: 0.3,
        Role.LABORATORY: 0.2,
        Role.AUTHORITY: 0.7,
        Role.NETWORK: 0.25,
        Role.BUYER: 1.05,
    },
    OrganisationKind.CARE: {
        Role.PRODUCER: 0.5,
        Role.SUPPLIER: 0.4,
        Role.REPACKAGER: 0.5,
        Role.CARRIER: 0.2,
        Role.LABORATORY: 0.6,
        Role.AUTHORITY: 0.15,
        Role.NETWORK: 0.2,
        Role.FACILITATOR: 0.7,
        Role.BUYER: 1.1,
    },
    OrganisationKind.CHAMBER: {
        Role.PRODUCER: 0.1,
        Role.SUPPLIER: 0.25,
        Role.REPACKAGER: 0.1,
        Role.CARRIER: 0.1,
        Role.LABORATORY: 0.2,
        Role.AUTHORITY: 0.4,
        Role.NETWORK: 0.5,
        Role.BUYER: 0.4,
        Role.FACILITATOR: 1.1,
    },
    OrganisationKind.NETWORK: {
        Role.PRODUCER: 0.25,
        Role.SUPPLIER: 0.4,
        Role.REPACKAGER: 0.4,
        Role.CARRIER: 0.4,
        Role.LABORATORY: 0.3,
        Role.AUTHORITY: 0.2,
        Role.BUYER: 0.6,
        Role.NETWORK: 1.25,
    },
    OrganisationKind.LABORATORY: {
        Role.LABORATORY: 1.15,
        Role.PRODUCER: 0.85,
        Role.SUPPLIER: 0.5,
        Role.BUYER: 0.4,
        Role.AUTHORITY: 0.35,
        Role.NETWORK: 0.2,
        Role.FACILITATOR: 0.5,
        Role.CARRIER: 0.2,
    },
    OrganisationKind.HAULIER: {
        Role.CARRIER: 1.15,
        Role.PRODUCER: 0.2,
        Role.SUPPLIER: 0.5,
        Role.BUYER: 0.4,
        Role.AUTHORITY: 0.1,
        Role.NETWORK: 0.1,
        Role.FACILITATOR: 0.3,
        Role.LABORATORY: 0.1,
    },
    OrganisationKind.SCHOOL: {
        Role.PRODUCER: 0.9,
        Role.LABORATORY: 0.9,
        Role.AUTHORITY: 0.1,
        Role.NETWORK: 0.2,
        Role.FACILITATOR: 0.7,
    },
    OrganisationKind.FIRM: {
        Role.AUTHORITY: 0.15,
        Role.NETWORK: 0.15,
        Role.FACILITATOR: 0.45,
        Role.LABORATORY: 0.55,
    },
    OrganisationKind.UNKNOWN: {
        Role.AUTHORITY: 0.35,
        Role.NETWORK: 0.35,
        Role.FACILITATOR: 0.7,
        Role.LABORATORY: 0.85,
    },
}


PUBLIC_BUYERS = frozenset({OrganisationKind.CARE, OrganisationKind.TOWN, OrganisationKind.SCHOOL})
"""Those that buy where others make."""


def prior(kind: OrganisationKind, role: Role) -> float:
    """The factor by which a kind of organisation makes a role likelier or less likely."""
    if kind is OrganisationKind.MEDIA:
        return 0.1
    return _PRIORS[kind].get(role, 1.0)

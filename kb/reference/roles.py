"""Roles that actors take in cases, and all that depends on which role it is.

Adding a role takes a member of `Role`, an entry of `ROLES`, and the translation of its label.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """The role of an actor in a case."""

    PRODUCER = "producer"
    SUPPLIER = "supplier"
    REPACKAGER = "repackager"
    CARRIER = "carrier"
    LABORATORY = "laboratory"
    BUYER = "buyer"
    FACILITATOR = "facilitator"
    AUTHORITY = "authority"
    NETWORK = "network"


class Part(StrEnum):
    """A part that somebody has to take for a need to be met."""

    MAKER = "maker"
    INPUTS = "inputs"
    CONTAINERS = "containers"
    PACKAGING = "packaging"
    REPACKAGING = "repackaging"
    TRANSPORT = "transport"
    VALIDATION = "validation"
    COORDINATION = "coordination"
    BUYER = "buyer"


@dataclass(frozen=True, slots=True)
class RoleTraits:
    """The properties of a role.

    Attributes:
        label: its name on English pages; the other languages translate it.
        french: words for the role in the front matter of French articles, folded.
        part: the part of a need that the role takes; what a supplier brings in may say another
            (`kb.search.parts`).
        endorsement_share: share of a case's score that its actors in this role get, 0 to 1.
        precedent_share: how far a firm in a close trade could make the thing, 0 to 1; 0 for roles
            that say nothing of makers.
    """

    label: str
    french: tuple[str, ...]
    part: Part
    endorsement_share: float
    precedent_share: float = 0.0


ROLES: Mapping[Role, RoleTraits] = MappingProxyType(
    {
        Role.PRODUCER: RoleTraits(
            "Producer", ("producteur", "productrice"), Part.MAKER, 1.0, precedent_share=1.0
        ),
        Role.SUPPLIER: RoleTraits(
            "Supplier", ("fournisseur", "fournisseuse"), Part.INPUTS, 0.85, precedent_share=0.5
        ),
        Role.REPACKAGER: RoleTraits(
            "Repackager",
            ("reconditionneur", "reconditionneuse", "conditionneur", "conditionneuse"),
            Part.REPACKAGING,
            0.85,
            precedent_share=0.7,
        ),
        Role.CARRIER: RoleTraits("Carrier", ("transporteur", "transporteuse"), Part.TRANSPORT, 0.8),
        Role.LABORATORY: RoleTraits(
            "Laboratory", ("laboratoire",), Part.VALIDATION, 0.8, precedent_share=0.7
        ),
        Role.BUYER: RoleTraits("Buyer", ("acheteur", "acheteuse"), Part.BUYER, 0.4),
        Role.FACILITATOR: RoleTraits(
            "Facilitator",
            ("facilitateur", "facilitatrice", "animateur", "animatrice"),
            Part.COORDINATION,
            0.5,
        ),
        Role.AUTHORITY: RoleTraits("Authority", ("autorite",), Part.VALIDATION, 0.5),
        Role.NETWORK: RoleTraits("Network", ("reseau",), Part.COORDINATION, 0.5),
    }
)
"""Makers count most, then those who brought something in, last those who asked: a buyer of
sanitiser is no answer to who makes it. The shares are judgements, not measurements."""

"""Roles that actors take in cases, and all that depends on which role it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Literal


class Flow(StrEnum):
    SEEKS = "seeks"
    OFFERS = "offers"
    SHARES = "shares"


@dataclass(frozen=True, slots=True)
class FlowTraits:
    label: str
    french: tuple[str, ...]


FLOWS: Mapping[Flow, FlowTraits] = MappingProxyType({
    Flow.SEEKS: FlowTraits("Looking for something", ("cherche", "recherche")),
    Flow.OFFERS: FlowTraits("Has something to give", ("propose", "offre", "cede")),
    Flow.SHARES: FlowTraits("Wants to share", ("partage", "mutualise")),
})  # fmt: skip


class Role(StrEnum):
    PRODUCER = "producer"
    SUPPLIER = "supplier"
    REPACKAGER = "repackager"
    CARRIER = "carrier"
    LABORATORY = "laboratory"
    BUYER = "buyer"
    FACILITATOR = "facilitator"
    AUTHORITY = "authority"
    NETWORK = "network"


BestFit = Literal["strong", "possible", "weak"]  # the value of a `kb.search.results.Fit`


class Part(StrEnum):
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
    """The properties of a role; shares are 0 to 1."""

    label: str  # on English pages; other languages translate it
    french: tuple[str, ...]  # words in the front matter of French articles, folded
    part: Part  # what a supplier brings in may say another (`kb.search.parts`)
    endorsement_share: float  # share of a case's score that its actors get
    best_fit: BestFit = "weak"  # for the need of a case, if nothing else speaks for the actor
    is_asked: bool = False  # strong if what it brought is what is asked for
    outlet_share: float = 0.5  # for a need to be rid of what the case shows given up
    outlet_fit: BestFit = "weak"  # `best_fit` for such a need
    precedent_share: float = 0.0  # how far a firm in a close trade could make the thing

    @property
    def is_know_how(self) -> bool:
        """Says whether the role shows what an actor can do."""
        return self.best_fit == "strong" or self.is_asked


# Makers count most, buyers least: a buyer of sanitiser is no answer to who makes it. For a need to
# be rid of a thing, those who took it count most. Shares and fits are judged, not measured.
ROLES: Mapping[Role, RoleTraits] = MappingProxyType({
    Role.PRODUCER: RoleTraits("Producer", ("producteur", "productrice"), Part.MAKER, 1.0,
        best_fit="strong", outlet_share=1.0, outlet_fit="strong", precedent_share=1.0),
    Role.SUPPLIER: RoleTraits("Supplier", ("fournisseur", "fournisseuse"), Part.INPUTS, 0.85,
        best_fit="possible", is_asked=True, outlet_share=0.1, precedent_share=0.5),
    Role.REPACKAGER: RoleTraits("Repackager",
        ("reconditionneur", "reconditionneuse", "conditionneur", "conditionneuse"),
        Part.REPACKAGING, 0.85, best_fit="possible", is_asked=True, outlet_share=0.85,
        outlet_fit="strong", precedent_share=0.7),
    Role.CARRIER: RoleTraits("Carrier", ("transporteur", "transporteuse"), Part.TRANSPORT, 0.8,
        is_asked=True, outlet_share=0.8, outlet_fit="possible"),
    Role.LABORATORY: RoleTraits("Laboratory", ("laboratoire",), Part.VALIDATION, 0.8,
        best_fit="possible", is_asked=True, precedent_share=0.7),
    Role.BUYER: RoleTraits("Buyer", ("acheteur", "acheteuse"), Part.BUYER, 0.4, outlet_share=0.85,
        outlet_fit="strong"),
    Role.FACILITATOR: RoleTraits("Facilitator",
        ("facilitateur", "facilitatrice", "animateur", "animatrice"), Part.COORDINATION, 0.5),
    Role.AUTHORITY: RoleTraits("Authority", ("autorite",), Part.VALIDATION, 0.5),
    Role.NETWORK: RoleTraits("Network", ("reseau",), Part.COORDINATION, 0.5),
})  # fmt: skip

"""Flows: which way a need goes, and all that depends on which flow it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


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

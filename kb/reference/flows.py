"""Flows: which way a need goes, and all that depends on which flow it is.

Somebody looks for a thing, has a thing that others could take, or wants to share it. Who is right
for a need follows from this: who gave up waste once is no outlet for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Flow(StrEnum):
    """The direction of a need or of a case."""

    SEEKS = "seeks"
    OFFERS = "offers"
    SHARES = "shares"


@dataclass(frozen=True, slots=True)
class FlowTraits:
    """The properties of a flow.

    Attributes:
        label: its name on English pages; the other languages translate it.
        french: words for it in the front matter of French articles, folded.
    """

    label: str
    french: tuple[str, ...]


FLOWS: Mapping[Flow, FlowTraits] = MappingProxyType(
    {
        Flow.SEEKS: FlowTraits("Looking for something", ("cherche", "recherche")),
        Flow.OFFERS: FlowTraits("Has something to give", ("propose", "offre", "cede")),
        Flow.SHARES: FlowTraits("Wants to share", ("partage", "mutualise")),
    }
)

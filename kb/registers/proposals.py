"""Proposals: the fields and participations that were read in a text, kept with its draft."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from kb.models import Participation
from kb.store.record_json import participation_of

RULES = "rules"
"""The origin of what is read without a language model."""

FILLED_IN = 0.22
"""Least confidence of a participation that is written into the draft; others wait beside it."""


@dataclass(frozen=True, slots=True)
class ProposedField:
    """A proposed value of a record's field, and the sentence that it was read in.

    `confidence` is from 0 to 1; `origin` is `RULES`, or the name of the model that proposed it.
    """

    field: str
    value: str
    sentence: str
    confidence: float
    origin: str = RULES


@dataclass(frozen=True, slots=True)
class ProposedParticipation:
    """A proposed participation, and the sentence that it was read in, as `ProposedField`."""

    participation: Participation
    sentence: str
    confidence: float
    origin: str = RULES


@dataclass(frozen=True, slots=True)
class Proposals:
    """The proposals from a text, for a person to accept or reject."""

    fields: tuple[ProposedField, ...] = ()
    participations: tuple[ProposedParticipation, ...] = ()


def proposals_to_json(proposals: Proposals) -> str:
    return json.dumps(asdict(proposals), ensure_ascii=False)


def proposals_from_json(content: str) -> Proposals:
    plain: Mapping[str, Any] = json.loads(content)
    return Proposals(
        fields=tuple(ProposedField(**field) for field in plain["fields"]),
        participations=tuple(
            ProposedParticipation(
                **{**proposed, "participation": participation_of(proposed["participation"])}
            )
            for proposed in plain["participations"]
        ),
    )

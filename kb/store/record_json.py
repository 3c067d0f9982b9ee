"""Records as JSON and back, for registers that keep states of them: versions, drafts, inputs.

A record read back equals the record written. A field that the JSON lacks has its default; a field
that this version does not know is ignored.
"""

import json
from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any

from kb.models import Actor, Case, Kind, Participation, Record
from kb.reference.roles import Role


def record_to_json(record: Record) -> str:
    plain: dict[str, Any] = {
        field.name: getattr(record, field.name)
        for field in fields(record)
        if field.name not in {"facts", "participants"}
    }
    if isinstance(record, Actor):
        plain["facts"] = dict(record.facts)
    else:
        plain["participants"] = [plain_participation(part) for part in record.participants]
    return json.dumps(plain, ensure_ascii=False)


def record_from_json(kind: Kind, content: str) -> Record:
    return case_from_json(content) if kind is Kind.CASE else actor_from_json(content)


def actor_from_json(content: str) -> Actor:
    plain: dict[str, Any] = json.loads(content)
    plain["themes"] = tuple(plain.get("themes", ()))
    plain["facts"] = MappingProxyType(plain.get("facts", {}))
    return Actor(**_known(Actor, plain))


def case_from_json(content: str) -> Case:
    plain: dict[str, Any] = json.loads(content)
    plain["themes"] = tuple(plain.get("themes", ()))
    plain["participants"] = tuple(participation_of(part) for part in plain.get("participants", ()))
    return Case(**_known(Case, plain))


def plain_participation(participation: Participation) -> dict[str, str]:
    """A participation as a mapping that JSON can hold."""
    return {field.name: str(getattr(participation, field.name)) for field in fields(participation)}


def participation_of(plain: Mapping[str, Any]) -> Participation:
    """The participation that `plain_participation` made plain."""
    return Participation(**{**_known(Participation, plain), "role": Role(plain["role"])})


def _known(
    made: type[Actor] | type[Case] | type[Participation], plain: Mapping[str, Any]
) -> dict[str, Any]:
    names = {field.name for field in fields(made)}
    return {name: value for name, value in plain.items() if name in names}

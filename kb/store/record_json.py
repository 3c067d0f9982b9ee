"""Records as JSON and back, for registers that keep states of them: versions, drafts, inputs."""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

from kb.models import Actor, Case, Kind, Participation, Record
from kb.reference.roles import Role
from kb.store.database import dataclass_of
from kb.store.records import LISTS_OF_ACTORS, said_fields


def record_to_json(record: Record) -> str:
    plain = {name: getattr(record, name) for name in said_fields(record)}
    return json.dumps(plain, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else asdict(value)


def record_from_json(kind: Kind, content: str) -> Record:
    return case_from_json(content) if kind is Kind.CASE else actor_from_json(content)


def actor_from_json(content: str) -> Actor:
    plain = json.loads(content)
    facts = MappingProxyType(plain.get("facts", {}))
    lists = {name: tuple(plain.get(name, ())) for name in LISTS_OF_ACTORS}
    return dataclass_of(Actor, plain, facts=facts, **lists)


def case_from_json(content: str) -> Case:
    plain = json.loads(content)
    participants = tuple(map(participation_of, plain.get("participants", ())))
    themes = tuple(plain.get("themes", ()))
    return dataclass_of(Case, plain, themes=themes, participants=participants)


def without_values(content: str, gone: Mapping[str, Collection[str]]) -> str:
    """A record's JSON without these values of its fields, which are texts or lists of texts."""
    plain = json.loads(content)
    for field, values in gone.items():
        value = plain.get(field)
        if isinstance(value, list):
            plain[field] = [each for each in value if each not in values]
        elif value in values:
            plain[field] = ""
    return json.dumps(plain, ensure_ascii=False)


def participation_of(plain: Mapping[str, Any]) -> Participation:
    return dataclass_of(Participation, plain, role=Role(plain["role"]))

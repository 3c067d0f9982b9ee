import json
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.models import Actor, Case, Kind, Participation, kind_of
from kb.reference.roles import Role
from kb.store.record_json import record_from_json, record_to_json
from kb.store.records import LISTS_OF_ACTORS
from tests.kb.records import POLISH, SANITISER

_VALUES: dict[str, Any] = {
    field.name: ("Cuir", "Chimie") if field.name in LISTS_OF_ACTORS else field.name
    for field in fields(Actor)
    if field.name != "facts"
}
FULL_ACTOR = Actor(**_VALUES, facts={"effectif": "40", "": "vide"})
FULL_CASE = Case(
    **{
        field.name: field.name
        for field in fields(Case)
        if field.name not in {"themes", "participants"}
    },
    themes=("Santé",),
    participants=(
        Participation("Avel", Role.PRODUCER, "avel", "prépare", "https://exemple.fr/avel"),
        Participation("Mairie", Role.AUTHORITY),
    ),
)


@pytest.mark.parametrize("record", [FULL_ACTOR, FULL_CASE, POLISH, SANITISER])
def test_a_record_is_read_back_as_it_was(record: Actor | Case) -> None:
    assert record_from_json(kind_of(record), record_to_json(record)) == record


@given(text=st.text(), key=st.text(), role=st.sampled_from(Role))
def test_any_text_is_read_back_as_it_was(text: str, key: str, role: Role) -> None:
    actor = replace(POLISH, name=text, facts={key: text}, themes=(text, key))
    case = replace(SANITISER, text=text, participants=(Participation(key, role, text, key),))
    for record in (actor, case):
        assert record_from_json(kind_of(record), record_to_json(record)) == record


def test_a_field_that_is_not_known_is_passed_over() -> None:
    plain: dict[str, Any] = json.loads(record_to_json(SANITISER))
    plain["mood"] = "cheerful"
    plain["participants"][0]["mood"] = "cheerful"
    assert record_from_json(Kind.CASE, json.dumps(plain)) == SANITISER

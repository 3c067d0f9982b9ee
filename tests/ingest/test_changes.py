from dataclasses import replace

from ingest.changes import MAX_VALUE_CHARS, Changes, FieldChange, changed_fields
from ingest.report import MAX_NOTES
from kb.models import Actor, Case, Participation
from kb.reference.roles import Role

AVEL = Actor("avel", "Avel", description="Cirages", themes=("cuir",), facts={"Teinte": "brun"})


def test_every_kind_of_field_is_told_as_text() -> None:
    after = replace(AVEL, themes=("cuir", "bois"), facts={"Effectif": "12"}, closed_on="2026-01-02")
    assert changed_fields(AVEL, after) == (
        FieldChange("themes", "cuir", "cuir | bois"),
        FieldChange("closed_on", "", "2026-01-02"),
        FieldChange("fact:Effectif", "", "12"),
        FieldChange("fact:Teinte", "brun", ""),
    )


def test_contacts_are_said_to_change_and_their_values_are_not() -> None:
    after = replace(AVEL, phone=("+33536490010",), email=("a@b.example",), contact="Luc Vue")
    assert changed_fields(AVEL, after) == tuple(map(FieldChange, ("phone", "email", "contact")))


def test_who_may_see_contacts_is_no_change() -> None:
    assert changed_fields(AVEL, replace(AVEL, members_only=frozenset({"x"}))) == ()


def test_participants_are_told_by_name_and_role() -> None:
    case = Case("gel", "Du gel", "Récit.")
    after = replace(case, participants=(Participation("Avel", Role.PRODUCER),))
    assert changed_fields(case, after) == (FieldChange("participants", "", "Avel (producer)"),)


def test_long_values_are_cut() -> None:
    (change,) = changed_fields(AVEL, replace(AVEL, description="x " * 500))
    assert len(change.after) == MAX_VALUE_CHARS
    assert change.after.endswith("…")


def test_changes_beyond_a_reports_room_are_counted() -> None:
    changes = Changes()
    for number in range(MAX_NOTES + 3):
        changes.add(None, replace(AVEL, id=str(number)))
    assert (len(changes.records), changes.untold) == (MAX_NOTES, 3)

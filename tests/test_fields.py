"""Every field of actors and cases is in the tables, and all that goes over them covers it."""

import csv
from pathlib import Path
from typing import Any

import pytest

from ingest.directories.columns_of import HeaderMap
from ingest.directories.readers import read_directory
from ingest.export import export
from ingest.records.case_file import CASE_KEYS, read_markdown
from kb.knowledge_base import KnowledgeBase
from kb.models import Actor, Case, Kind, Participation, Record
from kb.reference.fields import (
    ACTOR_FIELDS,
    CASE_FIELDS,
    PARTICIPATION_FIELDS,
    FieldKind,
    FieldTraits,
)
from kb.reference.roles import Role
from kb.reference.visibility import ContactChoice, Visibility
from kb.resolution.merge_rules import SourceRow
from web.api import schemas
from web.api.catalogue import CaseOut, ParticipationOut
from web.api.write_schemas import ActorContent, CaseContent, ParticipationContent
from web.editorial.choices import differences
from web.editorial.moderation import ACTOR_ITEMS, CASE_ITEMS
from web.editorial.record_form import RecordForm
from web.http.labels import FIELD_LABELS

SAMPLES: dict[FieldKind, Any] = {
    FieldKind.ID: "un-enregistrement",
    FieldKind.LINE: "Une ligne",
    FieldKind.SENTENCE: "Il fallait du gel.",
    FieldKind.TEXT: "Un paragraphe.\n\nUn autre.",
    FieldKind.DATE: "2020-07-02",
    FieldKind.DAY: "2023-12-31",
    FieldKind.PERIOD: "2020-21",
    FieldKind.WEB_ADDRESS: "https://exemple.example/page",
    FieldKind.LANGUAGE: "en",
    FieldKind.FLOW: "offers",
    FieldKind.DEPARTMENT: "974",
    FieldKind.COUNTRY: "RE",
    FieldKind.ACTIVITY_CODE: "20.41Z",
    FieldKind.SIRET: "73282932000074",
    FieldKind.PHONE: ("+262262200000", "+33536490010;ext=12"),
    FieldKind.EMAIL: ("contact@exemple.example", "ventes@exemple.example"),
    FieldKind.THEMES: ("Cuir, chaussure", "Santé"),
    FieldKind.FACTS: {"effectif": "12"},
    FieldKind.PICTURE: f"{'0a' * 16}-1600x900.webp",
    FieldKind.PARTICIPANTS: (Participation("Avel", Role.BUYER, "avel", "achète", "https://a.fr"),),
}
TABLES = {Actor: ACTOR_FIELDS, Case: CASE_FIELDS, Participation: PARTICIPATION_FIELDS}


def sample(fields_of_record: Any) -> dict[str, Any]:
    return {name: SAMPLES[traits.kind] for name, traits in fields_of_record.items()}


ACTOR = Actor(**sample(ACTOR_FIELDS))
CASE = Case(**sample(CASE_FIELDS))


def test_every_field_is_exported_and_read_again(base: KnowledgeBase, tmp_path: Path) -> None:
    base.choose_contacts("annuaire", ContactChoice(persons=Visibility.PUBLIC))
    base.begin_rows("annuaire", [SourceRow(ACTOR)]).put()
    base.put([CASE])
    export(base, tmp_path / "out")
    (entry,) = read_directory(tmp_path / "out" / "actors.csv", HeaderMap(persons_kept=True))
    assert entry.record == ACTOR
    (entry,) = read_markdown(tmp_path / "out" / "cases" / f"{CASE.id}.md")
    assert entry.record == CASE
    with (tmp_path / "out" / "actors.csv").open(encoding="utf-8-sig", newline="") as file:
        assert next(csv.reader(file)) == [
            *[name for name in ACTOR_FIELDS if name != "facts"],
            "effectif",
        ]
    assert set(CASE_KEYS.values()) == set(CASE_FIELDS) - {"text"}


def test_every_field_is_in_the_store_and_in_what_sources_say_together(base: KnowledgeBase) -> None:
    base.choose_contacts("annuaire", ContactChoice(persons=Visibility.PUBLIC))
    base.begin_rows("annuaire", [SourceRow(ACTOR)]).put()
    base.ingest_cases([CASE])
    assert (base.actor(ACTOR.id), base.case(CASE.id)) == (ACTOR, CASE)
    assert base.history(Kind.ACTOR, ACTOR.id)[-1].record == ACTOR


@pytest.mark.parametrize("record", [ACTOR, CASE], ids=["actor", "case"])
def test_every_field_that_is_edited_is_in_the_forms(record: Record) -> None:
    table: dict[str, FieldTraits] = dict(TABLES[type(record)])
    form = RecordForm.of(record)
    typed = {name for name, traits in table.items() if traits.form_line}
    assert set(form.values) == typed
    assert set(table) - typed == {
        Actor: {"id", "facts"}, Case: {"id", "participants", "translation_of"}
    }[type(record)]  # fmt: skip
    blank = (
        Actor("un-enregistrement", "X") if record is ACTOR else Case("un-enregistrement", "X", "Y")
    )
    written = RecordForm.sent(dict(form.values), blank).record(blank, str)
    assert all(getattr(written, name) == getattr(record, name) for name in typed)
    items = ACTOR_ITEMS if record is ACTOR else CASE_ITEMS
    assert {name for names in items.values() for name in names} == typed
    assert set(differences(blank, record)) == set(table) - {"id"}
    assert set(table) <= set(FIELD_LABELS)


def test_every_field_is_in_the_api() -> None:
    assert ActorContent.read(ACTOR).record(ACTOR) == ACTOR
    assert CaseContent.of(CASE).record(CASE) == CASE
    assert set(ActorContent.model_fields) == set(ACTOR_FIELDS)
    assert set(CaseContent.model_fields) == set(CASE_FIELDS)
    assert set(ParticipationContent.model_fields) == {
        traits.key or name for name, traits in PARTICIPATION_FIELDS.items()
    }
    answered = set(schemas.ActorWithCases.model_fields) - {"url", "cases"}
    assert answered == set(ACTOR_FIELDS)
    assert set(CaseOut.model_fields) - {"url"} == set(CASE_FIELDS)
    assert set(ParticipationOut.model_fields) - {"activity"} == {
        traits.key or name for name, traits in PARTICIPATION_FIELDS.items()
    }

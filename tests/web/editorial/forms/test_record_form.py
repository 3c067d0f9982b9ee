"""A record as the fields of a form, and back."""

from dataclasses import replace

import pytest

from kb.errors import InputError
from kb.models import Actor, Case, Participation, Record
from kb.reference.roles import Role
from kb.registers.drafts import Proposals, ProposedField, ProposedParticipation
from tests.web.sample_base import ACTORS, CASES
from web.editorial.forms.cleaning import written_date
from web.editorial.forms.participations import ParticipationRow
from web.editorial.forms.record_form import RecordForm, WrongFields, best_proposals

AVEL = Participation("Avel", Role.PRODUCER, "avel", "fabrique")
BUYER = Participation("Hôpital", Role.BUYER)
CASE = Case(
    id="gel",
    title="Du gel",
    text="# Un\n\nDeux.",
    date="1972",
    modified="2020-07-02T11:51:00+02:00",
    themes=("Cuir, chaussure", "Santé"),
    participants=(AVEL,),
)


def nobody(_given: str) -> str:
    return ""


def sent(record: Record, **values: str) -> RecordForm:
    return RecordForm.sent(values, record)


@pytest.mark.parametrize("record", [*ACTORS, *CASES, CASE], ids=lambda record: record.id)
def test_what_nobody_touched_stays_as_it_is(record: Record) -> None:
    form = RecordForm.of(record)
    assert form.record(record, nobody) == record
    assert RecordForm.sent(dict(form.values), record).record(record, nobody) == record


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("2020-07-02", "2020-07-02"),
        ("02/07/2020", "2020-07-02"),
        ("2.7.2020", "2020-07-02"),
        ("2020-07-02 11:51", "2020-07-02T11:51:00"),
        ("02/07/2020 11:51", "2020-07-02T11:51:00"),
        (" 1972 ", "1972"),
        ("", ""),
    ],
)
def test_dates_are_taken_as_people_write_them(typed: str, kept: str) -> None:
    assert written_date(typed, "date") == kept
    form = sent(replace(CASE, date="2000-01-01"), date=typed)
    assert form.record(replace(CASE, date="2000-01-01"), nobody) == replace(CASE, date=kept)


@pytest.mark.parametrize("typed", ["31/02/2020", "juillet 2020", "20", "12/2020", "²0/07/2020"])
def test_what_is_no_date_is_refused(typed: str) -> None:
    with pytest.raises(InputError):
        written_date(typed, "date")
    with pytest.raises(WrongFields) as refusal:
        sent(CASE, date=typed).record(CASE, nobody)
    assert list(refusal.value.errors) == ["date"]


def test_times_are_shown_as_people_read_them() -> None:
    assert RecordForm.of(CASE).values["modified"] == "2020-07-02 11:51+02:00"


def test_a_theme_may_hold_a_comma() -> None:
    assert RecordForm.of(CASE).values["themes"] == "Cuir, chaussure\nSanté"
    changed = sent(CASE, themes="Cuir, chaussure\r\n\r\nEIT\r\n").record(CASE, nobody)
    assert changed == replace(CASE, themes=("Cuir, chaussure", "EIT"))


def test_everything_that_is_wrong_is_told_at_once() -> None:
    form = sent(CASE, title=" ", text="", source_url="javascript:alert(1)", date="hier")
    with pytest.raises(WrongFields) as refusal:
        form.record(CASE, nobody)
    assert sorted(refusal.value.errors) == ["date", "source_url", "text", "title"]


def test_an_actor_is_found_by_what_was_typed() -> None:
    typed = {"rows": "1", "keep-0": "1", "name-0": "Avel", "role-0": "supplier"}
    form = RecordForm.sent(typed | {"actor_id-0": "Avel (Saphir)"}, CASE)
    found = form.record(CASE, lambda given: {"Avel (Saphir)": "avel"}.get(given, ""))
    assert isinstance(found, Case)
    assert found.participants == (Participation("Avel", Role.SUPPLIER, "avel"),)
    with pytest.raises(WrongFields) as refusal:
        form.record(CASE, nobody)
    assert list(refusal.value.errors) == ["actor_id-0"]


def test_an_actor_that_is_named_already_need_not_be_known() -> None:
    row = {"rows": "1", "keep-0": "1", "name-0": "Avel SA", "role-0": "producer"}
    form = RecordForm.sent(row | {"actor_id-0": "avel"}, CASE)
    found = form.record(CASE, nobody)
    assert isinstance(found, Case)
    assert found.participants == (Participation("Avel SA", Role.PRODUCER, "avel"),)


def test_a_row_that_is_not_kept_stays_in_the_form_and_out_of_the_record() -> None:
    row = {"rows": "2", "name-0": "Avel", "role-0": "producer"}
    form = RecordForm.sent(row, CASE)
    assert form.rows == (ParticipationRow(name="Avel", role="producer", kept=False),)
    found = form.record(CASE, nobody)
    assert isinstance(found, Case)
    assert found.participants == ()


def test_proposals_that_the_record_lacks_are_rows_not_kept() -> None:
    proposals = Proposals(
        participations=tuple(
            ProposedParticipation(one, "Une phrase.", 0.5, "rules") for one in (BUYER, AVEL)
        )
    )
    renamed = replace(CASE, participants=(replace(AVEL, contribution="met en flacons"),))
    rows = RecordForm.of(renamed, proposals).rows
    assert [(row.name, row.kept, row.proposal) for row in rows] == [
        ("Avel", True, 1),
        ("Hôpital", False, 0),
    ]


def test_of_a_field_the_surest_proposal_is_shown() -> None:
    fields = [ProposedField("need", value, "", sure, "rules") for value, sure in
              (("a", 0.5), ("b", 0.9), ("c", 0.9))]  # fmt: skip
    assert best_proposals(Proposals(fields=tuple(fields)))["need"].value == "b"


def test_what_is_wrong_with_an_actor_is_told_by_its_field() -> None:
    actor = Actor(id="a", name="A", country="FR", facts={"Effectif": "35"})
    for name, typed in [
        ("name", ""),
        ("department", "99X"),
        ("siret", "123"),
        ("country", "Nulle part"),
        ("website", "javascript:alert(1)"),
        ("closed_on", "hier"),
    ]:
        with pytest.raises(WrongFields) as refusal:
            sent(actor, **{name: typed}).record(actor, nobody)
        assert list(refusal.value.errors) == [name]
    changed = sent(actor, department="Charente", closed_on="31/03/2021").record(actor, nobody)
    assert changed == replace(actor, department="16", closed_on="2021-03-31")


@pytest.mark.parametrize("rows", ["-1", "1e9", "999999999999", "x"])
def test_a_form_that_no_browser_sends_does_no_harm(rows: str) -> None:
    form = RecordForm.sent({"rows": rows, "proposal-0": "²", "name-0": "A"}, CASE)
    assert len(form.rows) <= 1

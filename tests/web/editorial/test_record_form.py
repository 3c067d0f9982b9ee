"""A record as the fields of a form, and back."""

from dataclasses import replace

import pytest

from kb.models import Case, Participation, Record
from kb.reference.roles import Role
from tests.web.sample_base import ACTORS, CASES
from web.editorial.record_form import RecordForm, WrongFields

AVEL = Participation("Avel", Role.PRODUCER, "avel", "fabrique")
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


def test_what_nobody_touched_stays_as_it_is() -> None:
    for record in (*ACTORS, *CASES, CASE):
        form = RecordForm.of(record)
        assert form.record(record, nobody) == record
        assert RecordForm.sent(dict(form.values), record).record(record, nobody) == record


def test_dates_are_taken_as_people_write_them_and_nothing_else() -> None:
    dated = replace(CASE, date="2000-01-01")
    for typed, kept in (
        ("2020-07-02", "2020-07-02"),
        ("02/07/2020", "2020-07-02"),
        ("2.7.2020", "2020-07-02"),
        ("02/07/2020 11:51", "2020-07-02T11:51:00"),
        (" 1972 ", "1972"),
        ("", ""),
    ):
        assert sent(dated, date=typed).record(dated, nobody) == replace(CASE, date=kept)
    for typed in ("31/02/2020", "juillet 2020", "20", "12/2020", "²0/07/2020"):
        with pytest.raises(WrongFields) as refusal:
            sent(CASE, date=typed).record(CASE, nobody)
        assert list(refusal.value.errors) == ["date"]


def test_an_actor_is_found_by_what_was_typed() -> None:
    typed = {"rows": "1", "keep-0": "1", "name-0": "Avel", "role-0": "supplier"}
    form = RecordForm.sent(typed | {"actor_id-0": "Avel (Saphir)"}, CASE)
    found = form.record(CASE, lambda given: {"Avel (Saphir)": "avel"}.get(given, ""))
    assert isinstance(found, Case)
    assert found.participants == (Participation("Avel", Role.SUPPLIER, "avel"),)
    with pytest.raises(WrongFields) as refusal:
        form.record(CASE, nobody)
    assert list(refusal.value.errors) == ["actor_id-0"]

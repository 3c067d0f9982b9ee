from dataclasses import replace

import pytest

from ingest.report import MAX_VALUE_CHARS, FieldChange, Pace, Phase, changed_fields
from kb.models import Actor

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


def test_long_values_are_cut() -> None:
    (change,) = changed_fields(AVEL, replace(AVEL, description="x " * 500))
    assert len(change.after) == MAX_VALUE_CHARS
    assert change.after.endswith("…")


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_line_says_file_record_rate_and_phase(clock: Clock) -> None:
    pace = Pace(clock)
    pace.total = 5000
    pace.at(Phase.EMBEDDING, "firms.csv")
    for _second in range(10):
        clock.seconds += 1
        pace.advance(120)
    assert pace.line() == "firms.csv: record 1,200 of 5,000, 120.0 records/s, 32 s left, embedding"

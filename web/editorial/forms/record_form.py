"""A record as the fields of a form, and back; what was typed is kept whatever is wrong with it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from types import MappingProxyType
from typing import Self

from ingest.directories.actor_row import actor_from
from ingest.records.fields import MAX_LINE_CHARS, one_line
from ingest.records.parsers import period
from kb.errors import InputError
from kb.messages import N_
from kb.models import MAX_TEXT_CHARS, Actor, Case, Record
from kb.reference.fields import (
    ACTOR_FIELDS,
    CASE_FIELDS,
    FieldKind,
    FieldTraits,
    form_lines,
)
from kb.registers.drafts import Proposals, ProposedField, ProposedParticipation
from web.editorial.forms.cleaning import (
    TOO_LONG,
    FieldCleaner,
    loses_a_line,
    typed_value,
    why_wrong,
)
from web.editorial.forms.participations import (
    ParticipationRow,
    participation_from,
    proposal_of,
    row_of,
    sent_row,
)

CASE_LINES = form_lines(CASE_FIELDS)
ACTOR_LINES = form_lines(ACTOR_FIELDS)

MAX_ROWS = 200
"""Participations that a form may hold."""

NO_ALT = N_("Say in a few words what the picture shows, for those who do not see it.")

NO_PROPOSALS = Proposals()
_NO_ERRORS: Mapping[str, str] = MappingProxyType({})

_BY_CODE: Mapping[str, str] = {
    "too_long": TOO_LONG,
    "too_many_bytes": TOO_LONG,
    "no_id": N_("A name has at least a letter or a digit."),
}
_INPUTS: Mapping[FieldKind, str] = {
    FieldKind.LANGUAGE: "select",
    FieldKind.FLOW: "select",
    FieldKind.WEB_ADDRESS: "url",
    FieldKind.PICTURE: "picture",
}


class WrongFields(Exception):
    """A form cannot be made a record. `errors` has an English message by name of a field."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(", ".join(errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class RecordForm:
    """The fields of a record as text, and what is wrong with them.

    `errors` has an English message by name: of a field, or of a part of a row (`role-2`).
    """

    values: Mapping[str, str]
    rows: tuple[ParticipationRow, ...] = ()
    errors: Mapping[str, str] = field(default_factory=lambda: _NO_ERRORS)

    @classmethod
    def of(cls, record: Record, proposals: Proposals = NO_PROPOSALS) -> Self:
        """The form of a record. Proposed participations that it lacks are rows not kept."""
        lines = CASE_LINES if isinstance(record, Case) else ACTOR_LINES
        values = {name: typed_value(record, name) for name in chain.from_iterable(lines)}
        if not isinstance(record, Case):
            return cls(values)
        unused = dict(enumerate(proposals.participations))
        rows = []
        for participation in record.participants:
            number = proposal_of(participation, unused)
            unused.pop(number, None)
            rows.append(row_of(participation, number))
        left_out = [
            replace(row_of(proposed.participation, number), kept=False)
            for number, proposed in unused.items()
        ]
        return cls(values, (*rows, *left_out))

    @classmethod
    def sent(cls, form: Mapping[str, object], record: Record) -> Self:
        """The form as somebody filled it in; fields that it lacks are those of the record."""
        known = cls.of(record)
        values = {
            name: str(form.get(name, value)).replace("\r\n", "\n")
            for name, value in known.values.items()
        }
        if "period" in values:
            values["period"] = _standard_if_understood(values["period"])
        if "rows" not in form:
            return cls(values, known.rows)
        count = min(_whole_number(form["rows"]), MAX_ROWS)
        rows = (sent_row(form, number) for number in range(count))
        return cls(values, tuple(row for row in rows if not row.is_blank))

    def with_row(self, row: ParticipationRow) -> Self:
        """The form with another participation, after those that are there."""
        kept = [row for row in self.rows if row.kept or row.proposal < 0]
        others = [row for row in self.rows if not (row.kept or row.proposal < 0)]
        return replace(self, rows=(*kept, row, *others))

    def accepting(self, number: int) -> Self:
        """The form with a suggested participation, by its row, among the others."""
        others = (*self.rows[:number], *self.rows[number + 1 :])
        return replace(self, rows=others).with_row(replace(self.rows[number], kept=True))

    def linking(self, number: int, actor_id: str) -> Self:
        """The form with the entry of a participation filled in."""
        row = replace(self.rows[number], actor_id=actor_id)
        return replace(self, rows=(*self.rows[:number], row, *self.rows[number + 1 :]))

    def input(self, name: str) -> Mapping[str, object]:
        """How a field is typed, as the templates' `field` macro takes it."""
        traits = self._fields[name]
        kind = "area" if traits.rows else _INPUTS.get(traits.kind, "text")
        return {"kind": kind, "rows": traits.rows, "required": traits.required}

    def is_period(self, name: str) -> bool:
        """Whether a field is a period, which people read and write in words."""
        return self._fields[name].kind is FieldKind.PERIOD

    def is_prose(self, name: str) -> bool:
        """Whether a field is written in the language of the record."""
        return self._fields[name].kind in {FieldKind.TEXT, FieldKind.SENTENCE}

    @property
    def _fields(self) -> Mapping[str, FieldTraits]:
        return CASE_FIELDS if "title" in self.values else ACTOR_FIELDS

    def wrong(self, errors: Mapping[str, str]) -> Self:
        return replace(self, errors=errors)

    def record(self, base: Record, actor_named: Callable[[str], str]) -> Record:
        """The record that the form tells; what has no field in it is as in `base`.

        Args:
            base: the record that was being edited.
            actor_named: gives the id of the actor of this id or exact name, or "".

        Raises:
            WrongFields: something cannot be kept.
        """
        return self._case(base, actor_named) if isinstance(base, Case) else self._actor(base)

    def _case(self, base: Case, actor_named: Callable[[str], str]) -> Case:
        errors: dict[str, str] = {}
        clean = FieldCleaner(self.values, errors)
        # What a record has already is not this form's business, such as an actor whose directory
        # comes later.
        kept = {row_of(participation, -1): participation for participation in base.participants}
        named_already = {participation.actor_id for participation in base.participants}

        def known_actor(given: str) -> str:
            return given if given in named_already else actor_named(given)

        changes = {name: clean.field(name, CASE_FIELDS[name]) for name in self._touched(base)}
        if len(changes.get("text", "")) > MAX_TEXT_CHARS:
            errors["text"] = TOO_LONG
        if self.values["picture"] and not self.values["picture_alt"].strip():
            errors["picture_alt"] = NO_ALT
        participants = tuple(
            kept.get(replace(row, proposal=-1))
            or participation_from(row, number, errors, known_actor)
            for number, row in enumerate(self.rows)
            if row.kept
        )
        if errors:
            raise WrongFields(errors)
        return replace(base, participants=participants, **changes)

    def _actor(self, base: Actor) -> Actor:
        errors: dict[str, str] = {}
        clean = FieldCleaner(self.values, errors)
        touched = self._touched(base)
        cells = {name: self.values[name] for name in touched}
        cells |= {
            name: clean.date(name) for name in touched if ACTOR_FIELDS[name].kind is FieldKind.DAY
        }
        if "name" in touched or not base.name:
            clean("name", one_line, required=True, max_chars=MAX_LINE_CHARS)
        if {"department", "country", "phone"} & set(touched):
            cells |= {name: self.values[name] for name in ("department", "country")}
        for name in touched:
            if loses_a_line(self.values, name):
                errors[name] = why_wrong(ACTOR_FIELDS[name].kind)
        read = base
        for _ in self.values:  # each of which may be wrong
            right = dict.fromkeys(errors, "") | ({"name": "nameless"} if "name" in errors else {})
            try:
                read = actor_from({"id": base.id, "name": base.name, **cells, **right})
                break
            except InputError as error:
                name = error.field if error.field in self.values else "name"
                errors[name] = _BY_CODE.get(error.code) or why_wrong(ACTOR_FIELDS[name].kind)
        if errors:
            # In the order of the form, as they are listed above it.
            raise WrongFields({name: errors[name] for name in self.values if name in errors})
        return replace(base, **{name: getattr(read, name) for name in touched})

    def _touched(self, base: Record) -> list[str]:
        """The fields that say something else than the record does."""
        return [name for name, value in self.values.items() if value != typed_value(base, name)]


def best_proposals(proposals: Proposals) -> dict[str, ProposedField]:
    """Of each field, the proposal that is surest; the first among equals."""
    best: dict[str, ProposedField] = {}
    for proposed in proposals.fields:
        known = best.get(proposed.field)
        if known is None or proposed.confidence > known.confidence:
            best[proposed.field] = proposed
    return best


def _standard_if_understood(written: str) -> str:
    """A period as the record has it, or what was written where it is not understood."""
    try:
        return period(written, "period")
    except InputError:
        return written


def _whole_number(value: object) -> int:
    text = str(value)
    return int(text) if text.isdecimal() else 0


def sentences(proposals: Proposals) -> Sequence[str]:
    """The sentences that proposals come from, each as often as it is named."""
    every: Sequence[ProposedField | ProposedParticipation] = (
        *proposals.fields,
        *proposals.participations,
    )
    return [proposed.sentence for proposed in every if proposed.sentence]

"""A record as the fields of a form, and back; the readers' parsers clean what was typed."""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields, replace
from itertools import chain
from typing import Any, Self, cast

from ingest.records.fields import folded, iso_date, one_line, record_id, short_line, web_address
from ingest.records.parsers import PARSERS, period
from kb.errors import InputError
from kb.messages import N_
from kb.models import MAX_TEXT_CHARS, Actor, Case, Participation, Record
from kb.reference.fields import (
    ACTOR_FIELDS,
    CASE_FIELDS,
    LIST_KINDS,
    FieldKind,
    FieldTraits,
    form_lines,
)
from kb.reference.roles import Role
from kb.registers.drafts import Proposals, ProposedField, ProposedParticipation
from kb.text.phone_numbers import dialling_region, is_no_value, shown_number
from web.http.labels import UNKNOWN_DEPARTMENT
from web.http.routing import number_in

CASE_LINES = form_lines(CASE_FIELDS)
ACTOR_LINES = form_lines(ACTOR_FIELDS)
MISSING = N_("This is required.")
TOO_LONG = N_("This is too long.")
_NO_DATE = N_("This is not a date. Write it like 2020-07-02, or 2 July 2020 as 02/07/2020.")
_NO_ADDRESS = N_("This is not a web address. It begins with http:// or https://.")
_WRONG: Mapping[FieldKind, str] = {
    FieldKind.DATE: _NO_DATE,
    FieldKind.DAY: _NO_DATE,
    FieldKind.PERIOD: N_(
        "This time is not understood. Write it like 2020, March 2020, spring 2020, March to May "
        "2020 or since 2019."
    ),
    FieldKind.WEB_ADDRESS: _NO_ADDRESS,
    FieldKind.LANGUAGE: N_("Choose a language."),
    FieldKind.FLOW: N_("Choose one of the list."),
    FieldKind.DEPARTMENT: UNKNOWN_DEPARTMENT,
    FieldKind.COUNTRY: N_("This country is unknown: write its two-letter code, such as FR."),
    FieldKind.PHONE: N_("One of these is no telephone number. Write one on each line."),
    FieldKind.EMAIL: N_("One of these is no e-mail address. Write one on each line."),
    FieldKind.SIRET: N_("Wrong SIRET: 14 digits, no letters, each copied right."),
}

_INPUTS: Mapping[FieldKind, str] = {
    FieldKind.LANGUAGE: "select",
    FieldKind.FLOW: "select",
    FieldKind.WEB_ADDRESS: "url",
    FieldKind.PICTURE: "picture",
}
_DAY_FIRST = re.compile(r"([0-9]{1,2})[/.]([0-9]{1,2})[/.]([0-9]{4})")


class WrongFields(Exception):
    """A form cannot be made a record. `errors` has an English message by name of a field."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(", ".join(errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class ParticipationRow:
    """A participation as it is typed; `proposal` is the number of its proposal, or -1."""

    name: str = ""
    role: str = ""
    actor_id: str = ""
    contribution: str = ""
    source_url: str = ""
    kept: bool = True
    proposal: int = -1

    @property
    def is_blank(self) -> bool:
        return not (self.name or self.actor_id or self.contribution or self.source_url)

    def is_as_proposed(self, proposed: ProposedParticipation) -> bool:
        names = ("name", "role", "contribution")
        typed, read = (
            [str(getattr(one, name)).split() for name in names]
            for one in (self, proposed.participation)
        )
        return typed == read


def sent_row(form: Mapping[str, object], number: int) -> ParticipationRow:
    names = [*(field.name for field in fields(Participation)), "keep", "proposal"]
    typed = {name: str(form.get(f"{name}-{number}", "")) for name in names}
    kept, proposal = bool(typed.pop("keep")), typed.pop("proposal")
    return ParticipationRow(
        **typed, kept=kept, proposal=int(proposal) if proposal.isdecimal() else -1
    )


def _row_of(participation: Participation, proposal: int) -> ParticipationRow:
    return ParticipationRow(**asdict(participation), proposal=proposal)


def _proposal_of(participation: Participation, unused: Mapping[int, ProposedParticipation]) -> int:
    def is_same(proposed: Participation) -> bool:
        same_name = folded(proposed.name) == folded(participation.name)
        return same_name or (proposed.actor_id == participation.actor_id != "")

    alike = [number for number, one in unused.items() if is_same(one.participation)]
    role = participation.role
    return max(alike, key=lambda at: unused[at].participation.role is role, default=-1)


def _participation_from(
    row: ParticipationRow, number: int, errors: dict[str, str], actor_named: Callable[[str], str]
) -> Participation:
    name, given, source_url = one_line(row.name), one_line(row.actor_id), ""
    actor_id = actor_named(given) if given else ""
    if given and not actor_id:
        errors[f"actor_id-{number}"] = N_(
            "No organisation has this name or identifier. Leave it empty if it has no entry."
        )
    if row.role not in set(Role):
        errors[f"role-{number}"] = N_("Choose a role.")
    if not name:
        errors[f"name-{number}"] = MISSING
    try:
        short_line(name, "name")
    except InputError:
        errors[f"name-{number}"] = TOO_LONG
    try:
        source_url = web_address(row.source_url, "source_url")
    except InputError:
        errors[f"source_url-{number}"] = _NO_ADDRESS
    role = Role(row.role) if row.role in set(Role) else Role.PRODUCER
    return Participation(name, role, actor_id, one_line(row.contribution), source_url)


@dataclass(frozen=True, slots=True)
class RecordForm:
    """The fields of a record as text; `errors` has an English message by name, such as `role-2`."""

    values: Mapping[str, str]
    rows: tuple[ParticipationRow, ...] = ()
    errors: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, record: Record, proposals: Proposals | None = None) -> Self:
        lines = CASE_LINES if isinstance(record, Case) else ACTOR_LINES
        values = {name: typed_value(record, name) for name in chain.from_iterable(lines)}
        if not isinstance(record, Case):
            return cls(values)
        proposed = enumerate(proposals.participations if proposals else ())
        unused = {number: one for number, one in proposed if one.confidence}
        rows = []
        for participation in record.participants:
            number = _proposal_of(participation, unused)
            unused.pop(number, None)
            rows.append(_row_of(participation, number))
        rows += [
            replace(_row_of(proposed.participation, number), kept=False)
            for number, proposed in unused.items()
        ]
        return cls(values, tuple(rows))

    @classmethod
    def sent(cls, form: Mapping[str, object], record: Record) -> Self:
        """The form as somebody filled it in; fields that it lacks are those of the record."""
        known = cls.of(record)
        values = {
            name: str(form.get(name, value)).replace("\r\n", "\n")
            for name, value in known.values.items()
        }
        if "period" in values:
            with suppress(InputError):  # what is not understood stays as it was written
                values["period"] = period(values["period"], "period")
        if "rows" not in form:
            return cls(values, known.rows)
        rows = (sent_row(form, number) for number in range(min(number_in(form, "rows"), 200)))
        return cls(values, tuple(rows))

    def without_blank_rows(self) -> Self:
        return replace(self, rows=tuple(row for row in self.rows if not row.is_blank))

    def with_row(self, row: ParticipationRow) -> Self:
        rows = sorted((*self.rows, row), key=lambda one: not one.kept and one.proposal >= 0)
        return replace(self, rows=tuple(rows))

    def accepting(self, number: int) -> Self:
        others = (*self.rows[:number], *self.rows[number + 1 :])
        return replace(self, rows=others).with_row(replace(self.rows[number], kept=True))

    def with_row_at(self, number: int, row: ParticipationRow) -> Self:
        return replace(self, rows=(*self.rows[:number], row, *self.rows[number + 1 :]))

    def joined(self, number: int, name: str) -> Self:
        """Makes a row's organisation one with that of a name; rows that say the same become one."""
        names = {folded(self.rows[number].name), folded(name)}
        own = [row for row in self.rows if folded(row.name) in names]
        best = max(own, key=lambda row: (bool(row.actor_id), len(row.name)))
        told: list[ParticipationRow] = []
        for row in sorted(own, key=lambda row: (not row.kept, -len(row.contribution))):
            told_of = [one for one in told if one.role == row.role]
            is_new = not any(
                folded(row.contribution) in folded(one.contribution)
                and row.source_url in {"", one.source_url}
                for one in told_of
            )
            if is_new or row.proposal >= 0:
                kept = row.kept and is_new
                told.append(replace(row, name=best.name, actor_id=best.actor_id, kept=kept))
        others = [row for row in self.rows if row not in own]
        at = self.rows.index(own[0])
        return replace(self, rows=(*others[:at], *told, *others[at:]))

    def decided(self, proposals: Proposals) -> Proposals:
        """Returns the proposals, without confidence in those that a person gave another name."""
        names = {row.proposal: folded(row.name) for row in self.rows}
        participations = (
            replace(one, confidence=0.0)
            if names.get(number, folded(one.participation.name)) != folded(one.participation.name)
            else one
            for number, one in enumerate(proposals.participations)
        )
        return replace(proposals, participations=tuple(participations))

    def is_as_proposed(self, record: Record, proposed: ProposedField) -> bool:
        name, value = proposed.field, cast("Any", proposed.value)
        if self._fields[name].kind in LIST_KINDS:
            value = tuple(value.split(" | "))
        shown = typed_value(replace(record, **{name: value}), name)
        return shown.split() == self.values[name].split()

    def input(self, name: str) -> Mapping[str, object]:
        traits = self._fields[name]
        kind = "area" if traits.rows else _INPUTS.get(traits.kind, "text")
        return {"kind": kind, "rows": traits.rows, "required": traits.required}

    def is_period(self, name: str) -> bool:
        return self._fields[name].kind is FieldKind.PERIOD

    def is_prose(self, name: str) -> bool:
        return self._fields[name].kind in {FieldKind.TEXT, FieldKind.SENTENCE}

    @property
    def _fields(self) -> Mapping[str, FieldTraits]:
        return CASE_FIELDS if "title" in self.values else ACTOR_FIELDS

    def wrong(self, errors: Mapping[str, str]) -> Self:
        return replace(self, errors=errors)

    def record(self, base: Record, actor_named: Callable[[str], str]) -> Record:
        errors: dict[str, str] = {}
        touched = [name for name, value in self.values.items() if value != typed_value(base, name)]
        if isinstance(base, Actor):
            if not base.name and "name" not in touched:
                touched.append("name")
            if "country" in touched:  # by which the department is read
                self._cleaned("department", errors)
            if "place" in touched and "department" not in touched and not base.department:
                touched.append("department")  # which an unambiguous town says
        changes = {name: self._cleaned(name, errors) for name in touched}
        if isinstance(base, Case):
            if len(changes.get("text", "")) > MAX_TEXT_CHARS:
                errors["text"] = TOO_LONG
            if self.values["picture"] and not self.values["picture_alt"].strip():
                errors["picture_alt"] = N_(
                    "Say in a few words what the picture shows, for those who do not see it."
                )
            changes["participants"] = self._participants(base, errors, actor_named)
        elif "name" not in errors and not base.id:
            try:
                record_id("", changes["name"], changes.get("place", ""))
            except InputError:
                errors["name"] = N_("A name has at least a letter or a digit.")
        if errors:
            # In the order of the form, as they are listed above it.
            ordered = [name for name in self.values if name in errors]
            raise WrongFields({name: errors[name] for name in dict.fromkeys([*ordered, *errors])})
        return replace(base, **changes)

    def _cleaned(self, name: str, errors: dict[str, str]) -> Any:
        traits, cells = self._fields[name], {"text": "", "description": "", **self.values}
        value: Any = ""
        try:
            if traits.kind is FieldKind.DATE:
                value = written_date(cells[name], name)
            else:
                value = PARSERS[traits.kind](cells, name)
            if _loses_a_line(traits.kind, cells, name):
                errors[name] = _WRONG[traits.kind]
        except InputError:
            errors[name] = _WRONG.get(traits.kind, TOO_LONG)
        else:
            if traits.required and not value:
                errors[name] = MISSING
        return value

    def _participants(
        self, base: Case, errors: dict[str, str], actor_named: Callable[[str], str]
    ) -> tuple[Participation, ...]:
        # What a record has already stays, such as an actor whose directory comes later.
        kept = {_row_of(participation, -1): participation for participation in base.participants}
        named_already = {participation.actor_id for participation in base.participants}

        def known_actor(given: str) -> str:
            return given if given in named_already else actor_named(given)

        return tuple(
            kept.get(replace(row, proposal=-1))
            or _participation_from(row, number, errors, known_actor)
            for number, row in enumerate(self.rows)
            if row.kept
        )


def _loses_a_line(kind: FieldKind, cells: Mapping[str, str], name: str) -> bool:
    """Whether a line of telephone numbers or e-mail addresses holds none: readers pass over it."""
    return kind in {FieldKind.PHONE, FieldKind.EMAIL} and not all(
        is_no_value(line) or PARSERS[kind]({**cells, name: line}, name)
        for line in cells[name].splitlines()
    )


def written_date(text: str, name: str) -> str:
    """Returns a date as `iso_date` has it, which raises; 02/07/2020 is 2 July, 1972 a year."""
    line = one_line(text)
    if re.fullmatch(r"\d{4}", line):
        return line
    if given := _DAY_FIRST.match(line):
        day, month, year = given.groups()
        line = f"{year}-{month:0>2}-{day:0>2}{line[given.end() :]}"
    return iso_date(line, name)


def typed_value(record: Record, name: str) -> str:
    value = getattr(record, name)
    if name == "phone" and isinstance(record, Actor):
        region = dialling_region(record.country, record.department)
        value = tuple(shown_number(number, region) for number in record.phone)
    if isinstance(value, tuple):
        # A theme may hold a comma, but no line end.
        return "\n".join(value)
    kind = (CASE_FIELDS if isinstance(record, Case) else ACTOR_FIELDS)[name].kind
    if kind in {FieldKind.DATE, FieldKind.DAY}:
        return re.sub(r"^(\S{10})T(\d\d:\d\d):00", r"\1 \2", str(value))
    return str(value)


def is_suggested(row: ParticipationRow, proposals: Sequence[ProposedParticipation]) -> bool:
    return not row.kept and 0 <= row.proposal < len(proposals)

"""A record as the fields of a form, and back; what was typed is kept whatever is wrong with it.

Owns how fields are named in a form and what is wrong with a value, in words for its reader. How
values are cleaned is the readers' work (`ingest.fields`), and the same here as in a file.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from types import MappingProxyType
from typing import Any, Self

from ingest.directories.actor_row import actor_from
from ingest.fields import (
    MAX_LINE_CHARS,
    folded,
    iso_date,
    language,
    one_line,
    paragraphs,
    theme_names,
    web_address,
)
from kb.errors import InputError
from kb.models import MAX_TEXT_CHARS, Actor, Case, Participation, Record
from kb.reference.fields import (
    ACTOR_FIELDS,
    CASE_FIELDS,
    FieldKind,
    FieldTraits,
    form_lines,
)
from kb.reference.roles import Role
from kb.registers.proposals import Proposals, ProposedField, ProposedParticipation
from kb.remarks import N_

CASE_LINES = form_lines(CASE_FIELDS)
ACTOR_LINES = form_lines(ACTOR_FIELDS)

MAX_ROWS = 200
"""Participations that a form may hold."""

NO_PROPOSALS = Proposals()
_NO_ERRORS: Mapping[str, str] = MappingProxyType({})

_MISSING = N_("This is required.")
_TOO_LONG = N_("This is too long.")
_NO_DATE = N_("This is not a date. Write it like 2020-07-02, or 2 July 2020 as 02/07/2020.")
_WRONG: Mapping[FieldKind, str] = {
    FieldKind.DATE: _NO_DATE,
    FieldKind.DAY: _NO_DATE,
    FieldKind.WEB_ADDRESS: N_("This is not a web address. It begins with http:// or https://."),
    FieldKind.LANGUAGE: N_("Choose a language."),
    FieldKind.DEPARTMENT: N_(
        "There is no such department in France. Expected a code, such as 16 or 2A."
    ),
    FieldKind.COUNTRY: N_("This country is not known: write its two-letter code, such as FR."),
    FieldKind.SIRET: N_(
        "This is not a SIRET number: 14 digits, of which the last one checks the others."
    ),
}
_DAY_FIRST = re.compile(r"([0-9]{1,2})[/.]([0-9]{1,2})[/.]([0-9]{4})")
_INPUTS: Mapping[FieldKind, str] = {
    FieldKind.LANGUAGE: "select",
    FieldKind.WEB_ADDRESS: "url",
}
_UNKNOWN_ACTOR = N_("No actor has this name or identifier. Leave it empty if it has no entry.")
_NO_ROLE = N_("Choose a role.")
_OTHERWISE_WRONG = N_("This cannot be kept as it is.")


class WrongFields(Exception):
    """A form cannot be made a record. `errors` has an English message by name of a field."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(", ".join(errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class ParticipationRow:
    """A participation as it is typed. `proposal` is the number of the one it came from, or -1.

    A row that is not `kept` stays in the form and out of the record.
    """

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
        values = {name: _written(record, name) for name in chain.from_iterable(lines)}
        if not isinstance(record, Case):
            return cls(values)
        unused = dict(enumerate(proposals.participations))
        rows = []
        for participation in record.participants:
            number = _origin(participation, unused)
            unused.pop(number, None)
            rows.append(_row(participation, number))
        left_out = [
            replace(_row(proposed.participation, number), kept=False)
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
        if "rows" not in form:
            return cls(values, known.rows)
        count = min(_whole_number(form["rows"]), MAX_ROWS)
        rows = (sent_row(form, number) for number in range(count))
        return cls(values, tuple(row for row in rows if not row.is_blank))

    def input(self, name: str) -> Mapping[str, object]:
        """How a field is typed, as the templates' `field` macro takes it."""
        traits = self._fields[name]
        kind = "area" if traits.rows else _INPUTS.get(traits.kind, "text")
        return {"kind": kind, "rows": traits.rows, "required": traits.required}

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
        clean = _Cleaning(self.values, errors)
        # What a record has already is not this form's business, such as an actor whose directory
        # comes later.
        kept = {_row(participation, -1): participation for participation in base.participants}
        named_already = {participation.actor_id for participation in base.participants}

        def known_actor(given: str) -> str:
            return given if given in named_already else actor_named(given)

        changes = {name: clean.field(name, CASE_FIELDS[name]) for name in self._touched(base)}
        if len(changes.get("text", "")) > MAX_TEXT_CHARS:
            errors["text"] = _TOO_LONG
        participants = tuple(
            kept.get(replace(row, proposal=-1)) or _participation(row, number, errors, known_actor)
            for number, row in enumerate(self.rows)
            if row.kept
        )
        if errors:
            raise WrongFields(errors)
        return replace(base, participants=participants, **changes)

    def _actor(self, base: Actor) -> Actor:
        errors: dict[str, str] = {}
        clean = _Cleaning(self.values, errors)
        touched = self._touched(base)
        cells = {name: self.values[name] for name in touched}
        cells |= {
            name: clean.date(name) for name in touched if ACTOR_FIELDS[name].kind is FieldKind.DAY
        }
        if "name" in touched:
            clean("name", one_line, required=True, max_chars=MAX_LINE_CHARS)
        if errors:
            raise WrongFields(errors)
        if {"department", "country"} & set(touched):
            cells |= {name: self.values[name] for name in ("department", "country")}
        try:
            read = actor_from({"id": base.id, "name": base.name, **cells})
        except InputError as error:
            name = error.field if error.field in ACTOR_FIELDS else "name"
            raise WrongFields({name: _why(ACTOR_FIELDS[name].kind)}) from None
        return replace(base, **{name: getattr(read, name) for name in touched})

    def _touched(self, base: Record) -> list[str]:
        """The fields that say something else than the record does."""
        return [name for name, value in self.values.items() if value != _written(base, name)]


class _Cleaning:
    """Cleans the values of a form one after the other, and notes what is wrong with them."""

    def __init__(self, values: Mapping[str, str], errors: dict[str, str]) -> None:
        self._values = values
        self._errors = errors

    def __call__(
        self,
        name: str,
        clean: Callable[[str], str],
        kind: FieldKind = FieldKind.LINE,
        *,
        required: bool = False,
        max_chars: int = 0,
    ) -> str:
        try:
            value = clean(self._values.get(name, ""))
        except InputError:
            self._errors[name] = _why(kind)
            return ""
        if required and not value:
            self._errors[name] = _MISSING
        if max_chars and len(value) > max_chars:
            self._errors[name] = _TOO_LONG
        return value

    def field(self, name: str, traits: FieldTraits) -> Any:
        """The value of a field of a case, cleaned as its kind asks for."""
        kind = traits.kind
        if kind is FieldKind.DATE:
            return self.date(name)
        if kind is FieldKind.THEMES:
            return self.themes(name)
        cleans: Mapping[FieldKind, Callable[[str], str]] = {
            FieldKind.TEXT: paragraphs,
            FieldKind.LANGUAGE: lambda given: language(given, self._values.get("text", "")),
            FieldKind.WEB_ADDRESS: lambda given: web_address(given, name),
        }
        is_long = kind in {FieldKind.TEXT, FieldKind.SENTENCE}
        return self(
            name,
            cleans.get(kind, one_line),
            kind,
            required=traits.required,
            max_chars=0 if is_long else MAX_LINE_CHARS,
        )

    def date(self, name: str) -> str:
        return self(name, lambda given: written_date(given, name), FieldKind.DATE)

    def themes(self, name: str) -> tuple[str, ...]:
        try:
            return theme_names(self._values.get(name, ""))
        except InputError:
            self._errors[name] = _TOO_LONG
            return ()


def written_date(text: str, name: str) -> str:
    """A date as `iso_date` has it; 02/07/2020 is taken for 2 July, and a year alone is kept.

    Raises:
        InputError: it is no date.
    """
    line = one_line(text)
    if re.fullmatch(r"\d{4}", line):
        return line
    given = _DAY_FIRST.match(line)
    if given:
        day, month, year = given.groups()
        line = f"{year}-{month:0>2}-{day:0>2}{line[given.end() :]}"
    return iso_date(line, name)


def best_proposals(proposals: Proposals) -> dict[str, ProposedField]:
    """Of each field, the proposal that is surest; the first among equals."""
    best: dict[str, ProposedField] = {}
    for proposed in proposals.fields:
        known = best.get(proposed.field)
        if known is None or proposed.confidence > known.confidence:
            best[proposed.field] = proposed
    return best


def _why(kind: FieldKind) -> str:
    return _WRONG.get(kind, _OTHERWISE_WRONG)


def _written(record: Record, name: str) -> str:
    """The value of a field as an editor sees it."""
    value = getattr(record, name)
    if isinstance(value, tuple):
        # A theme may hold a comma, but no line end.
        return "\n".join(value)
    fields = CASE_FIELDS if isinstance(record, Case) else ACTOR_FIELDS
    if fields[name].kind in {FieldKind.DATE, FieldKind.DAY}:
        return re.sub(r"^(\S{10})T(\d\d:\d\d):00", r"\1 \2", str(value))
    return str(value)


def _row(participation: Participation, proposal: int) -> ParticipationRow:
    return ParticipationRow(
        name=participation.name,
        role=participation.role.value,
        actor_id=participation.actor_id,
        contribution=participation.contribution,
        source_url=participation.source_url,
        proposal=proposal,
    )


def _origin(participation: Participation, unused: Mapping[int, ProposedParticipation]) -> int:
    """The number of the proposal that a participation was most likely made from, or -1."""

    def likeness(proposed: Participation) -> int:
        if proposed == participation:
            return 4
        same_name = folded(proposed.name) == folded(participation.name)
        same_actor = bool(participation.actor_id) and proposed.actor_id == participation.actor_id
        return (same_name or same_actor) * (2 + (proposed.role is participation.role))

    best = max(unused, key=lambda number: likeness(unused[number].participation), default=-1)
    return best if best >= 0 and likeness(unused[best].participation) else -1


def sent_row(form: Mapping[str, object], number: int) -> ParticipationRow:
    """A row of a form as somebody filled it in."""

    def value(name: str) -> str:
        return str(form.get(f"{name}-{number}", ""))

    proposal = value("proposal")
    return ParticipationRow(
        name=value("name"),
        role=value("role"),
        actor_id=value("actor_id"),
        contribution=value("contribution"),
        source_url=value("source_url"),
        kept=bool(value("keep")),
        proposal=int(proposal) if proposal.isdecimal() else -1,
    )


def _participation(
    row: ParticipationRow, number: int, errors: dict[str, str], actor_named: Callable[[str], str]
) -> Participation:
    values = {
        f"{name}-{number}": getattr(row, name)
        for name in ("name", "actor_id", "contribution", "source_url")
    }
    clean = _Cleaning(values, errors)
    given = clean(f"actor_id-{number}", one_line)
    actor_id = actor_named(given) if given else ""
    if given and not actor_id:
        errors[f"actor_id-{number}"] = _UNKNOWN_ACTOR
    if row.role not in set(Role):
        errors[f"role-{number}"] = _NO_ROLE
    source = f"source_url-{number}"
    try:
        source_url = web_address(row.source_url, source)
    except InputError:
        errors[source], source_url = _why(FieldKind.WEB_ADDRESS), ""
    return Participation(
        name=clean(f"name-{number}", one_line, required=True, max_chars=MAX_LINE_CHARS),
        role=Role(row.role) if row.role in set(Role) else Role.PRODUCER,
        actor_id=actor_id,
        contribution=clean(f"contribution-{number}", one_line),
        source_url=source_url,
    )


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

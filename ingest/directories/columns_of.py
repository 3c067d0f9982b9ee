"""Columns of a directory: what each header names, and how a person says to read it."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from ingest.directories.header_words import (
    ACTOR_COLUMNS,
    ACTOR_NAMES,
    LOCATION_COLUMNS,
    PERSON_COLUMNS,
    REGISTER_COLUMNS,
    SIRENE_FACTS,
    guessed_fields,
    is_of_a_fax,
    person_columns,
    told_of_a_person,
)
from ingest.records.fields import folded, one_line
from kb.errors import InputError
from kb.reference.fields import CONTACT_FIELDS
from kb.text.know_how import STATEMENT_KINDS, header_of_kind, statement_kind


class Column(NamedTuple):
    """Target of a column's cells: a `field`, the fact named `fact`, both or neither."""

    field: str
    fact: str


IGNORED, FACT = "ignored", "fact"  # targets of a column that is no field
NO_TARGETS: Mapping[str, str] = MappingProxyType({})
DESCRIPTION = "description"
KNOW_HOW_COLUMNS = tuple(kind for kind in STATEMENT_KINDS if kind != DESCRIPTION)
"""Targets of a column of know-how that is kept under its own header, beside the description."""
NAMING_FIELDS = frozenset({"name", "usual_name", "sign", "legal_name", "family_name"})
"""The fields of which one is enough to name an actor."""
_ALSO_FACTS = frozenset({*REGISTER_COLUMNS, *LOCATION_COLUMNS})
_SIRENE_SIGNS = {
    folded("activitePrincipaleEtablissement"),
    folded("etatAdministratifEtablissement"),
}
_DESCRIBING = frozenset({DESCRIPTION, "activity"})  # may be the description


def actor_columns(headers: Sequence[str], targets: Mapping[str, str] = NO_TARGETS) -> list[Column]:
    """Says of each header, in order, where its cells go.

    Of two headers of one field, except contacts, the second is a fact. A column without a
    header is the fact "column N". `targets` maps folded headers to what a person chose.
    """
    names = [folded(header) for header in headers]
    sirene = "siret" in names and not _SIRENE_SIGNS.isdisjoint(names)
    taken = {targets[name] for name in names if name in targets}
    persons = person_columns(headers)
    guesses = _guessed_fields(headers, names, targets, persons, sirene=sirene)
    columns: list[Column] = []
    numbers: dict[str, int] = {}
    for position, (header, name, guessed) in enumerate(zip(headers, names, guesses, strict=True)):
        target = targets.get(name, "")
        if guessed and (guessed not in taken or guessed in CONTACT_FIELDS):
            taken.add(guessed)
            target = guessed
        elif not target and position in persons:
            target = told_of_a_person(header)
        elif not target:
            is_ignored = is_of_a_fax(header) or (sirene and name not in SIRENE_FACTS)
            target = IGNORED if is_ignored else FACT
        is_fact = target == FACT or target in KNOW_HOW_COLUMNS
        keeps = is_fact or (target in _ALSO_FACTS and (not sirene or name in SIRENE_FACTS))
        keeps |= target == "activity_code" and bool(statement_kind(header))  # a code or words
        fact = SIRENE_FACTS.get(name, "") if sirene else ""
        fact = fact or one_line(header) or f"column {position + 1}"
        if is_fact and name in targets:
            fact = header_of_kind(fact, "" if target == FACT else target)
        field = "" if is_fact or target == IGNORED else target
        columns.append(Column(field, _unused(fact, numbers) if keeps else ""))
    return columns


def _unused(fact: str, numbers: dict[str, int]) -> str:
    name, number = fact, numbers.get(fact, 1)
    while name in numbers:
        number += 1
        name = f"{fact} ({number})"
    numbers[fact] = number
    numbers.setdefault(name, 1)
    return name


def target_of(column: Column, *, persons_kept: bool = False) -> str:
    """Returns what a column is read as: a field, a kind of know-how, `FACT` or `IGNORED`."""
    if column.field in PERSON_COLUMNS:
        return "contact" if persons_kept else IGNORED
    kind = statement_kind(column.fact)
    return column.field or kind or (FACT if column.fact else IGNORED)


def _guessed_fields(
    headers: Sequence[str],
    names: Sequence[str],
    targets: Mapping[str, str],
    persons: frozenset[int],
    *,
    sirene: bool,
) -> list[str]:
    guesses = guessed_fields(headers)
    told: list[tuple[int, int]] = []
    for position, (name, guess) in enumerate(zip(names, guesses, strict=True)):
        if name in targets:
            guesses[position] = ""
        elif guess in {"", DESCRIPTION} and position not in persons:
            kind = statement_kind(headers[position])
            if guess or kind in _DESCRIBING:
                told.append((STATEMENT_KINDS.index(kind or STATEMENT_KINDS[-1]), position))
            guesses[position] = ""
    if told and not sirene:
        guesses[min(told)[1]] = DESCRIPTION
    return guesses


_OFFERED = (*ACTOR_COLUMNS, *KNOW_HOW_COLUMNS, *LOCATION_COLUMNS)
TARGETS = (*_OFFERED, *REGISTER_COLUMNS)  # what a column can be read as, but `FACT` and `IGNORED`


class HeaderMap:
    """Says where cells go, by `choices`; with `takes_any_header` even if no column is the name."""

    def __init__(
        self,
        choices: Mapping[str, str] = NO_TARGETS,
        *,
        persons_kept: bool = False,
        takes_any_header: bool = False,
    ) -> None:
        self.choices = {
            header: field if field in TARGETS else ACTOR_NAMES.get(folded(field), field)
            for header, field in choices.items()
        }
        for header, target in self.choices.items():
            if target not in {*TARGETS, FACT, IGNORED}:
                targets = f"{', '.join(_OFFERED)}, {FACT} or {IGNORED}"
                raise InputError("wrong_target", header=header, target=target, targets=targets)
        self.persons_kept = persons_kept
        self.takes_any_header = takes_any_header
        self._targets = {folded(header): target for header, target in self.choices.items()}
        self._left_out: frozenset[str] = frozenset()
        self._columns = lru_cache(maxsize=1000)(self._columns_of)

    def columns(self, header: Sequence[str]) -> tuple[Column, ...]:
        return self._columns(tuple(header))

    def leave_out(self, facts: Iterable[str]) -> None:
        """Has the columns of these facts ignored, of which `plain_facts` told."""
        self._left_out = frozenset(facts)
        self._columns.cache_clear()

    def plain_facts(self, header: Sequence[str]) -> list[str]:
        """Returns the facts that are no know-how, no field and no person's choice; else ""."""
        columns = zip(header, self.columns(header), strict=True)
        return [
            ""
            if column.field or statement_kind(column.fact) or folded(name) in self._targets
            else column.fact
            for name, column in columns
        ]

    def _columns_of(self, header: Sequence[str]) -> tuple[Column, ...]:
        columns = actor_columns(header, self._targets)
        return tuple(Column("", "") if each.fact in self._left_out else each for each in columns)

    def names_actors(self, header: Sequence[str]) -> bool:
        return any(column.field in NAMING_FIELDS for column in self.columns(header))

    def says_know_how(self, header: Sequence[str]) -> bool:
        return any(
            column.field == DESCRIPTION or (not column.field and statement_kind(column.fact))
            for column in self.columns(header)
        )

    def left_out_persons(self, header: Sequence[str]) -> list[str]:
        if self.persons_kept:
            return []
        persons = [header[at] for at in sorted(person_columns(header))]
        return [each for each in persons if folded(each) not in self._targets]

    def known(self, header: Sequence[str]) -> int:
        fields = [column.field for column in self.columns(header)]
        return sum(bool(field) and field not in PERSON_COLUMNS for field in fields)


def choices_in(options: Sequence[str]) -> dict[str, str]:
    choices = {}
    for option in options:
        header, separator, target = option.rpartition("=")
        if not separator or not folded(header):
            raise InputError("wrong_option", option=option)
        choices[header.strip()] = target.strip()
    return choices

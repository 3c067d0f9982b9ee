"""Columns of a directory: what each header names, and how a person says to read it."""

from collections.abc import Mapping, Sequence
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
    """Target of a column's cells: a `field`, the fact named `fact`, both or neither.

    A fact whose name says know-how (`kb.text.know_how`) is searched as a description is.

    The field is one of `Actor`'s or one that helps to make them (`REGISTER_COLUMNS`,
    `LOCATION_COLUMNS`).
    """

    field: str
    fact: str


IGNORED, FACT = "ignored", "fact"
"""Targets of a column that is no field: none, or the facts under its own header."""

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
_DESCRIBING = frozenset({DESCRIPTION, "activity"})
"""Kinds of know-how that may be the description, the only one on lists of actors."""


def is_sirene(headers: Sequence[str]) -> bool:
    """Whether these are the columns of the SIRENE file of establishments."""
    names = {folded(header) for header in headers}
    return "siret" in names and bool(names & _SIRENE_SIGNS)


def actor_columns(headers: Sequence[str], targets: Mapping[str, str] = NO_TARGETS) -> list[Column]:
    """Says of each header, in order, where its cells go.

    Of two headers of one field the first wins, the other is a fact; but an actor has several
    numbers and lines of an address, and those for a fax are ignored. A column without a header
    is the fact "column N", N from 1; a fact's name that is already used gets a number. Of the
    SIRENE file, only what is known is kept. Of the columns that say know-how, that which says most
    is the description, and the others are facts. What tells of persons
    has fields of `PERSON_COLUMNS`, which are no actor's.
    `targets` maps folded headers to what a person chose: a field, a kind of know-how, `FACT` or
    `IGNORED`.
    """
    names = [folded(header) for header in headers]
    sirene = is_sirene(headers)
    taken = {targets[name] for name in names if name in targets}
    persons = person_columns(headers)
    guesses = _guessed_fields(headers, names, targets)
    columns: list[Column] = []
    facts = _FactNames()
    for position, (header, name) in enumerate(zip(headers, names, strict=True), start=1):
        target = targets.get(name, "")
        guessed = guesses[position - 1]
        if guessed and (guessed not in taken or guessed in CONTACT_FIELDS):
            taken.add(guessed)
            target = guessed
        elif not target:
            is_ignored = is_of_a_fax(header) or (sirene and name not in SIRENE_FACTS)
            target = IGNORED if is_ignored else FACT
            if position - 1 in persons:
                target = told_of_a_person(header)
        is_fact = target == FACT or target in KNOW_HOW_COLUMNS
        keeps = is_fact or (target in _ALSO_FACTS and (not sirene or name in SIRENE_FACTS))
        keeps |= target == "activity_code" and bool(statement_kind(header))  # a code or words
        fact = SIRENE_FACTS.get(name, "") if sirene else ""
        fact = fact or one_line(header) or f"column {position}"
        if is_fact and name in targets:
            fact = header_of_kind(fact, "" if target == FACT else target)
        columns.append(
            Column(
                "" if is_fact or target == IGNORED else target,
                facts.unused(fact) if keeps else "",
            )
        )
    return columns


def target_of(column: Column, *, persons_kept: bool = False) -> str:
    """Returns what a column is read as: a field, a kind of know-how, `FACT` or `IGNORED`.

    What tells of persons is ignored, unless their contacts are kept.
    """
    if column.field in PERSON_COLUMNS:
        return "contact" if persons_kept else IGNORED
    kind = statement_kind(column.fact)
    return column.field or kind or (FACT if column.fact else IGNORED)


def says_know_how(column: Column) -> bool:
    """Whether the cells of a column say what actors can do, in words."""
    return column.field == DESCRIPTION or (not column.field and bool(statement_kind(column.fact)))


def _guessed_fields(
    headers: Sequence[str], names: Sequence[str], targets: Mapping[str, str]
) -> list[str]:
    """Returns the field that each header names, or "", whatever other headers name it as well.

    Only one is the description.
    """
    guesses = [
        "" if name in targets else guess
        for name, guess in zip(names, guessed_fields(headers), strict=True)
    ]
    persons = person_columns(headers)
    kinds = {
        position: statement_kind(headers[position])
        for position, guess in enumerate(guesses)
        if guess in {"", DESCRIPTION} and names[position] not in targets and position not in persons
    }
    told = [
        (STATEMENT_KINDS.index(kind or STATEMENT_KINDS[-1]), position)
        for position, kind in kinds.items()
        if guesses[position] or kind in _DESCRIBING
    ]
    for position in kinds:
        guesses[position] = ""
    if told and not is_sirene(headers):
        guesses[min(told)[1]] = DESCRIPTION
    return guesses


class _FactNames:
    """The names of facts, each used once."""

    def __init__(self) -> None:
        self._used: set[str] = set()
        self._numbers: dict[str, int] = {}

    def unused(self, fact: str) -> str:
        """Returns the name, with a number from 2 if it is used."""
        name, number = fact, self._numbers.get(fact, 2)
        while name in self._used:
            name, number = f"{fact} ({number})", number + 1
        self._numbers[fact] = number
        self._used.add(name)
        return name


_OFFERED = (*ACTOR_COLUMNS, *KNOW_HOW_COLUMNS, *LOCATION_COLUMNS)
TARGETS = (*_OFFERED, *REGISTER_COLUMNS)
"""The fields, and kinds of know-how, that a column can be read as, beside `FACT` and `IGNORED`."""

_MAX_HEADERS_KNOWN = 1000


class HeaderMap:
    """Says where the cells under each header go.

    Args:
        choices: by header, what a person chose: a target, `FACT` or `IGNORED`.
        persons_kept: whether the contacts of persons are kept.
        takes_any_header: whether the first row is the header even if none of it is the name,
            so that a person can be shown it and choose which is.

    Raises:
        InputError: a choice is none of them.
    """

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
        self._known: dict[tuple[str, ...], tuple[Column, ...]] = {}

    def columns(self, header: Sequence[str]) -> tuple[Column, ...]:
        """Returns where the cells of each column go, in the order of the header."""
        key = tuple(header)
        columns = self._known.get(key)
        if columns is None:
            if len(self._known) == _MAX_HEADERS_KNOWN:
                self._known.clear()
            columns = self._known[key] = tuple(actor_columns(key, self._targets))
        return columns

    def names_actors(self, header: Sequence[str]) -> bool:
        """Whether a column holds the name of the actors."""
        return any(column.field in NAMING_FIELDS for column in self.columns(header))

    def says_know_how(self, header: Sequence[str]) -> bool:
        """Whether a column says what actors can do, in words."""
        return any(map(says_know_how, self.columns(header)))

    def left_out_persons(self, header: Sequence[str]) -> list[str]:
        """Returns the headers that are ignored because they tell of persons."""
        if self.persons_kept:
            return []
        return [
            header[at]
            for at in sorted(person_columns(header))
            if folded(header[at]) not in self._targets
        ]

    def known(self, header: Sequence[str]) -> int:
        fields = [column.field for column in self.columns(header)]
        return sum(bool(field) and field not in PERSON_COLUMNS for field in fields)


def choices_in(options: Sequence[str]) -> dict[str, str]:
    """Maps each header to its field, from options of the form `header=field`.

    Raises:
        InputError: an option has no `=`, or no header before it.
    """
    choices = {}
    for option in options:
        header, separator, target = option.rpartition("=")
        if not separator or not folded(header):
            raise InputError("wrong_option", option=option)
        choices[header.strip()] = target.strip()
    return choices

"""Names of the columns of a directory, in French and in English.

Names are compared without case, accents or punctuation: "N° SIRET", "n°_siret" and "No Siret"
are the same. A column with another name is not lost: the readers keep it as a fact of the actor.
"""

from collections.abc import Mapping, Sequence
from itertools import chain, count
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from ingest.records.fields import folded, names_of, one_line
from kb.reference.fields import ACTOR_FIELDS, FieldKind
from kb.text.know_how import STATEMENT_KINDS, header_of_kind, statement_kind
from kb.text.lexicon import Lexicons


class Column(NamedTuple):
    """Target of a column's cells: a `field`, the fact named `fact`, both or neither.

    A fact whose name says know-how (`kb.text.know_how`) is searched as a description is.

    The field is one of `Actor`'s or one that helps to make them (`REGISTER_COLUMNS`).
    """

    field: str
    fact: str


IGNORED, FACT = "ignored", "fact"
"""Targets of a column that is no field: none, or the facts under its own header."""

DESCRIPTION = "description"
KNOW_HOW_COLUMNS = tuple(kind for kind in STATEMENT_KINDS if kind != DESCRIPTION)
"""Targets of a column of know-how that is kept under its own header, beside the description."""

NO_TARGETS: Mapping[str, str] = MappingProxyType({})


_LEXICONS = Lexicons(Path(__file__).parent / "lexicons")
_REGISTER_SPELLINGS = _LEXICONS.spellings("header_names", "register")
_ACTOR_IN_REGISTERS = _LEXICONS.spellings("header_names", "actor_in_registers")

ACTOR_COLUMNS = tuple(
    name for name, traits in ACTOR_FIELDS.items() if traits.kind is not FieldKind.FACTS
)
"""The fields of an actor that a column can hold."""
REGISTER_COLUMNS = tuple(_REGISTER_SPELLINGS)
"""The columns of registers of firms that are no fields of an actor; `ingest.directories.sirene`
makes fields of them."""

ACTOR_NAMES = names_of(ACTOR_COLUMNS, _LEXICONS.spellings("header_names", "actor"))
_GUESSED = (
    ACTOR_NAMES,
    names_of(_ACTOR_IN_REGISTERS, _ACTOR_IN_REGISTERS),
    names_of(REGISTER_COLUMNS, _REGISTER_SPELLINGS),
)
_SIRENE_FACTS = {
    folded(column): fact
    for fact, columns in _LEXICONS.spellings("header_names", "sirene_facts").items()
    for column in columns
}
"""The columns of the SIRENE file that are kept as facts of the actor."""

NAMING_FIELDS = frozenset({"name", "usual_name", "sign", "legal_name", "family_name"})
"""The fields of which one is enough to name an actor."""

_ALSO_FACTS = frozenset(REGISTER_COLUMNS)
_SIRENE_SIGNS = {
    folded("activitePrincipaleEtablissement"),
    folded("etatAdministratifEtablissement"),
}
_DESCRIBING = frozenset({DESCRIPTION, "activity"})
"""Kinds of know-how that may be the description, the only one on lists of actors."""
_OF_HEAD_OFFICE = "siege "
_COMMUNE, _COMMUNE_NAME = folded("commune"), folded("libellé commune")


def is_sirene(headers: Sequence[str]) -> bool:
    """Whether these are the columns of the SIRENE file of establishments."""
    names = {folded(header) for header in headers}
    return "siret" in names and bool(names & _SIRENE_SIGNS)


def actor_columns(headers: Sequence[str], targets: Mapping[str, str] = NO_TARGETS) -> list[Column]:
    """Says of each header, in order, where its cells go.

    Of two headers of one field the first wins, the other is a fact. A column without a header
    is the fact "column N", N from 1; a fact's name that is already used gets a number. Of the
    SIRENE file, only what is known is kept. Of the columns that say know-how, that which says most
    is the description, and the others are facts. `targets` maps folded headers to what a person
    chose: a field, a kind of know-how, `FACT` or `IGNORED`.
    """
    names = [folded(header) for header in headers]
    sirene = is_sirene(headers)
    taken = {targets[name] for name in names if name in targets}
    guesses = _guessed_fields(headers, names, targets)
    columns: list[Column] = []
    for position, (header, name) in enumerate(zip(headers, names, strict=True), start=1):
        target = targets.get(name, "")
        guessed = guesses[position - 1]
        if guessed and guessed not in taken:
            taken.add(guessed)
            target = guessed
        elif not target:
            target = IGNORED if sirene and name not in _SIRENE_FACTS else FACT
        is_fact = target == FACT or target in KNOW_HOW_COLUMNS
        keeps = is_fact or (target == guessed and guessed in _ALSO_FACTS and not sirene)
        fact = _SIRENE_FACTS.get(name, "") if sirene else ""
        fact = fact or one_line(header) or f"column {position}"
        if is_fact and name in targets:
            fact = header_of_kind(fact, "" if target == FACT else target)
        columns.append(
            Column(
                "" if is_fact or target == IGNORED else target,
                _unused(fact, columns) if keeps else "",
            )
        )
    return columns


def target_of(column: Column) -> str:
    """Returns what a column is read as: a field, a kind of know-how, `FACT` or `IGNORED`."""
    kind = statement_kind(column.fact)
    return column.field or kind or (FACT if column.fact else IGNORED)


def says_know_how(column: Column) -> bool:
    """Whether the cells of a column say what actors can do, in words."""
    return column.field == DESCRIPTION or bool(statement_kind(column.fact))


def _guessed_fields(
    headers: Sequence[str], names: Sequence[str], targets: Mapping[str, str]
) -> list[str]:
    """Returns the field that each header names, or "", whatever other headers name it as well.

    Only one is the description.
    """
    guesses = ["" if name in targets else _guessed_field(name, names) for name in names]
    kinds = {
        position: statement_kind(headers[position])
        for position, guess in enumerate(guesses)
        if guess in {"", DESCRIPTION} and names[position] not in targets
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


def _guessed_field(name: str, names: Sequence[str]) -> str:
    name = name.removeprefix(_OF_HEAD_OFFICE)
    if name == _COMMUNE and any(other.endswith(_COMMUNE_NAME) for other in names):
        return "commune_code"  # the code beside the name, as data.gouv.fr's directories have it
    return next((names[name] for names in _GUESSED if name in names), "")


def _unused(fact: str, columns: Sequence[Column]) -> str:
    used = {column.fact for column in columns if column.fact}
    numbered = (f"{fact} ({number})" for number in count(2))
    return next(name for name in chain([fact], numbered) if name not in used)

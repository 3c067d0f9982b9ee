"""Makes an actor of the cells of a row: what is required, refused and derived."""

import re
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from ingest.directories.columns.header_names import Column
from ingest.directories.contacts import (
    WhoseContacts,
    cells_by_field,
    taken_contacts,
    usable_contacts,
    without_contacts,
)
from ingest.directories.location import located
from ingest.directories.sirene import fields_from_register
from ingest.records.fields import (
    detected_language,
    paragraphs,
    record_id,
    refuse_oversize,
    short_line,
)
from ingest.records.parsers import parsed
from kb.errors import InputError
from kb.models import NO_FACTS, Actor
from kb.reference.fields import ACTOR_FIELDS, FieldKind
from kb.remarks import Remark
from kb.resolution.merge_rules import SourceRow
from kb.text.know_how import know_how

# "é", "’" and their like, written as UTF-8 and read as Windows-1252.
_TWICE_ENCODED = re.compile("Ã[\xa0-¿]|â€[™œ“”¦]|Â[«»°\xa0]")
_ACTIVITY_CODE = re.compile(r"[A-Z]?\d{1,2}(?:[. ]?\d{1,3})*[. ]?[A-Z]?", re.IGNORECASE)
_LANGUAGES = ("fr", "en", "de", "nl", "es")
"""The languages of which what actors say of themselves is known."""
_PROSE = tuple(
    name
    for name, traits in ACTOR_FIELDS.items()
    if traits.kind in {FieldKind.LINE, FieldKind.TEXT, FieldKind.THEMES}
)


class ReadRow(NamedTuple):
    """The actor of a row, and what of its contacts was left out, as in `Entry`."""

    source_row: SourceRow
    remarks: tuple[Remark, ...]
    leaves_out_persons: bool


def actor_from(cells: Mapping[str, str], facts: Mapping[str, str] = NO_FACTS) -> Actor:
    """Returns the actor of the cells by field of `Actor`, and of those under other headers.

    Absent and blank are the same.

    Raises:
        InputError: the row cannot be kept; says which cell, and why.
    """
    for field, cell in chain(cells.items(), facts.items()):
        refuse_oversize(cell, field)
    if not short_line(cells.get("name", ""), "name"):
        raise InputError("no_name", "name")
    kept_facts = {fact: text for fact, cell in facts.items() if (text := paragraphs(cell))}
    can_do = "\n".join([cells.get("description", ""), *know_how(kept_facts).values()])
    lang = cells.get("lang", "").strip() or detected_language(paragraphs(can_do), _LANGUAGES)
    values = parsed({**cells, "lang": lang}, ACTOR_FIELDS)
    actor = Actor(
        id=record_id(cells.get("id", ""), values["name"], values["place"]),
        facts=kept_facts,
        **values,
    )
    _refuse_twice_encoded(actor)
    return actor


def source_row_from(
    columns: Sequence[Column],
    cells: Sequence[str],
    *,
    in_french: bool = True,
    whose: WhoseContacts = WhoseContacts.ORGANISATIONS,
) -> ReadRow:
    """Returns the actor of a row, whose cells stand each under its column, and what is left out.

    `in_french` says whether the headers of the table are in French, `whose` which contacts to keep.

    Raises:
        InputError: as `actor_from`.
        RowLeftOut: the row is rightly no actor here.
    """
    pairs = list(zip(columns, cells, strict=True))
    pairs = [(_read_as(column, cell), cell) for column, cell in pairs]
    facts = {column.fact: cell for column, cell in pairs if column.fact}
    fields, is_open = fields_from_register(cells_by_field(pairs), facts)
    contacts = taken_contacts(fields, facts)
    fields = located(fields, facts, in_french=in_french)
    usable = usable_contacts(contacts, fields, whose)
    kept = facts
    if whose is WhoseContacts.ORGANISATIONS:
        kept = without_contacts(facts, fields)
    source_row = SourceRow(actor_from({**fields, **usable.cells}, kept), is_open)
    leaves_out = usable.leaves_out_persons or len(kept) < len(facts)
    return ReadRow(source_row, usable.remarks, leaves_out)


def _read_as(column: Column, cell: str) -> Column:
    """Returns where a cell goes: under "Activité principale" stand codes or words."""
    if column.field != "activity_code" or not column.fact:
        return column
    is_code = not cell.strip() or _ACTIVITY_CODE.fullmatch(cell.strip())
    return column._replace(fact="") if is_code else column._replace(field="")


def _refuse_twice_encoded(actor: Actor) -> None:
    values = {name: getattr(actor, name) for name in _PROSE}
    for field, value in {**values, **actor.facts}.items():
        text = value if isinstance(value, str) else " | ".join(value)
        found = _TWICE_ENCODED.search(text)
        if found:
            raise InputError("twice_encoded_letter", field, letter=found[0])

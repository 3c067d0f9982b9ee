"""An actor of the cells of a row: registers, places, and what is required, refused and derived."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain

from stdnum.fr import siret as siret_number

from ingest.directories.columns_of import NAMING_FIELDS, Column
from ingest.directories.contacts import (
    MASKED,
    WhoseContacts,
    cells_by_field,
    taken_contacts,
    usable_contacts,
    without_contacts,
)
from ingest.directories.header_words import LOCATION_COLUMNS, PERSON_COLUMNS, REGISTER_COLUMNS
from ingest.directories.places import located, with_zero
from ingest.records.entries import WHOLE_FILE, Entry
from ingest.records.fields import (
    MAX_CELL_CHARS,
    detected_language,
    paragraphs,
    record_id,
    refuse_oversize,
    short_line,
)
from ingest.records.parsers import parsed, siren_in
from kb.errors import InputError, RemarkError
from kb.models import NO_FACTS, SIREN_DIGITS, SIRET_DIGITS, Actor
from kb.reference.departments import NAMES
from kb.reference.fields import ACTOR_FIELDS, CONTACT_FIELDS, FieldKind
from kb.remarks import Remark
from kb.text.know_how import know_how
from kb.text.phone_numbers import is_no_value

_NIC_DIGITS = SIRET_DIGITS - SIREN_DIGITS
_OVERSEAS = ("97", "98")
_CLOSED, _OPEN = frozenset("FC"), frozenset("A")
_TODAYS_NOMENCLATURES = {"", "nafrev2", "naf2025", "nafrev2.1"}
_NOT_PUBLIC = frozenset("PN")
_OF_A_PERSON = "1"  # the first digit of the legal categories of firms that a person owns alone


_SIREN = "SIREN"  # a fact that no column has
_NUMBERS = frozenset({"siret", "siren"})


class RowLeftOut(RemarkError):
    """A row is rightly no actor here."""


def fields_from_register(
    cells: dict[str, str], facts: dict[str, str]
) -> tuple[dict[str, str], bool]:
    """Returns the fields of a register's columns, and whether it says "open".

    Adds to `facts` a code of an old nomenclature; empties them if the firm is not to be made
    public.
    """
    fields = {field: "" if cell.strip() == MASKED else cell for field, cell in cells.items()}
    register = {column: fields.pop(column, "").strip() for column in REGISTER_COLUMNS}
    if not any(register.values()):
        return fields, False
    _set_name(fields, register, facts)
    siren = register["siren"]
    if siren and not fields.get("siret", "").strip() and siret_number.is_valid(siren):
        fields["siret"] = siren  # in the other column
        for fact in [fact for fact, cell in facts.items() if cell.strip() == siren]:
            facts[fact] = siren_in(siren)
    elif siren and not siren_in(siren, is_alone=True):
        raise InputError("wrong_siren", "siren", value=siren)
    if not fields.get("siret", "").strip() and register["siren"] and register["nic"]:
        fields["siret"] = register["siren"].zfill(SIREN_DIGITS) + register["nic"].zfill(_NIC_DIGITS)
    if not fields.get("department", "").strip():
        code = with_zero(register["commune_code"].upper())
        department = code[:3] if code.startswith(_OVERSEAS) else code[:2]
        fields["department"] = department if len(code) == 5 and department in NAMES else ""
    nomenclature = register["activity_nomenclature"]
    if fields.get("activity_code") and nomenclature.lower() not in _TODAYS_NOMENCLATURES:
        facts[f"activité ({nomenclature})"] = fields.pop("activity_code")
    state = register["state"].upper()
    if state in _CLOSED and not fields.get("closed_on", "").strip():
        if not register["state_since"]:
            raise InputError("closed_without_date", "state")
        fields["closed_on"] = register["state_since"]
    if state and not fields.get("id", "").strip() and fields.get("siret"):
        fields["id"] = fields["siret"]
    return fields, state in _OPEN


def _set_name(fields: dict[str, str], register: dict[str, str], facts: dict[str, str]) -> None:
    person = " ".join(part for part in (register["first_name"], register["family_name"]) if part)
    is_public = register["diffusion"].upper()[:1] not in _NOT_PUBLIC
    names = [register["usual_name"], register["sign"]]
    if is_public or not register["legal_category"].startswith(_OF_A_PERSON):
        names = [fields.get("name", "").strip(), register["legal_name"], *names]
    if is_public:
        names.append(person)
    else:
        facts.clear()
        for column in (*LOCATION_COLUMNS, *CONTACT_FIELDS, *PERSON_COLUMNS):
            fields.pop(column, None)
    fields["name"] = next(filter(None, names), "")
    if not fields["name"] and not is_public:
        raise RowLeftOut("no_public_name")
    if not fields["name"] and register["state"]:
        raise RowLeftOut("name_in_other_file")
    for fact, column in (("enseigne", "sign"), ("dénomination usuelle", "usual_name")):
        if register[column] and register[column] != fields["name"] and register["state"]:
            facts.setdefault(fact, register[column])


# "é", "’" and their like, written as UTF-8 and read as Windows-1252.
_TWICE_ENCODED = re.compile("Ã[\xa0-¿]|â€[™œ“”¦]|Â[«»°\xa0]")
_ACTIVITY_CODE = re.compile(r"[A-Z]?\d{1,2}(?:[. ]?\d{1,3})*[. ]?[A-Z]?", re.IGNORECASE)
_LANGUAGES = ("fr", "en", "de", "nl", "es")  # of what actors say of themselves
_PROSE_KINDS = {FieldKind.LINE, FieldKind.TEXT, FieldKind.THEMES}
_PROSE = tuple(name for name, traits in ACTOR_FIELDS.items() if traits.kind in _PROSE_KINDS)


def actor_from(cells: Mapping[str, str], facts: Mapping[str, str] = NO_FACTS) -> Actor:
    for field, cell in chain(cells.items(), facts.items()):
        refuse_oversize(cell, field)
    if not short_line(cells.get("name", ""), "name"):
        raise InputError("no_name", "name")
    kept_facts = {fact: text for fact, cell in facts.items() if (text := paragraphs(cell))}
    can_do = "\n".join([cells.get("description", ""), *know_how(kept_facts).values()])
    lang = cells.get("lang", "").strip() or detected_language(paragraphs(can_do), _LANGUAGES)
    values = parsed({**cells, "lang": lang}, ACTOR_FIELDS)
    id_ = record_id(cells.get("id", ""), values["name"], values["place"])
    actor = Actor(id=id_, facts=kept_facts, **values)
    prose = {name: getattr(actor, name) for name in _PROSE}
    for field, value in {**prose, **actor.facts}.items():
        if found := _TWICE_ENCODED.search(value if isinstance(value, str) else " | ".join(value)):
            raise InputError("twice_encoded_letter", field, letter=found[0])
    return actor


def entry_from(
    columns: Sequence[Column],
    cells: Sequence[str],
    *,
    row: int = WHOLE_FILE,
    sheet: str = "",
    in_french: bool = True,
    whose: WhoseContacts = WhoseContacts.ORGANISATIONS,
) -> Entry:
    """Reads a row without the cells that cannot be used, of which it says why; not without name."""
    used = list(cells)
    saved: dict[str, str] = {}
    remarks: list[Remark] = []
    while True:
        try:
            found = _entry(columns, used, saved, in_french=in_french, whose=whose)
        except InputError as error:
            remark = error.remark
            wrong = {error.field, "nic"} if error.field == "siret" else {error.field} - {""}
            at = [place for place, each in enumerate(columns) if used[place] and wrong & {*each}]
            if not at or wrong & NAMING_FIELDS or remark.values.get("most") == MAX_CELL_CHARS:
                raise
            numbers = [used[place] for place in at if wrong & _NUMBERS]
            says_none = not numbers and all(is_no_value(used[place]) for place in at)
            for place in at:
                used[place] = ""
            if any(each.field == "siren" and used[place] for place, each in enumerate(columns)):
                numbers = []
            if siren := next(filter(None, map(siren_in, numbers)), ""):
                saved[_SIREN] = siren
                remark = Remark("siren_kept", error.field, reason=remark, siren=siren)
            else:
                remark = Remark("cell_left_out", error.field, reason=remark)
            remarks += [] if says_none else [remark]
        else:
            record = found.record
            is_anywhere = any(remark.field == "country" for remark in remarks)
            if isinstance(record, Actor) and is_anywhere and not record.department:
                record = replace(record, country="")  # not France, as where none is given
            told = (*remarks, *found.remarks)
            return replace(found, row=row, record=record, sheet=sheet, remarks=told)


def _entry(
    columns: Sequence[Column],
    cells: Sequence[str],
    saved: dict[str, str],
    *,
    in_french: bool,
    whose: WhoseContacts,
) -> Entry:
    pairs = [(_read_as(column, cell), cell) for column, cell in zip(columns, cells, strict=True)]
    facts = {column.fact: cell for column, cell in pairs if column.fact} | saved
    fields, is_open = fields_from_register(cells_by_field(pairs), facts)
    contacts = taken_contacts(fields, facts)
    fields, doubts = located(fields, facts, in_french=in_french)
    usable, remarks, leaves_out = usable_contacts(contacts, fields, whose)
    kept = without_contacts(facts, fields) if whose is WhoseContacts.ORGANISATIONS else facts
    return Entry(
        WHOLE_FILE,
        actor_from({**fields, **usable}, kept),
        is_open=is_open,
        remarks=(*doubts, *remarks),
        leaves_out_persons=leaves_out or len(kept) < len(facts),
    )


def _read_as(column: Column, cell: str) -> Column:
    """Returns where a cell goes: under "Activité principale" stand codes or words."""
    if column.field != "activity_code" or not column.fact:
        return column
    is_code = not cell.strip() or _ACTIVITY_CODE.fullmatch(cell.strip())
    return column._replace(fact="") if is_code else column._replace(field="")

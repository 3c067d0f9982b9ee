"""An actor of the cells of a row: registers, places, and what is required, refused and derived."""

import re
from collections.abc import Mapping, Sequence
from itertools import chain

from ingest.directories.columns_of import Column
from ingest.directories.contacts import (
    MASKED,
    WhoseContacts,
    cells_by_field,
    taken_contacts,
    usable_contacts,
    without_contacts,
)
from ingest.directories.header_words import LOCATION_COLUMNS, PERSON_COLUMNS, REGISTER_COLUMNS
from ingest.records.entries import WHOLE_FILE, Entry
from ingest.records.fields import (
    country_code,
    detected_language,
    folded,
    one_line,
    paragraphs,
    record_id,
    refuse_oversize,
    short_line,
)
from ingest.records.parsers import parsed
from kb.errors import InputError, RemarkError
from kb.models import NO_FACTS, SIREN_DIGITS, SIRET_DIGITS, Actor
from kb.reference.communes import (
    commune_of,
    communes_of,
    department_of_postal_code,
    epci_of_postal_code,
    is_postal_code,
)
from kb.reference.departments import NAMES, department_code
from kb.reference.fields import ACTOR_FIELDS, CONTACT_FIELDS, FieldKind
from kb.text.know_how import know_how

_NIC_DIGITS = SIRET_DIGITS - SIREN_DIGITS
_OVERSEAS = ("97", "98")
_CLOSED, _OPEN = frozenset("FC"), frozenset("A")
_TODAYS_NOMENCLATURES = {"", "nafrev2", "naf2025", "nafrev2.1"}
_NOT_PUBLIC = frozenset("PN")
_OF_A_PERSON = "1"  # the first digit of the legal categories of firms that a person owns alone


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
    if not fields.get("siret", "").strip() and register["siren"] and register["nic"]:
        fields["siret"] = register["siren"].zfill(SIREN_DIGITS) + register["nic"].zfill(_NIC_DIGITS)
    if not fields.get("department", "").strip():
        code = _with_zero(register["commune_code"].upper())
        department = code[:3] if code.startswith(_OVERSEAS) else code[:2]
        fields["department"] = department if len(code) == 5 and department in NAMES else ""
    nomenclature = register["activity_nomenclature"]
    if fields.get("activity_code") and nomenclature.lower() not in _TODAYS_NOMENCLATURES:
        facts[f"activité ({nomenclature})"] = fields.pop("activity_code")
    state = register["state"].upper()
    if state in _CLOSED and not fields.get("closed_on", "").strip():
        if not register["state_since"]:
            raise InputError("closed_without_date", "closed_on")
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


_REGION, _EPCI, _POSTAL = "région", "EPCI", "code postal"  # facts that no column has


def located(
    cells: dict[str, str], facts: dict[str, str], *, in_french: bool = True
) -> dict[str, str]:
    """Returns the fields with the town and department that `LOCATION_COLUMNS` say.

    Adds to the facts the EPCI of the postal code, and the region of an actor abroad.
    """
    location = {column: one_line(cells.get(column, "")) for column in LOCATION_COLUMNS}
    fields = {field: cell for field, cell in cells.items() if field not in location}
    department = one_line(fields.get("department", ""))
    if _is_abroad(fields):
        try:
            department_code(department)
        except ValueError:
            fields["department"] = ""
            if not location["region"]:
                facts[_REGION] = department
        return fields
    postal_code = _with_zero(location["postal_code"].replace(" ", ""))
    postal_code = postal_code if is_postal_code(postal_code) else ""
    town = one_line(fields.get("place", ""))
    if is_postal_code(department):
        postal_code = postal_code or department
        if communes_of(department) and not department_of_postal_code(department, town):
            facts.setdefault(_POSTAL, department)
            fields["department"] = ""
    if not postal_code or not (town or in_french or one_line(fields.get("country", ""))):
        return fields
    if not department:
        fields["department"] = department_of_postal_code(postal_code, town)
    commune = commune_of(postal_code, town)
    if commune and not town:
        fields["place"] = commune.name
        if not one_line(fields.get("id", "")) and one_line(fields.get("name", "")):
            fields["id"] = record_id("", short_line(fields["name"], "name"))
    epci = epci_of_postal_code(postal_code, town)
    if epci and not location["epci"] and folded(_EPCI) not in map(folded, facts):
        facts[_EPCI] = epci
    return fields


def _is_abroad(fields: dict[str, str]) -> bool:
    try:
        return country_code(fields.get("country", "")) != "FR"
    except InputError:
        return True  # refused where the country is read


def _with_zero(code: str) -> str:
    """Returns a code of five digits with the zero that a spreadsheet took away."""
    return f"0{code}" if len(code) == 4 and code.isdigit() else code


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
    pairs = [(_read_as(column, cell), cell) for column, cell in zip(columns, cells, strict=True)]
    facts = {column.fact: cell for column, cell in pairs if column.fact}
    fields, is_open = fields_from_register(cells_by_field(pairs), facts)
    contacts = taken_contacts(fields, facts)
    fields = located(fields, facts, in_french=in_french)
    usable, remarks, leaves_out = usable_contacts(contacts, fields, whose)
    kept = without_contacts(facts, fields) if whose is WhoseContacts.ORGANISATIONS else facts
    return Entry(
        row,
        actor_from({**fields, **usable}, kept),
        is_open=is_open,
        sheet=sheet,
        remarks=remarks,
        leaves_out_persons=leaves_out or len(kept) < len(facts),
    )


def _read_as(column: Column, cell: str) -> Column:
    """Returns where a cell goes: under "Activité principale" stand codes or words."""
    if column.field != "activity_code" or not column.fact:
        return column
    is_code = not cell.strip() or _ACTIVITY_CODE.fullmatch(cell.strip())
    return column._replace(fact="") if is_code else column._replace(field="")

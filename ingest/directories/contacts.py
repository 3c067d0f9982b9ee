"""Contacts of a row: of the organisation, and of the persons in it, each from several columns."""

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum, auto

from ingest.directories.capitals import in_small_letters
from ingest.directories.columns_of import Column
from ingest.directories.header_words import EMAIL, JOB, NAME, PART_OF_NAME, PERSON_COLUMNS, PHONE
from ingest.records.fields import MAX_LINE_CHARS, one_line, paragraphs
from ingest.records.parsers import region_of
from kb.reference.fields import ACTOR_FIELDS, CONTACT_FIELDS
from kb.remarks import Remark
from kb.text.email_addresses import addresses_in, is_of_a_person
from kb.text.know_how import statement_kind
from kb.text.phone_numbers import is_mobile, is_no_value, numbers_in, shown_number

MASKED = "[ND]"  # a register's mark for a value that is not public
_TAKEN = (*CONTACT_FIELDS, *PERSON_COLUMNS)
_NESTED = ("{", "[")
# The look behind has each run of characters tried once, however long.
_ADDRESS = re.compile(r"(?<![^\s@,;<>\"])[^\s@,;<>\"]+@[^\s@,;<>\"]+\.[a-zA-Z]{2,}")
# Not digits alone, which may be any number.
_NUMBER = re.compile(r"(?<![\d+])(?:\+\d{1,3}[ .(][\d .()-]{6,16}|0\d(?:[ .-]\d\d){4})(?!\d)")
_HOUSE_NUMBER = re.compile(
    r"\d{1,5}\s?(?:[a-z]|bis|ter|quater)?(?:\s?[-/]\s?\d{1,5}\s?[a-z]?)?", re.IGNORECASE
)


class WhoseContacts(Enum):
    """Whose contacts are kept of a row: all as they stand, in what this program exported."""

    ORGANISATIONS = auto()
    PERSONS_TOO = auto()
    AS_THEY_STAND = auto()


def whose_contacts(header: Sequence[str], *, persons_kept: bool) -> WhoseContacts:
    if not persons_kept:
        return WhoseContacts.ORGANISATIONS
    return WhoseContacts.AS_THEY_STAND if is_export(header) else WhoseContacts.PERSONS_TOO


def is_export(header: Sequence[str]) -> bool:
    """Whether this program exported a table."""
    return ACTOR_FIELDS.keys() - {"contact", "facts"} <= set(header)


def cells_by_field(pairs: Iterable[tuple[Column, str]]) -> dict[str, str]:
    """Returns the cells by field; those of several columns of one contact are its lines."""
    cells: dict[str, str] = {}
    for column, cell in pairs:
        if (field := column.field) in _TAKEN:
            lines = [cells.get(field, ""), "" if cell.strip() == MASKED else cell]
            cells[field] = "\n".join(filter(str.strip, lines))
        elif field:
            cells[field] = cell
    return cells


def taken_contacts(cells: dict[str, str], facts: dict[str, str]) -> dict[str, str]:
    contacts = {field: cells.pop(field) for field in _TAKEN if field in cells}
    for header, cell in list(facts.items()):
        line = cell.strip()
        field = "email" if _ADDRESS.fullmatch(line) else "phone" if _NUMBER.fullmatch(line) else ""
        if field:
            del facts[header]
            contacts[field] = "\n".join(filter(None, [contacts.get(field, ""), cell]))
    if "address" in contacts:
        address = _address(contacts["address"], one_line(cells.get("postal_code", "")))
        contacts["address"] = in_small_letters(address)
    return contacts


def without_contacts(facts: Mapping[str, str], cells: Mapping[str, str]) -> dict[str, str]:
    """Returns the facts that are know-how or hold no contact, which may be a person's."""
    region = region_of(cells)
    return {
        header: cell
        for header, cell in facts.items()
        if statement_kind(header) or not _holds_contact(cell, region)
    }


def usable_contacts(
    contacts: Mapping[str, str],
    cells: Mapping[str, str],
    whose: WhoseContacts = WhoseContacts.ORGANISATIONS,
) -> tuple[dict[str, str], tuple[Remark, ...], bool]:
    """Returns the wanted contacts, remarks on unusable ones, and if a person's were left out.

    A mobile beside a person, and an e-mail address with a person's name, are that person's.
    """
    region = region_of(cells)
    phones, no_phones = numbers_in(paragraphs(contacts.get("phone", "")), region)
    emails, no_emails = addresses_in(paragraphs(contacts.get("email", "")))
    names = [" ".join(_lines(contacts.get(PART_OF_NAME, "")))]
    names += [*_lines(contacts.get(NAME, "")), *_lines(contacts.get("contact", ""))]
    persons = list(dict.fromkeys(filter(None, names)))
    persons_phones: tuple[str, ...] = ()
    persons_emails: tuple[str, ...] = ()
    if whose is not WhoseContacts.AS_THEY_STAND:
        persons_phones = numbers_in(paragraphs(contacts.get(PHONE, "")), region).kept
        persons_phones += tuple(each for each in phones if persons and is_mobile(each))
        persons_emails = addresses_in(paragraphs(contacts.get(EMAIL, ""))).kept
        name = cells.get("name", "")
        persons_emails += tuple(each for each in emails if is_of_a_person(each, name, persons))
    usable = {
        "phone": " | ".join(each for each in phones if each not in persons_phones),
        "email": " | ".join(each for each in emails if each not in persons_emails),
        "address": contacts.get("address", ""),
        "contact": "",
    }
    if whose is not WhoseContacts.ORGANISATIONS:
        jobs = _lines(contacts.get(JOB, ""))
        reached = [*(shown_number(each, region) for each in persons_phones), *persons_emails]
        usable["contact"] = ", ".join(dict.fromkeys(["; ".join(persons), *jobs, *reached]))
        usable["contact"] = usable["contact"].removeprefix(", ")
    # They quote nothing: what is no number may be a person's name.
    remarks = [Remark("phone_left_out", "phone")] if no_phones else []
    remarks += [Remark("email_left_out", "email")] if no_emails else []
    for field in ("address", "contact"):
        line = one_line(usable[field])
        if len(line) > MAX_LINE_CHARS or line.startswith(_NESTED):
            usable[field] = ""
            remarks.append(Remark("contact_left_out", field))
    is_theirs = bool({*persons_phones} & {*phones} or {*persons_emails} & {*emails})
    kept = {field: cell for field, cell in usable.items() if cell}
    return kept, tuple(remarks), is_theirs and whose is WhoseContacts.ORGANISATIONS


def _holds_contact(cell: str, region: str) -> bool:
    return _ADDRESS.search(cell) is not None or any(
        numbers_in(found[0].strip(), region).kept for found in _NUMBER.finditer(cell)
    )


def _lines(text: str) -> list[str]:
    lines = map(one_line, paragraphs(text).split("\n"))
    return [line for line in lines if not is_no_value(line)]


def _address(text: str, postal_code: str) -> str:
    line = ""
    for added in _lines(text):
        if added in line:
            continue
        numbered = _HOUSE_NUMBER.fullmatch(added) or _HOUSE_NUMBER.fullmatch(line)
        line = f"{line}{' ' if numbered else ', '}{added}" if line else added
    compact = postal_code.replace(" ", "")
    if not line or not compact or compact in line.replace(" ", ""):
        return line
    return f"{line}, {postal_code}"

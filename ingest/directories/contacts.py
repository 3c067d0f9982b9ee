"""Contacts of a row: telephone numbers, e-mail addresses and a street, each from several columns.

What of them cannot be used is left out with a remark, since the rest of the actor is worth keeping.
"""

import re
from collections.abc import Iterable, Mapping

from ingest.directories.columns.header_names import Column
from ingest.directories.sirene import MASKED
from ingest.records.fields import MAX_LINE_CHARS, one_line, paragraphs
from ingest.records.parsers import region_of
from kb.reference.fields import CONTACT_FIELDS
from kb.remarks import Remark
from kb.text.email_addresses import addresses_in
from kb.text.phone_numbers import is_no_value, numbers_in

_NESTED = ("{", "[")
_HOUSE_NUMBER = re.compile(
    r"\d{1,5}\s?(?:[a-z]|bis|ter|quater)?(?:\s?[-/]\s?\d{1,5}\s?[a-z]?)?", re.IGNORECASE
)


def cells_by_field(pairs: Iterable[tuple[Column, str]]) -> dict[str, str]:
    """Returns the cells by field; those of several columns of one contact are its lines."""
    cells: dict[str, str] = {}
    for column, cell in pairs:
        field = column.field
        if field in CONTACT_FIELDS and cells.get(field, "").strip() not in {"", MASKED}:
            more = "" if cell.strip() == MASKED else cell
            cells[field] = f"{cells[field]}\n{more}"
        elif field:
            cells[field] = cell
    return cells


def cells_of_contacts(cells: Mapping[str, str]) -> dict[str, str]:
    """Returns what the cells by field say of contacts, the postal code with the street."""
    contacts = {field: cells[field] for field in CONTACT_FIELDS if field in cells}
    if "address" in contacts:
        contacts["address"] = _address(contacts["address"], one_line(cells.get("postal_code", "")))
    return contacts


def usable_contacts(
    contacts: Mapping[str, str], cells: Mapping[str, str]
) -> tuple[dict[str, str], tuple[Remark, ...]]:
    """Returns those of the contacts that can be used, and a remark for each that cannot.

    The country and department are among the cells, by field.
    """
    usable = dict(contacts)
    remarks = []
    if "phone" in contacts:
        kept, refused = numbers_in(paragraphs(contacts["phone"]), region_of(cells))
        usable["phone"] = " | ".join(kept)
        remarks += [Remark("phone_left_out", "phone", value=value) for value in refused]
    if "email" in contacts:
        kept, refused = addresses_in(paragraphs(contacts["email"]))
        usable["email"] = " | ".join(kept)
        remarks += [Remark("email_left_out", "email", value=value) for value in refused]
    for field in ("address", "contact"):
        line = one_line(contacts.get(field, ""))
        if len(line) > MAX_LINE_CHARS or line.startswith(_NESTED):
            usable[field] = ""
            remarks.append(Remark("contact_left_out", field, value=contacts[field]))
    return usable, tuple(remarks)


def _address(text: str, postal_code: str) -> str:
    """Returns the lines of an address in one, with the postal code unless it is in it."""
    line = ""
    for part in paragraphs(text).split("\n"):
        added = one_line(part)
        if is_no_value(added) or added in line:
            continue
        numbered = _HOUSE_NUMBER.fullmatch(added) or _HOUSE_NUMBER.fullmatch(line)
        line = f"{line}{' ' if numbered else ', '}{added}" if line else added
    compact = postal_code.replace(" ", "")
    if not line or not compact or compact in line.replace(" ", ""):
        return line
    return f"{line}, {postal_code}"

"""Registers of firms: SIRENE's columns, and those of registers made from it, as fields of an actor.

A register names a firm by its legal unit, says where it is by INSEE's code of the commune, and
whether it is open by a letter. Whoever asked not to be made public is named by no person's name.
"""

from ingest.directories.columns.header_words import LOCATION_COLUMNS, REGISTER_COLUMNS
from ingest.directories.columns.persons import PERSON_COLUMNS
from kb.errors import InputError, RemarkError
from kb.models import SIREN_DIGITS, SIRET_DIGITS
from kb.reference.departments import NAMES
from kb.reference.fields import CONTACT_FIELDS

MASKED = "[ND]"
"""A register's mark for a value that is not public."""

_NIC_DIGITS = SIRET_DIGITS - SIREN_DIGITS
_OVERSEAS = ("97", "98")
_CLOSED, _OPEN = frozenset("FC"), frozenset("A")
_TODAYS_NOMENCLATURES = {"", "nafrev2", "naf2025", "nafrev2.1"}
_NOT_PUBLIC = frozenset("PN")
_OF_A_PERSON = "1"
"""The first digit of the legal categories of firms that a person owns alone."""


class RowLeftOut(RemarkError):
    """A row is rightly no actor here."""


def fields_from_register(
    cells: dict[str, str], facts: dict[str, str]
) -> tuple[dict[str, str], bool]:
    """Makes a register's columns fields of an actor; returns them, and whether it says "open".

    An activity code of an old nomenclature becomes one of the `facts`. They are emptied where the
    firm is not to be made public.

    Raises:
        RowLeftOut: the register gives no name that may be made public.
        InputError: the firm is closed, but nothing says since when.
    """
    fields = {field: "" if cell.strip() == MASKED else cell for field, cell in cells.items()}
    register = {column: fields.pop(column, "").strip() for column in REGISTER_COLUMNS}
    if not any(register.values()):
        return fields, False
    _set_name(fields, register, facts)
    if not fields.get("siret", "").strip() and register["siren"] and register["nic"]:
        fields["siret"] = register["siren"].zfill(SIREN_DIGITS) + register["nic"].zfill(_NIC_DIGITS)
    if not fields.get("department", "").strip():
        fields["department"] = department_of_commune(register["commune_code"])
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


def department_of_commune(code: str) -> str:
    """Returns the department of a commune by INSEE's code: "16" for "16015", "2A" for "2A004"."""
    code = code.strip().upper()
    if len(code) == 4 and code.isdigit():  # a spreadsheet lost its leading zero
        code = f"0{code}"
    department = code[:3] if code.startswith(_OVERSEAS) else code[:2]
    return department if len(code) == 5 and department in NAMES else ""


def _set_name(fields: dict[str, str], register: dict[str, str], facts: dict[str, str]) -> None:
    """Sets the name: its own, else the legal unit's, its usual name, its sign or a person's."""
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
    fields["name"] = next((name for name in names if name), "")
    if not fields["name"] and not is_public:
        raise RowLeftOut("no_public_name")
    if not fields["name"] and register["state"]:
        raise RowLeftOut("name_in_other_file")
    if register["sign"] and register["sign"] != fields["name"] and register["state"]:
        facts.setdefault("enseigne", register["sign"])
    if register["usual_name"] and register["usual_name"] != fields["name"] and register["state"]:
        facts.setdefault("dénomination usuelle", register["usual_name"])

"""What the registers of firms say in columns of their own: SIRENE's, and those made from it.

A register names a firm by its legal unit, says where it is by INSEE's code of the commune, and
whether it is open by a letter. Whoever asked not to be made public is named by no person's name.
"""

from ingest.directories.header_names import REGISTER_COLUMNS
from kb.errors import InputError, RemarkError
from kb.reference.departments import NAMES

MASKED = "[ND]"
"""What a register writes in the place of what is not to be made public."""

_OVERSEAS = ("97", "98")
_CLOSED, _OPEN = frozenset("FC"), frozenset("A")
_TODAYS_NOMENCLATURES = {"", "nafrev2", "naf2025", "nafrev2.1"}
_NOT_PUBLIC = frozenset("PN")
_OF_A_PERSON = "1"
"""With what the codes of legal categories begin that are a person's own firm."""


class LeftOut(RemarkError):
    """A row that is rightly no actor here."""


def without_register(cells: dict[str, str], facts: dict[str, str]) -> tuple[dict[str, str], bool]:
    """The cells with a register's columns made fields of an actor, and whether it says "open".

    Takes the old nomenclature's activity code from the fields, and gives it to the `facts`.

    Raises:
        LeftOut: the register gives no name that may be told.
        InputError: it is closed, but nothing says since when.
    """
    told = {field: "" if cell.strip() == MASKED else cell for field, cell in cells.items()}
    taken = {field: told.pop(field, "").strip() for field in REGISTER_COLUMNS}
    if not any(taken.values()):
        return told, False
    _name(told, taken, facts)
    if not told.get("siret", "").strip() and taken["siren"] and taken["nic"]:
        told["siret"] = taken["siren"].zfill(9) + taken["nic"].zfill(5)
    if not told.get("department", "").strip():
        told["department"] = department_of_commune(taken["commune_code"])
    nomenclature = taken["activity_nomenclature"]
    if told.get("activity_code") and nomenclature.lower() not in _TODAYS_NOMENCLATURES:
        facts[f"activité ({nomenclature})"] = told.pop("activity_code")
    state = taken["state"].upper()
    if state in _CLOSED and not told.get("closed_on", "").strip():
        if not taken["state_since"]:
            raise InputError("closed_without_date", "closed_on")
        told["closed_on"] = taken["state_since"]
    if state and not told.get("id", "").strip() and told.get("siret"):
        told["id"] = told["siret"]
    return told, state in _OPEN


def department_of_commune(code: str) -> str:
    """The department of a commune by INSEE's code: "16015" is in "16", "2A004" in "2A"."""
    code = code.strip().upper()
    if len(code) == 4 and code.isdigit():  # a spreadsheet lost its leading zero
        code = f"0{code}"
    department = code[:3] if code.startswith(_OVERSEAS) else code[:2]
    return department if len(code) == 5 and department in NAMES else ""


def _name(told: dict[str, str], taken: dict[str, str], facts: dict[str, str]) -> None:
    """Gives the actor its name: its own, the legal unit's, its usual one, its sign, a person's."""
    person = " ".join(part for part in (taken["first_name"], taken["family_name"]) if part)
    is_public = taken["diffusion"].upper()[:1] not in _NOT_PUBLIC
    names = [taken["usual_name"], taken["sign"]]
    if is_public or not taken["legal_category"].startswith(_OF_A_PERSON):
        names = [told.get("name", "").strip(), taken["legal_name"], *names]
    if is_public:
        names.append(person)
    else:
        facts.clear()
    told["name"] = next((name for name in names if name), "")
    if not told["name"] and not is_public:
        raise LeftOut("no_public_name")
    if not told["name"] and taken["state"]:
        raise LeftOut("name_in_other_file")
    if taken["sign"] and taken["sign"] != told["name"] and taken["state"]:
        facts.setdefault("enseigne", taken["sign"])
    if taken["usual_name"] and taken["usual_name"] != told["name"] and taken["state"]:
        facts.setdefault("dénomination usuelle", taken["usual_name"])

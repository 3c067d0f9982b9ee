"""Where an actor is: its town, department and EPCI, of the columns that say it.

A postal code tells the department, and the town where only one has it; a town that is given has to
be one of the code's. Nothing that is uncertain is filled in: a row that says no country, under
headers that are not French, may be of anywhere, unless its town is one of the code's.
"""

from ingest.directories.columns.header_words import LOCATION_COLUMNS
from ingest.records.fields import country_code, folded, one_line, record_id, short_line
from kb.errors import InputError
from kb.reference.communes import (
    commune_of,
    communes_of,
    department_of_postal_code,
    epci_of_postal_code,
    is_postal_code,
)
from kb.reference.departments import department_code

_FRANCE = "FR"
_LOST_ZERO = 4
_REGION, _EPCI, _POSTAL = "région", "EPCI", "code postal"
"""The names of the facts that no column of the source has."""


def located(
    cells: dict[str, str], facts: dict[str, str], *, in_french: bool = True
) -> dict[str, str]:
    """Returns the fields without `LOCATION_COLUMNS`, with the town and department that these say.

    Adds to the facts an EPCI that the postal code tells, and the region that stands under
    "department" for an actor abroad. An id is made as if no town had been found, so that an actor
    without one keeps it. `in_french` says whether the headers are.
    """
    location = {column: one_line(cells.get(column, "")) for column in LOCATION_COLUMNS}
    fields = {field: cell for field, cell in cells.items() if field not in location}
    department = one_line(fields.get("department", ""))
    if _is_abroad(fields):
        if department and not _is_department(department):
            fields["department"] = ""
            if not location["region"]:
                facts[_REGION] = department
        return fields
    postal_code = _postal_code(location["postal_code"])
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
        return country_code(fields.get("country", "")) != _FRANCE
    except InputError:
        return True  # refused where the country is read


def _is_department(text: str) -> bool:
    try:
        return bool(department_code(text))
    except ValueError:
        return False


def _postal_code(text: str) -> str:
    """Returns a postal code with the zero that a spreadsheet took away, "" if it is none."""
    code = text.replace(" ", "")
    if len(code) == _LOST_ZERO and code.isdigit():
        code = f"0{code}"
    return code if is_postal_code(code) else ""

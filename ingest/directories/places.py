"""Places of rows: towns and departments, and what cannot all be right of what is said of them."""

from collections.abc import Iterable, Iterator

from ingest.directories.capitals import written_town
from ingest.directories.header_words import LOCATION_COLUMNS
from ingest.records.fields import country_code, folded, one_line, record_id, short_line
from kb.errors import InputError
from kb.reference.communes import (
    can_be_of,
    commune_of,
    communes_of,
    degrees,
    department_of_postal_code,
    departments_of,
    elsewhere,
    epci_of_postal_code,
    is_postal_code,
)
from kb.reference.departments import NAMES, department_code
from kb.remarks import Remark

_REGION, _EPCI, _POSTAL = "région", "EPCI", "code postal"  # facts that no column has
_MOST_NAMED = 3
_MOST_DEGREES = {"latitude": 90, "longitude": 180}


def located(
    cells: dict[str, str], facts: dict[str, str], *, in_french: bool = True
) -> tuple[dict[str, str], list[Remark]]:
    """Returns the fields with the town and department that `LOCATION_COLUMNS` say, and doubts.

    Adds to the facts the EPCI of the postal code, and the region of an actor abroad.
    """
    location = {column: one_line(cells.get(column, "")) for column in LOCATION_COLUMNS}
    fields = {field: cell for field, cell in cells.items() if field not in location}
    department = one_line(fields.get("department", ""))
    for column, most in _MOST_DEGREES.items():
        if location[column] and not 0 < abs(degrees(location[column]) or 0) <= most:
            raise InputError("no_degrees", column, value=location[column])
    if _is_abroad(fields):
        if department and not _code_of(department):
            fields["department"] = ""
            if not location["region"]:
                facts[_REGION] = department
        return fields, []
    written = location["postal_code"]
    postal_code = with_zero(written.replace(" ", ""))
    postal_code = postal_code if is_postal_code(postal_code) else ""
    is_wrong = in_french and written and not postal_code
    doubts = [Remark("no_postal_code", "place", value=written)] if is_wrong else []
    town = one_line(fields.get("place", ""))
    if is_postal_code(department):
        postal_code = postal_code or department
        if communes_of(department) and not department_of_postal_code(department, town):
            facts.setdefault(_POSTAL, department)
            fields["department"] = ""
    if not (town or in_french or one_line(fields.get("country", ""))):
        return fields, []
    return fields, doubts + _completed(fields, facts, postal_code, has_epci=bool(location["epci"]))


def _completed(
    fields: dict[str, str], facts: dict[str, str], postal_code: str, *, has_epci: bool
) -> list[Remark]:
    """Sets the town, the department and the EPCI, or returns what contradicts itself in a row."""
    town = one_line(fields.get("place", ""))
    department = one_line(fields.get("department", ""))
    code = _code_of(department)
    if town and (spelled := written_town(town, code, postal_code)) != town:
        _keep_id(fields, town)
        fields["place"] = town = spelled
    if contradictions := list(_contradictions(town, code, postal_code)):
        return contradictions
    if postal_code and not department:
        fields["department"] = department_of_postal_code(postal_code, town)
    commune = commune_of(postal_code, town) if postal_code else None
    if commune and not town:
        _keep_id(fields, "")
        fields["place"] = commune.name
    epci = epci_of_postal_code(postal_code, town) if postal_code else ""
    if epci and not has_epci and folded(_EPCI) not in map(folded, facts):
        facts[_EPCI] = epci
    return []


def _contradictions(town: str, department: str, postal_code: str) -> Iterator[Remark]:
    is_of_others = bool(postal_code and town) and not can_be_of(postal_code, town)
    if is_of_others:
        others = _listed(each.name for each in communes_of(postal_code))
        yield Remark("postal_code_of_others", "place", number=postal_code, town=town, others=others)
    if not department:
        return
    said = _named(department)
    here = departments_of(postal_code)
    if there := elsewhere(department, town):
        found = _listed(map(_named, sorted(there & here or there)))
        yield Remark("town_elsewhere", "department", town=town, found=found, said=said)
    elif here and department not in here and not is_of_others:
        found = _listed(map(_named, sorted(here)))
        yield Remark(
            "postal_code_elsewhere", "department", number=postal_code, found=found, said=said
        )


def _named(department: str) -> str:
    return f"{NAMES[department]} ({department})"


def _listed(names: Iterable[str]) -> str:
    every = list(names)
    return ", ".join(every[:_MOST_NAMED]) + ("…" if len(every) > _MOST_NAMED else "")


def _keep_id(fields: dict[str, str], town: str) -> None:
    """Keeps the id that a row had before its town was put right."""
    if not one_line(fields.get("id", "")) and one_line(fields.get("name", "")):
        fields["id"] = record_id("", short_line(fields["name"], "name"), town)


def _code_of(department: str) -> str:
    try:
        return department_code(department)
    except ValueError:
        return ""  # refused where the department is read


def _is_abroad(fields: dict[str, str]) -> bool:
    try:
        return country_code(fields.get("country", "")) != "FR"
    except InputError:
        return True  # refused where the country is read


def with_zero(code: str) -> str:
    """Returns a code of five digits with the zero that a spreadsheet took away."""
    return f"0{code}" if len(code) == 4 and code.isdigit() else code

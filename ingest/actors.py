"""From the cells of a directory to an actor: what is required, what is refused, what is derived."""

import re
from collections.abc import Mapping, Sequence
from itertools import chain

from stdnum.exceptions import InvalidChecksum, InvalidLength, ValidationError
from stdnum.fr import siret as siret_number

from ingest.columns import Column
from ingest.fields import (
    country_code,
    iso_date,
    language,
    one_line,
    paragraphs,
    record_id,
    refuse_oversize,
    short_line,
    shown,
    theme_names,
    web_address,
)
from kb.departments import department_code
from kb.errors import InputError
from kb.models import NO_FACTS, Actor

# France and its overseas departments, which have country codes of their own.
_COUNTRIES_OF_DEPARTMENTS = {"FR", "GF", "GP", "MQ", "RE", "YT"}
_NAF_WITHOUT_POINT = re.compile(r"(\d\d)(\d\d[A-Z])")


def actor_from(cells: Mapping[str, str], facts: Mapping[str, str] = NO_FACTS) -> Actor:
    """The actor that a row of a directory describes.

    Args:
        cells: what the row says, by field of `Actor`; absent and blank are the same.
        facts: what the row says under headers that are no field; blank ones are left out.

    Raises:
        InputError: the row cannot be kept; says which cell, and why.
    """
    for field, cell in chain(cells.items(), facts.items()):
        refuse_oversize(cell, field)
    name = short_line(cells.get("name", ""), "name")
    if not name:
        raise InputError("has no name")
    place = short_line(cells.get("place", ""), "place")
    description = paragraphs(cells.get("description", ""))
    country = country_code(cells.get("country", ""))
    return Actor(
        id=record_id(cells.get("id", ""), name, place),
        name=name,
        description=description,
        place=place,
        department=_department(cells.get("department", ""), country),
        country=country,
        activity_code=_activity_code(cells.get("activity_code", "")),
        siret=_siret(cells.get("siret", "")),
        website=web_address(cells.get("website", ""), "website"),
        lang=language(cells.get("lang", ""), description),
        themes=theme_names(cells.get("themes", "")),
        source_url=web_address(cells.get("source_url", ""), "source_url"),
        closed_on=iso_date(cells.get("closed_on", ""), "closed_on"),
        facts={fact: text for fact, cell in facts.items() if (text := paragraphs(cell))},
    )


def actor_from_columns(columns: Sequence[Column], cells: Sequence[str]) -> Actor:
    """The actor that the cells of a row describe, each under its column.

    Raises:
        InputError: as `actor_from`.
    """
    pairs = list(zip(columns, cells, strict=True))
    return actor_from(
        {column.field: cell for column, cell in pairs if column.field},
        {column.fact: cell for column, cell in pairs if column.fact},
    )


def _department(cell: str, country: str) -> str:
    written = one_line(cell)
    if written and country not in _COUNTRIES_OF_DEPARTMENTS:
        raise InputError(f"department {shown(written)} is given, but the country is {country}")
    try:
        return department_code(written)
    except ValueError as error:
        raise InputError(f"department {error}") from None


def _activity_code(cell: str) -> str:
    """The code in capitals, a NAF code with its point ("2041z" becomes "20.41Z")."""
    code = short_line(cell, "activity_code").upper()
    naf = _NAF_WITHOUT_POINT.fullmatch(code)
    return f"{naf[1]}.{naf[2]}" if naf else code


def _siret(cell: str) -> str:
    """The 14 digits, their check digit right (La Poste, which has a rule of its own, included)."""
    written = one_line(cell)
    if not written:
        return ""
    try:
        number: str = siret_number.validate(written)
    except InvalidLength:
        reason = "a SIRET has 14 digits"
    except InvalidChecksum:
        reason = "its check digit is wrong"
    except ValidationError:
        reason = "a SIRET holds digits only"
    else:
        return number
    raise InputError(f"siret {shown(written)} is not valid: {reason}")

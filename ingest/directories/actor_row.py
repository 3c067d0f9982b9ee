"""From the cells of a directory to an actor: what is required, what is refused, what is derived."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import chain

from stdnum.exceptions import InvalidChecksum, InvalidLength, ValidationError
from stdnum.fr import siret as siret_number

from ingest.directories.header_names import Column
from ingest.directories.sirene import without_register
from ingest.fields import (
    country_code,
    iso_date,
    language,
    one_line,
    paragraphs,
    record_id,
    refuse_oversize,
    short_line,
    theme_names,
    web_address,
)
from kb.errors import InputError
from kb.models import NO_FACTS, SIRET_DIGITS, Actor
from kb.reference.departments import department_code
from kb.resolution.merge_rules import SourceRow

# France and its overseas departments, which have country codes of their own.
_COUNTRIES_OF_DEPARTMENTS = {"FR", "GF", "GP", "MQ", "RE", "YT"}
_NAF_WITHOUT_POINT = re.compile(r"(\d\d)(\d\d[A-Z])")
_FRENCH_DAY = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})")
_MIDNIGHT = re.compile(r"[T ]00:00(?::00(?:\.0+)?)?$")
# "é", "’" and their like, written as UTF-8 and read as Windows-1252.
_TWICE_ENCODED = re.compile("Ã[\xa0-¿]|â€[™œ“”¦]|Â[«»°\xa0]")
_SPREADSHEET_NUMBER = re.compile(r"\d+(?:[.,]\d+)?(?:E[+-]?\d+)?", re.IGNORECASE)
_MAX_ZEROS_LOST = 2


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
        raise InputError("no_name", "name")
    place = short_line(cells.get("place", ""), "place")
    description = paragraphs(cells.get("description", ""))
    country = country_code(cells.get("country", ""))
    actor = Actor(
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
        closed_on=_day(cells.get("closed_on", "")),
        facts={fact: text for fact, cell in facts.items() if (text := paragraphs(cell))},
    )
    _refuse_twice_encoded(actor)
    return actor


def told_from_columns(columns: Sequence[Column], cells: Sequence[str]) -> SourceRow:
    """What the cells of a row tell of an actor, each under its column.

    Raises:
        InputError: as `actor_from`.
        LeftOut: the row is rightly no actor here.
    """
    pairs = list(zip(columns, cells, strict=True))
    facts = {column.fact: cell for column, cell in pairs if column.fact}
    fields, is_open = without_register(
        {column.field: cell for column, cell in pairs if column.field}, facts
    )
    return SourceRow(actor_from(fields, facts), is_open)


def _refuse_twice_encoded(actor: Actor) -> None:
    texts = {
        "name": actor.name,
        "description": actor.description,
        "place": actor.place,
        "themes": " | ".join(actor.themes),
        **actor.facts,
    }
    for field, text in texts.items():
        found = _TWICE_ENCODED.search(text)
        if found:
            raise InputError("twice_encoded_letter", field, letter=found[0])


def _day(cell: str) -> str:
    """A day as ISO 8601, of one so written or as in French ("31/12/2023")."""
    written = _MIDNIGHT.sub("", one_line(cell))
    french = _FRENCH_DAY.fullmatch(written)
    if french:
        day, month, year = map(int, french.groups())
        try:
            return date(year, month, day).isoformat()
        except ValueError:
            raise InputError("no_day", "closed_on", value=written) from None
    return iso_date(written, "closed_on")


def _department(cell: str, country: str) -> str:
    written = one_line(cell)
    if written and country not in _COUNTRIES_OF_DEPARTMENTS:
        raise InputError("foreign_department", "department", value=written, country=country)
    try:
        return department_code(written)
    except ValueError as error:
        raise InputError(
            "wrong_department", "department", value=written, reason=str(error)
        ) from None


def _activity_code(cell: str) -> str:
    """The code in capitals, a NAF code with its point ("2041z" becomes "20.41Z")."""
    code = short_line(cell, "activity_code").upper()
    naf = _NAF_WITHOUT_POINT.fullmatch(code)
    return f"{naf[1]}.{naf[2]}" if naf else code


def _siret(cell: str) -> str:
    """The 14 digits, their check digit right (La Poste, which has a rule of its own, included).

    A number of a spreadsheet is made what it was: "7.3282932000074E13", or without the zeros that
    it began with.
    """
    written = one_line(cell)
    if not written:
        return ""
    digits = "".join(written.split())
    if not digits.isdigit() and _SPREADSHEET_NUMBER.fullmatch(digits):
        digits = _whole_number(digits)
        if not digits:
            raise InputError("siret_lost_digits", "siret", value=written)
        written = digits
    lost = SIRET_DIGITS - len(digits)
    if digits.isdigit() and 0 < lost <= _MAX_ZEROS_LOST:
        padded = digits.zfill(SIRET_DIGITS)
        if siret_number.is_valid(padded):
            return padded
    try:
        number: str = siret_number.validate(written)
    except InvalidLength:
        problem = "siret_length"
    except InvalidChecksum:
        problem = "siret_check"
    except ValidationError:
        problem = "siret_digits"
    else:
        return number
    raise InputError(problem, "siret", value=written)


def _whole_number(written: str) -> str:
    """The digits of a number written with a point or an exponent, or "" if some are missing."""
    try:
        number = Decimal(written.replace(",", "."))
    except InvalidOperation:
        return ""
    _sign, digits, exponent = number.as_tuple()
    whole = number == number.to_integral_value()
    # The digits that were dropped come back as zeros: "7.32829E+13" says six of fourteen.
    if not whole or not isinstance(exponent, int) or exponent > 1:
        return ""
    return str(int(number)) if digits else ""

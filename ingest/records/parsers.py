"""Parses the fields of each kind, from all the cells of a row or the keys of a case."""

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from stdnum.exceptions import InvalidChecksum, ValidationError
from stdnum.fr import siren as siren_number
from stdnum.fr import siret as siret_number

from ingest.records.fields import (
    country_code,
    folded,
    iso_date,
    language,
    one_line,
    paragraphs,
    short_line,
    theme_names,
    web_address,
)
from kb.errors import InputError
from kb.models import SIREN_DIGITS, SIRET_DIGITS
from kb.reference.communes import commune_in, department_of_postal_code, is_postal_code
from kb.reference.departments import department_code
from kb.reference.fields import FieldKind, FieldTraits
from kb.reference.roles import FLOWS, Flow
from kb.registers.pictures import is_picture_name
from kb.text.email_addresses import addresses_in
from kb.text.periods import NoPeriod, read_period
from kb.text.phone_numbers import dialling_region, numbers_in

Cells = Mapping[str, str]
Parser = Callable[[Cells, str], str | tuple[str, ...]]

# France and its overseas departments, which have country codes of their own.
_COUNTRIES_OF_DEPARTMENTS = {"FR", "GF", "GP", "MQ", "RE", "YT"}
_NAF_WITHOUT_POINT = re.compile(r"(\d\d)(\d\d[A-Z])")
_FLOWS = {word: flow for flow, traits in FLOWS.items() for word in (flow.value, *traits.french)}
_FRENCH_DAY = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})")
_MIDNIGHT = re.compile(r"[T ]00:00(?::00(?:\.0+)?)?$")
_SPREADSHEET_NUMBER = re.compile(r"\d{1,20}(?:[.,]\d{1,20})?(?:E[+-]?\d{1,3})?", re.IGNORECASE)
_END_OF_NUMBER = re.compile(r"[.,]0+\s*$|E[+-]?\d+\s*$", re.IGNORECASE)
_NO_ESTABLISHMENT = "00000"  # the end of "4.2E+13", whose other digits are lost
_MAX_ZEROS_LOST = 2


def parsed(cells: Cells, fields: Mapping[str, FieldTraits]) -> dict[str, Any]:
    """Maps each field to its value, except ids, facts and participants; absent is blank."""
    cells = defaultdict(str, cells)
    kinds = {name: traits.kind for name, traits in fields.items()}
    return {name: PARSERS[kind](cells, name) for name, kind in kinds.items() if kind in PARSERS}


def _day(cells: Cells, field: str) -> str:
    """Returns a day as ISO 8601; it may be written as in French ("31/12/2023")."""
    written = _MIDNIGHT.sub("", one_line(cells[field]))
    if french := _FRENCH_DAY.fullmatch(written):
        day, month, year = map(int, french.groups())
        try:
            return date(year, month, day).isoformat()
        except ValueError:
            raise InputError("no_day", field, value=written) from None
    return iso_date(written, field)


def _language(cells: Cells, field: str) -> str:
    return language(cells[field], paragraphs(cells["text"] or cells["description"]))


def flow(given: str, field: str) -> str:
    written = one_line(given)
    if written and folded(written) not in _FLOWS:
        raise InputError("unknown_flow", field, value=written, flows=", ".join(Flow))
    return _FLOWS[folded(written)].value if written else ""


def period(given: str, field: str) -> str:
    """Returns a period in EDTF, as `kb.text.periods` reads it; refuses others."""
    written = one_line(given)
    try:
        return read_period(written) if written else ""
    except NoPeriod:
        raise InputError("no_period", field, value=written) from None


def _department(cells: Cells, field: str) -> str:
    """Returns the code of a department; where none is written, that of the only town so called."""
    written, country = one_line(cells[field]), country_code(cells["country"])
    if written and country not in _COUNTRIES_OF_DEPARTMENTS:
        raise InputError("foreign_department", field, value=written, country=country)
    if not written and country in _COUNTRIES_OF_DEPARTMENTS:
        commune = commune_in("", one_line(cells["place"]))
        return commune.department if commune else ""
    if is_postal_code(written) and (code := department_of_postal_code(written, cells["place"])):
        return code
    try:
        return department_code(written)
    except ValueError as error:
        raise InputError("wrong_department", field, value=written, reason=str(error)) from None


def _activity_code(cells: Cells, field: str) -> str:
    code = short_line(cells[field], field).upper()
    if code and not any(map(str.isdigit, code)):
        raise InputError("no_activity_code", field, value=code)
    naf = _NAF_WITHOUT_POINT.fullmatch(code)
    return f"{naf[1]}.{naf[2]}" if naf else code


def _siret(cells: Cells, field: str) -> str:
    if not (written := one_line(cells[field])):
        return ""
    digits = "".join(written.split())
    if not digits.isdigit() and _SPREADSHEET_NUMBER.fullmatch(digits):
        _sign, kept, exponent = (number := Decimal(digits.replace(",", "."))).as_tuple()
        # Digits that were dropped come back as zeros: "7.32829E+13" says six of fourteen.
        if number != number.to_integral_value() or int(exponent) > 1 or not kept:
            raise InputError("siret_lost_digits", field, value=written)
        written = digits = str(int(number))
    if digits.isdigit() and SIRET_DIGITS - _MAX_ZEROS_LOST <= len(digits) < SIRET_DIGITS:
        padded = digits.zfill(SIRET_DIGITS)
        if siret_number.is_valid(padded):
            written = padded
    try:
        valid = str(siret_number.validate(written))
    except InvalidChecksum:
        problem = "siret_lost_digits" if digits.endswith(_NO_ESTABLISHMENT) else "siret_check"
    except ValidationError:
        problem = "siret_digits"
    else:
        if valid.strip("0"):
            return valid
        problem = "siret_check"
    raise InputError(problem, field, value=written)


def siren_in(text: str, *, is_alone: bool = False) -> str:
    """Returns the SIREN that a cell is, or that a SIRET with a wrong end begins with, or ""."""
    digits = "".join(filter(str.isdigit, _END_OF_NUMBER.sub("", text)))
    is_whole = SIREN_DIGITS - 1 <= len(digits) <= SIREN_DIGITS
    siren = digits.zfill(SIREN_DIGITS)[:SIREN_DIGITS]
    is_begun = not is_alone and len(digits) >= SIRET_DIGITS - _MAX_ZEROS_LOST
    can_be = (is_whole or is_begun) and siren.strip("0")
    return siren if can_be and siren_number.is_valid(siren) else ""


def _phone(cells: Cells, field: str) -> tuple[str, ...]:
    """Returns the numbers in E.164, those without a prefix as the actor's country dials them."""
    kept, refused = numbers_in(paragraphs(cells[field]), region_of(cells))
    if refused:
        raise InputError("no_phone", field, value=refused[0])
    return kept


def _email(cells: Cells, field: str) -> tuple[str, ...]:
    kept, refused = addresses_in(paragraphs(cells[field]))
    if refused:
        raise InputError("no_email", field, value=refused[0])
    return kept


def _picture(cells: Cells, field: str) -> str:
    """Returns the name of a picture of this base; pictures of other sites are not taken."""
    return name if is_picture_name(name := cells[field].strip()) else ""


def region_of(cells: Cells) -> str:
    try:
        return dialling_region(
            country_code(cells.get("country", "")),
            department_code(one_line(cells.get("department", ""))),
        )
    except (InputError, ValueError):
        return dialling_region("")


PARSERS: Mapping[FieldKind, Parser] = MappingProxyType(
    {
        FieldKind.LINE: lambda cells, field: short_line(cells[field], field),
        FieldKind.SENTENCE: lambda cells, field: one_line(cells[field]),
        FieldKind.TEXT: lambda cells, field: paragraphs(cells[field]),
        FieldKind.DATE: lambda cells, field: iso_date(cells[field], field),
        FieldKind.DAY: _day,
        FieldKind.WEB_ADDRESS: lambda cells, field: web_address(cells[field], field),
        FieldKind.LANGUAGE: _language,
        FieldKind.FLOW: lambda cells, field: flow(cells[field], field),
        FieldKind.PERIOD: lambda cells, field: period(cells[field], field),
        FieldKind.DEPARTMENT: _department,
        FieldKind.COUNTRY: lambda cells, field: country_code(cells[field]),
        FieldKind.ACTIVITY_CODE: _activity_code,
        FieldKind.SIRET: _siret,
        FieldKind.PHONE: _phone,
        FieldKind.EMAIL: _email,
        FieldKind.PICTURE: _picture,
        FieldKind.THEMES: lambda cells, field: theme_names(cells[field]),
    }
)

"""How the fields of a form are typed and cleaned, and what is wrong with them in words.

The cleaning of values is that of the readers (`ingest.records.fields`), the same as in a file.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from ingest.records.fields import (
    MAX_LINE_BYTES,
    MAX_LINE_CHARS,
    bytes_of_line,
    iso_date,
    language,
    one_line,
    paragraphs,
    theme_names,
    web_address,
)
from ingest.records.parsers import PARSERS, flow, period
from kb.errors import InputError
from kb.messages import N_
from kb.models import Actor, Case, Record
from kb.reference.fields import ACTOR_FIELDS, CASE_FIELDS, FieldKind, FieldTraits
from kb.text.phone_numbers import dialling_region, is_no_value, shown_number
from web.http.labels import UNKNOWN_DEPARTMENT

MISSING = N_("This is required.")
TOO_LONG = N_("This is too long.")
_NO_DATE = N_("This is not a date. Write it like 2020-07-02, or 2 July 2020 as 02/07/2020.")
_WRONG: Mapping[FieldKind, str] = {
    FieldKind.DATE: _NO_DATE,
    FieldKind.DAY: _NO_DATE,
    FieldKind.PERIOD: N_(
        "This time is not understood. Write it like 2020, March 2020, spring 2020, March to May "
        "2020 or since 2019."
    ),
    FieldKind.WEB_ADDRESS: N_("This is not a web address. It begins with http:// or https://."),
    FieldKind.LANGUAGE: N_("Choose a language."),
    FieldKind.FLOW: N_("Choose one of the list."),
    FieldKind.DEPARTMENT: UNKNOWN_DEPARTMENT,
    FieldKind.COUNTRY: N_("This country is unknown: write its two-letter code, such as FR."),
    FieldKind.PHONE: N_("One of these is no telephone number. Write one on each line."),
    FieldKind.EMAIL: N_("One of these is no e-mail address. Write one on each line."),
    FieldKind.SIRET: N_(
        "This is not a SIRET number: it has 14 digits, and the last one checks the others."
    ),
}
_DAY_FIRST = re.compile(r"([0-9]{1,2})[/.]([0-9]{1,2})[/.]([0-9]{4})")
_OTHERWISE_WRONG = N_("This cannot be saved as it is.")


def why_wrong(kind: FieldKind) -> str:
    """What to say of a value of this kind that is refused."""
    return _WRONG.get(kind, _OTHERWISE_WRONG)


def loses_a_line(cells: Mapping[str, str], name: str) -> bool:
    """Whether a line of a field of telephone numbers or e-mail addresses holds none.

    The readers pass over words beside a number, which people typed for something here.
    """
    kind = ACTOR_FIELDS[name].kind
    if kind not in {FieldKind.PHONE, FieldKind.EMAIL}:
        return False
    try:
        return not all(
            is_no_value(line) or PARSERS[kind]({**cells, name: line}, name)
            for line in cells[name].splitlines()
        )
    except InputError:
        return True


class FieldCleaner:
    """Cleans the values of a form, and notes what is wrong with them in `errors`, by name."""

    def __init__(self, values: Mapping[str, str], errors: dict[str, str]) -> None:
        self._values = values
        self._errors = errors

    def __call__(
        self,
        name: str,
        clean: Callable[[str], str],
        kind: FieldKind = FieldKind.LINE,
        *,
        required: bool = False,
        max_chars: int = 0,
    ) -> str:
        try:
            value = clean(self._values.get(name, ""))
        except InputError:
            self._errors[name] = why_wrong(kind)
            return ""
        if required and not value:
            self._errors[name] = MISSING
        if max_chars and (len(value) > max_chars or bytes_of_line(value) > MAX_LINE_BYTES):
            self._errors[name] = TOO_LONG
        return value

    def field(self, name: str, traits: FieldTraits) -> Any:
        """The value of a field of a case, cleaned as its kind asks for."""
        kind = traits.kind
        if kind is FieldKind.DATE:
            return self.date(name)
        if kind is FieldKind.THEMES:
            return self.themes(name)
        cleans: Mapping[FieldKind, Callable[[str], str]] = {
            FieldKind.TEXT: paragraphs,
            FieldKind.LANGUAGE: lambda given: language(given, self._values.get("text", "")),
            FieldKind.WEB_ADDRESS: lambda given: web_address(given, name),
            FieldKind.FLOW: lambda given: flow(given, name),
            FieldKind.PERIOD: lambda given: period(given, name),
            FieldKind.PICTURE: lambda given: str(PARSERS[kind]({name: given}, name)),
        }
        is_long = kind in {FieldKind.TEXT, FieldKind.SENTENCE}
        return self(
            name,
            cleans.get(kind, one_line),
            kind,
            required=traits.required,
            max_chars=0 if is_long else MAX_LINE_CHARS,
        )

    def date(self, name: str) -> str:
        return self(name, lambda given: written_date(given, name), FieldKind.DATE)

    def themes(self, name: str) -> tuple[str, ...]:
        try:
            return theme_names(self._values.get(name, ""))
        except InputError:
            self._errors[name] = TOO_LONG
            return ()


def written_date(text: str, name: str) -> str:
    """Returns a date as `iso_date` has it; 02/07/2020 is 2 July, and a year alone is kept.

    Raises:
        InputError: the text is no date.
    """
    line = one_line(text)
    if re.fullmatch(r"\d{4}", line):
        return line
    given = _DAY_FIRST.match(line)
    if given:
        day, month, year = given.groups()
        line = f"{year}-{month:0>2}-{day:0>2}{line[given.end() :]}"
    return iso_date(line, name)


def typed_value(record: Record, name: str) -> str:
    """The value of a field as an editor sees it."""
    value = getattr(record, name)
    if name == "phone" and isinstance(record, Actor):
        region = dialling_region(record.country, record.department)
        value = tuple(shown_number(number, region) for number in record.phone)
    if isinstance(value, tuple):
        # A theme may hold a comma, but no line end.
        return "\n".join(value)
    fields = CASE_FIELDS if isinstance(record, Case) else ACTOR_FIELDS
    if fields[name].kind in {FieldKind.DATE, FieldKind.DAY}:
        return re.sub(r"^(\S{10})T(\d\d:\d\d):00", r"\1 \2", str(value))
    return str(value)

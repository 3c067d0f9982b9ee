"""Languages: the visitor's, its catalogue of messages, its dates and numbers."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cache
from gettext import NullTranslations
from importlib.resources import files
from io import BytesIO
from typing import Self

from babel import Locale
from babel.dates import format_date, format_interval, format_skeleton, format_time, format_timedelta
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent
from babel.support import Translations

from kb.messages import N_
from kb.text.periods import AUTUMN, SPRING, SUMMER, WINTER, Moment, NoPeriod, Period


class Language(StrEnum):
    """A language of the interface; the first is the one of visitors who prefer neither."""

    FR = "fr", "Français", "FR", "\N{NO-BREAK SPACE}:"
    # British, because the readers are European: "2 July 2020".
    EN = "en", "English", "GB"

    own_name: str
    locale: Locale
    colon: str

    def __new__(cls, code: str, own_name: str = "", territory: str = "", colon: str = ":") -> Self:
        language = str.__new__(cls, code)
        language._value_ = code
        language.own_name, language.colon = own_name, colon
        language.locale = Locale(code, territory)
        return language


MINUS = "\N{MINUS SIGN}"
SOURCE_LANGUAGE = Language.EN
DEFAULT_LANGUAGE = Language.FR


@cache
def translations(language: Language) -> NullTranslations:
    if language is SOURCE_LANGUAGE:
        return NullTranslations()
    catalogue = files("web").joinpath("locale", language, "LC_MESSAGES", "messages.po")
    compiled = BytesIO()
    with catalogue.open("rb") as po_file:
        write_mo(compiled, read_po(po_file, locale=language.value))
    compiled.seek(0)
    return Translations(compiled)


def language_of_path(path: str) -> Language | None:
    first = path.removeprefix("/").partition("/")[0]
    return Language(first) if first in set(Language) else None


def preferred_language(accept_language: str) -> Language:
    """Returns the preferred language of an `Accept-Language` header (RFC 9110, section 12.5.4)."""
    best, best_weight = DEFAULT_LANGUAGE, 0.0
    for item in accept_language.split(","):
        tag, _, parameters = item.strip().partition(";")
        primary = tag.strip().lower().partition("-")[0]
        weight = _weight(parameters)
        if primary in set(Language) and weight > best_weight:
            best, best_weight = Language(primary), weight
    return best


def _weight(parameters: str) -> float:
    name, _, value = parameters.partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def written_date(iso: str, language: Language) -> str:
    """Formats an ISO 8601 date or time as a day, a month in words; anything else is unchanged."""
    try:
        day: date = datetime.fromisoformat(iso)
    except ValueError:
        return written_period(iso, language)
    written = format_date(day, format="long", locale=language.locale)
    return f"1er{written[1:]}" if day.day == 1 and language is Language.FR else written


def written_period(edtf: str, language: Language) -> str:
    """Formats a period of EDTF in words that `kb.text.periods` reads; other text is unchanged."""
    try:
        period = Period.of(edtf)
    except NoPeriod:
        return edtf
    start, end = period.start, period.end
    if end is None:
        return _written_moment(start, _SINCE, language) if start else edtf
    if start is None:
        return _written_moment(end, _UNTIL, language)
    if start != end and _skeleton(start) and _skeleton(start) == _skeleton(end):
        return str(
            format_interval(start.first, end.first, _skeleton(start), locale=language.locale)
        )
    ends = [start] if start == end else [start, end]
    return " – ".join(_written_moment(each, _AT, language) for each in ends)


_AT, _SINCE, _UNTIL = range(3)

_SEASONS: Mapping[int, Sequence[str]] = {
    SPRING: (N_("spring %(year)s"), N_("since spring %(year)s"), N_("until spring %(year)s")),
    SUMMER: (N_("summer %(year)s"), N_("since summer %(year)s"), N_("until summer %(year)s")),
    AUTUMN: (N_("autumn %(year)s"), N_("since autumn %(year)s"), N_("until autumn %(year)s")),
    WINTER: (N_("winter %(year)s"), N_("since winter %(year)s"), N_("until winter %(year)s")),
}
_DAYS = ("%(day)s", N_("since %(day)s"), N_("until %(day)s"))
_MONTHS = ("%(month)s", N_("since %(month)s"), N_("until %(month)s"))


def _written_moment(moment: Moment, form: int, language: Language) -> str:
    if moment.month in _SEASONS:
        forms, written = _SEASONS[moment.month], f"{moment.year}"
    elif moment.day:
        forms, written = _DAYS, written_date(moment.first.isoformat(), language)
    else:
        forms = _MONTHS
        written = format_skeleton(_skeleton(moment), moment.first, locale=language.locale)
    return translations(language).gettext(forms[form]) % dict.fromkeys(
        ("year", "month", "day"), written
    )


def _skeleton(moment: Moment) -> str:
    """Returns CLDR's skeleton of a month or a year; empty for a season and for a day."""
    if moment.day or moment.month in _SEASONS:
        return ""
    return "yMMMM" if moment.month else "y"


def written_moment(iso: str, language: Language, *, in_utc: bool = False) -> str:
    """Formats an ISO 8601 time as a day and hour, local or in UTC; other text is unchanged."""
    try:
        moment = datetime.fromisoformat(iso).astimezone(UTC if in_utc else None)
    except ValueError:
        return iso
    day = written_date(moment.isoformat(), language)
    hour = format_time(moment, format="short", locale=language.locale, tzinfo=moment.tzinfo)
    return f"{day}, {hour} UTC" if in_utc else f"{day}, {hour}"


def written_number(number: float, language: Language) -> str:
    return format_decimal(number, locale=language.locale)


def written_score(score: float, language: Language) -> str:
    """Formats a score with two decimals and a true minus; rounding makes no negative zero."""
    written = format_decimal(round(score, 2) + 0.0, format="#,##0.00", locale=language.locale)
    return written.replace("-", MINUS)


def written_percent(share: float, language: Language) -> str:
    return format_percent(share, locale=language.locale)


def written_duration(seconds: float, language: Language) -> str:
    """Formats a time in its largest unit, at least a minute: "3 minutes", "2 hours"."""
    return format_timedelta(
        timedelta(seconds=seconds), granularity="minute", locale=language.locale
    )


def country_name(code: str, language: Language) -> str:
    """Returns the name of the country of an ISO 3166 alpha-2 code; another code unchanged."""
    return str(language.locale.territories.get(code, code))

"""Dates as French and English pages write them, if they leave no doubt.

Three numbers are day first; in an English text 04/03/2020 is unclear, 13/07/2020 is not.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone

from ingest.articles import lexicon
from ingest.articles.typography import plain

_MONTHS = {name: int(number) for name, number in lexicon.rows("months", 2)}
_MONTH = rf"(?P<month>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\b\.?"
_WEEKDAY = rf"(?:{lexicon.any_of('weekdays')}\b\.?,?\s+)?"
_CLOCK = (
    r"(?P<hour>[01]?\d|2[0-3])"
    r"(?=\s?h\b|\s?h\s?\d|[:.][0-5]\d|\s?[ap]\.?m\b)"  # a bare number is no time
    r"(?:\s?h\s?(?P<french>[0-5]\d)?|[:.](?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d)(?:\.\d+)?)?)?"
    r"(?:\s?(?P<half>[ap])\.?m\b\.?)?"
    r"(?:\s?(?P<zone>z\b|utc\b|gmt\b|[+-]\d\d:?\d\d\b))?"
)
_TIME = rf"(?:(?:\s*[,a@|*–—-]\s*|\s+/\s+|\s*\bat\s+|t|\s+)(?P<time>{_CLOCK})(?![\d/]))?"
_EARLIER = rf"(?:(?P<time>{_CLOCK})[,\s]\s*(?:on\s+|le\s+)?)"
_YEAR = r"(?P<year>(?:19|20)\d\d)\b"
_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"\b{_EARLIER}{_WEEKDAY}(?P<day>\d\d?)(?:st|nd|rd|th)?\s+{_MONTH},?\s+{_YEAR}",
        rf"\b{_YEAR}-(?P<number>\d\d)-(?P<day>\d\d)(?!\d){_TIME}",
        rf"\b{_YEAR}/(?P<number>\d\d)/(?P<day>\d\d)\b{_TIME}",
        rf"\b{_WEEKDAY}(?P<day>\d\d?)(?:er|st|nd|rd|th)?\s+(?:of\s+)?{_MONTH},?\s+{_YEAR}{_TIME}",
        rf"\b{_WEEKDAY}{_MONTH}\s+(?P<day>\d\d?)(?:st|nd|rd|th)?,?\s+{_YEAR}{_TIME}",
        rf"\b{_WEEKDAY}"
        r"(?P<first>\d\d?)\s?(?P<mark>[/.-])\s?(?P<second_number>\d\d?)\s?(?P=mark)\s?"
        rf"(?P<any_year>(?:(?:19|20)\d\d|\d\d))\b{_TIME}",
        rf"\b{_MONTH}\s+{_YEAR}",
    )
)
_NUMBERED_MONTH = re.compile(r"\b\d\d?/(?:19|20)\d\d\b")


@dataclass(frozen=True, slots=True)
class WrittenDate:
    """A day or a month that a text writes in `text[start:end]`; `iso` is it in ISO 8601."""

    start: int
    end: int
    iso: str


def dates_in(text: str, *, english: bool = False) -> Iterator[WrittenDate]:
    folded = plain(text)
    # Each form is looked for once as far as its next date: the others come often before it.
    following = {form: form.search(folded) for form in _FORMS}
    while matches := [match for match in following.values() if match]:
        match = min(matches, key=lambda found: (found.start(), -found.end()))
        if iso := _iso(match, english):
            yield WrittenDate(match.start(), match.end(), iso)
        for form, later in following.items():
            if later and later.start() < match.end():
                following[form] = form.search(folded, match.end())


def only_date(text: str, *, english: bool = False) -> str:
    value = text.strip(" \t.,;:()[]*_")
    for found in dates_in(value, english=english):
        if found.start == 0 and found.end >= len(value):
            return found.iso
        break
    return ""


def unclear_dates_in(text: str) -> Iterator[tuple[int, int]]:
    folded = plain(text)
    for form in (_NUMBERED_MONTH, _FORMS[-2]):
        for match in form.finditer(folded):
            yield match.span()


def is_unclear_date(text: str) -> bool:
    return any(True for _ in unclear_dates_in(text))


def _iso(match: re.Match[str], english: bool) -> str:
    if match.re is _FORMS[-1]:
        return f"{match['year']}-{_MONTHS[match['month']]:02}"
    if (day := _day(match.groupdict(), english)) is None:
        return ""
    if (clock := _clock(match.groupdict())) is None:
        return day.isoformat()
    moment = datetime.combine(day, clock)
    return moment.isoformat(timespec="seconds" if moment.second else "minutes")


def _day(parts: dict[str, str | None], english: bool) -> date | None:
    first, second = parts.get("first"), parts.get("second_number")
    if first and second:
        year = int(parts["any_year"] or 0)
        year += 2000 if year < 100 else 0
        numbers = (int(second), int(first))
        if english and numbers[0] != numbers[1]:
            if max(numbers) <= 12:
                return None
            numbers = (min(numbers), max(numbers))
        return _date(year, *numbers)
    year = int(parts["year"] or 0)
    name = parts.get("month")
    return _date(year, _MONTHS[name] if name else int(parts["number"] or 0), int(parts["day"] or 0))


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _clock(parts: dict[str, str | None]) -> time | None:
    if not parts.get("time"):
        return None
    hour = int(parts["hour"] or 0)
    half = parts.get("half")
    if half and hour <= 12:
        hour = hour % 12 + (12 if half == "p" else 0)
    minute = int(parts.get("french") or parts.get("minute") or 0)
    return time(hour, minute, int(parts.get("second") or 0), tzinfo=_zone(parts.get("zone")))


def _zone(written: str | None) -> timezone | None:
    if not written:
        return None
    if written[0] not in "+-":
        return UTC
    hours, minutes = int(written[1:3]), int(written[-2:])
    if hours > 23 or minutes > 59:
        return None
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if written[0] == "-" else offset)

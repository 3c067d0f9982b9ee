"""Periods: the time of facts, in EDTF (ISO 8601-2, level 1), read from the words of people.

"printemps 2020" is 2020-21, "mars à mai 2020" 2020-03/2020-05, "since 2019" 2019/..
"""

import re
from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from typing import NamedTuple, Self

from kb.text.folding import fold
from kb.text.lexicon import LEXICONS

OPEN = ".."  # what EDTF writes for an end that is open
SPRING, SUMMER, AUTUMN, WINTER = 21, 22, 23, 24  # in EDTF, where others have a month
_YEAR = r"(?:1[5-9]|20)\d\d"
_STANDARD = re.compile(rf"{_YEAR}(?:-(?:(?:0[1-9]|1[0-2])(?:-(?!00)\d\d)?|2[1-4]))?")
_LONGEST = 100  # characters of the longest text that is read as one period


class NoPeriod(ValueError):
    """A text tells no period that is understood."""


class Moment(NamedTuple):
    """A year, a month or season of it, or a day, 0 if not told; winter begins in its December."""

    year: int
    month: int
    day: int
    first: date
    last: date

    def __str__(self) -> str:
        parts = [f"{self.year:04}"] + [f"{part:02}" for part in (self.month, self.day) if part]
        return "-".join(parts)


@dataclass(frozen=True, slots=True)
class Period:
    """A period; `start` and `end` are the same for a single moment, None where open."""

    start: Moment | None
    end: Moment | None

    @classmethod
    def of(cls, edtf: str) -> Self:
        start, slash, end = edtf.partition("/")
        begins = None if slash and start == OPEN else _moment(start)
        ends = begins if not slash else None if end == OPEN else _moment(end)
        if begins is ends is None or (begins and ends and begins.first > ends.last):
            raise NoPeriod(edtf)
        return cls(begins, ends)

    def __str__(self) -> str:
        if self.start == self.end:
            return str(self.start)
        return f"{self.start or OPEN}/{self.end or OPEN}"


class WrittenPeriod(NamedTuple):
    """A period in EDTF, and the folded text before and after the words that tell it."""

    edtf: str
    before: str
    after: str


def read_period(text: str) -> str:
    if len(text) > _LONGEST:
        raise NoPeriod(text)
    try:
        return str(Period.of(text.strip()))
    except NoPeriod:
        pass
    written = list(periods_in(text))
    if len(written) != 1 or written[0].before or written[0].after:
        raise NoPeriod(text)
    return written[0].edtf


def periods_in(text: str) -> Iterator[WrittenPeriod]:
    folded = " ".join(fold(text).replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split())
    moments = list(_grammar().moment.finditer(folded))
    at = 0
    while at < len(moments):
        try:
            period, start, last = _period_from(folded, moments, at)
        except NoPeriod:
            at += 1
            continue
        end = moments[last].end()
        yield WrittenPeriod(str(period), folded[:start].strip(), folded[end:].strip())
        at = last + 1


def schema_coverage(edtf: str) -> str:
    """Returns a period as `temporalCoverage` of schema.org has it: seasons by their months."""
    period = Period.of(edtf)
    seasons = [each for each in (period.start, period.end) if each and each.month >= SPRING]
    if not seasons:
        return edtf
    start = OPEN if period.start is None else f"{period.start.first:%Y-%m}"
    end = OPEN if period.end is None else f"{period.end.last:%Y-%m}"
    return f"{start}/{end}"


def _moment(written: str) -> Moment:
    if not _STANDARD.fullmatch(written):
        raise NoPeriod(written)
    year, month, day = (int(part) for part in f"{written}-0-0".split("-")[:3])
    first_month, last_month = month or 1, month or 12
    if month >= SPRING:
        first_month = 3 * (month - SPRING + 1)
        last_month = min(first_month + 2, 12)
    try:
        first = date(year, first_month, day or 1)
    except ValueError:
        raise NoPeriod(written) from None
    last = first if day else date(year, last_month, monthrange(year, last_month)[1])
    return Moment(year, month, day, first, last)


class _Grammar(NamedTuple):
    numbers: Mapping[str, int]
    moment: re.Pattern[str]
    before: re.Pattern[str]
    between: re.Pattern[str]


@cache
def _grammar() -> _Grammar:
    from babel import Locale

    say = partial(LEXICONS.any_of, "periods")
    numbers = {
        fold(name).rstrip("."): number
        for locale in map(Locale, ("fr", "en"))
        for width in ("wide", "abbreviated")
        for number, name in locale.months["format"][width].items()
    }
    for season, name in enumerate(("spring", "summer", "autumn", "winter"), start=SPRING):
        numbers |= dict.fromkeys(LEXICONS.phrases("periods", name), season)
    month = "|".join(sorted(numbers, key=len, reverse=True))
    ordinal = r"(?:er|st|nd|rd|th)?"
    moment = (
        r"(?<![\w/,.])(?:"
        rf"(?:(?P<day>\d\d?){ordinal} (?:of )?)?(?P<month>{month})\b\.?"
        rf"(?: (?P<later_day>\d\d?){ordinal}(?=,? {_YEAR}))?"
        rf"(?:,? (?:{say('of')} ?)?(?P<year>{_YEAR})\b)?"
        rf"|(?:(?P<day_number>\d\d?)[/.])?(?P<month_number>\d\d?)[/.](?P<numbers_year>{_YEAR})\b"
        rf"|(?P<only_year>{_YEAR})\b"
        rf")(?![/.,]?\d)(?! ?{say('unit')}(?![\w']))"
    )
    before = (
        rf"(?:(?<!\w)(?:(?P<since>{say('since')})|(?P<until>{say('until')})"
        rf"|(?P<pair>{say('between')})) ?)?(?:(?<!\w){say('before')} ?)?$"
    )
    between = rf" ?(?:{say('to')}|(?P<pair>{say('and')})) ?(?:{say('before')} ?)?"
    return _Grammar(numbers, *map(re.compile, (moment, before, between)))


def _period_from(text: str, moments: Sequence[re.Match[str]], at: int) -> tuple[Period, int, int]:
    """Returns the period that begins with a moment, its start and last moment, or `NoPeriod`."""
    grammar, here = _grammar(), moments[at]
    # That an empty text is before each moment makes `before` match always.
    before = grammar.before.search(text, moments[at - 1].end() if at else 0, here.start())
    start = before.start() if before else here.start()
    later = moments[at + 1] if at + 1 < len(moments) else None
    joined = later and grammar.between.fullmatch(text, here.end(), later.start())
    if later and joined and (last := _edtf(later)):
        pair = before is not None and bool(before["pair"])
        first = _edtf(here, last[:4])
        years = len(first) == len(last) == 4
        if first and bool(joined["pair"]) <= (pair or not years):
            is_winter = joined[0] == "-" and first.endswith(f"-{WINTER}")
            if is_winter and last == str(int(first[:4]) + 1):
                first, last = f"{first[:4]}-12", f"{last}-02"
            return Period.of(f"{first}/{last}"), start, at + 1
    moment = _edtf(here)
    if before and before["since"]:
        moment = f"{moment}/{OPEN}"
    elif before and before["until"]:
        moment = f"{OPEN}/{moment}"
    return Period.of(moment), start, at


def _edtf(match: re.Match[str], default_year: str = "") -> str:
    """Returns a moment in EDTF, or "" without a year."""
    parts = match.groupdict()
    if parts["only_year"]:
        return str(parts["only_year"])
    if parts["numbers_year"]:
        year, month, day = parts["numbers_year"], int(parts["month_number"]), parts["day_number"]
    else:
        year, month = parts["year"] or default_year, _grammar().numbers[parts["month"]]
        day = parts["day"] or parts["later_day"]
    return "-".join([year, f"{month:02}"] + ([f"{day:0>2}"] if day else [])) if year else ""

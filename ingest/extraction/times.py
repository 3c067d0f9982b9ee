"""The time of the facts that an article tells, if its place in a sentence speaks for it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from ingest.extraction import lexicon
from ingest.extraction.tokens import Sentence, TextPart
from kb.text.periods import OPEN, Period, WrittenPeriod, periods_in

_LABEL, _SINCE, _GOES_BACK, _SPAN, _FIRST, _WITHIN = 0.8, 0.8, 0.6, 0.6, 0.5, 0.45
"""How likely a time is that of the facts, by where it stands in its sentence."""
_LESS = 0.1  # what a whole year or a single day has less than a month or a season
_DATELINE = 3  # most words before the date of a line that holds nothing else
LEAST = 0.4  # a time that is less likely is not proposed
SURE_ENOUGH = 0.6  # least confidence of a time that is written into a draft
_MONTH = re.compile(r"\d{4}-\d\d(?=$|/\.\.)")  # or a season, that may leave its end open
_YEAR = timedelta(366)  # months farther apart are of several things
_OLDEST = 15  # years before its article after which a time is rather that of how it all began
_OF_LABEL = re.compile(rf"(?:^|\|)\s*{lexicon.any_of('times', 'beginning')}\s*[|:]\s*$")
_OF_OTHERS = re.compile(rf".*(?<!\w){lexicon.any_of('times', 'of_others')}")
_FOLLOWED_BY = re.compile(lexicon.any_of("times", "followed_by"))
_OF_BEGINNING = re.compile(rf"(?<!\w){lexicon.any_of('times', 'goes_back')}$")


@dataclass(frozen=True, slots=True)
class FactsTime:
    """A period in EDTF, the sentence that tells it, and how sure it is, 0 to 1."""

    edtf: str
    sentence: Sentence
    confidence: float


def time_of_facts(sentences: Sequence[Sentence], written: str = "") -> FactsTime | None:
    """Returns the likeliest time of the facts, if any, by the date of the article, `written`."""
    day = Period.of(written[:10]).start if written else None
    latest = day.last if day else None
    found = [each for sentence in sentences for each in _times(sentence, latest)]
    likely = [each for each in found if each.confidence >= LEAST]
    best = max(reversed(likely), key=lambda each: each.confidence, default=None)
    return _of_months(found) or best if best and best.confidence < SURE_ENOUGH else best


def _of_months(found: Sequence[FactsTime]) -> FactsTime | None:
    """From the first to the last of the months of a year, or the only time, if it comes first.

    A month since when something is so, as the last, leaves the end open.
    """
    starts = {each.edtf: Period.of(each.edtf).start for each in found if _MONTH.match(each.edtf)}
    days = sorted((moment.first, edtf) for edtf, moment in starts.items() if moment)
    if not days or days[-1][0] - days[0][0] > _YEAR or _MONTH.fullmatch(days[0][1]) is None:
        return None
    time = next(each for each in found if each.edtf == days[0][1])
    if len(days) > 1:
        last = OPEN if days[-1][1].endswith(OPEN) else days[-1][1]
        return replace(time, edtf=f"{time.edtf}/{last}", confidence=SURE_ENOUGH)
    is_only = len({each.edtf for each in found}) == 1 and time.confidence >= _FIRST
    return replace(time, confidence=SURE_ENOUGH) if is_only else None


def _times(sentence: Sentence, latest: date | None) -> Iterator[FactsTime]:
    if sentence.part is not TextPart.BODY:
        return
    for written in periods_in(sentence.text):
        weight = _weight(written)
        if weight and _is_past(Period.of(written.edtf), latest):
            edtf = written.edtf
            if weight in {_LABEL, _GOES_BACK} and "/" not in edtf:
                edtf = f"{edtf}/{OPEN}"
            yield FactsTime(edtf, sentence, round(weight, 2))


def _is_past(period: Period, latest: date | None) -> bool:
    start = period.start or period.end
    if start is None or latest is None:
        return True
    last = period.end.first if period.end else start.first
    return max(start.first, last) <= latest and start.year >= latest.year - _OLDEST


def _weight(written: WrittenPeriod) -> float:
    """How likely a time is that of the facts, by its place in the sentence; 0 if it is not."""
    if _OF_LABEL.search(written.before):
        return _LABEL
    if _OF_BEGINNING.search(written.before):
        return _GOES_BACK
    if _is_of_others(written):
        return 0.0
    is_head = not written.before.strip("«\"'([-–— ")
    if written.edtf.endswith(f"/{OPEN}"):
        return _SINCE if is_head else _FIRST
    if "/" in written.edtf:
        return _SPAN
    less = 0.0 if _MONTH.fullmatch(written.edtf) else _LESS
    return (_FIRST if is_head and re.match(r"[,\w]", written.after) else _WITHIN) - less


def _is_of_others(written: WrittenPeriod) -> bool:
    """Whether a time is that of something else: a founding, a law, a plan, a dateline."""
    if _OF_OTHERS.fullmatch(written.before) or _FOLLOWED_BY.match(written.after):
        return True
    is_last = not written.after.strip("|.,;:!?)» ")
    return is_last and len(written.before.split()) <= _DATELINE

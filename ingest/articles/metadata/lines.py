"""The notices of a line: what begins with a label or a byline, as a whole or between bars."""

import re
from collections.abc import Sequence

from ingest.articles.article import Person
from ingest.articles.metadata.boilerplate import is_boilerplate
from ingest.articles.metadata.dates import dates_in
from ingest.articles.metadata.label_table import DATES, PEOPLE, Announced
from ingest.articles.metadata.labels import (
    INITIALS,
    MAX_SIGNED_WORDS,
    Announcement,
    LineReading,
    is_desk,
    is_nobody,
    is_written_as_account,
    signature,
)
from ingest.articles.metadata.person_names import is_job, is_organisation, is_person, person_at

_BETWEEN_BARS = re.compile(r"\s*[|·•]\s*|\s+[–—/-]\s+|\s{2,}")
_MAX_PARTS, _MAX_CHARS_WITH_BARS, _MAX_WORDS_BETWEEN_BARS, _MAX_BEFORE_DAY = 7, 160, 6, 3
_DAY_LINK = re.compile(r"(?:le|on)\s+$")
_HANDLE = re.compile(r"@[\w.@-]{2,40}")
MAX_NOTICE_CHARS = 300
OPENS_SIGNATURE = re.compile(
    r"^(?:(?:[^\W\d_]+(?: le)? )?(?:par|by)\s+|aut(?:eur|rice)s?\s?:?\s+|authors?\s?:?\s+)"
    r"|(?:^|\s)(?:[^\W\d_]+ )?(?:par|by)\s*$",
    re.IGNORECASE,
)
"""The words that announce a signature, at the beginning or the end of what stands before it."""


def notices(line: str, *, english: bool = False) -> tuple[Announcement, ...]:
    """The notices of a line; of a label alone on its line, one without a value."""
    text = line.strip()
    if not text or len(text) > MAX_NOTICE_CHARS:
        return ()
    return LineReading(text, english).read() or _notices_between_bars(text, english)


def _notices_between_bars(text: str, english: bool) -> tuple[Announcement, ...]:
    """The notices of a line with bars, each read for itself: "Allier · Montagne · 16 mai 2014"."""
    parts = [part.strip() for part in _BETWEEN_BARS.split(text) if part.strip()]
    if len(parts) > _MAX_PARTS or len(text) > _MAX_CHARS_WITH_BARS:
        return ()
    found: list[Announcement] = []
    others: list[str] = []
    times = {found.iso[:10]: found.iso for found in dates_in(text, english=english)}
    for part in parts:
        before, day = _dated_last(part, english)
        bare = Announcement(Announced.DATE, times.get(day, day), is_bare=True)
        labelled = () if day and not before else LineReading(part, english).read()
        read = labelled or ((bare,) if day else ())
        found += read
        if before and not labelled:
            others.append(before)
        if not read and not is_boilerplate(part):
            others.append(part)
    if not any(
        notice.value and not (notice.is_weak and not is_person(notice.value)) for notice in found
    ):
        return ()
    if any(len(part.split()) > _MAX_WORDS_BETWEEN_BARS for part in others):
        return ()
    if not any(notice.announced in PEOPLE for notice in found) and any(
        notice.announced in DATES for notice in found
    ):
        handle = next((at for at, part in enumerate(parts) if _HANDLE.fullmatch(part)), 0)
        names = [parts[handle - 1]] if handle else [part for part in others if _signs(part)]
        several = [name for name in names if is_person(name)]
        found += [signature(Person(", ".join(several or names[:1])))] if names else []
    return tuple(found)


def _dated_last(part: str, english: bool) -> tuple[str, str]:
    """The day that ends a part, alone or after a comma, and what stands before the comma."""
    for day in dates_in(part, english=english):
        before = _DAY_LINK.sub("", part[: day.start]).rstrip()
        if part[day.end :].strip(" .)") == "" and (
            before.endswith(",") or len(before.split()) < _MAX_BEFORE_DAY
        ):
            return before.rstrip(" ,"), day.iso
    return "", ""


def _signs(part: str) -> bool:
    person, end = person_at(part, 0)
    return (
        (person.name != "" and end == len(part) and not part.isupper())
        or bool(INITIALS.fullmatch(part))
        or is_written_as_account(part)
    )


def signed_name(text: str) -> str:
    """The name in a text that markup calls the author; empty where it reads as anything else."""
    value = OPENS_SIGNATURE.sub("", text.strip(), count=1).strip(" ,:|·•–—-")
    is_name = 1 < len(value) <= 60 and 0 < len(value.split()) <= MAX_SIGNED_WORDS
    if not is_name or re.search(r"[!?:|@]|[^\W\d_]{3}\.\s[A-ZÀ-Þ][^.]|\d{3}", value):
        return ""
    if notices(value) or is_nobody(value) or is_boilerplate(value):
        return ""
    return "" if is_job(value) and not is_desk(value) and not is_organisation(value) else value


def is_alone(found: Sequence[Announcement]) -> bool:
    """Whether the notices are one label whose value lies on another line."""
    return len(found) == 1 and not found[0].value

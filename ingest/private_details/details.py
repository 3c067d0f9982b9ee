"""Private details of persons in a text: telephones, addresses, days of birth, health, numbers.

Only what has a sign of a person is found, such as a first name near by; a moderator decides.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import TypeVar

from ingest.articles.typography import plain
from ingest.extraction.names import person_end
from ingest.extraction.tokens import tokens
from kb.models import Actor, Record
from kb.text.email_addresses import is_of_a_person
from kb.text.lexicon import LEXICONS, Lexicons
from kb.text.phone_numbers import is_mobile

RecordT = TypeVar("RecordT", bound=Record)
GONE = "[…]"  # what stands where a detail was removed
ADULT = 18
MOST_DETAILS = 100  # a directory pasted as an article has thousands
MOST_READ = 500  # most telephone numbers that are looked at, whoever's they are
MAX_CHARS_AROUND = 400  # how far from a detail its sentence is looked for
_WORDS = Lexicons(Path(__file__).parent / "lexicons")
_FREE_MAIL = _WORDS.words("details", "free_mail")
_MAILBOXES = LEXICONS.words("contacts", "mailboxes")
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_IBAN = re.compile(r"(?<![A-Z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?!\w)")
_NIR = re.compile(
    r"(?<!\d)[12][ .]?\d{2}[ .]?\d{2}[ .]?(?:\d{2}|2[AB])[ .]?\d{3}[ .]?\d{3}[ .]?\d{2}(?!\d)"
)
_PLATE = re.compile(
    r"(?<![\w-])(?P<new>[A-HJ-NP-TV-Z]{2}(?P<sign>[- ])\d{3}(?P=sign)[A-HJ-NP-TV-Z]{2})(?![\w-])"
    r"|(?<!\w)(?P<old>\d{2,4} [A-HJ-NP-TV-Z]{2,3} (?:\d{2}|2[AB]))(?!\w)"
)

# In folded text
_PLATE_WORD = re.compile(_WORDS.any_of("details", "plate"))
_STREET = re.compile(
    rf"\b\d{{1,4}}(?: ?(?:bis|ter|quater))?,? (?:{_WORDS.any_of('details', 'street')})\b[^,;.()\n]*"
    rf"(?:,? \d{{5}}\b[^,;.()\n]*)?"
)
_IN_A_STREET = re.compile(rf"\b{_WORDS.any_of('details', 'street')}\b[^,;.()\n]*$")
_HOME = re.compile(rf"\b{_WORDS.any_of('details', 'home')}\b")
_BIRTH = re.compile(
    rf"\b{_WORDS.any_of('details', 'birth')}\W{{0,4}}"
    r"\d{1,2}(?:er)?[ ./-]+(?:\w+|\d{1,2})[ ./-]+(?:19|20)\d\d"
)
# With what somebody suffers from, so that removing it leaves no illness.
_HEALTH = re.compile(
    rf"\b{_WORDS.any_of('details', 'health')}"
    r"(?:(?<=d['’])(?:une? )?\w+|(?<= d[eu]) (?:l[a'’] ?)?\w+|(?!\w))"
)
_NOT_AN_AGE = rf"(?! {_WORDS.any_of('details', 'not_an_age')})"
_AGE = re.compile(
    rf"(?:\b{_WORDS.any_of('details', 'age')} (?P<told>\d{{1,2}})(?: ans)?\b"
    rf"|[,(] ?(?P<after>\d{{1,2}}) ans\b{_NOT_AN_AGE}"
    r"|\b(?P<english>\d{1,2})-year-old\b)"
)
_SENTENCE_END = re.compile(r"(?<=[^\W\d_]{2}[.!?…])\s+(?=[A-ZÀ-Þ«“])|\n")


class DetailKind(StrEnum):
    PHONE = "phone"
    EMAIL = "email"
    ADDRESS = "address"
    BIRTH = "birth"
    AGE = "age"
    HEALTH = "health"
    BANK = "bank"
    SOCIAL_SECURITY = "social_security"
    PLATE = "plate"


@dataclass(frozen=True, slots=True)
class PrivateDetail:
    kind: DetailKind
    text: str
    sentence: str
    person: str = ""
    field: str = ""

    @property
    def key(self) -> str:
        """What names the detail, whoever reads it; its text cannot be told from it."""
        named = f"{self.kind}\n{self.field}\n{self.text}"
        return hashlib.sha256(named.encode()).hexdigest()[:16]


def details_of(record: Record) -> Sequence[PrivateDetail]:
    found: dict[str, PrivateDetail] = {}
    for field, text in _texts_of(record):
        for detail in details_in(text):
            of_field = replace(detail, field=field)
            found.setdefault(of_field.key, of_field)
    return list(found.values())[:MOST_DETAILS]


def details_in(text: str) -> Sequence[PrivateDetail]:
    spans: list[tuple[int, int, DetailKind]] = []
    for start, end, kind in _found(text):
        if all(end <= other or start >= after for other, after, _ in spans):
            spans.append((start, end, kind))
        if len(spans) >= MOST_DETAILS:
            break
    details = []
    for start, end, kind in sorted(spans):
        first, last = _sentence_around(text, start, end)
        persons = list(_persons_in(text[first:last], start - first))
        if kind in _OF_PERSONS_ALONE and not persons:
            continue
        sentence = " ".join(text[first:last].split())
        details.append(PrivateDetail(kind, text[start:end], sentence, next(iter(persons), "")))
    return details


def without_detail(record: RecordT, detail: PrivateDetail) -> RecordT:
    field, _, part = detail.field.partition(".")
    before = getattr(record, field)
    after: object
    if field == "participants":
        parts = list(before)
        told = parts[int(part)]
        parts[int(part)] = replace(told, contribution=told.contribution.replace(detail.text, GONE))
        after = tuple(parts)
    elif field == "facts":
        after = {**before, part: before[part].replace(detail.text, GONE)}
    else:
        after = before.replace(detail.text, GONE)
    # The name of the field says its type, which no checker follows.
    return replace(record, **{field: after})  # type: ignore[arg-type]


_OF_PERSONS_ALONE = frozenset({DetailKind.BIRTH, DetailKind.AGE, DetailKind.HEALTH})
"""Kinds that firms have too: they are of a person where one is named in the sentence."""


def _texts_of(record: Record) -> Iterator[tuple[str, str]]:
    """The texts of a record that anybody may read, by field; contacts have rules of their own."""
    if isinstance(record, Actor):
        yield "description", record.description
        for name, value in record.facts.items():
            yield f"facts.{name}", value
        return
    yield "title", record.title
    yield "need", record.need
    yield "text", record.text
    for number, part in enumerate(record.participants):
        yield f"participants.{number}", part.contribution


def _found(text: str) -> Iterator[tuple[int, int, DetailKind]]:
    yield from _numbers(text)
    for match in _EMAIL.finditer(text):
        if _is_private_mailbox(match[0]):
            yield (*match.span(), DetailKind.EMAIL)
    yield from _phones(text)
    folded = plain(text)
    for pattern, kind in ((_BIRTH, DetailKind.BIRTH), (_HEALTH, DetailKind.HEALTH)):
        for match in pattern.finditer(folded):
            yield (*match.span(), kind)
    for match in _AGE.finditer(folded):
        if int(match["told"] or match["after"] or match["english"]) < ADULT:
            start = match.end() - len(match[0].lstrip(",( "))
            yield start, match.end(), DetailKind.AGE
    for match in _STREET.finditer(folded):
        first, last = _sentence_around(text, *match.span())
        before = text[first : match.start()]
        if _HOME.search(folded[first:last]) or _ends_with_person(before):
            yield (*match.span(), DetailKind.ADDRESS)


def _numbers(text: str) -> Iterator[tuple[int, int, DetailKind]]:
    from stdnum import iban
    from stdnum.fr import nir

    for match in _NIR.finditer(text):
        if nir.is_valid(match[0].replace(".", " ")):
            yield (*match.span(), DetailKind.SOCIAL_SECURITY)
    for match in _IBAN.finditer(text):
        if iban.is_valid(match[0]):
            yield (*match.span(), DetailKind.BANK)
    for match in _PLATE.finditer(text):
        first, last = _sentence_around(text, *match.span())
        if match["sign"] == "-" or _PLATE_WORD.search(plain(text[first:last])):
            yield (*match.span(), DetailKind.PLATE)


def _phones(text: str) -> Iterator[tuple[int, int, DetailKind]]:
    import phonenumbers

    if not any(map(str.isdigit, text)):
        return
    for match in islice(phonenumbers.PhoneNumberMatcher(text, "FR"), MOST_READ):
        number = phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)
        first, last = _sentence_around(text, match.start, match.end)
        if is_mobile(number) or any(_persons_in(text[first:last], match.start - first)):
            yield match.start, match.end, DetailKind.PHONE


def _is_private_mailbox(address: str) -> bool:
    local, _, domain = plain(address).partition("@")
    words = re.findall("[a-z]+", local)
    at_home = domain.partition(".")[0] in _FREE_MAIL and _MAILBOXES.isdisjoint(words)
    return at_home or is_of_a_person(address, "")


def _sentence_around(text: str, start: int, end: int) -> tuple[int, int]:
    """The span of the sentence, or the line, that a span lies in; if it is long, what is near."""
    first, last = max(0, start - MAX_CHARS_AROUND), min(len(text), end + MAX_CHARS_AROUND)
    for match in _SENTENCE_END.finditer(text, first, last):
        if match.end() <= start:
            first = match.end()
        elif match.start() >= end:
            return first, match.start()
    return first, last


def _persons_in(sentence: str, at: int) -> Iterator[str]:
    """The names of persons in a sentence, those before a place first, the nearest first."""
    found, read = list(tokens(sentence)), 0
    names: list[tuple[bool, int, str]] = []
    for number, token in enumerate(found):
        if number >= read and (end := person_end(found, number)):
            read = end
            if _IN_A_STREET.search(plain(sentence[: token.start])):
                continue
            name = sentence[token.start : found[end - 1].end]
            names.append((token.start > at, abs(token.start - at), name))
    yield from (name for *_, name in sorted(names))


def _ends_with_person(text: str) -> bool:
    found = list(tokens(text.rstrip(" ,:(–-")))
    return any(person_end(found, number) == len(found) for number in range(len(found)))

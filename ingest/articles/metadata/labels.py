"""Notices with a label or a byline: "Auteur de la page Anne Roy", "Posted by … on …"."""

import re
from dataclasses import dataclass

from ingest.articles import lexicon
from ingest.articles.article import NOBODY, Person
from ingest.articles.metadata.boilerplate import is_boilerplate
from ingest.articles.metadata.dates import dates_in, unclear_dates_in
from ingest.articles.metadata.label_table import DATES, LABELS, PEOPLE, Announced, Label
from ingest.articles.metadata.person_names import bare_name, is_job, is_organisation, person_at
from ingest.articles.typography import plain


@dataclass(frozen=True, slots=True)
class Announcement:
    """A value that a line announces: `is_bare` without a label, `is_weak` by common words."""

    announced: Announced
    value: str = ""
    person: Person = NOBODY
    is_bare: bool = False
    is_weak: bool = False


_SEPARATOR = re.compile(r"(?:[\s|·•–—,;:()*_\[\]/-]|\.(?=\s|$)|(?<=\s)»)+")
_BAR = re.compile(r"\s*(?:[|·•;]|\s[–—-]\s|\.\s)\s*")
_UNKNOWN = re.compile(r"(?:[^|·•–—,;().]|\.(?!\s|$))+")
_LINK_WORD = re.compile(r"(?:le|on|the|du|et|and|in|en|dans)\s+")
_BIT = re.compile(rf"{lexicon.any_of('labels', 'beside_notices')}(?!\w)")
_MAX_UNKNOWN_SHARE = 0.34
_CLOSING_LISTS = PEOPLE | DATES | {Announced.THEMES, Announced.CATEGORIES}
_MAIL_WORDS = frozenset({"de", "from"})
_PSEUDONYM = re.compile(
    r"(?P<name>[^\W\d_][\w.@-]{2,30})(?:\s+(?:le|on|dans|in|at)\s|\s*[|·•,–—-]|(?P<end>\s*$))"
)
_DESK = re.compile(rf"(?:(?:le|la|les|the|our|notre|nos) |l')?{lexicon.any_of('labels', 'desks')}")
_NOBODY = re.compile(
    rf"(?:(?:le|la|les|the|our|notre|nos) |l')?{lexicon.any_of('labels', 'nobody')}"
)
_MAX_KICKER_WORDS = 3
_SIGNED_END = re.compile(
    r"\s(?:dans|in)\s|[|·•—;(»]|\s[–-]\s|\s+le\s+\d|\s+on\s+|\s+(?:at|à)\s+\d|,|[\s\u00a0]{2,}"
)
_AGENCY = re.compile(
    rf"\(?(?:(?:avec|with|source ?:) )?(?P<name>{lexicon.any_of('labels', 'agencies')})\)?"
)
_DESK_ALONE = re.compile(rf"(?P<name>{lexicon.any_of('labels', 'desks_alone')})")
_DESK_FIRST = re.compile(rf"{_DESK.pattern}(?=\s?[,|·•–—-])")
_JOB_FIRST = re.compile(
    r"(?:(?:par|by|de|from) )?(?:(?:le|la|notre|votre|the|our|your) |l')(?P<job>[^,.;:!?]{4,45}?)"
    r"(?:, | (?=[^ ]+(?: [^ ]+){1,2}$))"
)
INITIALS = re.compile(r"(?:[A-ZÀ-Þ]\.[ -]?){2,4}(?=\s*(?:$|[|·•—–,;(]|- |le \d|on \w))")
MAX_SIGNED_WORDS = 6
_ACCOUNT = re.compile(r"(?=.*[^\W\d_])(?=.*[\d._])[^\W\d_][\w.-]{2,30}")
_MAX_BEFORE_DATE = 16  # characters between who signs and the day: "by jmorel » Fri May 3, 2019"
_FIRST_NAME = re.compile(r"[^\W\d_]{3,20} [^\W\d_]")  # "bernard q."
_SIGNING_WORDS = ("par", "by", "signe")


class LineReading:
    def __init__(self, text: str, english: bool) -> None:
        self._text = text
        self._folded = plain(text)
        self._english = english
        self._dates = {found.start: found for found in dates_in(text, english=english)}
        spans = [(found.start, found.end) for found in self._dates.values()]
        self._unclear = {
            start: end
            for start, end in unclear_dates_in(text)
            if not any(start < other_end and end > other for other, other_end in spans)
        }
        self._notices: list[Announcement] = []
        self._unknown = 0
        self._meaning: Announced | None = None

    def read(self) -> tuple[Announcement, ...]:
        position = self._take_agency() or self._take_office()
        while position < len(self._text):
            if gap := _SEPARATOR.match(self._text, position):
                position = gap.end()
                continue
            start = position
            if (position := self._step(position)) == start:
                return ()
        weight = len(self._text) * _MAX_UNKNOWN_SHARE
        return tuple(self._notices) if self._unknown <= weight else ()

    def _step(self, position: int) -> int:
        if self._date_at(position):
            return self._take_date(position)
        if position in self._unclear:
            end = self._unclear[position]
            unclear = Announcement(Announced.OTHER, self._text[position:end], is_bare=True)
            self._notices.append(unclear)
            return end
        for label, end in self._labels_at(position):
            if after := self._take(label, self._folded[position:end], end):
                return after
        bit = _BIT.match(self._folded, position)
        if not self._notices:
            return position if bit else self._name_at(position)
        bit = bit or _LINK_WORD.match(self._folded, position)
        return bit.end() if bit else self._go_on(position)

    def _go_on(self, position: int) -> int:
        """Reads a name beside a date, or passes over what is not understood."""
        is_signed = any(notice.announced in PEOPLE for notice in self._notices)
        before = self._text[:position].rstrip()
        if not is_signed and before.endswith(("|", "/", "·", "•", "—", "–", "-", ",")):
            # "3 mai 2019 | Jeanne Morel": nobody else is named beside a date between bars.
            person, end = self._person_at(position)
            if person.name:
                self._notices.append(signature(person))
                return end
            rest = _SIGNED_END.split(self._text[position:], maxsplit=1)[0].strip(" .")
            if _DESK.fullmatch(plain(rest)) or _AGENCY.fullmatch(plain(rest)):
                self._notices.append(_signed_by(Announced.AUTHOR, rest))
                return position + len(rest)
        return self._pass_over(position)

    def _pass_over(self, position: int) -> int:
        unknown = _UNKNOWN.match(self._text, position)
        end = unknown.end() if unknown else position + 1
        # What a bar sets apart is another thing: the heading that the date stands beside.
        is_apart = (
            self._text[:position].rstrip().endswith(("|", "/", "·", "•", " —", " –", " -", "."))
        )
        if not (is_apart and is_boilerplate(self._text[position:end])):
            self._unknown += (end - position) // (2 if is_apart else 1)
        return end

    def _date_at(self, position: int) -> bool:
        return position in self._dates or self._dated_later(position) > 0

    def _dated_later(self, position: int) -> int:
        link = re.compile(r"(?:le|on|du|the|dated)\s+").match(self._folded, position)
        return link.end() if link and link.end() in self._dates else 0

    def _take_date(self, position: int) -> int:
        found = self._dates[self._dated_later(position) or position]
        last = self._notices[-1] if self._notices else None
        if last and last.announced in DATES and not last.value:
            self._notices[-1] = Announcement(last.announced, found.iso, is_weak=last.is_weak)
        else:
            meaning = self._meaning or Announced.DATE
            self._notices.append(Announcement(meaning, found.iso, is_bare=self._meaning is None))
        self._meaning = None
        return found.end

    def _labels_at(self, position: int) -> list[tuple[Label, int]]:
        matches = ((label, label.pattern.match(self._folded, position)) for label in LABELS)
        found = [(label, match.end()) for label, match in matches if match]
        return sorted(found, key=lambda label_end: -label_end[1])

    def _take(self, label: Label, word: str, end: int) -> int:
        """Takes a label and its value, and returns where they end; 0 when it is no label."""
        rest = self._folded[end:]
        colon = re.match(r"(?:\s*\(\d+\))?\s*[:=]\s*|\s+[–—-]\s+|\s*[|·•/>→]\s*|\s{3,}", rest)
        value_at = end + colon.end() if colon else end + len(rest) - len(rest.lstrip())
        if label.announced is Announced.SECTION and not re.match(r"\s*[:=–—-]\s*\S", rest):
            return 0  # one word of a list: "Territoire"
        if value_at >= len(self._text):
            return self._take_alone(label, has_colon=bool(colon))
        if label.announced in PEOPLE:
            return self._take_person(label, word, value_at, has_colon=bool(colon))
        is_of_quality = word == "labels" and not self._english
        if is_of_quality or not (colon or label.is_verb):
            return 0
        if label.announced in DATES:
            return self._take_dated(label, value_at)
        return max(end, self._take_words(label, value_at))

    def _take_words(self, label: Label, value_at: int) -> int:
        """Takes a value that is neither a person nor a date, and returns where it ends."""
        if label.announced is Announced.OTHER:
            self._notices.append(Announcement(label.announced, self._text[value_at:]))
            self._meaning = label.then
            return person_at(self._text, value_at)[1]
        value_end = self._value_end(value_at)
        value = self._text[value_at:value_end].strip(" \t|·•–—-/")
        self._notices.append(Announcement(label.announced, value))
        return value_end

    def _value_end(self, value_at: int) -> int:
        """The end of a list of words: what a bar sets apart and opens with a label or a date."""
        for bar in _BAR.finditer(self._text, value_at):
            if "," in self._text[value_at : bar.start()] and "," not in self._text[bar.end() :]:
                return bar.start()  # the list is one of commas
            if (
                bar.end() in self._dates
                or is_boilerplate(self._text[bar.end() :])
                or _BIT.match(self._folded, bar.end())
                or any(label.announced in _CLOSING_LISTS for label, _ in self._labels_at(bar.end()))
            ):
                return bar.start()
        return len(self._text)

    def _take_alone(self, label: Label, *, has_colon: bool) -> int:
        if label.is_weak:
            return 0
        self._notices.append(Announcement(label.announced, is_weak=not has_colon))
        return len(self._text)

    def _take_person(self, label: Label, word: str, value_at: int, *, has_colon: bool) -> int:
        person, after = self._person_at(value_at)
        mail = re.compile(r"\s*[<(]?[\w.+-]+@[\w.-]+[>)]?").match(self._text, after)
        after = mail.end() if mail else after
        if person.name:
            if word in _MAIL_WORDS and not (has_colon or mail or after == len(self._text)):
                return 0
            self._meaning = label.then
            if not person.job and (loose := self._loose_job(after)):
                person, after = Person(person.name, loose[0]), loose[1]
            announced = self._signed_as(label)
            signed = Announcement(announced, person.name, person, is_weak=label.is_weak)
            self._notices.append(signed)
            return after
        if label.is_weak and not label.is_verb:
            return 0
        if not has_colon:
            return self._take_pseudonym(label, word, value_at) or self._take_signature(
                label, word, value_at
            )
        return self._take_unlike_person(label, word, value_at)

    def _person_at(self, position: int) -> tuple[Person, int]:
        person, after = person_at(self._text, position)
        for button in _BIT.finditer(self._folded, position):
            if position < button.start() < after and self._text[button.start() - 1] == " ":
                return person_at(self._text[: button.start()].rstrip(), position)
        short = INITIALS.match(self._text, position)
        if not person.name and short:
            return Person(short[0].strip()), short.end()
        return person, after

    def _take_unlike_person(self, label: Label, word: str, value_at: int) -> int:
        """Takes what stands after "Auteur :" and looks like no person: a pseudonym, a club."""
        ends = r"\s*[|·—]\s*|\s[–-]\s|,\s+le\s+\d|[\s\u00a0]{2,}|\)\.\s|(?<=\w{3})\.\s(?=[A-ZÀ-Þ])"
        value = re.split(ends, self._text[value_at : self._next_date(value_at)])[0].strip(" .")
        is_no_name = not 0 < len(value) <= 80
        is_no_name = is_no_name or (value.islower() and len(value.split()) > _MAX_KICKER_WORDS)
        if is_no_name or (word in _MAIL_WORDS and "@" not in self._text):
            return 0
        name, _, job = value.replace(" (", ",", 1).partition(",")
        self._meaning = label.then
        person = Person(bare_name(name), job.strip(" )"))
        self._notices.append(Announcement(label.announced, person.name, person, is_weak=True))
        return value_at + len(value)

    def _signed_as(self, label: Label) -> Announced:
        """The field of the person after a bare "par": that of the date before it."""
        before = self._notices[-1].announced if self._notices else None
        is_moderation = label.is_weak and before is Announced.MODERATED
        return Announced.MODERATOR if is_moderation else label.announced

    def _take_pseudonym(self, label: Label, word: str, value_at: int) -> int:
        """Takes a name of a single word, "Posté par Jeanne le 3 mai 2019", or returns 0."""
        found = _PSEUDONYM.match(self._text, value_at)
        if not found or not label.is_verb:
            return 0
        after = found.end("name")
        if label.is_weak and self._next_date(after) - after > _MAX_BEFORE_DATE:
            return 0
        if not word.endswith(_SIGNING_WORDS):
            return 0
        name = found["name"]
        if is_organisation(name) or is_job(name):
            return 0
        self._meaning = label.then
        self._notices.append(Announcement(label.announced, name, Person(name), is_weak=True))
        return found.end("name")

    def _take_signature(self, label: Label, word: str, value_at: int) -> int:
        """Takes a service, a desk or a site that signs: "par la rédaction", "by Fruitnet"."""
        value = self._signed_at(value_at)
        if not label.is_verb or not value:
            return 0
        is_account = " " not in value and (is_written_as_account(value) or value.islower())
        is_handwritten = not label.is_weak and bool(_FIRST_NAME.fullmatch(value))
        # "By" also begins sentences: it must stand beside notices, or be all that the line says.
        is_byline = self._notices or not label.is_weak or value_at + len(value) >= len(self._text)
        is_name = word.endswith(_SIGNING_WORDS) and (
            (value[0].isupper() and bool(is_byline))
            or (is_account and bool(self._dates))
            or is_handwritten
        )
        if not is_name and not is_organisation(value):
            return 0
        self._notices.append(_signed_by(self._signed_as(label), value))
        self._meaning = label.then
        return value_at + len(value)

    def _signed_at(self, value_at: int) -> str:
        """The few words that stand where a signature is expected; empty for a sentence."""
        text = self._text[value_at : self._next_date(value_at)]
        value = _SIGNED_END.split(text.lstrip(), maxsplit=1)[0]
        value = re.sub(r"\s(?:le|on|du|the)\s*$", "", value).strip(" .")
        is_name = 1 < len(value) <= 60 and len(value.split()) <= MAX_SIGNED_WORDS
        return value if is_name and not re.search(r"\d{3}|[!?]", value) else ""

    def _next_date(self, position: int) -> int:
        return min((at for at in self._dates if at >= position), default=len(self._text))

    def _loose_job(self, position: int) -> tuple[str, int] | None:
        """The few words after a labelled name, with no word of a trade in them, and their end."""
        match = re.compile(
            r",[  ]+(?P<job>[^,.|·—;()\d]{3,60})(?=\s*(?:$|[|·—]|,\s+le\s|\s[–-]\s))"
            r"|[  ]*\((?P<bracketed>[^()\d]{3,60})\)"
        ).match(self._text, position)
        if not match:
            return None
        job = (match["job"] or match["bracketed"]).strip()
        is_where = match["job"] and job[0].isupper() and is_organisation(job)
        return None if is_where else (job, match.end())

    def _take_dated(self, label: Label, value_at: int) -> int:
        is_signed = any(verb.announced in PEOPLE and verb.is_verb
                        for verb, _ in self._labels_at(value_at))  # fmt: skip
        if not is_signed and not self._date_at(value_at):
            return 0
        self._meaning = label.then if is_signed else self._meaning
        self._notices.append(Announcement(label.announced, is_weak=label.is_weak))
        return value_at

    def _name_at(self, position: int) -> int:
        """Takes a byline that no label opens but a name, with a job or a date after it."""
        person, end = person_at(self._text, position)
        if not person.name and (desk := _DESK_FIRST.match(self._folded, position)):
            person, end = Person(self._text[position : desk.end()]), desk.end()
        if not person.name:
            return position
        rest = self._text[end:].strip(" .,|·•–—()*_/-")
        later = sorted(at for at in (*self._dates, *self._unclear) if at >= end)
        if not (person.job or (rest and later and later[0] - end <= _MAX_BEFORE_DATE)):
            return position
        self._notices.append(signature(person))
        return end

    def _take_agency(self) -> int:
        """Takes a line that is the name of an agency or a desk, "(AFP)", or returns 0."""
        signed = self._folded.rstrip(" .")
        if not (agency := _AGENCY.fullmatch(signed) or _DESK_ALONE.fullmatch(signed)):
            return 0
        name = self._text[agency.start("name") : agency.end("name")]
        self._notices.append(signature(Person(name)))
        return len(self._text)

    def _take_office(self) -> int:
        """Takes a line with the job before the name, "La présidente, Anne Roy", or returns 0."""
        if not (office := _JOB_FIRST.match(self._folded)) or not is_job(office["job"]):
            return 0
        person, end = person_at(self._text, office.end())
        if not person.name or person.job or end < len(self._text.rstrip(" .")):
            return 0
        job = self._text[office.start("job") : office.end("job")]
        self._notices.append(signature(Person(person.name, job)))
        return len(self._text)


def signature(person: Person) -> Announcement:
    return Announcement(Announced.AUTHOR, person.name, person, is_bare=True, is_weak=True)


def _signed_by(announced: Announced, value: str) -> Announcement:
    """The notice of an organisation or a desk that signs; "admin" is only a remark."""
    if announced is Announced.OTHER or is_nobody(value):
        return Announcement(Announced.OTHER, value, is_weak=True)
    return Announcement(announced, value, Person(value), is_weak=True)


def is_desk(value: str) -> bool:
    return bool(_DESK.fullmatch(plain(value)))


def is_nobody(value: str) -> bool:
    return bool(_NOBODY.fullmatch(plain(value)))


def is_written_as_account(name: str) -> bool:
    """Whether a word has signs that only accounts have: `marmotte46`, `j.morel`."""
    return bool(_ACCOUNT.fullmatch(name))

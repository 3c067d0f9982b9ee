"""Bylines: who signs an article, near a label, above its text or below, or in a card beside it."""

import re
from itertools import islice

from ingest.articles import lexicon
from ingest.articles.article import NOBODY, Person
from ingest.articles.blocks import BlockKind
from ingest.articles.metadata.boilerplate import opens_colophon
from ingest.articles.metadata.dates import only_date
from ingest.articles.metadata.label_table import DATES, Announced
from ingest.articles.metadata.labels import INITIALS, is_desk
from ingest.articles.metadata.layout import Findings, Layout, Line
from ingest.articles.metadata.lines import signed_name
from ingest.articles.metadata.person_names import (
    MAX_JOB_CHARS,
    bare_name,
    is_job,
    is_name_of_organisation,
    is_person,
    person_at,
)
from ingest.articles.typography import plain
from ingest.records.fields import folded

NEAR_LABEL, HINTED, UNLABELLED, ACCOUNT = 0.95, 0.85, 0.7, 0.6  # the confidence in a person
_CLOSING = re.compile(rf"(?:bien )?{lexicon.any_of('closings')}\b")
_CLOSED = re.compile(rf"^(?:\w+ )?{lexicon.any_of('closings')}(?: \w+)?,\s+", re.IGNORECASE)
_JOB_TOLD = re.compile(
    r"\s(?:is|est|was|etait|était)\s(?:(?:an?|the|une?|la|le)\s|l['’])?(?P<job>[^.,;]{3,60})[.,;]"
)
_JOB_AFTER_COMMA = re.compile(r",\s(?P<job>[^.,;()|–—]{3,60}?)(?:\s\([^()]{2,30}\)|\s[|–—].*)?\.?")
_JOB_AFTER_BAR = re.compile(r"\s\|\s(?P<job>[^.,;()|–—\d]{3,60}?)(?:\s\|.*)?")
"""What stands beside the name in the signature of an e-mail."""
_OFFICE = re.compile(r"(?:(?:le|la|the|votre|your)\s|l['’])(?P<job>[^.,;:]{3,60}),?", re.IGNORECASE)
_FIRST_NAME = re.compile(r"[–—-]{1,2}\s?(?P<name>[A-ZÀ-Þ][^\W\d_]+(?:-[A-ZÀ-Þ][^\W\d_]+)?)")
_ARTICLE = re.compile(r"(?:le|la|les|the)\s|l['’]", re.IGNORECASE)
_BESIDE_NAME = re.compile(
    r"(?:\s?[/,(@]|\s?[|·](?=\s?\d)|\s[–—-]|\s(?:pour|for|avec|with))\s?\S+(?:\s\S+){0,4}"
    r"|,?\s(?:pour|for)(?:\s\S+){1,8}|\s\S+@\S+"
)
_IN_BRACKETS = re.compile(r"\s\([^()]*\)$")
_BAR = re.compile(r"\s*[|·•]\s*")
ON_NETWORK = 0.8  # the confidence in the writer of a post
_MAX_CARD_LINES = 5
_AGE = re.compile(lexicon.any_of("labels", "ages"))
_DEGREE = re.compile(rf"(?:[•·] ?)?{lexicon.any_of('labels', 'degrees')}")
_SYMBOLS = " •·🌐🌍🌎🌏👥"  # what networks set beside the age or the day of a post: who may read it


def take_person_near(layout: Layout, findings: Findings, at: int, announced: Announced) -> bool:
    """Takes the person announced by a label that stands alone; returns whether there is any."""
    below = list(islice(layout.next_lines(at), 2))
    line = layout.line_at(below[0]) if below else None
    if line is None or line.is_used or not is_person(line.text):
        return False
    person, _ = person_at(line.text.strip(), 0)
    job_at = below[1] if len(below) > 1 else -1
    if any(between.notices for between in layout.lines[below[0] + 1 : max(job_at, 0)]):
        job_at = -1
    if not person.job and job_at >= 0 and is_job(layout.lines[job_at].text):
        person = Person(person.name, _job_of(layout.lines[job_at]))
        layout.lines[job_at].leave()
    line.leave()
    line.notices = ()
    origin = f"{layout.lines[at].text} {line.text}"
    findings.add_person(announced, person, origin, NEAR_LABEL)
    return True


def take_hinted_person(layout: Layout, findings: Findings, at: int) -> None:
    line = layout.lines[at]
    text, hint = line.text.strip(), line.block.hint
    name = signed_name(text)
    person, end = person_at(name, 0)
    if not name:
        return
    confidence = HINTED
    if not person.name or end < len(name) - 2:
        # An account, a desk or a site; somebody with a name goes before it.
        person, confidence = Person(name), ACCOUNT
    findings.add_person(hint, person, text, confidence)
    line.leave()


def find_byline(layout: Layout, findings: Findings) -> None:
    """Finds a name alone above the text: with a date beside it, or else the only one."""
    author = findings.fields.get("author")
    if author and author.confidence >= UNLABELLED:
        return
    has_title = any(line.is_used and not line.is_event for line in layout.lines[1 : layout.first])
    alone: list[tuple[Line, Person]] = []
    # A sentence that leads to the text may stand above the name.
    for at, line in enumerate(layout.lines[: layout.head]):
        signed = NOBODY if line.is_used or line.is_event or line.is_prose else _signing(layout, at)
        if not signed.name:
            continue
        if at == 0 and layout.lines[0].block.kind is not BlockKind.HEADING and has_title:
            continue  # the name of a paper
        beside = [near for near in (layout.line_at(at + 1), layout.line_at(at - 1)) if near]
        if any(notice.announced in DATES for near in beside for notice in near.notices):
            line.leave()
            findings.add_person("author", signed, line.text, UNLABELLED)
            return
        if line.is_body and not line.is_heading and at < layout.first:
            alone.append((line, signed))
    if len(alone) == 1 and "author" not in findings.fields:
        line, signed = alone[0]
        line.leave()
        findings.add_person("author", signed, line.text, ACCOUNT)


def find_signature(layout: Layout, findings: Findings) -> None:
    """Finds who signs below the text: the author, or somebody whose job stands with the name."""
    known = findings.fields.get("author")
    # An office that sends a mail: who wrote it signs below.
    is_unsure = known is not None and known.confidence <= ACCOUNT and "@" in known.sentence
    author = NOBODY if is_unsure else findings.people.get("author", NOBODY)
    for at in range(layout.last + 1, len(layout.lines)):
        line, below = layout.lines[at], layout.line_at(at + 1)
        person = _signing(layout, at) if line.is_short and not line.is_used else NOBODY
        if not person.name or line.is_heading or is_contact(layout, at):
            continue
        job_line = below if below and below.is_short and is_job(below.text) else None
        job = person.job or (_job_of(job_line) if job_line else "") or _job_above(layout, at)
        # A name alone right below the text signs it, unless others stand beside it.
        is_alone_below = at == layout.last + 1 and not (below and is_person(below.text))
        above = folded(layout.lines[at - 1].text) if at else ""
        closes = is_alone_below or bool(_CLOSING.match(above))
        if author.name and author.name not in {person.name, bare_name(person.name)}:
            continue
        if not author.name and not (job or closes):
            continue
        _leave(line)
        if job_line and not person.job:
            job_line.leave()
        confidence = known.confidence if known and not is_unsure else UNLABELLED
        signed = Person(person.name, author.job or _IN_BRACKETS.sub("", job))
        findings.add_person("author", signed, line.text, confidence)
        return


def find_job(layout: Layout, findings: Findings) -> None:
    """Finds the job of the author where the name stands again, alone or as "Anne Roy is a …"."""
    author = findings.people.get("author", NOBODY)
    if not author.name or author.job:
        return
    for at, line in enumerate(layout.lines):
        text = _CLOSED.sub("", line.text).strip(" —–-*_")
        if at <= layout.head or not text.startswith(author.name):
            continue
        rest = text[len(author.name) :]
        below = layout.line_at(at + 1)
        told = _JOB_TOLD.match(rest) or _JOB_AFTER_COMMA.fullmatch(rest)
        job = told["job"].strip() if told else ""
        if not rest and below and not below.is_heading and len(below.text) <= MAX_JOB_CHARS:
            job = _job_of(below)
        signed = _JOB_AFTER_BAR.fullmatch(rest) if at > layout.last else None
        job = signed["job"].strip() if signed else job
        if job and (signed or is_job(job)):
            person = Person(author.name, job)
            findings.add_person("author", person, line.text, findings.fields["author"].confidence)
            return


def find_desk(layout: Layout, findings: Findings) -> None:
    """Finds a desk, an office or a first name alone right below the text: "La rédaction"."""
    if "author" in findings.people:
        return
    inside = layout.lines[layout.head + 1 : layout.last]
    signing = [line for line in inside if line.is_short and is_desk(line.text.strip(" ."))]
    line = signing[-1] if signing else layout.line_at(layout.last + 1)
    if line is None or not line.is_short or line.is_heading:
        return
    text = line.text.strip(" .")
    first_name = _FIRST_NAME.fullmatch(text)
    article = _ARTICLE.match(text)
    is_office = article is not None and is_name_of_organisation(text[article.end() :])
    if is_desk(text) or is_office or first_name:
        name = first_name["name"] if first_name else text
        findings.add_person("author", Person(name), line.text, ACCOUNT)
        _leave(line)


def is_contact(layout: Layout, at: int) -> bool:
    return any(opens_colophon(line.text) for line in layout.lines[max(0, at - 2) : at])


def _job_above(layout: Layout, at: int) -> str:
    above = layout.line_at(at - 1)
    office = _OFFICE.fullmatch(above.text.strip()) if above and not above.is_prose else None
    if above is None or office is None or not is_job(office["job"]):
        return ""
    _leave(above)
    return office["job"]


def _signing(layout: Layout, at: int) -> Person:
    text = layout.lines[at].text.strip(" —–-(")
    if INITIALS.fullmatch(text.strip(")")):
        return Person(text.strip(")"))
    person, end = person_at(text, 0)
    return person if end >= len(text.rstrip(" .")) or _BESIDE_NAME.fullmatch(text, end) else NOBODY


def _job_of(line: Line) -> str:
    return _BAR.split(line.text)[0].strip(" ,;.()")


def find_card(layout: Layout, findings: Findings) -> None:
    """Takes a person above the age of a post: "Anne Roy", "Directrice", "2 sem. • Modifié"."""
    for at, line in enumerate(layout.lines[: layout.first]):
        text = line.text.strip(" •·")
        is_dated = only_date(line.text.strip(_SYMBOLS)) and not only_date(line.text)
        if not (is_dated or _AGE.fullmatch(plain(text))):
            continue
        card = [above for above in layout.lines[max(0, at - _MAX_CARD_LINES) : at]
                if not _DEGREE.fullmatch(plain(above.text).strip())]  # fmt: skip
        for place in range(len(card) - 1, -1, -1):
            name = _BAR.split(card[place].text.strip())[0]
            if not is_person(name):
                continue
            jobs = [below for below in card[place + 1 :] if not below.is_boilerplate]
            job = _BAR.split(jobs[0].text.strip())[0] if jobs else ""
            person = Person(bare_name(name), job if len(job) <= MAX_JOB_CHARS else "")
            findings.add_person("author", person, card[place].text, ON_NETWORK)
            for used in layout.lines[max(0, at - _MAX_CARD_LINES) : at + 1]:
                if used not in card[:place] and not used.notices:
                    _leave(used)
            return


def _leave(line: Line) -> None:
    line.leave()
    line.is_boilerplate = True

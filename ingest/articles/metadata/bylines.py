"""Bylines: who signs an article above its text or below, and who stands near a label."""

import re
from itertools import islice

from ingest.articles import lexicon
from ingest.articles.article import NOBODY, Person
from ingest.articles.blocks import Region
from ingest.articles.metadata.findings import Findings
from ingest.articles.metadata.label_table import DATES, Announced
from ingest.articles.metadata.labels import is_alone
from ingest.articles.metadata.layout import Layout, Line
from ingest.articles.metadata.person_names import (
    MAX_JOB_CHARS,
    bare_name,
    is_job,
    is_person,
    person_at,
)
from ingest.records.fields import folded

NEAR_LABEL, HINTED, UNLABELLED = 0.95, 0.85, 0.7
"""The confidence in a person: beside a label, where the page's markup says so, otherwise."""
_CLOSING = re.compile(rf"(?:bien )?{lexicon.any_of('closings')}\b")
_JOB_AFTER_NAME = re.compile(r",\s(?P<job>[^\W\d_A-ZÀ-Þ][^.!?:;,\d]{3,50})\.?")
_BAR = re.compile(r"\s*[|·•]\s*")


def take_person_near(layout: Layout, findings: Findings, at: int, announced: Announced) -> bool:
    """Takes the person announced by a label that stands alone; returns whether there is any."""
    name_at, job_at = _near(layout, at)
    line = layout.line_at(name_at)
    if line is None:
        return False
    person, _ = person_at(line.text.strip(), 0)
    if not person.name:
        person = Person(bare_name(line.text))
    if not person.job and job_at >= 0 and _could_be_job(layout, job_at):
        person = Person(person.name, _job_of(layout.lines[job_at]))
        layout.lines[job_at].leave()
    line.leave()
    line.notices = ()
    origin = f"{layout.lines[at].text} {line.text}"
    findings.add_person(announced, person, origin, NEAR_LABEL)
    return True


def _near(layout: Layout, at: int) -> tuple[int, int]:
    """The places of the name and of the job that a label announces; -1 where there is none."""
    lines = layout.lines
    below = list(islice(layout.next_lines(at), 2))
    is_attached = at > 0 and not lines[at].block.stands_alone
    above = next((up for up in (at - 1, at - 2) if is_attached and _is_named_above(layout, up)), -1)
    if above >= 0:
        return above, above + 1 if above == at - 2 else -1
    if below and _is_free_name(lines[below[0]]):
        job_at = below[1] if len(below) > 1 else -1
        if any(line.notices for line in lines[below[0] + 1 : max(job_at, 0)]):
            job_at = -1
        return below[0], job_at
    if at and _is_free_name(lines[at - 1]):
        return at - 1, -1
    if at > 1 and _names_somebody(lines[at - 2]) and is_job(lines[at - 1].text):
        return at - 2, at - 1
    return -1, -1


def _is_named_above(layout: Layout, at: int) -> bool:
    """Whether a line names a person that the lines below describe."""
    line, below = layout.line_at(at), layout.line_at(at + 1)
    if line is None or not _is_free_name(line):
        return False
    return below is None or not below.is_event or is_alone(below.notices)


def _is_free_name(line: Line) -> bool:
    return not line.is_used and _names_somebody(line)


def _names_somebody(line: Line) -> bool:
    if is_person(line.text):
        return True
    person, end = person_at(line.text.strip(), 0)
    return bool(person.name) and end >= len(line.text.strip(" .)"))


def _could_be_job(layout: Layout, at: int) -> bool:
    line = layout.lines[at]
    if not line.is_short or len(line.text) > MAX_JOB_CHARS:
        return False
    return is_job(line.text) or (
        not is_person(line.text)
        and (
            at > layout.last
            or line.block.region is Region.MARGIN
            or (at < layout.first and len(line.text.split()) <= 6)
        )
    )


def take_hinted_person(layout: Layout, findings: Findings, at: int) -> None:
    """Takes the author or the moderator marked up by the page."""
    line, below = layout.lines[at], layout.line_at(at + 1)
    text, hint = line.text.strip(), line.block.hint
    person, end = person_at(text, 0)
    if not person.name or end < len(text) - 2:
        return
    if below and below.block.hint == hint and is_job(below.text) and not person.job:
        person = Person(person.name, _job_of(below))
        below.leave()
    findings.add_person(hint, person, text, HINTED)
    line.leave()


def find_byline(layout: Layout, findings: Findings) -> None:
    """Finds a name alone above the text, with a job or a date beside it."""
    author = findings.fields.get("author")
    if author and author.confidence >= UNLABELLED:
        return
    for at, line in enumerate(layout.lines[: layout.first]):
        if line.is_used or line.is_event or not is_person(line.text):
            continue
        below = layout.line_at(at + 1) if at + 1 < layout.first else None
        job_line = below if below and below.is_short and is_job(below.text) else None
        beside = [near for near in (below, layout.line_at(at - 1)) if near]
        if job_line:
            beside += layout.lines[at + 2 : at + 3]
        has_date = any(notice.announced in DATES for near in beside for notice in near.notices)
        if not (job_line or has_date):
            continue
        if job_line:
            job_line.leave()
        line.leave()
        person = Person(bare_name(line.text), _job_of(job_line) if job_line else "")
        findings.add_person("author", person, line.text, UNLABELLED)
        return


def find_signature(layout: Layout, findings: Findings) -> None:
    """Finds who signs below the text: the author, or somebody whose job stands with the name."""
    author = findings.people.get("author", NOBODY)
    for at in range(layout.last + 1, len(layout.lines)):
        line, below = layout.lines[at], layout.line_at(at + 1)
        person = _signing(layout, at) if line.is_short and not line.is_used else NOBODY
        if not person.name:
            continue
        job_line = below if below and below.is_short and is_job(below.text) else None
        job = person.job or (_job_of(job_line) if job_line else "")
        # A name alone right below the text signs it, unless others stand beside it.
        is_alone_below = at == layout.last + 1 and not (below and is_person(below.text))
        above = folded(layout.lines[at - 1].text) if at else ""
        closes = is_alone_below or bool(_CLOSING.match(above))
        if author.name and author.name not in {person.name, bare_name(person.name)}:
            continue
        if not author.name and not (job or closes):
            continue
        line.leave()
        line.is_boilerplate = True
        if job_line and not person.job:
            job_line.leave()
        known = findings.fields.get("author")
        confidence = known.confidence if known else UNLABELLED
        signed = Person(person.name, author.job or job)
        findings.add_person("author", signed, line.text, confidence)
        return


def _signing(layout: Layout, at: int) -> Person:
    """The person that a line names, if it holds nothing else but a job."""
    text = layout.lines[at].text.strip(" —–-")
    person, end = person_at(text, 0)
    after = _JOB_AFTER_NAME.fullmatch(text, end) if at <= layout.last + 2 else None
    if person.name and after and not person.job:
        return Person(person.name, after["job"].strip())
    return person if end >= len(text.rstrip(" .")) else NOBODY


def _job_of(line: Line) -> str:
    """The job that a line names, without the place of work after a bar."""
    return _BAR.split(line.text)[0].strip(" ,;.()")

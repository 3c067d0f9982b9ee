"""The notices of a page that are believed, and their fields."""

import re
from dataclasses import replace

from ingest.articles.article import Person
from ingest.articles.blocks import Region
from ingest.articles.metadata.bylines import is_contact, take_hinted_person, take_person_near
from ingest.articles.metadata.dates import is_unclear_date, only_date
from ingest.articles.metadata.findings import Findings
from ingest.articles.metadata.label_table import DATES, PEOPLE, Announced
from ingest.articles.metadata.labels import Announcement, is_alone, notices, themes_of
from ingest.articles.metadata.layout import Layout, Line
from ingest.articles.metadata.person_names import is_organisation
from ingest.articles.metadata.themes import take_tags, take_themes_below
from ingest.articles.typography import is_prose
from kb.registers.drafts import ProposedField
from kb.remarks import Remark

LABELLED, JOB, WEAK, CATEGORIES, BARE, DATELINE, ORGANISATION = 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.6
"""The confidence in a value by what announces it: a label, a label of jobs, words that also begin
sentences (or the page's markup), a label of categories, nothing, the opening of a press release;
and in the name of an organisation."""
MARGIN_COST = 0.15
"""Confidence subtracted from a value in the margin."""
_MAX_DATELINE_CHARS = 80
_MAX_DAY_CHARS = 30
_MIDNIGHT = re.compile(r"T00:00(?:[+]00:00)?$")
_DASH = re.compile(r"\s[–—-]+\s|\s?[–—:]\s|\.\s(?=[A-ZÀ-Þ])")


def take_notices(layout: Layout, findings: Findings) -> None:
    """Takes the values that lines announce on themselves; other lines are prose again."""
    taken: list[tuple[int, Line, list[Announcement]]] = []
    for at, line in enumerate(layout.lines):
        if line.is_used and not line.is_body:
            continue
        if not line.notices or is_alone(line.notices):
            continue
        believed = [notice for notice in line.notices if _is_believable(layout, at, notice)]
        if not believed:
            line.is_prose = is_prose(line.text)
            line.notices = ()
            continue
        line.leave()
        taken.append((at, line, believed))
    beside_text = " | ".join(line.text for line in layout.lines if not line.is_prose)
    for at, line, believed in taken:
        for notice in believed:
            is_bare_date = notice.announced is Announced.DATE and notice.is_bare
            announced = _dated_by(layout, at) if is_bare_date else notice.announced
            person = _without_site(beside_text, line, notice.person)
            _take_notice(findings, replace(notice, announced=announced, person=person), line)


def _without_site(beside_text: str, line: Line, person: Person) -> Person:
    """The person without the paper that stands after the name, and in another line beside it."""
    first, *others = person.name.split(", ")
    names = [
        first,
        *(name for name in others if beside_text.count(name) <= line.text.count(name)),
    ]
    return replace(person, name=", ".join(names)) if others else person


def _is_believable(layout: Layout, at: int, notice: Announcement) -> bool:
    """Whether a notice stands where notices stand, or is too plain to be anything else."""
    line = layout.lines[at]
    is_inside = layout.first <= at <= layout.last
    if notice.is_bare and notice.announced in PEOPLE and is_contact(layout, at):
        return False
    if line.block.region is Region.MARGIN:
        return not notice.is_bare or at <= layout.head
    if notice.is_bare and is_inside:
        # Within the text a date alone is of the story, unless other notices are beside it.
        beside = layout.lines[max(0, at - 1)], layout.lines[min(at + 1, len(layout.lines) - 1)]
        return at <= layout.head and (
            any(not other.is_bare for other in line.notices)
            or any(other.notices and other is not line for other in beside)
        )
    if notice.announced is Announced.SECTION:
        return not is_inside
    if at <= layout.head or at > layout.last:
        return True
    return not notice.is_weak and not notice.is_bare and bool(notice.value)


def _dated_by(layout: Layout, at: int) -> Announced:
    """The field of a bare date: that of a label above it, or of the moderation."""
    label = layout.line_at(at - 1)
    if label and is_alone(label.notices) and label.notices[0].announced in DATES:
        label.leave()
        return label.notices[0].announced
    for above in layout.lines[max(0, at - 3) : at][::-1]:
        if is_alone(above.notices):
            announced = above.notices[0].announced
            is_moderation = announced in {Announced.MODERATOR, Announced.MODERATED}
            return Announced.MODERATED if is_moderation else Announced.DATE
    return Announced.DATE


def _take_notice(findings: Findings, notice: Announcement, line: Line) -> None:
    announced, value, person = notice.announced, notice.value, notice.person
    confidence = BARE if notice.is_bare else WEAK if notice.is_weak else LABELLED
    if line.block.region is Region.MARGIN:
        confidence -= MARGIN_COST
    if announced in PEOPLE and person.name:
        if is_organisation(person.name):
            confidence = ORGANISATION
        findings.add_person(announced, person, line.text, confidence)
    elif announced in DATES and value:
        _take_date(findings, notice, line, confidence)
    elif announced is Announced.THEMES and value:
        findings.add_themes(themes_of(value), line.text, confidence)
    elif announced is Announced.CATEGORIES and value:
        findings.add_themes(themes_of(value), line.text, CATEGORIES, are_categories=True)
    elif announced is Announced.JOB and "author" in findings.people:
        author = Person(findings.people["author"].name, value)
        findings.add_person("author", author, line.text, JOB)
    elif announced is Announced.OTHER:
        _remark_on_unclear(findings, notice)


def _remark_on_unclear(findings: Findings, notice: Announcement) -> None:
    """Remarks on a date without a certain day, and on an organisation that signs."""
    if is_unclear_date(notice.value):
        findings.remark(Remark("unclear_date", "date", value=notice.value))
    elif is_organisation(notice.value):
        findings.remark(Remark("signed_by_nobody", "author", value=notice.value))


def _take_date(findings: Findings, notice: Announcement, line: Line, confidence: float) -> None:
    value = notice.value
    moment = only_date(line.block.moment)
    if _MIDNIGHT.search(moment):
        moment = moment[:10]  # how a day without a time is stored
    if moment[:10] == value[:10] and "T" not in value:
        value = moment
    announced = str(notice.announced)
    known = findings.fields.get(announced)
    if known is None or known.value[:10] != value[:10]:
        findings.add(announced, value, line.text, confidence)
    elif ("T" in value and announced not in findings.seen_times) or "T" not in known.value:
        # The same day, once with a time: the first time that readers see counts.
        findings.fields[announced] = ProposedField(
            known.field, value, line.text, max(confidence, known.confidence)
        )
    if "T" in value and findings.fields[announced].value == value:
        findings.seen_times.add(announced)


def take_values_near_labels(layout: Layout, findings: Findings) -> None:
    """Takes the values of labels that stand alone, from the lines below."""
    for at, line in enumerate(layout.lines):
        if line.is_used or not is_alone(line.notices):
            continue
        announced = line.notices[0].announced
        is_inside = layout.head < at <= layout.last and line.block.region is Region.TEXT
        taken = False
        if announced in PEOPLE:
            taken = take_person_near(layout, findings, at, announced)
        elif announced is Announced.MODERATED:
            taken = take_person_near(layout, findings, at, Announced.MODERATOR)
        elif announced is Announced.THEMES and not is_inside:
            taken = take_themes_below(layout, findings, at)
        if taken or at > layout.last or line.block.region is Region.MARGIN:
            line.leave()
        else:
            line.notices = ()


def take_hinted(layout: Layout, findings: Findings) -> None:
    """Takes the lines that the page's own markup calls tags, an author, a date and the like."""
    take_tags(layout, findings)
    for at, line in enumerate(layout.lines):
        hint = line.block.hint
        if line.is_prose:
            continue
        if hint in PEOPLE and not line.is_used:
            take_hinted_person(layout, findings, at)
        _take_time(findings, line)
        is_day = at <= layout.head and line.is_short and not line.is_used
        if is_day and only_date(line.block.moment) and len(line.text) <= _MAX_DAY_CHARS:
            day = Announcement(Announced.DATE, only_date(line.block.moment)[:10])
            _take_date(findings, day, line, WEAK)
            line.leave()
        if hint in DATES:
            found = _only_bare_date(layout, line.text)
            if found:
                date = replace(found, announced=Announced(hint))
                _take_date(findings, date, line, WEAK)
                line.leave()


def _take_time(findings: Findings, line: Line) -> None:
    """Adds to the day that is known the time that a line shows and that its markup dates."""
    moment, known = only_date(line.block.moment), findings.fields.get("date")
    if known and known.value == moment[:10] and moment[11:16] and moment[11:16] in line.text:
        _take_date(findings, Announcement(Announced.DATE, moment[:16]), line, known.confidence)


def find_dateline(layout: Layout, findings: Findings) -> None:
    """Finds the day with which the first sentence of a press release opens, after its place."""
    first = layout.line_at(layout.first)
    if "date" in findings.fields or first is None:
        return
    for end in _DASH.finditer(first.text[:_MAX_DATELINE_CHARS]):
        opening = first.text[: end.start()]
        if found := _only_bare_date(layout, opening):
            findings.add("date", found.value, opening, DATELINE)
            return


def _only_bare_date(layout: Layout, text: str) -> Announcement | None:
    """The date that a text is, without a label, if it holds nothing else."""
    found = notices(text, english=layout.is_english)
    is_date = len(found) == 1 and found[0].announced is Announced.DATE and found[0].is_bare
    return found[0] if is_date else None

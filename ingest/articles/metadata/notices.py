"""The notices of a page that are believed, and their fields."""

import re
from collections.abc import Sequence
from dataclasses import replace

from ingest.articles.article import Person
from ingest.articles.blocks import BlockKind, Region
from ingest.articles.metadata.boilerplate import is_boilerplate
from ingest.articles.metadata.bylines import is_contact, take_hinted_person, take_person_near
from ingest.articles.metadata.dates import dates_in, is_unclear_date, only_date
from ingest.articles.metadata.label_table import DATES, PEOPLE, Announced
from ingest.articles.metadata.labels import Announcement
from ingest.articles.metadata.layout import Findings, Layout, Line, themes_of, unique
from ingest.articles.metadata.lines import is_alone, notices
from ingest.articles.metadata.person_names import is_job, is_organisation, is_person
from ingest.articles.typography import is_prose
from kb.remarks import Remark

MAX_THEME_CHARS = 60
_MAX_LIST_CHARS = 200
BELOW_LABEL, HASHTAGS, TAGS, UNLABELLED = 0.9, 0.9, 0.88, 0.75  # confidence in themes
_SURE = 0.85  # the confidence from which no themes without a label are looked for
_HASHTAGS = re.compile(r"(?:#[\w-]{2,40}[\s,;]*)+")
_SPACED_HASHES = re.compile(r"[^#.!?]{2,30}(?: # [^#.!?]{2,30}){2,5}")
_FEW_WORDS = re.compile(r"\W*(?:\w+\W+){0,2}\W*")  # before the day of a line above the text
_HASHTAG = re.compile(r"(?<!\w)#([^\W\d][\w-]*)")
_NOT_IN_THEMES = re.compile(r"[.!?:;@]|\d{3}|^\d")


def is_row_of_hashtags(text: str) -> bool:
    return bool(_HASHTAGS.fullmatch(text.strip()))


def take_themes_below(layout: Layout, findings: Findings, at: int) -> bool:
    names: list[str] = []
    following = layout.line_at(at + 1)
    for line in layout.lines[at + 1 :]:
        if not line.is_short or len(line.text) > _MAX_LIST_CHARS:
            break
        if line.is_heading or (following and line.block.kind is not following.block.kind):
            break
        names += themes_of(line.text)
        line.leave()
    if names:
        findings.add_themes(unique(names), " ".join(names), BELOW_LABEL)
    return bool(names)


def take_tags(layout: Layout, findings: Findings) -> None:
    tags = [tag for line in layout.lines for tag in line.block.tags]
    for line in layout.lines:
        if line.block.hint != Announced.THEMES:
            continue
        text = line.text.strip()
        if line.is_used or line.notices:
            line.is_body = False
        elif not line.is_prose:
            values = text.rpartition(": ")[2]
            is_list = any(mark in values.strip("# ,") for mark in ",;#|·•")
            tags += themes_of(values) if is_list else [text.strip("# ,")]
            line.leave()
    if names := [tag for tag in unique(tags) if len(tag) <= MAX_THEME_CHARS]:
        findings.add_themes(names, " ".join(names), TAGS)


def find_themes(layout: Layout, findings: Findings) -> None:
    """Finds the themes that no label announces: hashtags, or else a row below the text."""
    _take_hashtags(layout, findings)
    if any(found.confidence >= _SURE for found in findings.themes if found.names):
        return
    run = _run_below(layout)
    if len(run) < 2:
        return
    before = layout.lines[layout.lines.index(run[0]) - 1]
    is_opened = (
        before.text.rstrip().endswith(":")
        or (before.is_heading and before.is_body)
        or any(line.block.number or line.block.kind is not run[0].block.kind for line in run)
    )
    if not is_opened:
        names = unique(line.text.strip() for line in run)
        findings.add_themes(names, " ".join(names), UNLABELLED)
        for line in run:
            line.leave()


def _take_hashtags(layout: Layout, findings: Findings) -> None:
    for at, line in enumerate(layout.lines):
        # Within the text, a single hashtag may be a slip of a heading.
        is_inside = layout.first < at <= layout.last and len(line.text.split()) == 1
        hashtags = _HASHTAG.findall(line.text)
        is_row = is_row_of_hashtags(line.text) or (not line.is_prose and len(hashtags) >= 2)
        is_row = is_row or bool(_SPACED_HASHES.fullmatch(line.text))
        if is_row and not (line.is_used or is_inside):
            findings.add_themes(hashtags or themes_of(line.text), line.text, HASHTAGS)
            line.leave()


def _run_below(layout: Layout) -> Sequence[Line]:
    """The first lines below the text that could each be a theme, until another notice stands."""
    run: list[Line] = []
    had_notice = False
    for line in layout.lines[layout.last + 1 :]:
        if line.is_body and line.is_short and _could_be_theme(line):
            run.append(line)
        elif line.is_event and not is_boilerplate(line.text) and run:
            return run
        elif line.is_body or line.is_event:
            had_notice = had_notice or bool(line.notices)
            run = []
    # Below all notices, only what is set in a single row is sure to be no address.
    if had_notice and all(not line.block.stands_alone for line in run[1:]):
        return run
    return []


def _could_be_theme(line: Line) -> bool:
    text = line.text.strip()
    return (
        len(text) <= MAX_THEME_CHARS
        and len(text.split()) <= 7
        and not _NOT_IN_THEMES.search(text)
        and not is_person(text)
        and not is_job(text)
        and line.block.kind in {BlockKind.PARAGRAPH, BlockKind.ITEM}
    )


LABELLED, JOB, WEAK, CATEGORIES, BARE, DATELINE, ORGANISATION = 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.6
"""The confidence in a value by what announces it, and in the name of an organisation."""
MARGIN_COST = 0.15  # confidence subtracted from a value in the margin
_MAX_DATELINE_CHARS = 80
_ADDRESS = re.compile(r"\S+@\S+\.\w+")
_MAX_DAY_CHARS = 30
_DASH = re.compile(r"\s[–—-]+\s|\s?[–—:]\s|\.\s(?=[A-ZÀ-Þ])")


def take_notices(layout: Layout, findings: Findings) -> None:
    taken: list[tuple[Line, list[Announcement]]] = []
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
        taken.append((line, believed))
    beside_text = " | ".join(line.text for line in layout.lines if not line.is_prose)
    for line, believed in taken:
        for notice in believed:
            person = _without_site(beside_text, line, notice.person)
            _take_notice(findings, replace(notice, person=person), line)


def _without_site(beside_text: str, line: Line, person: Person) -> Person:
    """The person without the paper that stands after the name, and in another line beside it."""
    first, *others = person.name.split(", ")
    names = [first, *(name for name in others if beside_text.count(name) <= line.text.count(name))]
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
        return at <= layout.head  # further down, a date alone is of the story
    if notice.announced is Announced.SECTION:
        return not is_inside
    if at <= layout.head or at > layout.last:
        return True
    return not notice.is_weak and not notice.is_bare and bool(notice.value)


def _take_notice(findings: Findings, notice: Announcement, line: Line) -> None:
    announced, value, person = notice.announced, notice.value, notice.person
    confidence = BARE if notice.is_bare else WEAK if notice.is_weak else LABELLED
    if line.block.region is Region.MARGIN:
        confidence -= MARGIN_COST
    if announced in PEOPLE and person.name:
        name = _ADDRESS.sub("", person.name).strip()
        if is_organisation(name) or (_ADDRESS.search(line.text) and not is_person(name)):
            confidence = ORGANISATION
        person = replace(person, name=name or person.name)
        findings.add_person(announced, person, line.text, confidence)
    elif announced in DATES and value:
        findings.add(announced, value, line.text, confidence)
    elif announced is Announced.THEMES and value:
        findings.add_themes(themes_of(value), line.text, confidence)
    elif announced is Announced.CATEGORIES and value:
        findings.add_themes(themes_of(value), line.text, CATEGORIES, are_categories=True)
    elif announced is Announced.JOB and "author" in findings.people:
        author = Person(findings.people["author"].name, value)
        findings.add_person("author", author, line.text, JOB)
    elif announced is Announced.OTHER and is_unclear_date(value):
        findings.remark(Remark("unclear_date", "date", value=value))
    elif announced is Announced.OTHER and is_organisation(value):
        findings.remark(Remark("signed_by_nobody", "author", value=value))


def take_values_near_labels(layout: Layout, findings: Findings) -> None:
    for at, line in enumerate(layout.lines):
        if line.is_used or not is_alone(line.notices):
            continue
        announced = line.notices[0].announced
        taken = False
        if announced in PEOPLE:
            taken = take_person_near(layout, findings, at, announced)
        elif announced is Announced.MODERATED:
            taken = take_person_near(layout, findings, at, Announced.MODERATOR)
        elif announced is Announced.THEMES and not layout.head < at <= layout.last:
            taken = take_themes_below(layout, findings, at)
        if taken or at > layout.last or line.block.region is Region.MARGIN:
            line.leave()
        else:
            line.notices = ()


def take_hinted(layout: Layout, findings: Findings) -> None:
    take_tags(layout, findings)
    for at, line in enumerate(layout.lines):
        hint = line.block.hint
        if line.is_prose:
            continue
        if hint in PEOPLE and not line.is_used:
            take_hinted_person(layout, findings, at)
        is_day = at <= layout.head and line.is_short and not line.is_used
        day = only_date(line.block.moment)[:10] if is_day else ""
        if day and len(line.text) <= _MAX_DAY_CHARS:
            findings.add("date", day, line.text, WEAK)
            line.leave()
        elif hint in DATES and (found := _only_bare_date(layout, line.text)):
            findings.add(hint, found.value, line.text, WEAK)
            line.leave()


def find_dateline(layout: Layout, findings: Findings) -> None:
    """Finds the day with which a press release opens, or that ends a line above."""
    first = layout.line_at(layout.first)
    if DATES & findings.fields.keys() or first is None:
        return
    for line in layout.lines[: layout.first]:
        days = list(dates_in(line.text, english=layout.is_english)) if line.is_short else []
        if (
            days
            and not line.is_heading
            and _FEW_WORDS.fullmatch(line.text[: days[-1].start])
            and (not line.text[days[-1].end :].strip(" .)*_"))
        ):
            findings.add("date", days[-1].iso, line.text, DATELINE)
            return
    for end in _DASH.finditer(first.text[:_MAX_DATELINE_CHARS]):
        opening = first.text[: end.start()]
        if found := _only_bare_date(layout, opening):
            findings.add("date", found.value, opening, DATELINE)
            return


def _only_bare_date(layout: Layout, text: str) -> Announcement | None:
    found = notices(text, english=layout.is_english)
    is_date = len(found) == 1 and found[0].announced is Announced.DATE and found[0].is_bare
    return found[0] if is_date else None

"""The themes of an article: under a label, as tags, hashtags, or a row of short lines."""

import re
from collections.abc import Sequence

from ingest.articles.blocks import BlockKind
from ingest.articles.metadata.boilerplate import is_boilerplate
from ingest.articles.metadata.findings import Findings, themes_of, unique
from ingest.articles.metadata.label_table import Announced
from ingest.articles.metadata.layout import Layout, Line
from ingest.articles.metadata.person_names import is_job, is_person

MAX_THEME_CHARS = 60
_MAX_LIST_CHARS = 200
BELOW_LABEL, HASHTAGS, TAGS, UNLABELLED = 0.9, 0.9, 0.88, 0.75
"""The confidence in themes by where they are found."""
_SURE = 0.85  # the confidence from which no themes without a label are looked for
_HASHTAGS = re.compile(r"(?:#[\w-]{2,40}[\s,;]*)+")
_HASHTAG = re.compile(r"(?<!\w)#([^\W\d][\w-]*)")
_NOT_IN_THEMES = re.compile(r"[.!?:;@]|\d{3}|^\d")


def is_row_of_hashtags(text: str) -> bool:
    return bool(_HASHTAGS.fullmatch(text.strip()))


def take_themes_below(layout: Layout, findings: Findings, at: int) -> bool:
    """Takes the themes on the lines below a label that stands alone; whether there are any."""
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
            is_list = any(mark in values.strip("# ,") for mark in ",;#")
            tags += themes_of(values) if is_list else [text.strip("# ,")]
            line.leave()
    names = [tag for tag in unique(tags) if len(tag) <= MAX_THEME_CHARS]
    if names:
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
        if is_row and not (line.is_used or is_inside):
            findings.add_themes(hashtags, line.text, HASHTAGS)
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

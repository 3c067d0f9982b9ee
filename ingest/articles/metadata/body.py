"""The text of an article, without what surrounds it and the parts about something else.

Doubtful lines stay in the text.
"""

import re
from collections.abc import Sequence

from ingest.articles.blocks import Block, BlockKind, Region
from ingest.articles.metadata.boilerplate import (
    opens_colophon,
    opens_comments,
    opens_same_themes,
)
from ingest.articles.metadata.findings import Findings, unique
from ingest.articles.metadata.label_table import DATES, PEOPLE, Announced
from ingest.articles.metadata.layout import Layout, Line, prose_chars
from ingest.articles.metadata.themes import MAX_THEME_CHARS, is_row_of_hashtags
from ingest.articles.typography import SENTENCE_END

_CLOSING_FIELDS = PEOPLE | DATES | {Announced.THEMES}
_MAX_AFTER_COLOPHON = 0.2
"""The greatest share of all prose below the notices that close a text."""
_MAX_ABOUT = 0.4
"""The same, for what an organisation writes about itself below its press releases."""
_MAX_BOX = 0.4
"""The greatest share of all prose in a box about something else."""
_MIN_PROSE_BEFORE = 120
"""Returns the number of characters of prose above the first part about something else."""
_REPEATED_THEMES = 0.95
"""The confidence in themes that the heading of articles on the same themes repeats."""


def leave_other_parts(layout: Layout, findings: Findings) -> None:
    """Leaves out the parts of the page that are about something else, each from its heading on."""
    at = before = 0
    after = prose_chars(layout.lines)
    while at < len(layout.lines):
        line = layout.lines[at]
        if line.opens_elsewhere and line.is_body and before >= _MIN_PROSE_BEFORE:
            end = _leave_part(layout, findings, at, before, after)
            after -= sum(len(left.text) for left in layout.lines[at:end] if left.is_prose)
            at = end
            continue
        if line.is_prose and line.is_body:
            before += len(line.text)
            after -= len(line.text)
        at += 1


def _leave_part(layout: Layout, findings: Findings, start: int, before: int, after: int) -> int:
    """Leaves out a part of the page, and returns the place of the first line that is not of it.

    `before` and `after` are how many characters of prose stand on either side of its heading.
    """
    lines = layout.lines
    heading = lines[start]
    if opens_comments(heading.text) and after <= before:
        for line in lines[start:]:
            line.leave()
        return len(lines)
    box = _box_of(layout, start)
    same_themes = opens_same_themes(heading.text)
    repeats: list[str] = []
    end = start
    for end in range(start, len(lines)):
        line = lines[end]
        if box and line.block.path[: len(box)] != box:
            break
        if not box and end > start and (_resumes(layout, end) or line.opens_elsewhere):
            break
        if end > start and line.notices and not line.is_boilerplate:
            break
        if same_themes and line.is_short and len(line.text) <= MAX_THEME_CHARS:
            repeats.append(line.text)
        line.leave()
    else:
        end = len(lines)
    if end == start + 1 < len(lines) and heading.is_heading:
        # Nothing is under it but the text: it is a heading of the text after all.
        heading.opens_elsewhere, heading.is_used, heading.is_body = False, False, True
    if repeats:
        _take_repeated_themes(lines[:start], findings, unique(repeats))
    return end


def _take_repeated_themes(above: Sequence[Line], findings: Findings, names: Sequence[str]) -> None:
    """Takes the themes that stand above and again under the heading of articles on them."""
    keys = {name.casefold() for name in names}
    first = [line for line in above if line.text.casefold() in keys and line.is_body]
    if len(first) >= max(1, len(names) - 1):
        for line in first:
            line.leave()
        findings.add_themes(names, " ".join(names), _REPEATED_THEMES)


def _box_of(layout: Layout, start: int) -> tuple[int, ...]:
    """The path of the element that holds a heading about something else and none of the text.

    Empty where the element holds text, or where the page has no elements.
    """
    box = layout.lines[start].block.path[:-1]
    above = layout.lines[max(0, start - 200) : start]
    if not box or any(line.is_prose and line.block.path[: len(box)] == box for line in above):
        return ()
    size = prose_chars(line for line in layout.lines[start:] if line.block.path[: len(box)] == box)
    return box if size <= _MAX_BOX * prose_chars(layout.lines) else ()


def _resumes(layout: Layout, at: int) -> bool:
    """Whether the text goes on here: a long paragraph, or prose after prose."""
    line, following = layout.lines[at], layout.line_at(at + 1)
    if line.is_heading and line.is_short and line.block.link_share < 0.5:
        # A heading of the text; what other articles are called is a link, or no prose follows.
        return following is not None and _resumes(layout, at + 1)
    if not line.is_prose or line.block.kind is BlockKind.ITEM or line.block.link_share > 0.3:
        return False
    return len(line.text) >= 200 or bool(following and following.is_prose)


def end_at_colophon(layout: Layout) -> None:
    """Ends the text at the notices that close an article, if little prose stands below them."""
    whole = prose_chars(layout.lines)
    after, is_little = 0, True
    for at in range(len(layout.lines) - 1, -1, -1):
        line = layout.lines[at]
        if line.is_prose and line.is_body:
            after += len(line.text)
            is_little = is_little and len(line.text) <= 250
            is_little = is_little and after <= _MAX_AFTER_COLOPHON * whole
            if after > _MAX_ABOUT * whole:
                return
        elif after and (opens_colophon(line.text) or (is_little and _closes(line))):
            for below in layout.lines[at + 1 :]:
                below.is_prose = False
            return


def _closes(line: Line) -> bool:
    """Whether the notices of a line are such as stand below a text."""
    if is_row_of_hashtags(line.text):
        return len(line.text.split()) > 1
    return line.block.region is Region.TEXT and any(
        notice.announced in _CLOSING_FIELDS and not notice.is_bare for notice in line.notices
    )


def leave_surroundings(layout: Layout) -> None:
    """Leaves out boilerplate, and what stands below the text and does not belong to it."""
    is_over = False
    for at, line in enumerate(layout.lines):
        is_below = at > layout.last
        if is_below and (line.is_event or not line.is_body):
            is_over = is_over or line.block.region is Region.TEXT
        if is_below and line.is_short and line.is_body:
            is_over = is_over or not _still_belongs(layout, at)
        if (
            line.is_boilerplate
            or (is_below and line.opens_elsewhere)
            or (is_over and line.is_body and not line.is_prose)
        ):
            line.leave()
    body = [line for line in layout.lines if line.is_body]
    while body and body[-1].is_heading:
        body.pop().leave()


def _still_belongs(layout: Layout, at: int) -> bool:
    """Whether a short line below the last prose belongs to the text."""
    line, below = layout.lines[at], layout.line_at(at + 1)
    text = line.text.rstrip()
    if line.block.kind in {BlockKind.ITEM, BlockKind.ROW}:
        return line.block.link_share < 0.7
    if below and below.block.kind in {BlockKind.ITEM, BlockKind.ROW} and below.is_body:
        return _still_belongs(layout, at + 1)
    if line.is_heading or text.endswith(":"):
        return True  # of what follows; the last of all is left out
    if text.endswith("?") and line is not layout.lines[-1]:
        return False  # the reader is asked
    return bool(SENTENCE_END.search(line.text)) and len(line.text.split()) >= 2


def markdown_of(blocks: Sequence[Block]) -> str:
    """The blocks as Markdown: headings from the second level down, items as lists, tables."""
    levels = [block.level for block in blocks if block.kind is BlockKind.HEADING]
    shift = 2 - min(levels, default=2)
    pieces: list[str] = []
    before: Block | None = None
    for block in blocks:
        piece = _markdown_of_block(block, shift)
        if before and before.kind is block.kind and block.kind in {BlockKind.ITEM, BlockKind.ROW}:
            pieces.append("\n")
        elif before:
            pieces.append("\n\n")
        if block.kind is BlockKind.ROW and not (before and before.kind is BlockKind.ROW):
            piece += "\n" + re.sub(r"[^|]+", " --- ", piece)
        pieces.append(piece)
        before = block
    return "".join(pieces).strip()


def _markdown_of_block(block: Block, shift: int) -> str:
    if block.kind is BlockKind.HEADING:
        return f"{'#' * min(6, max(2, block.level + shift))} {block.shown}"
    if block.kind is BlockKind.ITEM:
        mark = f"{block.number}." if block.number else "-"
        return f"{'   ' * block.level}{mark} {block.shown}"
    return block.shown

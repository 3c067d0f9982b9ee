"""The text of an article, without what surrounds it and the parts about something else."""

import re
from collections.abc import Sequence

from ingest.articles.blocks import Block, BlockKind, Region
from ingest.articles.metadata.boilerplate import opens_colophon, opens_comments
from ingest.articles.metadata.label_table import DATES, PEOPLE, Announced
from ingest.articles.metadata.layout import Layout, Line, prose_chars
from ingest.articles.metadata.notices import is_row_of_hashtags
from ingest.articles.typography import SENTENCE_END

_CLOSING_FIELDS = PEOPLE | DATES | {Announced.THEMES}
_MAX_AFTER_COLOPHON = 0.2  # the greatest share of all prose below the notices that close a text
_MAX_ABOUT = 0.4  # the same, for what an organisation writes about itself below its press releases
_MIN_PROSE_BEFORE = 120  # the characters of prose above the first part about something else
_MIN_RESUMING = 200  # the length of a paragraph with which the text goes on below such a part


def leave_other_parts(layout: Layout) -> None:
    """Leaves out parts about something else, from a heading to long prose, and all comments."""
    before, is_elsewhere, is_over = 0, False, False
    for line in layout.lines:
        if line.opens_elsewhere and line.is_body and before >= _MIN_PROSE_BEFORE:
            is_elsewhere, is_over = True, is_over or opens_comments(line.text)
        elif line.is_prose and len(line.text) >= _MIN_RESUMING:
            is_elsewhere = is_over
        if is_elsewhere and not (line.notices and not is_over):
            line.leave()
        elif line.is_prose and line.is_body:
            before += len(line.text)


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
    if is_row_of_hashtags(line.text):
        return len(line.text.split()) > 1
    return line.block.region is Region.TEXT and any(
        notice.announced in _CLOSING_FIELDS and not notice.is_bare for notice in line.notices
    )


def leave_surroundings(layout: Layout) -> None:
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

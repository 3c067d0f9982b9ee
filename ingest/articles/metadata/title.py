"""The title of an article: what a line announces, what the file declares, or what stands out."""

import re
from collections.abc import Mapping, Sequence

from ingest.articles import lexicon
from ingest.articles.blocks import BlockKind
from ingest.articles.metadata.findings import Findings
from ingest.articles.metadata.label_table import DATES, PEOPLE, Announced
from ingest.articles.metadata.layout import Layout, Line, prose_chars
from ingest.articles.metadata.person_names import is_job, is_name_of_organisation, is_person
from ingest.articles.typography import TWO_SENTENCES
from ingest.records.fields import folded
from kb.registers.proposals import ProposedField

MAX_TITLE_CHARS = 300
_MAX_SENTENCE_CHARS = 150
"""The longest first sentence of a text that can be its title."""
_MAX_ABOVE = 100
"""Numbers of lines above the text that are searched, from their start and from their end."""
_MAX_PROSE_ABOVE = 0.3
"""The share of all prose above which what stands above the title is text, and stays."""

BASE_SCORE = 3.0
HEADING_LEVEL_COST = 0.5
TITLE_WEIGHTS: Mapping[str, float] = {
    "is_first_plausible_line": 1.5,
    "is_right_above_byline": 1.5,
    "is_called_title": 3.0,
    "is_heading": 3.0,  # less `HEADING_LEVEL_COST` for each level
    "is_set_apart": 1.0,
    "is_not_set_apart_as_others_are": -1.0,
    "leads_to_the_text": 1.2,
    "is_in_capitals_above_other_case": -1.5,
    "is_masthead": -2.0,
    "has_bars": -2.0,
    "is_numbered_among_others": -3.0,
    "is_signature_of_the_site": -2.0,
    "is_repeated": 1.0,
    "is_organisation": -2.0,
    "is_above_navigation": -1.5,
    "is_below_byline": -1.5,
    "is_as_long_as_titles": 0.7,
    "has_fewer_than_three_words": -1.0,
    "ends_open": -2.0,
    "ends_with_full_stop": -1.0,
    "is_list_item": -1.0,
    "is_person_or_job": -1.0,
    "is_labelled_person": -3.0,
    "is_declared": 4.0,
}
"""Weight of each sign that a line is the title.

Set by hand until the articles of tests/data/articles/tune read right; a line below 0 is no title.
"""
SURE_SCORE = 5.0
SURE, UNSURE, CONFIRMED, LABELLED = 0.9, 0.7, 0.95, 0.92
"""The confidence in a line of `SURE_SCORE`, in a lower one, in one that the file's title begins
with, and in a value after a label."""
_SURE_DECLARATION = 0.9
"""The confidence from which a declared title needs no line."""

_MASTHEAD = re.compile(
    r"\bn\s?[°o]\s?\d+(?!\d|\s?[–—:-]\s(?:\S+\s){2}\S)"
    rf"|\b{lexicon.any_of('mastheads', 'titles')}\b",
    re.IGNORECASE,
)
_FOLIO = re.compile(r"\b(?:page|p|n|no|numero|issue) \d")
_LABELLED = re.compile(r"[^:]{3,40}\s?:\s")
FORWARDED = re.compile(r"^(?:(?:re|tr|fwd?|aw|wg)\s?:\s*)+", re.IGNORECASE)
_BARS = re.compile(r"\S\s+[|·•>›/]\s+\S|^[^«]*\S\s+»\s+\S")
_NUMBERING = re.compile(r"^(?:\d{1,2}|[IVX]{1,4})[.)]\s+")
_IN_BRACKETS = re.compile(r"^\[\s*([^\[\]]+?)\s*\]$")


def find_title(layout: Layout, findings: Findings) -> None:
    """Finds the title, and leaves what stands above it out of the text."""
    declared = findings.fields.get("title")
    scores = _scores(layout, declared)
    announced = next(
        (
            (at, notice)
            for at, line in enumerate(layout.lines[: layout.head + 1])
            for notice in line.notices
            if notice.announced is Announced.TITLE and notice.value
        ),
        None,
    )
    if announced:
        at, notice = announced
        title = FORWARDED.sub("", notice.value)
        findings.add("title", title, layout.lines[at].text, LABELLED)
        _leave_above(layout, at)
        layout.lines[at].leave()
        _leave_repeats(layout, title)
        return
    if declared and declared.confidence >= _SURE_DECLARATION:
        at = next((at for at, line in enumerate(layout.lines)
                   if _is_same(line.text, declared.value)), -1)  # fmt: skip
        if at >= 0:
            _leave_above(layout, at)
        _leave_repeats(layout, declared.value)
        return
    score, minus_at = max(scores, default=(-1.0, 0))
    if score >= 0:
        line = layout.lines[-minus_at]
        title = _IN_BRACKETS.sub(r"\1", _NUMBERING.sub("", line.text).strip(" *_#"))
        confidence = SURE if score >= SURE_SCORE else UNSURE
        if declared and folded(declared.value).startswith(folded(title)) and len(title) > 10:
            confidence = CONFIRMED
        findings.fields.pop("title", None)
        findings.add("title", title, line.text, confidence)
        _leave_above(layout, -minus_at)
        line.leave()
        _leave_repeats(layout, title)


def _scores(layout: Layout, declared: ProposedField | None) -> list[tuple[float, int]]:
    """The score of each line above the text that can be the title, and minus its place."""
    # Of very many lines above the text, those at their beginning and their end.
    first = max(layout.first, _main_heading(layout) + 1)
    above = [at for at in range(first) if at < _MAX_ABOVE or at >= first - _MAX_ABOVE]
    candidates = [at for at in above if _could_be_title(layout, at)]
    if not candidates and layout.line_at(layout.first) and _could_be_title(layout, layout.first):
        candidates = [layout.first]
    rivals = [layout.lines[at] for at in above]
    rivals = [line for line in rivals if line.is_body and not line.is_event]
    return [(_score(layout, at, rivals, declared), -at) for at in candidates]


def _main_heading(layout: Layout) -> int:
    """The place of the one heading of the first level below which most of the text stands, or -1.

    What reads as prose above it is a banner.
    """
    places = [at for at, line in enumerate(layout.lines)
              if line.is_heading and line.block.level == 1 and line.is_body]  # fmt: skip
    if len(places) != 1:
        return -1
    above = prose_chars(layout.lines[: places[0]])
    return places[0] if above <= _MAX_PROSE_ABOVE * prose_chars(layout.lines) else -1


def _could_be_title(layout: Layout, at: int) -> bool:
    line = layout.lines[at]
    kind, text = line.block.kind, line.text
    if not line.is_body or line.is_event or len(text) > MAX_TITLE_CHARS:
        return False
    if kind in {BlockKind.ROW, BlockKind.VERBATIM}:
        return False
    if at < layout.first or line.is_heading:
        return line.block.link_share < 0.9 or line.is_heading
    # The first sentence may be a title that asks or states something.
    return (
        kind is BlockKind.PARAGRAPH
        and len(text) <= _MAX_SENTENCE_CHARS
        and line.block.stands_alone
        and not TWO_SENTENCES.search(text)
        and any(other.is_prose for other in layout.lines[at + 1 :])
    )


def _score(
    layout: Layout, at: int, rivals: Sequence[Line], declared: ProposedField | None
) -> float:
    line = layout.lines[at]
    level_cost = HEADING_LEVEL_COST * line.block.level
    weights = {**TITLE_WEIGHTS, "is_heading": TITLE_WEIGHTS["is_heading"] - level_cost}
    signs = _signs(layout, at, rivals, declared)
    return BASE_SCORE + sum(weights[sign] for sign, holds in signs.items() if holds)


def _signs(
    layout: Layout, at: int, rivals: Sequence[Line], declared: ProposedField | None
) -> Mapping[str, bool]:
    """Returns the signs of `TITLE_WEIGHTS` that a line shows among its rivals."""
    line = layout.lines[at]
    text = line.text
    is_set_apart = line.block.stands_alone and all(
        below.block.stands_alone or below.is_event for below in layout.lines[at + 1 : at + 2]
    )
    others_are_apart = any(rival.block.stands_alone for rival in rivals[1:])
    label_value = text.split(":")[1].split(",")[0] if _LABELLED.match(text) else ""
    return {
        "is_first_plausible_line": line is next(filter(_is_plausible, rivals), None),
        "is_right_above_byline": _is_right_above_byline(layout, at),
        "is_called_title": line.block.hint == Announced.TITLE,
        "is_heading": line.is_heading,
        "is_set_apart": is_set_apart,
        "is_not_set_apart_as_others_are": not is_set_apart and others_are_apart,
        "leads_to_the_text": _leads_to_the_text(layout, at),
        "is_in_capitals_above_other_case": text.isupper()
        and _is_above_other_case(layout, at, rivals),
        "is_masthead": bool(_MASTHEAD.search(text)) or _is_above_folio(layout, at),
        "has_bars": bool(_BARS.search(text)) and not line.is_heading,
        "is_numbered_among_others": _is_numbered(line) and sum(map(_is_numbered, layout.lines)) > 1,
        "is_signature_of_the_site": _is_signed_below(layout, text),
        "is_repeated": sum(folded(other.text) == folded(text) for other in layout.lines) > 1,
        "is_organisation": is_name_of_organisation(text),
        "is_above_navigation": _has_navigation_below(layout, at),
        "is_below_byline": any(
            notice.announced in PEOPLE for above in layout.lines[:at] for notice in above.notices
        ),
        "is_as_long_as_titles": 20 <= len(text) <= 160,
        "has_fewer_than_three_words": len(text.split()) < 3,
        "ends_open": text.endswith((":", ";", ",")),
        "ends_with_full_stop": text.endswith("."),
        "is_list_item": line.block.kind is BlockKind.ITEM,
        "is_person_or_job": is_person(text) or is_job(text),
        "is_labelled_person": is_person(label_value),
        "is_declared": declared is not None and _is_same(declared.value, text),
    }


def _is_plausible(line: Line) -> bool:
    """Whether a line is more than a kicker, a masthead or the name of a site."""
    text = line.text
    return not (
        len(text.split()) < 3
        or line.block.kind is BlockKind.ITEM
        or _MASTHEAD.search(text)
        or (_BARS.search(text) and not line.is_heading)
        or is_name_of_organisation(text)
    )


def _is_numbered(line: Line) -> bool:
    return line.block.number > 0 or bool(_NUMBERING.match(line.text))


def _leads_to_the_text(layout: Layout, at: int) -> bool:
    """Whether only notices, lower headings and the like lie between a line and the text."""
    line = layout.lines[at]
    level = line.block.level if line.is_heading else 99
    between = layout.lines[at + 1 : layout.first]
    # One line may stand between, that says more than the title.
    subtitle = next(
        (below for below in between
         if below.is_body and below.is_short and len(below.text) > len(line.text)), None
    )  # fmt: skip
    return all(
        below == subtitle
        or below.is_event
        or (below.is_heading and below.block.level > level)
        or _is_numbered(below)
        or (_LABELLED.match(below.text) and len(below.text) < 80)
        for below in between
    )


def _has_navigation_below(layout: Layout, at: int) -> bool:
    """Whether buttons and menus stand between a line and others that could be the title."""
    rest = layout.lines[at + 1 : layout.first]
    menu = next((place for place, line in enumerate(rest) if line.is_boilerplate), None)
    return menu is not None and any(
        line.is_short and line.is_body and len(line.text.split()) >= 3 for line in rest[menu:]
    )


def _is_above_folio(layout: Layout, at: int) -> bool:
    """Whether a line is the name of a paper: its day stands right below, and a title below that.

    The number of the page beside the day is enough; else the line is written like a name.
    """
    below = layout.line_at(at + 1)
    if not below or not below.notices:
        return False
    is_dated = any(
        notice.announced is Announced.DATE and notice.is_bare for notice in below.notices
    )
    others = [line for line in layout.lines[at + 2 : layout.first] if _is_plausible(line)]
    is_name = all(word[0].isupper() for word in layout.lines[at].text.split() if len(word) > 3)
    return bool(_FOLIO.search(folded(below.text)) or (is_dated and is_name and others))


def _is_above_other_case(layout: Layout, at: int, rivals: Sequence[Line]) -> bool:
    """Whether lines that are not in capitals could be the title, below one that is."""
    above = {id(line) for line in layout.lines[:at]}
    return any(not rival.text.isupper() and id(rival) not in above for rival in rivals)


def _is_signed_below(layout: Layout, text: str) -> bool:
    """Whether what stands below the article names the line, as sites name themselves."""
    name = folded(text)
    return len(name) >= 6 and any(
        name in folded(line.text) and folded(line.text) != name
        for line in layout.lines[layout.last + 1 :]
        if line.is_boilerplate
    )


def _is_right_above_byline(layout: Layout, at: int) -> bool:
    """Whether a notice of who and when hangs on the line, with no blank between."""
    return any(
        (notice.announced in PEOPLE or (notice.announced in DATES and not notice.is_bare))
        and not line.block.stands_alone
        for line in layout.lines[at + 1 : at + 2]
        for notice in line.notices
    )


def _is_same(title: str, other: str) -> bool:
    """Whether two titles are equal when folded, or the longer begins with the shorter."""
    short, long = sorted((folded(title), folded(other)), key=len)
    return short == long or (len(short) >= 15 and long.startswith(short))


def _leave_above(layout: Layout, at: int) -> None:
    """Leaves out what stands above the title, but never the better part of the text."""
    above = layout.lines[:at]
    keep_prose = prose_chars(above) > _MAX_PROSE_ABOVE * prose_chars(layout.lines)
    for line in above:
        if not (line.is_prose and keep_prose) and not line.notices:
            line.is_body = False


def _leave_repeats(layout: Layout, title: str) -> None:
    for at, line in enumerate(layout.lines[: layout.first + 2]):
        if folded(line.text) == folded(title) and (not line.is_prose or at == layout.first):
            line.leave()

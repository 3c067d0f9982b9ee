"""The title of an article: what a line announces, what the file declares, or what stands out."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from ingest.articles import lexicon
from ingest.articles.blocks import BlockKind
from ingest.articles.metadata.label_table import PEOPLE, Announced
from ingest.articles.metadata.layout import Findings, Layout, Line, prose_chars
from ingest.articles.metadata.person_names import is_job, is_name_of_organisation, is_person
from ingest.articles.typography import TWO_SENTENCES
from ingest.records.fields import folded
from kb.registers.drafts import ProposedField
from kb.text.analysis import FUNCTION_WORDS, stems, words

MAX_TITLE_CHARS = 300
_MAX_SENTENCE_CHARS = 150  # the longest first sentence of a text that can be its title
_MAX_ABOVE = 100  # lines above the text that are searched, at their start and their end
_MAX_PROSE_ABOVE = 0.3  # of all prose; more above the title is text, and stays
LEAST_CHANCE = 0.3  # the least chance of a line that is taken for the title
LABELLED = 0.92  # the confidence in a value after a label
_SURE_DECLARATION = 0.9  # the confidence from which a declared title needs no line
_MASTHEAD = re.compile(
    r"\bn\s?[°o]\s?\d+(?!\d|\s?[–—:-]\s(?:\S+\s){2}\S)"
    rf"|\b{lexicon.any_of('mastheads', 'titles')}\b",
    re.IGNORECASE,
)
_LABELLED = re.compile(r"[^:]{3,40}\s?:\s")
FORWARDED = re.compile(r"^(?:(?:re|tr|fwd?|aw|wg)\s?:\s*)+", re.IGNORECASE)
_BETWEEN = re.compile(r"\s+[-–—|·•*/»›>]+\s+|\s*[|·•»›]\s*")  # entries of a menu
_MOST_PARTS = 4
_LEAST_DECLARED = 8
_MOST_TOLD_AGAIN = 3
_MOST_PROSE = 20_000  # characters of the text in which the words of a line are looked for
_NUMBERING = re.compile(r"^(?:\d{1,2}|[IVX]{1,4})[.)]\s+")
_IN_BRACKETS = re.compile(r"^\[\s*([^\[\]]+?)\s*\]$")


class TitleLine(NamedTuple):
    """A line that can be the title: its place in the layout, and its features by their names."""

    at: int
    features: Mapping[str, float]


def find_title(layout: Layout, findings: Findings) -> None:
    declared = findings.fields.get("title")
    lines = title_lines(layout, declared)
    announced = [
        (at, notice)
        for at, line in enumerate(layout.lines[: layout.head + 1])
        for notice in line.notices
        if notice.announced is Announced.TITLE and notice.value
    ]
    if announced:
        at, notice = announced[0]
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
    chances = title_chances([line.features for line in lines])
    confidence, minus_at = max(
        zip(chances, (-line.at for line in lines), strict=False), default=(0.0, 0)
    )
    if confidence < (declared.confidence if declared else LEAST_CHANCE):
        return
    line = layout.lines[-minus_at]
    title = _IN_BRACKETS.sub(r"\1", _NUMBERING.sub("", line.text).strip(" *_#"))
    findings.fields.pop("title", None)
    findings.add("title", title, line.text, confidence)
    _leave_above(layout, -minus_at)
    line.leave()
    _leave_repeats(layout, title)


def title_lines(layout: Layout, declared: ProposedField | None) -> list[TitleLine]:
    """The lines above the text that can be the title, in order; `declared` is that of the file."""
    # Of very many lines above the text, those at their beginning and their end.
    first = max(layout.first, _main_heading(layout) + 1)
    above = [at for at in range(first) if at < _MAX_ABOVE or at >= first - _MAX_ABOVE]
    is_list = sum(map(_is_numbered, layout.lines)) > 1
    places = [at for at in above if _could_be_title(layout, at)]
    places = [at for at in places if not (is_list and _is_numbered(layout.lines[at]))]
    if not places and layout.line_at(layout.first) and _could_be_title(layout, layout.first):
        places = [layout.first]
    lines = [layout.lines[at] for at in above]
    first_plausible = next(
        (line for line in lines if line.is_body and not line.is_event and _is_plausible(line)), None
    )
    level = min((layout.lines[at].block.level for at in places if layout.lines[at].is_heading),
                default=0)  # fmt: skip
    prose = " ".join(line.text for line in layout.lines if line.is_prose and line.is_body)
    told = _stems(prose[:_MOST_PROSE])

    def features(at: int) -> Mapping[str, float]:
        line = layout.lines[at]
        text = line.text
        value = text.split(":")[1].split(",")[0] if _LABELLED.match(text) else text
        below = layout.lines[at + 1 : at + 2]
        is_apart = line.block.stands_alone and all(
            each.block.stands_alone or each.is_event for each in below
        )
        told_again = min(len(told & _stems(text)), _MOST_TOLD_AGAIN)
        return {
            "is a line": 1.0,
            "is the first plausible line": line is first_plausible,
            "is a heading of the highest level": line.is_heading and line.block.level == level,
            "words told again in the text": told_again / _MOST_TOLD_AGAIN,
            "is the first line of the page": at == 0,
            "ends with a comma or a colon": text.endswith((":", ";", ",")),
            "stands below a byline": any(
                notice.announced in PEOPLE for over in layout.lines[:at] for notice in over.notices
            ),
            "begins small": text[:1].islower(),
            "ends with a full stop": text.endswith("."),
            "reads as a masthead": bool(_MASTHEAD.search(text)),
            "names a person or a job": is_person(value) or is_job(value),
            "is set apart": is_apart,
            "is as long as titles": 20 <= len(text) <= 160,
            "parts": (min(len(_parts(text)), _MOST_PARTS) - 1) / (_MOST_PARTS - 1),
            "is in the declared title": declared is not None and _is_in(text, declared.value),
        }

    return [TitleLine(at, features(at)) for at in places]


def title_chances(lines: Sequence[Mapping[str, float]]) -> list[float]:
    """How likely each line is the title by its features, and last that none of them is."""
    weights = title_weights()
    odds = [
        math.exp(sum(weights[name] * value for name, value in features.items()))
        for features in lines
    ]
    return [each / (1 + sum(odds)) for each in (*odds, 1.0)]


@cache
def title_weights() -> Mapping[str, float]:
    text = (files("ingest.articles.metadata") / "title.json").read_text(encoding="utf-8")
    weights: dict[str, float] = json.loads(text)
    return weights


def _main_heading(layout: Layout) -> int:
    """The place of the only top heading with most of the text, and no prose, above; or -1."""
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


def _is_plausible(line: Line) -> bool:
    text = line.text
    return not (
        len(text.split()) < 3
        or line.block.kind is BlockKind.ITEM
        or _MASTHEAD.search(text)
        or (len(_parts(text)) > 2 and not line.is_heading)
        or is_name_of_organisation(text)
    )


def _is_numbered(line: Line) -> bool:
    return line.block.number > 0 or bool(_NUMBERING.match(line.text))


def _parts(text: str) -> list[str]:
    return [part for part in _BETWEEN.split(text) if part.strip()]


def _stems(text: str) -> set[str]:
    return {
        stem
        for word in words(text)
        if len(word.forms[-1]) > 2 and word.forms[-1] not in FUNCTION_WORDS
        for stem in sorted(stems(word))[:1]
    }


def _is_in(text: str, declared: str) -> bool:
    return _is_same(declared, text) or (
        len(text) >= _LEAST_DECLARED and folded(text) in folded(declared)
    )


def _is_same(title: str, other: str) -> bool:
    """Whether two titles are equal when folded, or the longer begins with the shorter."""
    short, long = sorted((folded(title), folded(other)), key=len)
    return short == long or (len(short) >= 15 and long.startswith(short))


def _leave_above(layout: Layout, at: int) -> None:
    above = layout.lines[:at]
    keep_prose = prose_chars(above) > _MAX_PROSE_ABOVE * prose_chars(layout.lines)
    for line in above:
        if not (line.is_prose and keep_prose) and not line.notices:
            line.is_body = False


def _leave_repeats(layout: Layout, title: str) -> None:
    for at, line in enumerate(layout.lines[: layout.first + 2]):
        if folded(line.text) == folded(title) and (not line.is_prose or at == layout.first):
            line.leave()

"""Evidence in a few words, for lists that are read at a glance."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from kb.explanation.explanation import PassageExplanation
from kb.search.query import NeedPart
from kb.search.results import ActorHit, Evidence, EvidenceKind
from kb.search.weights import NAMES
from kb.text.beginnings import beginning, first_sentence
from kb.text.folding import fold
from web.http.i18n import Language

_STRONGEST_FIRST = (
    EvidenceKind.NAME,
    EvidenceKind.CASE,
    EvidenceKind.SIMILAR,
    EvidenceKind.MEANS,
    EvidenceKind.PASSAGE,
    EvidenceKind.TRADE,
)
"""What was shown says more than what is inferred, that more than own words of other things.

The words of an activity code come last: nobody said them of the organisation.
"""

_QUOTED = re.compile(r"«\s*(.+?)\s*»|“(.+?)”|\"(.+?)\"")


def strongest(evidence: Sequence[Evidence]) -> Evidence | None:
    """The evidence to show where there is room for a single piece; None if there is none."""
    return next(iter(in_order(evidence)), None)


def in_order(evidence: Sequence[Evidence]) -> Sequence[Evidence]:
    """Own words, else a code's, with a word of the need come before what is inferred."""
    said = any(item.kind is EvidenceKind.PASSAGE for item in evidence)
    words = EvidenceKind.PASSAGE if said else EvidenceKind.TRADE
    return sorted(
        evidence,
        key=lambda item: (
            _STRONGEST_FIRST.index(EvidenceKind.CASE) + 0.5
            if item.kind is words and item.marks
            else _STRONGEST_FIRST.index(item.kind)
        ),
    )


def is_named(hit: ActorHit) -> bool:
    """Whether the query is the actor's name or number, and not only nearly its name."""
    return hit.parts.name >= NAMES.exact


def main_kind(hit: ActorHit) -> EvidenceKind:
    """Returns the kind of evidence that gives most of a hit's score, else its own words."""
    kinds = {item.kind for item in hit.evidence}
    if EvidenceKind.NAME in kinds:
        return EvidenceKind.NAME
    given = {
        EvidenceKind.CASE: hit.parts.case,
        EvidenceKind.SIMILAR: hit.parts.similar,
        EvidenceKind.MEANS: hit.parts.inferred - hit.parts.similar,
        EvidenceKind.PASSAGE: max(hit.parts.own, 0.0),
    }
    best = max(given, key=lambda kind: given[kind])
    return best if best in kinds and given[best] > 0 else EvidenceKind.PASSAGE


def inner(text: str, language: str) -> str:
    """Returns a text to stand within quotation marks: its own become inner ones."""
    left, right = "“”" if language == Language.FR else "‘’"
    return _QUOTED.sub(lambda match: f"{left}{match[match.lastindex or 0]}{right}", text)


def alike(passage: PassageExplanation, need: str) -> Sequence[tuple[str, str]]:
    """Returns pairs of a passage's word and the need's word of similar meaning, each pair once."""
    pairs = (
        (passage.text[pair.start : pair.end], need[pair.other_start : pair.other_end])
        for pair in passage.close
    )
    found = {(fold(word), fold(other)): (word, other) for word, other in pairs}
    return [pair for (word, other), pair in found.items() if word != other]


def part_of_need(part: NeedPart) -> str:
    if part.near is None or "(" in part.text:
        return part.text
    return f"{part.text} ({part.near.department})"


def filters(language: Language) -> Mapping[str, Callable[..., object]]:
    return {
        "alike": alike,
        "beginning": beginning,
        "first_sentence": first_sentence,
        "inner": partial(inner, language=language),
        "is_named": is_named,
        "main_kind": main_kind,
        "part_of_need": part_of_need,
        "strongest": strongest,
    }

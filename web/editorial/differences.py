"""What changed between two states of a record: field by field, word by word.

Owns what counts as a change and how much of what stayed is shown around it. How a change looks
is the templates' work.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from difflib import SequenceMatcher
from enum import StrEnum

from kb.models import Participation, Record
from kb.reference.roles import Role

CONTEXT_CHARS = 160
"""How much of an unchanged stretch is shown on either side of a change."""

MAX_COMPARED = 4_000_000
"""Pairs of words that are compared; beyond, the whole stretch counts as replaced."""

_WORDS = re.compile(r"\s+|\w+|[^\w\s]")
_SPACES = re.compile(r"\s+")
_LINES = re.compile(r"[^\n]*\n|[^\n]+")


class Change(StrEnum):
    """What became of a stretch of text; `GAP` stands for what stayed and is not shown."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"
    GAP = "gap"


@dataclass(frozen=True, slots=True)
class Piece:
    change: Change
    text: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that changed, named as the record names it."""

    field: str
    pieces: tuple[Piece, ...]


def differences(
    before: Record, after: Record, role_word: Callable[[Role], str] = str
) -> list[Difference]:
    """The fields that differ, in the record's own order; empty where the two are equal.

    `role_word` tells a role in the reader's language.
    """
    old, new = _texts(before, role_word), _texts(after, role_word)
    return [
        Difference(field, tuple(_with_gaps(compared(old.get(field, ""), new.get(field, "")))))
        for field in {**old, **new}
        if old.get(field, "") != new.get(field, "")
    ]


def compared(before: str, after: str) -> list[Piece]:
    """The pieces of both texts in order: lines first, then words in the lines that changed.

    Those that are not `ADDED` make up `before`, those that are not `REMOVED` make up `after`.
    """
    return _joined(_compared_lines(_LINES.findall(before), _LINES.findall(after)))


def _texts(record: Record, role_word: Callable[[Role], str]) -> dict[str, str]:
    """Each field as text; lists have a line for each item."""
    return {
        one.name: _text(getattr(record, one.name), role_word)
        for one in fields(record)
        if one.name != "id"
    }


def _text(value: object, role_word: Callable[[Role], str]) -> str:
    if isinstance(value, Mapping):
        return "\n".join(f"{name}: {text}" for name, text in value.items())
    if isinstance(value, tuple):
        return "\n".join(
            _participation(one, role_word) if isinstance(one, Participation) else str(one)
            for one in value
        )
    return str(value)


def _participation(one: Participation, role_word: Callable[[Role], str]) -> str:
    known = f"{one.name} ({one.actor_id})" if one.actor_id else one.name
    parts = [known, role_word(one.role), one.contribution, one.source_url]
    return " · ".join(part for part in parts if part)


def _compared_lines(before: Sequence[str], after: Sequence[str]) -> Iterator[Piece]:
    for change, old, new in _blocks(before, after):
        if change == "equal":
            yield Piece(Change.SAME, "".join(old))
        else:
            yield from _compared_words(_WORDS.findall("".join(old)), _WORDS.findall("".join(new)))


def _compared_words(before: Sequence[str], after: Sequence[str]) -> Iterator[Piece]:
    for change, old, new in _blocks(before, after):
        if change == "equal":
            yield Piece(Change.SAME, "".join(old))
            continue
        if old:
            yield Piece(Change.REMOVED, "".join(old))
        if new:
            yield Piece(Change.ADDED, "".join(new))


def _blocks(
    before: Sequence[str], after: Sequence[str]
) -> Iterator[tuple[str, Sequence[str], Sequence[str]]]:
    if len(before) * len(after) > MAX_COMPARED:
        yield "replace", before, after
        return
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for change, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        yield change, before[old_start:old_end], after[new_start:new_end]


def _joined(pieces: Iterator[Piece]) -> list[Piece]:
    """The pieces with neighbours of one kind made one, and a lone space between changes in them.

    "old words" into "new things" reads better as one change than as two around a space.
    """
    bridged: list[Piece] = []
    waiting = list(pieces)
    for position, piece in enumerate(waiting):
        between = 0 < position < len(waiting) - 1
        if (
            between
            and piece.change is Change.SAME
            and piece.text.isspace()
            and "\n" not in piece.text
        ):
            bridged += [Piece(Change.REMOVED, piece.text), Piece(Change.ADDED, piece.text)]
        else:
            bridged.append(piece)
    joined: list[Piece] = []
    removed, added = "", ""
    for piece in [*bridged, Piece(Change.SAME)]:
        if piece.change is Change.REMOVED:
            removed += piece.text
        elif piece.change is Change.ADDED:
            added += piece.text
        else:
            changed = ((Change.REMOVED, removed), (Change.ADDED, added))
            joined += [Piece(change, text) for change, text in changed if text]
            removed, added = "", ""
            if piece.text:
                joined.append(piece)
    return joined


def _with_gaps(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """The pieces, of a long unchanged stretch only what touches a change."""
    last = len(pieces) - 1
    for position, piece in enumerate(pieces):
        first_kept = 0 if position == 0 else CONTEXT_CHARS
        last_kept = 0 if position == last else CONTEXT_CHARS
        hidden = len(piece.text) - first_kept - last_kept
        if piece.change is not Change.SAME or hidden < CONTEXT_CHARS:
            yield piece
            continue
        if first_kept:
            yield Piece(Change.SAME, _whole_words(piece.text[:first_kept]))
        yield Piece(Change.GAP)
        if last_kept:
            yield Piece(Change.SAME, _whole_words(piece.text[-last_kept:][::-1])[::-1])


def _whole_words(text: str) -> str:
    """The text up to its last space, unless that is far back: what follows is half a word."""
    ends = [one.end() for one in _SPACES.finditer(text)]
    return text[: ends[-1]] if ends and ends[-1] > len(text) // 2 else text

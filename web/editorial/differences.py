"""Differences between two states of a record: field by field, word by word.

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


class PieceKind(StrEnum):
    """What happened to a piece of text; `GAP` stands for unchanged text that is not shown."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"
    GAP = "gap"


@dataclass(frozen=True, slots=True)
class TextPiece:
    change: PieceKind
    text: str = ""


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """A field that changed, named as the record names it."""

    field: str
    pieces: tuple[TextPiece, ...]


def differences(
    before: Record, after: Record, role_label: Callable[[Role], str] = str
) -> list[FieldDifference]:
    """Returns the fields that differ, in the order of the record.

    `role_label` tells a role in the reader's language.
    """
    old, new = _texts(before, role_label), _texts(after, role_label)
    return [
        FieldDifference(field, tuple(_with_gaps(compared(old.get(field, ""), new.get(field, "")))))
        for field in {**old, **new}
        if old.get(field, "") != new.get(field, "")
    ]


def compared(before: str, after: str) -> list[TextPiece]:
    """Returns the pieces of both texts in order: compares lines, then words of changed lines.

    Those that are not `ADDED` make up `before`, those that are not `REMOVED` make up `after`.
    """
    return _joined(_compared_lines(_LINES.findall(before), _LINES.findall(after)))


def _texts(record: Record, role_label: Callable[[Role], str]) -> dict[str, str]:
    """Maps each field to its text; lists have a line for each item."""
    return {
        field.name: _text(getattr(record, field.name), role_label)
        for field in fields(record)
        if field.name not in {"id", "members_only"}
    }


def _text(value: object, role_label: Callable[[Role], str]) -> str:
    if isinstance(value, Mapping):
        return "\n".join(f"{name}: {text}" for name, text in value.items())
    if isinstance(value, tuple):
        return "\n".join(
            _participation(item, role_label) if isinstance(item, Participation) else str(item)
            for item in value
        )
    return str(value)


def _participation(part: Participation, role_label: Callable[[Role], str]) -> str:
    who = f"{part.name} ({part.actor_id})" if part.actor_id else part.name
    texts = [who, role_label(part.role), part.contribution, part.source_url]
    return " · ".join(text for text in texts if text)


def _compared_lines(before: Sequence[str], after: Sequence[str]) -> Iterator[TextPiece]:
    for change, old, new in _blocks(before, after):
        if change == "equal":
            yield TextPiece(PieceKind.SAME, "".join(old))
        else:
            yield from _compared_words(_WORDS.findall("".join(old)), _WORDS.findall("".join(new)))


def _compared_words(before: Sequence[str], after: Sequence[str]) -> Iterator[TextPiece]:
    for change, old, new in _blocks(before, after):
        if change == "equal":
            yield TextPiece(PieceKind.SAME, "".join(old))
            continue
        if old:
            yield TextPiece(PieceKind.REMOVED, "".join(old))
        if new:
            yield TextPiece(PieceKind.ADDED, "".join(new))


def _blocks(
    before: Sequence[str], after: Sequence[str]
) -> Iterator[tuple[str, Sequence[str], Sequence[str]]]:
    if len(before) * len(after) > MAX_COMPARED:
        yield "replace", before, after
        return
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for change, old_start, old_end, new_start, new_end in matcher.get_opcodes():
        yield change, before[old_start:old_end], after[new_start:new_end]


def _joined(pieces: Iterator[TextPiece]) -> list[TextPiece]:
    """Joins neighbours of the same kind, and takes a lone space between changes into them.

    "old words" into "new things" reads better as one change than as two around a space.
    """
    bridged: list[TextPiece] = []
    waiting = list(pieces)
    for position, piece in enumerate(waiting):
        between = 0 < position < len(waiting) - 1
        if (
            between
            and piece.change is PieceKind.SAME
            and piece.text.isspace()
            and "\n" not in piece.text
        ):
            bridged += [
                TextPiece(PieceKind.REMOVED, piece.text),
                TextPiece(PieceKind.ADDED, piece.text),
            ]
        else:
            bridged.append(piece)
    joined: list[TextPiece] = []
    removed, added = "", ""
    for piece in [*bridged, TextPiece(PieceKind.SAME)]:
        if piece.change is PieceKind.REMOVED:
            removed += piece.text
        elif piece.change is PieceKind.ADDED:
            added += piece.text
        else:
            changed = ((PieceKind.REMOVED, removed), (PieceKind.ADDED, added))
            joined += [TextPiece(change, text) for change, text in changed if text]
            removed, added = "", ""
            if piece.text:
                joined.append(piece)
    return joined


def _with_gaps(pieces: Sequence[TextPiece]) -> Iterator[TextPiece]:
    """Leaves out of long unchanged pieces what does not touch a change."""
    last = len(pieces) - 1
    for position, piece in enumerate(pieces):
        first_kept = 0 if position == 0 else CONTEXT_CHARS
        last_kept = 0 if position == last else CONTEXT_CHARS
        hidden = len(piece.text) - first_kept - last_kept
        if piece.change is not PieceKind.SAME or hidden < CONTEXT_CHARS:
            yield piece
            continue
        if first_kept:
            yield TextPiece(PieceKind.SAME, _whole_words(piece.text[:first_kept]))
        yield TextPiece(PieceKind.GAP)
        if last_kept:
            yield TextPiece(PieceKind.SAME, _whole_words(piece.text[-last_kept:][::-1])[::-1])


def _whole_words(text: str) -> str:
    """Returns the text up to its last space, so that it ends with a whole word."""
    ends = [space.end() for space in _SPACES.finditer(text)]
    return text[: ends[-1]] if ends and ends[-1] > len(text) // 2 else text

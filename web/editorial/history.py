"""The pages of a record's history: its versions, what changed between them, and taking it out."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from difflib import SequenceMatcher
from enum import StrEnum

from starlette.responses import Response

from kb.errors import NotYetScrubbed, UnknownRecord
from kb.messages import N_
from kb.models import Case, Kind, Participation, Record
from kb.reference.roles import Role
from web.editorial.labels import NOT_THE_NAME
from web.http.dependencies import APageRequest
from web.http.i18n import translations
from web.http.labels import ROLE_LABELS
from web.http.refusals import no_such_action
from web.http.request import PageRequest
from web.http.routing import AKind, PageRouter, number_in, see, text_of
from web.http.security.sessions import AForm, AModerator
from web.http.urls import Page, address

router = PageRouter()


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


def told_differences(request: PageRequest, before: Record, after: Record) -> list[FieldDifference]:
    """Returns the fields that differ, with roles in the language of the page."""
    gettext = translations(request.language).gettext
    return differences(before, after, lambda role: gettext(ROLE_LABELS[role]))


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


_NEEDS_A_REASON = N_("Say why in a few words: it stays in the history.")


@router.shows(Page.CASE_HISTORY)
@router.shows(Page.ACTOR_HISTORY)
def history(
    request: APageRequest,
    _account: AModerator,
    kind: AKind,
    record_id: str,
    older: int = 0,
    newer: int = 0,
    done: str = "",
) -> Response:
    return _history(request, kind, record_id, older=older, newer=newer, done=done)


def name_of(record: Record) -> str:
    return record.title if isinstance(record, Case) else record.name


@router.takes(Page.CASE_HISTORY)
@router.takes(Page.ACTOR_HISTORY)
def change(
    request: APageRequest, account: AModerator, form: AForm, kind: AKind, record_id: str
) -> Response:
    base, done = request.knowledge_base, ""
    what = text_of(form, "do")
    if what == "restore":
        base.restore(kind, record_id, number_in(form, "number"), by=account.name)
        done = "restored"
    elif what == "withdraw":
        reason = " ".join(text_of(form, "reason").split())
        if not reason:
            return _history(request, kind, record_id, errors={"reason": _NEEDS_A_REASON})
        base.withdraw(kind, record_id, by=account.name, reason=reason)
        done = "withdrawn"
    elif what == "erase":
        versions = base.history(kind, record_id)
        name = name_of(versions[-1].record) if versions else record_id
        typed = " ".join(text_of(form, "name").split())
        if typed != " ".join(name.split()):
            return _history(request, kind, record_id, errors={"name": NOT_THE_NAME})
        done = "erased"
        try:
            base.erase(kind, record_id, by=account.name)
        except NotYetScrubbed:
            done = "erased_but_in_files"
        return see(request, address(Page.MODERATION, done=done))
    else:
        raise no_such_action()
    return see(request, address(f"{kind}_history", record_id, done=done))


def _history(
    request: PageRequest,
    kind: Kind,
    record_id: str,
    *,
    older: int = 0,
    newer: int = 0,
    done: str = "",
    errors: dict[str, str] | None = None,
) -> Response:
    base = request.knowledge_base
    versions = {version.number: version for version in base.history(kind, record_id)}
    if not versions:
        raise UnknownRecord(f"There is no {kind} with the id {record_id!r}.")
    last = max(versions)
    newer = newer if newer in versions else last
    older = older if older in versions else max((n for n in versions if n < newer), default=newer)
    if older > newer:
        older, newer = newer, older
    return request.page(
        "editorial/history.html",
        here=address(f"{kind}_history", record_id),
        status_code=400 if errors else 200,
        kind=kind,
        record_id=record_id,
        name=name_of(versions[last].record),
        versions=list(reversed(versions.values())),
        older=versions[older],
        newer=versions[newer],
        differences=told_differences(request, versions[older].record, versions[newer].record),
        withdrawal=base.withdrawal(kind, record_id),
        errors=errors or {},
        done=done,
    )

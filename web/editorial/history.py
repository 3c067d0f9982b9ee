"""The pages of a record's history: its versions, what changed between them, and taking it out."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from difflib import SequenceMatcher
from itertools import groupby
from operator import itemgetter

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

_WORDS = re.compile(r"\s*\w+|\s*[^\w\s]|\s+")
_LINES = re.compile(r"[^\n]*\n|[^\n]+")

Piece = tuple[str, str]
"""What happened to a piece of text, and the text: `same`, `removed`, `added`, or `gap`.

A gap stands for unchanged text that is not shown.
"""


def differences(
    before: Record, after: Record, role_label: Callable[[Role], str] = str
) -> dict[str, list[Piece]]:
    """Returns the pieces of the fields that differ, in the order of the record.

    `role_label` tells a role in the reader's language.
    """
    old, new = (_texts(record, role_label) for record in (before, after))
    return {
        field: list(_with_gaps(compared(old.get(field, ""), new.get(field, ""))))
        for field in {**old, **new}
        if old.get(field, "") != new.get(field, "")
    }


def told_differences(request: PageRequest, before: Record, after: Record) -> dict[str, list[Piece]]:
    """Returns the fields that differ, with roles in the language of the page."""
    gettext = translations(request.language).gettext
    return differences(before, after, lambda role: gettext(ROLE_LABELS[role]))


def compared(before: str, after: str) -> list[Piece]:
    """Returns the pieces of both texts in order: compares lines, then words of changed lines.

    Those that are not `added` make up `before`, those that are not `removed` make up `after`.
    """
    pieces = _compared(_LINES.findall(before), _LINES.findall(after), are_lines=True)
    joined = groupby(pieces, key=itemgetter(0))
    return [(change, "".join(text for _, text in group)) for change, group in joined]


def _compared(before: list[str], after: list[str], *, are_lines: bool = False) -> Iterator[Piece]:
    blocks = [("replace", 0, len(before), 0, len(after))]
    if len(before) * len(after) <= MAX_COMPARED:
        blocks = list(SequenceMatcher(None, before, after, autojunk=False).get_opcodes())
    for change, start, end, new_start, new_end in blocks:
        old, new = "".join(before[start:end]), "".join(after[new_start:new_end])
        if change == "equal":
            yield "same", old
        elif are_lines:
            yield from _compared(_WORDS.findall(old), _WORDS.findall(new))
        else:
            yield from (piece for piece in (("removed", old), ("added", new)) if piece[1])


def _texts(record: Record, role_label: Callable[[Role], str]) -> dict[str, str]:
    """Maps each field to its text; lists have a line for each item."""

    def line(item: object) -> str:
        if not isinstance(item, Participation):
            return str(item)
        who = f"{item.name} ({item.actor_id})" if item.actor_id else item.name
        texts = (who, role_label(item.role), item.contribution, item.source_url)
        return " · ".join(filter(None, texts))

    texts = {}
    for field in fields(record):
        value = getattr(record, field.name)
        if isinstance(value, Mapping):
            value = tuple(f"{name}: {text}" for name, text in value.items())
        texts[field.name] = "\n".join(map(line, value if isinstance(value, tuple) else (value,)))
    return {name: text for name, text in texts.items() if name not in {"id", "members_only"}}


def _with_gaps(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Leaves out of long unchanged pieces what does not touch a change."""
    for at, (change, text) in enumerate(pieces):
        if change != "same" or len(text) < 3 * CONTEXT_CHARS:
            yield change, text
            continue
        if at > 0:
            yield "same", _whole_words(text[:CONTEXT_CHARS])
        yield "gap", ""
        if at < len(pieces) - 1:
            yield "same", _whole_words(text[-CONTEXT_CHARS:][::-1])[::-1]


def _whole_words(text: str) -> str:
    """Returns the text up to its last space, so that it ends with a whole word."""
    return text[: text.rfind(" ") + 1] or text


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
            needed = N_("Say why in a few words: it stays in the history.")
            return _history(request, kind, record_id, errors={"reason": needed})
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

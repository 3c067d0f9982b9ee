"""The rows of a list: its entries with their organisations, and as forms send them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from starlette.datastructures import FormData

from kb.knowledge_base import KnowledgeBase
from kb.messages import N_
from kb.models import Actor
from kb.registers.contact_lists import MAX_ENTRIES, CallStatus, ListEntry
from web.http.refusals import Refusal

_FIELDS = ("status", "note", "need", "mark")


@dataclass(frozen=True, slots=True)
class ListRow:
    """An entry as a page shows it.

    `actor` is None where the organisation is not in the catalogue any more. `mark` is that of the
    kept entry, empty if there is none. `theirs` is what a colleague wrote meanwhile, and
    `dropped`, that a colleague took the organisation out.
    """

    entry: ListEntry
    actor: Actor | None
    mark: str = ""
    theirs: ListEntry | None = None
    dropped: bool = False


@dataclass(frozen=True, slots=True)
class SentEntry:
    """An entry as a form has it, with the mark of the entry that the page had shown."""

    entry: ListEntry
    mark: str


def rows_of(base: KnowledgeBase, entries: Sequence[ListEntry], *, kept: bool) -> list[ListRow]:
    """Returns the rows of entries; `kept`: of entries that an account keeps."""
    actors = base.actors_by_id([entry.actor_id for entry in entries])
    return [
        ListRow(entry, actors.get(entry.actor_id), entry.mark if kept else "") for entry in entries
    ]


def rows_of_sent(
    base: KnowledgeBase, sent: Sequence[SentEntry], current: Sequence[ListEntry]
) -> list[ListRow]:
    """Returns the rows of a list as they were sent, for what is kept of them."""
    actors = base.actors_by_id([one.entry.actor_id for one in sent])
    needs = {entry.actor_id: entry.need for entry in current}
    return [
        ListRow(
            replace(one.entry, need=one.entry.need or needs.get(id_, "")), actors.get(id_), one.mark
        )
        for one in sent
        for id_ in [one.entry.actor_id]
    ]


def rows_in_conflict(
    base: KnowledgeBase, sent: Sequence[SentEntry], current: Sequence[ListEntry]
) -> list[ListRow]:
    """Returns the rows of a list that two people changed: what was sent, beside what is kept.

    Each has the mark of what is kept, so that sending them again keeps what was sent.
    """
    written = {one.entry.actor_id: one for one in sent}
    actors = base.actors_by_id([*written, *(entry.actor_id for entry in current)])
    rows = []
    for entry in current:
        mine = written.pop(entry.actor_id, None)
        actor = actors.get(entry.actor_id)
        if mine is None or mine.entry.mark in {mine.mark, entry.mark}:
            rows.append(ListRow(entry, actor, entry.mark))
        else:
            theirs = entry if mine.mark != entry.mark else None
            rows.append(ListRow(replace(mine.entry, need=entry.need), actor, entry.mark, theirs))
    rows += [
        ListRow(one.entry, actors.get(id_), dropped=True)
        for id_, one in written.items()
        if one.entry.mark != one.mark
    ]
    return rows


def picked_entries(actor_ids: Sequence[str], need: str = "") -> list[ListEntry]:
    """Returns new entries of these organisations, each once.

    Raises:
        Refusal: there are too many.
    """
    ids = [id_ for id_ in dict.fromkeys(actor_ids) if id_]
    if len(ids) > MAX_ENTRIES:
        raise too_many()
    return [ListEntry(id_, need).cleaned() for id_ in ids]


def sent_entries(form: FormData) -> list[SentEntry]:
    """Returns the entries of a form, in which the fields of each follow each other.

    Notes are as they were sent: one that is too long is not lost.

    Raises:
        Refusal: there are too many, or the fields do not fit together.
    """
    ids = [str(id_) for id_ in form.getlist("id")]
    if len(ids) > MAX_ENTRIES:
        raise too_many()
    columns = {name: [str(value) for value in form.getlist(name)] for name in _FIELDS}
    if any(column and len(column) != len(ids) for column in columns.values()):
        raise Refusal(400, N_("This page cannot do what the form asks for."))
    sent = {}
    for place, id_ in enumerate(ids):
        status, note, need, mark = (
            column[place] if (column := columns[name]) else "" for name in _FIELDS
        )
        if id_:
            known = CallStatus(status) if status in set(CallStatus) else CallStatus.TO_CALL
            note = note.replace("\r\n", "\n").strip()
            sent[id_] = SentEntry(ListEntry(id_, need, known, note), mark)
    return list(sent.values())


def too_many() -> Refusal:
    return Refusal(
        400, N_("A list holds at most 200 organisations. Remove some, or make several lists.")
    )

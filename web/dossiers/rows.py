"""The rows of a dossier: what is kept, what a form sent, and both where they differ."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from starlette.datastructures import FormData

from ingest.articles.typography import escaped
from kb.knowledge_base import KnowledgeBase
from kb.messages import N_
from kb.models import Actor
from kb.registers.dossiers import MAX_ENTRIES, CallStatus, Dossier, DossierEntry
from kb.search.results import EvidenceKind
from web.http.i18n import Language
from web.http.labels import labelled
from web.http.refusals import Refusal

STATUS_LABELS: Mapping[CallStatus, str] = {
    CallStatus.TO_CALL: N_("To call"),
    CallStatus.WRITTEN: N_("Mail sent"),
    CallStatus.CALLED: N_("Called"),
    CallStatus.INTERESTED: N_("Interested"),
    CallStatus.NO: N_("No"),
}

EVIDENCE_LABELS: Mapping[str, str] = {
    EvidenceKind.CASE: N_("Shown"),
    EvidenceKind.PASSAGE: N_("Described"),
    EvidenceKind.TRADE: N_("Trade (code %(code)s)"),
    EvidenceKind.SIMILAR: N_("Inferred"),
    EvidenceKind.MEANS: N_("Inferred"),
    EvidenceKind.NAME: N_("Name"),
}


def filters(language: Language) -> Mapping[str, Callable[..., object]]:
    return {
        "call_status_label": labelled(STATUS_LABELS, language),
        "evidence_label": labelled(EVIDENCE_LABELS, language),
        "plain_markdown": escaped,
    }


TOO_MANY = Refusal(400, N_("A dossier holds at most 200 organisations: remove some."))


class Row(NamedTuple):
    """An entry, the organisation if it is looked up, and the mark of what was seen of the entry."""

    entry: DossierEntry
    actor: Actor | None = None
    mark: str = ""


def kept_rows(base: KnowledgeBase, dossier: Dossier | None) -> list[Row]:
    kept = dossier.entries if dossier else ()
    return rows_of(base, [Row(entry, mark=entry.mark) for entry in kept])


def rows_of(base: KnowledgeBase, rows: Iterable[Row]) -> list[Row]:
    rows = list(rows)
    actors = base.actors_by_id([row.entry.actor_id for row in rows])
    return [row._replace(actor=actors.get(row.entry.actor_id)) for row in rows]


def with_kept(sent: Sequence[Row], dossier: Dossier | None) -> Iterator[Row]:
    """Yields what was sent with what a dossier keeps, and its forms do not send."""
    kept = {entry.actor_id: entry for entry in (dossier.entries if dossier else ())}
    for row in sent:
        known, said = kept.get(row.entry.actor_id, row.entry), row.entry
        yield row._replace(entry=replace(known, status=said.status, note=said.note))


def picked_entries(actor_ids: Sequence[str], need: str = "") -> list[Row]:
    """Returns new entries of these organisations, each once; refuses too many."""
    if len(actor_ids) > MAX_ENTRIES:
        raise TOO_MANY
    return [Row(DossierEntry(id_, need).cleaned()) for id_ in dict.fromkeys(actor_ids) if id_]


def sent_entries(form: FormData) -> list[Row]:
    """Returns the entries of a form, or raises Refusal; too long notes are left as sent."""
    ids = [str(id_) for id_ in form.getlist("id")]
    if len(ids) > MAX_ENTRIES:
        raise TOO_MANY
    if not ids:
        return []
    names = ("status", "note", "need", "mark")
    columns = [[str(value) for value in form.getlist(name)] or [""] * len(ids) for name in names]
    if any(len(column) != len(ids) for column in columns):
        raise Refusal(400, N_("This page cannot do what the form asks for."))
    sent = {}
    for id_, status, note, need, mark in zip(ids, *columns, strict=True):
        if id_:
            known = CallStatus(status) if status in set(CallStatus) else CallStatus.TO_CALL
            text = note.replace("\r\n", "\n").strip()
            sent[id_, need] = Row(DossierEntry(id_, need, known, text), mark=mark)
    return list(sent.values())

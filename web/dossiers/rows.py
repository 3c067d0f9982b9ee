"""The rows of a dossier: what is kept, what a form sent, and both where they differ."""

from collections.abc import Callable, Mapping, Sequence
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
    EvidenceKind.SIMILAR: N_("Inferred"),
    EvidenceKind.MEANS: N_("Inferred"),
    EvidenceKind.NAME: N_("Name"),
}

DONE_LABELS: Mapping[str, str] = {
    "pick": N_("The organisations are in your dossier."),
    "keep": N_("The organisations of this browser are in your account."),
    "save": N_("Your statuses and notes are saved."),
    "remove": N_("The organisation is no longer in the dossier."),
    "tell": N_("What the dossier says of the need is saved."),
    "merge": N_("The organisations are in this dossier now, and the other one is gone."),
    "delete": N_("The dossier is no longer among yours."),
    "share": N_("The link is below: copy it, and send it to whom you like."),
    "withdraw": N_("The link is withdrawn: it opens nothing any more."),
    "join": N_("The dossier is among yours now."),
    "sent": N_("They are marked “Mail sent”."),
    "send": N_("The mails are on their way. Answers come to your own address."),
}


def filters(language: Language) -> Mapping[str, Callable[..., object]]:
    return {
        "call_status_label": labelled(STATUS_LABELS, language),
        "dossier_done_label": labelled(DONE_LABELS, language),
        "evidence_label": labelled(EVIDENCE_LABELS, language),
        "plain_markdown": escaped,
    }


TOO_MANY = Refusal(400, N_("A dossier holds at most 200 organisations: remove some."))


class Row(NamedTuple):
    entry: DossierEntry
    actor: Actor | None
    mark: str = ""


class SentEntry(NamedTuple):
    entry: DossierEntry
    mark: str = ""


def kept_rows(base: KnowledgeBase, dossier: Dossier | None) -> list[Row]:
    kept = dossier.entries if dossier else ()
    return rows_of(base, [SentEntry(entry, entry.mark) for entry in kept])


def rows_of(base: KnowledgeBase, entries: Sequence[SentEntry]) -> list[Row]:
    actors = base.actors_by_id([entry.actor_id for entry, _ in entries])
    return [Row(entry, actors.get(entry.actor_id), mark) for entry, mark in entries]


def with_kept(sent: Sequence[SentEntry], dossier: Dossier | None) -> list[SentEntry]:
    """Returns what was sent with what a dossier keeps, and its forms do not send."""
    kept = {entry.actor_id: entry for entry in (dossier.entries if dossier else ())}
    return [
        SentEntry(replace(kept.get(one.actor_id, one), status=one.status, note=one.note), mark)
        for one, mark in sent
    ]


def picked_entries(actor_ids: Sequence[str], need: str = "") -> list[SentEntry]:
    """Returns new entries of these organisations, each once; refuses too many."""
    if len(actor_ids) > MAX_ENTRIES:
        raise TOO_MANY
    return [SentEntry(DossierEntry(id_, need).cleaned()) for id_ in dict.fromkeys(actor_ids) if id_]


def sent_entries(form: FormData) -> list[SentEntry]:
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
            sent[id_, need] = SentEntry(DossierEntry(id_, need, known, text), mark)
    return list(sent.values())

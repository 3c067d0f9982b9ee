"""The files of a list: its rows, as vCards, spreadsheets and CSV."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from starlette.datastructures import FormData

from kb.explanation.report_files import CsvLayout
from kb.knowledge_base import KnowledgeBase
from kb.messages import N_
from kb.models import Actor
from kb.registers.accounts import Account
from kb.registers.contact_lists import MAX_ENTRIES, CallStatus, ListEntry
from web.catalogue.records import ContactText, ShownContacts, shown_to
from web.http.i18n import Language, translations
from web.http.labels import labelled
from web.http.refusals import Refusal
from web.http.urls import AbsoluteUrl, Page, address

STATUS_LABELS: Mapping[CallStatus, str] = {
    CallStatus.TO_CALL: N_("To call"),
    CallStatus.CALLED: N_("Called"),
    CallStatus.INTERESTED: N_("Interested"),
    CallStatus.NO: N_("No"),
}

DONE_LABELS: Mapping[str, str] = {
    "picked": N_("The organisations are in your list."),
    "kept": N_("The organisations of this browser are in your account."),
    "saved": N_("Your statuses and notes are saved."),
    "removed": N_("The organisation is no longer in the list."),
    "added": N_("The list is made. What you pick from now on goes there."),
    "renamed": N_("The list has its new name."),
    "chosen": N_("What you pick from now on goes to this list."),
    "deleted": N_("The list is deleted."),
    "shared": N_("Your colleague sees the list under “My list”, and can change it."),
    "unshared": N_("The list is no longer shared with this person."),
}


def filters(language: Language) -> Mapping[str, Callable[..., object]]:
    return {
        "call_status_label": labelled(STATUS_LABELS, language),
        "list_done_label": labelled(DONE_LABELS, language),
    }


class ListRow(NamedTuple):
    """An entry as a page shows it; `theirs` and `dropped` are what a colleague did meanwhile."""

    entry: ListEntry
    actor: Actor | None
    mark: str = ""
    theirs: ListEntry | None = None
    dropped: bool = False


class SentEntry(NamedTuple):
    entry: ListEntry
    mark: str = ""


def rows_of(base: KnowledgeBase, entries: Sequence[SentEntry]) -> list[ListRow]:
    actors = base.actors_by_id([entry.actor_id for entry, _ in entries])
    return [ListRow(entry, actors.get(entry.actor_id), mark) for entry, mark in entries]


def with_needs(sent: Sequence[SentEntry], kept: Sequence[ListEntry]) -> list[SentEntry]:
    """Returns what was sent with the needs that an account keeps, which its forms do not send."""
    needs = {entry.actor_id: entry.need for entry in kept}
    return [
        SentEntry(replace(one, need=one.need or needs.get(one.actor_id, "")), mark)
        for one, mark in sent
    ]


def rows_in_conflict(
    base: KnowledgeBase, sent: Sequence[SentEntry], current: Sequence[ListEntry]
) -> list[ListRow]:
    """Returns the rows of a list that two people changed, with the marks of what is kept."""
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


def picked_entries(actor_ids: Sequence[str], need: str = "") -> list[SentEntry]:
    """Returns new entries of these organisations, each once; refuses too many."""
    ids = [id_ for id_ in dict.fromkeys(actor_ids) if id_]
    if len(ids) > MAX_ENTRIES:
        raise too_many()
    return [SentEntry(ListEntry(id_, need).cleaned()) for id_ in ids]


def sent_entries(form: FormData) -> list[SentEntry]:
    """Returns the entries of a form, or raises Refusal; too long notes are left as sent."""
    ids = [str(id_) for id_ in form.getlist("id")]
    if len(ids) > MAX_ENTRIES:
        raise too_many()
    names = ("status", "note", "need", "mark")
    columns = [[str(value) for value in form.getlist(name)] or [""] * len(ids) for name in names]
    if any(len(column) != len(ids) for column in columns):
        raise Refusal(400, N_("This page cannot do what the form asks for."))
    sent = {}
    for id_, status, note, need, mark in zip(ids, *columns, strict=True):
        if id_:
            known = CallStatus(status) if status in set(CallStatus) else CallStatus.TO_CALL
            text = note.replace("\r\n", "\n").strip()
            sent[id_] = SentEntry(ListEntry(id_, need, known, text), mark)
    return list(sent.values())


def too_many() -> Refusal:
    return Refusal(
        400, N_("A list holds at most 200 organisations. Remove some, or make several lists.")
    )


COLUMNS = (
    (N_("Organisation"), 32),
    (N_("Town"), 20),
    (N_("Department"), 12),
    (N_("Telephone"), 18),
    (N_("E-mail"), 28),
    (N_("Address"), 34),
    (N_("Contact person"), 28),
    (N_("Website"), 28),
    (N_("For the need"), 28),
    (N_("Where it stands"), 14),
    (N_("Note"), 50),
    (N_("Page"), 40),
)


@dataclass(frozen=True, slots=True)
class ListReader:
    account: Account | None
    language: Language
    absolute_url: AbsoluteUrl

    def say(self, message: str) -> str:
        return translations(self.language).gettext(message)


def as_xlsx(rows: Sequence[ListRow], reader: ListReader) -> bytes:
    import xlsxwriter

    written = io.BytesIO()
    with xlsxwriter.Workbook(written, {"in_memory": True}) as workbook:
        sheet = workbook.add_worksheet(reader.say(N_("My list")))
        bold = workbook.add_format({"bold": True})
        wrapped = workbook.add_format({"text_wrap": True, "valign": "top"})
        for column, (title, width) in enumerate(COLUMNS):
            sheet.set_column(column, column, width)
            sheet.write_string(0, column, reader.say(title), bold)
        for place, row in enumerate(rows, 1):
            for column, cell in enumerate(_cells(row, reader)):
                sheet.write_string(place, column, cell, wrapped)
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, len(rows), len(COLUMNS) - 1)
    return written.getvalue()


def as_csv(rows: Sequence[ListRow], reader: ListReader) -> bytes:
    layout = CsvLayout.of(reader.language)
    written = io.StringIO()
    writer = csv.writer(written, delimiter=layout.delimiter, quoting=csv.QUOTE_ALL)
    writer.writerow(reader.say(title) for title, _ in COLUMNS)
    for row in rows:
        writer.writerow(map(layout.cell, _cells(row, reader)))
    return written.getvalue().encode("utf-8-sig")


def as_vcards(rows: Sequence[ListRow], reader: ListReader) -> bytes:
    return "".join(_vcard(row, reader) for row in rows).encode()


FILES: Mapping[str, tuple[str, Callable[[Sequence[ListRow], ListReader], bytes]]] = {
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", as_xlsx),
    "csv": ("text/csv; charset=utf-8", as_csv),
    "vcf": ("text/vcard; charset=utf-8", as_vcards),
}


def _cells(row: ListRow, reader: ListReader) -> Sequence[str]:
    entry, actor = row.entry, row.actor
    status = reader.say(STATUS_LABELS[entry.status])
    if actor is None:
        said = reader.say(N_("This organisation is no longer in the catalogue."))
        return (entry.actor_id, "", "", "", "", "", "", "", entry.need, status, entry.note, said)
    contacts = shown_to(actor, reader.account)
    return (
        actor.name,
        actor.place,
        actor.department,
        "\n".join(contact.text for contact in contacts.phones),
        "\n".join(contact.text for contact in contacts.emails),
        contacts.street,
        _person(contacts),
        actor.website,
        entry.need,
        status,
        entry.note,
        reader.absolute_url(address(Page.ACTOR, actor.id)),
    )


def _vcard(row: ListRow, reader: ListReader) -> str:
    import vobject

    entry, actor = row.entry, row.actor
    if actor is None:
        return ""
    contacts = shown_to(actor, reader.account)
    page = reader.absolute_url(address(Page.ACTOR, actor.id))
    card = vobject.vCard()
    # Mandatory, and empty for who is no person.
    card.add("n").value = vobject.vcard.Name()
    card.add("fn").value = actor.name
    card.add("org").value = [actor.name]
    # Telephones of Apple show a firm by it.
    card.add("x-abshowas").value = "COMPANY"
    # So that a card that is taken in again replaces the first.
    card.add("uid").value = page
    persons = [each for each in contacts.person if each.href]
    for phone in _once([*contacts.phones, *(each for each in persons if each.is_phone)]):
        line = card.add("tel")
        line.value, line.type_param = phone.href.removeprefix("tel:"), "WORK"
    for email in _once([*contacts.emails, *(each for each in persons if not each.is_phone)]):
        line = card.add("email")
        line.value, line.type_param = email.text, "WORK"
    if contacts.street or actor.place:
        card.add("adr").value = vobject.vcard.Address(
            street=contacts.street,
            city="" if contacts.street else actor.place,
            country=actor.country,
        )
    if actor.website:
        card.add("url").value = actor.website
    said = [
        _person(contacts),
        f"{reader.say(N_('For the need'))}: {entry.need}" if entry.need else "",
        reader.say(STATUS_LABELS[entry.status]),
        entry.note,
        page,
    ]
    card.add("note").value = "\n".join(filter(None, said))
    return str(card.serialize())


def _once(contacts: Sequence[ContactText]) -> Sequence[ContactText]:
    return list({contact.href: contact for contact in contacts}.values())


def _person(contacts: ShownContacts) -> str:
    return ", ".join(part.text for part in contacts.person)

"""The files of a dossier: vCards, spreadsheets and CSV, with the need and the reasons."""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from starlette.responses import Response

from kb.messages import N_
from kb.models import Actor
from kb.registers.clock import today
from kb.registers.dossiers import Told
from kb.text.beginnings import first_sentence
from web.catalogue.records import ContactText, ShownContacts, shown_to
from web.dossiers.reasons import in_words
from web.dossiers.rows import STATUS_LABELS, Row
from web.http.i18n import translations, written_date
from web.http.routing import PageRequest, csv_answer, download
from web.http.urls import Page, address

FILES = ("xlsx", "csv", "vcf")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Say = Callable[[str], str]
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
    (N_("Why"), 60),
    (N_("Where it stands"), 14),
    (N_("Changed"), 24),
    (N_("Note"), 50),
    (N_("Page"), 40),
)


def file_of(request: PageRequest, format_: str, told: Told, rows: Sequence[Row]) -> Response:
    say = translations(request.language).gettext
    called = say(N_("dossier"))
    name = f"{called}-{today()}"
    if format_ == "vcf":
        cards = "".join(_vcard(row, row.actor, request, told, say) for row in rows if row.actor)
        return download(cards, "text/vcard; charset=utf-8", f"{name}.vcf")
    titles = [say(title) for title, _ in COLUMNS]
    table = [_cells(row, request, told, say) for row in rows]
    if format_ == "csv":
        return csv_answer(name, titles, table, request.language)
    return download(_xlsx(say(N_("Dossier")), titles, table), XLSX, f"{name}.xlsx")


def _xlsx(name: str, titles: Sequence[str], table: Sequence[Sequence[str]]) -> bytes:
    import xlsxwriter

    written = io.BytesIO()
    with xlsxwriter.Workbook(written, {"in_memory": True}) as workbook:
        sheet = workbook.add_worksheet(name)
        bold = workbook.add_format({"bold": True})
        wrapped = workbook.add_format({"text_wrap": True, "valign": "top"})
        for column, (_, width) in enumerate(COLUMNS):
            sheet.set_column(column, column, width)
        for place, row in enumerate([titles, *table]):
            for column, cell in enumerate(row):
                sheet.write_string(place, column, cell, wrapped if place else bold)
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, len(table), len(COLUMNS) - 1)
    return written.getvalue()


def _need_of(row: Row, told: Told) -> str:
    if row.entry.need not in {"", told.need}:
        return row.entry.need
    return " · ".join(filter(None, (told.need, told.quantity, told.place, told.until)))


def _cells(row: Row, request: PageRequest, told: Told, say: Say) -> Sequence[str]:
    entry, actor = row.entry, row.actor
    changed = (written_date(entry.changed_at, request.language), entry.changed_by or entry.signed)
    worked = (
        _need_of(row, told),
        in_words(entry.why, say),
        say(STATUS_LABELS[entry.status]),
        ", ".join(filter(None, changed)),
        entry.note,
    )
    if actor is None:
        said = say(N_("This organisation is no longer in the catalogue."))
        return (entry.actor_id, "", "", "", "", "", "", "", *worked, said)
    contacts = shown_to(actor, request.session.account)
    return (
        actor.name,
        actor.place,
        actor.department,
        "\n".join(contact.text for contact in contacts.phones),
        "\n".join(contact.text for contact in contacts.emails),
        contacts.street,
        _person(contacts),
        actor.website,
        *worked,
        request.absolute_url(address(Page.ACTOR, actor.id)),
    )


def _vcard(row: Row, actor: Actor, request: PageRequest, told: Told, say: Say) -> str:
    import vobject

    contacts = shown_to(actor, request.session.account)
    page = request.absolute_url(address(Page.ACTOR, actor.id))
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
    # The page, by which the organisation is found again from a telephone.
    card.add("url").value = page
    card.add("note").value = "\n".join(_sentences(row, contacts, told, say))
    return str(card.serialize())


def _sentences(row: Row, contacts: ShownContacts, told: Told, say: Say) -> Iterator[str]:
    """Yields what a card notes: each a line and a sentence, since some telephones join lines."""
    reasons = in_words(replace(row.entry.why, reasons=row.entry.why.reasons[:1]), say)
    lines = [
        _person(contacts),
        first_sentence(_need_of(row, told), 160),
        *(first_sentence(line, 160) for line in reasons.split("\n")),
        say(STATUS_LABELS[row.entry.status]),
        *row.entry.note.split("\n"),
    ]
    for line in filter(None, lines):
        yield line if line[-1] in ".!?…" else f"{line}."


def _once(contacts: Sequence[ContactText]) -> Sequence[ContactText]:
    return list({contact.href: contact for contact in contacts}.values())


def _person(contacts: ShownContacts) -> str:
    return ", ".join(part.text for part in contacts.person)

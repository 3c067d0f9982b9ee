"""The files of a dossier: vCards, spreadsheets and CSV, with the need and the reasons."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from starlette.responses import Response

from kb.explanation.report_files import CsvLayout
from kb.messages import N_
from kb.registers.accounts import Account
from kb.registers.clock import today
from kb.registers.dossiers import Told
from web.catalogue.records import ContactText, ShownContacts, shown_to
from web.dossiers.reasons import in_words
from web.dossiers.rows import STATUS_LABELS, Row
from web.http.i18n import Language, translations, written_date
from web.http.routing import PageRequest
from web.http.urls import AbsoluteUrl, Page, address
from web.search.evidence_text import first_sentence

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


@dataclass(frozen=True, slots=True)
class Reader:
    account: Account | None
    language: Language
    absolute_url: AbsoluteUrl
    told: Told

    def say(self, message: str) -> str:
        return translations(self.language).gettext(message)

    def need_of(self, row: Row) -> str:
        told = self.told
        if row.entry.need not in {"", told.need}:
            return row.entry.need
        return " · ".join(filter(None, (told.need, told.quantity, told.place, told.until)))


def file_of(request: PageRequest, format_: str, told: Told, rows: Sequence[Row]) -> Response:
    reader = Reader(request.session.account, request.language, request.absolute_url, told)
    media_type, make = FILES[format_]
    name = reader.say(N_("dossier"))
    headers = {"Content-Disposition": f'attachment; filename="{name}-{today()}.{format_}"'}
    return Response(make(rows, reader), media_type=media_type, headers=headers)


def as_xlsx(rows: Sequence[Row], reader: Reader) -> bytes:
    import xlsxwriter

    written = io.BytesIO()
    with xlsxwriter.Workbook(written, {"in_memory": True}) as workbook:
        sheet = workbook.add_worksheet(reader.say(N_("Dossier")))
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


def as_csv(rows: Sequence[Row], reader: Reader) -> bytes:
    layout = CsvLayout.of(reader.language)
    written = io.StringIO()
    writer = csv.writer(written, delimiter=layout.delimiter, quoting=csv.QUOTE_ALL)
    writer.writerow(reader.say(title) for title, _ in COLUMNS)
    for row in rows:
        writer.writerow(map(layout.cell, _cells(row, reader)))
    return written.getvalue().encode("utf-8-sig")


def as_vcards(rows: Sequence[Row], reader: Reader) -> bytes:
    return "".join(_vcard(row, reader) for row in rows).encode()


FILES: Mapping[str, tuple[str, Callable[[Sequence[Row], Reader], bytes]]] = {
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", as_xlsx),
    "csv": ("text/csv; charset=utf-8", as_csv),
    "vcf": ("text/vcard; charset=utf-8", as_vcards),
}


def _cells(row: Row, reader: Reader) -> Sequence[str]:
    entry, actor = row.entry, row.actor
    changed = (written_date(entry.changed_at, reader.language), entry.changed_by or entry.signed)
    worked = (
        reader.need_of(row),
        in_words(entry.why, reader.say),
        reader.say(STATUS_LABELS[entry.status]),
        ", ".join(filter(None, changed)),
        entry.note,
    )
    if actor is None:
        said = reader.say(N_("This organisation is no longer in the catalogue."))
        return (entry.actor_id, "", "", "", "", "", "", "", *worked, said)
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
        *worked,
        reader.absolute_url(address(Page.ACTOR, actor.id)),
    )


def _vcard(row: Row, reader: Reader) -> str:
    import vobject

    actor = row.actor
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
    # The page, by which the organisation is found again from a telephone.
    card.add("url").value = page
    card.add("note").value = "\n".join(_sentences(row, contacts, reader))
    return str(card.serialize())


def _sentences(row: Row, contacts: ShownContacts, reader: Reader) -> Iterator[str]:
    """Yields what a card notes: each a line and a sentence, since some telephones join lines."""
    reasons = in_words(replace(row.entry.why, reasons=row.entry.why.reasons[:1]), reader.say)
    lines = [
        _person(contacts),
        first_sentence(reader.need_of(row), 160),
        *(first_sentence(line, 160) for line in reasons.split("\n")),
        reader.say(STATUS_LABELS[row.entry.status]),
        *row.entry.note.split("\n"),
    ]
    for line in filter(None, lines):
        yield line if line[-1] in ".!?…" else f"{line}."


def _once(contacts: Sequence[ContactText]) -> Sequence[ContactText]:
    return list({contact.href: contact for contact in contacts}.values())


def _person(contacts: ShownContacts) -> str:
    return ", ".join(part.text for part in contacts.person)

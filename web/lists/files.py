"""A list as files: for spreadsheets (XLSX, CSV) and for telephones and mail (vCard).

They hold the contacts that their reader may see. A text is never a formula: XLSX cells are typed,
and CSV cells are made safe as in reports.
"""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from kb.explanation.report_files import CsvLayout
from kb.messages import N_
from kb.registers.accounts import Account
from kb.registers.contact_lists import CallStatus
from web.catalogue.contact_links import ContactText, ShownContacts, shown_to
from web.http.i18n import Language, translations
from web.http.urls import AbsoluteUrl, Page, address
from web.lists.labels import STATUS_LABELS
from web.lists.rows import ListRow

COLUMNS = (
    N_("Organisation"),
    N_("Town"),
    N_("Department"),
    N_("Telephone"),
    N_("E-mail"),
    N_("Address"),
    N_("Contact person"),
    N_("Website"),
    N_("For the need"),
    N_("Where it stands"),
    N_("Note"),
    N_("Page"),
)
WIDTHS = (32, 20, 12, 18, 28, 34, 28, 28, 28, 14, 50, 40)
"""The widths of the columns of a sheet, in characters."""


@dataclass(frozen=True, slots=True)
class ListFile:
    """A file to download: its bytes, its media type and how its name ends."""

    content: bytes
    media_type: str
    extension: str


@dataclass(frozen=True, slots=True)
class ListReader:
    """For whom a file is made: an account or a stranger, in a language, on this site."""

    account: Account | None
    language: Language
    absolute_url: AbsoluteUrl

    def say(self, message: str) -> str:
        return translations(self.language).gettext(message)

    def status(self, status: CallStatus) -> str:
        return self.say(STATUS_LABELS[status])


def as_xlsx(rows: Sequence[ListRow], reader: ListReader) -> ListFile:
    """Returns the list as a sheet of texts, its header fixed and filters on."""
    import xlsxwriter

    written = io.BytesIO()
    with xlsxwriter.Workbook(written, {"in_memory": True}) as workbook:
        sheet = workbook.add_worksheet(reader.say(N_("My list")))
        bold, wrapped = (
            workbook.add_format({"bold": True}),
            workbook.add_format({"text_wrap": True, "valign": "top"}),
        )
        for column, (title, width) in enumerate(zip(COLUMNS, WIDTHS, strict=True)):
            sheet.set_column(column, column, width)
            sheet.write_string(0, column, reader.say(title), bold)
        for place, row in enumerate(rows, 1):
            for column, cell in enumerate(_cells(row, reader)):
                sheet.write_string(place, column, cell, wrapped)
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, len(rows), len(COLUMNS) - 1)
    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return ListFile(written.getvalue(), media_type, "xlsx")


def as_csv(rows: Sequence[ListRow], reader: ListReader) -> ListFile:
    """Returns the list as a CSV file in UTF-8 with a byte order mark, as spreadsheets expect it."""
    layout = CsvLayout.of(reader.language)
    written = io.StringIO()
    writer = csv.writer(written, delimiter=layout.delimiter, quoting=csv.QUOTE_ALL)
    writer.writerow(map(reader.say, COLUMNS))
    for row in rows:
        writer.writerow(map(layout.cell, _cells(row, reader)))
    return ListFile(written.getvalue().encode("utf-8-sig"), "text/csv; charset=utf-8", "csv")


def as_vcards(rows: Sequence[ListRow], reader: ListReader) -> ListFile:
    """Returns a vCard 3.0 of each organisation that is still in the catalogue."""
    cards = "".join(_vcard(row, reader) for row in rows)
    return ListFile(cards.encode(), "text/vcard; charset=utf-8", "vcf")


FILES: Mapping[str, Callable[[Sequence[ListRow], ListReader], ListFile]] = {
    "xlsx": as_xlsx,
    "csv": as_csv,
    "vcf": as_vcards,
}
"""What makes each file, by the name of its format."""


def _cells(row: ListRow, reader: ListReader) -> Sequence[str]:
    entry, actor = row.entry, row.actor
    status = reader.status(entry.status)
    if actor is None:
        said = reader.say(N_("This organisation is no longer in the catalogue."))
        return (entry.actor_id, "", "", "", "", "", "", "", entry.need, status, entry.note, said)
    contacts = shown_to(actor, reader.account)
    return (
        actor.name,
        actor.place,
        actor.department,
        _lines(contacts.phones),
        _lines(contacts.emails),
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
        _add(card, "tel", phone.href.removeprefix("tel:"))
    for email in _once([*contacts.emails, *(each for each in persons if not each.is_phone)]):
        _add(card, "email", email.text)
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
        reader.status(entry.status),
        entry.note,
        page,
    ]
    card.add("note").value = "\n".join(filter(None, said))
    return str(card.serialize())


def _add(card: object, name: str, value: str) -> None:
    line = card.add(name)  # type: ignore[attr-defined]
    line.value = value
    line.type_param = "WORK"


def _once(contacts: Sequence[ContactText]) -> Sequence[ContactText]:
    return list({contact.href: contact for contact in contacts}.values())


def _lines(contacts: Sequence[ContactText]) -> str:
    return "\n".join(contact.text for contact in contacts)


def _person(contacts: ShownContacts) -> str:
    return ", ".join(part.text for part in contacts.person)

"""The files of a dossier, read back by other programs than those that wrote them."""

import csv
import io
from dataclasses import replace
from typing import Any

import openpyxl
import pytest
import vobject
from fastapi.testclient import TestClient

from kb.models import Actor
from tests.web.sample_base import ACTORS, CASES, DISTILLERY, SampleBase
from tests.web.signed_in import account_client, client_of

CIRE = Actor(
    "cire",
    "=Cire; & Œuvre, « été »",
    "Cire.",
    place="Angoulême",
    department="16",
    website="https://cire.example/",
    phone=("+33536497710",),
    email=("contact@cire.example",),
    address="12 rue des Cordonniers, 16000",
    contact="Jeanne Martin, 06 39 98 00 11",
    members_only=frozenset({"contact"}),
)
NOTE = "=1+1\nrappeler lundi « après 14 h », œuvre"


@pytest.fixture
def base() -> SampleBase:
    return SampleBase((*ACTORS, CIRE), CASES)


def file_of(client: TestClient, do: str, language: str = "en") -> Any:
    path = {"en": "/en/dossier/sheet", "fr": "/fr/dossier/feuille"}[language]
    sent = {
        "id": ["cire", DISTILLERY.id, "gone"],
        "need": ["+cire", "+cire", "+cire"],
        "status": ["interested", "no", "to_call"],
        "note": [NOTE, "", "à effacer"],
        "do": do,
    }
    answer = client.post(path, data=sent)
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="dossier-20')
    assert answer.headers["Content-Disposition"].endswith(f'.{do}"')
    return answer


def test_a_sheet_holds_texts_and_no_formula(base: SampleBase) -> None:
    answer = file_of(client_of(base), "xlsx", "fr")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    header, *rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert header[:4] == ["Organisation", "Commune", "Département", "Téléphone"]
    first = dict(zip(header, rows[0], strict=True))
    assert first["Organisation"] == CIRE.name
    assert first["Téléphone"] == "05 36 49 77 10"
    assert first["Pour le besoin"] == "+cire"
    assert first["Pourquoi"].splitlines()[1].startswith("Décrit")
    assert first["Suivi"] == "Intéressée"
    assert first["Note"] == NOTE
    assert first["Page"] == "https://quisait.example/fr/acteurs/cire"
    assert rows[2][0] == "gone"
    types = {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None}
    assert types == {"s"}
    assert not any(cell.hyperlink for row in sheet.iter_rows() for cell in row)


@pytest.mark.parametrize(("language", "delimiter"), [("fr", ";"), ("en", ",")])
def test_a_csv_opens_in_spreadsheets_and_runs_nothing(
    base: SampleBase, language: str, delimiter: str
) -> None:
    content = file_of(client_of(base), "csv", language).content
    assert content.startswith(b"\xef\xbb\xbf")
    text = content.decode("utf-8-sig")
    header, *rows = csv.reader(io.StringIO(text), delimiter=delimiter)
    assert len(header) == len(rows[0]) == len(rows[2]) == 14
    # What would be a formula has an apostrophe before it, in each cell and wherever it is split.
    assert rows[0][0] == "'" + CIRE.name
    assert rows[0][8] == "'+cire"
    assert rows[0][12].replace("'", "") == NOTE
    for sign in (";", ",", "\t", "\n"):
        for cell in text.split(sign):
            assert not cell.strip('" ').startswith(("=", "+", "-", "@")), cell


def test_cards_are_read_by_another_program(base: SampleBase) -> None:
    answer = file_of(client_of(base), "vcf")
    assert answer.headers["Content-Type"].startswith("text/vcard")
    cards = list(vobject.readComponents(answer.content.decode()))
    assert [card.fn.value for card in cards] == [CIRE.name, DISTILLERY.name]
    first = cards[0]
    assert first.version.value == "3.0"
    assert first.org.value == [CIRE.name]
    assert [each.value for each in first.tel_list] == ["+33536497710"]
    assert first.email.value == "contact@cire.example"
    assert first.adr.value.street == "12 rue des Cordonniers, 16000 Angoulême"
    page = "https://quisait.example/en/actors/cire"
    assert [each.value for each in first.url_list] == ["https://cire.example/", page]
    # Each line is a sentence, so that it reads well where lines are joined.
    lines = first.note.value.splitlines()
    assert lines[0] == "+cire."
    assert lines[2].startswith("Described: Cire.")
    assert lines[3:] == ["Interested.", "=1+1.", "rappeler lundi « après 14 h », œuvre."]
    assert first.uid.value == page


@pytest.mark.parametrize("do", ["xlsx", "csv", "vcf"])
def test_files_hold_the_contacts_that_their_reader_may_see(base: SampleBase, do: str) -> None:
    def text(client: TestClient) -> str:
        content = file_of(client, do).content
        if do != "xlsx":
            return str(content.decode())
        sheet = openpyxl.load_workbook(io.BytesIO(content)).active
        return str([cell.value for row in sheet.iter_rows() for cell in row])

    stranger, member = text(client_of(base)), text(account_client(base))
    dialled = do == "vcf"
    public_number = "+33536497710" if dialled else "05 36 49 77 10"
    for public in (public_number, "contact@cire.example"):
        assert public in stranger
        assert public in member
    for private in ("Jeanne", "+33639980011" if dialled else "06 39 98 00 11"):
        assert private not in stranger
        assert private in member


def test_a_file_of_a_kept_dossier_has_what_its_form_does_not_send(base: SampleBase) -> None:
    client = account_client(base, name="Léa")
    entry = {"id": "cire", "need": "du cire pour mars", "do": "pick"}
    page = client.get("/en/account").text
    token = page.split('name="csrf" value="')[1].split('"')[0]
    client.post("/en/dossier", data={"csrf": token, **entry})
    kept = base.dossiers.of("Léa")[0]
    sent = {"dossier": kept.id, "id": "cire", "status": "to_call", "note": "", "do": "csv"}
    base.put([replace(CIRE, description="Autre chose.")])
    text = client.post("/en/dossier/sheet", data=sent).text
    assert "du cire pour mars" in text
    assert "Described: Cire." in text

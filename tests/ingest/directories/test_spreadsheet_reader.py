from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from ingest.directories.readers import preview, read_directory
from ingest.records.entries import Entry
from kb.errors import InputError
from kb.models import Actor
from tests.ingest.directories.sheets import cell, ods, row

AVEL = Actor(id="avel", name="Avel", country="FR")
SIRET = 73282932000074


def write(path: Path, **sheets: Sequence[Sequence[object]]) -> Path:
    """A workbook with these sheets, each a list of rows."""
    workbook = Workbook()
    workbook.remove(workbook["Sheet"])
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for values in rows:
            sheet.append(list(values))
    workbook.save(path)
    return path


def test_cells_are_read_as_a_person_reads_them(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.xlsx",
        Firmes=[
            ["Raison sociale", "SIRET", "Dépt", "Fermé le", "Effectif", "Visite", "Export"],
            [
                "Avel",
                SIRET,
                1,
                date(2024, 1, 31),
                40.5,
                datetime.fromisoformat("2025-03-04T09:30"),
                True,
            ],
        ],
    )
    assert list(read_directory(path)) == [
        Entry(
            2,
            Actor(
                id="avel",
                name="Avel",
                country="FR",
                siret=str(SIRET),
                department="01",
                closed_on="2024-01-31",
                facts={"Effectif": "40.5", "Visite": "2025-03-04T09:30:00", "Export": "true"},
            ),
        )
    ]


def test_sheets_with_a_name_are_read_below_their_titles(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.xlsx",
        Notice=[["À lire"], ["Ce fichier est un annuaire."]],
        Firmes=[["Annuaire 2026"], [], ["", "Nom", "Commune"], ["", "Avel", ""], ["", "", "x"]],
        Autres=[["Nom", "Ville"], ["Merlet", ""]],
    )
    merlet = Actor(id="merlet", name="Merlet", country="FR")
    assert list(read_directory(path)) == [
        Entry(4, AVEL),
        Entry(5, reason="has no name"),
        Entry(2, merlet, sheet="Autres"),
    ]


def test_every_sheet_is_read_or_named_as_left_out(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.xlsx",
        Notice=[["À lire"], ["Ce fichier est un annuaire."]],
        Charente=[["Nom", "Ville", "Produits"], ["Avel", "", "cirage"]],
        Landes=[["Nom", "Ville", "Produits", "Certifications"], ["", "", "", "x"], ["Merlet"]],
        Vide=[],
        Contacts=[["Nom", "Prénom", "Téléphone"], ["Sel", "Anne", "05"]],
        Savoirs=[["Entreprise", "Ville", "Parc machines"], ["Jolival", "", "Tours"]],
    )
    warnings: list[str] = []
    entries = list(read_directory(path, warn=warnings.append))
    assert [(entry.sheet, entry.row, entry.record and entry.record.id) for entry in entries] == [
        ("", 2, "avel"),
        ("Landes", 2, None),
        ("Landes", 3, "merlet"),
        ("Savoirs", 2, "jolival"),
    ]
    assert warnings == [
        "sheet 'Notice' is left out: it is no table of the same actors; it begins with 'À lire'",
        "sheet 'Landes' is read as well; it begins with 'Nom', 'Ville', 'Produits', "
        "'Certifications'",
        "sheet 'Contacts' is left out: it is no table of the same actors; it begins with 'Nom', "
        "'Prénom', 'Téléphone'",
        "sheet 'Savoirs' is read as well; it begins with 'Entreprise', 'Ville', 'Parc machines'",
        "rows that do not say what the organisation can do: 1; needs hardly find them",
    ]
    shown = preview(path)
    assert [(note.file, note.row) for note in shown.problems] == [
        *[(str(path), 0)] * 5,
        (f"{path} (Landes)", 2),
    ]
    assert (shown.kept, shown.failed) == (3, 1)


@pytest.mark.parametrize(
    "main",
    [
        ["Nom", "Activité"],
        ["Nom", "Description", "Ville"],
        ["Nom", "Description", "Site web", "SIRET"],
    ],
)
@pytest.mark.parametrize(
    "other",
    [["Nom", "Description"], ["Nom", "Produits", "Prix"], ["Nom", "Compétences", "Durée"], ["Nom"]],
)
def test_a_sheet_of_things_that_have_names_is_left_out(
    tmp_path: Path, main: list[str], other: list[str]
) -> None:
    firms = [main, ["Avel", *[""] * (len(main) - 1)]]
    things = [other, ["Cirage", *["x"] * (len(other) - 1)]]
    path = write(tmp_path / "a.xlsx", Entreprises=firms, Produits=things)
    warnings: list[str] = []
    assert list(read_directory(path, warn=warnings.append)) == [Entry(2, AVEL)]
    assert "sheet 'Produits' is left out" in warnings[0]
    assert any("sheet 'Produits' is left out" in note.reason for note in preview(path).problems)


def test_a_merged_cell_counts_in_each_row_that_it_spans(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.xlsx",
        Firmes=[
            ["Annuaire 2026", None, None, None],
            ["Secteur", "Nom", "Adresse", None],
            [None, None, "Rue", "Ville"],
            ["Cuir", "Avel", "1 rue du Cirage", "Cognac"],
            [None, "Merlet", "2 rue du Cirage", "Cognac"],
            [None, "Jolival", None, None],
        ],
    )
    workbook = load_workbook(path)
    for cells in ("A1:D1", "A2:A3", "B2:B3", "C2:D2", "A4:A5"):
        workbook["Firmes"].merge_cells(cells)
    workbook.save(path)
    actors = [entry.record for entry in read_directory(path) if isinstance(entry.record, Actor)]
    assert [(actor.name, actor.place, actor.address, dict(actor.facts)) for actor in actors] == [
        ("Avel", "Cognac", "1 rue du Cirage", {"Secteur": "Cuir"}),
        ("Merlet", "Cognac", "2 rue du Cirage", {"Secteur": "Cuir"}),
        ("Jolival", "", "", {}),
    ]


def test_an_opendocument_spreadsheet_is_read(tmp_path: Path) -> None:
    path = ods(tmp_path / "a.ods", row(cell("Avel")) + row(cell("Mérlet"), cell("Cognac")))
    assert list(read_directory(path)) == [
        Entry(2, AVEL),
        Entry(
            3,
            Actor(id="merlet-cognac", name="Mérlet", place="Cognac", department="16", country="FR"),
        ),
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"nom;ville\n", r"^cannot be read as a spreadsheet: "),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, r"^is protected by a password, or"),
    ],
)
def test_what_is_no_spreadsheet_says_so(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    with pytest.raises(InputError, match=reason):
        list(read_directory(path))

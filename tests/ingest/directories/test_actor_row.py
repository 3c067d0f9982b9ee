from pathlib import Path

import pytest

from ingest.directories.actor_row import actor_from, entry_from
from ingest.directories.columns_of import actor_columns
from ingest.directories.readers import read_directory
from kb.errors import InputError
from kb.models import Actor


def test_every_field_is_cleaned() -> None:
    actor = actor_from(
        {
            "id": " P001 ",
            "name": "Avel\n(Saphir)",
            "description": " Fabrique des cirages.\r\n\r\nConditionne en boîtes. ",
            "place": "Magnac-Lavalette ",
            "department": "Charente (16)",
            "country": "France",
            "activity_code": "2041z",
            "siret": "732 829 320 00074",
            "website": "www.avel.example",
            "lang": "français",
            "themes": "Chimie; Cuir",
            "source_url": "http://annuaire.example/avel",
        },
        {"Effectif": " 60 ", "Note": " "},
    )
    assert actor == Actor(
        id="P001",
        name="Avel (Saphir)",
        description="Fabrique des cirages.\n\nConditionne en boîtes.",
        place="Magnac-Lavalette",
        department="16",
        country="FR",
        activity_code="20.41Z",
        siret="73282932000074",
        website="https://www.avel.example",
        lang="fr",
        themes=("Chimie", "Cuir"),
        source_url="http://annuaire.example/avel",
        facts={"Effectif": "60"},
    )


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({}, "has no name"),
        ({"name": " \x00 "}, "has no name"),
        (
            {"name": "x", "description": "y" * 50_000},
            "description has 50,000 characters; at most 20,000 fit",
        ),
        ({"name": "y" * 501}, "name has 501 characters; at most 500 fit"),
        (
            {"name": "x", "department": "Poitou"},
            "department 'Poitou' is not a department of France",
        ),
        (
            {"name": "x", "department": "20"},
            "department '20' is not a department of France: write 2A or 2B for Corsica",
        ),
        (
            {"name": "x", "department": "17 - Charente"},
            "department '17 - Charente' gives two departments: 17 is Charente-Maritime",
        ),
        ({"name": "x", "department": "16, 17"}, "department '16, 17' holds more than one number"),
        (
            {"name": "x", "department": "16", "country": "BE"},
            "department '16' is given, but the country is BE",
        ),
        (
            {"name": "x", "siret": "732829320"},
            "wrong siret '732829320': 14 digits, no letters",
        ),
        (
            {"name": "x", "siret": "73282932000075"},
            "wrong siret '73282932000075': one of its digits is mistyped",
        ),
        (
            {"name": "x", "siret": "7,32829E+13"},
            "siret '7,32829E+13' lost digits in a spreadsheet: make its column text",
        ),
        (
            {"name": "x", "source_url": "javascript:alert(1)"},
            "source_url 'javascript:alert(1)' begins with javascript: only http and https are "
            "accepted",
        ),
    ],
)
def test_a_row_that_cannot_be_kept_says_why(cells: dict[str, str], reason: str) -> None:
    with pytest.raises(InputError) as refusal:
        actor_from(cells)
    assert str(refusal.value) == reason


@pytest.mark.parametrize(
    ("written", "siret"),
    [
        ("73282932000074.0", "73282932000074"),
        ("7,3282932000074E+13", "73282932000074"),
        ("7.3282932000074e13", "73282932000074"),
        ("5420120700013", "05420120700013"),
        ("35600000049837", "35600000049837"),  # of La Poste
    ],
)
def test_a_siret_that_a_spreadsheet_took_for_a_number_is_made_what_it_was(
    written: str, siret: str
) -> None:
    assert actor_from({"name": "x", "siret": written}).siret == siret


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2024-01-31", "2024-01-31"),
        ("31/01/2024", "2024-01-31"),
        ("1.2.2024", "2024-02-01"),
        ("2024-01-31 00:00:00", "2024-01-31"),
        ("2024-01-31T00:00:00", "2024-01-31"),
    ],
)
def test_the_day_of_closing_may_be_written_in_french(written: str, day: str) -> None:
    assert actor_from({"name": "x", "closed_on": written}).closed_on == day


@pytest.mark.parametrize(
    ("cell", "code", "facts"),
    [
        ("25.62B", "25.62B", {}),
        ("2562b", "25.62B", {}),
        ("C25.6", "C25.6", {}),
        ("", "", {}),
        ("Fraisage 5 axes", "", {"Activité principale": "Fraisage 5 axes"}),
    ],
)
def test_the_main_activity_is_a_code_or_know_how(
    cell: str, code: str, facts: dict[str, str]
) -> None:
    columns = actor_columns(["Nom", "Activité principale"])
    actor = entry_from(columns, ["Avel", cell]).record
    assert isinstance(actor, Actor)
    assert (actor.activity_code, actor.facts) == (code, facts)


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("Tournage, fraisage, rectification, traitement de surface", "fr"),
        ("Zerspanung, Drehen, Fräsen, Schleifen, Oberflächentechnik", "de"),
        ("Mecanizado, torneado, fresado y rectificado de piezas", "es"),
        ("Verspanen, draaien, frezen, slijpen en lassen van staal", "nl"),
        ("Machining, turning, milling and grinding of steel parts", "en"),
        ("Fräsen", "fr"),
    ],
)
def test_the_language_is_that_of_what_an_actor_says(text: str, lang: str) -> None:
    assert actor_from({"name": "x", "description": text}).lang == lang
    assert actor_from({"name": "x"}, {"Produits": text}).lang == lang
    assert actor_from({"name": "x", "lang": "en"}, {"Produits": text}).lang == "en"


def actor_of(tmp_path: Path, header: str, row: str) -> Actor:
    path = tmp_path / "a.csv"
    path.write_text(f"Nom;{header};Activité\nAvel;{row};Cirage\n", encoding="utf-8")
    (entry,) = read_directory(path)
    assert isinstance(entry.record, Actor), entry.reason
    return entry.record


@pytest.mark.parametrize(
    ("header", "row", "place", "department", "facts"),
    [
        (
            "Code postal;Ville",
            "16000;Angoulême",
            "Angoulême",
            "16",
            {"Code postal": "16000", "EPCI": "CA du Grand Angoulême"},
        ),
        (
            "CP",
            "16000",
            "Angoulême",
            "16",
            {"CP": "16000", "EPCI": "CA du Grand Angoulême"},
        ),
        ("CP", "48250", "", "", {"CP": "48250"}),
        ("CP;Ville", "48250;Laveyrune", "Laveyrune", "07",
         {"CP": "48250", "EPCI": "CC Montagne d'Ardèche"}),
        ("CP;Ville", "1400;L'Abergement-Clémenciat", "L'Abergement-Clémenciat", "01",
         {"CP": "1400", "EPCI": "CC de la Dombes"}),
        ("Département;Ville", "16300;Barret", "Barret", "16", {"EPCI": "CC des 4B Sud Charente"}),
        ("CP;Département", "16000;Charente-Maritime", "", "17", {"CP": "16000"}),
        ("CP;Département", "16000;Poitou", "Angoulême", "16",
         {"CP": "16000", "EPCI": "CA du Grand Angoulême"}),
        ("CP;Ville", "17400;SAINT JEAN D ANGELY", "Saint-Jean-d'Angély", "17",
         {"CP": "17400", "EPCI": "CC Vals de Saintonge Communauté"}),
        ("CP;Ville", "16710;ST YRIEIX S/ CHARENTE", "Saint-Yrieix-sur-Charente", "16",
         {"CP": "16710", "EPCI": "CA du Grand Angoulême"}),
        ("Ville;Département", "ISLE D ESPAGNAC (L');16", "L'Isle-d'Espagnac", "16", {}),
        ("Ville;Département", "PARIS 15;75", "Paris 15", "75", {}),
        ("Ville;Pays", "LE PONT NEUF;FR", "Le Pont Neuf", "", {}),
        ("CP;Ville;EPCI", "16000;Angoulême;GrandAngoulême", "Angoulême", "16",
         {"CP": "16000", "EPCI": "GrandAngoulême"}),
        ("CP;Ville;Pays", "16000;Praha;CZ", "Praha", "", {"CP": "16000"}),
        ("Ville;Département;Pays", "Mons;Hainaut;Belgique", "Mons", "", {"région": "Hainaut"}),
        ("Ville;Région;Pays", "Mons;Wallonie;BE", "Mons", "", {"Région": "Wallonie"}),
        ("CP;Latitude;Longitude", "x;45.65;0.15", "", "",
         {"CP": "x", "Latitude": "45.65", "Longitude": "0.15"}),
    ],
)  # fmt: skip
def test_where_an_actor_is(
    tmp_path: Path, header: str, row: str, place: str, department: str, facts: dict[str, str]
) -> None:
    actor = actor_of(tmp_path, header, row)
    assert (actor.place, actor.department, actor.facts) == (place, department, facts)


@pytest.mark.parametrize(
    ("row", "department"),
    [
        ("Avel;Dinan;;", "22"), ("Avel;Loudéac;;", "22"),
        ("Avel;Saint-Denis;;", ""),  # which several are called
        ("Avel;Dinan;35;", "35"),  # what is written stays
        ("Avel;Dinan;;BE", ""),
    ],
)  # fmt: skip
def test_a_department_is_that_of_the_only_town_so_called(
    tmp_path: Path, row: str, department: str
) -> None:
    path = tmp_path / "firms.csv"
    path.write_text(f"nom;commune;département;pays\n{row}\n", encoding="utf-8")
    (entry,) = read_directory(path)
    assert isinstance(entry.record, Actor)
    assert entry.record.department == department

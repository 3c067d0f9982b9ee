from dataclasses import replace
from pathlib import Path

import pytest

from ingest.directories.readers import read_directory
from kb.models import Actor


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
        ("CP;Département", "16000;Charente-Maritime", "Angoulême", "17",
         {"CP": "16000", "EPCI": "CA du Grand Angoulême"}),
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
    ("header", "row", "department", "epci"),
    [
        ("name;place;postal_code", "Avel;Alcobendas;28100", "", ""),
        ("Nom;Ville;Code postal", "Avel;Alcobendas;28100", "", ""),
        ("Nom;Ville;Département", "Avel;Alcobendas;28100", "", ""),
        ("Firma;PLZ", "Avel;16000", "", ""),
        ("Empresa;CP", "Avel;16000", "", ""),
        ("Firma;PLZ;Land", "Avel;16000;FR", "16", "CA du Grand Angoulême"),
        ("Firma;PLZ;Land", "Avel;16000;", "", ""),
        ("Firma;PLZ;Ort", "Avel;16000;Angoulême", "16", "CA du Grand Angoulême"),
        ("Nom;Ville;CP", "Avel;ANGOULEME CEDEX 9;16000", "16", "CA du Grand Angoulême"),
    ],
)
def test_a_postal_code_that_may_be_of_elsewhere_tells_nothing(
    tmp_path: Path, header: str, row: str, department: str, epci: str
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"{header}\n{row}\n", encoding="utf-8")
    (entry,) = read_directory(path)
    assert isinstance(entry.record, Actor), entry.reason
    assert (entry.record.department, entry.record.facts.get("EPCI", "")) == (department, epci)
    assert set(row.split(";")) & set(entry.record.facts.values()) & {"28100", "16000"}


@pytest.mark.parametrize("row", ["16;BE", "99999;FR", "Poitou;FR"])
def test_a_department_that_cannot_be_is_still_refused(tmp_path: Path, row: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"Nom;Département;Pays\nAvel;{row}\n", encoding="utf-8")
    (entry,) = read_directory(path)
    assert entry.reason.startswith("department ")


def test_an_actor_that_is_read_again_is_the_same(tmp_path: Path) -> None:
    first = actor_of(tmp_path, "CP", "16000")
    second = actor_of(tmp_path, "Ville;Département;CP;EPCI", "Angoulême;16;16000;"
                      "CA du Grand Angoulême")  # fmt: skip
    assert (first.id, second.id) == ("avel", "avel-angouleme")  # the town of the first is found
    assert replace(first, id=second.id) == second

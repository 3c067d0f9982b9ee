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

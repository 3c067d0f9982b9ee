from pathlib import Path

import pytest

from ingest.directories.readers import preview, read_directory
from ingest.records.entries import Entry
from kb.errors import InputError
from kb.models import Actor

AVEL = Actor(id="avel", name="Avel", country="FR")
MERLET = Actor(id="merlet", name="Merlet", country="FR")


def write(tmp_path: Path, content: str, name: str = "actors.json") -> Path:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    return path


def test_actors_are_in_an_array_whatever_the_encoding(tmp_path: Path) -> None:
    array = '[{"name": "Avel"}, {"nom": "Merlet"}]'
    for content in (array, f'{{"source": "Réseau", "actors": {array}}}'):
        for encoding in ("utf-8", "utf-8-sig", "utf-16", "cp1252"):
            path = tmp_path / "actors.json"
            path.write_text(content, encoding=encoding)
            assert list(read_directory(path)) == [Entry(1, AVEL), Entry(2, MERLET)]


def test_values_become_cells(tmp_path: Path) -> None:
    content = """[{
        "name": "Avel", "id": 7, "themes": ["Chimie", "Cuir"], "place": null, "siret": "",
        "effectif": 60.50, "ouvert": true, "machines": ["cuves", 3], "adresse": {"cp": 16000}
    }]"""
    assert list(read_directory(write(tmp_path, content))) == [
        Entry(
            1,
            Actor(
                id="7",
                name="Avel",
                place="Angoulême",
                department="16",
                country="FR",
                themes=("Chimie", "Cuir"),
                facts={
                    "effectif": "60.50",
                    "ouvert": "true",
                    "machines": "cuves | 3",
                    "adresse.cp": "16000",
                    "EPCI": "CA du Grand Angoulême",
                },
            ),
        )
    ]


def test_lines_are_read_one_by_one(tmp_path: Path) -> None:
    content = '{"name": "Avel"}\n\n{"name": "Mer\n[]\r\n{"name": "\\ud800"}\n{"name": "Merlet"}'
    assert list(read_directory(write(tmp_path, content, "actors.jsonl"))) == [
        Entry(1, AVEL),
        Entry(3, reason="is not JSON: Invalid control character at (line 1, column 14)"),
        Entry(4, reason="is not an object"),
        Entry(5, reason="has no name"),
        Entry(6, MERLET),
    ]


PERSONS = """[{"nom": "Avel", "dirigeant": "Jean Dupont", "infos": {"gerant": "Anne Roy"},
    "equipe": {"chef": {"prenom": "Luc", "nom": "Vue"}, "atelier": {"nombre": "3"}},
    "membres": [{"first_name": "Lou", "familyName": "Ray"}], "personnel": {"effectif": 12}}]"""


def test_persons_are_left_out_wherever_they_are_and_this_is_said(tmp_path: Path) -> None:
    warnings: list[str] = []
    (entry,) = read_directory(write(tmp_path, PERSONS), warn=warnings.append)
    assert isinstance(entry.record, Actor)
    assert entry.record.facts == {"equipe.atelier.nombre": "3", "personnel.effectif": "12"}
    assert warnings[:2] == [
        "columns that tell of persons are ignored: 'dirigeant', 'infos.gerant'; say what they are "
        "if they do not",
        "values that are persons are left out: 'equipe.chef', 'membres'",
    ]
    looked_at = preview(tmp_path / "actors.json", source="annuaire")
    assert [note.reason for note in looked_at.problems][:2] == warnings[:2]


FEATURES = """{"type": "FeatureCollection", "bbox": [0.1, 45.6, 0.2, 45.7], "features": [
    {"type": "Feature", "id": "node/1", "geometry": {"type": "Point", "coordinates": [0.15, 45.65]},
     "properties": {"name": "Avel", "craft": "shoemaker", "addr:city": "Angoulême",
                    "addr:postcode": "16000", "contact:website": "avel.example"}},
    {"type": "Feature", "geometry": null, "properties": {"name": "Merlet"}}
]}"""


def test_features_of_geojson_are_actors_with_their_point(tmp_path: Path) -> None:
    first, second = read_directory(write(tmp_path, FEATURES, "firms.geojson"))
    assert first.record == Actor(
        id="node/1",
        name="Avel",
        description="shoemaker",
        place="Angoulême",
        department="16",
        country="FR",
        website="https://avel.example",
        facts={
            "addr:postcode": "16000",
            "coordonnées": "45.65, 0.15",
            "EPCI": "CA du Grand Angoulême",
        },
    )
    assert second == Entry(2, MERLET)


def test_elements_of_openstreetmap_are_actors_with_their_tags(tmp_path: Path) -> None:
    content = """{"version": 0.6, "elements": [{"type": "node", "id": 7, "lat": 45.65, "lon": 0.15,
        "tags": {"name": "Avel", "addr:city": "Angoulême", "product": "shoe polish"}}]}"""
    (entry,) = read_directory(write(tmp_path, content))
    assert entry.record == Actor(
        id="7",
        name="Avel",
        place="Angoulême",
        department="16",
        country="FR",
        facts={"type": "node", "lat": "45.65", "lon": "0.15", "tags.product": "shoe polish"},
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "is empty"),
        (
            '[{"name": "Avel"},\n {"na',
            "is not JSON: Unterminated string starting at (line 2, column 3)",
        ),
        ("3", "holds neither an array nor an object"),
        ('{"a": 1}', "must hold one array of actors; its arrays are: none"),
        ('{"a": [], "b": []}', "must hold one array of actors; its arrays are: 'a', 'b'"),
        (f'[{{"n": {"9" * 5000}}}]', "is not JSON: an integer has too many digits"),
        ("[" * 100_000, "is not JSON that can be read: it is nested too deeply"),
    ],
)
def test_a_file_that_is_no_directory_says_why(tmp_path: Path, content: str, reason: str) -> None:
    with pytest.raises(InputError) as refusal:
        list(read_directory(write(tmp_path, content)))
    assert str(refusal.value) == reason

from pathlib import Path

import pytest

from ingest.directories.readers import read_directory
from ingest.records.entries import Entry
from kb.errors import InputError
from kb.models import Actor

AVEL = Actor(id="avel", name="Avel", country="FR")
MERLET = Actor(id="merlet", name="Merlet", country="FR")


def write(tmp_path: Path, content: str, name: str = "actors.json") -> Path:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "content",
    [
        '[{"name": "Avel"}, {"nom": "Merlet"}]',
        '{"source": "CCI", "actors": [{"name": "Avel"}, {"nom": "Merlet"}]}',
    ],
)
def test_actors_are_in_an_array(tmp_path: Path, content: str) -> None:
    assert list(read_directory(write(tmp_path, content))) == [Entry(1, AVEL), Entry(2, MERLET)]


def test_one_actor_may_be_alone(tmp_path: Path) -> None:
    assert list(read_directory(write(tmp_path, '{"name": "Avel"}'))) == [Entry(1, AVEL)]


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
                country="FR",
                themes=("Chimie", "Cuir"),
                facts={
                    "effectif": "60.50",
                    "ouvert": "true",
                    "machines": "cuves | 3",
                    "adresse": '{"cp": "16000"}',
                },
            ),
        )
    ]


def test_a_bad_item_does_not_stop_the_good_ones(tmp_path: Path) -> None:
    assert list(
        read_directory(write(tmp_path, '[{"name": "Avel"}, {}, 3, {"name": "Merlet"}]'))
    ) == [
        Entry(1, AVEL),
        Entry(2, reason="has no name"),
        Entry(3, reason="is not an object"),
        Entry(4, MERLET),
    ]


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
        ("[" * 100_000, "is not JSON that can be read: it is nested too deeply"),
    ],
)
def test_a_file_that_is_no_directory_says_why(tmp_path: Path, content: str, reason: str) -> None:
    with pytest.raises(InputError) as refusal:
        list(read_directory(write(tmp_path, content)))
    assert str(refusal.value) == reason


def test_lines_are_read_one_by_one(tmp_path: Path) -> None:
    content = '{"name": "Avel"}\n\n{"name": "Mer\n[]\r\n{"name": "\\ud800"}\n{"name": "Merlet"}'
    assert list(read_directory(write(tmp_path, content, "actors.jsonl"))) == [
        Entry(1, AVEL),
        Entry(3, reason="is not JSON: Invalid control character at (line 1, column 14)"),
        Entry(4, reason="is not an object"),
        Entry(5, reason="has no name"),
        Entry(6, MERLET),
    ]


def test_a_file_that_breaks_off_is_read_up_to_there(tmp_path: Path) -> None:
    entries = read_directory(
        write(tmp_path, '{"a": {"actors": 1}, "actors": [{"name": "Avel"}, {"na')
    )
    with pytest.raises(InputError, match=r"^is not JSON: "):
        next(entries)
    entries = read_directory(write(tmp_path, '[{"name": "Avel"}, {"na'))
    assert next(entries) == Entry(1, AVEL)
    with pytest.raises(InputError, match=r"^is not JSON: Unterminated string"):
        next(entries)


def test_the_array_is_found_beside_what_has_its_name_deeper(tmp_path: Path) -> None:
    content = '{"meta": {"actors": [1]}, "actors": [{"name": "Avel"}]}'
    assert list(read_directory(write(tmp_path, content))) == [Entry(1, AVEL)]


def test_a_file_of_another_encoding_is_read(tmp_path: Path) -> None:
    path = tmp_path / "actors.json"
    path.write_text('[{"nom": "Délage"}]', encoding="utf-16")
    assert [entry.record for entry in read_directory(path)] == [
        Actor(id="delage", name="Délage", country="FR")
    ]

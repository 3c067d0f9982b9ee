import csv
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from ingest.directories.actor_row import entry_from
from ingest.directories.columns_of import actor_columns
from ingest.directories.readers import read_directory
from ingest.export import Exported, export
from ingest.records.case_file import case_from, read_markdown
from kb.errors import FileError, InputError
from kb.knowledge_base import KnowledgeBase
from kb.models import Actor, Case, Participation, Record
from kb.reference.roles import Role
from kb.search.results import Filters

AVEL = Actor(
    id="P/001",
    name='Avel "Saphir", SAS',
    description="Fabrique des cirages ;\n\nconditionne.",
    place="Magnac-Lavalette",
    department="16",
    country="FR",
    activity_code="20.41Z",
    siret="73282932000074",
    website="https://avel.example",
    lang="fr",
    themes=("Chimie", "Cuir"),
    source_url="https://annuaire.example/avel",
    facts={"Effectif": "60", "nom": "=1+1"},
)
MERLET = Actor(id="merlet", name="-Merlet", country="FR", facts={"Fondée": "+1850"})
GEL = Case(
    id="gel",
    title="Gel : « oui »",
    text="---\n\n# Récit\n\n---\nFin.",
    lang="fr",
    date="2020-04-02",
    modified="2020-04-03T10:00:00+02:00",
    author="null",
    moderator="- x",
    themes=("Santé", "Chimie"),
    need="Du gel: vite # vraiment",
    source_url="https://ville.example/gel",
    participants=(
        Participation("Avel", Role.PRODUCER, "P/001", "yes"),
        Participation("2020-04-02", Role.BUYER),
    ),
)


class Records(KnowledgeBase):
    """A base that has only its records."""

    def __init__(self, *records: Record) -> None:
        self.records = records

    def actors(self, filters: Filters = Filters()) -> Sequence[Actor]:
        return [record for record in self.records if isinstance(record, Actor)]

    def cases(self, filters: Filters = Filters()) -> Sequence[Case]:
        return [record for record in self.records if isinstance(record, Case)]


def exported_and_read(folder: Path, *records: Record) -> list[Record | None]:
    export(Records(*records), folder)
    entries = list(read_directory(folder / "actors.csv"))
    for path in sorted((folder / "cases").iterdir()):
        entries += read_markdown(path)
    return [entry.record for entry in entries]


def test_what_is_exported_can_be_ingested_to_the_same(tmp_path: Path) -> None:
    assert exported_and_read(tmp_path / "out", GEL, MERLET, AVEL) == [AVEL, MERLET, GEL]


def test_the_files_can_be_read_by_a_person(tmp_path: Path) -> None:
    assert export(Records(AVEL, MERLET, GEL), tmp_path) == Exported(2, 1)
    with (tmp_path / "actors.csv").open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    assert header[:3] == ["id", "name", "description"]
    assert header[14:] == ["source_url", "closed_on", "Effectif", "nom", "Fondée"]
    assert [row[-3:] for row in rows] == [["60", "=1+1", ""], ["", "", "+1850"]]
    assert (
        (tmp_path / "cases" / "gel.md").read_text(encoding="utf-8")
        == """---
id: gel
title: 'Gel : « oui »'
lang: fr
date: '2020-04-02'
modified: '2020-04-03T10:00:00+02:00'
author: 'null'
moderator: '- x'
themes:
- Santé
- Chimie
need: 'Du gel: vite # vraiment'
source_url: https://ville.example/gel
participants:
- actor: P/001
  name: Avel
  role: producer
  contribution: 'yes'
- name: '2020-04-02'
  role: buyer
---

---

# Récit

---
Fin.
"""
    )


def test_a_folder_that_is_not_empty_is_left_alone_unless_forced(tmp_path: Path) -> None:
    kept = tmp_path / "kept.txt"
    kept.write_text("x", encoding="utf-8")
    with pytest.raises(FileError) as refusal:
        export(Records(AVEL), tmp_path)
    assert str(refusal.value) == (
        f"{tmp_path} is not empty: name another folder, or write with --force"
    )
    assert list(tmp_path.iterdir()) == [kept]
    assert export(Records(AVEL), tmp_path, force=True) == Exported(1, 0)
    assert kept.read_text(encoding="utf-8") == "x"


def test_what_cannot_be_written_is_an_error_of_one_line(tmp_path: Path) -> None:
    (tmp_path / "cases").write_text("x", encoding="utf-8")
    with pytest.raises(FileError) as refusal:
        export(Records(), tmp_path, force=True)
    assert str(refusal.value) == f"{tmp_path}/cases cannot be written: File exists"


_TEXT = st.text(max_size=40) | st.sampled_from(
    ["=cmd|' /C calc'!A0", "null", "~", "a|b;c", '"', "---", "\ufeff", "a\r\nb", "é", "e\u0301"]
)
_NAME = _TEXT.map(lambda text: f"n{text}")


@st.composite
def _actors(draw: st.DrawFn) -> Actor:
    cells = {
        "id": draw(_NAME),
        "name": draw(_NAME),
        "description": draw(_TEXT),
        "place": draw(_TEXT),
        "department": draw(st.sampled_from(["", "16", "Corse-du-Sud"])),
        "lang": draw(st.sampled_from(["", "fr", "en"])),
        "activity_code": draw(_TEXT),
        "themes": draw(_TEXT),
    }
    headers = st.sampled_from(list(cells)) | _TEXT.filter(lambda t: not actor_columns([t])[0].field)
    facts = draw(st.lists(st.tuples(headers, _TEXT), max_size=4))
    columns = actor_columns([*cells, *(name for name, _ in facts)])
    try:
        actor = entry_from(columns, [*cells.values(), *(text for _, text in facts)]).record
    except InputError:  # such as letters that look encoded twice
        reject()
    assert isinstance(actor, Actor)
    return actor


@st.composite
def _cases(draw: st.DrawFn) -> Case:
    front_matter = {
        "id": draw(_NAME),
        "title": draw(_NAME),
        "date": draw(st.just("") | st.dates().map(str) | st.datetimes().map(str)),
        "author": draw(_TEXT),
        "moderator": draw(_TEXT),
        "themes": draw(st.lists(_TEXT, max_size=3)),
        "need": draw(_TEXT),
        "translation_of": draw(_TEXT),
        "participants": [
            {
                "name": draw(_NAME),
                "actor": draw(_TEXT),
                "role": draw(st.sampled_from(list(Role))).value,
                "contribution": draw(_TEXT),
                "source_url": draw(st.sampled_from(["", "https://exemple.fr/a"])),
            }
            for _ in range(draw(st.integers(0, 2)))
        ],
    }
    return case_from(front_matter, f"t{draw(_TEXT)}")


@settings(max_examples=60)
@given(actors=st.lists(_actors(), max_size=3, unique_by=lambda actor: actor.id))
def test_no_actor_is_changed_by_a_round_trip(actors: list[Actor]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = exported_and_read(Path(folder), *actors)
    assert found == sorted(actors, key=lambda actor: actor.id)


@settings(max_examples=60)
@given(case=_cases())
def test_no_case_is_changed_by_a_round_trip(case: Case) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert exported_and_read(Path(folder), case) == [case]

from pathlib import Path

import pytest

from ingest.pipeline import ingest
from ingest.report import IngestReport, Note
from kb.models import Actor, Case, Kind
from tests.ingest.memory_knowledge_base import MemoryKnowledgeBase

AVEL = Actor(id="avel", name="Avel", country="FR")
MERLET = Actor(id="merlet", name="Merlet", country="FR")
GEL = Case(id="gel", title="Gel", text="Récit.")


def write(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of two actors and a case, deep down, among files that are no input."""
    write(tmp_path / "b.csv", "name,métier\nMerlet,\n")
    write(tmp_path / "a" / "deep" / "A.CSV", "name,métier\nAvel,\n")
    write(tmp_path / "cases" / "gel.md", "---\ntitle: Gel\n---\nRécit.")
    write(tmp_path / "cases" / "README.md", "# Cases\n")
    write(tmp_path / "logo.png", "x")
    write(tmp_path / ".hidden.csv", "x")
    write(tmp_path / ".git" / "config.json", "x")
    return tmp_path


def test_a_folder_is_read_however_deep(folder: Path) -> None:
    base = MemoryKnowledgeBase()
    formats = ".csv, .tsv, .xlsx, .ods, .json, .jsonl, .ndjson, .geojson, .parquet, .md, .markdown"
    assert ingest(base, [folder]) == IngestReport(
        read=3,
        added=3,
        embedded=3,
        sources=[folder.name],
        skipped=[
            Note(f"{folder}/logo.png", 0, f"has an unknown format; these are read: {formats}"),
            Note(
                f"{folder}/cases/README.md",
                0,
                "has no front matter: begin it with a line of three dashes",
            ),
        ],
    )
    assert list(base.records.values()) == [MERLET, AVEL, GEL]


def test_the_same_input_again_changes_nothing(folder: Path) -> None:
    base = MemoryKnowledgeBase()
    ingest(base, [folder])
    report = ingest(base, [folder])
    assert (report.read, report.unchanged, report.embedded) == (3, 3, 0)
    assert (report.added, report.changed, report.failures) == (0, 0, [])


def test_changed_input_replaces(folder: Path) -> None:
    base = MemoryKnowledgeBase()
    ingest(base, [folder])
    write(folder / "b.csv", "name;place;id\nMerlet;Cherves;merlet\n")
    report = ingest(base, [folder])
    assert (report.changed, report.unchanged, report.embedded) == (1, 2, 1)
    assert base.records[Kind.ACTOR, "merlet"] == Actor(
        id="merlet", name="Merlet", place="Cherves", country="FR"
    )


def test_what_is_named_must_be_input(folder: Path) -> None:
    readme, logo = folder / "cases" / "README.md", folder / "logo.png"
    report = ingest(MemoryKnowledgeBase(), [readme, logo])
    assert [str(failure) for failure in report.failures] == [
        f"{readme}: has no front matter: begin it with a line of three dashes",
        f"{logo}: has an unknown format; these are read: "
        ".csv, .tsv, .xlsx, .ods, .json, .jsonl, .ndjson, .geojson, .parquet, .md, "
        ".markdown",
    ]
    assert report.skipped == []


def test_bad_records_and_files_do_not_hold_up_the_good(tmp_path: Path) -> None:
    write(tmp_path / "1.csv", "name\n \nAvel,x\n")
    write(tmp_path / "2.json", "[{")
    write(tmp_path / "3.jsonl", '{"name": "Merlet"}\n{}\n')
    write(tmp_path / "4.md", "---\nneed: a: b\n---\ny")
    (tmp_path / "5.csv").write_bytes(b"\x00\x01\x02\x03")
    write(tmp_path / "6.md", "---\ntitle: Gel\n---\nRécit.")
    base = MemoryKnowledgeBase()
    report = ingest(base, [tmp_path])
    assert (report.read, report.added) == (5, 2)
    assert [str(failure) for failure in report.failures] == [
        f"{tmp_path}/1.csv:3: number of cells is 2, but the header has 1",
        f"{tmp_path}/2.json: is not JSON: Expecting property name enclosed in double quotes "
        "(line 1, column 3)",
        f"{tmp_path}/3.jsonl:2: has no name",
        f"{tmp_path}/4.md: has front matter that is not YAML on line 2: mapping values are not "
        "allowed here",
        f"{tmp_path}/5.csv: is not text",
    ]
    assert list(base.records.values()) == [MERLET, GEL]


def test_of_two_records_with_one_id_the_first_is_kept(tmp_path: Path) -> None:
    first = write(tmp_path / "a.csv", "id,name\nx,Avel\ny,Merlet\nx,Avel\n")
    second = write(tmp_path / "b.csv", "id,name\nx,Jolival\n")
    case = write(tmp_path / "x.md", "---\ntitle: X\n---\nRécit.")
    base = MemoryKnowledgeBase()
    report = ingest(base, [tmp_path])
    assert report.failures == [
        Note(str(first), 4, f"id 'x' was already given by {first}:2"),
        Note(str(second), 2, f"id 'x' was already given by {first}:2"),
    ]
    assert [record.id for record in base.records.values()] == ["x", "y", "x"]
    assert base.actors()[0].name == "Avel"
    assert base.cases()[0].title == "X", case


def test_pruning_removes_what_the_input_no_longer_has(folder: Path) -> None:
    base = MemoryKnowledgeBase()
    ingest(base, [folder])
    (folder / "b.csv").unlink()
    assert ingest(base, [folder]).pruned is False
    assert base.ids(Kind.ACTOR) == {"avel", "merlet"}
    report = ingest(base, [folder], prune=True)
    assert (report.pruned, report.removed, report.unchanged) == (True, 1, 2)
    assert list(base.records.values()) == [AVEL, GEL]


def test_nothing_is_pruned_after_a_failure(folder: Path) -> None:
    base = MemoryKnowledgeBase(Actor(id="old", name="Old"))
    write(folder / "b.csv", "name,place\n,Cognac\n")
    report = ingest(base, [folder], prune=True)
    assert (report.pruned, report.removed) == (False, 0)
    assert base.ids(Kind.ACTOR) == {"old", "avel"}


def test_a_participant_without_an_entry_is_remarked_upon(tmp_path: Path) -> None:
    article = """---
title: Gel
participants:
  - {actor: merlet, name: Merlet, role: supplier}
  - {actor: avle, name: Avel, role: producer}
  - {name: Mairie, role: buyer}
---
Récit.
"""
    path = write(tmp_path / "a.md", article)
    write(tmp_path / "b.csv", "name,métier\nAvel,\nMerlet,\n")
    report = ingest(MemoryKnowledgeBase(), [tmp_path])
    reason = (
        "participant 'Avel' has the actor 'avle', which the knowledge base does not have (kept)"
    )
    assert report.remarks == [Note(str(path), 0, reason)]
    assert report.failures == []

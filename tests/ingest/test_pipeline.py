from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.pipeline import READERS, ingest
from ingest.records.entries import Entry
from ingest.report import IngestReport, Note
from kb.errors import InputError
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


def test_a_file_met_twice_is_read_once(folder: Path) -> None:
    report = ingest(MemoryKnowledgeBase(), [folder / "b.csv", folder, folder / "b.csv"])
    assert (report.read, report.added, report.failures) == (3, 3, [])


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


def test_a_path_that_does_not_exist_stops_the_run_before_it_begins(folder: Path) -> None:
    base = MemoryKnowledgeBase()
    with pytest.raises(InputError) as refusal:
        ingest(base, [folder, folder / "nope.csv"])
    assert str(refusal.value) == f"{folder}/nope.csv does not exist"
    assert base.records == {}


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


def test_a_link_to_nowhere_is_passed_over_and_a_loop_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", "name,métier\nAvel,\n")
    (tmp_path / "b.csv").symlink_to(tmp_path / "nowhere")
    (tmp_path / "c").symlink_to(tmp_path, target_is_directory=True)
    report = ingest(MemoryKnowledgeBase(), [tmp_path])
    assert report == IngestReport(read=1, added=1, embedded=1, sources=[tmp_path.name])


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


def test_records_are_put_in_batches_across_files(tmp_path: Path) -> None:
    for number in range(5):
        rows = "".join(f"{number}-{row},Avel\n" for row in range(120))
        write(tmp_path / f"{number}.csv", f"id,name\n{rows}")
    base = MemoryKnowledgeBase()
    told: list[int] = []
    report = ingest(base, [tmp_path], progress=told.append)
    assert base.batches == [0, 128, 128, 128, 128, 88]
    assert (report.added, sum(told)) == (600, 600)


def test_a_record_that_the_base_refuses_fails_alone(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "name\nAvel\nJolival\nMerlet\n")
    base = MemoryKnowledgeBase(refused={"jolival"})
    report = ingest(base, [path])
    assert report.failures == [Note(str(path), 3, "cannot be embedded")]
    assert list(base.records.values()) == [AVEL, MERLET]
    assert (report.read, report.added) == (3, 2)


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


def test_a_kind_that_the_input_lacks_is_not_pruned(folder: Path) -> None:
    base = MemoryKnowledgeBase(GEL, MERLET)
    report = ingest(base, [folder / "a"], prune=True)
    assert (report.pruned, report.removed) == (True, 1)
    assert list(base.records.values()) == [GEL, AVEL]


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


def test_a_file_that_cannot_be_read_is_a_failure(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(_path: Path) -> Iterator[Entry]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setitem(READERS, ".md", read)
    report = ingest(MemoryKnowledgeBase(), [folder])
    reason = "cannot be read: Permission denied"
    assert report.failures == [
        Note(f"{folder}/cases/README.md", 0, reason),
        Note(f"{folder}/cases/gel.md", 0, reason),
    ]
    assert report.added == 2

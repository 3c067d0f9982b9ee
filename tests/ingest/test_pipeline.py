from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from ingest.pipeline import BATCH_RECORDS, ingest
from ingest.report import IngestReport, Note
from kb.encoder.encoder import Embeddings, TextKind
from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.models import Actor, Case, Kind, Record
from kb.store.store import Store
from tests.encoders import WordCountEncoder

AVEL = Actor(id="avel", name="Avel", country="FR")
MERLET = Actor(id="merlet", name="Merlet", country="FR")
GEL = Case(id="gel", title="Gel", text="Récit.")


def write(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


@pytest.fixture
def given(tmp_path: Path) -> Path:
    """A folder beside that of the base."""
    return tmp_path / "input"


@pytest.fixture
def folder(given: Path) -> Path:
    """A folder of two actors and a case, deep down, among files that are no input."""
    write(given / "b.csv", "name,métier\nMerlet,\n")
    write(given / "a" / "deep" / "A.CSV", "name,métier\nAvel,\n")
    write(given / "cases" / "gel.md", "---\ntitle: Gel\n---\nRécit.")
    write(given / "cases" / "README.md", "# Cases\n")
    write(given / "logo.png", "x")
    write(given / ".hidden.csv", "x")
    write(given / ".git" / "config.json", "x")
    return given


def kept(base: KnowledgeBase) -> list[Record]:
    return [*sorted(base.actors(), key=lambda actor: actor.id), *base.cases()]


def test_a_folder_is_read_however_deep(base: KnowledgeBase, folder: Path) -> None:
    formats = ".csv, .tsv, .xlsx, .ods, .json, .jsonl, .ndjson, .geojson, .parquet, .md, .markdown"
    report = ingest(base, [folder])
    assert report.embedded > 0
    assert replace(report, embedded=0) == IngestReport(
        read=3,
        added=3,
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
    assert kept(base) == [AVEL, MERLET, GEL]


def test_changed_input_replaces(base: KnowledgeBase, folder: Path) -> None:
    ingest(base, [folder])
    write(folder / "b.csv", "name;place;id\nMerlet;Cherves;merlet\n")
    report = ingest(base, [folder])
    assert (report.changed, report.unchanged) == (1, 2)
    assert base.actor("merlet") == Actor(
        id="merlet", name="Merlet", place="Cherves", department="86", country="FR"
    )


def test_what_is_named_must_be_input(base: KnowledgeBase, folder: Path) -> None:
    readme, logo = folder / "cases" / "README.md", folder / "logo.png"
    report = ingest(base, [readme, logo])
    assert [str(failure) for failure in report.failures] == [
        f"{readme}: has no front matter: begin it with a line of three dashes",
        f"{logo}: has an unknown format; these are read: "
        ".csv, .tsv, .xlsx, .ods, .json, .jsonl, .ndjson, .geojson, .parquet, .md, "
        ".markdown",
    ]
    assert report.skipped == []


def test_bad_records_and_files_do_not_hold_up_the_good(base: KnowledgeBase, given: Path) -> None:
    write(given / "1.csv", "name\n \nAvel,x\n")
    write(given / "2.json", "[{")
    write(given / "3.jsonl", '{"name": "Merlet"}\n{}\n')
    write(given / "4.md", "---\nneed: a: b\n---\ny")
    (given / "5.csv").write_bytes(b"\x00\x01\x02\x03")
    write(given / "6.md", "---\ntitle: Gel\n---\nRécit.")
    report = ingest(base, [given])
    assert (report.read, report.added) == (5, 2)
    assert [str(failure) for failure in report.failures] == [
        f"{given}/1.csv:3: number of cells is 2, but the header has 1",
        f"{given}/2.json: is not JSON: Expecting property name enclosed in double quotes "
        "(line 1, column 3)",
        f"{given}/3.jsonl:2: has no name",
        f"{given}/4.md: has front matter that is not YAML on line 2: mapping values are not "
        "allowed here",
        f"{given}/5.csv: is not text",
    ]
    assert kept(base) == [MERLET, GEL]


def test_of_two_records_with_one_id_the_first_is_kept(base: KnowledgeBase, given: Path) -> None:
    first = write(given / "a.csv", "id,name\nx,Avel\ny,Merlet\nx,Avel\n")
    second = write(given / "b.csv", "id,name\nx,Jolival\n")
    case = write(given / "x.md", "---\ntitle: X\n---\nRécit.")
    report = ingest(base, [given])
    once = ": not kept; if it is another, give it an id of its own"
    assert report.failures == [
        Note(str(first), 4, f"id 'x' was already given by {first}:2{once}"),
        Note(str(second), 2, f"id 'x' was already given by {first}:2{once}"),
    ]
    assert [record.id for record in kept(base)] == ["x", "y", "x"]
    assert base.actor("x").name == "Avel"
    assert base.cases()[0].title == "X", case


def test_a_participant_without_an_entry_is_remarked_upon(base: KnowledgeBase, given: Path) -> None:
    article = """---
title: Gel
participants:
  - {actor: merlet, name: Merlet, role: supplier}
  - {actor: avle, name: Avel, role: producer}
  - {name: Mairie, role: buyer}
---
Récit.
"""
    path = write(given / "a.md", article)
    write(given / "b.csv", "name,métier\nAvel,\nMerlet,\n")
    report = ingest(base, [given])
    reason = (
        "participant 'Avel' has the actor 'avle', which the knowledge base does not have (kept)"
    )
    assert report.remarks == [Note(str(path), 0, reason)]
    assert report.failures == []


SLICES = 3


class RefusingEncoder(WordCountEncoder):
    """Refuses a text."""

    def encode(self, texts: Sequence[str], kind: TextKind) -> Embeddings:
        if any("Tonneaux 70" in text for text in texts):
            raise ValueError("cannot be embedded")
        return super().encode(texts, kind)


def base_with(folder: Path, encoder: WordCountEncoder) -> KnowledgeBase:
    folder.mkdir()
    Store.open(folder / DATABASE_FILE, create=True).close()
    return KnowledgeBase(folder, lambda: encoder)


def directory(path: Path, rows: int = SLICES * BATCH_RECORDS) -> Path:
    lines = [f"firme-{row},Firme {row},Tonneaux {row // 2}" for row in range(rows)]
    path.write_text("\n".join(["id,name,description", *lines]), encoding="utf-8")
    return path


def test_rows_of_two_slices_about_one_actor_are_put_in_their_order(tmp_path: Path) -> None:
    base = base_with(tmp_path / "kb", WordCountEncoder(dimension=64))
    siret = "73282932000074"
    rows = [f"firme-{row},Firme {row},,Tonneaux {row}" for row in range(2 * BATCH_RECORDS)]
    rows[BATCH_RECORDS - 1] = f"a,Avel,{siret},Des cirages"
    rows[BATCH_RECORDS] = f"b,AVEL SAS,{siret},Des vernis"
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["id,name,siret,description", *rows]), encoding="utf-8")
    report = ingest(base, [path])
    assert (report.added, report.changed) == (2 * BATCH_RECORDS - 1, 1)
    assert base.actor("a").description == "Des cirages\n\nDes vernis"
    assert "b" not in base.ids(Kind.ACTOR)
    assert ingest(base, [path]).unchanged == 2 * BATCH_RECORDS
    base.close()


def test_what_the_encoder_refuses_fails_alone(tmp_path: Path) -> None:
    base = base_with(tmp_path / "kb", RefusingEncoder(dimension=64))
    report = ingest(base, [directory(tmp_path / "a.csv")])
    # Two firms share the text.
    assert [(note.row, note.reason) for note in report.failures] == [
        (142, "cannot be embedded"),
        (143, "cannot be embedded"),
    ]
    assert report.added == SLICES * BATCH_RECORDS - 2
    base.close()

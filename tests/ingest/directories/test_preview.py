from pathlib import Path

import pytest

from ingest.directories.readers import Preview, PreviewedColumn, preview
from ingest.reading import preview_of
from ingest.records.entries import NotInput
from ingest.report import Note
from kb.errors import InputError
from kb.knowledge_base import KnowledgeBase

NO_KNOW_HOW = (
    "has no column that says what the actors can do (activity, description, products, machines…), "
    "so that needs hardly find them: say which one does"
)


def write(tmp_path: Path, content: str, name: str = "firmes.csv") -> Path:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    return path


def test_the_columns_are_shown_with_what_would_come_of_the_rows(tmp_path: Path) -> None:
    path = write(tmp_path, "nom;Ville;Effectif\nAvel;Magnac;40\n;x;\nAvel;Magnac;40\nM;;\n")
    assert preview(path) == Preview(
        file=str(path),
        source="firmes",
        columns=(
            PreviewedColumn("nom", "name", ("Avel", "M"), said=False),
            PreviewedColumn("Ville", "place", ("Magnac", "x"), said=False),
            PreviewedColumn("Effectif", "fact", ("40",), said=False),
        ),
        rows=4,
        kept=2,
        to_check=0,
        failed=2,
        problems=(
            Note(str(path), 0, NO_KNOW_HOW),
            Note(str(path), 3, "has no name"),
            Note(
                str(path),
                4,
                "id 'avel-magnac' was already given by row 2: not kept; if it is "
                "another, give it an id of its own",
            ),
        ),
        total_estimate=4,
    )


def test_a_header_that_is_not_understood_is_shown_all_the_same(tmp_path: Path) -> None:
    path = write(tmp_path, "Annuaire;;\nLibellé;Ville;Effectif\nAvel;Magnac;40\n")
    shown = preview(path)
    assert [(column.header, column.target) for column in shown.columns] == [
        ("Libellé", "fact"),
        ("Ville", "place"),
        ("Effectif", "fact"),
    ]
    assert (shown.kept, shown.failed) == (0, 1)
    assert shown.problems[0].reason == (
        "has no column for the name of the actors: say which one is the name"
    )
    said = preview(path, choices={"Libellé": "name", "Effectif": "ignored"})
    assert said.kept == 1
    assert said.columns[0] == PreviewedColumn("Libellé", "name", ("Avel",), said=True)
    assert said.columns[2].target == "ignored"


def test_what_was_said_of_a_source_is_remembered(base: KnowledgeBase, tmp_path: Path) -> None:
    base.column_choices.remember("cci", {"Libellé": "name"})
    path = write(tmp_path, "Libellé\nAvel\n")
    for source, target in (("cci", "name"), ("", "fact")):
        assert preview_of(path, source, knowledge_base=base).columns[0].target == target


def test_a_directory_that_says_no_know_how_is_warned_of_until_a_column_is_chosen(
    tmp_path: Path,
) -> None:
    path = write(tmp_path, "nom;Teinte\nAvel;brun\n")
    assert [note.reason for note in preview(path).problems] == [NO_KNOW_HOW]
    chosen = preview(path, choices={"Teinte": "materials"})
    assert chosen.problems == ()
    assert chosen.columns[1] == PreviewedColumn("Teinte", "materials", ("brun",), said=True)
    objects = write(tmp_path, '[{"nom": "Avel"}, {"nom": "M", "Produits": "eau"}]', "a.json")
    assert [note.reason for note in preview(objects).problems] == [
        "rows that do not say what the organisation can do: 1; needs hardly find them"
    ]


def test_what_is_no_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotInput):
        preview(write(tmp_path, "x", "a.pdf"))
    with pytest.raises(InputError, match=r"^is empty$"):
        preview(write(tmp_path, "", "a.csv"))

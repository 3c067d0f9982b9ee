"""docs/ingesting.md says what the readers do: its tables and its examples are read by them."""

import re
from pathlib import Path

from ingest.directories.header_words import ACTOR_COLUMNS, field_named
from ingest.directories.readers import read_directory
from ingest.records.case_file import CASE_KEYS, PARTICIPATION_KEYS, read_markdown
from ingest.records.fields import folded
from kb.models import Actor, Case
from kb.reference.roles import Role

PAGE = (Path(__file__).parents[3] / "docs" / "ingesting.md").read_text(encoding="utf-8")


def names_in_table(heading: str) -> dict[str, list[str]]:
    """The rows of the table that begins with `heading`: first cells, split second cells."""
    _, _, table = PAGE.partition(f"| {heading} |")
    rows = [line.split("|") for line in table.split("\n\n")[0].splitlines()[2:]]
    return {
        name: row[2].strip().split(", ") for row in rows for name in re.findall(r"`(\w+)`", row[1])
    }


def example(language: str, folder: Path) -> Path:
    """The page's first block of code in a language, as a file."""
    block = re.search(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert block is not None
    path = folder / f"example.{language}"
    path.write_text(block[1], encoding="utf-8")
    return path


def test_every_column_is_documented_and_every_header_named_is_understood() -> None:
    columns = names_in_table("column")
    assert set(columns) == set(ACTOR_COLUMNS)
    for column, headers in columns.items():
        assert {field_named(header) for header in [column, *headers]} == {column}


def test_every_key_is_documented_in_both_languages() -> None:
    keys = names_in_table("key")
    assert set(keys) == set(CASE_KEYS.values())
    assert {CASE_KEYS.get(folded(key), "") for key in keys} == set(keys)
    of_participant = names_in_table("key of a participant")
    assert set(of_participant) == set(PARTICIPATION_KEYS.values())
    for key, names in of_participant.items():
        assert {PARTICIPATION_KEYS.get(folded(name), "") for name in names} == {key}


def test_the_examples_are_read(tmp_path: Path) -> None:
    (row,) = read_directory(example("csv", tmp_path))
    (line,) = read_directory(example("json", tmp_path))
    (article,) = read_markdown(example("markdown", tmp_path))
    assert isinstance(row.record, Actor)
    assert isinstance(line.record, Actor)
    assert isinstance(article.record, Case)
    assert row.record.id == line.record.id == "avel-magnac-lavalette"
    assert article.record.id == "du-gel-hydroalcoolique-a-angouleme"
    assert [part.role for part in article.record.participants] == [Role.PRODUCER, Role.BUYER]

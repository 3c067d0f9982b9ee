"""The verb that measures extraction, on the reader and the rules that ingestion has."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ingest.commands.evaluate_articles import evaluate_articles
from kb.errors import FileError

SET = Path(__file__).parents[2] / "data" / "articles"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(evaluate_articles, [*map(str, arguments)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One article, of which the labels ask for an author whom it does not name."""
    (tmp_path / "a.txt").write_text(
        "Du cirage au gel\n\nÀ Magnac-Lavalette, Avel a fabriqué du gel hydroalcoolique.\n",
        encoding="utf-8",
    )
    labels = {
        **dict.fromkeys(("author_job", "moderator", "moderator_job"), ""),
        **dict.fromkeys(("date", "modified", "moderated", "need"), ""),
        **{key: [] for key in ("themes", "need_keywords", "body_must_not_contain")},
        "title": "Du cirage au gel",
        "author": "Jean Dupin",
        "participants": [{"name": "Avel", "known": "avel", "roles": ["producer"]}],
        "body_must_contain": ["a fabriqué du gel"],
    }
    (tmp_path / "a.json").write_text(json.dumps(labels), encoding="utf-8")
    return tmp_path


def test_the_actors_of_the_demonstration_are_known(folder: Path) -> None:
    result = run(folder, "--json")
    assert result.exit_code == 0
    fields = json.loads(result.output)["fields"]
    right = {name: field["right"] for name, field in fields.items() if field["right"]}
    assert right == {
        "title": 1,
        "body": 1,
        "participants": 1,
        "known actors": 1,
        "roles": 1,
        "roles end to end": 1,
        "participants filled in": 1,
        "roles filled in": 1,
    }
    assert fields["author"]["missed"] == 1


def test_details_name_each_slip_above_the_table(folder: Path) -> None:
    lines = run(folder, "--details").output.splitlines()
    assert "a.txt: author: missed: 'Jean Dupin'" in lines[: lines.index("1 articles")]
    assert "a.txt: author: missed: 'Jean Dupin'" not in run(folder).output


def test_an_article_that_cannot_be_read_is_a_line_and_an_exit_of_1(folder: Path) -> None:
    (folder / "a.txt").write_bytes(b"")
    result = run(folder)
    assert result.exit_code == 1
    assert result.output.splitlines()[-1].startswith("a.txt: ")


def test_labels_that_are_not_right_are_one_line(folder: Path) -> None:
    (folder / "a.json").write_text("{}")
    result = run(folder)
    assert isinstance(result.exception, FileError)
    assert "a.json: 'author' is missing" in str(result.exception)

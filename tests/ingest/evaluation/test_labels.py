"""Labels of articles: read as they are, refused in one line where they are not right."""

import json
from html import unescape
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from pypdf import PdfReader

from ingest.evaluation.labels import LabelledParticipant, read_labelled, read_labels
from kb.errors import FileError
from kb.reference.roles import Role
from tests.data.articles.make_documents import make_all

SET = Path(__file__).parents[2] / "data" / "articles"
HALVES = [SET / "tune", SET / "test"]
OTHERS = [SET / "others" / "tune", SET / "others" / "test"]

LABELS: dict[str, Any] = {
    "title": "Du cirage au gel",
    "author": "Jean Dupin",
    "author_job": "",
    "moderator": "",
    "moderator_job": "",
    "date": "2020-07-02",
    "modified": "",
    "moderated": "",
    "themes": ["Achats"],
    "need": "gel",
    "need_keywords": ["gel|solution"],
    "participants": [{"name": "Avel", "known": "avel", "roles": ["producer", "buyer|network"]}],
    "body_must_contain": [],
    "body_must_not_contain": [],
}


def written(folder: Path, **changed: object) -> Path:
    path = folder / "a.json"
    given = {key: value for key, value in {**LABELS, **changed}.items() if value is not None}
    path.write_text(json.dumps(given), encoding="utf-8")
    return path


def test_labels_are_read(tmp_path: Path) -> None:
    labels = read_labels(written(tmp_path, title_also=["Gel"]))
    assert (labels.title, labels.title_also) == ("Du cirage au gel", ("Gel",))
    assert (labels.author, labels.date, labels.themes) == ("Jean Dupin", "2020-07-02", ("Achats",))
    assert labels.need_keywords == ("gel|solution",)
    roles = (frozenset({Role.PRODUCER}), frozenset({Role.BUYER, Role.NETWORK}))
    assert labels.participants == (LabelledParticipant("Avel", (), "avel", roles),)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"date": None}, "'date' is missing"),
        ({"datum": ""}, "'datum' is no label"),
        ({"title": 3}, "'title' must be a text, and is 3"),
        ({"themes": "Achats"}, "'themes' must be a list of texts"),
        ({"participants": {}}, "'participants' must be a list"),
        ({"participants": ["Avel"]}, "a participant must be an object with a name"),
        ({"participants": [{"name": "A", "roles": []}]}, "'A' has no role"),
        ({"participants": [{"name": "A", "roles": ["maker"]}]}, "'maker' is no role; known are"),
        ({"participants": [{"name": "A", "role": "buyer"}]}, "'role' is no label of a participant"),
        ({"need_keywords": []}, "'need_keywords' is empty"),
        ({"periods": "2020"}, "'periods' must be a list of texts"),
        ({"periods": ["mars 2020"]}, "'mars 2020' is no period"),
    ],
)
def test_what_is_no_label_is_refused_in_one_line(
    tmp_path: Path, changed: dict[str, object], reason: str
) -> None:
    path = written(tmp_path, **changed)
    with pytest.raises(FileError) as refused:
        read_labels(path)
    assert str(refused.value).startswith(f"{path}: ")
    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("text", ["{", "[]"])
def test_what_is_no_object_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(FileError, match=r"a\.json: (not JSON|expected an object)"):
        read_labels(path)


def test_articles_come_with_their_labels_by_name(tmp_path: Path) -> None:
    labels = written(tmp_path)
    (tmp_path / "b.json").write_bytes(labels.read_bytes())
    (tmp_path / "b.html").write_text("x")
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / "README.md").write_text("About this set")
    assert [path.name for path, _ in read_labelled(tmp_path)] == ["a.txt", "b.html"]


def test_labels_and_articles_must_match(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="has no labels; each article needs"):
        read_labelled(tmp_path)
    written(tmp_path)
    with pytest.raises(FileError, match=r"a\.json labels no article"):
        read_labelled(tmp_path)
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / "b.md").write_text("x")
    with pytest.raises(FileError, match=r"b\.md has no labels: b\.json"):
        read_labelled(tmp_path)
    (tmp_path / "a.html").write_text("x")
    with pytest.raises(FileError, match=r"a\.txt and a\.html would share"):
        read_labelled(tmp_path)
    with pytest.raises(FileError, match="is not a folder"):
        read_labelled(tmp_path / "a.txt")


@pytest.mark.parametrize("half", [*HALVES, *OTHERS], ids=lambda path: path.name)
def test_the_set_of_the_project_is_well_labelled(half: Path) -> None:
    known = (SET.parents[2] / "ingest" / "demo" / "actors.csv").read_text(encoding="utf-8")
    for path, labels in read_labelled(half):
        for participant in labels.participants:
            assert not participant.known or f"\n{participant.known}," in known, path
        if path.suffix in {".txt", ".md", ".html"}:
            content = path.read_bytes()
            try:
                text = content.decode()
            except UnicodeDecodeError:  # one article of each half is of another age
                text = content.decode("cp1252")
            plain = unescape(text).replace("\u00a0", " ").replace("’", "'")
            assert labels.title.replace("’", "'").casefold() in plain.casefold(), path
            for snippet in (*labels.body_must_contain, *labels.body_must_not_contain):
                assert snippet.replace("’", "'") in plain, (path, snippet)


@pytest.mark.parametrize("half", HALVES, ids=lambda path: path.name)
def test_the_documents_of_the_set_are_what_their_sources_make(half: Path, tmp_path: Path) -> None:
    made = make_all(SET / "sources" / half.name, tmp_path)
    kept = [path.name for path in half.iterdir() if path.suffix in {".pdf", ".docx", ".odt"}]
    assert sorted(kept) == [path.name for path in made]
    for path in made:
        assert written_in(path) == written_in(half / path.name)


def written_in(path: Path) -> str:
    if path.suffix == ".pdf":
        return "\n".join(page.extract_text() for page in PdfReader(path).pages)
    part = "word/document.xml" if path.suffix == ".docx" else "content.xml"
    return ZipFile(path).read(part).decode()

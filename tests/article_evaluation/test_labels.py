"""Labels of articles: read as they are, refused in one line where they are not right."""

from html import unescape
from pathlib import Path
from zipfile import ZipFile

import pytest
from pypdf import PdfReader

from tests.article_evaluation.labels import read_labelled
from tests.data.articles.make_documents import make_all

SET = Path(__file__).parents[1] / "data" / "articles"
HALVES = [SET / "tune", SET / "test"]
OTHERS = [SET / "others" / "tune", SET / "others" / "test"]


@pytest.mark.parametrize("half", [*HALVES, *OTHERS], ids=lambda path: path.name)
def test_the_set_of_the_project_is_well_labelled(half: Path) -> None:
    known = (SET.parent / "small-territory" / "actors.csv").read_text(encoding="utf-8")
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

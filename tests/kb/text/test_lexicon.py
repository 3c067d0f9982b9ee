"""Lexicons: every file is sound, and an error in a line is reported with its place."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

import ingest.articles
import ingest.extraction
import kb.search
import kb.text
from kb.text.lexicon import LEXICONS, LexiconError, Lexicons

ROOMS = [
    Path(room)
    for room in (
        *kb.search.__path__,
        *kb.text.__path__,
        *ingest.articles.__path__,
        *ingest.extraction.__path__,
    )
]
FILES = [path for room in ROOMS for path in sorted((room / "lexicons").glob("*.txt"))]


def written(folder: Path, text: str) -> Lexicons:
    (folder / "sample.txt").write_text(text, encoding="utf-8")
    return Lexicons(folder)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_file_states_its_purpose_origin_and_format(path: Path) -> None:
    header = path.read_text(encoding="utf-8").partition("\n\n")[0]
    assert all(line.startswith("# ") for line in header.splitlines())
    assert "Written by hand for this project" in header
    assert "a line" in header


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_file_is_read_by_a_module(path: Path) -> None:
    sources = [module.read_text(encoding="utf-8") for module in path.parents[2].rglob("*.py")]
    assert any(re.search(rf"""["']{path.stem}["']""", source) for source in sources)


def test_the_sections_of_a_lexicon_are_read_apart() -> None:
    assert LEXICONS.words("legal_forms", "only_after_a_name") == {"llc", "scea"}


def test_words_patterns_and_rows(tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("a\t1\nb\t2\n", encoding="utf-8")
    lexicons = written(tmp_path, "# A comment.\n\n[words]\nun\nune\n\n[patterns]\nverres?\n")
    assert lexicons.words("sample", "words") == {"un", "une"}
    assert re.fullmatch(lexicons.any_of("sample", "patterns"), "verre")
    assert lexicons.rows("other", 2) == (("a", "1"), ("b", "2"))


@pytest.mark.parametrize(
    ("text", "read", "problem"),
    [
        ("un\nun\n", lambda given: given.words("sample"), "2: 'un' is on line 1 already"),
        ("[a]\nun\n[a]\n", lambda given: given.words("sample", "a"), r"3: \[a\] is there already"),
        ("un\n deux\n", lambda given: given.words("sample"), "2: blanks around 'deux'"),
        ("# x\nun deux\n", lambda given: given.words("sample"), "2: 'un deux' is not one word"),
        ("été\n", lambda given: given.words("sample"), "1: 'été' is not folded"),
        ("a\n(b\n", lambda given: given.any_of("sample"), r"2: '\(b': missing \)"),
        ("a\tb\na\n", lambda given: given.rows("sample", 2), "2: 1 cells instead of 2: 'a'"),
        ("a\n", lambda given: given.words("sample", "b"), r"1: no section \[b\]"),
    ],
)
def test_a_wrong_line_is_refused_with_its_file_and_number(
    tmp_path: Path, text: str, read: Callable[[Lexicons], object], problem: str
) -> None:
    lexicons = written(tmp_path, text)
    with pytest.raises(LexiconError, match=rf"sample\.txt:{problem}"):
        read(lexicons)

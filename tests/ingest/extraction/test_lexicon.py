"""Lexicons: every file is sound, and what is wrong in a line is told with its place."""

import re
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from ingest.extraction import lexicon
from ingest.extraction.lexicon import FOLDER, LexiconError

NAMES = sorted(path.stem for path in FOLDER.glob("*.txt"))


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Writes a lexicon, and returns its name; what was read of others stays remembered."""

    def write(text: str) -> str:
        name = f"sample-{uuid4()}"
        monkeypatch.setattr(lexicon, "FOLDER", tmp_path)
        (tmp_path / f"{name}.txt").write_text(text, encoding="utf-8")
        return name

    return write


@pytest.mark.parametrize("name", NAMES)
def test_each_file_says_what_it_is_for_where_it_came_from_and_its_format(name: str) -> None:
    header = (FOLDER / f"{name}.txt").read_text(encoding="utf-8").partition("\n\n")[0]
    assert all(line.startswith("# ") for line in header.splitlines())
    assert "Written by hand for this project" in header
    assert "a line" in header


@pytest.mark.parametrize("name", NAMES)
def test_each_file_is_read_by_a_module(name: str) -> None:
    sources = [path.read_text(encoding="utf-8") for path in FOLDER.parent.rglob("*.py")]
    assert any(re.search(rf"""["']{name}["']""", source) for source in sources)


def test_the_sections_of_a_lexicon_are_read_apart() -> None:
    assert lexicon.words("pronouns", "second") == {"second", "seconde", "deuxieme", "latter"}


def test_words_patterns_and_rows(write: Callable[[str], str]) -> None:
    name = write("# A comment.\n\n[words]\nun\nune\n\n[patterns]\nverres?\n")
    assert lexicon.words(name, "words") == {"un", "une"}
    assert re.fullmatch(lexicon.any_of(name, "patterns"), "verre")
    name = write("a\t1\nb\t2\n")
    assert lexicon.rows(name, 2) == (("a", "1"), ("b", "2"))


@pytest.mark.parametrize(
    ("text", "read", "problem"),
    [
        ("un\nun\n", lexicon.words, "2: 'un' is on line 1 already"),
        ("[a]\nun\n[a]\n", lambda name: lexicon.words(name, "a"), r"3: \[a\] is there already"),
        ("un\n deux\n", lexicon.words, "2: blanks around 'deux'"),
        ("# x\nun deux\n", lexicon.words, "2: 'un deux' is not one word"),
        ("été\n", lexicon.words, "1: 'été' is not folded"),
        ("a\n(b\n", lexicon.any_of, r"2: '\(b': missing \)"),
        ("a\tb\na\n", lambda name: lexicon.rows(name, 2), "2: 1 cells instead of 2: 'a'"),
        ("a\n", lambda name: lexicon.words(name, "b"), r"1: no section \[b\]"),
    ],
)
def test_a_wrong_line_is_refused_with_its_file_and_number(
    write: Callable[[str], str], text: str, read: Callable[[str], object], problem: str
) -> None:
    name = write(text)
    with pytest.raises(LexiconError, match=rf"{name}\.txt:{problem}"):
        read(name)

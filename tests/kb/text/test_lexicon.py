"""Lexicons: every file is sound, and an error in a line is reported with its place."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from kb.text.lexicon import LexiconError, Lexicons


def written(folder: Path, text: str) -> Lexicons:
    (folder / "sample.txt").write_text(text, encoding="utf-8")
    return Lexicons(folder)


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

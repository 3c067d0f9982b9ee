"""Lexicons: every file is sound."""

import re
from pathlib import Path

from kb.text.folding import fold
from kb.text.lexicon import sections

ROOT = Path(__file__).parents[3]


def test_every_lexicon_has_each_entry_once_and_without_blanks_around() -> None:
    paths = [path for room in ("kb", "ingest") for path in (ROOT / room).rglob("lexicons/*.txt")]
    assert len(paths) > 20
    for path in paths:
        text = path.read_text(encoding="utf-8")
        names = re.findall(r"^\[([a-z_]+)\]$", text, re.MULTILINE)
        assert len(names) == len(set(names)), path
        for entries in sections(path).values():
            assert len(entries) == len(set(entries)), path
            assert all(entry == entry.strip() and all(entry.split("\t")) for entry in entries), path


def test_the_lists_of_words_of_texts_and_names_are_folded() -> None:
    unfolded = {"know_how", "contacts", "periods", "flow", "templates", "written_alike"}
    for room in ("kb/text", "kb/resolution"):
        for path in (ROOT / room / "lexicons").glob("*.txt"):
            if path.stem not in unfolded:
                for entry in (entry for of in sections(path).values() for entry in of):
                    assert entry == fold(entry), path

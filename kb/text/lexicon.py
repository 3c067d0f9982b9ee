"""Lexicons: folders of word lists in text files, read and checked.

    # Articles that are written before a word with an apostrophe: `l'eau`.
    # Written by hand for this project.
    # One folded word a line.

    l
    qu

A lexicon is a UTF-8 text file. Lines that begin with "#" are comments; those at the top of each
file say what it is for, where its entries come from, and their format. `[name]` opens a section;
each other line is an entry: a folded word, a regular expression, a row whose cells are separated
by a tab, or a field, a colon and its spellings with commas between them. A file without sections
has one, named "".
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from kb.text.folding import fold

_SECTION = re.compile(r"\[([a-z_]+)\]")

_Entry = tuple[int, str]
"""The number of a line, from 1, and its text."""


class LexiconError(ValueError):
    """A lexicon has a malformed or repeated line; the message names the file and the line."""

    def __init__(self, path: Path, line: int, problem: str) -> None:
        super().__init__(f"{path}:{line}: {problem}")


class Lexicons:
    """The lexicons of a folder, by their names without `.txt`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def words(self, name: str, section: str = "") -> frozenset[str]:
        """The words of a section.

        Raises:
            LexiconError: an entry is not one word, or is not folded.
        """
        for line, entry in self._section(name, section):
            if len(entry.split()) != 1:
                raise LexiconError(self._path(name), line, f"{entry!r} is not one word")
        return frozenset(self.phrases(name, section))

    def phrases(self, name: str, section: str = "") -> tuple[str, ...]:
        """The entries of a section, each of folded words, in their order.

        Raises:
            LexiconError: an entry is not folded.
        """
        entries = self._section(name, section)
        for line, entry in entries:
            if entry != fold(entry):
                raise LexiconError(self._path(name), line, f"{entry!r} is not folded")
        return tuple(entry for _, entry in entries)

    def texts(self, name: str, section: str = "") -> tuple[str, ...]:
        """The entries of a section as they are, in their order."""
        return tuple(entry for _, entry in self._section(name, section))

    def any_of(self, name: str, section: str = "") -> str:
        """A regular expression, as a group, that matches any entry of a section, the first first.

        Raises:
            LexiconError: an entry is not a regular expression.
        """
        entries = self._section(name, section)
        for line, entry in entries:
            try:
                re.compile(entry)
            except re.error as error:
                raise LexiconError(self._path(name), line, f"{entry!r}: {error}") from None
        return f"(?:{'|'.join(entry for _, entry in entries)})"

    def rows(self, name: str, width: int) -> tuple[tuple[str, ...], ...]:
        """The rows of a lexicon without sections, each of `width` cells, in their order.

        Raises:
            LexiconError: a row has another number of cells, or an empty one.
        """
        found = []
        for line, entry in self._section(name, ""):
            cells = tuple(entry.split("\t"))
            if len(cells) != width or not all(map(str.strip, cells)):
                problem = f"{len(cells)} cells instead of {width}: {entry!r}"
                raise LexiconError(self._path(name), line, problem)
            found.append(cells)
        return tuple(found)

    def spellings(self, name: str, section: str = "") -> dict[str, tuple[str, ...]]:
        """Maps each field to its spellings in a section, of entries `field: spelling, spelling`."""
        split = (entry.partition(":") for _, entry in self._section(name, section))
        return {
            field: tuple(part.strip() for part in spellings.split(",") if part.strip())
            for field, _, spellings in split
        }

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.txt"

    def _section(self, name: str, section: str) -> tuple[_Entry, ...]:
        sections = _sections(self._path(name))
        if section not in sections:
            raise LexiconError(self._path(name), 1, f"no section [{section}]")
        return sections[section]


@cache
def _sections(path: Path) -> Mapping[str, tuple[_Entry, ...]]:
    found: dict[str, dict[str, int]] = {"": {}}
    section = ""
    for line, entry in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not entry.strip() or entry.startswith("#"):
            continue
        if entry != entry.strip():
            raise LexiconError(path, line, f"blanks around {entry.strip()!r}")
        opening = _SECTION.fullmatch(entry)
        if opening:
            section = opening[1]
            if section in found:
                raise LexiconError(path, line, f"[{section}] is there already")
            found[section] = {}
        elif entry in found[section]:
            first = found[section][entry]
            raise LexiconError(path, line, f"{entry!r} is on line {first} already")
        else:
            found[section][entry] = line
    return {
        section: tuple((line, entry) for entry, line in entries.items())
        for section, entries in found.items()
    }


LEXICONS = Lexicons(Path(__file__).parent / "lexicons")
"""The lexicons of this room: words of no meaning of their own, and of names."""

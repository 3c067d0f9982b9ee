"""Lexicons: the words and patterns of `lexicons/`, read once and checked.

A lexicon is a UTF-8 text file. Lines that begin with "#" are comments, and those at the top of
each file say what it is for and where its entries came from. `[name]` opens a section; each other
line is an entry, which is a folded word, a regular expression, or a row whose cells are separated
by a tab. Files without sections have one, named "".
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from kb.text.analysis import fold

FOLDER = Path(__file__).parent / "lexicons"

_SECTION = re.compile(r"\[([a-z_]+)\]")

Entry = tuple[int, str]
"""The number of a line, from 1, and its text."""


class LexiconError(ValueError):
    """A lexicon has a malformed or repeated line; the message names the file and the line."""

    def __init__(self, name: str, line: int, problem: str) -> None:
        super().__init__(f"{FOLDER / name}.txt:{line}: {problem}")


@cache
def words(name: str, section: str = "") -> frozenset[str]:
    """The words of a section.

    Raises:
        LexiconError: an entry is not one word, or is not folded.
    """
    for line, entry in _section(name, section):
        if len(entry.split()) != 1:
            raise LexiconError(name, line, f"{entry!r} is not one word")
    return frozenset(phrases(name, section))


@cache
def phrases(name: str, section: str = "") -> tuple[str, ...]:
    """The entries of a section, each of folded words, in their order.

    Raises:
        LexiconError: an entry is not folded.
    """
    entries = _section(name, section)
    for line, entry in entries:
        if entry != fold(entry):
            raise LexiconError(name, line, f"{entry!r} is not folded")
    return tuple(entry for _, entry in entries)


@cache
def any_of(name: str, section: str = "") -> str:
    """A regular expression, as a group, that matches any entry of a section, the first first.

    Raises:
        LexiconError: an entry is not a regular expression.
    """
    entries = _section(name, section)
    for line, entry in entries:
        check_pattern(name, line, entry)
    return f"(?:{'|'.join(entry for _, entry in entries)})"


@cache
def rows(name: str, width: int) -> tuple[tuple[str, ...], ...]:
    """The rows of a lexicon without sections, each of `width` cells, in their order.

    Raises:
        LexiconError: a row has another number of cells, or an empty one.
    """
    found = []
    for line, entry in _section(name, ""):
        cells = tuple(entry.split("\t"))
        if len(cells) != width or not all(map(str.strip, cells)):
            raise LexiconError(name, line, f"{len(cells)} cells instead of {width}: {entry!r}")
        found.append(cells)
    return tuple(found)


def check_pattern(name: str, line: int, pattern: str) -> None:
    """Refuses what is no regular expression.

    Raises:
        LexiconError: the pattern does not compile.
    """
    try:
        re.compile(pattern)
    except re.error as error:
        raise LexiconError(name, line, f"{pattern!r}: {error}") from None


def _section(name: str, section: str) -> tuple[Entry, ...]:
    sections = _sections(name)
    if section not in sections:
        raise LexiconError(name, 1, f"no section [{section}]")
    return sections[section]


@cache
def _sections(name: str) -> Mapping[str, tuple[Entry, ...]]:
    found: dict[str, dict[str, int]] = {"": {}}
    section = ""
    text = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    for line, entry in enumerate(text.splitlines(), start=1):
        if not entry.strip() or entry.startswith("#"):
            continue
        if entry != entry.strip():
            raise LexiconError(name, line, f"blanks around {entry.strip()!r}")
        opening = _SECTION.fullmatch(entry)
        if opening:
            section = opening[1]
            if section in found:
                raise LexiconError(name, line, f"[{section}] is there already")
            found[section] = {}
        elif entry in found[section]:
            first = found[section][entry]
            raise LexiconError(name, line, f"{entry!r} is on line {first} already")
        else:
            found[section][entry] = line
    return {
        section: tuple((line, entry) for entry, line in entries.items())
        for section, entries in found.items()
    }

"""Lexicons: word lists in text files, in sections `[name]`, with comments after "#".

An entry is a folded word, a regular expression, cells with tabs, or `field: spelling, spelling`.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_SECTION = re.compile(r"\[([a-z_]+)\]")


class Lexicons:
    """The lexicons of a folder, by their names without `.txt`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def phrases(self, name: str, section: str = "") -> tuple[str, ...]:
        return sections(self._folder / f"{name}.txt")[section]

    def words(self, name: str, section: str = "") -> frozenset[str]:
        return frozenset(self.phrases(name, section))

    def any_of(self, name: str, section: str = "") -> str:
        return f"(?:{'|'.join(self.phrases(name, section))})"

    def rows(self, name: str, width: int) -> tuple[tuple[str, ...], ...]:
        found = tuple(tuple(entry.split("\t")) for entry in self.phrases(name))
        if any(len(cells) != width for cells in found):
            raise ValueError(f"{name}.txt: a row has not {width} cells")
        return found

    def spellings(self, name: str, section: str = "") -> dict[str, tuple[str, ...]]:
        """Maps each field to its spellings in a section, of entries `field: spelling, spelling`."""
        split = (entry.partition(":") for entry in self.phrases(name, section))
        return {
            field: tuple(part.strip() for part in spellings.split(",") if part.strip())
            for field, _, spellings in split
        }


@cache
def sections(path: Path) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {"": []}
    section = ""
    for entry in path.read_text(encoding="utf-8").splitlines():
        if opening := _SECTION.fullmatch(entry):
            section = opening[1]
            found[section] = []
        elif entry.strip() and not entry.startswith("#"):
            found[section].append(entry)
    return {name: tuple(entries) for name, entries in found.items()}


LEXICONS = Lexicons(Path(__file__).parent / "lexicons")

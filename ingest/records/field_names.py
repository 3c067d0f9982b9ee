"""Names of fields in files: lists of spellings, and the field that a name means.

A list is a text file. Lines that begin with "#" say what it is for and where its spellings came
from. `[name]` opens a section; each other line is a field, a colon, and its spellings with commas
between them.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ingest.records.fields import folded


def spellings_in(path: Path, section: str) -> dict[str, tuple[str, ...]]:
    """Maps each field to its spellings in a section of a list, in the order of the list."""
    found: dict[str, tuple[str, ...]] = {}
    opened = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            opened = line.strip("[]")
        elif opened == section and line and not line.startswith("#"):
            field, _, spellings = line.partition(":")
            found[field] = tuple(part.strip() for part in spellings.split(",") if part.strip())
    return found


def names_of(fields: Iterable[str], spellings: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Maps each folded name to its field: the field's own name, and its spellings."""
    return {folded(name): field for field in fields for name in (field, *spellings.get(field, ()))}


def field_of(name: str, fields: Mapping[str, str]) -> str:
    """Returns the field that a name means, or "" for none of `fields`."""
    return fields.get(folded(name), "")

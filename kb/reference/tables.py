"""Tables of this room: tab-separated files with a header line."""

from collections.abc import Sequence
from importlib.resources import files


def rows(name: str, columns: Sequence[str]) -> list[list[str]]:
    """The rows of a table below its header.

    Raises:
        ValueError: the header is another, or a line has more or fewer fields; names the line.
    """
    lines = (files("kb.reference") / name).read_text(encoding="utf-8").splitlines()
    found = [line.split("\t") for line in lines]
    if found[0] != list(columns):
        raise ValueError(f"{name} begins with {lines[0]!r}")
    for number, fields in enumerate(found, start=1):
        if len(fields) != len(columns):
            raise ValueError(f"{name}, line {number}: {len(fields)} fields, not {len(columns)}")
    return found[1:]

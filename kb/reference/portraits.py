"""Portraits (`portraits.tsv`): imaginary firms in their own words, and needs they could meet.

Some 840 of our own, in the register of web pages and directories, four in five in French. A row has
the class of the firm, the language, the text, and five needs as a stranger would type them.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_COLUMNS = ("code", "lang", "text", "need1", "need2", "need3", "need4", "need5")


@dataclass(frozen=True, slots=True)
class Portrait:
    """A firm of a class, such as `20.42`, in its own words, and needs that it could meet."""

    code: str
    lang: str
    text: str
    needs: tuple[str, ...]


@cache
def portraits() -> tuple[Portrait, ...]:
    """All portraits, by ascending code; the file is read once.

    Raises:
        ValueError: the file has another header or a line of other columns; names the line.
    """
    text = (files("kb.reference") / "portraits.tsv").read_text(encoding="utf-8")
    header, *lines = text.splitlines()
    if tuple(header.split("\t")) != _COLUMNS:
        raise ValueError(f"portraits.tsv begins with {header!r}")
    return tuple(_portrait(number, line) for number, line in enumerate(lines, start=2))


def _portrait(number: int, line: str) -> Portrait:
    fields = line.split("\t")
    if len(fields) != len(_COLUMNS):
        raise ValueError(f"portraits.tsv, line {number}: {len(fields)} fields")
    code, lang, text, *needs = fields
    return Portrait(code, lang, text, tuple(needs))

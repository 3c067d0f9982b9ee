"""Portraits (`portraits.tsv`): imaginary firms in their own words, and needs they could meet.

Some 840 of our own, in the register of web pages and directories, four in five in French. A row has
the class of the firm, the language, the text, and five needs as a stranger would type them.
"""

from dataclasses import dataclass
from functools import cache

from kb.reference.tables import rows


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
        ValueError: the file is no such table; names the line.
    """
    found = rows("portraits.tsv", ("code", "lang", "text", *(f"need{n}" for n in range(1, 6))))
    return tuple(Portrait(code, lang, text, tuple(needs)) for code, lang, text, *needs in found)

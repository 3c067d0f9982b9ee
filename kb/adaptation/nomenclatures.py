"""The open indexes of activities, as tab-separated files.

    nace_note_items.tsv           lang, code, kind, text: notes of NACE
    uksic2007_index_en.tsv        code, lang, text, source: the British index of activities
    naics2022_index_en.tsv        the same columns: the American index, moved to NACE
    nacebel2008_fr.tsv            the same columns: Belgian activities, in French
    nacebel2003_fr.tsv            the same columns: older Belgian activities, moved to NACE

The first line of each names the columns; the other lines are rows, in UTF-8, without quoting. A
`code` of several classes is ambiguous. What evaluations ask is left out of an index: a class
belongs to a split (`split_of`), and so does a phrase, by its words (`split_of_phrase`).
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kb.errors import FileError

Split = Literal["train", "tune", "test"]

_HELD_OUT: tuple[Split, ...] = ("test", "tune")

NACE_NOTES_FILE = "nace_note_items.tsv"
PHRASE_FILES = (
    "uksic2007_index_en.tsv",
    "naics2022_index_en.tsv",
    "nacebel2008_fr.tsv",
    "nacebel2003_fr.tsv",
)
_KNOWN = {"lang": ("fr", "en"), "kind": ("includes", "sub", "also_includes")}
"""The values of the columns that have few."""

NACE_CODE = re.compile(r"\d\d\.\d\d"), "a NACE class such as 20.42"
_NACE_CODES = re.compile(r"\d\d\.\d\d(\|\d\d\.\d\d)*"), NACE_CODE[1]

INDEX_COLUMNS = ("code", "lang", "text", "source")


def split_of(code: str) -> Split:
    """The split of a NACE class such as `20.42`, or of a CN heading: four digits, such as `3401`.

    SHA-256 of the code modulo 10: 0 and 1 are *test*, 2 is *tune*, the rest *train*.
    """
    remainder = _remainder(code)
    if remainder in {0, 1}:
        return "test"
    return "tune" if remainder == 2 else "train"


def split_of_phrase(text: str) -> Split:
    """The split of a phrase by its own words, whatever its class.

    SHA-256 of the text in lower case modulo 10: 0 is *test*, 1 is *tune*, the rest *train*.
    """
    remainder = _remainder(text.strip().lower())
    return "test" if remainder == 0 else "tune" if remainder == 1 else "train"


def _remainder(text: str) -> int:
    return int(hashlib.sha256(text.encode()).hexdigest(), 16) % 10


@dataclass(frozen=True, slots=True)
class NaceItem:
    """An item of the explanatory notes of a class.

    `kind`: `includes`, `also_includes`, or `sub` for an item of a list under the item before it.
    """

    lang: str
    code: str
    kind: str
    text: str

    @property
    def split(self) -> Split:
        return split_of(self.code)


@dataclass(frozen=True, slots=True)
class IndexPhrase:
    """A phrase of an index of activities, in `fr` or `en`, and the NACE classes it may mean."""

    lang: str
    codes: tuple[str, ...]
    text: str

    @property
    def split(self) -> Split:
        """*train* only if the phrase and all its classes are."""
        return held_out_first([split_of_phrase(self.text), *map(split_of, self.codes)])


def held_out_first(splits: Sequence[Split]) -> Split:
    return next((split for split in _HELD_OUT if split in splits), "train")


def read_nace_items(folder: Path) -> list[NaceItem]:
    """The items of `nace_note_items.tsv`, in the order of the file; errors as `rows_of`."""
    rows = rows_of(folder / NACE_NOTES_FILE, ("lang", "code", "kind", "text"), NACE_CODE)
    return [NaceItem(*row) for _, row in rows]


def read_index_phrases(folder: Path, names: Sequence[str] = PHRASE_FILES) -> list[IndexPhrase]:
    """The phrases of indexes of activities, file by file, in order; errors as `rows_of`."""
    return [
        IndexPhrase(lang, tuple(code.split("|")), text)
        for name in names
        for _, (code, lang, text, _) in rows_of(folder / name, INDEX_COLUMNS, _NACE_CODES)
    ]


def rows_of(
    path: Path, columns: tuple[str, ...], code_form: tuple[re.Pattern[str], str] | None = None
) -> Iterator[tuple[int, list[str]]]:
    """The rows after the header, without white space around their cells, with their numbers.

    Raises:
        FileError: the file is missing, or a row has other columns, an empty cell, an unknown value
            or a `code` of another form; names file and row.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise FileError(f"{path} is not in UTF-8; save it so.") from None
    # Not `splitlines`: it also parts at characters that a text may hold, such as U+2028.
    lines = text.split("\n")
    if tuple(lines[0].rstrip("\r").split("\t")) != columns:
        raise FileError(
            f"{path}:1: the columns should be {', '.join(columns)}, with tabs between them."
        )
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        row = [cell.strip() for cell in line.split("\t")]
        if len(row) != len(columns):
            raise FileError(f"{path}:{number}: {len(row)} columns, {len(columns)} expected.")
        for column, cell in zip(columns, row, strict=True):
            if not cell and not column.startswith("alt_"):
                raise FileError(f"{path}:{number}: the column {column} is empty.")
            if column in _KNOWN and cell not in _KNOWN[column]:
                known = ", ".join(_KNOWN[column])
                raise FileError(f"{path}:{number}: {column} is {cell!r}; known: {known}.")
            if code_form and column == "code" and not code_form[0].fullmatch(cell):
                raise FileError(f"{path}:{number}: {cell!r} is not {code_form[1]}.")
        yield number, row

"""The open indexes of activities, as tab-separated files with a line of columns.

    nace_note_items.tsv           lang, code, kind, text: notes of NACE
    uksic2007_index_en.tsv        code, lang, text, source: the British index of activities
    naics2022_index_en.tsv        the same columns: the American index, moved to NACE
    nacebel2008_fr.tsv            the same columns: Belgian activities, in French
    nacebel2003_fr.tsv            the same columns: older Belgian activities, moved to NACE

A `code` of several classes is ambiguous. What evaluations ask is left out of an index: a class
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

NACE_NOTES_FILE = "nace_note_items.tsv"
PHRASE_FILES = (
    "uksic2007_index_en.tsv",
    "naics2022_index_en.tsv",
    "nacebel2008_fr.tsv",
    "nacebel2003_fr.tsv",
)
NACE_CODE = re.compile(r"\d\d\.\d\d"), "a NACE class such as 20.42"
_NACE_CODES = re.compile(r"\d\d\.\d\d(\|\d\d\.\d\d)*"), NACE_CODE[1]

INDEX_COLUMNS = ("code", "lang", "text", "source")


def split_of(code: str) -> Split:
    """The split of a NACE class or CN heading, by SHA-256 modulo 10: 0, 1 *test*, 2 *tune*."""
    remainder = _remainder(code)
    return "test" if remainder in {0, 1} else "tune" if remainder == 2 else "train"


def split_of_phrase(text: str) -> Split:
    """The split of a phrase by its own words, whatever its class: 0 is *test*, 1 is *tune*."""
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
    return "test" if "test" in splits else "tune" if "tune" in splits else "train"


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
    """The rows after the header, without white space around their cells, with their numbers."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(f"{path} cannot be read as UTF-8: {error}.") from None
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
        code = row[columns.index("code")] if code_form else ""
        if code_form and not code_form[0].fullmatch(code):
            raise FileError(f"{path}:{number}: {code!r} is not {code_form[1]}.")
        yield number, row

"""The open nomenclatures of trades, products and occupations, as tab-separated files.

    nace_class_labels.tsv         code, label_fr, label_en, label_de, label_es
    nace_note_items.tsv           lang, code, kind, text
    cn2023_fr_en_de.tsv           code, fr, en, de
    esco_occupations_fr_en.tsv    uri, isco, label_fr, alt_fr, label_en, alt_en, description_en
    uksic2007_index_en.tsv        code, lang, text, source: the British index of activities
    naics2022_index_en.tsv        the same columns: the American index, moved to NACE
    nacebel2008_fr.tsv            the same columns: Belgian activities, in French
    nacebel2003_fr.tsv            the same columns: older Belgian activities, moved to NACE
    cpv2008_fr_en.tsv             the same columns: what public buyers ask for, by CPV code
    cpv_to_nace_auto.tsv          cpv, nace, cosine, vote, cpv_name_en, nearest_phrase

The first line of each names the columns; the other lines are rows, in UTF-8, without quoting.
`alt_fr` and `alt_en` hold several names with `|` between them; a `code` of several classes is
ambiguous. A NACE class and a heading of the Combined Nomenclature (CN) belong to a split, whatever
the language: see `split_of`. So does a phrase of an index or of the Common Procurement Vocabulary
(CPV), by its words: see `split_of_phrase`.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kb.errors import FileError

Split = Literal["train", "tune", "test"]

_HELD_OUT: tuple[Split, ...] = ("test", "tune")

NACE_LABELS_FILE = "nace_class_labels.tsv"
NACE_NOTES_FILE = "nace_note_items.tsv"
CN_FILE = "cn2023_fr_en_de.tsv"
ESCO_FILE = "esco_occupations_fr_en.tsv"
PHRASE_FILES = (
    "uksic2007_index_en.tsv",
    "naics2022_index_en.tsv",
    "nacebel2008_fr.tsv",
    "nacebel2003_fr.tsv",
)
CPV_FILE = "cpv2008_fr_en.tsv"
CPV_TO_NACE_FILE = "cpv_to_nace_auto.tsv"
FILES = (
    NACE_LABELS_FILE,
    NACE_NOTES_FILE,
    CN_FILE,
    ESCO_FILE,
    *PHRASE_FILES,
    CPV_FILE,
    CPV_TO_NACE_FILE,
)

_KNOWN = {"lang": ("fr", "en"), "kind": ("includes", "sub", "also_includes")}
"""The values of the columns that have few."""

_NACE_CODE = re.compile(r"\d\d\.\d\d"), "a NACE class such as 20.42"
_NACE_CODES = re.compile(r"\d\d\.\d\d(\|\d\d\.\d\d)*"), _NACE_CODE[1]
_CN_CODE = re.compile(r"\d{8}"), "the eight digits of a product"
_CPV_CODE = re.compile(r"\d{8}-\d"), "a code of the CPV such as 18424000-7"

_INDEX_COLUMNS = ("code", "lang", "text", "source")


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
class NaceClass:
    """A class of NACE Rev. 2; `labels` by language: fr, en, de, es."""

    code: str
    labels: Mapping[str, str]

    @property
    def split(self) -> Split:
        return split_of(self.code)


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
class CnProduct:
    """A product of the Combined Nomenclature 2023; `labels` by language: fr, en, de."""

    code: str
    labels: Mapping[str, str]

    @property
    def heading(self) -> str:
        """The first four digits, which its split goes by."""
        return self.code[:4]

    @property
    def split(self) -> Split:
        return split_of(self.heading)


@dataclass(frozen=True, slots=True)
class Occupation:
    """An occupation of ESCO. All of ESCO is *train*."""

    uri: str
    isco: str
    label_fr: str
    others_fr: tuple[str, ...]
    label_en: str
    others_en: tuple[str, ...]
    description_en: str


@dataclass(frozen=True, slots=True)
class IndexPhrase:
    """A phrase of an index of activities, in `fr` or `en`, and the NACE classes it may mean."""

    lang: str
    codes: tuple[str, ...]
    text: str

    @property
    def split(self) -> Split:
        """*train* only if the phrase and all its classes are."""
        return _held_out_first([split_of_phrase(self.text), *map(split_of, self.codes)])


@dataclass(frozen=True, slots=True)
class Purchase:
    """What public buyers ask for: a code of the CPV; `labels` by language: fr, en.

    `nace` is the class that makes it as a mapping guesses it, or nothing.
    """

    code: str
    labels: Mapping[str, str]
    nace: str

    @property
    def split(self) -> Split:
        """*train* only if its labels, as phrases, and its class are."""
        splits = [split_of_phrase(label) for label in self.labels.values()]
        splits += [split_of(self.nace)] if self.nace else []
        return _held_out_first(splits)


def _held_out_first(splits: Sequence[Split]) -> Split:
    return next((split for split in _HELD_OUT if split in splits), "train")


def read_nace_classes(folder: Path) -> list[NaceClass]:
    """The classes of `nace_class_labels.tsv`, in the order of the file; errors as `_rows`."""
    path = folder / NACE_LABELS_FILE
    classes: dict[str, NaceClass] = {}
    columns = ("code", "label_fr", "label_en", "label_de", "label_es")
    for number, (code, *labels) in _rows(path, columns, _NACE_CODE):
        if code in classes:
            raise FileError(f"{path}:{number}: {code} was there before; keep one of the two.")
        classes[code] = NaceClass(code, dict(zip(("fr", "en", "de", "es"), labels, strict=True)))
    return list(classes.values())


def read_nace_items(folder: Path) -> list[NaceItem]:
    """The items of `nace_note_items.tsv`, in the order of the file; errors as `_rows`."""
    rows = _rows(folder / NACE_NOTES_FILE, ("lang", "code", "kind", "text"), _NACE_CODE)
    return [NaceItem(*row) for _, row in rows]


def read_cn_products(folder: Path) -> list[CnProduct]:
    """The products of `cn2023_fr_en_de.tsv`, in the order of the file; errors as `_rows`."""
    rows = _rows(folder / CN_FILE, ("code", "fr", "en", "de"), _CN_CODE)
    return [
        CnProduct(code, dict(zip(("fr", "en", "de"), labels, strict=True)))
        for _, (code, *labels) in rows
    ]


def read_occupations(folder: Path) -> list[Occupation]:
    """The occupations of `esco_occupations_fr_en.tsv`, in order; errors as `_rows`."""
    columns = ("uri", "isco", "label_fr", "alt_fr", "label_en", "alt_en", "description_en")
    return [
        Occupation(uri, isco, label_fr, _names(alt_fr), label_en, _names(alt_en), description)
        for _, (uri, isco, label_fr, alt_fr, label_en, alt_en, description) in _rows(
            folder / ESCO_FILE, columns
        )
    ]


def read_index_phrases(folder: Path, names: Sequence[str] = PHRASE_FILES) -> list[IndexPhrase]:
    """The phrases of indexes of activities, file by file, in order; errors as `_rows`."""
    return [
        IndexPhrase(lang, tuple(code.split("|")), text)
        for name in names
        for _, (code, lang, text, _) in _rows(folder / name, _INDEX_COLUMNS, _NACE_CODES)
    ]


def read_purchases(folder: Path) -> list[Purchase]:
    """The codes of `cpv2008_fr_en.tsv` with a label in both languages; errors as `_rows`."""
    columns = ("cpv", "nace", "cosine", "vote", "cpv_name_en", "nearest_phrase")
    classes = {cpv: nace for _, (cpv, nace, *_) in _rows(folder / CPV_TO_NACE_FILE, columns)}
    labels: dict[str, dict[str, str]] = {}
    for _, (code, lang, text, _) in _rows(folder / CPV_FILE, _INDEX_COLUMNS, _CPV_CODE):
        labels.setdefault(code, {})[lang] = text
    return [
        Purchase(code, by_lang, classes.get(code, ""))
        for code, by_lang in labels.items()
        if {"fr", "en"} <= by_lang.keys()
    ]


def _names(cell: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in cell.split("|") if name.strip())


def _rows(
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

"""The open nomenclatures of trades, products and occupations, as tab-separated files.

    nace_class_labels.tsv         code, label_fr, label_en, label_de, label_es
    nace_note_items.tsv           lang, code, kind, text
    cn2023_fr_en_de.tsv           code, fr, en, de
    esco_occupations_fr_en.tsv    uri, isco, label_fr, alt_fr, label_en, alt_en, description_en

The first line of each names the columns; the other lines are rows, in UTF-8, without quoting.
`alt_fr` and `alt_en` hold several names with `|` between them. A NACE class and a heading of the
Combined Nomenclature (CN) belong to a split, whatever the language: see `split_of`.
"""

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kb.errors import FileError

Split = Literal["train", "tune", "test"]

NACE_LABELS_FILE = "nace_class_labels.tsv"
NACE_NOTES_FILE = "nace_note_items.tsv"
CN_FILE = "cn2023_fr_en_de.tsv"
ESCO_FILE = "esco_occupations_fr_en.tsv"

NOTE_LANGUAGES = ("fr", "en")
NOTE_KINDS = ("includes", "sub", "also_includes")

_NACE_CODE = re.compile(r"\d\d\.\d\d")
_CN_CODE = re.compile(r"\d{8}")


def split_of(code: str) -> Split:
    """The split of a NACE class such as `20.42`, or of a CN heading: four digits, such as `3401`.

    SHA-256 of the code modulo 10: 0 and 1 are *test*, 2 is *tune*, the rest *train*.
    """
    remainder = int(hashlib.sha256(code.encode()).hexdigest(), 16) % 10
    if remainder in {0, 1}:
        return "test"
    return "tune" if remainder == 2 else "train"


@dataclass(frozen=True, slots=True)
class NaceClass:
    """A class of NACE Rev. 2; `labels` by language: fr, en, de, es."""

    code: str
    labels: Mapping[str, str]

    @property
    def split(self) -> Split:
        return split_of(self.code)

    @property
    def division(self) -> str:
        """The first two digits: `20` of `20.42`."""
        return self.code[:2]


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


def read_nace_classes(folder: Path) -> list[NaceClass]:
    """The classes of `nace_class_labels.tsv`, in the order of the file.

    Raises:
        FileError: the file is missing or a row cannot be read; names file and row.
    """
    path = folder / NACE_LABELS_FILE
    classes: dict[str, NaceClass] = {}
    columns = ("code", "label_fr", "label_en", "label_de", "label_es")
    for number, row in _rows(path, columns):
        code, *labels = row
        _check_code(path, number, code, _NACE_CODE, "a NACE class such as 20.42")
        if code in classes:
            raise FileError(f"{path}:{number}: {code} was there before; keep one of the two.")
        _check_filled(path, number, columns, row)
        classes[code] = NaceClass(code, dict(zip(("fr", "en", "de", "es"), labels, strict=True)))
    return list(classes.values())


def read_nace_items(folder: Path) -> list[NaceItem]:
    """The items of `nace_note_items.tsv`, in the order of the file.

    Raises:
        FileError: the file is missing or a row cannot be read; names file and row.
    """
    path = folder / NACE_NOTES_FILE
    items = []
    columns = ("lang", "code", "kind", "text")
    for number, row in _rows(path, columns):
        lang, code, kind, text = row
        _check_code(path, number, code, _NACE_CODE, "a NACE class such as 20.42")
        _check_one_of(path, number, "lang", lang, NOTE_LANGUAGES)
        _check_one_of(path, number, "kind", kind, NOTE_KINDS)
        _check_filled(path, number, columns, row)
        items.append(NaceItem(lang, code, kind, text))
    return items


def read_cn_products(folder: Path) -> list[CnProduct]:
    """The products of `cn2023_fr_en_de.tsv`, in the order of the file.

    Raises:
        FileError: the file is missing or a row cannot be read; names file and row.
    """
    path = folder / CN_FILE
    products = []
    columns = ("code", "fr", "en", "de")
    for number, row in _rows(path, columns):
        code, *labels = row
        _check_code(path, number, code, _CN_CODE, "the eight digits of a product")
        _check_filled(path, number, columns, row)
        products.append(CnProduct(code, dict(zip(("fr", "en", "de"), labels, strict=True))))
    return products


def read_occupations(folder: Path) -> list[Occupation]:
    """The occupations of `esco_occupations_fr_en.tsv`, in the order of the file.

    Raises:
        FileError: the file is missing or a row cannot be read; names file and row.
    """
    path = folder / ESCO_FILE
    occupations = []
    columns = ("uri", "isco", "label_fr", "alt_fr", "label_en", "alt_en", "description_en")
    for number, row in _rows(path, columns):
        _check_filled(path, number, columns, row, may_be_empty={"alt_fr", "alt_en"})
        uri, isco, label_fr, others_fr, label_en, others_en, description_en = row
        occupations.append(
            Occupation(
                uri,
                isco,
                label_fr,
                tuple(name.strip() for name in others_fr.split("|") if name.strip()),
                label_en,
                tuple(name.strip() for name in others_en.split("|") if name.strip()),
                description_en,
            )
        )
    return occupations


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, list[str]]]:
    """The rows after the header, without white space around their cells, with their numbers."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise FileError(f"{path} is not in UTF-8; save it so.") from None
    # Not `splitlines`: it also parts at characters that a text may hold, such as U+2028.
    lines = text.split("\n")
    header = tuple(lines[0].rstrip("\r").split("\t"))
    if header != columns:
        raise FileError(
            f"{path}:1: the columns should be {', '.join(columns)}, with tabs between them."
        )
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        row = [cell.strip() for cell in line.split("\t")]
        if len(row) != len(columns):
            raise FileError(f"{path}:{number}: {len(row)} columns, {len(columns)} expected.")
        yield number, row


def _check_code(path: Path, number: int, code: str, form: re.Pattern[str], expected: str) -> None:
    if not form.fullmatch(code):
        raise FileError(f"{path}:{number}: {code!r} is not {expected}.")


def _check_one_of(path: Path, number: int, column: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise FileError(f"{path}:{number}: {column} is {value!r}; known: {', '.join(known)}.")


def _check_filled(
    path: Path,
    number: int,
    columns: tuple[str, ...],
    row: list[str],
    may_be_empty: Collection[str] = (),
) -> None:
    for column, cell in zip(columns, row, strict=True):
        if not cell and column not in may_be_empty:
            raise FileError(f"{path}:{number}: the column {column} is empty.")

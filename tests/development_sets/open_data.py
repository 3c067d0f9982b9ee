"""The open nomenclatures that development sets alone are made of, as tab-separated files.

nace_class_labels.tsv         code, label_fr, label_en, label_de, label_es
cn2023_fr_en_de.tsv           code, fr, en, de
cpv2008_fr_en.tsv             code, lang, text, source: what public buyers ask for
cpv_to_nace_auto.tsv          cpv, nace, cosine, vote, cpv_name_en, nearest_phrase
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kb.adaptation.trade_indexing import (
    INDEX_COLUMNS,
    NACE_CODE,
    Split,
    rows_of,
    split_of,
    split_of_phrase,
)
from kb.errors import FileError

NACE_LABELS_FILE = "nace_class_labels.tsv"
CN_FILE = "cn2023_fr_en_de.tsv"
CPV_FILE = "cpv2008_fr_en.tsv"
CPV_TO_NACE_FILE = "cpv_to_nace_auto.tsv"

_CN_CODE = re.compile(r"\d{8}"), "the eight digits of a product"
_CPV_CODE = re.compile(r"\d{8}-\d"), "a code of the CPV such as 18424000-7"


@dataclass(frozen=True, slots=True)
class NaceClass:
    """A class of NACE Rev. 2; `labels` by language: fr, en, de, es."""

    code: str
    labels: Mapping[str, str]

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
        return "test" if "test" in splits else "tune" if "tune" in splits else "train"


def read_nace_classes(folder: Path) -> list[NaceClass]:
    """The classes of `nace_class_labels.tsv`, in the order of the file; errors as `rows_of`."""
    path = folder / NACE_LABELS_FILE
    classes: dict[str, NaceClass] = {}
    columns = ("code", "label_fr", "label_en", "label_de", "label_es")
    for number, (code, *labels) in rows_of(path, columns, NACE_CODE):
        if code in classes:
            raise FileError(f"{path}:{number}: {code} was there before; keep one of the two.")
        classes[code] = NaceClass(code, dict(zip(("fr", "en", "de", "es"), labels, strict=True)))
    return list(classes.values())


def read_cn_products(folder: Path) -> list[CnProduct]:
    """The products of `cn2023_fr_en_de.tsv`, in the order of the file; errors as `rows_of`."""
    rows = rows_of(folder / CN_FILE, ("code", "fr", "en", "de"), _CN_CODE)
    return [
        CnProduct(code, dict(zip(("fr", "en", "de"), labels, strict=True)))
        for _, (code, *labels) in rows
    ]


def read_purchases(folder: Path) -> list[Purchase]:
    """The codes of `cpv2008_fr_en.tsv` with a label in both languages; errors as `rows_of`."""
    columns = ("cpv", "nace", "cosine", "vote", "cpv_name_en", "nearest_phrase")
    classes = {cpv: nace for _, (cpv, nace, *_) in rows_of(folder / CPV_TO_NACE_FILE, columns)}
    labels: dict[str, dict[str, str]] = {}
    for _, (code, lang, text, _) in rows_of(folder / CPV_FILE, INDEX_COLUMNS, _CPV_CODE):
        labels.setdefault(code, {})[lang] = text
    return [
        Purchase(code, by_lang, classes.get(code, ""))
        for code, by_lang in labels.items()
        if {"fr", "en"} <= by_lang.keys()
    ]

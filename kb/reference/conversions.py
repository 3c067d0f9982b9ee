"""Conversions: what firms came to make or supply beside their trade (`conversions.tsv`).

Facts from public pages, in our own words: masks in 2020, parachutes in 1942, what is made of coffee
grounds. A base that has no case of a need yet knows by them which trades met it elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from kb.reference.roles import Role

COLUMNS = (
    "id",
    "firm",
    "place",
    "country",
    "ordinary_trade_fr",
    "ordinary_trade_en",
    "new_product_fr",
    "new_product_en",
    "role",
    "year",
    "source_site",
)

ROLES = {
    "made": Role.PRODUCER,
    "supplied": Role.SUPPLIER,
    "repackaged": Role.REPACKAGER,
}
"""The role for what a firm did, as the table says it."""


@dataclass(frozen=True)
class Conversion:
    """A firm somewhere, its ordinary `trade`, and the `product` it came to make or supply.

    Both are phrases, by language. `source` is the address of the page that says so.
    """

    id: str
    firm: str
    place: str
    country: str
    trade: Mapping[str, str]
    product: Mapping[str, str]
    role: Role
    year: str
    source: str


@cache
def conversions() -> tuple[Conversion, ...]:
    """All conversions; the file is read once.

    Raises:
        ValueError: the file has another header, or a line that is not of so many fields.
    """
    text = (files("kb.reference") / "conversions.tsv").read_text(encoding="utf-8")
    header, *lines = text.splitlines()
    if tuple(header.split("\t")) != COLUMNS:
        raise ValueError(f"conversions.tsv begins with {header!r}")
    return tuple(_conversion(number, line) for number, line in enumerate(lines, start=2))


def _conversion(number: int, line: str) -> Conversion:
    fields = line.split("\t")
    if len(fields) != len(COLUMNS):
        raise ValueError(f"conversions.tsv, line {number}: {len(fields)} fields")
    row = dict(zip(COLUMNS, fields, strict=True))
    return Conversion(
        row["id"],
        row["firm"],
        row["place"],
        row["country"],
        {lang: row[f"ordinary_trade_{lang}"] for lang in ("fr", "en")},
        {lang: row[f"new_product_{lang}"] for lang in ("fr", "en")},
        ROLES[row["role"]],
        row["year"],
        row["source_site"],
    )

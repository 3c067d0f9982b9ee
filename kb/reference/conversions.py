"""Conversions: what firms came to make or supply beside their trade (`conversions.tsv`).

Facts from public pages, in our own words: masks in 2020, parachutes in 1942, what is made of coffee
grounds. A base that has no case of a need yet knows by them which trades met it elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from kb.reference.roles import Role
from kb.reference.tables import rows

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
        ValueError: the file is no such table; names the line.
    """
    found = []
    for fields in rows("conversions.tsv", COLUMNS):
        id_, firm, place, country, trade_fr, trade_en, fr, en, role, year, source = fields
        trade, product = {"fr": trade_fr, "en": trade_en}, {"fr": fr, "en": en}
        found.append(
            Conversion(id_, firm, place, country, trade, product, ROLES[role], year, source)
        )
    return tuple(found)

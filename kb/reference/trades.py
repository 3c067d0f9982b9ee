"""Trades: the 615 classes of NACE Rev. 2 in everyday words, and what is known of their firms.

Portraits are of imaginary firms, conversions from public pages.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from kb.reference.roles import Role

_ACTIVITY_CODE = re.compile(r"([0-9]{2})\.?([0-9]{2})[A-Za-z]?")
ROLES = {"made": Role.PRODUCER, "supplied": Role.SUPPLIER, "repackaged": Role.REPACKAGER}


@dataclass(frozen=True)
class Trade:
    """A class of activity: its code, such as `20.42`, and what its firms do, as phrases."""

    code: str
    fr: str
    en: str

    @property
    def recovers(self) -> bool:
        """Says whether its firms take in what others throw away, whatever it is."""
        return self.code[:2] in {"38", "39"} or self.code == "46.77"


class LexiconKind(StrEnum):
    MAKES = "makes"  # what they usually make or do
    COULD = "could"  # what they could make with their means
    MEANS = "means"  # their machines, gestures and certificates
    TAKES = "takes"  # raw materials and by-products that they can use


@dataclass(frozen=True, slots=True)
class TradePhrase:
    code: str
    lang: str
    kind: LexiconKind
    text: str


@dataclass(frozen=True, slots=True)
class Portrait:
    code: str
    lang: str
    text: str
    needs: tuple[str, ...]


@dataclass(frozen=True)
class Conversion:
    """A firm, its ordinary `trade` and the `product` it came to make, each by language."""

    id: str
    firm: str
    place: str
    country: str
    trade: Mapping[str, str]
    product: Mapping[str, str]
    role: Role
    year: str
    source: str


def _rows(name: str) -> list[list[str]]:
    lines = (files("kb.reference") / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines[1:]]


@cache
def trades() -> tuple[Trade, ...]:
    return tuple(Trade(*fields) for fields in _rows("trades.tsv"))


@cache
def _by_code() -> dict[str, Trade]:
    return {trade.code: trade for trade in trades()}


def trade_of(activity_code: str) -> Trade | None:
    """Returns the trade of a code of NACE (`20.42`) or of the NAF (`20.42Z`, `2042z`)."""
    match = _ACTIVITY_CODE.fullmatch(activity_code.strip())
    return _by_code().get(f"{match[1]}.{match[2]}") if match else None


@cache
def lexicon() -> tuple[TradePhrase, ...]:
    kinds = {kind.value: kind for kind in LexiconKind}
    return tuple(
        TradePhrase(code, lang, kinds[kind], text)
        for code, lang, kind, text in _rows("lexicon.tsv")
    )


@cache
def lexicon_digest() -> str:
    content = (files("kb.reference") / "lexicon.tsv").read_bytes()
    return hashlib.sha256(content).hexdigest()[:16]


@cache
def _means() -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    unshown = _rows("unshown_means.tsv")
    for phrase in lexicon():
        if phrase.kind is LexiconKind.MEANS and [phrase.lang, phrase.text] not in unshown:
            found.setdefault((phrase.code, phrase.lang), []).append(phrase.text)
    return found


def means_of(code: str, lang: str) -> tuple[str, ...]:
    """Returns the means of a trade that are shown: not those that sound like a crime."""
    return tuple(_means().get((code, lang), ()))


@cache
def portraits() -> tuple[Portrait, ...]:
    rows = _rows("portraits.tsv")
    return tuple(Portrait(code, lang, text, tuple(needs)) for code, lang, text, *needs in rows)


@cache
def conversions() -> tuple[Conversion, ...]:
    return tuple(
        Conversion(
            id=row[0], firm=row[1], place=row[2], country=row[3], role=ROLES[row[8]],
            trade={"fr": row[4], "en": row[5]}, product={"fr": row[6], "en": row[7]},
            year=row[9], source=row[10],
        )
        for row in _rows("conversions.tsv")
    )  # fmt: skip

"""Trades: the work of a firm of each class of activity, in everyday words (`trades.tsv`).

One line for each of the 615 classes of NACE Rev. 2, which are also those of the NAF rév. 2: its
code, then what such a firm makes, sells or does, in French and in English. The words are ours, not
the official labels: the ones that people use, with a few usual products or services, chosen to
tell a class from those beside it. They give words to a firm of which a directory knows only the
activity code, and together they are all the trades there are, against which a query is compared.
"""

import re
from dataclasses import dataclass
from functools import cache

from kb.reference.tables import rows

_ACTIVITY_CODE = re.compile(r"([0-9]{2})\.?([0-9]{2})[A-Za-z]?")


@dataclass(frozen=True)
class Trade:
    """A class of activity: its code, such as `20.42`, and what its firms do, a phrase a language.

    The phrases are noun phrases of 6 to 18 words, without a full stop.
    """

    code: str
    fr: str
    en: str

    @property
    def recovers(self) -> bool:
        """Whether its firms take in what others throw away, whatever it is."""
        return self.code[:2] in {"38", "39"} or self.code == "46.77"


@cache
def trades() -> tuple[Trade, ...]:
    """All trades, by ascending code; the file is read once.

    Raises:
        ValueError: the file is no such table; names the line.
    """
    return tuple(Trade(*fields) for fields in rows("trades.tsv", ("code", "fr", "en")))


@cache
def _by_code() -> dict[str, Trade]:
    return {trade.code: trade for trade in trades()}


def trade_of(activity_code: str) -> Trade | None:
    """The trade of a class of NACE (`20.42`) or a code of the NAF (`20.42Z`), or None.

    The dot may be missing, the letter may be small, and blanks around do not matter. The letter is
    not looked at: a class of the NAF that is cut in several codes is one trade. None for what is
    wider than a class (`20`, `20.4`), for codes that do not exist and for all that is no code.
    """
    match = _ACTIVITY_CODE.fullmatch(activity_code.strip())
    return _by_code().get(f"{match[1]}.{match[2]}") if match else None

"""Firms of any count, and needs to ask of them: what benchmarks are made of.

A firm has a trade of the 615 (few trades have most firms), a
commune with its department (large ones have most), and a text as long as those of directories:

| share | text | characters |
| ---: | --- | ---: |
| 50 % | a line: products, and where | 40 to 130 |
| 30 % | two sentences | 150 to 290 |
| 15 % | a paragraph | 240 to 540 |
| 5 % | two to four paragraphs | 440 to 1,290 |

1,000 firms have about 1,140 passages. The words are those of the table of trades and of the
small territory's texts; a sixth is English. Firm number n of a seed is the same whatever the count,
so that a small corpus begins a large one, and nothing is kept in memory. The needs are those of the
development sets, which were written without regard to these firms.
"""

import csv
import hashlib
import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import accumulate, groupby
from pathlib import Path

from kb.reference.communes import Commune, communes_beginning
from kb.reference.trades import Trade, trades

ROOT = Path(__file__).parents[2]
SETS = ROOT / "tests" / "data"
TERRITORY = SETS / "small-territory"

Firm = dict[str, str]
"""A row of a directory."""

LINE, SENTENCES, PARAGRAPH = 0.50, 0.80, 0.95
"""Up to which share of the firms the text is no longer than that."""

ENGLISH = 1 / 6
SYLLABLES = "ba bel co dan du fer gui la lor mar mer nor pel ri san tou val ver vi zel mon".split()
_BETWEEN_PRODUCTS = re.compile(r"\s*[,;:]\s+")
_AFTER_SENTENCE = re.compile(r"(?<=[.!?…])\s+(?=[A-ZÀ-Ý])")


def firms(count: int, *, first: int = 0, seed: int = 0) -> Iterator[Firm]:
    """Yields the firms from number `first` on."""
    for number in range(first, first + count):
        yield _firm(number, random.Random(f"{seed}/{number}"))


@cache
def needs() -> tuple[str, ...]:
    """The needs of the development sets, each once, in an order that depends on nothing else."""
    found: set[str] = set()
    for path in sorted(SETS.glob("**/needs.tsv")):
        with path.open(encoding="utf-8", newline="") as file:
            found.update(row["text"] for row in csv.DictReader(file, delimiter="\t"))
    with (SETS / "development" / "everyday.tsv").open(encoding="utf-8", newline="") as file:
        found.update(row["query"] for row in csv.DictReader(file, delimiter="\t"))
    for path in sorted(SETS.glob("**/queries.jsonl")):
        with path.open(encoding="utf-8") as file:
            found.update(json.loads(line)["text"] for line in file)
    return tuple(sorted(found, key=lambda text: hashlib.sha256(text.encode()).digest()))


def _firm(number: int, chance: random.Random) -> Firm:
    trade = chance.choices(trades(), cum_weights=_trade_weights())[0]
    commune = chance.choices(_communes(), cum_weights=_commune_weights())[0]
    lang = "en" if chance.random() < ENGLISH else "fr"
    name = f"{''.join(chance.choices(SYLLABLES, k=3)).title()} {_letters(number)}"
    return {
        "id": f"firm-{number}",
        "name": name,
        "description": _description(chance, trade, commune, name, lang),
        "place": commune.name,
        "department": commune.department,
        "country": "FR",
        "lang": lang,
    }


def _description(
    chance: random.Random, trade: Trade, commune: Commune, name: str, lang: str
) -> str:
    length = chance.random()
    line = _products(chance, trade, lang)
    since, staff = chance.randint(1890, 2025), chance.randint(1, 300)
    if length < LINE:
        return f"{line}, {commune.name} ({since})"
    where = {
        "fr": f"{name}, à {commune.name} depuis {since} : {line}.",
        "en": f"{name}, in {commune.name} since {since}: {line}.",
    }[lang]
    besides = {
        "fr": "L'atelier de {} personnes propose également {}.",
        "en": "The workshop of {} people also offers {}.",
    }[lang].format(staff, _products(chance, _neighbour(chance, trade), lang))
    if length < SENTENCES:
        return f"{where} {besides}"
    said = [where, besides, *_told(chance)]
    if length < PARAGRAPH:
        return " ".join(said)
    paragraphs = [" ".join(said)]
    for _ in range(chance.randint(1, 3)):
        more = _products(chance, _neighbour(chance, trade), lang)
        paragraphs.append(" ".join([f"{more[0].upper()}{more[1:]}.", *_told(chance)]))
    return "\n\n".join(paragraphs)


def _products(chance: random.Random, trade: Trade, lang: str) -> str:
    """Some of what a trade makes or does, in any order."""
    known = _known_products(trade, lang)
    return ", ".join(chance.sample(known, min(len(known), chance.randint(2, 6))))


def _neighbour(chance: random.Random, trade: Trade) -> Trade:
    """A trade of the same division, which may be the same."""
    return chance.choice(_divisions()[trade.code[:2]])


def _told(chance: random.Random) -> Sequence[str]:
    """One to three sentences that the small territory tells in a row."""
    said = chance.choice(_territory())
    first = chance.randrange(len(said))
    return said[first : first + chance.randint(1, 3)]


def _letters(number: int) -> str:
    """A number in letters, so that no two firms have a name in common: "Kaabb"."""
    letters = ""
    while True:
        number, rest = divmod(number, 26)
        letters = chr(97 + rest) + letters
        if not number:
            return letters.title()


@cache
def _known_products(trade: Trade, lang: str) -> Sequence[str]:
    return _BETWEEN_PRODUCTS.split(trade.en if lang == "en" else trade.fr)


@cache
def _divisions() -> Mapping[str, Sequence[Trade]]:
    return {
        division: list(found) for division, found in groupby(trades(), lambda trade: trade.code[:2])
    }


@cache
def _territory() -> Sequence[Sequence[str]]:
    """The sentences of each text of the small territory."""
    with (TERRITORY / "actors.csv").open(encoding="utf-8-sig", newline="") as file:
        texts = [row["description"] for row in csv.DictReader(file)]
    return [sentences for text in texts if (sentences := _AFTER_SENTENCE.split(text))]


@cache
def _trade_weights() -> Sequence[float]:
    """Zipf's: the r-th trade has 1 / (r + 10) of the first, in an order that is chance."""
    ranks = random.Random(0).sample(range(len(trades())), len(trades()))
    return list(accumulate(1 / (rank + 10) for rank in ranks))


@cache
def _communes() -> Sequence[Commune]:
    by_postal_code = (communes_beginning(f"{first:02}", most=100_000) for first in range(100))
    found = {commune.code: commune for communes in by_postal_code for commune in communes}
    return [found[code] for code in sorted(found)]


@cache
def _commune_weights() -> Sequence[float]:
    return list(accumulate(2.0**commune.size for commune in _communes()))

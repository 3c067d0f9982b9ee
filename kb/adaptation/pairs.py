"""Pairs of a need and a trade that could meet it, made from the nomenclatures.

What is learnt: that a product named in a language goes with the trade that makes it, named or
described in another; and that a maker of a product of a class could make another of its products.

Only the *train* split is read. A text of a *train* class that a held-out class or heading has
too, word for word, is left out with the rest of that class.
"""

import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from kb.adaptation.nomenclatures import (
    CnProduct,
    NaceClass,
    Occupation,
    Split,
    read_cn_products,
    read_nace_classes,
    read_nace_items,
    read_occupations,
)
from kb.errors import FileError

Key = TypeVar("Key")

SHARES = {"nace": 0.5, "cn": 0.3, "esco": 0.2}
"""The share of each nomenclature in a batch."""

SIBLINGS = 8
"""Count of pairs of a family (NACE division, CN chapter, ISCO minor group) put together."""

SHARE_OF_SIBLINGS = 0.5
"""The share of a batch that comes in families: each pair is a hard negative for the others."""

SHARE_OF_NEIGHBOURS = 0.4
"""The share of pairs of products whose passage makes other products of the same heading."""

QUERY_TEMPLATES = {
    "fr": (
        "Qui pourrait fabriquer {} ?",
        "qui sait faire {} ?",
        "nous cherchons {}",
        "besoin de {}",
        "produire {}",
    ),
    "en": (
        "who could make {}?",
        "who knows how to make {}?",
        "we are looking for {}",
        "we need {}",
        "making {}",
    ),
}

DESCRIPTION_TEMPLATES = {
    "fr": (
        "{label}. {items}. {more}.",
        "L'entreprise a pour métier : {label}. Elle travaille notamment : {items}. "
        "Parmi ses activités : {more}.",
        "Spécialisée dans ce domaine : {label}, elle réalise {items}. Son savoir-faire s'étend à "
        "ceci : {more}.",
        "{items}. {label}. {more}.",
    ),
    "en": (
        "{label}. {items}. {more}.",
        "The firm's trade is {label}. It works on {items}. Among its activities: {more}.",
    ),
}

_LEADING = re.compile(
    r"^(?:la |the )?(?:fabrication|manufacture|manufacturing|production)"
    r"(?: of | de | d['’]| des | du )"
    r"(?:la |l['’]|les )?",
    re.IGNORECASE,
)
_TRAILING = re.compile(r"(?:,? (?:telles? que|tels? que|such as|notamment|comme))?\s*[:;.,]*$")
_ARTICLE = re.compile(r"^(?:la |le |les |l['’]|the )", re.IGNORECASE)
_EXCEPTIONS = re.compile(
    r"\s*\((?:à l['’]excl|sauf|autres? qu|excl|other than|ausg|non |not |à l['’]exclusion)"
    r"[^()]*(?:\([^()]*\)[^()]*)*\)?"
)
_VOWEL = re.compile(r"[aeiouyàâéèêëîïôùûœhAEIOUYÀÂÉÈÊËÎÏÔÙÛŒH]")


@dataclass(frozen=True, slots=True)
class Pair:
    """A query and a passage that answers it.

    `code` is the class that the passage is of. Passages whose code begins with `scope` are no
    negatives for this query: they might answer it, too.
    """

    query: str
    passage: str
    code: str
    scope: str


@dataclass(frozen=True, slots=True)
class Trades:
    """The *train* split of the nomenclatures, ready to be paired."""

    classes: Mapping[str, NaceClass]
    items: Mapping[str, Mapping[str, Sequence[str]]]  # by class, by language
    products: Mapping[str, Sequence[CnProduct]]  # by heading
    occupations: Sequence[Occupation]


def read_trades(folder: Path) -> Trades:
    """The *train* split of the nomenclatures in `folder`.

    Raises:
        FileError: a file is missing or a row cannot be read, or too little is *train*.
    """
    classes, items = read_nace_classes(folder), read_nace_items(folder)
    products, occupations = read_cn_products(folder), read_occupations(folder)
    labelled = [
        *((c.split, c.labels.values()) for c in classes),
        *((item.split, [item.text]) for item in items),
        *((product.split, product.labels.values()) for product in products),
    ]
    held_out = {_folded(text) for split, texts in labelled if split != "train" for text in texts}

    def may_be_learnt(split: Split, texts: Iterable[str]) -> bool:
        return split == "train" and not any(held_out & _forms(text) for text in texts)

    kept_classes = {c.code: c for c in classes if may_be_learnt(c.split, c.labels.values())}
    kept_items: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for item in items:
        if may_be_learnt(item.split, [item.text]):
            kept_items[item.code][item.lang].append(item.text)
    kept_products: dict[str, list[CnProduct]] = defaultdict(list)
    for product in products:
        if may_be_learnt(product.split, product.labels.values()):
            kept_products[product.heading].append(product)
    trades = Trades(
        kept_classes,
        {
            code: {lang: tuple(texts) for lang, texts in by_lang.items()}
            for code, by_lang in kept_items.items()
            if code in kept_classes and {"fr", "en"} <= by_lang.keys()
        },
        {heading: tuple(kept) for heading, kept in kept_products.items()},
        tuple(o for o in occupations if may_be_learnt("train", [o.label_fr])),
    )
    if not (trades.items and trades.products and trades.occupations):
        raise FileError(f"{folder}: the files leave nothing to learn from in the train split.")
    return trades


def batches(trades: Trades, seed: int, size: int) -> Iterator[list[Pair]]:
    """Batches of `size` pairs without end, the same for the same seed."""
    rng = random.Random(seed)  # noqa: S311 nothing secret
    sources: list[tuple[float, list[list[Any]], Callable[[Trades, Any, random.Random], Pair]]] = [
        (SHARES["nace"], _families((code, code[:2]) for code in trades.items), _nace_pair),
        (SHARES["cn"], _families((code, code[:2]) for code in trades.products), _cn_pair),
        (
            SHARES["esco"],
            _families((i, o.isco[:3]) for i, o in enumerate(trades.occupations)),
            _esco_pair,
        ),
    ]
    while True:
        batch: list[Pair] = []
        for number, (share, families, make) in enumerate(sources):
            wanted = round(size * share) if number < len(sources) - 1 else size - len(batch)
            batch += [make(trades, key, rng) for key in _keys(families, wanted, rng)]
        yield batch


def _families(members: Iterable[tuple[Key, str]]) -> list[list[Key]]:
    families: dict[str, list[Key]] = defaultdict(list)
    for key, family in members:
        families[family].append(key)
    return list(families.values())


def _keys(families: Sequence[Sequence[Key]], n: int, rng: random.Random) -> list[Key]:
    """`n` members, a share of them several to a family, the rest from anywhere."""
    chosen: list[Key] = []
    weights = [len(family) for family in families]
    while len(chosen) < n * SHARE_OF_SIBLINGS:
        (family,) = rng.choices(families, weights)
        chosen += rng.sample(list(family), min(SIBLINGS, len(family)))
    everyone = [key for family in families for key in family]
    chosen = chosen[:n]
    return chosen + rng.choices(everyone, k=n - len(chosen))


def _nace_pair(trades: Trades, code: str, rng: random.Random) -> Pair:
    labels, items = trades.classes[code].labels, trades.items[code]
    lang = rng.choice(("fr", "en"))
    asked = rng.randrange(len(items[lang]))
    query = items[lang][asked] if rng.random() < 0.9 else labels[lang]
    answer_lang = _answer_language(rng)
    label = labels[answer_lang]
    others = [
        thing(text)
        for number, text in enumerate(items.get(answer_lang, ()))
        if number != asked or rng.random() < 0.2
    ]
    form = rng.random()
    if form < 0.4 or not others:
        passage = label
    elif form < 0.65:
        passage = _listed(label, others, answer_lang, rng)
    else:
        passage = _described(label, others, answer_lang, rng)
    return Pair(_asked(query, lang, rng), _cased(passage, rng), code, code)


def _listed(label: str, items: Sequence[str], lang: str, rng: random.Random) -> str:
    """A trade as a directory describes it: a few products, perhaps after the name of the trade."""
    some = ", ".join(rng.sample(list(items), min(rng.randint(1, 4), len(items))))
    form = rng.random()
    if form < 0.3:
        return some
    if form < 0.65:
        return made(some, lang)
    return f"{label} : {some}" if lang == "fr" else f"{label}: {some}"


def _described(label: str, items: Sequence[str], lang: str, rng: random.Random) -> str:
    """A trade as a firm describes itself, in about three sentences."""
    some = rng.sample(list(items), min(6, len(items)))
    half = (len(some) + 1) // 2
    joint = " et " if lang == "fr" else " and "
    template = rng.choice(DESCRIPTION_TEMPLATES[lang])
    text = template.format(
        label=label,
        items=joint.join(", ".join(some[:half]).rsplit(", ", 1)),
        more=", ".join(some[half:]) or label,
    )
    return text[0].upper() + text[1:]


def _cn_pair(trades: Trades, heading: str, rng: random.Random) -> Pair:
    products = trades.products[heading]
    product = rng.choice(products)
    lang = rng.choices(("fr", "en", "de"), (4, 5, 1))[0]
    query = _asked(product.labels[lang], lang, rng)
    answer_lang = rng.choices(("fr", "en", "de"), (7, 2, 1))[0]
    if len(products) > 1 and rng.random() < SHARE_OF_NEIGHBOURS:
        # A maker of a product of a heading could make another.
        others = [other for other in products if other is not product]
        some = rng.sample(others, min(rng.randint(1, 3), len(others)))
        listed = ", ".join(short(other.labels[answer_lang]) for other in some)
        passage, scope = made(listed, answer_lang), heading
    else:
        if answer_lang == lang:
            answer_lang = "en" if lang == "fr" else "fr"
        name = product.labels[answer_lang]
        name = short(name) if rng.random() < 0.7 else name
        passage = made(name, answer_lang) if rng.random() < 0.5 else name
        scope = product.code
    return Pair(query, _cased(passage, rng), product.code, scope)


def _esco_pair(trades: Trades, number: int, rng: random.Random) -> Pair:
    occupation = trades.occupations[number]
    french = [occupation.label_fr.split("/")[0], *occupation.others_fr]
    english = [occupation.label_en, *occupation.others_en]
    sentences = re.split(r"(?<=\.)\s+", occupation.description_en)
    form = rng.random()
    if form < 0.35:
        query, passage = rng.choice(english), rng.choice(french)
    elif form < 0.6:
        query, passage = rng.choice(sentences), rng.choice(french)
    elif form < 0.75:
        query, passage = rng.choice(french), " ".join(sentences[:3])
    elif form < 0.9:
        query, passage = rng.choice(english), ", ".join(rng.sample(french, min(3, len(french))))
    else:
        query, passage = rng.choice(french), rng.choice(english)
    return Pair(_cased(query, rng), _cased(passage, rng), occupation.uri, occupation.uri)


def _answer_language(rng: random.Random) -> str:
    return rng.choices(("fr", "en", "de", "es"), (14, 4, 1, 1))[0]


def _asked(text: str, lang: str, rng: random.Random) -> str:
    """A thing as a person asks for it."""
    form = rng.random()
    if form < 0.2 or lang not in QUERY_TEMPLATES:
        return text
    text = thing(short(text))
    if form < 0.65:
        return _cased(text, rng)
    return rng.choice(QUERY_TEMPLATES[lang]).format(text)


def thing(text: str) -> str:
    """Returns the name in an item without "la fabrication de" and "telles que"."""
    return _ARTICLE.sub("", _LEADING.sub("", _TRAILING.sub("", text))) or text


def short(text: str) -> str:
    """A product's name without what it excludes."""
    return _EXCEPTIONS.sub("", text).strip() or text


def made(things: str, lang: str) -> str:
    """The trade of making things: "fabrication de …", "manufacture of …"."""
    things = things[:1].lower() + things[1:] if things[1:2].islower() else things
    if lang == "fr":
        return f"fabrication {'d’' if _VOWEL.match(things) else 'de '}{things}"
    return f"manufacture of {things}" if lang == "en" else f"Herstellung: {things}"


def _cased(text: str, rng: random.Random) -> str:
    """The text, half of the time without its capital."""
    lower = text[:1].lower() + text[1:] if text[1:2].islower() else text
    return lower if rng.random() < 0.5 else text


def _forms(text: str) -> set[str]:
    return {_folded(text), _folded(thing(text)), _folded(short(text))}


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())

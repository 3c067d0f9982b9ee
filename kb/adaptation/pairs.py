"""Pairs of a need and a trade that could meet it, made from the nomenclatures.

What is learnt: that a product named in a language goes with the trade that makes it, named or
described in another; and that a maker of a product of a class could make another of its products.

Only the *train* split is read. A text of a *train* class that a held-out class or heading has
too, word for word, is left out with the rest of that class; an item or a phrase that is a held-out
phrase, alone.
"""

import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from kb.adaptation.nomenclatures import (
    CnProduct,
    NaceClass,
    Occupation,
    Purchase,
    Split,
    read_cn_products,
    read_index_phrases,
    read_nace_classes,
    read_nace_items,
    read_occupations,
    read_purchases,
    split_of_phrase,
)
from kb.adaptation.phrases import Phrase, PhraseBook, listed_things, said
from kb.errors import FileError

Key = TypeVar("Key")

MIXES: Mapping[str, Mapping[str, float]] = {
    "notes": {"nace": 0.5, "cn": 0.3, "esco": 0.2},
    "phrases": {"phrases": 0.4, "cpv": 0.1, "nace": 0.25, "cn": 0.15, "esco": 0.1},
}
"""The share of each nomenclature in a batch, by the name of the mix."""

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

ACTIVITY_TEMPLATES = {
    "fr": ("nous cherchons {}", "besoin de {}", "{} : à qui s'adresser ?"),
    "en": ("we are looking for {}", "we need {}", "{}: who does that?"),
}
"""For what is done, sold or lent, not made."""

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
    phrases: PhraseBook
    purchases: Sequence[Purchase]


def read_trades(folder: Path) -> Trades:
    """The *train* split of the nomenclatures in `folder`.

    Raises:
        FileError: a file is missing or a row cannot be read, or too little is *train*.
    """
    classes, items = read_nace_classes(folder), read_nace_items(folder)
    products, occupations = read_cn_products(folder), read_occupations(folder)
    index, purchases = read_index_phrases(folder), read_purchases(folder)
    labelled = [
        *((c.split, c.labels.values()) for c in classes),
        *((item.split, [item.text]) for item in items),
        *((product.split, product.labels.values()) for product in products),
    ]
    held_out = {_folded(text) for split, texts in labelled if split != "train" for text in texts}
    held_out_phrases = {
        _folded(text)
        for phrase in index
        if phrase.split != "train"
        for text in (phrase.text, said(phrase.text))
        if text
    }

    def may_be_learnt(split: Split, texts: Iterable[str], held_out: Set[str]) -> bool:
        return split == "train" and not any(held_out & _forms(text) for text in texts)

    # A label that is a held-out phrase, too, stays: without it, its class could not be learnt.
    kept_classes = {
        c.code: c for c in classes if may_be_learnt(c.split, c.labels.values(), held_out)
    }
    held_out |= held_out_phrases
    kept_items: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for item in items:
        if may_be_learnt(item.split, [item.text], held_out):
            kept_items[item.code][item.lang].append(item.text)
    kept_products: dict[str, list[CnProduct]] = defaultdict(list)
    for product in products:
        if may_be_learnt(product.split, product.labels.values(), held_out):
            kept_products[product.heading].append(product)
    trades = Trades(
        kept_classes,
        {
            code: {lang: tuple(texts) for lang, texts in by_lang.items()}
            for code, by_lang in kept_items.items()
            if code in kept_classes and {"fr", "en"} <= by_lang.keys()
        },
        {heading: tuple(kept) for heading, kept in kept_products.items()},
        tuple(o for o in occupations if may_be_learnt("train", [o.label_fr], held_out)),
        PhraseBook.of(
            Phrase(phrase.lang, phrase.codes[0], said(phrase.text), listed_things(phrase.text))
            for phrase in index
            if len(phrase.codes) == 1
            and phrase.codes[0] in kept_classes
            and said(phrase.text)
            and split_of_phrase(said(phrase.text)) == "train"
            and may_be_learnt(phrase.split, [phrase.text], held_out)
        ),
        tuple(
            purchase
            for purchase in purchases
            if purchase.nace in {"", *kept_classes}
            and may_be_learnt(purchase.split, purchase.labels.values(), held_out)
        ),
    )
    learnt = (trades.items, trades.products, trades.occupations, trades.phrases.by_class)
    if not (all(learnt) and trades.purchases):
        raise FileError(f"{folder}: the files leave nothing to learn from in the train split.")
    return trades


def batches(
    trades: Trades, seed: int, size: int, shares: Mapping[str, float]
) -> Iterator[list[Pair]]:
    """Batches of `size` pairs without end, the same for the same seed and shares."""
    rng = random.Random(seed)  # noqa: S311 nothing secret
    keys: Mapping[str, Callable[[int], Sequence[Any]]] = {
        "phrases": lambda n: trades.phrases.draw(n, SIBLINGS, rng),
        "cpv": _drawn(((i, p.code[:3]) for i, p in enumerate(trades.purchases)), rng),
        "nace": _drawn(((code, code[:2]) for code in trades.items), rng),
        "cn": _drawn(((code, code[:2]) for code in trades.products), rng),
        "esco": _drawn(((i, o.isco[:3]) for i, o in enumerate(trades.occupations)), rng),
    }
    make: Mapping[str, Callable[[Trades, Any, random.Random], Pair]] = {
        "phrases": _phrase_pair,
        "cpv": _cpv_pair,
        "nace": _nace_pair,
        "cn": _cn_pair,
        "esco": _esco_pair,
    }
    *others, last = shares
    while True:
        batch: list[Pair] = []
        for name in (*others, last):
            wanted = size - len(batch) if name == last else round(size * shares[name])
            batch += [_unequal(make[name], trades, key, rng) for key in keys[name](wanted)]
        yield batch


def _unequal(
    make: Callable[[Trades, Any, random.Random], Pair], trades: Trades, key: Any, rng: random.Random
) -> Pair:
    """A pair of a key; if it asks for what it answers, word for word, another is made, once."""
    pair = make(trades, key, rng)
    if _folded(pair.query) == _folded(pair.passage):
        pair = make(trades, key, rng)
    return pair


def _drawn(members: Iterable[tuple[Key, str]], rng: random.Random) -> Callable[[int], list[Key]]:
    """Draws of so many members, in part by their families."""
    families = _families(members)
    return lambda n: _keys(families, n, rng)


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


def _phrase_pair(trades: Trades, phrase: Phrase, rng: random.Random) -> Pair:
    labels, by_lang = trades.classes[phrase.code].labels, trades.phrases.by_class[phrase.code]
    listed = phrase.things if phrase.things and rng.random() < 0.5 else (phrase.text,)
    query = _wanted(rng.choice(listed), phrase, rng)
    answer_lang = _answer_language(rng)
    other_lang = "en" if phrase.lang == "fr" else "fr"
    others = [thing(o.text) for o in by_lang.get(other_lang, ()) if o.text != phrase.text]
    form = rng.random()
    if form < 0.45 or not others:
        passage = labels[answer_lang]
    elif form < 0.75 or not phrase.is_of_making:
        passage = rng.choice(others)
    else:
        passage = _listed(labels[other_lang], others, other_lang, rng)
    return Pair(query, _cased(passage, rng), phrase.code, phrase.code)


def _wanted(text: str, phrase: Phrase, rng: random.Random) -> str:
    """A phrase as a person asks for it: a thing that is made, or what is done."""
    if phrase.is_of_making:
        return _asked(text, phrase.lang, rng)
    if rng.random() < 0.65:
        return _cased(text, rng)
    text = text[:1].lower() + text[1:] if text[1:2].islower() else text
    return rng.choice(ACTIVITY_TEMPLATES[phrase.lang]).format(text)


def _cpv_pair(trades: Trades, number: int, rng: random.Random) -> Pair:
    purchase = trades.purchases[number]
    lang = rng.choice(("fr", "en"))
    other_lang = "en" if lang == "fr" else "fr"
    query, passage = purchase.labels[lang], purchase.labels[other_lang]
    code = purchase.nace or purchase.code
    if purchase.nace and rng.random() < 0.5:
        passage = trades.classes[code].labels[_answer_language(rng)]
    template = rng.choice(("{}", "{}", *ACTIVITY_TEMPLATES[lang][:2]))
    return Pair(template.format(_cased(query, rng)), _cased(passage, rng), code, code)


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

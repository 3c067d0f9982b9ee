"""Trades asked for by what they do or make: notes of NACE, goods of the Combined Nomenclature."""

import re
from pathlib import Path

from kb.adaptation.trade_indexing import read_nace_items, split_of
from kb.search.query import MAX_QUERY_CHARS
from kb.text.analysis import words
from kb.text.folding import fold
from tests.development_sets.built import SPLITS, Built, check_known, digest, document, held, table
from tests.development_sets.open_data import read_cn_products, read_nace_classes

DIRECTIONS = (("fr", "fr"), ("en", "fr"), ("fr", "en"))
"""The language of the query and that of what is asked."""

ITEMS_PER_HEADING = 4

_STUB_ENDS = frozenset(
    "que de des du d' la le les l' et ou à au aux en par pour sur dans avec comme types suivant "
    "suivants suivante suivantes as of for to in on by with and or the including following e.g. "
    "not : ; ,".split()
)
"""With these an item ends that only opens a list: "la culture de céréales telles que"."""

_EXCLUSION = re.compile(
    r"\((?:à l[’']excl|excl|sauf|hors|autres? que|other than)\b[^()]*(?:\([^()]*\)[^()]*)*\)"
)
_SIGNS = re.compile(r"[\"«»“”]|(?<!\S)[+\-−](?=\S)")
"""What steers a search when it is typed, and is only punctuation in a nomenclature."""


def nace(folder: Path, asked: str, told: str) -> Built:
    """Items of the explanatory notes of NACE, in one language, to class labels in another."""
    classes = read_nace_classes(folder)
    built = Built(
        f"nace-{asked}-{told}",
        {"title": f"NACE, {asked} → {told}"},
        [document(one.code, "", one.labels[told], lang=told) for one in classes],
    )
    labels = {fold(one.labels[asked]) for one in classes}
    codes = {one.code for one in classes}
    for number, item in enumerate(read_nace_items(folder), start=2):
        text = plain(item.text)
        if (
            item.lang == asked
            and item.kind in {"includes", "sub"}
            and item.split in SPLITS
            and item.code in codes
            and fold(text) not in labels
            and says_something(text)
        ):
            built.add(
                f"{item.code}-{asked}-{number}",
                text,
                item.split,
                [item.code],
                lang=asked,
                group=f"{asked}→{told}",
            )
    return built


def products(folder: Path) -> Built:
    """Goods of the Combined Nomenclature, in French and English, to French labels of NACE."""
    classes = read_nace_classes(folder)
    built = Built(
        "products",
        {"title": "Products → NACE", "by": "lang,group"},
        [document(one.code, "", one.labels["fr"], lang="fr") for one in classes],
    )
    codes = {one.code for one in classes}
    makers: dict[str, list[str]] = {}
    path = held("products.tsv")
    for number, (heading, code) in table(path, ("heading", "nace")):
        check_known(path, number, code, codes)
        makers.setdefault(heading, []).append(code)
    # Which of a heading's are taken is chance, and the same each time.
    goods = sorted(read_cn_products(folder), key=lambda one: digest(one.code))
    taken: dict[tuple[str, str], set[str]] = {}
    for one in goods:
        if one.heading not in makers or one.split not in SPLITS:
            continue
        seen = all(split_of(code) == "train" for code in makers[one.heading])
        for lang in ("fr", "en"):
            text = plain(_EXCLUSION.sub("", one.labels[lang]))
            texts = taken.setdefault((one.heading, lang), set())
            if len(texts) >= ITEMS_PER_HEADING or fold(text) in texts or not says_something(text):
                continue
            texts.add(fold(text))
            built.add(
                f"{one.code}-{lang}",
                text,
                one.split,
                makers[one.heading],
                lang=lang,
                group="class seen" if seen else "class unseen",
            )
    return built


def plain(text: str) -> str:
    """A text of a nomenclature as a query, without the signs that would steer the search."""
    return " ".join(_SIGNS.sub(" ", text).split()).replace(" ,", ",")


def says_something(text: str) -> bool:
    """Whether a text can be asked: more than a word, not the opening of a list, not too long."""
    return len(text) <= MAX_QUERY_CHARS and len(list(words(text))) > 1 and not is_stub(text)


def is_stub(text: str) -> bool:
    """Whether a text that is not empty only opens a list."""
    return text.endswith(":") or text.rsplit(maxsplit=1)[-1].casefold() in _STUB_ENDS

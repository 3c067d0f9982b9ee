"""Phrases of activity indexes and of public purchasing, asked of the French labels of all trades.

Only phrases that nothing was learnt from are asked
(`kb.adaptation.trade_indexing.split_of_phrase`).
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from kb.adaptation.trade_indexing import read_index_phrases, split_of, split_of_phrase
from kb.search.query import MAX_QUERY_CHARS
from kb.text.analysis import index_words
from kb.text.folding import fold
from tests.development_sets.built import SPLITS, Built, digest, document
from tests.development_sets.everyday import half_of
from tests.development_sets.nomenclatures import is_stub, plain
from tests.development_sets.open_data import read_nace_classes, read_purchases

INDEXES: Mapping[str, tuple[str, ...]] = {
    "british": ("uksic2007_index_en.tsv",),
    "american": ("naics2022_index_en.tsv",),
    "belgian": ("nacebel2008_fr.tsv", "nacebel2003_fr.tsv"),
}
"""The files of each index of activities."""

PHRASES_OF_SPLIT = 300
"""How many phrases of an index are asked in a split, chosen by their hash."""

_MANUFACTURE = re.compile(r"\s*\(manufactur(?:e|ing)\)$", re.IGNORECASE)
_MAKING = re.compile(r"\bmanufactur\w*|\bfabrication\b|\bfab\b")


def phrases(folder: Path, index: str) -> Built:
    """Phrases of an index that were held out, to the French labels of their classes."""
    built, labels = _on_labels(folder, f"phrases-{index}", f"Phrases, {index} → labels", "group")
    known = {fold(label) for label in labels.values()}
    learnt = _learnt(folder)
    taken = dict.fromkeys(SPLITS, 0)
    # Which are taken is chance, and the same each time.
    of_index = read_index_phrases(folder, INDEXES[index])
    for phrase in sorted(of_index, key=lambda one: digest(one.text)):
        split = split_of_phrase(phrase.text)
        codes = [code for code in phrase.codes if code in labels]
        text = plain(_MANUFACTURE.sub("", phrase.text))
        if (
            split not in SPLITS
            or taken[split] >= PHRASES_OF_SPLIT
            or not codes
            or fold(text) in known
            or not _can_be_asked(text)
            or _content(phrase.text, phrase.lang) in learnt
        ):
            continue
        before = len(built.queries)
        built.add(
            f"{index}-{digest(phrase.text)[:10]}",
            text,
            split,
            codes,
            lang=phrase.lang,
            group=_seen(codes),
        )
        taken[split] += len(built.queries) - before
    return built


def cpv(folder: Path) -> Built:
    """How public buyers word needs, in French and English, to the French labels of trades."""
    built, labels = _on_labels(folder, "cpv", "Public purchasing (CPV) → labels", "lang,group")
    learnt = _learnt(folder)
    for purchase in read_purchases(folder):
        if purchase.nace not in labels:
            continue
        for lang, text in purchase.labels.items():
            asked = plain(text)
            if (
                split_of_phrase(text) in SPLITS
                and _can_be_asked(asked)
                and _content(text, lang) not in learnt
            ):
                built.add(
                    f"{purchase.code}-{lang}",
                    asked,
                    half_of(purchase.code[:2]),
                    [purchase.nace],
                    lang=lang,
                    group=_seen([purchase.nace]),
                )
    return built


def _on_labels(folder: Path, name: str, title: str, by: str) -> tuple[Built, Mapping[str, str]]:
    """A set without queries on the French labels of NACE, and these labels by code."""
    labels = {one.code: one.labels["fr"] for one in read_nace_classes(folder)}
    corpus = [document(code, "", label, lang="fr") for code, label in labels.items()]
    return Built(name, {"title": title, "by": by}, corpus), labels


def _learnt(folder: Path) -> set[frozenset[str]]:
    """What the phrases are about that may be learnt from, of all indexes."""
    return {
        _content(phrase.text, phrase.lang)
        for phrase in read_index_phrases(folder)
        if split_of_phrase(phrase.text) not in SPLITS
    }


def _content(text: str, lang: str) -> frozenset[str]:
    """The stems of what a phrase is about; phrases that differ in wording only have the same."""
    return frozenset(index_words(_MAKING.sub(" ", fold(text)), lang).split())


def _seen(codes: Iterable[str]) -> str:
    return "class seen" if all(split_of(code) == "train" for code in codes) else "class unseen"


def _can_be_asked(text: str) -> bool:
    return bool(text) and len(text) <= MAX_QUERY_CHARS and not is_stub(text)

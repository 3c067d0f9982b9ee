"""Phrases of activity indexes and of public purchasing, asked of the French labels of all trades.

Only phrases that nothing was learnt from are asked: `split_of_phrase`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from kb.adaptation.nomenclatures import read_nace_classes, split_of
from kb.search.query import MAX_QUERY_CHARS
from kb.text.analysis import index_words
from kb.text.folding import fold
from tests.development_sets.built import SPLITS, Built, digest, document, table
from tests.development_sets.everyday import half_of
from tests.development_sets.nomenclatures import is_stub, plain

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
_PHRASE_COLUMNS = ("code", "lang", "text", "source")


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase of an index with the classes that it may belong to."""

    lang: str
    text: str
    codes: tuple[str, ...]

    @property
    def content(self) -> frozenset[str]:
        """The stems of what it is about; phrases that differ in wording only are the same."""
        told = _MAKING.sub(" ", fold(self.text))
        return frozenset(index_words(told, self.lang).split())


def split_of_phrase(text: str) -> str | None:
    """The split of a phrase; None if encoders and trade indexes may learn from it.

    SHA-256 of the text in lower case modulo 10: 0 is *test*, 1 is *tune*.
    """
    remainder = int(digest(text.lower().strip()), 16) % 10
    return {0: "test", 1: "tune"}.get(remainder)


def phrases(folder: Path, index: str) -> Built:
    """Phrases of an index that were held out, to the French labels of their classes."""
    built, labels = _on_labels(folder, f"phrases-{index}", f"Phrases, {index} → labels", "group")
    known = {fold(label) for label in labels.values()}
    learnt = _learnt(folder)
    taken = dict.fromkeys(SPLITS, 0)
    of_index = (phrase for name in INDEXES[index] for phrase in _phrases(folder / name))
    # Which are taken is chance, and the same each time.
    for phrase in sorted(of_index, key=lambda one: digest(one.text)):
        split = split_of_phrase(phrase.text)
        codes = [code for code in phrase.codes if code in labels]
        text = plain(_MANUFACTURE.sub("", phrase.text))
        if (
            split is None
            or taken[split] >= PHRASES_OF_SPLIT
            or not codes
            or fold(text) in known
            or not _can_be_asked(text)
            or phrase.content in learnt
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
    built, labels = _on_labels(folder, "cpv", "Public purchasing (CPV) → labels", "both")
    classes = {}
    columns = ("cpv", "nace", "cosine", "vote", "cpv_name_en", "nearest_phrase")
    for _, (code, nace, *_) in table(folder / "cpv_to_nace_auto.tsv", columns):
        classes[code] = nace
    learnt = _learnt(folder)
    for _, (code, lang, text, _) in table(folder / "cpv2008_fr_en.tsv", _PHRASE_COLUMNS):
        asked = plain(text)
        nace = classes.get(code, "")
        if (
            nace in labels
            and split_of_phrase(text) is not None
            and _can_be_asked(asked)
            and Phrase(lang, text, (nace,)).content not in learnt
        ):
            built.add(
                f"{code}-{lang}", asked, half_of(code[:2]), [nace], lang=lang, group=_seen([nace])
            )
    return built


def _on_labels(folder: Path, name: str, title: str, by: str) -> tuple[Built, Mapping[str, str]]:
    """A set without queries on the French labels of NACE, and these labels by code."""
    labels = {one.code: one.labels["fr"] for one in read_nace_classes(folder)}
    corpus = [document(code, "", label, lang="fr") for code, label in labels.items()]
    return Built(name, {"title": title, "by": by}, corpus), labels


def _phrases(path: Path) -> Iterator[Phrase]:
    for _, (codes, lang, text, _) in table(path, _PHRASE_COLUMNS):
        yield Phrase(lang, text, tuple(codes.split("|")))


def _learnt(folder: Path) -> set[frozenset[str]]:
    """What the phrases are about that may be learnt from, of all indexes."""
    files = (folder / name for names in INDEXES.values() for name in names)
    return {
        phrase.content
        for path in files
        for phrase in _phrases(path)
        if split_of_phrase(phrase.text) is None
    }


def _seen(codes: Iterable[str]) -> str:
    return "class seen" if all(split_of(code) == "train" for code in codes) else "class unseen"


def _can_be_asked(text: str) -> bool:
    return bool(text) and len(text) <= MAX_QUERY_CHARS and not is_stub(text)

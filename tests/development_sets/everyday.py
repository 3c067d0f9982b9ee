"""Needs as people word them, asked of all trades, and texts that are no need at all."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from kb.adaptation.trade_indexing import read_nace_items
from kb.evaluation.sets import read_set, read_split
from tests.development_sets.built import (
    SPLITS,
    Built,
    check_known,
    digest,
    document,
    held,
    table,
)
from tests.development_sets.nomenclatures import is_stub
from tests.development_sets.open_data import NaceClass, read_nace_classes

DESCRIPTION_CHARS = 300
"""Roughly the length of a description: the label, and items until they are this long."""


def everyday_lines(folder: Path) -> Built:
    """Everyday needs to trades that are told in a line: the French labels of NACE."""
    classes = read_nace_classes(folder)
    corpus = [document(one.code, "", one.labels["fr"], lang="fr") for one in classes]
    return _everyday("everyday-lines", "Everyday needs → labels", corpus)


def everyday_descriptions(folder: Path) -> Built:
    """Everyday needs to trades that are told at some length: labels and items of their notes."""
    items: dict[str, list[str]] = {}
    for item in read_nace_items(folder):
        if item.lang == "fr" and item.kind != "also_includes" and not is_stub(item.text):
            items.setdefault(item.code, []).append(item.text)
    corpus = [
        document(one.code, "", _description(one, items.get(one.code, ())), lang="fr")
        for one in read_nace_classes(folder)
    ]
    return _everyday("everyday-descriptions", "Everyday needs → descriptions", corpus)


def off_topic() -> Built:
    """What no firm answers, asked of the small territory, beside needs that are met there."""
    built = Built("off-topic", {"title": "Off-topic texts, demonstration"}, silence=_off_topic())
    needs = read_set(held("..", "demo-needs"))
    for split in SPLITS:
        for query in read_split(needs, split).queries:
            about = {"lang": query.lang, "split": split}
            built.queries[query.id] = {"_id": query.id, "text": query.text, "metadata": about}
    return built


def _everyday(name: str, title: str, corpus: Sequence[Mapping[str, Any]]) -> Built:
    built = Built(name, {"title": title}, corpus, silence=_off_topic())
    codes = {one["_id"] for one in corpus}
    path = held("everyday.tsv")
    for number, (text, lang, classes, _) in table(path, ("query", "lang", "nace_codes", "source")):
        answers = classes.split(",")
        for code in answers:
            check_known(path, number, code, codes)
        built.add(f"everyday{number:03}", text, half_of(text), answers, lang=lang)
    return built


def _off_topic() -> list[Mapping[str, Any]]:
    rows: Iterator[tuple[int, list[str]]] = table(held("off-topic.tsv"), ("text", "lang", "kind"))
    return [
        {
            "_id": f"off{number:03}",
            "text": text,
            "metadata": {"lang": lang, "split": half_of(text), "group": kind},
        }
        for number, (text, lang, kind) in rows
    ]


def half_of(text: str) -> str:
    """The split of a text: SHA-256 even is *tune*, odd is *test*."""
    return SPLITS[int(digest(text), 16) % 2]


def _description(one: NaceClass, items: Sequence[str]) -> str:
    text = one.labels["fr"]
    told: list[str] = []
    for item in items:
        if len(text) + sum(map(len, told)) + len(item) > DESCRIPTION_CHARS:
            break
        told.append(item)
    return f"{text} : {' ; '.join(told)}." if told else text

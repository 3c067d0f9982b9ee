"""The measures that choose a delta: small searches with known answers, by embeddings alone.

From the nomenclatures, *tune* split: an item of the notes of NACE finds the label of its class
among those of all classes (French items, English items on French labels, French items on
English labels), a phrase of an index finds the French label of its class, and a product of the
Combined Nomenclature its English name. Others are given as folders in BEIR's layout:
`corpus.jsonl`, `queries.jsonl`, `qrels/tune.tsv`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kb.adaptation.nomenclatures import (
    Split,
    read_cn_products,
    read_index_phrases,
    read_nace_classes,
    read_nace_items,
    split_of,
)
from kb.adaptation.phrases import said
from kb.encoder.encoder import Embeddings
from kb.evaluation.files import SetQuery, read_json_lines, read_qrels, read_queries
from kb.evaluation.metrics import average_precision, ndcg

EncodeTexts = Callable[[Sequence[str], str], Embeddings]
"""Embeds texts of a kind, `query` or `document`."""

ASKED = 300
"""Count of queries sampled from products and from phrases, so that measuring takes seconds."""


@dataclass(frozen=True, slots=True)
class Collection:
    """Queries and texts by their ids, and the grade of each right text for each query."""

    name: str
    queries: Mapping[str, str]
    corpus: Mapping[str, str]
    qrels: Mapping[str, Mapping[str, int]]


def nomenclature_collections(folder: Path, split: Split = "tune") -> list[Collection]:
    """The collections that the nomenclatures in `folder` give.

    Raises:
        FileError: a file is missing or a row cannot be read.
    """
    classes = read_nace_classes(folder)
    items = [item for item in read_nace_items(folder) if item.split == split]
    collections = []
    for asked, answered in (("fr", "fr"), ("en", "fr"), ("fr", "en")):
        queries = {str(n): item for n, item in enumerate(items) if item.lang == asked}
        collections.append(
            Collection(
                f"NACE {asked}→{answered}",
                {id_: item.text for id_, item in queries.items()},
                {c.code: c.labels[answered] for c in classes},
                {id_: {item.code: 1} for id_, item in queries.items()},
            )
        )
    index = [
        (phrase.codes[0], phrase.lang, said(phrase.text))
        for phrase in read_index_phrases(folder)
        if len(phrase.codes) == 1 and split_of(phrase.codes[0]) == split and said(phrase.text)
    ]
    for lang in ("fr", "en"):
        of_lang = [(code, text) for code, language, text in index if language == lang]
        sample = dict(enumerate(of_lang[:: max(1, len(of_lang) // ASKED)]))
        collections.append(
            Collection(
                f"index {lang}→fr",
                {str(n): text for n, (_, text) in sample.items()},
                {c.code: c.labels["fr"] for c in classes},
                {str(n): {code: 1} for n, (code, _) in sample.items()},
            )
        )
    products = [product for product in read_cn_products(folder) if product.split == split]
    asked_products = products[:: max(1, len(products) // ASKED)]
    collections.append(
        Collection(
            "CN fr→en",
            {product.code: product.labels["fr"] for product in asked_products},
            {product.code: product.labels["en"] for product in products},
            {product.code: {product.code: 1} for product in asked_products},
        )
    )
    return [collection for collection in collections if collection.queries]


def read_collections(folder: Path, split: str = "tune") -> list[Collection]:
    """The collections of a folder in BEIR's layout, by the language of their queries.

    Raises:
        FileError: a file is missing or cannot be read; names it and the line.
    """
    qrels = read_qrels(folder / "qrels" / f"{split}.tsv")
    queries = [query for query in read_queries(folder / "queries.jsonl") if query.id in qrels]
    lines = read_json_lines(
        folder / "corpus.jsonl",
        lambda line: (str(line["_id"]), str(line["text"])),
        "a text",
        "`_id` and `text`",
    )
    corpus = dict(text for _, text in lines)
    by_lang: dict[str, list[SetQuery]] = {}
    for query in queries:
        by_lang.setdefault(query.lang, []).append(query)
    return [
        Collection(
            f"{folder.name} {lang}".strip(),
            {query.id: query.text for query in asked},
            corpus,
            {query.id: qrels[query.id] for query in asked},
        )
        for lang, asked in by_lang.items()
    ]


def measure(encode: EncodeTexts, collections: Sequence[Collection]) -> dict[str, dict[str, float]]:
    """nDCG@10 and MAP by the names of the collections; each text is embedded once."""
    asked = list(dict.fromkeys(text for c in collections for text in c.queries.values()))
    answers = list(dict.fromkeys(text for c in collections for text in c.corpus.values()))
    queries = dict(zip(asked, encode(asked, "query"), strict=True))
    documents = dict(zip(answers, encode(answers, "document"), strict=True))
    return {c.name: _figures(c, queries, documents) for c in collections}


def _figures(
    collection: Collection, queries: Mapping[str, Embeddings], documents: Mapping[str, Embeddings]
) -> dict[str, float]:
    ids = list(collection.corpus)
    passages = np.stack([documents[text] for text in collection.corpus.values()])
    figures = []
    for id_, text in collection.queries.items():
        order = np.argsort(-(passages @ queries[text]), kind="stable")
        ranking, grades = [ids[row] for row in order], collection.qrels[id_]
        figures.append((ndcg(ranking, grades), average_precision(ranking, grades)))
    means = np.mean(figures, axis=0)
    return {"nDCG@10": float(means[0]), "MAP": float(means[1])}

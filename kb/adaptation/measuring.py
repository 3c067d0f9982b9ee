"""The measures that choose a delta: searches with known answers, by embeddings alone.

They are folders in BEIR's layout: `corpus.jsonl`, `queries.jsonl`, `qrels/tune.tsv`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kb.encoder.encoder import Embeddings
from kb.evaluation.metrics import average_precision, ndcg
from kb.evaluation.sets import SetQuery, read_json_lines, read_qrels, read_queries

EncodeTexts = Callable[[Sequence[str], str], Embeddings]
"""Embeds texts of a kind, `query` or `document`."""


@dataclass(frozen=True, slots=True)
class Collection:
    """Queries and texts by their ids, and the grade of each right text for each query."""

    name: str
    queries: Mapping[str, str]
    corpus: Mapping[str, str]
    qrels: Mapping[str, Mapping[str, int]]


def read_collections(folder: Path) -> list[Collection]:
    """The collections of a folder in BEIR's layout, by the language of their queries.

    Raises:
        FileError: a file is missing or cannot be read; names it and the line.
    """
    qrels = read_qrels(folder / "qrels" / "tune.tsv")
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

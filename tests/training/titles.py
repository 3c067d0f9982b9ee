"""Fits the weights by which the title of a page is found, and measures them by cross-validation.

python -m tests.training.titles [--write]
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import numpy as np
from scipy.optimize import minimize

import ingest.articles.metadata.title
from ingest.articles import readers
from ingest.articles.metadata.layout import Findings, Layout
from ingest.articles.metadata.title import find_title, title_lines
from tests.article_evaluation.comparison import same_text
from tests.article_evaluation.labels import read_labelled
from tests.training.regression import Floats

ARTICLES = Path(__file__).parents[1] / "data" / "articles"
FOLDERS = (ARTICLES / "others" / "tune", ARTICLES / "tune")
TABLE = Path(ingest.articles.metadata.title.__file__).with_suffix(".json")
FOLDS, SEED, PENALTY = 8, 0, 0.5


class TitleExample(NamedTuple):
    """The `(lines + 1, features)` of an article, the last row "none", and which rows are right."""

    name: str
    rows: Floats
    right: Floats


def title_examples(names: Sequence[str]) -> list[TitleExample]:
    """The lines of each labelled article that can be its title."""
    return [
        TitleExample(path.name, np.array([*rows, np.zeros(len(names))]), np.array(right))
        for folder in FOLDERS
        for path, labels in read_labelled(folder)
        for rows, right in _lines_of(path, {labels.title, *labels.title_also}, names)
    ]


def _lines_of(
    path: Path, titles: set[str], names: Sequence[str]
) -> Iterator[tuple[list[list[float]], list[float]]]:
    seen: list[tuple[list[list[float]], list[float]]] = []

    def watched(layout: Layout, findings: Findings) -> None:
        lines = title_lines(layout, findings.fields.get("title"))
        right = [
            float(any(same_text(layout.lines[line.at].text, title) for title in titles))
            for line in lines
        ]
        rows = [[float(line.features[name]) for name in names] for line in lines]
        seen.append((rows, [*right, float(not any(right))]))
        find_title(layout, findings)

    with patch.object(readers, "find_title", watched):
        readers.read_article(path)
    return (each for each in seen if each[0])


def fitted_weights(examples: Sequence[TitleExample], names: Sequence[str]) -> dict[str, float]:
    """The weights that make the right lines likeliest, all but the first with a penalty."""
    rows = np.vstack([example.rows for example in examples])
    right = np.concatenate([example.right for example in examples])
    starts = np.cumsum([0, *(len(example.rows) for example in examples[:-1])])
    of = np.repeat(np.arange(len(examples)), [len(example.rows) for example in examples])
    penalty = np.full(len(names), PENALTY)
    penalty[0] = 1e-3

    def loss(weights: Floats) -> tuple[float, Floats]:
        odds = np.exp(rows @ weights)
        likely = odds / np.add.reduceat(odds, starts)[of]
        of_right = np.add.reduceat(likely * right, starts)
        slope = rows.T @ (likely - likely * right / of_right[of])
        cost = 0.5 * float(penalty @ weights**2) - float(np.log(of_right).sum())
        return cost, penalty * weights + slope

    found = minimize(loss, np.zeros(len(names)), jac=True, method="L-BFGS-B")
    return {name: round(float(each), 3) for name, each in zip(names, found.x, strict=True)}


def cross_validated(examples: Sequence[TitleExample], names: Sequence[str]) -> dict[str, bool]:
    """Whether the likeliest line is right, by the name of each article that has a right one."""
    fold_of = np.random.default_rng(SEED).integers(0, FOLDS, len(examples))
    right: dict[str, bool] = {}
    for fold in range(FOLDS):
        others = [each for each, own in zip(examples, fold_of, strict=True) if own != fold]
        weights = np.array(list(fitted_weights(others, names).values()))
        for example, own in zip(examples, fold_of, strict=True):
            if own == fold and not example.right[-1]:
                right[example.name] = bool(example.right[np.argmax(example.rows @ weights)])
    return right


def feature_names() -> list[str]:
    """The names of the features of lines, "is a line" first."""
    kept: Mapping[str, float] = json.loads(TABLE.read_text(encoding="utf-8"))
    return list(kept)


def main() -> None:
    names = feature_names()
    examples = title_examples(names)
    right = cross_validated(examples, names)
    print(f"Cross-validated: {sum(right.values())} of {len(right)} titles")
    print("\n".join(f"  {name}" for name, is_right in right.items() if not is_right))
    if "--write" in sys.argv:
        table = fitted_weights(examples, names)
        TABLE.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""Fits the judge of participants, measures it by cross-validation, and writes its table.

python -m tests.training.judge [--write]
"""

import json
import math
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np

import ingest.extraction.proposals
from ingest.extraction.proposals.contexts import DIMENSION, Vector
from ingest.extraction.proposals.judge import Judge, doubts
from ingest.extraction.proposals.propose import judged
from kb.reference.roles import Role
from kb.regression import Regression
from tests.article_evaluation.comparison import compare
from tests.article_evaluation.labels import ArticleFindings, found_participations
from tests.article_evaluation.scores import Scores, score_lines
from tests.training.examples import Example, LabelledArticle, folds, labelled_articles
from tests.training.regression import Floats, fitted, fitted_choice

TABLE = Path(ingest.extraction.proposals.__file__).parent / "judge.json"

FOLDS, SEED = 5, 0
LEAST_ARTICLES = 8
"""A feature that fewer articles have is not learnt."""

PENALTY, ROLE_PENALTY, SHARED_PENALTY = 5.0, 20.0, 1.0
OF_THIS_ROLE = ("role", "roles")
"""Features that say the same of each role: their weights for it are learnt from all roles."""

OF_NAMES, OF_ROLES = 2.0, 1.0
"""Standard deviation of the vectors of a context along their longest axis."""

ROLE_AXES = 64
"""The longest axes, of the words and of the sentence, that roles are learnt from."""


def fitted_table(articles: Sequence[LabelledArticle], calibration: Regression) -> dict[str, Any]:
    """The table of the judge that learns from all articles."""
    learnt = _learnt(articles)
    names = _names(articles)
    rows = _rows(learnt, names)
    takes = np.array([float(bool(example.roles)) for example in learnt])
    of_names = _Axes.of([each.candidate.context.name for each in learnt], DIMENSION, OF_NAMES)
    intercept, slopes = fitted(np.hstack([rows, of_names.rows]), takes, PENALTY)
    taking = [example for example in learnt if example.roles]
    has = np.array(
        [
            [float(any(role in each for each in example.roles or ())) for role in Role]
            for example in taking
        ]
    )
    shared = np.array(
        [
            [
                [example.candidate.features.get(f"{name} {role}", 0.0) for name in OF_THIS_ROLE]
                for role in Role
            ]
            for example in taking
        ]
    )
    contexts = [np.split(each.candidate.context.role, 2) for each in taking]
    parts = [_Axes.of(part, ROLE_AXES, OF_ROLES) for part in zip(*contexts, strict=True)]
    of_roles = fitted_choice(
        np.hstack([rows[takes > 0], *(part.rows for part in parts)]),
        shared,
        has,
        ROLE_PENALTY,
        SHARED_PENALTY,
    )
    own, *of_parts = np.split(of_roles[1], [len(names), len(names) + ROLE_AXES])
    weights = np.column_stack([slopes[: len(names)], own])
    at = {name: number for number, name in enumerate(names)}
    for column, role in enumerate(Role, start=1):
        for name, slope in zip(OF_THIS_ROLE, of_roles[2], strict=True):
            weights[at[f"{name} {role}"], column] += slope
    name_slopes, name_part = of_names.turned_back(slopes[len(names) :])
    turned = [part.turned_back(each) for part, each in zip(parts, of_parts, strict=True)]
    role_intercepts = of_roles[0] + sum(each for _, each in turned)
    return {
        "intercepts": _rounded([intercept + float(name_part), *role_intercepts]),
        "calibration": {
            "intercept": round(calibration.intercept, 3),
            "weights": {name: round(value, 3) for name, value in calibration.weights.items()},
        },
        "weights": {name: _rounded(row) for name, row in zip(names, weights, strict=True)},
        "of names": _rounded(name_slopes),
        "of roles": [_rounded(row) for slopes, _ in turned for row in slopes],
    }


@dataclass(frozen=True, slots=True)
class _Axes:
    """Vectors in the longest of their axes: `rows` are `(vectors - centre) @ axes`."""

    rows: Floats
    centre: Floats
    axes: Floats

    @classmethod
    def of(cls, vectors: Sequence[Vector], count: int, spread: float) -> Self:
        """Keeps `count` axes; the longest has the standard deviation `spread`."""
        matrix = np.array(vectors, np.float64)
        centre = matrix.mean(axis=0)
        _, lengths, axes = np.linalg.svd(matrix - centre, full_matrices=False)
        scale = spread * math.sqrt(len(matrix)) / lengths[0]
        axes = axes[:count].T * scale
        return cls((matrix - centre) @ axes, centre, axes)

    def turned_back(self, slopes: Floats) -> tuple[Floats, Floats]:
        """The slopes for the vectors as they were, and what these add to the intercepts."""
        slopes = self.axes @ slopes
        return slopes, -self.centre @ slopes


def _rounded(values: Iterable[float]) -> list[float]:
    return [round(float(value), 3) for value in values]


def cross_validated(
    articles: Sequence[LabelledArticle], seed: int = SEED
) -> tuple[list[Judge], Regression]:
    """A judge for each article that did not learn from its fold, and the calibration of all."""
    fold_of = folds(articles, FOLDS, seed)
    plain = Regression(0.0, {"takes part": 1.0, "role": 1.0})
    judges = [
        Judge.of_json(fitted_table(_without(articles, fold_of, fold), plain))
        for fold in range(FOLDS)
    ]
    by_article = [judges[fold] for fold in fold_of]
    calibrated = []
    for judge, fold in zip(by_article, fold_of, strict=True):
        others = [(each, by_article[at]) for at, each in enumerate(articles) if fold_of[at] != fold]
        calibrated.append(replace(judge, calibration=_calibration(others)))
    return calibrated, _calibration(list(zip(articles, by_article, strict=True)))


def measured(
    articles: Sequence[LabelledArticle], judges: Sequence[Judge], *, of_others: bool
) -> Scores:
    """The scores of the participations that each article's judge proposes."""
    scores = Scores()
    for article, judge in zip(articles, judges, strict=True):
        if article.is_of_others is of_others:
            proposed = [p for each in article.examples for p in judged(each.candidate, judge)]
            found = ArticleFindings(participations=found_participations(proposed))
            compare(scores, article.name, article.labels, found)
    return scores


def _calibration(judged_articles: Sequence[tuple[LabelledArticle, Judge]]) -> Regression:
    """How likely the likeliest participation of each candidate in articles of others is right."""
    rows, answers = [], []
    for article, judge in judged_articles:
        for example in article.examples if article.is_of_others else ():
            if example.roles is not None:
                taking, of_roles = judge.probabilities(
                    example.candidate.features, example.candidate.context
                )
                best = max(of_roles, key=lambda role: of_roles[role])
                rows.append(doubts(taking, of_roles[best]))
                answers.append(float(any(best in each for each in example.roles)))
    names = list(rows[0])
    matrix = np.array([[row[name] for name in names] for row in rows])
    intercept, slopes = fitted(matrix, np.array(answers), 1.0)
    return Regression(intercept, dict(zip(names, slopes.tolist(), strict=True)))


def _without(
    articles: Sequence[LabelledArticle], fold_of: Sequence[int], fold: int
) -> list[LabelledArticle]:
    return [article for article, own in zip(articles, fold_of, strict=True) if own != fold]


def _learnt(articles: Sequence[LabelledArticle]) -> list[Example]:
    return [
        example for article in articles for example in article.examples if example.roles is not None
    ]


def _names(articles: Sequence[LabelledArticle]) -> list[str]:
    """The features that enough articles have."""
    counts = Counter(
        name
        for article in articles
        for name in {name for each in article.examples for name in each.candidate.features}
    )
    often = {name for name, count in counts.items() if count >= LEAST_ARTICLES}
    return sorted(often | {f"{name} {role}" for name in OF_THIS_ROLE for role in Role})


def _rows(examples: Sequence[Example], names: Sequence[str]) -> Floats:
    column = {name: at for at, name in enumerate(names)}
    rows = np.zeros((len(examples), len(names)))
    for row, example in zip(rows, examples, strict=True):
        for name, value in example.candidate.features.items():
            if name in column:
                row[column[name]] = value
    return rows


def main() -> None:
    articles = labelled_articles()
    judges, calibration = cross_validated(articles)
    for of_others, of in ((True, "of others"), (False, "of our own")):
        print(f"\nCross-validated, on articles {of}:")
        lines = score_lines(measured(articles, judges, of_others=of_others))
        print("\n".join(line for line in lines if " –   0.000" not in line))
    if "--write" in sys.argv:
        table = fitted_table(articles, calibration)
        TABLE.write_text(_written(table), encoding="utf-8")
        print(f"\n{TABLE.name}: {len(table['weights'])} features")


def _written(table: Mapping[str, Any]) -> str:
    """The table as JSON, a line for each feature and part of a context."""
    lines = [
        f"  {json.dumps(name, ensure_ascii=False)}: {json.dumps(row)}"
        for name, row in table["weights"].items()
    ]
    parts = [f"  {json.dumps(row)}" for row in table["of roles"]]
    below = {"weights", "of roles"}
    head = {name: value for name, value in table.items() if name not in below}
    return (
        json.dumps(head)[:-1]
        + ', "weights": {\n'
        + ",\n".join(lines)
        + '\n}, "of roles": [\n'
        + ",\n".join(parts)
        + "\n]}\n"
    )


if __name__ == "__main__":
    main()

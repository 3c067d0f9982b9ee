"""Fits the judge of participants, measures it by cross-validation, and writes its table.

python -m tests.training.judge [--write]
"""

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import ingest.extraction.proposals
from ingest.evaluation.article_findings import ArticleFindings, found_participations
from ingest.evaluation.comparison import compare
from ingest.evaluation.scores import Scores, score_lines
from ingest.extraction.proposals.judge import Judge, doubts
from ingest.extraction.proposals.propose import judged
from kb.reference.roles import Role
from kb.regression import Regression
from tests.training.examples import Example, LabelledArticle, folds, labelled_articles
from tests.training.regression import Floats, fitted, fitted_together

TABLE = Path(ingest.extraction.proposals.__file__).parent / "judge.json"

FOLDS, SEED = 8, 0
LEAST_ARTICLES = 4
"""A feature that fewer articles have is not learnt."""

PENALTY, ROLE_PENALTY, SHARED_PENALTY = 5.0, 20.0, 1.0
OF_THIS_ROLE = ("rules", "rules best", "rules sure", "role", "roles")
"""Features that say the same of each role: their weights for it are learnt from all roles."""

OF_WORDS = 0.3
"""Factor of features that name a word: there are many, and each says little."""

_WORDS = ("after ", "determiner ", "then ", "follows ", "head ", "word ")


def fitted_table(articles: Sequence[LabelledArticle], calibration: Regression) -> dict[str, Any]:
    """The table of the judge that learns from all articles."""
    learnt = _learnt(articles)
    names = _names(articles)
    rows = _rows(learnt, names)
    takes = np.array([float(bool(example.roles)) for example in learnt])
    intercept, slopes = fitted(rows, takes, PENALTY)
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
    of_roles = fitted_together(rows[takes > 0], shared, has, ROLE_PENALTY, SHARED_PENALTY)
    intercepts = [intercept, *of_roles[0].tolist()]
    weights = np.column_stack([slopes, of_roles[1]]) * _scales(names)[:, None]
    at = {name: number for number, name in enumerate(names)}
    for column, role in enumerate(Role, start=1):
        for name, slope in zip(OF_THIS_ROLE, of_roles[2], strict=True):
            weights[at[f"{name} {role}"], column] += slope
    return {
        "intercepts": [round(each, 3) for each in intercepts],
        "calibration": {
            "intercept": round(calibration.intercept, 3),
            "weights": {name: round(value, 3) for name, value in calibration.weights.items()},
        },
        "weights": {
            name: [round(float(weight), 3) for weight in row]
            for name, row in zip(names, weights, strict=True)
        },
    }


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
        calibrated.append(Judge(judge.takes_part, judge.roles, _calibration(others)))
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
                taking, of_roles = judge.probabilities(example.candidate.features)
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


def _scales(names: Sequence[str]) -> Floats:
    return np.array([OF_WORDS if name.startswith(_WORDS) else 1.0 for name in names])


def _rows(examples: Sequence[Example], names: Sequence[str]) -> Floats:
    column = {name: at for at, name in enumerate(names)}
    rows = np.zeros((len(examples), len(names)))
    for row, example in zip(rows, examples, strict=True):
        for name, value in example.candidate.features.items():
            if name in column:
                row[column[name]] = value
    return rows * _scales(names)


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
    """The table as JSON, a line for each feature."""
    lines = [
        f"  {json.dumps(name, ensure_ascii=False)}: {json.dumps(row)}"
        for name, row in table["weights"].items()
    ]
    head = {name: value for name, value in table.items() if name != "weights"}
    return json.dumps(head)[:-1] + ', "weights": {\n' + ",\n".join(lines) + "\n}}\n"


if __name__ == "__main__":
    main()

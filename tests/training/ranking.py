"""Learns the weights of the score and the scale of its fits, and writes their table.

    python -m tests.training.ranking --scale DIR... [--write] DIR...

Each DIR is a development set with a corpus (docs/evaluation.md), of which the *tune* split is read.
The weights are those that make the right actors likeliest among all of a base (a softmax over
actors, each by its best passage), the mean over the sets, none below 0. The scale is learnt from
the first hits of the sets after `--scale`: those whose judgements are complete.
"""

import argparse
import contextlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from kb.encoder.encoder import Encoder
from kb.encoder.prepared import load_encoder
from kb.evaluation.metrics import ndcg
from kb.evaluation.ranking import base_of
from kb.evaluation.sets import DevelopmentSet, SetQuery, read_set, read_split
from kb.knowledge_base import KnowledgeBase
from kb.language_model import NO_WORDING
from kb.models import Kind
from kb.search.boosts.precedents import follow_precedents, precedents_elsewhere
from kb.search.context import SearchContext
from kb.search.fits import fit_features
from kb.search.results import Steering
from kb.search.scorer import Scope, WordValues, score
from kb.search.steering import compare, encoded, understood
from kb.search.weights import LEARNT, LEARNT_FILE
from kb.settings import Settings

FEATURES = (
    "passages.dense",
    "passages.lexical",
    "passages.filing",
    "passages.able",
    "precedents.strength",
)
FIT_FEATURES = ("ceiling", "need")  # as `kb.search.fits.fit_features` has them
FITS = ("fits.slope", *(f"fits.{name}" for name in FIT_FEATURES), "fits.intercept")

SPLIT = "tune"
RIDGE, ROUNDS, HARDEST = 0.01, 3, 150
"""The penalty of squared weights; how often the best passages are chosen anew; the count of the
wrong actors of a query that are learnt from, those with the highest scores."""

HITS = 10
"""Count of the first hits of a query from which the scale is learnt."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Asked:
    """A query: the features of the passages of all actors, `(n, features)`, and whose they are.

    `grades` are of the actors, 0 for a wrong one; `about` are the features of fits.
    """

    rows: Floats
    actors: NDArray[np.int64]
    grades: Floats
    about: Floats

    def best(self, weights: Floats) -> Floats:
        """The features of the best passage of each actor, `(actors, features)`."""
        order = np.lexsort((-(self.rows @ weights), self.actors))
        _, first = np.unique(self.actors[order], return_index=True)
        return np.asarray(self.rows[order][first])


def read_asked(folder: Path, encoder: Encoder, settings: Settings) -> list[Asked]:
    """The judged queries of a set, then those that nothing answers."""
    dataset = read_set(folder)
    with base_of(dataset, settings, encoder) as base, contexts(base) as context:
        ids = sorted(base.ids(Kind.ACTOR))
        judged = read_split(dataset, SPLIT, ids)
        silent = [query for query in dataset.silence if query.split == SPLIT]
        return [
            _asked(query, judged.qrels.get(query.id, {}), ids, dataset, context)
            for query in (*judged.queries, *silent)
        ]


@contextlib.contextmanager
def contexts(base: KnowledgeBase) -> Iterator[SearchContext]:
    with base._context() as context:
        yield context


def _asked(
    query: SetQuery,
    grades: Mapping[str, int],
    ids: Sequence[str],
    dataset: DevelopmentSet,
    context: SearchContext,
) -> Asked:
    calibration, steering = context.calibration, Steering()
    asked = understood(query.text, steering)
    compared = compare(asked, encoded(asked, NO_WORDING, steering, context), calibration)
    passages = context.passages_of_actors(ids)
    words = WordValues(asked.stems_sought, context)
    scored = score(compared, passages, context, words=words.best(None))
    elsewhere = (
        precedents_elsewhere(compared, asked, query.lang, context) if dataset.elsewhere else ()
    )
    boosts = follow_precedents({}, context, Scope(), passages, elsewhere)
    unknown = context.weights.passages.unknown_filing
    places = {id_: place for place, id_ in enumerate(ids)}
    features = []
    for of in scored:
        boost = boosts.get(of.passage.record_id)
        similar = boost.example * max(boost.likeness, 0.0) if boost else 0.0
        filing = 0.0 if of.filing is None else of.filing - unknown
        features.append([of.dense, of.lexical, filing, of.able or 0.0, similar])
    return Asked(
        np.array(features),
        np.array([places[of.passage.record_id] for of in scored]),
        np.array([float(grades.get(id_, 0)) for id_ in ids]),
        np.array(fit_features(compared.null)),
    )


def learnt_weights(sets: Sequence[Sequence[Asked]]) -> Floats:
    """The weights of `FEATURES`."""
    weights = np.full(len(FEATURES), 0.5)
    for _ in range(ROUNDS):
        examples_ = []
        for asked in sets:
            judged = [query for query in asked if query.grades.any()]
            for query in judged:
                rows, grades = query.best(weights), query.grades[np.unique(query.actors)]
                hardest = np.argsort(-(rows @ weights), kind="stable")[:HARDEST]
                kept = np.union1d(hardest, np.flatnonzero(grades))
                if grades.any():
                    share = 1 / (len(judged) * len(sets))
                    examples_.append((rows[kept], grades[kept] / grades.sum(), share))

        def loss(
            values: Floats, of: Sequence[tuple[Floats, Floats, float]] = examples_
        ) -> tuple[float, Floats]:
            total, gradient = RIDGE * float(values @ values), 2 * RIDGE * values
            for rows, right, share in of:
                scores = rows @ values
                likely = np.exp(scores - scores.max())
                likely /= likely.sum()
                total -= share * float(right @ np.log(np.maximum(likely, 1e-12)))
                gradient = gradient + share * (rows.T @ (likely - right))
            return total, gradient

        found = minimize(
            loss, weights, jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(weights)
        )
        weights = np.asarray(found.x)
    return weights


def learnt_scale(sets: Sequence[Sequence[Asked]], weights: Floats) -> Floats:
    """The slope of the score, those of `FIT_FEATURES`, and the intercept."""
    rows, answers, sizes = [], [], []
    for asked in sets:
        of_set = 0
        for query in asked:
            scores = query.best(weights) @ weights
            grades = query.grades[np.unique(query.actors)]
            for at in np.argsort(-scores, kind="stable")[:HITS]:
                rows.append([scores[at], *query.about, 1.0])
                answers.append(float(grades[at] > 0))
                of_set += 1
        sizes += [1 / of_set] * of_set
    x, y, share = np.array(rows), np.array(answers), np.array(sizes) / len(sets)

    def loss(values: Floats) -> tuple[float, Floats]:
        odds = np.clip(x @ values, -30, 30)
        likely = 1 / (1 + np.exp(-odds))
        total = -float(share @ (y * np.log(likely) + (1 - y) * np.log(1 - likely)))
        return total + 1e-4 * float(values @ values), x.T @ (share * (likely - y)) + 2e-4 * values

    bounds = [(0.01, None), *[(0, None)] * len(FIT_FEATURES), (None, None)]
    found = minimize(loss, np.ones(x.shape[1]), jac=True, method="L-BFGS-B", bounds=bounds)
    return np.asarray(found.x)


def figures(asked: Sequence[Asked], weights: Floats) -> str:
    """The mean nDCG@10 and share of first answers that are right."""
    values, firsts = [], []
    for query in asked:
        grades = query.grades[np.unique(query.actors)]
        if grades.any():
            order = np.argsort(-(query.best(weights) @ weights), kind="stable")
            qrels = {str(at): int(grade) for at, grade in enumerate(grades) if grade}
            values.append(ndcg([str(at) for at in order[:HITS]], qrels, HITS))
            firsts.append(float(grades[order[0]] > 0))
    return f"nDCG@10 {np.mean(values):.3f}, first right {np.mean(firsts):.3f}, {len(values)} needs"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--scale", nargs="+", type=Path, default=[])
    parser.add_argument("--write", action="store_true", help="write the table")
    given = parser.parse_args(arguments)
    settings = Settings.from_environment()
    encoder = load_encoder(settings)
    sets = {folder: read_asked(folder, encoder, settings) for folder in given.folders}
    weights = learnt_weights(list(sets.values()))
    scale_sets = [sets.get(f) or read_asked(f, encoder, settings) for f in given.scale]
    scale = learnt_scale(scale_sets or list(sets.values()), weights)
    for folder, asked in sets.items():
        print(f"{folder.name:24} {figures(asked, weights)}")
    table = {**LEARNT, **dict(zip(FEATURES, weights.tolist(), strict=True))}
    table |= dict(zip(FITS, scale.tolist(), strict=True))
    lines = [f"{name}\t{value:.3g}" for name, value in sorted(table.items())]
    print("\n".join(lines))
    if given.write:
        LEARNT_FILE.write_text("\n".join(["name\tvalue", *lines]) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

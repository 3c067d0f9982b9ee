"""Fits the judge of similarity, measures it by cross-validation, and writes its table.

python -m tests.training.similarity [--write]
"""

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import kb.resolution
from kb.regression import Regression
from kb.resolution.similarity import LIKELY, compare_actors, features
from tests.training.labelled_pairs import LabelledBase, read_pairs
from tests.training.regression import fitted

PAIRS = Path(__file__).parents[1] / "data" / "directories" / "pairs" / "tune.tsv"
TABLE = Path(kb.resolution.__file__).parent / "judge.json"

FAVOURABLE = frozenset(
    "phone|email|domain|acronym|same activity|names a domain|names the domain"
    "|contact, close|contact, name whole|contact, name within|contact, name crossed"
    "|contact, name other".split("|")
)
"""Features that never speak against: the few pairs that have them must not teach otherwise."""

FOLDS = 10
PENALTY = 0.5


@dataclass(frozen=True, slots=True)
class PairExample:
    """The features of a pair, whether it is the same firm, and the folds of its two families."""

    features: Mapping[str, float]
    is_same: bool
    folds: tuple[int, int]


def examples(base: LabelledBase) -> Iterator[PairExample]:
    """The pairs that the judge decides: the labelled, and those of two families that are compared.

    Not the pairs that numbers decide.
    """
    commonness = base.commonness()
    compared = base.compared()
    strangers = [pair for pair in base.unlabelled(sorted(compared)) if pair not in base.pairs]
    for pair in (*base.pairs, *strangers):
        left, right = (base.actors[id_] for id_ in pair)
        found = compare_actors(left, right, commonness)
        if found.other_siren or found.same_siren:
            continue
        labelled = base.pairs.get(pair)
        yield PairExample(
            features(found),
            labelled is not None and labelled.answer == "same",
            (_fold(base.family_of[pair[0]]), _fold(base.family_of[pair[1]])),
        )


def fitted_judge(learnt: Sequence[PairExample]) -> Regression:
    """Fits the judge; a feature of `FAVOURABLE` that would speak against is left out."""
    names = sorted({name for example in learnt for name in example.features})
    while True:
        judge = _fitted(learnt, names)
        against = {name for name in FAVOURABLE if judge.weights.get(name, 0.0) < 0}
        if not against:
            return judge
        names = [name for name in names if name not in against]


def _fitted(learnt: Sequence[PairExample], names: Sequence[str]) -> Regression:
    rows = np.array([[example.features.get(name, 0.0) for name in names] for example in learnt])
    answers = np.array([float(example.is_same) for example in learnt])
    intercept, slopes = fitted(rows, answers, PENALTY)
    weights = {name: round(float(slope), 3) for name, slope in zip(names, slopes, strict=True)}
    return Regression(round(intercept, 3), weights)


def cross_validated(learnt: Sequence[PairExample]) -> list[float]:
    """How likely each pair is the same, by a judge that learnt from neither of its families."""
    judges = {
        fold: fitted_judge([example for example in learnt if fold not in example.folds])
        for fold in range(FOLDS)
    }
    return [judges[example.folds[0]].probability(example.features) for example in learnt]


def _fold(family: str) -> int:
    return hashlib.blake2b(family.encode(), digest_size=4).digest()[1] % FOLDS


def main() -> None:
    learnt = list(examples(read_pairs(PAIRS)))
    probabilities = cross_validated(learnt)
    same = sum(example.is_same for example in learnt)
    print(f"{len(learnt)} pairs that the judge decides, {same} of them the same. Cross-validated:")
    for bound in (0.3, 0.4, LIKELY, 0.6, 0.7):
        likely = [e for e, p in zip(learnt, probabilities, strict=True) if p >= bound]
        right = sum(example.is_same for example in likely)
        print(f"  from {bound}: precision {right / len(likely):.3f}, recall {right / same:.3f}")
    if "--write" in sys.argv:
        judge = fitted_judge(learnt)
        lines = [f"  {json.dumps(name)}: {value}" for name, value in judge.weights.items()]
        head = f'{{"intercept": {judge.intercept}, "weights": {{\n'
        TABLE.write_text(head + ",\n".join(lines) + "\n}}\n", encoding="utf-8")
        print(f"{TABLE.name}: {len(judge.weights)} features")


if __name__ == "__main__":
    main()

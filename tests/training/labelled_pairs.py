"""Labelled pairs of actors: how many that are the same are found, and how many found are the same.

A file has a row for each pair: the family of firms that it belongs to, the answer (`same`,
`different`, or `related` for two establishments of one firm in two towns), what makes it hard, and
the two records as JSON, with the fields of actors. All records of a file are taken for one base:
firms of two families are different, and a contact is as common as it is in the file.

python -m tests.training.labelled_pairs FILE [--details]
"""

import csv
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

from kb.evaluation.metrics import share_of
from kb.models import Actor
from kb.resolution.contacts import Commonness, commonness_of
from kb.resolution.similarity import LIKELY, MAX_BLOCK, actor_similarity, blocks

PairOfIds = tuple[str, str]


@dataclass(frozen=True, slots=True)
class LabelledPair:
    """What two records of the base are."""

    answer: str
    difficulty: str


@dataclass(slots=True)
class LabelledBase:
    """The records of a file as one base: `family_of` each record, and the pairs by their ids."""

    actors: dict[str, Actor] = field(default_factory=dict)
    family_of: dict[str, str] = field(default_factory=dict)
    pairs: dict[PairOfIds, LabelledPair] = field(default_factory=dict)

    def commonness(self) -> Commonness:
        return commonness_of(self.actors.values())

    def compared(self) -> set[PairOfIds]:
        """The pairs of records that share a block which is not too large."""
        members: dict[int, list[str]] = defaultdict(list)
        for actor in self.actors.values():
            for block in blocks(actor):
                members[block].append(actor.id)
        return {
            pair
            for block in members.values()
            if len(block) <= MAX_BLOCK
            for pair in combinations(sorted(block), 2)
        }

    def unlabelled(self, pairs: Sequence[PairOfIds]) -> Iterator[PairOfIds]:
        """Those of the pairs that are of two families, and so of two firms."""
        return (pair for pair in pairs if self.family_of[pair[0]] != self.family_of[pair[1]])

    def likely(self) -> set[PairOfIds]:
        commonness = self.commonness()
        return {
            (left, right)
            for left, right in self.compared()
            if actor_similarity(self.actors[left], self.actors[right], commonness).score >= LIKELY
        }


def read_pairs(path: Path) -> LabelledBase:
    """Reads a file of labelled pairs."""
    base = LabelledBase()
    ids: dict[str, str] = {}
    lines = (line for line in path.read_text("utf-8").splitlines() if not line.startswith("#"))
    for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
        for record in (row["left"], row["right"]):
            id_ = ids.setdefault(record, f"{len(ids):05}")
            if id_ not in base.actors:
                base.actors[id_] = _actor(id_, json.loads(record))
                base.family_of[id_] = row["family"]
        left, right = sorted((ids[row["left"]], ids[row["right"]]))
        base.pairs[left, right] = LabelledPair(row["answer"], row["difficulty"])
    return base


def _actor(id_: str, plain: dict[str, Any]) -> Actor:
    lists = {name: tuple(plain[name].split()) for name in ("phone", "email") if name in plain}
    given: dict[str, Any] = plain | lists
    return Actor(id=id_, **given)


def report(base: LabelledBase) -> tuple[float, float, list[str]]:
    """The precision and the recall of all pairs of a base, and lines that tell of them."""
    likely, compared = base.likely(), base.compared()
    same = {pair for pair, labelled in base.pairs.items() if labelled.answer == "same"}
    strangers = [pair for pair in base.unlabelled(sorted(likely)) if pair not in base.pairs]
    found = sum(pair in likely for pair in base.pairs) + len(strangers)
    lines = []
    for name, right, of in (
        ("precision", len(same & likely), found),
        ("recall", len(same & likely), len(same)),
        ("recall of the blocks", len(same & compared), len(same)),
    ):
        mean = share_of(right, max(of, 1))
        lines.append(f"{name:22} {mean.value:.3f}  {mean.low:.3f} to {mean.high:.3f}  of {mean.n}")
    kinds = Counter((each.answer, each.difficulty) for each in base.pairs.values())
    slips = [pair for pair, of in base.pairs.items() if (pair in likely) != (of.answer == "same")]
    wrong = Counter((base.pairs[pair].answer, base.pairs[pair].difficulty) for pair in slips)
    for (answer, hard), count in sorted(kinds.items()):
        right = count - wrong[answer, hard]
        lines.append(f"  {answer:10} {hard:36} {right:4} of {count:4} right")
    for pair in (*slips, *strangers):
        told = (f"{base.actors[id_].name}, {base.actors[id_].place}" for id_ in pair)
        lines.append(f"wrong: {' | '.join(told)}")
    precision = len(same & likely) / max(found, 1)
    return precision, len(same & likely) / max(len(same), 1), lines


def main(file: str, details: str = "") -> None:
    for line in report(read_pairs(Path(file)))[2]:
        if details or not line.startswith("wrong"):
            print(line)


if __name__ == "__main__":
    main(*sys.argv[1:])

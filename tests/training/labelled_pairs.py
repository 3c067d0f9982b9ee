"""Labelled pairs of actors: how many that are the same are found, and how many found are the same.

A file has a row for each pair: the family of firms that it belongs to, the answer (`same`,
`different`, or `related` for two establishments of one firm in two towns), what makes it hard, and
the two records as JSON, with the fields of actors. All records of a file are taken for one base:
firms of two families are different, and a contact is as common as it is in the file.

python -m tests.training.labelled_pairs FILE [--details]
"""

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

from kb.errors import FileError
from kb.evaluation.metrics import Mean, share_of
from kb.models import Actor
from kb.resolution.commonness import Commonness, commonness_of
from kb.resolution.similarity import LIKELY, MAX_BLOCK, actor_similarity, blocks

ANSWERS = ("same", "different", "related")
_COLUMNS = ("family", "answer", "difficulty", "left", "right", "source")
_LISTS = frozenset({"phone", "email"})

PairOfIds = tuple[str, str]


@dataclass(frozen=True, slots=True)
class LabelledPair:
    """Two records, by their ids in the base, and what they are."""

    ids: PairOfIds
    family: str
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


@dataclass(frozen=True, slots=True)
class PairCounts:
    """Of labelled pairs, how many are the `same`, how many `compared`, `found`, and found `right`.

    `difficulties` has for each kind of pair, as (answer, difficulty), how many there are and how
    many are judged right; `slips` names the pairs that are not.
    """

    same: int
    compared: int
    found: int
    right: int
    difficulties: Mapping[tuple[str, str], tuple[int, int]]
    slips: Sequence[str]

    @property
    def precision(self) -> Mean:
        return share_of(self.right, max(self.found, 1))

    @property
    def recall(self) -> Mean:
        return share_of(self.right, max(self.same, 1))

    @property
    def recall_of_blocks(self) -> Mean:
        return share_of(self.compared, max(self.same, 1))


def read_pairs(path: Path) -> LabelledBase:
    """Reads a file of labelled pairs.

    Raises:
        FileError: the file is not as it should be; names it and the line.
    """
    base = LabelledBase()
    ids: dict[str, str] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(f"{path} cannot be read: {error}") from None
    rows = [(n, line) for n, line in enumerate(lines, 1) if line and not line.startswith("#")]
    if not rows or tuple(rows[0][1].split("\t")) != _COLUMNS:
        raise FileError(f"{path} does not begin with the columns {', '.join(_COLUMNS)}")
    for number, line in rows[1:]:
        cells = line.split("\t")
        if len(cells) != len(_COLUMNS) or cells[1] not in ANSWERS:
            raise FileError(f"{path}, line {number}: not {len(_COLUMNS)} cells with an answer")
        family, answer, difficulty, *records, _source = cells
        for record in records:
            id_ = ids.setdefault(record, f"{len(ids):05}")
            if id_ not in base.actors:
                base.actors[id_] = _actor(id_, record, f"{path}, line {number}")
                base.family_of[id_] = family
        left, right = sorted(ids[record] for record in records)
        base.pairs[left, right] = LabelledPair((left, right), family, answer, difficulty)
    return base


def count_pairs(base: LabelledBase) -> PairCounts:
    """Judges all pairs of a base, and counts."""
    commonness = base.commonness()
    compared = base.compared()
    likely = {
        pair
        for pair in compared
        if actor_similarity(base.actors[pair[0]], base.actors[pair[1]], commonness).score >= LIKELY
    }
    counts: Counter[tuple[str, str]] = Counter()
    right: Counter[tuple[str, str]] = Counter()
    slips = []
    for pair, labelled in base.pairs.items():
        kind = labelled.answer, labelled.difficulty
        counts[kind] += 1
        if (pair in likely) == (labelled.answer == "same"):
            right[kind] += 1
        else:
            slips.append(_slip(base, pair, labelled.answer))
    strangers = [pair for pair in base.unlabelled(sorted(likely)) if pair not in base.pairs]
    slips += [_slip(base, pair, "different") for pair in strangers]
    same = {pair for pair, labelled in base.pairs.items() if labelled.answer == "same"}
    found = sum(pair in likely for pair in base.pairs) + len(strangers)
    return PairCounts(
        len(same),
        len(same & compared),
        found,
        len(same & likely),
        {kind: (counts[kind], right[kind]) for kind in sorted(counts)},
        slips,
    )


def pair_lines(counts: PairCounts) -> Iterator[str]:
    """The figures as lines of text."""
    for name, mean in (
        ("precision", counts.precision),
        ("recall", counts.recall),
        ("recall of the blocks", counts.recall_of_blocks),
    ):
        yield f"{name:22} {mean.value:.3f}  {mean.low:.3f} to {mean.high:.3f}  of {mean.n}"
    for (answer, difficulty), (count, right) in counts.difficulties.items():
        yield f"  {answer:10} {difficulty:36} {right:4} of {count:4} right"


def _slip(base: LabelledBase, pair: PairOfIds, answer: str) -> str:
    names = " | ".join(
        ", ".join(filter(None, (actor.name, actor.place, actor.department)))
        for actor in map(base.actors.__getitem__, pair)
    )
    return f"{answer}: {names}"


def _actor(id_: str, record: str, where: str) -> Actor:
    try:
        plain: dict[str, Any] = {
            name: tuple(value.split()) if name in _LISTS else str(value)
            for name, value in json.loads(record).items()
        }
        return Actor(id=id_, **plain)
    except (ValueError, TypeError, AttributeError) as error:
        raise FileError(f"{where}: a record is not an actor's fields in JSON: {error}") from None


def main(file: str, details: str = "") -> None:
    """Prints how well duplicates are found; with details, each pair that is judged wrong."""
    counts = count_pairs(read_pairs(Path(file)))
    for line in (*(counts.slips if details else ()), *pair_lines(counts)):
        print(line)


if __name__ == "__main__":
    main(*sys.argv[1:])

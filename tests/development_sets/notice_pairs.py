"""How well needs and offers of the board are paired, on pairs that were not written for it.

    python -m tests.development_sets.notice_pairs DATA

A need is what people ask for in `conversions` and `more-conversions`, an offer what a firm came to
make, with its ordinary trade as the text; they fit if that firm met this need. The by-products and
their uses of `synergies.tsv` are further pairs. All other pairs of a table count as wrong, even
where they would do: precision is rather too low. Needs marked `tune` choose the threshold, those
marked `test` do not.
"""

import csv
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kb.encoder.prepared import load_encoder
from kb.hints.matching import FITTING, MOST_PROPOSED, NoticeCloseness
from kb.search.trades.background import Background
from kb.settings import Settings
from tests.development_sets.built import held

RECALL_WEIGHT = 2
"""Recall counts twice: a moderator sees what is proposed wrongly, nobody what is not proposed."""


@dataclass(frozen=True)
class Pairs:
    """Needs by offers: how close they are, and whether they fit."""

    closeness: NDArray[np.float64]
    fit: NDArray[np.bool_]

    def at(self, threshold: float, most: int = 0) -> tuple[float, float]:
        """The precision and the recall; with `most`, of so many offers of each need."""
        kept = self.closeness >= threshold
        if most:
            order = np.argsort(-self.closeness, axis=1, kind="stable")
            ranks = np.argsort(order, axis=1, kind="stable")
            kept &= ranks < most
        right = int((kept & self.fit).sum())
        return right / max(int(kept.sum()), 1), right / int(self.fit.sum())

    def best(self) -> float:
        """The threshold with the best F measure, in which recall counts `RECALL_WEIGHT` times."""
        square = RECALL_WEIGHT**2

        def f_measure(threshold: float) -> float:
            precision, recall = self.at(threshold)
            return (1 + square) * precision * recall / max(square * precision + recall, 1e-9)

        return float(max(np.arange(0.3, 1.6, 0.01), key=f_measure))


def joined(parts: Sequence[Pairs]) -> Pairs:
    """The pairs of several tables as one; a need and an offer of two tables are no pair."""
    rows, columns = (sum(part.fit.shape[axis] for part in parts) for axis in (0, 1))
    closeness, fit = np.full((rows, columns), -np.inf), np.zeros((rows, columns), bool)
    row = column = 0
    for part in parts:
        height, width = part.fit.shape
        closeness[row : row + height, column : column + width] = part.closeness
        fit[row : row + height, column : column + width] = part.fit
        row, column = row + height, column + width
    return Pairs(closeness, fit)


def _rows(path: Path) -> list[Mapping[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def _of_conversions(folder: str, firms: Path, measure: NoticeCloseness, split: str) -> Pairs:
    met: dict[str, set[str]] = {}
    for row in _rows(held(folder, "rows.tsv")):
        met.setdefault(row["id"], set()).add(row["need"])
    needs = [row for row in _rows(held(folder, "needs.tsv")) if row["split"] == split]
    offers = _rows(firms)
    return Pairs(
        _closeness(
            measure,
            [row["text"] for row in needs],
            [
                (row["new_product_fr"], f"{row['new_product_fr']}. {row['ordinary_trade_fr']}")
                for row in offers
            ],
        ),
        np.array([[need["need"] in met.get(row["id"], ()) for row in offers] for need in needs]),
    )


def _of_synergies(path: Path, measure: NoticeCloseness) -> Pairs:
    rows = _rows(path)
    uses, given = [row["use"] for row in rows], [(row["by_product"],) for row in rows]
    return Pairs(_closeness(measure, uses, given), np.eye(len(rows), dtype=bool))


def _closeness(
    measure: NoticeCloseness, needs: Iterable[str], offers: Sequence[Sequence[str]]
) -> NDArray[np.float64]:
    return np.array([measure.to_each([need], offers) for need in needs])


def main(data: Path) -> None:
    settings = Settings()
    encoder = load_encoder(settings)
    background = Background.of(encoder, settings.cache)
    measure = NoticeCloseness(encoder, background)

    def of(split: str) -> Pairs:
        tables = {
            "conversions": data / "conversions.tsv",
            "more-conversions": held("more-conversions", "firms.tsv"),
        }
        return joined(
            [_of_conversions(name, path, measure, split) for name, path in tables.items()]
        )

    tune, test = of("tune"), of("test")
    synergies = _of_synergies(data / "synergies.tsv", measure)
    print(f"best threshold on tune: {tune.best():.2f}; used: {FITTING}")
    for name, pairs in (("tune", tune), ("test", test), ("synergies", synergies)):
        (precision, recall), (of_closest, _) = pairs.at(FITTING), pairs.at(FITTING, MOST_PROPOSED)
        print(
            f"{name}: {int(pairs.fit.sum())} right of {np.isfinite(pairs.closeness).sum()} pairs;"
            f" precision {precision:.2f}, recall {recall:.2f};"
            f" precision of the {MOST_PROPOSED} closest {of_closest:.2f}"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))

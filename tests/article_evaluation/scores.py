"""Scores: how much of labelled articles is found again, and how much is made up.

Each thing is *right*, *wrong* (found, and not so) or *missed* (so, and not found); a wrong value in
the place of a labelled one is both. Precision, recall and F1 are over all articles together.
`roles` are those of the participants that were paired, `roles end to end` those of all;
`participants filled in` and `roles filled in` are of what is sure enough for a draft (`FILLED_IN`).
The expected calibration error is the mean difference between the confidence of participations and
the share that is right, each band of a tenth weighing as many as it has proposals.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

BANDS = tuple(tenth / 10 for tenth in range(10))
"""Lower bound of each band of confidence; the last band includes 1."""

FIELDS = (
    "title",
    "author",
    "author job",
    "moderator",
    "moderator job",
    "dates",
    "themes",
    "body",
    "participants",
    "known actors",
    "roles",
    "roles end to end",
    "participants filled in",
    "roles filled in",
    "need",
    "period",
)


@dataclass(slots=True)
class Tally:
    """Things that are right, wrong and missed. A ratio of nothing is `None`."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.right + other.right, self.wrong + other.wrong, self.missed + other.missed)

    @property
    def precision(self) -> float | None:
        return _ratio(self.right, self.right + self.wrong)

    @property
    def recall(self) -> float | None:
        return _ratio(self.right, self.right + self.missed)

    @property
    def f1(self) -> float | None:
        return _ratio(2 * self.right, 2 * self.right + self.wrong + self.missed)


@dataclass(slots=True)
class Band:
    """The proposals whose confidence is at least `start` and below the next band's."""

    start: float
    proposals: int = 0
    right: int = 0
    total_confidence: float = 0.0

    @property
    def share_right(self) -> float | None:
        return _ratio(self.right, self.proposals)

    @property
    def mean_confidence(self) -> float | None:
        return self.total_confidence / self.proposals if self.proposals else None


class Slip(NamedTuple):
    """A thing that is wrong or missed: where, of which field, and what."""

    file: str
    field: str
    kind: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}: {self.field}: {self.kind}: {self.what}"


@dataclass(slots=True)
class Scores:
    """Scores of a comparison.

    `unread` lists the articles no reader could read, with reasons; `of_articles` has the tallies
    of each article.
    """

    articles: int = 0
    fields: dict[str, Tally] = field(default_factory=lambda: {name: Tally() for name in FIELDS})
    bands: list[Band] = field(default_factory=lambda: [Band(start) for start in BANDS])
    slips: list[Slip] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    of_articles: list[dict[str, Tally]] = field(default_factory=list)

    def add(self, article: "Scores") -> None:
        """Adds the scores of one article."""
        self.articles += article.articles
        for name, tally in article.fields.items():
            self.fields[name] += tally
        for band, own in zip(self.bands, article.bands, strict=True):
            band.proposals += own.proposals
            band.right += own.right
            band.total_confidence += own.total_confidence
        self.slips += article.slips
        self.of_articles.append(article.fields)

    def f1_interval(self, name: str) -> tuple[float, float] | None:
        """The interval of 95 % of a field's F1: percentiles over articles drawn anew, 2,000 times.

        `None` where fewer than two articles have the field.
        """
        counts = np.array(
            [
                (tally.right, tally.wrong, tally.missed)
                for tally in (fields[name] for fields in self.of_articles)
                if tally != Tally()
            ]
        )
        if len(counts) < 2:
            return None
        drawn = np.random.default_rng(0).integers(len(counts), size=(2_000, len(counts)))
        right, wrong, missed = counts[drawn].sum(axis=1).T
        low, high = np.percentile(2 * right / (2 * right + wrong + missed), (2.5, 97.5))
        return float(low), float(high)

    def band(self, confidence: float) -> Band:
        below = (band for band in reversed(self.bands) if confidence >= band.start)
        return next(below, self.bands[0])

    @property
    def calibration_error(self) -> float | None:
        """The expected calibration error, 0 to 1; `None` without proposals."""
        apart = sum(abs(band.right - band.total_confidence) for band in self.bands)
        proposals = sum(band.proposals for band in self.bands)
        return apart / proposals if proposals else None


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def score_lines(scores: Scores) -> list[str]:
    lines = [f"{scores.articles} articles"]
    lines.append(f"{'':22} precision  recall      F1    95 % interval   right  wrong  missed")
    for name, tally in scores.fields.items():
        ratios = f"{_shown(tally.precision):>9}  {_shown(tally.recall):>6}  {_shown(tally.f1):>6}"
        between = " to ".join(map(_shown, scores.f1_interval(name) or ()))
        counts = f"{tally.right:6}  {tally.wrong:5}  {tally.missed:6}"
        lines.append(f"{name:22} {ratios}  {between:>15}  {counts}")
    lines.append("")
    lines.append("confidence         proposals   right    mean confidence")
    for band in scores.bands:
        share, mean = _shown(band.share_right), _shown(band.mean_confidence)
        lines.append(f"{band.start:.1f} and more        {band.proposals:9}  {share:>6}  {mean:>17}")
    lines.append(f"calibration error  {_shown(scores.calibration_error):>9}")
    return lines


def _shown(ratio: float | None) -> str:
    return "–" if ratio is None else f"{ratio:.3f}"

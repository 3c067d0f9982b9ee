"""Scores: how much of labelled articles is found again, and how much is made up.

What ingestion finds in an article is compared with what a careful person found: each thing is
*right*, *wrong* (found, and not so) or *missed* (so, and not found). Over all the articles together
(micro-average):

    precision = right / (right + wrong)
    recall    = right / (right + missed)
    F1        = 2 · right / (2 · right + wrong + missed)

Where nothing is to be found and nothing is found, nothing counts. A wrong value in the place of a
labelled one is both wrong and missed. The fields:

- `title`, `author`, `author job`, `moderator`, `moderator job`: compared without case, accents and
  punctuation; names without regard to the order of their parts, an article before them and the
  word that joins several.
- `dates`: `date`, `modified` and `moderated`, each a thing of its own; to the minute where the
  label has a time, to the day elsewhere.
- `themes`: as sets, compared like titles.
- `body`: right are the snippets of the text that are there, missed those that are not, wrong the
  snippets of the page's boilerplate that are.
- `participants`: proposals with the same actor or the same name are one participant. Found and
  labelled participants are paired one to one, those most alike first: by the known actor's id, or
  by a name that is at least `SAME_NAME` like the label's name or one of its aliases. An id that
  is not the label's never pairs. One that is labelled optional
  counts for nothing, nor do its roles.
- `known actors`: whether the participants that were paired have the id of the right known actor.
- `roles`: the roles of the participants that were paired. `roles end to end`: those of all,
  whatever was not paired being wrong or missed.
- `participants filled in`, `roles filled in`: as `participants` and `roles end to end`, of the
  proposals that are sure enough to be written into a draft (`FILLED_IN`).
- `need`: right when each of the label's keywords has its stem in what was found.
- `period`: right when it is one of the label's; only of articles that say.

Calibration: of the participations (a participant in a role) that were proposed with a confidence
in some band, how many are right. The expected calibration error is the mean difference between the
two, each band of a tenth weighing as many as it has proposals.
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

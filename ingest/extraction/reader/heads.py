"""Heads: the linear layers that read the vectors of tokens, learnt as `reader.md` tells."""

import math
from functools import cache
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from ingest.extraction.names import OrganisationKind
from ingest.extraction.reader.encoded import EncodedText, Floats

HEADS = Path(__file__).parent / "heads.safetensors"


@cache
def _heads() -> dict[str, Floats]:
    return load_file(HEADS)


def calibrated(what: str, *likely: float) -> float:
    """How likely "participations" or "needs" are right, by the probabilities that make them."""
    intercept, *slopes = _heads()[f"calibration of {what}"].tolist()
    pairs = zip(slopes, doubts(*likely), strict=True)
    return 1 / (1 + math.exp(-intercept - sum(slope * value for slope, value in pairs)))


def doubts(*likely: float) -> list[float]:
    """The log odds of probabilities, which calibrations weigh."""
    return [math.log(max(each, 1e-3) / max(1 - each, 1e-3)) for each in likely]


def odds_of_kind(kind: OrganisationKind) -> Floats:
    """What the kind of an organisation adds to the log odds of its roles: `(9,)`."""
    odds: Floats = _heads()["roles of kinds"][list(OrganisationKind).index(kind)]
    return odds


def tags(read: EncodedText) -> Floats:
    """How likely each token is outside of, within, and at the start of a participant: `(n, 3)`."""
    return _softmax(linear("tag", read.vectors))


def naming(read: EncodedText) -> Floats:
    """How likely each token is of a word that says what was needed: `(n,)`."""
    return np.asarray(1 / (1 + np.exp(-linear("need", read.vectors)[:, 0])), np.float32)


def linear(name: str, vectors: Floats) -> Floats:
    """What a head makes of vectors `(…, 384)` or several joined: `(…, outputs)`."""
    heads = _heads()
    return vectors @ heads[f"{name}.weight"].T + heads[f"{name}.bias"]


def _softmax(odds: Floats) -> Floats:
    odds = np.exp(odds - odds.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True), np.float32)

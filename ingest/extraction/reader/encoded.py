"""Encoded articles: the vectors of their tokens, and what heads read from them (`reader.md`)."""

import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import load_file

from ingest.articles.article import Article
from ingest.extraction.names import OrganisationKind
from kb.encoder.encoder import Encoder, TextKind, WordEmbeddings
from kb.encoder.prepared import load_encoder, prepare
from kb.errors import EncoderError
from kb.reference.roles import Role
from kb.settings import BUNDLED_MODEL, Settings

MAX_CHARS = 60_000  # thirty pages, enough for an article to state its case
LAYERS = 9  # of the twelve of the bundled model
DELTA = Path(__file__).parent / "delta"
HEADS = Path(__file__).parent / "heads.safetensors"
OVERLAP = 300  # characters that two windows of a text share
MOST_WINDOWS = 40  # of a text: signs that are many tokens each must not take minutes
WINDOW = 3_000  # characters that are tried at once: the encoder reads 512 tokens of them
_log = logging.getLogger(__name__)
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class EncodedText:
    """The `n` tokens of a text in order.

    `vectors` is `(n, 384)`; `spans` `(n, 2)` their characters in order, an empty one for each of
    the model's own tokens.
    """

    text: str
    vectors: Floats
    spans: NDArray[np.int64]


@cache
def reading_encoder() -> Encoder:
    """The bundled model with the delta for reading, whichever model searches; on one thread."""
    return load_encoder(_settings(), layers=LAYERS)


def prepare_reading() -> None:
    """Prepares the model that reads articles, once; logs a failure, told to who needs it."""
    try:
        prepare(_settings(), layers=LAYERS)
    except EncoderError as error:
        _log.warning("The model that reads articles is not prepared: %s", error)


def _settings() -> Settings:
    return Settings.from_environment(model=BUNDLED_MODEL, adaptation=str(DELTA), threads=1)


def whole_text(article: Article) -> str:
    """The title and the text of an article, as they are read."""
    if not article.title or article.text.startswith(article.title):
        return article.text[:MAX_CHARS]
    return f"{article.title}\n{article.text[:MAX_CHARS]}"


def encoded(text: str) -> EncodedText:
    """Raises EncoderError if the model cannot be prepared."""
    parts = list(_windows(text))
    return EncodedText(
        text,
        np.concatenate([vectors for vectors, _ in parts]),
        np.concatenate([spans for _, spans in parts]),
    )


def _windows(text: str) -> Iterator[tuple[Floats, NDArray[np.int64]]]:
    """The vectors of each window and their spans in the text, without the overlaps."""
    start = 0
    for number in range(MOST_WINDOWS):
        words = _words(text[start : start + WINDOW])
        spans = np.array(words.spans, np.int64)
        read = start + int(spans.max(initial=0))
        is_last = (
            read >= len(text.rstrip()) or read <= start + OVERLAP or number == MOST_WINDOWS - 1
        )
        first = start + OVERLAP // 2 if start else 0
        last = len(text) if is_last else read - OVERLAP // 2
        at = spans + start
        empty = spans[:, 0] == spans[:, 1]
        at[empty] = np.maximum.accumulate(np.where(empty, start, at[:, 1]))[empty, None]
        kept = (at[:, 0] >= first) & (at[:, 0] < last)
        yield words.tokens[kept], at[kept]
        if is_last:
            return
        start = read - OVERLAP


def _words(text: str) -> WordEmbeddings:
    if (words := reading_encoder().encode_words(text, TextKind.DOCUMENT)) is None:
        raise EncoderError("The bundled model does not give the vectors of its words.")
    return words


@cache
def _heads() -> dict[str, Floats]:
    return load_file(HEADS)


@cache
def learnt_roles() -> tuple[Role, ...]:
    """The roles that the heads tell apart, in the order of their outputs."""
    with safe_open(HEADS, "np") as heads:
        return tuple(map(Role, heads.metadata()["roles"].split()))


def calibrated(what: str, *likely: float) -> float:
    """How likely "participations" or "needs" are right, by the probabilities that make them."""
    intercept, *slopes = _heads()[f"calibration of {what}"].tolist()
    pairs = zip(slopes, doubts(*likely), strict=True)
    return 1 / (1 + math.exp(-intercept - sum(slope * value for slope, value in pairs)))


def doubts(*likely: float) -> list[float]:
    """The log odds of probabilities, which calibrations weigh."""
    return [math.log(max(each, 1e-3) / max(1 - each, 1e-3)) for each in likely]


def odds_of_kind(kind: OrganisationKind) -> Floats:
    """What the kind of an organisation adds to the log odds of its `learnt_roles`."""
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

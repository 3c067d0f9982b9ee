"""The null distribution: measured by all trades, in each language, and kept for the next time."""

from pathlib import Path

import numpy as np
import pytest

from kb.encoder.encoder import Embeddings, TextKind
from kb.reference.trades import trades
from kb.search.trades.background import CEILING_TRADES, Background, NullDistribution
from tests.encoders import WordCountEncoder

DIMENSION = 16


def unit_rows(n: int, seed: int) -> Embeddings:
    rows = np.random.default_rng(seed).normal(size=(n, DIMENSION)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def two_languages(shift: float = 1.0) -> Background:
    """English trades lie near to the first axis, whatever they say; French ones do not."""
    english = unit_rows(60, seed=2)
    english[:, 0] += shift
    english /= np.linalg.norm(english, axis=1, keepdims=True)
    return Background({"fr": unit_rows(60, seed=1), "en": english})


def test_the_background_is_every_trade_in_both_languages(word_counts: WordCountEncoder) -> None:
    background = Background.of(word_counts)
    assert background.embeddings.keys() == {"fr", "en"}
    texts = {"fr": [trade.fr for trade in trades()], "en": [trade.en for trade in trades()]}
    for lang, rows in background.embeddings.items():
        np.testing.assert_array_equal(rows, word_counts.encode(texts[lang], TextKind.DOCUMENT))


def null_of(background: Background, row: Embeddings) -> NullDistribution:
    (null,) = background.null_distributions(row[np.newaxis])
    return null


def test_chance_by_hand() -> None:
    background = two_languages()
    query = unit_rows(1, seed=7)[0]
    null = null_of(background, query)
    best = np.full(60, -np.inf)
    for lang, rows in background.embeddings.items():
        cosines = rows @ query
        assert null.mean[lang] == pytest.approx(float(cosines.mean()), abs=1e-6)
        assert null.deviation[lang] == pytest.approx(float(cosines.std()), rel=1e-5)
        best = np.maximum(best, (cosines - cosines.mean()) / cosines.std())
    # Of each trade its better language, of all trades the closest few.
    assert null.ceiling == pytest.approx(float(np.sort(best)[-CEILING_TRADES:].mean()), rel=1e-5)


def test_the_mean_trade_has_the_mean_cosine() -> None:
    background = two_languages()
    query = unit_rows(1, seed=7)[0]
    for lang, mean in null_of(background, query).mean.items():
        assert float(background.embeddings[lang].mean(axis=0) @ query) == pytest.approx(
            mean, abs=1e-6
        )


# What is remembered of passages


# The cache


def kept(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())

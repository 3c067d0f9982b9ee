"""The null distribution: measured by all trades, in each language, and kept for the next time."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest

from kb.encoder.encoder import Embeddings, TextKind
from kb.indexing.dense_index import EmbeddedPassages
from kb.reference.trades import trades
from kb.search.trades.background import CEILING_TRADES, Background
from kb.search.trades.null_distribution import NullDistribution
from kb.search.trades.overlaps import Overlaps
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


def test_a_language_that_is_near_to_every_query_is_compared_with_itself() -> None:
    background = two_languages()
    query = np.eye(DIMENSION, dtype=np.float32)[0]
    null = null_of(background, query)
    raw = {lang: rows @ query for lang, rows in background.embeddings.items()}
    assert raw["en"].mean() - raw["fr"].mean() > raw["fr"].std()
    for lang, cosines in raw.items():
        measured = [null.standardised(cosine, lang) for cosine in cosines.tolist()]
        assert np.mean(measured) == pytest.approx(0, abs=1e-4)
        assert np.std(measured) == pytest.approx(1, abs=1e-4)


def test_an_unknown_language_is_measured_by_the_mean_of_the_known() -> None:
    null = NullDistribution({"fr": 0.1, "en": 0.3}, {"fr": 0.1, "en": 0.2}, ceiling=3.0)
    assert null.standardised(0.5, "fr") == pytest.approx(4.0)
    assert null.standardised(0.5, "en") == pytest.approx(1.0)
    assert null.standardised(0.5, "da") == null.standardised(0.5) == pytest.approx(2.5)


def test_an_embedding_that_all_trades_are_as_near_to_divides_by_no_zero() -> None:
    rows = np.ones((5, 2), np.float32)
    null = null_of(Background({"fr": rows, "en": rows}), np.ones(2, np.float32))
    assert all(deviation > 0 for deviation in null.deviation.values())
    assert null.standardised(2.0, "fr") == pytest.approx(0)


# What is remembered of passages


def lines(overlaps: Overlaps, passages: Embeddings, ids: Iterable[int]) -> Embeddings:
    some = list(ids)
    embedded = EmbeddedPassages(np.array(some, np.int64), passages[some])
    return np.asarray(overlaps.read(embedded, ["fr"] * len(some)).rows["lines"])


@pytest.mark.parametrize("remembered", [10, 1000])
def test_what_is_remembered_of_passages_is_what_would_be_made_anew(remembered: int) -> None:
    background, passages = two_languages(), unit_rows(40, seed=3)
    made = background.lines(passages)
    overlaps = Overlaps(background, remembered=remembered)
    for some in (range(10), range(5, 40), range(39, -1, -1), range(0)):
        np.testing.assert_allclose(
            lines(overlaps, passages, some), made[list(some)], rtol=1e-4, atol=1e-5
        )


def test_threads_that_make_the_same_passages_do_not_mix_them_up() -> None:
    """Each keeps what it made after the others have: nothing lies over what is kept already."""
    background, passages = two_languages(), unit_rows(6, seed=3)
    made = background.lines(passages)

    class Late(Background):
        """While it makes what one asks for, another asks for the same, and for more."""

        inner = False

        def lines(self, rows: Embeddings) -> Embeddings:
            found = super().lines(rows)
            if not self.inner:
                self.inner = True
                lines(overlaps, passages, range(3))
            return found

    overlaps = Overlaps(Late(background.embeddings))
    for ids in ([0, 1], [3, 4], [5], [0, 1, 2, 3, 4, 5]):
        np.testing.assert_allclose(lines(overlaps, passages, ids), made[ids], rtol=1e-4, atol=1e-5)


def test_many_null_distributions_are_those_of_each() -> None:
    background = two_languages()
    rows = unit_rows(4, seed=9)
    for row, null in zip(rows, background.null_distributions(rows), strict=True):
        alone = null_of(background, row)
        assert null.ceiling == pytest.approx(alone.ceiling, rel=1e-5)
        assert null.mean == pytest.approx(alone.mean, abs=1e-6)
        assert null.deviation == pytest.approx(alone.deviation, rel=1e-5)


# The cache


def kept(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_a_background_is_embedded_once_and_kept(tmp_path: Path) -> None:
    made = Background.of(WordCountEncoder(), tmp_path)
    (file,) = kept(tmp_path)
    again = WordCountEncoder()
    read = Background.of(again, tmp_path)
    assert again.embedded == []
    assert kept(tmp_path) == [file]
    for lang, rows in made.embeddings.items():
        np.testing.assert_array_equal(read.embeddings[lang], rows)


def test_without_a_cache_nothing_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word_counts: WordCountEncoder
) -> None:
    monkeypatch.chdir(tmp_path)
    Background.of(word_counts)
    assert kept(tmp_path) == []
    assert len(word_counts.embedded) == 2 * len(trades())


def test_another_encoder_has_a_background_of_its_own(tmp_path: Path) -> None:
    Background.of(WordCountEncoder("first"), tmp_path)
    second = WordCountEncoder("second")
    Background.of(second, tmp_path)
    assert len(second.embedded) == 2 * len(trades())
    assert len(kept(tmp_path)) == 2


def of_another_shape(path: Path) -> None:
    np.save(path, np.zeros((3, 4), np.float32))


def the_first_half(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"no array"),
        the_first_half,
        of_another_shape,
    ],
    ids=["empty", "another file", "half", "another shape"],
)
def test_a_damaged_cache_is_made_anew(tmp_path: Path, spoil: Callable[[Path], object]) -> None:
    whole = Background.of(WordCountEncoder(), tmp_path)
    (file,) = kept(tmp_path)
    spoil(file)
    again = WordCountEncoder()
    found = Background.of(again, tmp_path)
    assert again.embedded
    for lang, rows in whole.embeddings.items():
        np.testing.assert_array_equal(found.embeddings[lang], rows)
    assert kept(tmp_path) == [file]
    third = WordCountEncoder()
    Background.of(third, tmp_path)
    assert third.embedded == []


def test_a_cache_that_cannot_be_written_is_done_without(
    tmp_path: Path, word_counts: WordCountEncoder
) -> None:
    no_folder = tmp_path / "file"
    no_folder.touch()
    background = Background.of(word_counts, no_folder)
    assert background.embeddings["fr"].shape == (len(trades()), word_counts.dimension)
    assert kept(tmp_path) == [no_folder]

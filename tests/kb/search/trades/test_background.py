"""The null distribution: measured by all trades, in each language, and kept for the next time."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from kb.encoder.encoder import Embeddings, TextKind
from kb.indexing.dense_index import EmbeddedPassages
from kb.reference.trades import trades
from kb.search.trades.background import Background, ExpandedQuery
from kb.search.trades.null_distribution import NullDistribution
from kb.search.trades.overlaps import Overlaps
from kb.search.trades.passage_trades import STEPS
from kb.search.weights import DEFAULT_WEIGHTS
from tests.encoders import WordCountEncoder

DIMENSION = 16
WEIGHTS = DEFAULT_WEIGHTS.expansion

STEP = 1 / STEPS
"""How far an overlap may be off, as the shares of a passage are kept in steps."""


def unit_rows(n: int, seed: int) -> Embeddings:
    rows = np.random.default_rng(seed).normal(size=(n, DIMENSION)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def two_languages(shift: float = 1.0) -> Background:
    """English trades lie near to the first axis, whatever they say; French ones do not."""
    english = unit_rows(60, seed=2)
    english[:, 0] += shift
    english /= np.linalg.norm(english, axis=1, keepdims=True)
    return Background({"fr": unit_rows(60, seed=1), "en": english}, WEIGHTS)


def closeness_shares(background: Background, rows: Embeddings, lang: str) -> Embeddings:
    return background.shares(rows, lang)[0]


def test_the_background_is_every_trade_in_both_languages(word_counts: WordCountEncoder) -> None:
    background = Background.of(word_counts, WEIGHTS)
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
    assert null.ceiling == pytest.approx(
        float(np.sort(best)[-WEIGHTS.ceiling_trades :].mean()), rel=1e-5
    )


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
    null = null_of(Background({"fr": rows, "en": rows}, WEIGHTS), np.ones(2, np.float32))
    assert all(deviation > 0 for deviation in null.deviation.values())
    assert null.standardised(2.0, "fr") == pytest.approx(0)


# Expanded queries


def test_a_query_is_drawn_to_the_closest_trades_as_each_language_tells_them() -> None:
    background = two_languages()
    query = unit_rows(1, seed=7)[0]
    expanded = background.expand(query)
    places, weights = zip(*expanded.trades, strict=True)
    assert sum(weights) == pytest.approx(1)
    assert list(weights) == sorted(weights, reverse=True)
    best = np.max(
        [
            (rows @ query - (rows @ query).mean()) / (rows @ query).std()
            for rows in background.embeddings.values()
        ],
        axis=0,
    )
    assert list(places) == np.argsort(-best)[: len(places)].tolist()
    for lang, rows in background.embeddings.items():
        towards = np.array(weights, np.float32) @ rows[list(places)]
        drawn = expanded.rows[lang] - query
        # Towards them, and in no other direction.
        assert float(drawn @ towards) > 0
        assert float(drawn @ towards) == pytest.approx(
            float(np.linalg.norm(drawn) * np.linalg.norm(towards)), rel=1e-4
        )
    np.testing.assert_allclose(
        expanded.mean_row, (expanded.rows["fr"] + expanded.rows["en"]) / 2, atol=1e-6
    )


def test_what_is_aimed_at_is_measured_by_the_chance_of_its_rows() -> None:
    background = two_languages()
    query = unit_rows(1, seed=7)[0]
    expanded = background.expand(query)
    for lang, row in expanded.rows.items():
        of_row = null_of(background, row)
        assert expanded.null.mean[lang] == pytest.approx(of_row.mean[lang], abs=1e-6)
        assert expanded.null.deviation[lang] == pytest.approx(of_row.deviation[lang], rel=1e-5)
    # But how close a trade can be is of the query itself.
    assert expanded.null.ceiling == pytest.approx(null_of(background, query).ceiling, rel=1e-5)


def test_unexpanded_a_query_is_itself() -> None:
    background = two_languages()
    query = unit_rows(1, seed=7)[0]
    plain, expanded = background.expand(query, to_trades=False), background.expand(query)
    for row in plain.rows.values():
        np.testing.assert_array_equal(row, query)
    assert plain.trades == expanded.trades
    assert not np.array_equal(expanded.rows["fr"], query)


def trades_of(
    overlaps: Overlaps, expanded: ExpandedQuery, passages: Mapping[int, Embeddings], lang: str
) -> dict[int, float]:
    ids = np.array(list(passages), np.int64)
    rows = np.array(list(passages.values()), np.float32)
    found = overlaps.of(expanded, EmbeddedPassages(ids, rows), [lang] * len(ids))
    return dict(zip(passages, found.trades.tolist(), strict=True))


def test_overlaps_tell_how_far_trades_are_shared() -> None:
    background = two_languages()
    rows = background.embeddings["fr"]
    expanded = background.expand(rows[0])
    overlaps = closeness_shares(background, rows, "fr") @ expanded.shares
    assert overlaps.shape == (len(rows),)
    assert float(overlaps.min()) >= 0
    assert float(overlaps.max()) <= 1 + 1e-6
    assert int(overlaps.argmax()) == 0
    only_french = Background({"fr": rows}, WEIGHTS)
    same = closeness_shares(only_french, rows[:1], "fr") @ only_french.expand(rows[0]).shares
    assert float(same[0]) == pytest.approx(1, abs=1e-5)


def test_what_is_remembered_of_passages_is_what_would_be_made_anew() -> None:
    background = two_languages()
    rows = unit_rows(40, seed=3)
    expanded = background.expand(unit_rows(1, seed=7)[0])
    overlaps = Overlaps(background)
    # The same text in two languages is two passages.
    for lang, first in (("fr", 0), ("en", 100), ("fr", 0)):
        made = closeness_shares(background, rows, lang) @ expanded.shares
        for some in (range(10), range(5, 40), range(39, -1, -1)):
            asked = {first + place: rows[place] for place in some}
            found = trades_of(overlaps, expanded, asked, lang)
            expected = {first + place: float(made[place]) for place in some}
            assert found == pytest.approx(expected, abs=STEP)
    assert trades_of(overlaps, expanded, {}, "fr") == {}


def test_threads_that_make_the_same_passages_do_not_mix_them_up() -> None:
    """Each keeps what it made after the others have: nothing lies over what is kept already."""
    background = two_languages()
    rows = dict(enumerate(unit_rows(6, seed=3)))
    expanded = background.expand(unit_rows(1, seed=7)[0])
    whole = closeness_shares(background, np.stack(list(rows.values())), "fr") @ expanded.shares

    class Late(Background):
        """While it makes what one asks for, another asks for the same, and for more."""

        inner = False

        def shares(self, rows_: Embeddings, lang: str) -> tuple[Embeddings, Embeddings | None]:
            made = super().shares(rows_, lang)
            if not self.inner:
                self.inner = True
                trades_of(overlaps, expanded, {id_: rows[id_] for id_ in (0, 1, 2)}, "fr")
            return made

    overlaps = Overlaps(Late(background.embeddings, WEIGHTS))
    for ids in ((0, 1), (3, 4), (5,), (0, 1, 2, 3, 4, 5)):
        found = trades_of(overlaps, expanded, {id_: rows[id_] for id_ in ids}, "fr")
        assert found == pytest.approx({id_: float(whole[id_]) for id_ in ids}, abs=STEP)


def test_what_is_too_much_to_remember_is_forgotten() -> None:
    background = two_languages()
    rows = dict(enumerate(unit_rows(25, seed=3)))
    expanded = background.expand(unit_rows(1, seed=7)[0])
    whole = closeness_shares(background, np.stack(list(rows.values())), "fr") @ expanded.shares
    overlaps = Overlaps(background, remembered=10)
    for some in (range(8), range(6, 12), range(25), range(4)):
        found = trades_of(overlaps, expanded, {id_: rows[id_] for id_ in some}, "fr")
        assert found == pytest.approx({id_: float(whole[id_]) for id_ in some}, abs=STEP)


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
    made = Background.of(WordCountEncoder(), WEIGHTS, tmp_path)
    (file,) = kept(tmp_path)
    again = WordCountEncoder()
    read = Background.of(again, WEIGHTS, tmp_path)
    assert again.embedded == []
    assert kept(tmp_path) == [file]
    for lang, rows in made.embeddings.items():
        np.testing.assert_array_equal(read.embeddings[lang], rows)


def test_without_a_cache_nothing_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word_counts: WordCountEncoder
) -> None:
    monkeypatch.chdir(tmp_path)
    Background.of(word_counts, WEIGHTS)
    assert kept(tmp_path) == []
    assert len(word_counts.embedded) == 2 * len(trades())


def test_another_encoder_has_a_background_of_its_own(tmp_path: Path) -> None:
    Background.of(WordCountEncoder("first"), WEIGHTS, tmp_path)
    second = WordCountEncoder("second")
    Background.of(second, WEIGHTS, tmp_path)
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
    whole = Background.of(WordCountEncoder(), WEIGHTS, tmp_path)
    (file,) = kept(tmp_path)
    spoil(file)
    again = WordCountEncoder()
    found = Background.of(again, WEIGHTS, tmp_path)
    assert again.embedded
    for lang, rows in whole.embeddings.items():
        np.testing.assert_array_equal(found.embeddings[lang], rows)
    assert kept(tmp_path) == [file]
    third = WordCountEncoder()
    Background.of(third, WEIGHTS, tmp_path)
    assert third.embedded == []


def test_a_cache_that_cannot_be_written_is_done_without(
    tmp_path: Path, word_counts: WordCountEncoder
) -> None:
    no_folder = tmp_path / "file"
    no_folder.touch()
    background = Background.of(word_counts, WEIGHTS, no_folder)
    assert background.embeddings["fr"].shape == (len(trades()), word_counts.dimension)
    assert kept(tmp_path) == [no_folder]

"""What is chance: measured by all trades, in each language, and kept for the next time."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import kb.search.background
from kb.encoder.encoder import Embeddings, TextKind
from kb.reference.trades import trades
from kb.search.background import CLOSEST, Background, Chance, Overlaps
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
    told = {"fr": [one.fr for one in trades()], "en": [one.en for one in trades()]}
    for lang, rows in background.embeddings.items():
        np.testing.assert_array_equal(rows, word_counts.encode(told[lang], TextKind.DOCUMENT))


def test_chance_by_hand() -> None:
    background = two_languages()
    query = unit_rows(1, seed=7)[0]
    chance = background.chance(query)
    best = np.full(60, -np.inf)
    for lang, rows in background.embeddings.items():
        cosines = rows @ query
        assert chance.mean[lang] == pytest.approx(float(cosines.mean()), abs=1e-6)
        assert chance.deviation[lang] == pytest.approx(float(cosines.std()), rel=1e-5)
        best = np.maximum(best, (cosines - cosines.mean()) / cosines.std())
    # Of each trade its better language, of all trades the closest few.
    assert chance.closest == pytest.approx(float(np.sort(best)[-CLOSEST:].mean()), rel=1e-5)


def test_the_mean_trade_has_the_mean_cosine() -> None:
    background = two_languages()
    query = unit_rows(1, seed=7)[0]
    for lang, mean in background.chance(query).mean.items():
        assert float(background.mean(lang) @ query) == pytest.approx(mean, abs=1e-6)


def test_a_language_that_is_near_to_every_query_is_compared_with_itself() -> None:
    background = two_languages()
    query = np.eye(DIMENSION, dtype=np.float32)[0]
    chance = background.chance(query)
    raw = {lang: rows @ query for lang, rows in background.embeddings.items()}
    assert raw["en"].mean() - raw["fr"].mean() > raw["fr"].std()
    for lang, cosines in raw.items():
        measured = [chance.standardised(cosine, lang) for cosine in cosines.tolist()]
        assert np.mean(measured) == pytest.approx(0, abs=1e-4)
        assert np.std(measured) == pytest.approx(1, abs=1e-4)


def test_an_unknown_language_is_measured_by_the_mean_of_the_known() -> None:
    chance = Chance({"fr": 0.1, "en": 0.3}, {"fr": 0.1, "en": 0.2}, closest=3.0)
    assert chance.standardised(0.5, "fr") == pytest.approx(4.0)
    assert chance.standardised(0.5, "en") == pytest.approx(1.0)
    assert chance.standardised(0.5, "da") == chance.standardised(0.5) == pytest.approx(2.5)


def test_an_embedding_that_all_trades_are_as_near_to_divides_by_no_zero() -> None:
    rows = np.ones((5, 2), np.float32)
    chance = Background({"fr": rows, "en": rows}).chance(np.ones(2, np.float32))
    assert all(deviation > 0 for deviation in chance.deviation.values())
    assert chance.standardised(2.0, "fr") == pytest.approx(0)


# What a query aims at


def test_a_query_is_drawn_to_the_closest_trades_as_each_language_tells_them() -> None:
    background = two_languages()
    query = unit_rows(1, seed=7)[0]
    aim = background.aim(query)
    places, weights = zip(*aim.trades, strict=True)
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
        drawn = aim.rows[lang] - query
        # Towards them, and in no other direction.
        assert float(drawn @ towards) > 0
        assert float(drawn @ towards) == pytest.approx(
            float(np.linalg.norm(drawn) * np.linalg.norm(towards)), rel=1e-4
        )
    np.testing.assert_allclose(aim.mean_row, (aim.rows["fr"] + aim.rows["en"]) / 2, atol=1e-6)


def test_what_is_aimed_at_is_measured_by_the_chance_of_its_rows() -> None:
    background = two_languages()
    query = unit_rows(1, seed=7)[0]
    aim = background.aim(query)
    for lang, row in aim.rows.items():
        of_row = background.chance(row)
        assert aim.chance.mean[lang] == pytest.approx(of_row.mean[lang], abs=1e-6)
        assert aim.chance.deviation[lang] == pytest.approx(of_row.deviation[lang], rel=1e-5)
    # But how close a trade can be is of the query itself.
    assert aim.chance.closest == pytest.approx(background.chance(query).closest, rel=1e-5)


def test_undrawn_a_query_is_itself() -> None:
    background = two_languages()
    query = unit_rows(1, seed=7)[0]
    aim, drawn = background.aim(query, drawn=False), background.aim(query)
    for row in aim.rows.values():
        np.testing.assert_array_equal(row, query)
    assert aim.trades == drawn.trades
    assert not np.array_equal(drawn.rows["fr"], query)


def test_overlaps_tell_how_far_trades_are_shared() -> None:
    background = two_languages()
    rows = background.embeddings["fr"]
    aim = background.aim(rows[0])
    overlaps = background.shares(rows, "fr") @ aim.shares
    assert overlaps.shape == (len(rows),)
    assert float(overlaps.min()) >= 0
    assert float(overlaps.max()) <= 1 + 1e-6
    assert int(overlaps.argmax()) == 0
    only_french = Background({"fr": rows})
    same = only_french.shares(rows[:1], "fr") @ only_french.aim(rows[0]).shares
    assert float(same[0]) == pytest.approx(1, abs=1e-5)


def test_what_is_remembered_of_passages_is_what_would_be_made_anew() -> None:
    background = two_languages()
    rows = dict(enumerate(unit_rows(40, seed=3)))
    aim = background.aim(unit_rows(1, seed=7)[0])
    overlaps = Overlaps(background)
    for lang in ("fr", "en", "fr"):
        made = background.shares(np.stack(list(rows.values())), lang) @ aim.shares
        for some in (range(10), range(5, 40), range(39, -1, -1)):
            found = overlaps.of(aim, {id_: rows[id_] for id_ in some}, lang)
            assert list(found) == list(some)
            assert found == pytest.approx({id_: float(made[id_]) for id_ in some}, abs=1e-3)
    assert overlaps.of(aim, {}, "fr") == {}


def test_threads_that_make_the_same_passages_do_not_mix_them_up() -> None:
    """Each keeps what it made after the others have: nothing lies over what is kept already."""
    background = two_languages()
    rows = dict(enumerate(unit_rows(6, seed=3)))
    aim = background.aim(unit_rows(1, seed=7)[0])
    whole = background.shares(np.stack(list(rows.values())), "fr") @ aim.shares

    class Late(Background):
        """While it makes what one asks for, another asks for the same, and for more."""

        inner = False

        def shares(self, rows_: Embeddings, lang: str) -> Embeddings:
            made = super().shares(rows_, lang)
            if not self.inner:
                self.inner = True
                overlaps.of(aim, {id_: rows[id_] for id_ in (0, 1, 2)}, "fr")
            return made

    overlaps = Overlaps(Late(background.embeddings))
    for ids in ((0, 1), (3, 4), (5,), (0, 1, 2, 3, 4, 5)):
        found = overlaps.of(aim, {id_: rows[id_] for id_ in ids}, "fr")
        assert found == pytest.approx({id_: float(whole[id_]) for id_ in ids}, abs=1e-3)


def test_what_is_too_much_to_remember_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kb.search.background, "PASSAGES_REMEMBERED", 10)
    background = two_languages()
    rows = dict(enumerate(unit_rows(25, seed=3)))
    aim = background.aim(unit_rows(1, seed=7)[0])
    whole = background.shares(np.stack(list(rows.values())), "fr") @ aim.shares
    overlaps = Overlaps(background)
    for some in (range(8), range(6, 12), range(25), range(4)):
        found = overlaps.of(aim, {id_: rows[id_] for id_ in some}, "fr")
        assert found == pytest.approx({id_: float(whole[id_]) for id_ in some}, abs=1e-3)


def test_many_chances_are_those_of_each() -> None:
    background = two_languages()
    rows = unit_rows(4, seed=9)
    for row, chance in zip(rows, background.chances(rows), strict=True):
        alone = background.chance(row)
        assert chance.closest == pytest.approx(alone.closest, rel=1e-5)
        assert chance.mean == pytest.approx(alone.mean, abs=1e-6)
        assert chance.deviation == pytest.approx(alone.deviation, rel=1e-5)


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

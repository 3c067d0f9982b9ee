"""Segments with codes: what is found by them is compared, and hardly anything is missed."""

import numpy as np
import pytest
from numpy.typing import NDArray

from kb.encoder.encoder import Embeddings
from kb.indexing.segment import Halves, Segment

DIMENSION = 64
N = 6_000


@pytest.fixture(autouse=True)
def many_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """So many rows have codes, in 24 lists of which 16 are read."""
    monkeypatch.setattr("kb.indexing.segment.EXACT_MOST", 2_000)
    monkeypatch.setattr("kb.indexing.segment.LISTED", 250)
    monkeypatch.setattr("kb.indexing.segment.LISTS_READ", 16)


def unit(rows: NDArray[np.floating]) -> Embeddings:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def rows_about_themes(seed: int = 0) -> Halves:
    """Rows near to one of forty themes, as texts are."""
    chance = np.random.default_rng(seed)
    themes = chance.normal(size=(40, DIMENSION))
    return unit(themes[chance.integers(0, 40, N)] + chance.normal(size=(N, DIMENSION))).astype(
        np.float16
    )


def segment_of(rows: Halves) -> Segment:
    ids = np.arange(len(rows), dtype=np.int64) * 3
    return Segment.of(ids, np.array_split(rows, 7), rows.shape[1])


def best_of(rows: Halves, query: Embeddings, k: int) -> NDArray[np.int64]:
    return np.argsort(-(rows.astype(np.float32) @ query[0]), kind="stable")[:k]


def test_codes_miss_hardly_any_of_the_nearest() -> None:
    rows = rows_about_themes()
    segment = segment_of(rows)
    assert segment.codes.ntotal == N
    found = []
    chance = np.random.default_rng(1)
    for query in unit(rows[:100] + chance.normal(scale=0.1, size=(100, DIMENSION))):
        places, cosines = segment.search(query[np.newaxis], 10, None)
        found.append(np.isin(best_of(rows, query[np.newaxis], 10), places).mean())
        exact = rows[places].astype(np.float32) @ query
        np.testing.assert_allclose(cosines, exact, atol=1e-6)
    assert np.mean(found) >= 0.98


def test_codes_leave_out_what_is_not_kept() -> None:
    rows = rows_about_themes()
    segment = segment_of(rows)
    query = rows[:1].astype(np.float32)
    kept = np.ones(N, bool)
    kept[best_of(rows, query, 50)] = False
    places, _ = segment.search(query, 10, kept)
    assert kept[places].all()
    left = np.where(kept, rows.astype(np.float32) @ query[0], -1)
    assert np.isin(np.argsort(-left)[:10], places).mean() >= 0.9
    (each,) = segment.search_each(query, 10, kept)
    assert set(each[0]) == set(places)


def test_of_more_equals_than_are_looked_at_all_are_found() -> None:
    rows = rows_about_themes()
    query = rows[:1].astype(np.float32)
    equals = np.arange(0, N, 7)  # 858: more than 4 for each asked for, and 400
    rows[equals] = rows[0]
    places, cosines = segment_of(rows).search(query, 5, None)
    assert set(equals) <= set(places)
    assert len(set(cosines[:858])) == 1


def test_all_rows_are_compared_where_many_are_asked_for() -> None:
    rows = rows_about_themes()
    query = rows[:1].astype(np.float32)
    segment = segment_of(rows)
    places, _ = segment.search(query, 600, None)
    assert set(best_of(rows, query, 600)) <= set(places)
    (each,) = segment.search_each(query, 600, None)
    assert set(best_of(rows, query, 600)) == set(each[0][np.argsort(-each[1])[:600]])


@pytest.mark.parametrize("count", [50, 3_000])
def test_among_some_all_are_compared(count: int) -> None:
    """Those that a filter leaves may be in any list."""
    rows = rows_about_themes()
    query = rows[:1].astype(np.float32)
    among = np.sort(np.random.default_rng(2).choice(N, count, replace=False))
    places, _ = segment_of(rows).search_among(query, 10, among)
    expected = among[best_of(rows[among], query, 10)]
    assert places[:10].tolist() == expected.tolist()


def test_a_number_that_is_none_keeps_no_segment_from_being_made() -> None:
    rows = rows_about_themes()
    rows[3] = np.nan
    places, _ = segment_of(rows).search(rows[:1].astype(np.float32), 5, None)
    assert 0 in places

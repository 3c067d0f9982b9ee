from ingest.directories.seen_ids import Places


def test_the_first_place_of_each_id_is_told() -> None:
    places = Places()
    ids = [f"id-{number}" for number in range(5000)]
    assert all(places.first(id_, f"{row // 1000}.csv", row) is None for row, id_ in enumerate(ids))
    assert len(places) == 5000
    for row, id_ in enumerate(ids):
        assert places.first(id_, "other.csv", 1) == (f"{row // 1000}.csv", row)
    assert len(places) == 5000
    assert "id-4999" in places
    assert "id-5000" not in places

from ingest.directories.seen_ids import SeenIds


def test_the_first_place_of_each_id_is_told() -> None:
    seen_ids = SeenIds()
    ids = [f"id-{number}" for number in range(5000)]
    assert all(
        seen_ids.first(id_, f"{row // 1000}.csv", row) is None for row, id_ in enumerate(ids)
    )
    assert len(seen_ids) == 5000
    for row, id_ in enumerate(ids):
        assert seen_ids.first(id_, "other.csv", 1) == (f"{row // 1000}.csv", row)
    assert len(seen_ids) == 5000
    assert "id-4999" in seen_ids
    assert "id-5000" not in seen_ids

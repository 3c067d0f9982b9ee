"""The development sets that the project holds are built, and can be read."""

from pathlib import Path

import pytest

from kb.errors import FileError
from kb.evaluation.sets import read_set, read_split
from tests.development_sets import build, built
from tests.development_sets.known_items import known_items


def test_what_the_project_holds_is_built_without_data(tmp_path: Path) -> None:
    told = list(build(None, tmp_path / "out"))
    names = [line.partition(":")[0] for line in told]
    assert names == [
        *("known-items", "off-topic", "more-conversions", "more-conversions-unseen"),
        *("more-conversions-en", "territory-a", "territory-b", "territory-c"),
    ]
    for name in names:
        one = read_set(tmp_path / "out" / name)
        assert one.queries or one.silence
        assert all(part in query.about for query in one.queries for part in one.by.split(","))
        if one.queries:
            tune, test = (read_split(one, split).qrels.keys() for split in ("tune", "test"))
            assert not tune & test
    assert read_set(tmp_path / "out" / "known-items").actors is None
    unseen = read_set(tmp_path / "out" / "more-conversions-unseen")
    assert unseen.leave_one_out
    assert all(query.unmatched for query in unseen.queries)


def test_a_table_that_is_not_as_it_should_be_is_refused_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(built, "HELD", tmp_path)
    (tmp_path / "known-items.tsv").write_text("query\tactor_id\tkind\tsplit\nAvel\n")
    with pytest.raises(FileError, match=r"known-items\.tsv:2"):
        known_items()

"""What benchmarks are made of: the firms and the needs, the same at each run."""

from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from ingest.directories.readers import read_directory
from kb.models import Actor
from tests.benchmarks.corpus import LINE, firms, needs, write_firms


def test_a_small_corpus_begins_a_large_one() -> None:
    large = list(firms(300))
    assert list(firms(100)) == large[:100]
    assert list(firms(100, first=200)) == large[200:]
    assert list(firms(100, seed=1)) != large[:100]


def test_a_corpus_is_not_kept_in_memory() -> None:
    assert len(list(islice(firms(10**12), 3))) == 3


def test_firms_differ_and_half_of_them_say_a_line() -> None:
    rows = list(firms(4000))
    assert len({row["description"] for row in rows}) == len(rows)
    assert len({row["name"] for row in rows}) == len(rows)
    lengths = Counter(row["description"].endswith(")") for row in rows)
    assert abs(lengths[True] / len(rows) - LINE) < 0.03
    assert {row["lang"] for row in rows} == {"fr", "en"}


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_a_corpus_is_a_directory_that_is_read(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"firms.{ending}"
    assert write_firms(path, firms(200)) == 200
    records = [entry.record for entry in read_directory(path)]
    told = [(record.id, record.name) for record in records if isinstance(record, Actor)]
    assert told == [(row["id"], row["name"]) for row in firms(200)]


def test_needs_are_those_of_the_development_sets() -> None:
    assert len(set(needs())) == len(needs()) > 700
    assert "qui pourrait fabriquer du gel hydroalcoolique ?" in needs()

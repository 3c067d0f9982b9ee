"""What is found by an index is no longer than an index of either engine takes."""

import csv
import random
from collections.abc import Collection
from pathlib import Path

import pytest

from ingest.pipeline import ingest
from ingest.records.fields import MAX_LINE_BYTES, bytes_of_line, short_line
from kb.errors import InputError
from kb.models import Kind
from tests.conftest import OpenBase
from tests.encoders import WordCountEncoder

HAN = [chr(code) for code in range(0x4E00, 0x9FA0)]


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def longest(seed: int) -> str:
    """A line of as many bytes as one may have, which no index can compress."""
    return "".join(random.Random(seed).choices(HAN, k=MAX_LINE_BYTES // 3))


def directory(path: Path, rows: Collection[tuple[str, ...]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "name", "place", "description", "themes"])
        writer.writerows(rows)
    return path


def test_the_longest_lines_are_kept_and_longer_ones_fail_alone(
    open_base: OpenBase, word_counts: WordCountEncoder, tmp_path: Path
) -> None:
    base = open_base(word_counts)
    first, second, too_long = longest(1), longest(2), longest(3) + "一"
    name, place, theme = longest(4), longest(5), longest(6)
    rows = [
        (first, name, place, "Des fûts.", theme),
        (second, name, place, "Des fûts.", theme),
        *((f"row-{column}", *row) for column, row in enumerate(too_long_each(too_long))),
        ("avel", "Avel", "Cognac", "Du cirage.", "Cuir"),
    ]
    report = ingest(base, [directory(tmp_path / "firms.csv", rows)])
    assert (report.added, [note.row for note in report.failures]) == (3, [4, 5, 6])
    assert str(report.failures[0].reason) == (
        f"name takes {len(too_long) * 3:,} bytes as UTF-8; at most {MAX_LINE_BYTES:,} fit:"
        " shorten it"
    )
    assert base.ids(Kind.ACTOR) == {first, second, "avel"}
    # The same firm of another source.
    other = directory(tmp_path / "others.csv", [(longest(7), name, place, "Des barils.", theme)])
    assert not ingest(base, [other], source=longest(8)).failures
    article = tmp_path / "case.md"
    article.write_text(
        f"---\nid: {longest(9)}\ntitle: {name}\nthemes: [{theme}]\n"
        f"translation_of: {longest(10)}\n"
        f"participants:\n  - name: {name}\n    role: producer\n    actor: {first}\n---\n"
        "Des fûts.\n",
        encoding="utf-8",
    )
    assert not ingest(base, [article]).failures
    base.duplicates.decide(first, second, True, keep=second, by="max")
    assert first not in base.ids(Kind.ACTOR)


def too_long_each(value: str) -> list[tuple[str, ...]]:
    return [
        (value, "Cognac", "Des fûts.", "Bois"),
        ("Avel", value, "Des fûts.", "Bois"),
        ("Avel", "Cognac", "Des fûts.", value),
    ]


def test_what_becomes_longer_when_it_is_folded_is_measured_so() -> None:
    phrase = "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}"
    assert bytes_of_line(phrase) == 33
    most = MAX_LINE_BYTES // 33
    assert short_line(phrase * most, "name") == phrase * most
    with pytest.raises(InputError, match="bytes as UTF-8"):
        short_line(phrase * (most + 1), "name")

"""Headers of real directories: each is read right, or kept for a person to say what it is."""

from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from ingest.directories.columns_of import FACT, actor_columns, target_of

HEADERS = Path(__file__).parents[2] / "data" / "directories" / "headers.tsv"
NAMED_ALONE = {"activity": "description"}
"""What is the description where no other column says more."""


class Header(NamedTuple):
    half: str
    language: str
    source: str
    header: str
    meaning: str

    def target(self) -> str:
        beside = "nom" if self.meaning != "name" else "Effectif"
        return target_of(actor_columns([beside, self.header])[1])

    def verdict(self) -> str:
        target = self.target()
        if target in {self.meaning or FACT, NAMED_ALONE.get(self.meaning, "")}:
            return "right"
        return "asked" if target == FACT else "wrong"


LINES = HEADERS.read_text(encoding="utf-8").splitlines()
ROWS = [Header(*line.split("\t")) for line in LINES if not line.startswith("# ")]


def shares(half: str) -> Counter[str]:
    return Counter(row.verdict() for row in ROWS if row.half == half)


@pytest.mark.parametrize(("half", "least_right"), [("tune", 0.95), ("held", 0.9)])
def test_headers_are_read_right_or_asked_about(half: str, least_right: float) -> None:
    found = shares(half)
    total = sum(found.values())
    assert total >= 100
    assert found["right"] / total >= least_right
    assert found["wrong"] / total <= 0.05
    assert {row.language for row in ROWS if row.half == half} == {"fr", "en", "de", "nl", "es"}

"""Needs in English, and in words that nobody here uses, on firms of one French line each.

The base has no English word and no case: what a product is, and who makes it, must be known.
"""

import csv
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kb.knowledge_base import KnowledgeBase
from kb.models import Actor
from kb.search.results import Fit
from kb.settings import Settings

pytestmark = pytest.mark.slow

FIRMS = Path(__file__).parent / "data" / "french-firms.tsv"


@pytest.fixture(scope="module")
def firms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KnowledgeBase]:
    with FIRMS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    base = KnowledgeBase.open(Settings(kb=tmp_path_factory.mktemp("french")), create=True)
    with closing(base):
        # Without names: they would say what the lines do not.
        base.put(
            [
                Actor(id=row["id"], name="", description=row["trade"], place=row["place"])
                for row in rows
            ]
        )
        yield base


@pytest.mark.parametrize(
    ("query", "makers"),
    [
        ("who could make sanitiser?", {"savonnerie", "distillerie", "cosmetique"}),
        ("face shields", {"plasturgie", "optique"}),
        ("tote bags", {"voilerie", "maroquinerie"}),
        ("somebody to sew 500 tote bags", {"voilerie", "maroquinerie", "atelier-couture"}),
        ("oak barrels", {"tonnellerie"}),
        ("pallets", {"palettier", "scierie"}),
        ("jam jars", {"verrerie"}),
        ("leather gloves", {"ganterie"}),
        ("isolation gowns", {"atelier-couture"}),
        ("mill our wheat into flour", {"minoterie"}),
        ("circuit board assembly", {"electronique"}),
        ("somebody to weld a steel tank", {"chaudronnerie"}),
    ],
)
def test_an_english_need_finds_who_makes_it(
    firms: KnowledgeBase, query: str, makers: set[str]
) -> None:
    found = [hit.actor.id for hit in firms.search(query, limit=5).hits]
    assert makers & set(found), found


def test_who_makes_a_thing_comes_before_who_uses_it(firms: KnowledgeBase) -> None:
    ranks = {
        hit.actor.id: hit.rank
        for hit in firms.search("des blouses pour les infirmières", limit=40).hits
    }
    assert ranks["atelier-couture"] < ranks["hopital"]
    ranks = {hit.actor.id: hit.rank for hit in firms.search("soigner un malade", limit=40).hits}
    assert ranks["hopital"] < ranks["atelier-couture"]


@pytest.mark.parametrize(
    "text",
    ["what is the meaning of life", "qui a peint la Joconde", "quel temps fera-t-il demain ?"],
)
def test_what_is_no_need_finds_nobody(firms: KnowledgeBase, text: str) -> None:
    result = firms.search(text)
    assert result.total == 0
    assert all(hit.fit is Fit.NONE for hit in result.hits)

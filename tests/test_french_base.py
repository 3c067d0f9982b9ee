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


def ranks(firms: KnowledgeBase, query: str) -> dict[str, int]:
    return {hit.actor.id: hit.rank for hit in firms.search(query, limit=40).hits}


FITTING = [
    ("who could make sanitiser?", {"savonnerie", "distillerie", "cosmetique"}),
    ("face shields", {"plasturgie", "optique"}),
    ("tote bags", {"voilerie", "maroquinerie"}),
    ("somebody to sew 500 tote bags", {"voilerie", "maroquinerie", "atelier-couture"}),
    ("pallets", {"palettier", "scierie"}),
    ("jam jars", {"verrerie"}),
    ("leather gloves", {"ganterie"}),
    ("isolation gowns", {"atelier-couture"}),
    ("mill our wheat into flour", {"minoterie"}),
    ("circuit board assembly", {"electronique"}),
    ("somebody to weld a steel tank", {"chaudronnerie"}),
]


def test_who_makes_it_fits_but_once(firms: KnowledgeBase) -> None:
    missed = []
    for query, makers in FITTING:
        fits = {hit.actor.id: hit.fit for hit in firms.search(query, limit=3).hits}
        if all(fits.get(maker, Fit.NONE) is Fit.NONE for maker in makers):
            missed.append((query, fits))
    assert len(missed) <= 1 < len(FITTING), missed


def test_who_makes_a_thing_comes_before_who_uses_it(firms: KnowledgeBase) -> None:
    of = ranks(firms, "des blouses pour les infirmières")
    assert of["atelier-couture"] < of["hopital"]
    of = ranks(firms, "soigner un malade")
    assert of["hopital"] < of["atelier-couture"]


def test_a_word_that_nobody_says_makes_no_wrong_firm_fit(firms: KnowledgeBase) -> None:
    for query, right in (
        ("drêches", {"brasserie", "distillerie"}),
        ("surblouses", {"atelier-couture", "voilerie", "ganterie"}),
    ):
        hits = firms.search(query, limit=40).hits
        assert {hit.actor.id for hit in hits if hit.fit in (Fit.STRONG, Fit.POSSIBLE)} <= right


def test_what_is_no_need_fits_nobody_well(firms: KnowledgeBase) -> None:
    for text, finds_nobody in (
        ("what is the meaning of life", True),
        ("qui a peint la Joconde", True),
        ("quel temps fera-t-il demain ?", True),
        ("who won the world cup in 1998", False),
        ("j'ai mal dormi cette nuit", False),
    ):
        result = firms.search(text, limit=40)
        assert not finds_nobody or result.total == 0, text
        assert all(hit.fit is not Fit.STRONG for hit in result.hits), text

"""The values of words: of the passages with the highest BM25, and of all with a rare word."""

import pytest

from kb.knowledge_base import KnowledgeBase
from kb.models import Actor
from kb.search.fusion import WordValue
from kb.search.query import parse
from kb.search.scorer import WordValues

COMMON = [
    Actor(
        id=f"firm-{number}", name=f"Maison {number}", description="Des gants. " * (1 + number % 3)
    )
    for number in range(40)
]
RARE = Actor(id="drier", name="Sèche", description="Drêches. " + "Autre chose dite ici. " * 9)


@pytest.fixture
def base(base: KnowledgeBase) -> KnowledgeBase:
    base.put([*COMMON, RARE])
    return base


def values(
    base: KnowledgeBase, query: str, k: int | None, among: set[int] | None = None
) -> dict[int, WordValue]:
    with base._context() as context:
        return WordValues(parse(query), context).best(k, among)


def test_the_best_are_those_of_all_and_among_equals_those_with_the_lower_ids(
    base: KnowledgeBase,
) -> None:
    every = values(base, "gants", None)
    assert len(every) == 40
    assert len(set(every.values())) == 3
    in_order = sorted(every, key=lambda id_: (-every[id_].value, id_))
    for k in (0, 1, 7, 20, 39, 50):
        assert values(base, "gants", k) == {id_: every[id_] for id_ in in_order[:k]}


def test_among_some_only_those_are_looked_at(base: KnowledgeBase) -> None:
    every = values(base, "gants", None)
    in_order = sorted(every, key=lambda id_: (-every[id_].value, id_))
    some = set(in_order[5::3])
    assert values(base, "gants", 4, {*some, -1}) == {id_: every[id_] for id_ in in_order[5:17:3]}
    assert values(base, "gants", 4, set()) == {}


def test_all_with_a_rare_word_are_there_however_few_are_asked_for(base: KnowledgeBase) -> None:
    every = values(base, "gants drêches", None)
    (drier,) = (id_ for id_, of in every.items() if of.rare)
    assert every[drier].bm25 > 0
    assert every[drier].rare_share == 0.5
    assert values(base, "gants drêches", 0) == {drier: every[drier]}
    others = every.keys() - {drier}
    assert drier not in values(base, "gants drêches", None, set(others))

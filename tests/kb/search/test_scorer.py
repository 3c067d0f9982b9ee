"""The values of words: those of the passages with the highest BM25."""

import pytest

from kb.knowledge_base import KnowledgeBase
from kb.models import Actor
from kb.reference.trades import trades
from kb.search.query import parse
from kb.search.scorer import WordValues
from kb.text.analysis import query_stems


@pytest.fixture
def base(base: KnowledgeBase) -> KnowledgeBase:
    base.put(
        [
            Actor(id=f"firm-{n}", name=f"Maison {n}", description="Des gants. " * (1 + n % 3))
            for n in range(40)
        ]
    )
    return base


def values(base: KnowledgeBase, k: int | None, among: set[int] | None = None) -> dict[int, float]:
    with base._context() as context:
        return WordValues(parse("gants").stems, context).best(k, among)


def test_the_best_are_those_of_all_and_among_equals_those_with_the_lower_ids(
    base: KnowledgeBase,
) -> None:
    every = values(base, None)
    assert len(every) == 40
    assert len(set(every.values())) == 3
    in_order = sorted(every, key=lambda id_: (-every[id_], id_))
    for k in (0, 1, 7, 20, 39, 50):
        assert values(base, k) == {id_: every[id_] for id_ in in_order[:k]}


def test_the_best_are_those_of_fts5_to_ties(base: KnowledgeBase) -> None:
    base.put(
        [
            Actor(id=f"trade-{number}", name=f"Atelier {number}", description=trade.fr)
            for number, trade in enumerate(trades()[:200])
        ]
    )
    with base._context() as context:
        for trade in trades()[:200:7]:
            stems = query_stems(trade.fr)
            rows = context.store.execute(
                "select rowid, -rank from passage_words where passage_words match ?"
                " order by rank, rowid limit 20",
                [" OR ".join(f'"{stem}"' for stem in sorted(stems))],
            )
            best = WordValues(stems, context).best(20)
            assert best == {row[0]: row[1] for row in rows}

"""The kept trades: what takes long to make of each passage is read from the base."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kb import knowledge_base
from kb.encoder.encoder import Embeddings
from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.models import Actor
from kb.search.results import SearchResult
from kb.search.weights import DEFAULT_WEIGHTS, FilingWeights, RankingWeights
from kb.store.store import Store
from kb.trade_index.trade_index import TradeIndex, Votes
from tests.encoders import WordCountEncoder

NEED = "who could make slippers?"
MAKERS = [
    Actor(f"maker-{n}", f"Maker {n}", description=f"Fabrication de {what}.")
    for n, what in enumerate(("chaussons", "savons", "bottes en cuir", "parfums"))
]


@pytest.fixture(autouse=True)
def no_base_is_too_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(knowledge_base, "TRADES_KEPT_FROM", 0)


@pytest.fixture
def opened(base: KnowledgeBase, index_folder: Path) -> Callable[..., KnowledgeBase]:
    """Opens the base as another process does."""
    base.put(MAKERS)

    def open_(
        weights: RankingWeights = DEFAULT_WEIGHTS, trade_index: Path | None = index_folder
    ) -> KnowledgeBase:
        encoder = WordCountEncoder()
        return KnowledgeBase(base.folder, lambda: encoder, weights=weights, trade_index=trade_index)

    return open_


@pytest.fixture
def filed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many texts were filed at each time; who has the means for one is asked besides."""
    counts: list[int] = []
    votes = TradeIndex.votes

    def counting(index: TradeIndex, rows: Embeddings, n: int, heat: float, kind: Votes) -> Any:
        if kind is Votes.FILED:
            counts.append(len(np.unique(rows, axis=0)))
        return votes(index, rows, n, heat, kind)

    monkeypatch.setattr(TradeIndex, "votes", counting)
    return counts


def scores(found: SearchResult) -> dict[str, float]:
    return {hit.actor.id: hit.score for hit in found.hits}


def searched(base: KnowledgeBase) -> dict[str, float]:
    return scores(base.search(NEED, complete=True))


def test_what_is_kept_is_not_made_again_and_ranks_as_before(
    opened: Callable[..., KnowledgeBase], filed: list[int]
) -> None:
    with closing(opened()) as base:
        before = searched(base)
        assert sum(filed) > 1  # the need, and its passages
        base.save_trades()
    filed.clear()
    with closing(opened()) as base:
        assert searched(base) == pytest.approx(before, abs=1e-3)
        assert sum(filed) == 1


def kept_rows(base: KnowledgeBase) -> int:
    with base._context() as context:
        rows = context.store.execute("select count(*) from embeddings where trades is not null")
        return int(rows.fetchone()[0])


@pytest.mark.parametrize("damage", ["set trades = x'00'", "set trades_by = 'another version'"])
def test_what_was_made_otherwise_is_made_again(
    opened: Callable[..., KnowledgeBase], filed: list[int], damage: str
) -> None:
    with closing(opened()) as base:
        before = searched(base)
        base.save_trades()
        assert kept_rows(base) == len(MAKERS)
        with closing(Store.open(base.folder / DATABASE_FILE)) as store:
            store.execute(f"update embeddings {damage}")
    filed.clear()
    with closing(opened()) as base:
        assert searched(base) == pytest.approx(before, abs=1e-3)
        assert sum(filed) > 1
        base.save_trades()
    filed.clear()
    other = RankingWeights(filing=FilingWeights(closeness=0.5))
    with closing(opened()) as base, closing(opened(other)) as by_others:
        searched(base)
        assert sum(filed) == 1
        searched(by_others)
        assert sum(filed) > 2

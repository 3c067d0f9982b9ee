"""Filing: in which trades texts would be filed, by the phrases of a trade index near to them."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from kb.encoder.encoder import Embeddings
from kb.knowledge_base import KnowledgeBase
from kb.models import Actor, Kind
from kb.reference.trades import LexiconKind, Trade, lexicon, means_of, trade_of, trades
from kb.search.context import RankingOptions
from kb.search.evidence import MeansFinder
from kb.search.query import parse
from kb.search.results import EvidenceKind
from kb.search.trades.background import Background
from kb.search.weights import DEFAULT_WEIGHTS
from kb.store.passages import Passage
from kb.trade_index.trade_index import TradeIndex
from tests.encoders import WordCountEncoder

DIMENSION = 32
SOAP, SHOES = (
    next(place for place, trade in enumerate(trades()) if trade.code == code)
    for code in ("20.41", "15.20")
)


def unit_rows(n: int, seed: int) -> Embeddings:
    rows = np.random.default_rng(seed).normal(size=(n, DIMENSION)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


EMBEDDINGS = {"fr": unit_rows(len(trades()), seed=1), "en": unit_rows(len(trades()), seed=2)}
PHRASES = unit_rows(2, seed=3)
INDEX = TradeIndex.of(
    ("savons", "bottes"),
    PHRASES,
    [("20.41",), ("15.20",)],
    np.concatenate(list(EMBEDDINGS.values())),
    "Flat",
)


# Likely trades


@pytest.fixture
def base_with_index(index_folder: Path, base: KnowledgeBase) -> Iterator[KnowledgeBase]:
    """A base whose encoder has a trade index."""
    encoder = WordCountEncoder()
    base.put([Actor("slipper", "Slipper Brothers", description="Fabrication de chaussons.")])
    with_index = KnowledgeBase(base.folder, lambda: encoder, trade_index=index_folder)
    yield with_index
    with_index.close()


def test_a_search_says_in_which_trades_its_need_would_be_filed(
    base_with_index: KnowledgeBase,
) -> None:
    found = base_with_index.search("who could make slippers?")
    assert [likely.trade.code for likely in found.trades][:1] == ["15.20"]
    explained = base_with_index.explain("who could make slippers?", "slipper")
    assert explained.trades == found.trades


def test_a_passage_filed_as_the_need_is_ranks_higher(base_with_index: KnowledgeBase) -> None:
    query = "moccasins"
    (hit,) = base_with_index.search(query, complete=True).hits
    without = RankingOptions(filing=False)
    (plain,) = base_with_index.search(query, complete=True, options=without).hits
    assert plain.parts.filing is None
    assert hit.parts.filing is not None
    weights = DEFAULT_WEIGHTS.passages
    more = weights.filing * (hit.parts.filing - weights.unknown_filing)
    assert hit.parts.own == pytest.approx(plain.parts.own + more, abs=1e-3)


# Means

COULD = TradeIndex.of(
    ("savons", "gel", "huile usée"),
    unit_rows(3, seed=4),
    [("20.41",), ("15.20",), ("20.41",)],
    np.concatenate(list(EMBEDDINGS.values())),
    "Flat",
    ends=(1, 2, 3),
)


def test_who_could_make_a_thing_and_who_takes_it_in_are_asked_of_phrases_of_their_own() -> None:
    background, row = Background(EMBEDDINGS, COULD), unit_rows(3, seed=4)[1]
    sought, offered = background.compared(row), background.compared(row, offered=True)
    assert sought.filing is not None
    assert sought.able is not None
    assert offered.able is not None
    assert [int(sought.able.argmax()), int(offered.able.argmax())] == [SHOES, SOAP]
    assert offered.filing is None
    assert background.compared(row, able=False).able is None


def test_an_actor_is_shown_with_the_means_of_its_trade(base_with_index: KnowledgeBase) -> None:
    known = next(of for of in lexicon() if of.kind is LexiconKind.COULD and of.lang == "en")
    trade = trade_of(known.code)
    assert trade is not None
    base_with_index.put([Actor("able", "Able", description=f"{trade.en}.", lang="en")])
    (hit,) = [
        one
        for one in base_with_index.search(known.text, lang="en", complete=True).hits
        if one.actor.id == "able"
    ]
    assert hit.parts.able is not None
    assert hit.parts.able > 0
    (evidence,) = [one for one in hit.evidence if one.kind is EvidenceKind.MEANS]
    assert evidence.means is not None
    assert evidence.means.trade == trade
    assert evidence.means.phrase == known.text
    assert set(evidence.means.means) <= set(means_of(known.code, "en"))
    assert evidence.text == f"{trade.en}."
    without = RankingOptions(means=False)
    hits = base_with_index.search(known.text, complete=True, options=without).hits
    assert {one.parts.able for one in hits} == {None}


def test_means_of_a_trade_that_an_actor_hardly_has_are_not_shown() -> None:
    phrases = {code: next(of for of in lexicon() if of.code == code) for code in ("16.23", "80.20")}
    columns = [trades().index(cast("Trade", trade_of(code))) for code in phrases]
    able = np.zeros(len(trades()), np.float32)
    able[columns] = 0.3, 0.9  # the need is a locksmith's; the actor a carpenter, above all
    rows = np.zeros(1, [("filed", "<u2", (2,)), ("filing", "<f2", (2,))])
    rows["filed"], rows["filing"] = columns, (0.9, 0.43)
    context = SimpleNamespace(
        index=SimpleNamespace(embedded=lambda ids: SimpleNamespace(ids=ids)),
        calibration=SimpleNamespace(overlaps=SimpleNamespace(read=lambda *_: rows)),
        store=None,
    )
    compared = SimpleNamespace(able=able)
    finder = MeansFinder(parse("porte"), cast("Any", compared), "fr", cast("Any", context))
    passage = Passage(1, Kind.ACTOR, "a", "description", "fr", "Charpentes et portes.")
    finder.__dict__["_near"] = [phrases["80.20"]]
    assert finder.of(passage) is None
    finder.__dict__["_near"] = list(phrases.values())
    shown = finder.of(passage)
    assert shown
    assert shown.trade == trade_of("16.23")

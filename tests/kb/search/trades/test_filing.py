"""Filing: in which trades texts would be filed, by the phrases of a trade index near to them."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from kb.encoder.encoder import Embeddings
from kb.indexing.dense_index import EmbeddedPassages
from kb.knowledge_base import KnowledgeBase
from kb.models import Actor
from kb.reference.lexicon import LexiconKind, lexicon, means_of
from kb.reference.trades import trade_of, trades
from kb.search.context import RankingOptions
from kb.search.results import EvidenceKind
from kb.search.trades.background import Background, ComparedQuery
from kb.search.trades.likely_trades import MOST, SURE, likely_trades
from kb.search.trades.null_distribution import NullDistribution
from kb.search.trades.overlaps import FILED_IN, Overlaps
from kb.search.weights import DEFAULT_WEIGHTS
from kb.text.analysis import query_stems
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


EMBEDDINGS = {
    "fr": unit_rows(len(trades()), seed=1),
    "en": unit_rows(len(trades()), seed=2),
}
PHRASES = unit_rows(2, seed=3)
INDEX = TradeIndex.of(
    ("savons", "bottes"),
    PHRASES,
    [("20.41",), ("15.20",)],
    np.concatenate(list(EMBEDDINGS.values())),
    "Flat",
)


def embedded(rows: Sequence[Embeddings] | Embeddings) -> EmbeddedPassages:
    return EmbeddedPassages(np.arange(len(rows)), np.array(rows))


def filing_background() -> Background:
    return Background(EMBEDDINGS, INDEX)


def test_a_text_is_filed_where_the_phrases_near_to_it_are() -> None:
    background = filing_background()
    for phrase, trade in zip(PHRASES, (SOAP, SHOES), strict=True):
        filing = background.compared(phrase).filing
        assert filing is not None
        assert float(np.square(filing).sum()) == pytest.approx(1, abs=1e-4)
        assert int(filing.argmax()) == trade


def test_a_rare_word_of_a_phrase_files_a_text_that_the_encoder_takes_for_another() -> None:
    background = filing_background()
    plain, said = background.compared(PHRASES[0]), background.compared(PHRASES[0], {"bott"})
    assert plain.filing is not None
    assert said.filing is not None
    assert query_stems("bottes") == {"bott"}
    assert said.filing[SHOES] > plain.filing[SHOES]


def test_without_an_index_nothing_is_filed() -> None:
    background = Background(EMBEDDINGS)
    compared = background.compared(PHRASES[0])
    assert compared.filing is compared.able is None
    found = Overlaps(background).of(compared, embedded(PHRASES[:1]), ["fr"])
    assert np.isnan([found.filing, found.able]).all()
    assert likely_trades(compared) == ()
    assert filing_background().compared(PHRASES[0], filed=False).filing is None


def test_the_overlap_in_filing_is_that_of_the_two_distributions() -> None:
    background = filing_background()
    passages = embedded([*PHRASES, *unit_rows(5, seed=7)])
    compared = background.compared(PHRASES[0])
    assert compared.filing is not None
    filing = background.filing(passages.embeddings, "fr")
    assert filing is not None
    whole = filing @ compared.filing
    # Only the likeliest trades of a passage are remembered: what is left out is little.
    overlaps = Overlaps(background)
    for _ in range(2):
        found = overlaps.of(compared, passages, ["fr"] * 7).filing
        for row, overlap in enumerate(found):
            assert overlap <= whole[row] + 1e-3
            kept = np.sort(filing[row])[::-1][:FILED_IN]
            lost = float(np.sqrt(max(1 - float(np.square(kept).sum()), 0)))
            assert overlap >= whole[row] - lost - 1e-3
    assert found[0] > found[1]


def test_the_filing_of_passages_is_that_of_each_in_its_language_in_their_order() -> None:
    background = filing_background()
    passages = embedded([*PHRASES, unit_rows(1, seed=8)[0]])
    langs = ["fr", "en", "fr"]
    found = Overlaps(background).read(passages, langs)
    for row, embedding, lang in zip(range(3), passages.embeddings, langs, strict=True):
        whole = background.filing(embedding[np.newaxis], lang)
        assert whole is not None
        assert found.filed.shape[1] == FILED_IN
        np.testing.assert_allclose(found.filing[row], whole[0][found.filed[row]], atol=1e-3)
        assert found.filing[row].min() >= np.sort(whole[0])[-FILED_IN] - 1e-3


def test_an_index_of_another_encoder_is_not_used(word_counts: WordCountEncoder) -> None:
    assert Background.of(word_counts, index=INDEX).index is None


def test_an_index_of_the_encoder_is_used(tmp_path: Path) -> None:
    encoder = WordCountEncoder()
    made = Background.of(encoder, tmp_path)
    rows = np.concatenate(list(made.embeddings.values()))
    index = TradeIndex.of([""] * 3, rows[:3], [("20.41",)] * 3, rows, "Flat")
    assert Background.of(encoder, tmp_path, index).index is index


# Likely trades


def filed(*shares: float) -> ComparedQuery:
    filing = np.zeros(len(trades()), np.float32)
    filing[: len(shares)] = np.sqrt(shares)
    return ComparedQuery(PHRASES[0], NullDistribution({}, {}, 0.0), filing)


def test_the_likely_trades_of_a_need_are_few_and_likeliest_first() -> None:
    found = likely_trades(filed(0.2, 0.51, 0.1, 0.19))
    assert [likely.trade for likely in found] == [trades()[1], trades()[0], trades()[3]]
    assert [likely.share for likely in found] == pytest.approx([0.51, 0.2, 0.19])
    assert len(likely_trades(filed(0.55, 0.15, 0.15, 0.15))) == MOST
    assert likely_trades(filed(SURE - 0.01, 0.3, 0.21)) == (), "not sure"


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


def test_a_name_is_filed_in_no_trade(base_with_index: KnowledgeBase) -> None:
    assert base_with_index.search("Slipper Brothers").trades == ()
    assert base_with_index.search("552 081 317 00012").trades == ()


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

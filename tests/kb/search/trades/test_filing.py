"""Filing: in which trades texts would be filed, by the phrases of a trade index near to them."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from kb.adaptation.trade_indexing import make_trade_index
from kb.encoder.encoder import Embeddings
from kb.indexing.dense_index import EmbeddedPassages
from kb.knowledge_base import KnowledgeBase
from kb.models import Actor
from kb.reference.trades import trades
from kb.search.context import RankingOptions
from kb.search.fusion import filing_value
from kb.search.trades.background import Background, ExpandedQuery
from kb.search.trades.likely_trades import LEAST_SHARE, MOST, likely_trades
from kb.search.trades.null_distribution import NullDistribution
from kb.search.trades.overlaps import Overlaps
from kb.search.trades.passage_trades import FILED_IN
from kb.search.weights import DEFAULT_WEIGHTS, FilingWeights
from kb.text.analysis import query_stems
from kb.trade_index.trade_index import TradeIndex
from tests.encoders import WordCountEncoder

DIMENSION = 32
EXPANSION = DEFAULT_WEIGHTS.expansion
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


def filing_background(weights: FilingWeights = FilingWeights()) -> Background:
    return Background(EMBEDDINGS, EXPANSION, INDEX, weights)


def test_a_text_is_filed_where_the_phrases_near_to_it_are() -> None:
    background = filing_background()
    for phrase, trade in zip(PHRASES, (SOAP, SHOES), strict=True):
        filing = background.expand(phrase).filing
        assert filing is not None
        assert float(np.square(filing).sum()) == pytest.approx(1, abs=1e-4)
        assert int(filing.argmax()) == trade


def test_a_rare_word_of_a_phrase_files_a_text_that_the_encoder_takes_for_another() -> None:
    background = filing_background()
    plain, said = background.expand(PHRASES[0]), background.expand(PHRASES[0], {"bott"})
    assert plain.filing is not None
    assert said.filing is not None
    assert query_stems("bottes") == {"bott"}
    assert said.filing[SHOES] > plain.filing[SHOES]


def test_without_an_index_nothing_is_filed() -> None:
    background = Background(EMBEDDINGS, EXPANSION)
    expanded = background.expand(PHRASES[0])
    assert expanded.filing is None
    one = embedded(PHRASES[:1])
    assert np.isnan(Overlaps(background).of(expanded, one, ["fr"]).filing).all()
    assert not Overlaps(background).filing(one, ["fr"]).any()
    assert filing_background().expand(PHRASES[0], filed=False).filing is None


def test_far_from_all_phrases_and_their_rare_words_nothing_is_filed() -> None:
    background = filing_background()
    (first, second), near = PHRASES, INDEX.near
    apart = second - (second @ first) * first
    apart /= -np.linalg.norm(apart)

    def at(cosine: float) -> Embeddings:
        return np.asarray(cosine * first + math.sqrt(1 - cosine**2) * apart, np.float32)

    assert background.expand(at(near + 0.01), {"inconnu"}).filing is not None
    assert background.expand(at(near - 0.01), {"inconnu"}).filing is None
    assert background.expand(at(near - 0.01), {"bott"}).filing is not None


def test_the_overlap_in_filing_is_that_of_the_two_distributions() -> None:
    background = filing_background()
    passages = embedded([*PHRASES, *unit_rows(5, seed=7)])
    expanded = background.expand(PHRASES[0])
    assert expanded.filing is not None
    _, filing = background.shares(passages.embeddings, "fr")
    assert filing is not None
    whole = filing @ expanded.filing
    # Only the likeliest trades of a passage are remembered: what is left out is little.
    overlaps = Overlaps(background)
    for _ in range(2):
        found = overlaps.of(expanded, passages, ["fr"] * 7).filing
        for row, overlap in enumerate(found):
            assert overlap <= whole[row] + 1e-3
            kept = np.sort(filing[row])[::-1][:FILED_IN]
            lost = float(np.sqrt(max(1 - float(np.square(kept).sum()), 0)))
            assert overlap >= whole[row] - lost - 1e-3
    assert found[0] > found[1]


def test_things_and_services_are_apart() -> None:
    """Soap and shoes are made; a text filed in a trade of services is apart from both."""
    served = next(place for place, trade in enumerate(trades()) if not trade.makes_things)
    assert trades()[SOAP].makes_things
    index = TradeIndex.of(
        ("savons", "location"),
        PHRASES,
        [("20.41",), (trades()[served].code,)],
        np.concatenate(list(EMBEDDINGS.values())),
        "Flat",
    )
    background = Background(EMBEDDINGS, EXPANSION, index)
    passages, french = embedded(PHRASES), ["fr"] * len(PHRASES)
    of_soap = Overlaps(background).of(background.expand(PHRASES[0]), passages, french).apart
    of_service = Overlaps(background).of(background.expand(PHRASES[1]), passages, french).apart
    assert of_soap[0] < of_soap[1]
    assert of_service[1] < of_service[0]
    assert all(0 <= one <= 1 + 1e-3 for one in (*of_soap, *of_service))


def test_the_filing_of_passages_is_that_of_each_in_its_language_in_their_order() -> None:
    background = filing_background()
    passages = embedded([*PHRASES, unit_rows(1, seed=8)[0]])
    langs = ["fr", "en", "fr"]
    found = Overlaps(background).filing(passages, langs)
    for row, embedding, lang in zip(found, passages.embeddings, langs, strict=True):
        whole = background.shares(embedding[np.newaxis], lang)[1]
        assert whole is not None
        whole = whole[0]
        likeliest = np.argsort(-whole)[:FILED_IN]
        np.testing.assert_allclose(row[likeliest], whole[likeliest], atol=1e-3)
        assert np.count_nonzero(row) <= FILED_IN


def test_an_index_of_another_encoder_is_not_used(word_counts: WordCountEncoder) -> None:
    assert Background.of(word_counts, EXPANSION, index=INDEX).index is None


def test_an_index_of_the_encoder_is_used(tmp_path: Path) -> None:
    encoder = WordCountEncoder()
    made = Background.of(encoder, EXPANSION, tmp_path)
    rows = np.concatenate(list(made.embeddings.values()))
    index = TradeIndex.of([""] * 3, rows[:3], [("20.41",)] * 3, rows, "Flat")
    assert Background.of(encoder, EXPANSION, tmp_path, index).index is index


# Likely trades


def filed(*shares: float) -> ExpandedQuery:
    filing = np.zeros(len(trades()), np.float32)
    filing[: len(shares)] = np.sqrt(shares)
    null = NullDistribution({}, {}, 0.0)
    return ExpandedQuery(PHRASES[0], {}, null, filing, (), filing)


def test_the_likely_trades_of_a_need_are_few_and_likeliest_first() -> None:
    found = likely_trades(filed(0.2, 0.5, 0.1, 0.2))
    assert [likely.trade for likely in found] == [trades()[1], trades()[0], trades()[3]]
    assert [likely.share for likely in found] == pytest.approx([0.5, 0.2, 0.2])
    assert len(likely_trades(filed(*[0.2] * 5))) == MOST
    assert likely_trades(filed(*[LEAST_SHARE - 0.01] * 6)) == ()


def test_without_a_trade_index_no_trade_is_likely() -> None:
    background = Background(EMBEDDINGS, EXPANSION)
    assert likely_trades(background.expand(PHRASES[0])) == ()


@pytest.fixture
def base_with_index(tmp_path: Path, base: KnowledgeBase) -> Iterator[KnowledgeBase]:
    """A base whose encoder has a trade index of the tiny nomenclatures."""
    encoder = WordCountEncoder()
    base.put([Actor("slipper", "Slipper Brothers", description="Fabrication de chaussons.")])
    make_trade_index(Path("tests/data/nomenclatures"), encoder, tmp_path / "of", lambda _: None)
    with_index = KnowledgeBase(base.folder, lambda: encoder, trade_index=tmp_path / "of")
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
    value = filing_value(hit.parts.filing, DEFAULT_WEIGHTS.passages)
    assert hit.parts.own - value == pytest.approx(
        hit.parts.dense
        + DEFAULT_WEIGHTS.passages.lexical * hit.parts.lexical
        + DEFAULT_WEIGHTS.passages.overlap
        * math.log(hit.parts.overlap + DEFAULT_WEIGHTS.passages.least_overlap)
        - DEFAULT_WEIGHTS.passages.apart * hit.parts.apart,
        abs=1e-3,
    )

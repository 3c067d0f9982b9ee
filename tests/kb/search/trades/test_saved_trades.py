"""The saved trades: what takes long to make of each passage is read from a file beside the base."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kb import knowledge_base
from kb.encoder.encoder import Embeddings
from kb.indexing.dense_index import EmbeddedPassages
from kb.indexing.live_index import LiveIndex
from kb.knowledge_base import KnowledgeBase
from kb.models import Actor, Kind
from kb.reference.trades import trades
from kb.search.results import SearchResult
from kb.search.trades import overlaps, saved_trades
from kb.search.trades.background import Background
from kb.search.trades.overlaps import Overlaps
from kb.search.trades.passage_trades import PassageTrades, TradeRows, row_type, trade_rows
from kb.search.trades.saved_trades import CARD_FILE, TRADES_FILE
from kb.search.weights import DEFAULT_WEIGHTS, FilingWeights, RankingWeights
from kb.trade_index.trade_index import TradeIndex, Votes
from tests.encoders import WordCountEncoder

NEED = "who could make slippers?"
MAKERS = [
    Actor(f"maker-{n}", f"Maker {n}", description=f"Fabrication de {what}.")
    for n, what in enumerate(("chaussons", "savons", "bottes en cuir", "parfums"))
]


LINES = np.zeros((3, 2), np.float32)


@pytest.fixture(autouse=True)
def no_base_is_too_small(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (overlaps, knowledge_base):
        monkeypatch.setattr(module, "UNSAVED", 0)


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


def saved_ids(base: KnowledgeBase) -> list[int]:
    rows = np.fromfile(base.folder / TRADES_FILE, row_type(len(trades())))
    ids: list[int] = rows["id"].tolist()
    return ids


def searched(base: KnowledgeBase) -> dict[str, float]:
    return scores(base.search(NEED, complete=True))


def test_what_is_saved_is_not_made_again_and_ranks_as_before(
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


def test_what_comes_later_is_made_beside_what_is_saved(
    opened: Callable[..., KnowledgeBase], filed: list[int]
) -> None:
    with closing(opened()) as base:
        base.save_trades()
        late = Actor("late", "Late", description="Fabrication de chaussons de danse.")
        base.put([late])
        filed.clear()
        assert "late" in searched(base)
        assert sum(filed) == 2  # the need, and the new passage
        base.save_trades()
    filed.clear()
    with closing(opened()) as base:
        searched(base)
        assert sum(filed) == 1


def test_a_process_reads_what_another_saves_while_it_runs(
    opened: Callable[..., KnowledgeBase], filed: list[int]
) -> None:
    with closing(opened()) as reading, closing(opened()) as saving:
        reading.search("Maker 0")  # it has looked for a file
        saving.save_trades()
        filed.clear()
        searched(reading)
        assert sum(filed) <= 2


def test_what_took_the_place_of_others_is_saved_and_what_is_gone_is_not(
    opened: Callable[..., KnowledgeBase], filed: list[int]
) -> None:
    with closing(opened()) as base:
        base.save_trades()
        base.put(
            [replace(maker, description=f"{maker.description} Et du bois.") for maker in MAKERS]
        )
        base.save_trades()
        with base._context() as context:
            now = context.store.embedded_passages(context.encoder.fingerprint)
        assert saved_ids(base) == sorted(now)
    filed.clear()
    with closing(opened()) as base:
        searched(base)
        assert sum(filed) == 1


def test_what_another_machine_erased_is_taken_out(
    opened: Callable[..., KnowledgeBase], monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(opened()) as base:
        base.save_trades()
        # The other machine has no folder of this one.
        monkeypatch.setattr(LiveIndex, "delete_saved", lambda _: None)
        base.erase(Kind.ACTOR, "maker-0", by="")
        assert len(saved_ids(base)) == len(MAKERS)
        base.save_trades()
        assert len(saved_ids(base)) == len(MAKERS) - 1


def test_of_a_base_that_became_small_nothing_stays_saved(
    opened: Callable[..., KnowledgeBase], monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(opened()) as base:
        base.save_trades()
        monkeypatch.setattr(knowledge_base, "UNSAVED", len(MAKERS) - 1)
        monkeypatch.setattr(LiveIndex, "delete_saved", lambda _: None)
        base.erase(Kind.ACTOR, "maker-0", by="")
        base.save_trades()
        assert not list(base.folder.glob(f"{TRADES_FILE}*"))


def test_without_a_trade_index_nothing_stays_saved(opened: Callable[..., KnowledgeBase]) -> None:
    with closing(opened()) as base:
        base.save_trades()
        assert len(list(base.folder.glob(f"{TRADES_FILE}*"))) == 2
    with closing(opened(trade_index=None)) as base:
        base.save_trades()
        assert not list(base.folder.glob(f"{TRADES_FILE}*"))


def test_nothing_is_saved_again_while_little_is_new(
    opened: Callable[..., KnowledgeBase], filed: list[int]
) -> None:
    with closing(opened()) as base:
        base.save_trades()
        card = saved_trades.name_of_card(base.folder)
        filed.clear()
        base.save_trades()
        assert saved_trades.name_of_card(base.folder) == card
        assert not filed


def test_trades_by_other_weights_are_made_anew(
    opened: Callable[..., KnowledgeBase], filed: list[int]
) -> None:
    with closing(opened()) as base:
        base.save_trades()
    filed.clear()
    other = RankingWeights(filing=FilingWeights(closeness=0.5))
    with closing(opened(other)) as base:
        searched(base)
        assert sum(filed) > 1


@pytest.mark.parametrize("name", [TRADES_FILE, CARD_FILE])
def test_a_damaged_file_is_done_without(
    opened: Callable[..., KnowledgeBase], filed: list[int], name: str
) -> None:
    with closing(opened()) as base:
        before = searched(base)
        base.save_trades()
        path = base.folder / name
    content = bytearray(path.read_bytes())
    content[-1] ^= 1  # of a row, a share
    path.write_bytes(content)
    filed.clear()
    with closing(opened()) as base:
        assert searched(base) == pytest.approx(before, abs=1e-3)
        assert sum(filed) > 1


def test_what_is_erased_is_in_no_file(opened: Callable[..., KnowledgeBase]) -> None:
    with closing(opened()) as base:
        base.save_trades()
        assert (base.folder / TRADES_FILE).exists()
        base.erase(Kind.ACTOR, "maker-0", by="")
        assert not (base.folder / TRADES_FILE).exists()
        base.save_trades()
        assert len(saved_ids(base)) == len(MAKERS) - 1


def test_what_goes_while_the_others_are_filed_is_not_saved(
    opened: Callable[..., KnowledgeBase], monkeypatch: pytest.MonkeyPatch
) -> None:
    votes = TradeIndex.votes
    monkeypatch.setattr(overlaps, "COMPUTED_AT_ONCE", 2)
    monkeypatch.setattr(saved_trades, "ROWS_AT_ONCE", 2)
    with closing(opened()) as base, closing(opened()) as other:
        base.search("bonjour")

        def slow(index: TradeIndex, *values: Any) -> Any:
            other.erase(Kind.ACTOR, "maker-1", by="")
            return votes(index, *values)

        monkeypatch.setattr(TradeIndex, "votes", slow)
        base.save_trades()
        assert len(saved_ids(base)) == len(MAKERS) - 1


def test_a_server_that_ends_saves_nothing(opened: Callable[..., KnowledgeBase]) -> None:
    with closing(opened()) as base:
        base.save_trades(lambda: False)
        assert not (base.folder / TRADES_FILE).exists()


def test_a_folder_that_cannot_be_written_keeps_nobody_from_searching(
    opened: Callable[..., KnowledgeBase], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with closing(opened()) as base:
        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(saved_trades, "write", full)
            base.save_trades()
            assert searched(base)
        base.save_trades()
        assert len(saved_ids(base)) == len(MAKERS)


def test_what_an_earlier_version_saved_is_made_again(
    opened: Callable[..., KnowledgeBase],
    filed: list[int],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with monkeypatch.context() as earlier, closing(opened()) as base:
        before = searched(base)
        earlier.setattr(saved_trades, "SAVED_FORMAT", 1)
        base.save_trades()
        (base.folder / TRADES_FILE).write_bytes(b"rows of another length")
    with closing(opened()) as base:
        assert searched(base) == pytest.approx(before, abs=1e-3)
        base.save_trades()
    filed.clear()
    with closing(opened()) as base:
        assert searched(base) == pytest.approx(before, abs=1e-3)
        assert sum(filed) == 1
    assert not caplog.records


def test_an_embedding_that_was_made_again_is_not_taken_for_the_former() -> None:
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(3, 8)).astype(np.float16).astype(np.float32)
    ids = np.array([2, 5, 9])
    kept = trade_rows(EmbeddedPassages(ids, rows), 4, None, LINES)
    again = rows.copy()
    again[1, 0] += np.float32(0.01)
    again[2, 0] = np.nan
    read = PassageTrades(kept)
    assert read.are_of(EmbeddedPassages(ids, rows)).tolist() == [True, True, True]
    assert read.are_of(EmbeddedPassages(ids, again)).tolist() == [True, False, False]
    assert read.are_of(EmbeddedPassages(ids[::-1], rows)).tolist() == [False, True, False]


def test_a_passage_alone_has_the_trades_that_it_has_among_many() -> None:
    """Processors round a product of few rows otherwise: no more than a score may show."""
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(3 * len(trades()), 384)).astype(np.float16).astype(np.float32)
    rows = 0.45 * rows / np.linalg.norm(rows, axis=1, keepdims=True)
    rows[:, 0] += 0.9
    french, english, passages = np.split(rows, 3)
    background = Background({"fr": french, "en": english})
    many = EmbeddedPassages(np.arange(len(passages)), passages)

    def read(at: slice) -> TradeRows:
        langs = ["fr"] * len(many.ids[at])
        return Overlaps(background).read(many.at(at), langs).rows

    alone = np.concatenate([read(slice(n, n + 1)) for n in range(100)])
    among_many = read(slice(None))[:100]
    np.testing.assert_allclose(alone["lines"], among_many["lines"], rtol=1e-4)


def test_of_what_is_not_saved_there_is_no_row(tmp_path: Path) -> None:
    passages = EmbeddedPassages(np.array([2, 5, 9]), np.eye(3, dtype=np.float32))
    kept = trade_rows(passages, 4, None, LINES)
    saved_trades.write(tmp_path, [kept[:1], kept[1:]], "me")
    saved = saved_trades.read(tmp_path, "me", 4)
    assert saved.ids.tolist() == [2, 5, 9]
    asked = EmbeddedPassages(np.array([9, 7, 12, 2, 1]), passages.embeddings[[2, 1, 2, 0, 0]])
    here = PassageTrades(saved.rows(asked.ids)).are_of(asked)
    assert here.tolist() == [True, False, False, True, False]
    of_another = saved_trades.read(tmp_path, "another", 4)
    assert not PassageTrades(of_another.rows(asked.ids)).are_of(asked).any()

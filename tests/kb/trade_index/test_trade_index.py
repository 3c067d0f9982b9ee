"""The trade index: votes by hand, and a folder that is read, refused or left out."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from kb.encoder.encoder import Embeddings, TextKind
from kb.errors import EncoderError
from kb.reference.trades import trades
from kb.trade_index.trade_index import (
    ABLE_WORDS_FILE,
    BUNDLED,
    CARD_FILE,
    FILED_FILE,
    INDEX_FILE,
    WORDS_FILE,
    TradeIndex,
    probes_of,
    state_of,
)
from tests.encoders import WordCountEncoder

DIMENSION = 16
FILED = (("20.42",), ("20.41", "20.42"), ("15.20",))
"""The trades of three phrases; each phrase has an axis of its own."""

TEXTS = ("savonnettes", "savons et parfums", "bottes")

AXES = np.eye(DIMENSION, dtype=np.float32)
COLUMNS = {trade.code: column for column, trade in enumerate(trades())}


def unit_rows(n: int, seed: int) -> Embeddings:
    rows = np.random.default_rng(seed).normal(size=(n, DIMENSION)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


TRADE_ROWS = unit_rows(2 * len(trades()), seed=1)


def three_phrases() -> TradeIndex:
    return TradeIndex.of(TEXTS, AXES[: len(FILED)], FILED, TRADE_ROWS, "Flat")


def test_votes_by_hand() -> None:
    text = 0.8 * AXES[0] + 0.6 * AXES[1]
    (votes,) = three_phrases().votes(text[np.newaxis], nearest=2, temperature=0.1)
    second = math.exp((0.6 - 0.8) / 0.1)
    first = 1 / (1 + second)
    assert votes[COLUMNS["20.42"]] == pytest.approx(first + (1 - first) / 2)
    assert votes[COLUMNS["20.41"]] == pytest.approx((1 - first) / 2)
    assert votes[COLUMNS["15.20"]] == 0
    assert votes.sum() == pytest.approx(1)


@pytest.mark.parametrize("factory", ["Flat", "IVF4,SQ4"])
def test_what_is_written_is_read(tmp_path: Path, factory: str) -> None:
    rows = unit_rows(200, seed=3)
    filed = [(trades()[number % 7].code, trades()[40].code) for number in range(len(rows))]
    made = TradeIndex.of([""] * len(rows), rows, filed, TRADE_ROWS, factory)
    made.write(tmp_path / "index", {"phrases": len(made)})
    read = TradeIndex.read(tmp_path / "index")
    assert len(read) == 200
    texts = unit_rows(5, seed=4)
    of_read, of_made = read.votes(texts, 20, 0.05), made.votes(texts, 20, 0.05)
    np.testing.assert_allclose(of_read, of_made, atol=1e-6)
    assert read.ends == made.ends == (200, 200, 200)
    assert read.knows(probes_of(TRADE_ROWS))
    card = json.loads((tmp_path / "index" / CARD_FILE).read_text("utf-8"))
    assert card["phrases"] == 200
    assert list(card["files"]) == [INDEX_FILE, FILED_FILE, WORDS_FILE, ABLE_WORDS_FILE]


# A folder that is not as it was written


def half(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def of_other_phrases(path: Path) -> None:
    other = path.parent / "other"
    TradeIndex.of(TEXTS[:1], AXES[:1], FILED[:1], TRADE_ROWS, "Flat").write(other, {})
    path.write_bytes((other / path.name).read_bytes())


def refusal_of(folder: Path) -> str:
    with pytest.raises(EncoderError) as refusal:
        TradeIndex.read(folder)
    line = str(refusal.value)
    assert str(folder) in line
    assert "\n" not in line
    return line


@pytest.mark.parametrize("name", [INDEX_FILE, FILED_FILE, WORDS_FILE, CARD_FILE])
@pytest.mark.parametrize(
    "spoil", [Path.unlink, lambda path: path.write_bytes(b""), half, of_other_phrases]
)
def test_a_damaged_folder_is_refused_in_a_line(
    tmp_path: Path, name: str, spoil: Callable[[Path], object]
) -> None:
    three_phrases().write(tmp_path, {})
    spoil(tmp_path / name)
    refusal_of(tmp_path)


def test_the_bundled_index_is_whole_and_names_what_it_is_made_of() -> None:
    index = TradeIndex.read(BUNDLED)
    assert len(index) > 20_000
    assert index.filed.sum(axis=1) == pytest.approx(np.ones((len(index), 1)))
    card = (BUNDLED / "README.md").read_text("utf-8")
    assert "Open Government Licence v3.0" in card


# Which one


def test_a_line_says_whether_the_index_is_used(tmp_path: Path) -> None:
    encoder = WordCountEncoder(dimension=DIMENSION)
    other = WordCountEncoder(dimension=2 * DIMENSION)
    texts = [*(trade.fr for trade in trades()), *(trade.en for trade in trades())]
    trade_rows = encoder.encode(texts, TextKind.DOCUMENT)
    index = TradeIndex.of(TEXTS, AXES[:3], FILED, trade_rows, "Flat")
    index.write(tmp_path, {"encoder": "e5"})
    assert state_of(None, encoder) == "none"
    assert state_of(tmp_path, encoder) == "3 phrases, used"
    assert state_of(tmp_path, other) == "3 phrases, not used: made for e5"
    (tmp_path / CARD_FILE).unlink()
    with pytest.raises(EncoderError):
        state_of(tmp_path, encoder)

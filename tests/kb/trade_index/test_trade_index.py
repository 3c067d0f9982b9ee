"""The trade index: votes by hand, and a folder that is read, refused or left out."""

import hashlib
import json
import math
from collections.abc import Callable
from pathlib import Path

import faiss
import numpy as np
import pytest

from kb.encoder.encoder import Embeddings, TextKind
from kb.errors import EncoderError
from kb.reference.trades import trades
from kb.settings import Settings
from kb.text.analysis import query_stems
from kb.trade_index.choice import find_trade_index, state_of
from kb.trade_index.filed_words import ABLE_WORDS_FILE, WORDS_FILE, FiledWords
from kb.trade_index.trade_index import (
    BUNDLED,
    CARD_FILE,
    FILED_FILE,
    INDEX_FILE,
    TradeIndex,
    Votes,
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
    (votes,), (nearest,) = three_phrases().votes(text[np.newaxis], nearest=2, temperature=0.1)
    assert nearest == pytest.approx(0.8)
    second = math.exp((0.6 - 0.8) / 0.1)
    first = 1 / (1 + second)
    assert votes[COLUMNS["20.42"]] == pytest.approx(first + (1 - first) / 2)
    assert votes[COLUMNS["20.41"]] == pytest.approx((1 - first) / 2)
    assert votes[COLUMNS["15.20"]] == 0
    assert votes.sum() == pytest.approx(1)


def test_each_kind_of_phrases_votes_by_itself(tmp_path: Path) -> None:
    made = TradeIndex.of(TEXTS, AXES[:3], FILED, TRADE_ROWS, "Flat", ends=(1, 3, 3))
    made.write(tmp_path, {})
    for index in (made, TradeIndex.read(tmp_path)):
        assert [index.count(kind) for kind in Votes] == [1, 2, 0]
        for kind, code in ((Votes.FILED, "20.42"), (Votes.COULD, "15.20")):
            (votes,), _ = index.votes(AXES[2:3], 1, 0.1, kind)
            assert votes[COLUMNS[code]] == pytest.approx(1)
        (votes,), (nearest,) = index.votes(AXES[2:3], 1, 0.1, Votes.TAKES)
        assert not votes.any()
        assert nearest == 0
        assert index.nearest(AXES[2], Votes.COULD) == [1, 0]
        assert index.nearest(AXES[2], Votes.TAKES) == []
        # The words of what firms could make file no text.
        assert set(index.words.rows) == query_stems(TEXTS[0])
        assert set(index.able_words.rows) == query_stems(" ".join(TEXTS[1:]))


def test_the_lower_the_temperature_the_more_the_nearest_decides() -> None:
    text = (0.8 * AXES[0] + 0.6 * AXES[2])[np.newaxis]
    index = three_phrases()
    shares = [index.votes(text, 3, heat)[0][0, COLUMNS["20.42"]] for heat in (0.01, 0.1, 1.0)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] == pytest.approx(1, abs=1e-6)


def test_no_text_has_no_votes_and_more_voters_than_phrases_are_all() -> None:
    index = three_phrases()
    assert index.votes(AXES[:0], 2, 0.1)[0].shape == (0, len(trades()))
    votes, _ = index.votes(AXES[:2], 60, 0.1)
    assert votes.sum(axis=1) == pytest.approx([1, 1])


def test_lists_with_fewer_phrases_than_voters_leave_no_vote_to_nobody() -> None:
    rows = unit_rows(200, seed=3)
    filed = [(trades()[number].code,) for number in range(len(rows))]
    index = TradeIndex.of([""] * len(rows), rows, filed, TRADE_ROWS, "IVF40,Flat")
    index.phrases.nprobe = 1
    votes, _ = index.votes(rows, 60, 0.02)
    assert votes.sum(axis=1) == pytest.approx(np.ones(len(rows)))
    assert votes.argmax(axis=1).tolist() == list(range(len(rows)))


@pytest.mark.parametrize("factory", ["Flat", "IVF4,SQ4"])
def test_what_is_written_is_read(tmp_path: Path, factory: str) -> None:
    rows = unit_rows(200, seed=3)
    filed = [(trades()[number % 7].code, trades()[40].code) for number in range(len(rows))]
    made = TradeIndex.of([""] * len(rows), rows, filed, TRADE_ROWS, factory)
    made.write(tmp_path / "index", {"phrases": len(made)})
    read = TradeIndex.read(tmp_path / "index")
    assert len(read) == 200
    texts = unit_rows(5, seed=4)
    for of_read, of_made in zip(
        read.votes(texts, 20, 0.05), made.votes(texts, 20, 0.05), strict=True
    ):
        np.testing.assert_allclose(of_read, of_made, atol=1e-6)
    assert read.ends == made.ends == (200, 200, 200)
    assert read.is_of(TRADE_ROWS)
    card = json.loads((tmp_path / "index" / CARD_FILE).read_text("utf-8"))
    assert card["phrases"] == 200
    assert list(card["files"]) == [INDEX_FILE, FILED_FILE, WORDS_FILE, ABLE_WORDS_FILE]


def test_an_index_of_an_older_version_is_told_so(tmp_path: Path) -> None:
    made = three_phrases()
    made.write(tmp_path, {})
    np.savez_compressed(
        tmp_path / FILED_FILE,
        trades=made.filed.indices.astype(np.uint16),
        starts=made.filed.indptr.astype(np.int32),
        probes=made.probes.astype(np.float16),
    )
    card = json.loads((tmp_path / CARD_FILE).read_text("utf-8"))
    content = (tmp_path / FILED_FILE).read_bytes()
    card["files"][FILED_FILE] = hashlib.sha256(content).hexdigest()[:16]
    (tmp_path / CARD_FILE).write_text(json.dumps(card), "utf-8")
    with pytest.raises(EncoderError, match="older version: make the index again"):
        TradeIndex.read(tmp_path)


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


def sign(folder: Path) -> None:
    """Makes the card name the files as they are, as if they had been written so."""
    card = json.loads((folder / CARD_FILE).read_text("utf-8"))
    for name in card["files"]:
        with (folder / name).open("rb") as file:
            card["files"][name] = hashlib.file_digest(file, "sha256").hexdigest()[:16]
    (folder / CARD_FILE).write_text(json.dumps(card), "utf-8")


def rewrite(path: Path, **arrays: object) -> None:
    with np.load(path) as kept:
        np.savez_compressed(path, **{**kept, **arrays})
    sign(path.parent)


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


@pytest.mark.parametrize("name", [INDEX_FILE, FILED_FILE, WORDS_FILE, ABLE_WORDS_FILE])
def test_any_byte_that_is_not_as_it_was_is_noticed(tmp_path: Path, name: str) -> None:
    three_phrases().write(tmp_path, {})
    path = tmp_path / name
    content = path.read_bytes()
    for place in range(0, len(content), 37):
        spoilt = bytearray(content)
        spoilt[place] ^= 0xFF
        path.write_bytes(bytes(spoilt))
        assert name in refusal_of(tmp_path)


@pytest.mark.parametrize("name", [FILED_FILE, WORDS_FILE])
def test_a_file_that_was_written_damaged_is_read_or_refused_in_a_line(
    tmp_path: Path, name: str
) -> None:
    """The digests agree: what unpacks and reads the file has to notice, whatever it says."""
    three_phrases().write(tmp_path, {})
    path = tmp_path / name
    content = path.read_bytes()
    refusals: list[str] = []
    for place in range(0, len(content), 11):
        spoilt = bytearray(content)
        spoilt[place] ^= 0xFF
        path.write_bytes(bytes(spoilt))
        sign(tmp_path)
        try:
            TradeIndex.read(tmp_path)
        except EncoderError as error:
            refusals.append(str(error))
    assert refusals
    assert not any("\n" in line for line in refusals)


@pytest.mark.parametrize("card", ["[]", "{}", '{"files": 1}', '{"files": {}}', "\ufeff{", "\x00"])
def test_a_card_that_names_no_files_is_refused_in_a_line(tmp_path: Path, card: str) -> None:
    three_phrases().write(tmp_path, {})
    (tmp_path / CARD_FILE).write_text(card, "utf-8")
    refusal_of(tmp_path)


def test_parts_that_do_not_fit_together_are_refused_in_a_line(tmp_path: Path) -> None:
    three_phrases().write(tmp_path, {})
    rewrite(tmp_path / FILED_FILE, probes=unit_rows(62, seed=1)[:, :8])
    assert "dimension 16" in refusal_of(tmp_path)
    three_phrases().write(tmp_path, {})
    rewrite(tmp_path / FILED_FILE, probes=np.full((62, DIMENSION), np.nan, np.float16))
    assert "infinite or none" in refusal_of(tmp_path)
    three_phrases().write(tmp_path, {})
    rewrite(tmp_path / FILED_FILE, trades=np.full(4, len(trades()), np.uint16))
    refusal_of(tmp_path)
    three_phrases().write(tmp_path, {})
    rewrite(tmp_path / FILED_FILE, starts=np.array([0, 1, 1, 4], np.int32))
    assert "without a trade" in refusal_of(tmp_path)
    three_phrases().write(tmp_path, {})
    rewrite(tmp_path / FILED_FILE, ends=np.array([3, 2, 3], np.int32))
    assert "end at (3, 2, 3)" in refusal_of(tmp_path)
    three_phrases().write(tmp_path, {})
    with np.load(tmp_path / WORDS_FILE) as kept:
        columns = np.full_like(kept["trades"], len(trades()))
    rewrite(tmp_path / WORDS_FILE, trades=columns)
    refusal_of(tmp_path)
    three_phrases().write(tmp_path, {})
    by_distance = faiss.IndexFlatL2(DIMENSION)
    by_distance.add(AXES[:3])
    faiss.write_index(by_distance, str(tmp_path / INDEX_FILE))
    sign(tmp_path)
    assert "inner product" in refusal_of(tmp_path)
    three_phrases().write(tmp_path, {})
    of_other_phrases(tmp_path / INDEX_FILE)
    sign(tmp_path)
    assert "1 phrases and the trades of 3" in refusal_of(tmp_path)
    three_phrases().write(tmp_path, {})
    sign(tmp_path)
    assert len(TradeIndex.read(tmp_path)) == 3


def test_an_index_is_of_the_encoder_whose_trades_it_knows() -> None:
    index = three_phrases()
    nudged = TRADE_ROWS + 0.01 * unit_rows(len(TRADE_ROWS), seed=5)
    nudged /= np.linalg.norm(nudged, axis=1, keepdims=True)
    assert index.is_of(nudged)
    assert not index.is_of(unit_rows(len(TRADE_ROWS), seed=6))
    assert not index.is_of(TRADE_ROWS[:, :8])


def test_the_bundled_index_is_whole_and_names_what_it_is_made_of() -> None:
    index = TradeIndex.read(BUNDLED)
    assert len(index) > 20_000
    assert index.filed.sum(axis=1) == pytest.approx(np.ones((len(index), 1)))
    card = (BUNDLED / "README.md").read_text("utf-8")
    assert "Open Government Licence v3.0" in card


def test_a_phrase_whose_words_are_not_to_be_kept_leaves_none() -> None:
    texts = (TEXTS[0], "", TEXTS[2])
    index = TradeIndex.of(texts, AXES[:3], FILED, TRADE_ROWS, "Flat")
    assert set(index.words.rows) == query_stems(TEXTS[0]) | query_stems(TEXTS[2])
    assert len(index) == 3


# Rare words


def test_rare_words_vote_by_their_share_of_the_query_and_their_rarity(tmp_path: Path) -> None:
    phrases = [("bottes", [1]), ("savons", [2]), ("savons et parfums", [2, 3]), ("colle", [4])]
    made = FiledWords.of(phrases, 5)
    made.write(tmp_path / WORDS_FILE)
    for words in (made, FiledWords.read(tmp_path / WORDS_FILE, 5)):
        votes, said = words.votes(query_stems("des bottes"))
        assert said == pytest.approx(1)
        assert votes.tolist() == pytest.approx([0, 1, 0, 0, 0])
        soap, said = words.votes(query_stems("savons"))
        rarity = math.log(4 / 2) / math.log(4)
        assert said == pytest.approx(rarity, abs=1e-3)
        assert soap.tolist() == pytest.approx([0, 0, rarity * 0.75, rarity * 0.25, 0], abs=1e-3)
        _, half = words.votes(query_stems("des bottes vertes"))
        assert half == pytest.approx(0.5)
        assert words.votes(query_stems("drones"))[1] == 0
        assert words.votes(())[1] == 0


def test_a_word_of_many_phrases_tells_no_trade() -> None:
    words = FiledWords.of([(f"travaux {number}a", [0]) for number in range(40)], 1)
    assert words.votes(query_stems("travaux"))[1] == 0


# Which one


def test_the_settings_name_a_trade_index(tmp_path: Path) -> None:
    assert find_trade_index(Settings(kb=tmp_path)) == BUNDLED
    assert find_trade_index(Settings(kb=tmp_path, trade_index="off")) is None
    assert find_trade_index(Settings(kb=tmp_path, trade_index=str(tmp_path))) == tmp_path


def test_a_trade_index_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="QUISAIT_TRADE_INDEX"):
        find_trade_index(Settings(kb=tmp_path, trade_index=str(tmp_path / "nowhere")))


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

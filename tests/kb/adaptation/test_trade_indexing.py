"""A trade index is made of the tiny nomenclatures in tests/data/nomenclatures."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from kb.adaptation.trade_indexing import (
    SHOPS,
    read_filed_phrases,
    split_of,
    split_of_phrase,
)
from kb.encoder.encoder import TextKind
from kb.reference.trades import LexiconKind, lexicon, trades
from kb.search.trades.background import Background
from kb.trade_index.trade_index import CARD_FILE, TradeIndex, Votes
from tests.encoders import WordCountEncoder
from web.cli import main

DATA = Path("tests/data/nomenclatures")


def test_what_a_set_for_evaluation_asks_is_left_out() -> None:
    texts = {phrase.text for phrase in read_filed_phrases(DATA)}
    assert all(split_of_phrase(text) == "train" for text in texts)
    notes = (DATA / "nace_note_items.tsv").read_text("utf-8").splitlines()[1:]
    held_out = {row.split("\t")[3] for row in notes if split_of(row.split("\t")[1]) != "train"}
    assert held_out
    assert not texts & held_out


def test_the_command_makes_an_index_that_files_a_text_by_its_phrases(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = WordCountEncoder()
    monkeypatch.setattr("kb.encoder.prepared.load_encoder", lambda _: encoder)
    out = tmp_path / "index"
    result = CliRunner().invoke(main, ["index-trades", "--data", str(DATA), "--out", str(out)])
    assert result.exit_code == 0, result.output
    index = TradeIndex.read(out)
    assert result.stdout.endswith(f"{len(index)} phrases are in {out}.\n")
    kinds = Counter(
        phrase.kind
        for phrase in lexicon()
        if phrase.kind is not LexiconKind.MAKES or phrase.code[:2] not in SHOPS
    )
    filed = kinds[LexiconKind.MAKES] + kinds[LexiconKind.MEANS]
    assert [index.count(kind) for kind in Votes] == [
        len(read_filed_phrases(DATA)) + filed,
        kinds[LexiconKind.COULD],
        kinds[LexiconKind.TAKES],
    ]
    card = json.loads((out / CARD_FILE).read_text("utf-8"))
    assert (card["encoder"], card["fingerprint"]) == (encoder.name, encoder.fingerprint)
    assert card["phrases"] == len(index)
    background = Background.of(encoder, index=index)
    assert background.index is index
    (row,) = encoder.encode(["slippers"], TextKind.QUERY)
    filing = background.compared(row).filing
    assert filing is not None
    assert trades()[int(np.argmax(filing))].code == "15.20"

"""A trade index is made of the tiny nomenclatures in tests/data/nomenclatures."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from kb.adaptation.nomenclatures import (
    PHRASE_FILES,
    read_index_phrases,
    read_nace_items,
    split_of,
    split_of_phrase,
)
from kb.adaptation.trade_indexing import SHOPS, make_trade_index, read_filed_phrases
from kb.encoder.encoder import TextKind
from kb.errors import FileError
from kb.reference.lexicon import LexiconKind, lexicon
from kb.reference.trades import trades
from kb.search.trades.background import Background
from kb.text.analysis import query_stems
from kb.trade_index.trade_index import CARD_FILE, TradeIndex, Votes
from tests.encoders import WordCountEncoder
from web.cli import main

DATA = Path("tests/data/nomenclatures")


def test_phrases_of_the_indexes_are_read_each_once_with_their_trades() -> None:
    phrases = read_filed_phrases(DATA)
    texts = [phrase.text for phrase in phrases]
    assert len(texts) == len(set(texts))
    by_text = {phrase.text: phrase.codes for phrase in phrases}
    known = {trade.code for trade in trades()}
    assert all(codes and known.issuperset(codes) for codes in by_text.values())
    assert by_text["Slippers (manufacture)"] == ("15.20",)
    assert by_text["Travail du cuir"] == ("15.12", "15.20")


def test_what_a_set_for_evaluation_asks_is_left_out() -> None:
    texts = {phrase.text for phrase in read_filed_phrases(DATA)}
    assert all(split_of_phrase(text) == "train" for text in texts)
    notes = (DATA / "nace_note_items.tsv").read_text("utf-8").splitlines()[1:]
    held_out = {row.split("\t")[3] for row in notes if split_of(row.split("\t")[1]) != "train"}
    assert held_out
    assert not texts & held_out


def test_no_word_that_only_a_file_without_terms_has_is_in_the_index(tmp_path: Path) -> None:
    phrases = read_filed_phrases(DATA)
    worded = {stem for phrase in phrases if phrase.worded for stem in query_stems(phrase.text)}
    others = {stem for phrase in phrases for stem in query_stems(phrase.text)} - worded
    sources = {
        name: {phrase.text for phrase in read_index_phrases(DATA, [name])} for name in PHRASE_FILES
    }
    allowed = sources["uksic2007_index_en.tsv"] | sources["naics2022_index_en.tsv"]
    allowed |= {item.text for item in read_nace_items(DATA)}
    assert {phrase.text for phrase in phrases if phrase.worded} <= allowed
    assert others
    # Our own phrases are kept with their words.
    index = make_trade_index(DATA, WordCountEncoder(), tmp_path / "out", lambda _: None)
    of_lexicon = {stem for phrase in lexicon() for stem in query_stems(phrase.text)}
    assert set(index.words.rows) <= worded | of_lexicon
    kept = (TradeIndex.read(tmp_path / "out")).words.rows
    assert kept
    assert not (others - of_lexicon) & set(kept)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"uksic2007_index_en\.tsv"):
        make_trade_index(tmp_path, WordCountEncoder(), tmp_path / "out", lambda _: None)


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

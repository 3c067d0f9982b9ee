"""The probe: whether a text is a need, learned once for each encoder."""

from collections import OrderedDict
from pathlib import Path

import pytest

from kb.encoder.encoder import Encoder, TextKind
from kb.search.need.probe import NeedProbe, TrainingText
from kb.search.query import bare_need
from tests.encoders import WordCountEncoder

NEEDS = ["pots de miel", "pots en verre", "savon en verre", "vente de miel", "vente de savon"]
OTHERS = ["histoire du miel", "histoire du verre", "recette au miel", "recette du pain", "météo"]
TEXTS = [
    *(TrainingText(text, "need", True) for text in NEEDS),
    *(TrainingText(text, "other", False) for text in OTHERS),
]


def fitted(texts: list[TrainingText]) -> NeedProbe:
    encoder = WordCountEncoder(dimension=64)
    rows = encoder.encode([text.text for text in texts], TextKind.QUERY)
    return NeedProbe.fitted(texts, rows)


def odds(probe: NeedProbe, text: str, encoder: Encoder) -> float:
    (row,) = encoder.encode([bare_need(text)], TextKind.QUERY)
    return probe.log_odds(text, row)


def test_it_tells_new_texts_apart_by_what_it_has_learned() -> None:
    probe, encoder = fitted(TEXTS), WordCountEncoder(dimension=64)
    assert odds(probe, "pots de savon", encoder) > 0 > odds(probe, "histoire du savon", encoder)


def test_it_is_learned_once_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kb.search.need.probe.training_texts", lambda: tuple(TEXTS))
    monkeypatch.setattr("kb.search.need.probe._fitted", OrderedDict())
    learned = NeedProbe.of(WordCountEncoder("kept-1", 64), tmp_path)
    (path,) = (tmp_path / "probes").iterdir()
    monkeypatch.setattr("kb.search.need.probe._fitted", OrderedDict())
    monkeypatch.setattr("kb.search.need.probe.NeedProbe.fitted", None)
    read = NeedProbe.of(WordCountEncoder("kept-1", 64), tmp_path)
    encoder = WordCountEncoder(dimension=64)
    assert odds(read, "pots de savon", encoder) == odds(learned, "pots de savon", encoder)
    assert path.is_file()

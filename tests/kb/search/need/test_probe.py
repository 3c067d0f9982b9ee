"""The probe: whether a text is a need, learned once for each encoder."""

from collections import OrderedDict
from pathlib import Path

import pytest

from kb.encoder.encoder import Encoder, TextKind
from kb.search.need.probe import _PENALTY, _WORD_SCALE, NeedProbe, probability, terms_of
from kb.search.need.training_texts import TrainingText, training_texts
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


def test_the_fitted_odds_are_those_of_least_loss() -> None:
    """At the minimum, each term's slope is what the errors of its texts leave to the penalty."""
    probe = fitted(TEXTS)
    rows = WordCountEncoder(dimension=64).encode([text.text for text in TEXTS], TextKind.QUERY)
    errors = [
        0.1 * (probability(probe.log_odds(text.text, row)) - text.is_need)
        for text, row in zip(TEXTS, rows, strict=True)
    ]
    assert sum(errors) == pytest.approx(0, abs=1e-4)
    for term, value in probe.terms.items():
        of_term = sum(
            error for text, error in zip(TEXTS, errors, strict=True) if term in terms_of(text.text)
        )
        slope = value / _WORD_SCALE
        assert _WORD_SCALE * of_term + _PENALTY * slope == pytest.approx(0, abs=1e-4)


def test_needs_and_others_weigh_the_same_however_many_they_are() -> None:
    once, often = fitted(TEXTS * 3), fitted([*TEXTS, *TEXTS[: len(NEEDS)]] * 3)
    (row,) = WordCountEncoder(dimension=64).encode(["vente de pots"], TextKind.QUERY)
    assert often.log_odds("vente", row) == pytest.approx(once.log_odds("vente", row), abs=0.01)


def test_terms_are_words_pairs_and_the_beginning() -> None:
    assert terms_of("Qui a inventé l'été ?") >= {"qui a", "^qui", "^qui a", "invente", "?"}
    assert terms_of("…") == set()


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


@pytest.mark.parametrize("damage", ["", "{}", '{"slopes": [1'])
def test_a_damaged_file_is_learned_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    monkeypatch.setattr("kb.search.need.probe.training_texts", lambda: tuple(TEXTS))
    monkeypatch.setattr("kb.search.need.probe._fitted", OrderedDict())
    encoder = WordCountEncoder("kept-2", 64)
    learned = NeedProbe.of(encoder, tmp_path)
    (path,) = (tmp_path / "probes").iterdir()
    path.write_text(damage)
    monkeypatch.setattr("kb.search.need.probe._fitted", OrderedDict())
    again = NeedProbe.of(encoder, tmp_path)
    assert odds(again, "pots", encoder) == pytest.approx(odds(learned, "pots", encoder))


def test_each_encoder_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kb.search.need.probe.training_texts", lambda: tuple(TEXTS))
    monkeypatch.setattr("kb.search.need.probe._fitted", OrderedDict())
    one = NeedProbe.of(WordCountEncoder("a", 64))
    other = NeedProbe.of(WordCountEncoder("b", 32))
    assert one.slopes.shape == (64,)
    assert other.slopes.shape == (32,)
    assert NeedProbe.of(WordCountEncoder("a", 64)) is one


def test_the_training_texts_are_many_and_each_is_there_once() -> None:
    texts = training_texts()
    needs = [text for text in texts if text.is_need]
    others = [text for text in texts if not text.is_need]
    assert len({text.text.lower() for text in texts}) == len(texts)
    assert len(needs) > 2000
    assert len(others) > 1500
    assert len({text.kind for text in others}) > 25
    assert not any("{}" in text.text for text in texts)

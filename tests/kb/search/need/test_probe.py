"""The probe: whether a text is a need, learned once for each encoder."""

from collections import OrderedDict
from pathlib import Path

import pytest

from kb.encoder.encoder import Encoder, TextKind
from kb.search.fits import fit_of
from kb.search.need.probe import NeedProbe, doubt, probability, terms_of
from kb.search.need.training_texts import TrainingText, training_texts
from kb.search.query import bare_need
from kb.search.results import Fit
from kb.search.trades.null_distribution import NullDistribution
from kb.search.weights import DEFAULT_WEIGHTS, NeedWeights
from tests.encoders import WordCountEncoder

WEIGHTS = NeedWeights(least_texts=2)

NEEDS = ["pots de miel", "pots en verre", "savon en verre", "vente de miel", "vente de savon"]
OTHERS = ["histoire du miel", "histoire du verre", "recette au miel", "recette du pain", "météo"]
TEXTS = [
    *(TrainingText(text, "need", True) for text in NEEDS),
    *(TrainingText(text, "other", False) for text in OTHERS),
]


def fitted(texts: list[TrainingText], weights: NeedWeights = WEIGHTS) -> NeedProbe:
    encoder = WordCountEncoder(dimension=64)
    rows = encoder.encode([text.text for text in texts], TextKind.QUERY)
    return NeedProbe.fitted(texts, rows, weights)


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
        slope = value / WEIGHTS.word_scale
        assert WEIGHTS.word_scale * of_term + WEIGHTS.penalty * slope == pytest.approx(0, abs=1e-4)


def test_needs_and_others_weigh_the_same_however_many_they_are() -> None:
    weights = NeedWeights(least_texts=1)
    once, often = fitted(TEXTS, weights), fitted([*TEXTS, *TEXTS[: len(NEEDS)]], weights)
    (row,) = WordCountEncoder(dimension=64).encode(["vente de pots"], TextKind.QUERY)
    assert often.log_odds("vente", row) == pytest.approx(once.log_odds("vente", row), abs=0.01)


def test_terms_are_words_pairs_and_the_beginning() -> None:
    assert terms_of("Qui a inventé l'été ?") >= {"qui a", "^qui", "^qui a", "invente", "?"}
    assert terms_of("…") == set()


def test_a_fit_requires_more_only_below_the_bound() -> None:
    weights = NeedWeights(bound=-1, slope=2)
    assert doubt(-0.5, weights) == doubt(7, weights) == 0
    assert doubt(-2.5, weights) == 3


def test_it_is_learned_once_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kb.search.need.probe.training_texts", lambda: tuple(TEXTS))
    monkeypatch.setattr("kb.search.need.probe._fitted", OrderedDict())
    learned = NeedProbe.of(WordCountEncoder("kept-1", 64), WEIGHTS, tmp_path)
    (path,) = (tmp_path / "probes").iterdir()
    monkeypatch.setattr("kb.search.need.probe._fitted", OrderedDict())
    monkeypatch.setattr("kb.search.need.probe.NeedProbe.fitted", None)
    read = NeedProbe.of(WordCountEncoder("kept-1", 64), WEIGHTS, tmp_path)
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
    learned = NeedProbe.of(encoder, WEIGHTS, tmp_path)
    (path,) = (tmp_path / "probes").iterdir()
    path.write_text(damage)
    monkeypatch.setattr("kb.search.need.probe._fitted", OrderedDict())
    again = NeedProbe.of(encoder, WEIGHTS, tmp_path)
    assert odds(again, "pots", encoder) == pytest.approx(odds(learned, "pots", encoder))


def test_each_encoder_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kb.search.need.probe.training_texts", lambda: tuple(TEXTS))
    monkeypatch.setattr("kb.search.need.probe._fitted", OrderedDict())
    one = NeedProbe.of(WordCountEncoder("a", 64), WEIGHTS)
    other = NeedProbe.of(WordCountEncoder("b", 32), WEIGHTS)
    assert one.slopes.shape == (64,)
    assert other.slopes.shape == (32,)
    assert NeedProbe.of(WordCountEncoder("a", 64), WEIGHTS) is one


def test_the_training_texts_are_many_and_each_is_there_once() -> None:
    texts = training_texts()
    needs = [text for text in texts if text.is_need]
    others = [text for text in texts if not text.is_need]
    assert len({text.text.lower() for text in texts}) == len(texts)
    assert len(needs) > 2000
    assert len(others) > 1500
    assert len({text.kind for text in others}) > 25
    assert not any("{}" in text.text for text in texts)


@pytest.mark.parametrize(
    ("need_odds", "in_doubt", "fit"),
    [(2.0, 0.0, Fit.STRONG), (-1.0, 0.0, Fit.POSSIBLE), (-2.0, 1.5, Fit.WEAK)],
)
def test_however_high_a_score_no_need_has_no_strong_fit(
    need_odds: float, in_doubt: float, fit: Fit
) -> None:
    null = NullDistribution({"fr": 0.0}, {"fr": 1.0}, 5.0, need_odds, in_doubt)
    assert fit_of(50.0, null, DEFAULT_WEIGHTS.fits) is fit

"""Learning a delta, and the encoder with and without one."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from kb.adaptation.learning import Recipe, learn
from kb.encoder import bundled_weights
from kb.encoder.delta import BUNDLED
from kb.encoder.encoder import Encoder, TextKind
from kb.encoder.prepared import find_delta, load_encoder
from kb.errors import EncoderError
from kb.settings import Settings
from web.cli import main

HUB_NAME = "intfloat/multilingual-e5-small"


def settings(**given: object) -> Settings:
    return Settings.from_environment(**given)


def test_the_bundled_delta_is_for_the_bundled_model_alone(tmp_path: Path) -> None:
    assert find_delta(settings()) == BUNDLED
    assert find_delta(settings(model=HUB_NAME)) == BUNDLED
    assert find_delta(settings(model="intfloat/multilingual-e5-base")) is None
    assert find_delta(settings(model=str(tmp_path))) is None
    assert find_delta(settings(adaptation="off")) is None
    assert find_delta(settings(model=str(tmp_path), adaptation=str(tmp_path))) == tmp_path


def test_a_setting_that_names_nothing_is_reported_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match="QUISAIT_ADAPTATION='on' is neither") as caught:
        find_delta(settings(adaptation="on"))
    assert "\n" not in str(caught.value)


def write_collection(folder: Path) -> Path:
    (folder / "qrels").mkdir(parents=True)
    (folder / "qrels" / "tune.tsv").write_text("q\tc\tg\n1\tA\t2\n2\tB\t1\n")
    (folder / "corpus.jsonl").write_text('{"_id": "A", "text": "a"}\n{"_id": "B", "text": "b"}\n')
    lines = [
        '{"_id": "1", "text": "un", "metadata": {"lang": "fr"}}',
        '{"_id": "2", "text": "two", "metadata": {"lang": "en"}}',
        '{"_id": "3", "text": "not of this split"}',
    ]
    (folder / "queries.jsonl").write_text("\n".join(lines))
    return folder


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["adapt", *map(str, arguments)])


def test_a_folder_that_cannot_be_measured_on_is_reported_in_a_line(tmp_path: Path) -> None:
    folder = write_collection(tmp_path / "set")
    (folder / "corpus.jsonl").write_text('{"_id": "A"}\n')
    result = run("--tune", folder, "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"quisait: {folder / 'corpus.jsonl'}:1: not a text")
    assert result.stderr.count("\n") == 1
    assert run("--tune", tmp_path / "nowhere").exit_code == 2
    assert run("--steps", 0).exit_code == 2


def test_without_peft_the_command_names_the_package_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    result = run()
    assert result.exit_code == 1
    assert (
        result.stderr == "quisait: Learning needs the package peft: pip install 'quisait[adapt]'.\n"
    )


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory, real_encoder: Encoder) -> Path:
    """Where a delta was learnt, in two steps."""
    assert real_encoder.name
    folder = tmp_path_factory.mktemp("learnt")
    recipe = Recipe(steps=2, batch=8, checkpoint_every=1, averaged=2)
    tune = [write_collection(folder / "set")]
    learn(folder / "one", recipe, 3, tune)
    return folder


@pytest.mark.slow
def test_a_delta_makes_another_encoder(learnt: Path, tmp_path: Path, real_encoder: Encoder) -> None:
    """And one without it is the model as it came."""
    model = settings().cache / "models" / bundled_weights.revision()
    given = {"model": str(model), "engine": "torch", "cache": tmp_path}
    plain = load_encoder(settings(adaptation="off", **given))
    assert load_encoder(settings(**given)).fingerprint == plain.fingerprint
    adapted = load_encoder(settings(adaptation=str(learnt / "one"), **given))
    assert len({plain.fingerprint, adapted.fingerprint, real_encoder.fingerprint}) == 3
    text = ["tonnellerie, fûts de chêne"]
    before, after = (encoder.encode(text, TextKind.DOCUMENT) for encoder in (plain, adapted))
    assert np.abs(before - after).max() > 1e-5
    assert np.sum(before * after) > 0.999  # two steps are small ones

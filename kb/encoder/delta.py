"""A delta: a change that is added to the weights of a model, W + scale · B·A, as peft keeps it.

A folder holds `adapter_model.safetensors` (float16) and `adapter_config.json`, which peft opens;
`README.md`, its card, is for people. `scale` is the configuration's `lora_alpha / r`.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kb.errors import EncoderError

WEIGHTS_FILE = "adapter_model.safetensors"
CONFIG_FILE = "adapter_config.json"

BUNDLED = Path(__file__).parent / "bundled"
"""The folder of the delta that comes with the program, for multilingual-e5-small."""

TARGETS = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)
"""The linear layers of BERT's blocks, by the ends of their names."""

_PREFIX = "base_model.model."

Array = NDArray[np.float32]


class DeltaMismatch(EncoderError):
    """A delta is not for this model."""


@dataclass(frozen=True, slots=True)
class Delta:
    """Low-rank changes by layer: `factors[name]` is (A, B), `(rank, in)` and `(out, rank)`.

    `base_model` is the hub's id of the model that they are for.
    """

    base_model: str
    scale: float
    factors: Mapping[str, tuple[Array, Array]]

    @property
    def rank(self) -> int:
        return max(int(a.shape[0]) for a, _ in self.factors.values())

    def change(self, name: str) -> Array:
        """ΔW of a layer: `(out, in)`."""
        a, b = self.factors[name]
        return np.asarray(self.scale * (b @ a), np.float32)

    @classmethod
    def of_peft_model(cls, peft_model: Any, base_model: str) -> "Delta":
        """The delta that a peft model has learnt so far."""
        config = peft_model.peft_config["default"]
        factors = {}
        for name, module in peft_model.base_model.model.named_modules():
            if hasattr(module, "lora_A"):
                a, b = module.lora_A["default"].weight, module.lora_B["default"].weight
                factors[name] = (
                    a.detach().float().numpy().copy(),
                    b.detach().float().numpy().copy(),
                )
        return cls(base_model, config.lora_alpha / config.r, factors)


def combine(deltas: Sequence[Delta], strength: float = 1.0) -> Delta:
    """The mean of the changes, times `strength`, as near as their rank allows.

    The mean of the products ΔW = B·A, not of their factors, which may turn against each other;
    truncated to the rank by a singular value decomposition, the nearest there is (Eckart and
    Young, 1936). QR of the joined factors keeps it small.
    """
    rank = max(delta.rank for delta in deltas)
    factors = {}
    for name in deltas[0].factors:
        share = strength / len(deltas)
        left = np.hstack([share * delta.scale * delta.factors[name][1] for delta in deltas])
        right = np.vstack([delta.factors[name][0] for delta in deltas])
        q_left, r_left = np.linalg.qr(left)
        q_right, r_right = np.linalg.qr(right.T)
        u, values, v = np.linalg.svd(r_left @ r_right.T)
        root = np.sqrt(values[:rank])
        b = (q_left @ u[:, :rank]) * root
        a = root[:, None] * (v[:rank] @ q_right.T)
        factors[name] = (np.asarray(a, np.float32), np.asarray(b, np.float32))
    return Delta(deltas[0].base_model, 1.0, factors)


def write_delta(delta: Delta, folder: Path) -> None:
    """Writes `delta` as float16, in peft's format."""
    from safetensors.numpy import save

    folder.mkdir(parents=True, exist_ok=True)
    tensors = {}
    for name, (a, b) in sorted(delta.factors.items()):
        tensors[f"{_PREFIX}{name}.lora_A.weight"] = np.ascontiguousarray(a, np.float16)
        tensors[f"{_PREFIX}{name}.lora_B.weight"] = np.ascontiguousarray(b, np.float16)
    # Not `save_file`, which lets no other user of the machine read what it wrote.
    (folder / WEIGHTS_FILE).write_bytes(save(tensors, {"format": "pt"}))
    config = {
        "peft_type": "LORA",
        "base_model_name_or_path": delta.base_model,
        "task_type": "FEATURE_EXTRACTION",
        "inference_mode": True,
        "r": delta.rank,
        "lora_alpha": delta.rank * delta.scale,
        "lora_dropout": 0.0,
        "bias": "none",
        "fan_in_fan_out": False,
        "target_modules": list(TARGETS),
    }
    (folder / CONFIG_FILE).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def read_delta(folder: Path) -> Delta:
    """The delta in `folder`.

    Raises:
        EncoderError: the folder holds none, or a kind that is not read here.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    config = _read_config(folder)
    try:
        tensors = load_file(folder / WEIGHTS_FILE)
    except FileNotFoundError:
        raise EncoderError(f"{folder} holds no delta: it has no {WEIGHTS_FILE}.") from None
    except (OSError, ValueError, SafetensorError) as error:
        reason = " ".join(str(error).split())[:200]
        raise EncoderError(f"The delta in {folder} cannot be read: {reason}.") from None
    unread = _what_is_not_read(config, tensors)
    if unread:
        raise EncoderError(
            f"The delta in {folder} cannot be used: {unread}; what is read is plain LoRA of "
            "linear layers, as peft keeps it."
        )
    factors = {}
    for key in tensors:
        if key.endswith(".lora_A.weight"):
            name = key.removeprefix(_PREFIX).removesuffix(".lora_A.weight")
            pair = (tensors[key], tensors[key.replace(".lora_A.", ".lora_B.")])
            factors[name] = (pair[0].astype(np.float32), pair[1].astype(np.float32))
    scale = float(config["lora_alpha"]) / float(config["r"])
    return Delta(str(config.get("base_model_name_or_path") or ""), scale, factors)


def _what_is_not_read(config: Mapping[str, Any], tensors: Mapping[str, Array]) -> str:
    """Why these are not a delta of the kind that is read here, or nothing."""
    if config.get("peft_type") != "LORA" or not tensors:
        return "it is not LoRA, or empty"
    if not all(isinstance(config.get(key), int | float) for key in ("lora_alpha", "r")):
        return f"{CONFIG_FILE} gives no lora_alpha or no r"
    others = ("use_dora", "use_rslora", "rank_pattern", "alpha_pattern", "modules_to_save")
    set_ones = [key for key in others if config.get(key)]
    if set_ones:
        return f"it has {set_ones[0]}"
    halves: dict[str, dict[str, tuple[int, ...]]] = defaultdict(dict)
    for key, tensor in tensors.items():
        name, _, half = key.removesuffix(".weight").rpartition(".")
        halves[name][half] = tensor.shape
    for name, shapes in halves.items():
        a, b = shapes.get("lora_A", ()), shapes.get("lora_B", ())
        if len(shapes) != 2 or len(a) != 2 or len(b) != 2 or a[0] != b[1]:
            return f"{name} is no pair of A and B"
    return ""


def base_model(folder: Path) -> str:
    """The hub's id of the model that the delta in `folder` is for, or nothing.

    Raises:
        EncoderError: the folder holds no delta, or its configuration cannot be read.
    """
    return str(_read_config(folder).get("base_model_name_or_path") or "")


def _read_config(folder: Path) -> dict[str, Any]:
    try:
        config = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise EncoderError(f"{folder} holds no delta: it has no {CONFIG_FILE}.") from None
    except (OSError, ValueError) as error:
        raise EncoderError(f"{folder / CONFIG_FILE} cannot be read: {error}.") from None
    if not isinstance(config, dict):
        raise EncoderError(f"{folder / CONFIG_FILE} is not a configuration of peft.")
    return config


def fingerprint(folder: Path) -> str:
    """The hash of a delta's weights and configuration, which names what it adds.

    Raises:
        EncoderError: the folder holds none.
    """
    digest = hashlib.sha256()
    for name in (CONFIG_FILE, WEIGHTS_FILE):
        try:
            with (folder / name).open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        except OSError:
            raise EncoderError(f"{folder} holds no delta: it has no {name}.") from None
    return digest.hexdigest()[:16]


def merge(delta: Delta, model: Any) -> None:
    """Adds `delta` to the weights of a `SentenceTransformer`.

    Raises:
        DeltaMismatch: the model lacks a layer of the delta, or has it in another shape; the
            model is unchanged then.
    """
    import torch

    transformer = getattr(model[0], "auto_model", None)
    layers = dict(transformer.named_modules()) if transformer is not None else {}
    for name, (a, b) in delta.factors.items():
        weight = getattr(layers.get(name), "weight", None)
        shape = (b.shape[0], a.shape[1])
        if weight is None:
            raise DeltaMismatch(f"it has no layer {name}.")
        if tuple(weight.shape) != shape:
            raise DeltaMismatch(f"{name} is {tuple(weight.shape)}, the delta's {shape}.")
    with torch.no_grad():
        for name in delta.factors:
            weight = layers[name].weight
            weight += torch.from_numpy(delta.change(name)).to(weight.dtype)

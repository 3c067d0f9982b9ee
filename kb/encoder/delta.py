"""A delta: W + scale · B·A is added to the weights of a model; peft opens its folder."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kb.errors import EncoderError

WEIGHTS_FILE = "adapter_model.safetensors"
CONFIG_FILE = "adapter_config.json"
BUNDLED = Path(__file__).parent / "bundled"  # for multilingual-e5-small

# The linear layers of BERT's blocks, by the ends of their names.
TARGETS = (
    *(f"attention.{name}" for name in ("self.query", "self.key", "self.value", "output.dense")),
    *("intermediate.dense", "output.dense"),
)

_PREFIX = "base_model.model."
_OTHER_KINDS = ("use_dora", "use_rslora", "rank_pattern", "alpha_pattern", "modules_to_save")
Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Delta:
    """Low-rank changes to `base_model`: `factors[name]` is (A, B), `(rank, in)`, `(out, rank)`."""

    base_model: str
    scale: float
    factors: Mapping[str, tuple[Array, Array]]

    @property
    def rank(self) -> int:
        return max(int(a.shape[0]) for a, _ in self.factors.values())

    @classmethod
    def of_peft_model(cls, peft_model: Any, base_model: str) -> "Delta":
        config = peft_model.peft_config["default"]
        factors = {
            name: (_values(module.lora_A["default"]), _values(module.lora_B["default"]))
            for name, module in peft_model.base_model.model.named_modules()
            if hasattr(module, "lora_A")
        }
        return cls(base_model, config.lora_alpha / config.r, factors)


def _values(layer: Any) -> Array:
    return np.array(layer.weight.detach().float().numpy())


def combine(deltas: Sequence[Delta]) -> Delta:
    """The mean of the changes ΔW = B·A, as near as their rank allows (Eckart and Young, 1936)."""
    rank = max(delta.rank for delta in deltas)
    factors = {}
    for name in deltas[0].factors:
        left = np.hstack([d.scale / len(deltas) * d.factors[name][1] for d in deltas])
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
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    factors = {}
    try:
        config = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
        tensors = load_file(folder / WEIGHTS_FILE)
        if config["peft_type"] != "LORA" or any(map(config.get, _OTHER_KINDS)):
            raise ValueError("it is no plain LoRA of linear layers")  # noqa: TRY301 (told as all below)
        scale = float(config["lora_alpha"]) / float(config["r"])
        for name in sorted({key.rpartition(".lora_")[0] for key in tensors}):
            a, b = (tensors[f"{name}.lora_{one}.weight"].astype(np.float32) for one in "AB")
            factors[name.removeprefix(_PREFIX)] = (a, b)
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        reason = " ".join(str(error).split())[:200]
        raise EncoderError(f"The delta in {folder} cannot be read: {reason}.") from None
    return Delta(str(config.get("base_model_name_or_path") or ""), scale, factors)


def fingerprint(folder: Path) -> str:
    """The hash of a delta's weights and configuration, which names what it adds."""
    digest = hashlib.sha256()
    for name in (CONFIG_FILE, WEIGHTS_FILE):
        try:
            with (folder / name).open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        except OSError:
            raise EncoderError(f"{folder} holds no delta: it has no {name}.") from None
    return digest.hexdigest()[:16]


def merge(delta: Delta, model: Any) -> None:
    """Adds `delta` to the weights of a `SentenceTransformer`."""
    import torch

    transformer = getattr(model[0], "auto_model", None)
    layers = dict(transformer.named_modules()) if transformer is not None else {}
    weights: dict[str, Any] = {
        name: getattr(layers.get(name), "weight", None) for name in delta.factors
    }
    for name, (a, b) in delta.factors.items():
        shape = tuple(getattr(weights[name], "shape", ()))
        if shape != (b.shape[0], a.shape[1]):
            raise EncoderError(
                f"The delta does not fit the model: {name} is {shape or 'missing'}, "
                f"the delta's {(b.shape[0], a.shape[1])}."
            )
    with torch.no_grad():
        for name, (a, b) in delta.factors.items():
            change = torch.from_numpy(np.asarray(delta.scale * (b @ a), np.float32))
            weights[name] += change.to(weights[name].dtype)

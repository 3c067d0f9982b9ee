"""Prepared models: what an encoder runs, made once from a sentence-transformers model.

A model is named by the setting `model`: `bundled`, a folder, or a hub's id. Preparing it finds
or fetches its folder, takes its fingerprint and, unless the setting `engine` says otherwise,
compiles it (`kb.encoder.preparing`): sentence-transformers loads it, its modules are traced as they
are, and the graph is kept beside the tokenizer. The delta that the setting `adaptation` names is
added to the weights first, so that a search pays nothing for it. A compiled graph is used only if
it gives the embeddings that sentence-transformers gives.

Prepared models live in the cache folder and can be deleted at any time. They are found again by the
names, sizes and times of the model's files, so that no weights are read at a start.
"""

import hashlib
import importlib.metadata
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import asdict
from pathlib import Path

from kb.encoder import bundled_weights, delta, preparing
from kb.encoder.encoder import Encoder
from kb.encoder.openvino_engine import import_openvino
from kb.encoder.preparing import (
    CARD_FILE,
    GRAPH_FILE,
    PREPARATION,
    Card,
    Preparation,
    compiled_encoder,
)
from kb.errors import EncoderError
from kb.settings import BUNDLED_ADAPTATION, BUNDLED_MODEL, NO_ADAPTATION, Settings
from kb.whole_file import locked, scratch_folder

logger = logging.getLogger(__name__)

HUB_NAME_OF_BUNDLED = "intfloat/multilingual-e5-small"


def load_encoder(settings: Settings, *, layers: int = 0) -> Encoder:
    """The encoder that the settings name; its model is prepared first if the cache lacks it.

    With `layers`, a BERT is cut after so many of its layers: the vectors of its words tell more of
    their grammar, and its embeddings of texts less.

    Raises:
        EncoderError: the model cannot be found, prepared or run, or the engine `openvino` was
            asked for and cannot run it.
    """
    name, model_folder = find_model(settings)
    delta_folder = find_delta(settings)
    prepared = prepare(settings, layers=layers)
    card = Card(**json.loads((prepared / CARD_FILE).read_text(encoding="utf-8")))
    adapted = delta.fingerprint(delta_folder) if delta_folder else ""
    if (prepared / GRAPH_FILE).exists():
        compiled = compiled_encoder(name, prepared, card, settings.threads)
        compiled.adaptation = adapted
        return compiled

    from kb.encoder.torch_engine import SentenceTransformerEncoder

    encoder = SentenceTransformerEncoder(
        model_folder,
        delta_folder,
        layers,
        name=name,
        fingerprint=card.fingerprint,
        dimension=card.dimension,
        prompts=card.prompts,
        remark=card.remark,
    )
    encoder.adaptation = adapted
    return encoder


def prepare(settings: Settings, *, layers: int = 0) -> Path:
    """The folder of the prepared model in the cache, made first if it is not there.

    One model at a time is prepared in a cache: each takes some 2 GB meanwhile, in a process of its
    own. That holds the lock, too: if this process is killed, the next waits for it.

    Raises:
        EncoderError: as `load_encoder`.
    """
    name, model_folder = find_model(settings)
    delta_folder = find_delta(settings)
    folder = settings.cache / "prepared" / _key(model_folder, delta_folder, settings, layers)

    def run(pending: Path, lock: int) -> None:
        asked = Preparation(
            folder=str(pending),
            name=name,
            model=str(model_folder),
            delta=str(delta_folder or ""),
            engine=settings.engine,
            layers=layers,
        )
        logger.info("Preparing the model %s (once)", name)
        _run_apart(preparing.PREPARE, json.dumps(asdict(asked)), lock)

    if not (folder / CARD_FILE).exists():
        _make_once(folder, run)
    return folder


def _run_apart(use: str, of: str, lock: int) -> None:
    """Unpacks or prepares a model in a process of its own, which holds a lock as well."""
    program = [sys.executable, "-P", "-m", preparing.__name__, use, of]
    done = subprocess.run(program, stderr=subprocess.PIPE, text=True, check=False, pass_fds=[lock])
    if done.returncode < 0:
        minutes = preparing.MOST_S // 60
        raise EncoderError(
            f"Preparing the model was ended by signal {-done.returncode}: it needs 2.5 GB of "
            f"memory, and at most {minutes} minutes."
        )
    if done.returncode:
        *_, line = ["The model was not prepared.", *done.stderr.strip().splitlines()]
        raise EncoderError(line)


def load_ahead(settings: Settings) -> Callable[[], Encoder]:
    """Begins to load a prepared graph in a thread; returns what waits for the encoder.

    Compiling needs no lock of Python's: the caller may import what else it needs. What is not
    prepared, or runs on torch, is loaded when it is waited for.

    Raises:
        EncoderError: there is no such delta.
    """
    if not (_is_at_hand(settings) and _has_graph(settings)):
        return lambda: load_encoder(settings)
    import_openvino()  # here: two threads should not import NumPy's packages at a time
    loading: Future[Encoder] = Future()

    def load() -> None:
        try:
            loading.set_result(load_encoder(settings))
        except BaseException as error:  # noqa: BLE001 (whoever waits gets it)
            loading.set_exception(error)

    threading.Thread(target=load).start()
    return loading.result


def _is_at_hand(settings: Settings) -> bool:
    """Whether the model's folder is here, without a look at a hub or unpacking it."""
    if settings.model == BUNDLED_MODEL:
        return bundled_weights.is_available() and _bundled_folder(settings).exists()
    return Path(settings.model).expanduser().is_dir()


def _has_graph(settings: Settings) -> bool:
    key = _key(find_model(settings)[1], find_delta(settings), settings, layers=0)
    return (settings.cache / "prepared" / key / GRAPH_FILE).exists()


def _bundled_folder(settings: Settings) -> Path:
    return settings.cache / "models" / bundled_weights.revision()


def find_model(settings: Settings) -> tuple[str, Path]:
    """The name and the sentence-transformers folder of the model that the settings name.

    Raises:
        EncoderError: there is no such model, or it cannot be fetched.
    """
    if settings.model == BUNDLED_MODEL and bundled_weights.is_available():
        folder = _bundled_folder(settings)
        if not folder.exists():
            logger.info("Unpacking the bundled model to %s", folder)
            _make_once(
                folder, lambda pending, lock: _run_apart(preparing.UNPACK, str(pending), lock)
            )
        return bundled_weights.MODEL_NAME, folder
    if settings.model == BUNDLED_MODEL:
        return HUB_NAME_OF_BUNDLED, _fetch(HUB_NAME_OF_BUNDLED)
    folder = Path(settings.model).expanduser()
    if folder.is_dir():
        return folder.name, folder
    return settings.model, _fetch(settings.model)


def find_delta(settings: Settings) -> Path | None:
    """The folder of the delta that the settings ask to add to the model, if any.

    The bundled delta is for the bundled model: any other model runs without it.

    Raises:
        EncoderError: there is no such folder.
    """
    if settings.adaptation == NO_ADAPTATION:
        return None
    if settings.adaptation == BUNDLED_ADAPTATION:
        model = HUB_NAME_OF_BUNDLED if settings.model == BUNDLED_MODEL else settings.model
        return delta.BUNDLED if delta.base_model(delta.BUNDLED) == model else None
    folder = Path(settings.adaptation).expanduser()
    if not folder.is_dir():
        raise EncoderError(
            f"QUISAIT_ADAPTATION={settings.adaptation!r} is neither `{BUNDLED_ADAPTATION}`, "
            f"`{NO_ADAPTATION}` nor a folder."
        )
    return folder


def _fetch(hub_id: str) -> Path:
    """The folder of a hub's model, fetched the first time."""
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
        reason = " ".join(str(error).split())[:200]
        raise EncoderError(f"The model {hub_id} cannot be fetched: {reason}") from None


def _key(model_folder: Path, delta_folder: Path | None, settings: Settings, layers: int) -> str:
    files = sorted(path for path in model_folder.rglob("*") if path.is_file())
    parts = [f"{path} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in files]
    parts += [settings.engine, str(PREPARATION), *([f"{layers} layers"] if layers else [])]
    parts += [delta.fingerprint(delta_folder) if delta_folder else NO_ADAPTATION]
    parts += [f"{n} {importlib.metadata.version(n)}" for n in ("openvino", "tokenizers")]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _make_once(target: Path, make: Callable[[Path, int], None]) -> None:
    """Lets `make` fill a folder, then moves it to `target`; others wait for it meanwhile."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with (
            locked(target.parent / ".lock") as lock,
            scratch_folder(target.parent) as making,
        ):
            if not target.exists():
                make(making, lock)
                making.rename(target)
    except OSError as error:
        raise EncoderError(
            f"The model cannot be kept in {target.parent}: {error.strerror}. "
            "Name another folder in QUISAIT_CACHE."
        ) from None

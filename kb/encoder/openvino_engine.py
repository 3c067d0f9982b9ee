"""Running a sentence-transformers model with OpenVINO, without importing torch.

The graph is traced from sentence-transformers' own modules, pooling and all. On a processor
with bfloat16 it answers a short query some three times faster than torch, and it starts in a
second where importing torch and sentence-transformers alone takes four (docs/benchmarks.md).
"""

import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import numpy as np

from kb.encoder.encoder import Embeddings, TextKind, WordEmbeddings

BATCH_SIZE = 16

EMBEDDING_OUTPUT, TOKENS_OUTPUT = 0, 1
"""The outputs of a graph: embeddings, and the vectors of the tokens before they are pooled."""


class OpenVinoEncoder:
    """An encoder over a compiled graph; in bfloat16 where the processor has it."""

    engine = "openvino"
    adaptation = ""
    """The fingerprint of the delta that is in its weights, or nothing."""

    def __init__(
        self,
        graph: Path,
        tokenizer: Path,
        *,
        name: str,
        fingerprint: str,
        dimension: int,
        max_tokens: int,
        prompts: Mapping[str, str],
        threads: int = 0,
    ) -> None:
        """Loads `graph` (OpenVINO IR) and `tokenizer` (`tokenizer.json`).

        `threads` 0 means all. Texts are cut after `max_tokens` tokens.
        """
        from tokenizers import Tokenizer

        self.name = name
        self.fingerprint = fingerprint
        self.dimension = dimension
        self._prompts = prompts
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.enable_truncation(max_tokens)
        self._tokenizer.no_padding()
        hints: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY"}
        if threads:
            hints["INFERENCE_NUM_THREADS"] = threads
        self._graph = import_openvino().Core().compile_model(str(graph), "CPU", hints)
        self._of_this_thread = threading.local()

    def encode(self, texts: Sequence[str], kind: TextKind) -> Embeddings:
        embeddings = np.empty((len(texts), self.dimension), np.float32)
        prompt = self._prompts[kind]
        encodings = self._tokenizer.encode_batch([prompt + text for text in texts])
        token_ids = [encoding.ids for encoding in encodings]
        # Neighbours in length share a batch, so that little of it is padding.
        by_length = sorted(range(len(texts)), key=lambda row: len(token_ids[row]))
        for first in range(0, len(texts), BATCH_SIZE):
            rows = by_length[first : first + BATCH_SIZE]
            embeddings[rows] = self._infer([token_ids[row] for row in rows])
        norms = np.linalg.norm(embeddings, axis=1, keepdims=True)
        return np.asarray(embeddings / np.maximum(norms, np.finfo(np.float32).tiny))

    def encode_words(self, text: str, kind: TextKind) -> WordEmbeddings | None:
        if len(self._graph.outputs) <= TOKENS_OUTPUT:
            return None
        prompt = self._prompts[kind]
        encoding = self._tokenizer.encode(prompt + text)
        outputs = self._run([encoding.ids])
        tokens = np.array(outputs[TOKENS_OUTPUT][0], np.float32)
        pooled = np.array(outputs[EMBEDDING_OUTPUT][0], np.float32)
        return WordEmbeddings.of_pooled(tokens, encoding.offsets, text, prompt, pooled)

    def _infer(self, batch: Sequence[Sequence[int]]) -> Embeddings:
        return np.array(self._run(batch)[EMBEDDING_OUTPUT], np.float32)

    def _run(self, batch: Sequence[Sequence[int]]) -> Any:
        longest = max(map(len, batch))
        ids = np.zeros((len(batch), longest), np.int64)
        mask = np.zeros_like(ids)
        for row, tokens in enumerate(batch):
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        if not hasattr(self._of_this_thread, "request"):
            self._of_this_thread.request = self._graph.create_infer_request()
        # Shared and so not copied: of the tokens, whose output is large, most callers read nothing.
        return self._of_this_thread.request.infer(
            {"input_ids": ids, "attention_mask": mask}, share_outputs=True
        )


def write_graph(model: Any, examples: Sequence[str], path: Path) -> None:
    """Traces a `SentenceTransformer` on `examples` and writes its graph, weights as float16.

    The graph's outputs are `sentence_embedding`, `(texts, dimension)`, and, where the model
    works on tokens, `token_embeddings`: the last hidden states before pooling, `(texts, longest,
    hidden)`, those of padding among them.

    Raises:
        RuntimeError, ValueError, TypeError, KeyError: the model cannot be traced or converted.
    """
    import torch

    class Embedding(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            features = {"input_ids": input_ids, "attention_mask": attention_mask}
            features = self.model(features)
            return tuple(features[name] for name in names)

    def outputs_of(example: Any) -> tuple[str, ...]:
        tokens = model(dict(example)).get("token_embeddings")
        if isinstance(tokens, torch.Tensor) and tokens.dim() == 3:
            return ("sentence_embedding", "token_embeddings")
        return ("sentence_embedding",)

    openvino = import_openvino()
    example = model.tokenizer(list(examples), padding=True, return_tensors="pt")
    inputs = {name: example[name] for name in ("input_ids", "attention_mask")}
    with torch.no_grad():
        names = outputs_of(inputs)
        graph = openvino.convert_model(Embedding().eval(), example_input=inputs)
    for name, output in zip(names, graph.outputs, strict=True):
        output.get_tensor().set_names({name})
    openvino.save_model(graph, path, compress_to_fp16=True)


def import_openvino() -> Any:
    """OpenVINO, without its usage reports.

    The package `openvino_telemetry` reports every import over the network. OpenVINO falls back
    to a stub of its own where that package cannot be imported, so it is made not importable.
    """
    not_importable = cast("ModuleType", None)  # what None in sys.modules means to the import system
    sys.modules.setdefault("openvino_telemetry", not_importable)
    import openvino

    return openvino

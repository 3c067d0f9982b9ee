"""Running a sentence-transformers model with OpenVINO, without importing torch."""

import functools
import os
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import numpy as np

from kb.encoder.encoder import Embeddings, ModelCard, TextKind, WordEmbeddings

BATCH_TOKENS, BATCH_TEXTS = 1024, 64  # the most in a batch, padding included
MOST_AT_ONCE = 16  # the most batches at once: more cores share them
EMBEDDING_OUTPUT, TOKENS_OUTPUT = 0, 1  # outputs of a graph
_first_inference = threading.Lock()


class OpenVinoEncoder:
    """An encoder over a compiled graph; in bfloat16 where the processor has it."""

    def __init__(
        self, graph: Path, tokenizer: Path, *, name: str, card: ModelCard, threads: int = 0
    ) -> None:
        """Loads `graph` (OpenVINO IR) and `tokenizer` (tokenizer.json); `threads` 0 means all."""
        self.name, self.fingerprint, self.dimension = name, card.fingerprint, card.dimension
        self._prompts = card.prompts
        openvino = import_openvino()
        hints: dict[str, Any] = {
            "NUM_STREAMS": min(threads or os.cpu_count() or 1, MOST_AT_ONCE),
            # Else the first thread of each process is on the first core, and others idle.
            "ENABLE_CPU_PINNING": False,
        }
        if threads:
            hints["INFERENCE_NUM_THREADS"] = threads
        self._graph = openvino.Core().compile_model(str(graph), "CPU", hints)
        self._at_once = int(self._graph.get_property("NUM_STREAMS"))
        precision = self._graph.get_property("INFERENCE_PRECISION_HINT").get_type_name()
        self.engine = f"openvino {precision}"
        self._tokenizer = _read_tokenizer(tokenizer, card.max_tokens)
        # Two first inferences of a process at once can wait for each other for ever.
        with _first_inference:
            self.encode_words("a", TextKind.QUERY)

    def encode(self, texts: Sequence[str], kind: TextKind) -> Embeddings:
        encoded = self._tokenizer.encode_batch([self._prompts[kind] + text for text in texts])
        batches = _batches([len(each) for each in encoded])
        embeddings = np.empty((len(texts), self.dimension), np.float32)
        ended = self._run(_padded([encoded[row].ids for row in rows]) for rows in batches)
        for rows, request in zip(batches, ended, strict=True):
            embeddings[rows] = request.get_output_tensor(EMBEDDING_OUTPUT).data
        norms = np.linalg.norm(embeddings, axis=1, keepdims=True)
        return np.asarray(embeddings / np.maximum(norms, np.finfo(np.float32).tiny))

    def encode_words(self, text: str, kind: TextKind) -> WordEmbeddings | None:
        prompt = self._prompts[kind]
        encoded = self._tokenizer.encode(prompt + text)
        (request,) = self._run([_padded([encoded.ids])])
        pooled = np.array(request.get_output_tensor(EMBEDDING_OUTPUT).data[0], np.float32)
        if len(self._graph.outputs) <= TOKENS_OUTPUT:
            return None
        tokens = np.array(request.get_output_tensor(TOKENS_OUTPUT).data[0], np.float32)
        return WordEmbeddings.of_pooled(tokens, encoded.offsets, text, prompt, pooled)

    def _run(self, batches: Iterable[Mapping[str, Any]]) -> Iterator[Any]:
        """Yields each batch's ended request in order; OpenVINO's own queue aborts the process."""
        running: deque[Any] = deque()
        for batch in batches:
            if len(running) == self._at_once:
                yield _ended(running.popleft())
            running.append(self._graph.create_infer_request())
            running[-1].start_async(batch)
        while running:
            yield _ended(running.popleft())


def _ended(request: Any) -> Any:
    request.wait()  # raises what went wrong
    return request


@functools.cache
def _read_tokenizer(path: Path, max_tokens: int) -> Any:
    """Reads a tokenizer of 250,000 pieces once for all encoders of a model: it takes 280 MB."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.enable_truncation(max_tokens)
    tokenizer.no_padding()
    return tokenizer


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """The rows of each batch: neighbours in length share one, so that little of it is padding."""
    batches: list[list[int]] = []
    for row in sorted(range(len(lengths)), key=lengths.__getitem__):
        if (
            not batches
            or len(batches[-1]) == BATCH_TEXTS
            or (len(batches[-1]) + 1) * lengths[row] > BATCH_TOKENS
        ):
            batches.append([])
        batches[-1].append(row)
    return batches


def _padded(texts: Sequence[Sequence[int]]) -> dict[str, Any]:
    """The inputs of a batch, as long as its longest text."""
    ids = np.zeros((len(texts), max(map(len, texts))), np.int64)
    mask = np.zeros_like(ids)
    for row, tokens in enumerate(texts):
        ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    return {"input_ids": ids, "attention_mask": mask}


def write_graph(model: Any, examples: Sequence[str], path: Path) -> None:
    """Traces a `SentenceTransformer` on `examples`; writes its graph, weights as float16.

    Raises RuntimeError, ValueError, TypeError or KeyError if it cannot be traced or converted.
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

    openvino = import_openvino()
    example = model.tokenizer(list(examples), padding=True, return_tensors="pt")
    inputs = {name: example[name] for name in ("input_ids", "attention_mask")}
    with torch.no_grad():
        tokens = model(dict(inputs)).get("token_embeddings")
        has_tokens = isinstance(tokens, torch.Tensor) and tokens.dim() == 3
        names = ["sentence_embedding", *(["token_embeddings"] if has_tokens else [])]
        graph = openvino.convert_model(Embedding().eval(), example_input=inputs)
    for name, output in zip(names, graph.outputs, strict=True):
        output.get_tensor().set_names({name})
    openvino.save_model(graph, path, compress_to_fp16=True)


def import_openvino() -> Any:
    """OpenVINO, without `openvino_telemetry`, which reports every import over the network."""
    not_importable = cast("ModuleType", None)  # what None in sys.modules means to the import system
    sys.modules.setdefault("openvino_telemetry", not_importable)
    import openvino

    return openvino

"""Running a sentence-transformers model with OpenVINO, without importing torch.

The graph is traced from sentence-transformers' own modules, pooling and all. On a processor
with bfloat16 it answers a short query some three times faster than torch, and it starts in a
second where importing torch and sentence-transformers alone takes four (docs/benchmarks.md).
"""

import faulthandler
import os
import sys
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import numpy as np

from kb.encoder.encoder import Embeddings, TextKind, WaitForEmbeddings, WordEmbeddings
from kb.encoder.tokenizer import ModelTokenizer
from kb.errors import EncoderError

BATCH_TOKENS, BATCH_TEXTS = 1024, 64
"""The most tokens in a batch, padding included, and the most texts.

A thread embeds 32 texts of 51 tokens together in three fifths of the time of two by two, and
hardly faster than 16.
"""

MOST_AT_ONCE = 16
"""The most batches that run at the same time; where there are more cores, they share batches."""

STUCK_S = 300.0
"""How long a batch, which takes seconds on the slowest computer, may take before it is stuck.

Then its caller gets an error.
"""

EMBEDDING_OUTPUT, TOKENS_OUTPUT = 0, 1
"""The outputs of a graph: embeddings, and the vectors of the tokens before they are pooled."""

Tokens = Sequence[int]


class OpenVinoEncoder:
    """An encoder over a compiled graph; in bfloat16 where the processor has it.

    The graph runs on a thread for each core, each with a batch of its own: threads that share a
    batch wait for each other at each of its layers. A query beside a long text waits for a batch of
    it, a tenth of a second: a second copy of the graph, which spared that, took 190 MB.
    """

    adaptation = ""
    """The fingerprint of the delta that is in its weights, or nothing."""

    def __init__(
        self,
        graph: Path,
        tokenizer: Path,
        pieces: Path,
        *,
        name: str,
        fingerprint: str,
        dimension: int,
        max_tokens: int,
        prompts: Mapping[str, str],
        threads: int = 0,
    ) -> None:
        """Loads `graph` (OpenVINO IR) and the tokenizer (`ModelTokenizer`).

        `threads` 0 means all. Texts are cut after `max_tokens` tokens.
        """
        self.name = name
        self.fingerprint = fingerprint
        self.dimension = dimension
        self._prompts = prompts
        self._tokenizer = ModelTokenizer(tokenizer, pieces, max_tokens)
        self._requests = _Requests(graph, threads)
        self.engine = f"openvino {self._requests.precision}"

    def encode(self, texts: Sequence[str], kind: TextKind) -> Embeddings:
        return self.begin(texts, kind)()

    def begin(self, texts: Sequence[str], kind: TextKind) -> WaitForEmbeddings:
        prompt = self._prompts[kind]
        token_ids = self._tokenizer.ids([prompt + text for text in texts])
        batches = _batches([len(tokens) for tokens in token_ids])
        padded = (_padded([token_ids[row] for row in rows]) for rows in batches)
        under_way = self._requests.embed(padded)

        def wait() -> Embeddings:
            embeddings = np.empty((len(texts), self.dimension), np.float32)
            for rows, found in zip(batches, under_way, strict=True):
                embeddings[rows] = found
            norms = np.linalg.norm(embeddings, axis=1, keepdims=True)
            return np.asarray(embeddings / np.maximum(norms, np.finfo(np.float32).tiny))

        return wait

    def encode_words(self, text: str, kind: TextKind) -> WordEmbeddings | None:
        prompt = self._prompts[kind]
        found = self._tokenizer.tokens(prompt + text)
        with self._requests.outputs(_padded([found.ids])) as outputs:
            if len(outputs) <= TOKENS_OUTPUT:
                return None
            tokens = np.array(outputs[TOKENS_OUTPUT][0], np.float32)
            pooled = np.array(outputs[EMBEDDING_OUTPUT][0], np.float32)
        return WordEmbeddings.of_pooled(tokens, found.spans, text, prompt, pooled)


_first_inference = threading.Lock()
_stuck: list[Any] = []
"""Requests that are stuck: to delete one would wait for it."""


class _Requests:
    """A compiled graph with its requests, each of which runs one batch at a time."""

    def __init__(self, graph: Path, threads: int) -> None:
        """Compiles `graph` for as many batches at a time as `threads`, or as there are cores."""
        openvino = import_openvino()
        hints: dict[str, Any] = {
            "NUM_STREAMS": min(threads or os.cpu_count() or 1, MOST_AT_ONCE),
            # Else the first thread of each process is on the first core, and others idle.
            "ENABLE_CPU_PINNING": False,
        }
        if threads:
            hints["INFERENCE_NUM_THREADS"] = threads
        self._graph = openvino.Core().compile_model(str(graph), "CPU", hints)
        self.precision = str(self._graph.get_property("INFERENCE_PRECISION_HINT").get_type_name())
        self._at_once = int(self._graph.get_property("NUM_STREAMS"))
        # Appending to a list and taking from it are safe among threads.
        self._idle: list[Any] = []
        self._run_alone()

    def _run_alone(self) -> None:
        """Runs a batch in each way, while no other thread runs its first.

        OpenVINO's binding initialises static tables at the first inference of a process. Two
        threads that do so at once can wait for each other for ever: one has the guard of a table
        and wants Python's lock, the other has the lock and wants the guard. Where a thread so
        stops all of Python, nobody can say it but `faulthandler`: it writes where each thread
        waits, and ends the process.
        """
        batch = _padded([[0]])
        with _first_inference:
            if sys.__stderr__:
                faulthandler.dump_traceback_later(STUCK_S, exit=True, file=sys.__stderr__)
            try:
                list(self.embed(iter([batch])))
                with self.outputs(batch):
                    pass
            finally:
                faulthandler.cancel_dump_traceback_later()

    def embed(self, batches: Iterator[Mapping[str, Any]]) -> Iterator[Embeddings]:
        """The first output for each batch, in their order, some of them at a time.

        The first is begun at once, the others as the outputs are taken.
        """
        running = deque(self._started(batch) for batch in islice(batches, 1))
        return self._ended_in_order(running, batches)

    def _ended_in_order(
        self, running: deque[Any], batches: Iterator[Mapping[str, Any]]
    ) -> Iterator[Embeddings]:
        try:
            for batch in batches:
                if len(running) == self._at_once:
                    yield self._taken(running.popleft())
                running.append(self._started(batch))
            while running:
                yield self._taken(running.popleft())
        except EncoderError:
            _stuck.extend(running)
            running.clear()
            raise
        finally:
            for request in running:  # after an error: none may be running when it is used again
                request.wait()

    @contextmanager
    def outputs(self, batch: Mapping[str, Any]) -> Iterator[Any]:
        """All outputs for a batch."""
        request = self._started(batch)
        _finish(request)
        # Not copied: of the tokens, whose output is large, most callers read nothing.
        yield [tensor.data for tensor in request.output_tensors]
        self._idle.append(request)

    def _started(self, batch: Mapping[str, Any]) -> Any:
        try:
            request = self._idle.pop()
        except IndexError:
            request = self._graph.create_infer_request()
        request.start_async(batch)
        return request

    def _taken(self, request: Any) -> Embeddings:
        """The first output of a request, which is idle then."""
        _finish(request)
        found = np.array(request.get_output_tensor(EMBEDDING_OUTPUT).data, np.float32)
        self._idle.append(request)
        return found


def _finish(request: Any) -> None:
    """Waits for a request.

    Raises:
        EncoderError: it is stuck.
    """
    if not request.wait_for(int(STUCK_S * 1000)):
        _stuck.append(request)
        raise EncoderError(
            f"The encoder gave no answer for {STUCK_S / 60:.0f} minutes: start again."
        )
    request.wait()  # raises what went wrong


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


def _padded(texts: Sequence[Tokens]) -> dict[str, Any]:
    """The inputs of a batch, as long as its longest text."""
    ids = np.zeros((len(texts), max(map(len, texts))), np.int64)
    mask = np.zeros_like(ids)
    for row, tokens in enumerate(texts):
        ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    return {"input_ids": ids, "attention_mask": mask}


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

"""Running a sentence-transformers model with OpenVINO, without importing torch.

The graph is traced from sentence-transformers' own modules, pooling and all. On a processor
with bfloat16 it answers a short query some three times faster than torch, and it starts in a
second where importing torch and sentence-transformers alone takes four (docs/benchmarks.md).
"""

import logging
import os
import sys
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count, islice
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import numpy as np

from kb.encoder.encoder import Embeddings, TextKind, WaitForEmbeddings, WordEmbeddings
from kb.encoder.tokenizer import ModelTokenizer

BATCH_TOKENS, BATCH_TEXTS = 1024, 64
"""The most tokens in a batch, padding included, and the most texts.

A thread embeds 32 texts of 51 tokens together in three fifths of the time of two by two, and
hardly faster than 16.
"""

FEW_TEXTS = 16
"""The most texts that are embedded beside queries; more never make a query wait."""

MOST_AT_ONCE = 16
"""The most batches that run at the same time; where there are more cores, they share batches."""

SHORT = 16
"""Tokens to which a shorter text is padded that comes alone: three in five needs.

They get a graph whose shapes are fixed. The other one works out what depends on shapes whenever a
text is of another length. Both give the same embedding to the last digit, or the first is not used:
this is so where the length is a multiple of what a processor adds up at once, and not with 24.
"""

MANY_SHORT = 50
"""After how many short texts that graph is compiled: it takes 70 MB, and 0.4 s of a processor."""

EMBEDDING_OUTPUT, TOKENS_OUTPUT = 0, 1
"""The outputs of a graph: embeddings, and the vectors of the tokens before they are pooled."""

Tokens = Sequence[int]

_log = logging.getLogger(__name__)


class OpenVinoEncoder:
    """An encoder over a compiled graph; in bfloat16 where the processor has it.

    The graph runs on a thread for each core, each with a batch of its own: threads that share a
    batch wait for each other at each of its layers. Many texts at once run on a second copy, which
    is compiled when it is first needed: a query waits for no batch, it shares the processor. Short
    texts that come alone run on a third copy, of fixed shapes, once there were many.
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
        int8: bool = False,
        remark: str = "",
        threads: int = 0,
    ) -> None:
        """Loads `graph` (OpenVINO IR), in `int8` or not, and the tokenizer (`ModelTokenizer`).

        `threads` 0 means all. Texts are cut after `max_tokens` tokens. `remark` is why this engine
        runs the model and no faster one, if another was asked for.
        """
        self.name = name
        self.fingerprint = fingerprint
        self.dimension = dimension
        self._prompts = prompts
        self._tokenizer = ModelTokenizer(tokenizer, pieces, max_tokens)
        self._path, self._threads = graph, threads
        self._for_few = _Requests(graph, threads)
        precision = "int8" if int8 else self._for_few.precision
        self.engine = f"openvino {precision}" + (f" ({remark})" if remark else "")
        self._for_many: _Requests | None = None
        self._compiling = threading.Lock()
        self._for_short: _Requests | None = None
        self._short = count(1)

    def encode(self, texts: Sequence[str], kind: TextKind) -> Embeddings:
        return self.begin(texts, kind)()

    def begin(self, texts: Sequence[str], kind: TextKind) -> WaitForEmbeddings:
        prompt = self._prompts[kind]
        token_ids = self._tokenizer.ids([prompt + text for text in texts])
        batches = _batches([len(tokens) for tokens in token_ids])
        requests = self._for_few if len(texts) <= FEW_TEXTS else self._many()
        length = 0
        if len(texts) == 1 and len(token_ids[0]) <= SHORT:
            requests, length = self._for_short or requests, SHORT
            self._count_short()
        padded = (_padded([token_ids[row] for row in rows], length) for rows in batches)
        under_way = requests.embed(padded)

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
        with self._for_few.outputs(_padded([found.ids])) as outputs:
            if len(outputs) <= TOKENS_OUTPUT:
                return None
            tokens = np.array(outputs[TOKENS_OUTPUT][0], np.float32)
            pooled = np.array(outputs[EMBEDDING_OUTPUT][0], np.float32)
        return WordEmbeddings.of_pooled(tokens, found.spans, text, prompt, pooled)

    def _count_short(self) -> None:
        if next(self._short) == MANY_SHORT:
            threading.Thread(target=self._compile_for_short).start()

    def _compile_for_short(self) -> None:
        try:
            compiled = _Requests(self._path, self._threads, SHORT)
        except (RuntimeError, ValueError) as error:  # of a model that is built otherwise
            _log.info("The encoder has no graph of its own for short texts: %s", error)
            return
        trials = [_padded([range(length)], SHORT) for length in range(1, SHORT + 1)]
        graphs = (compiled, self._for_few)
        if all(map(np.array_equal, *(graph.embed(iter(trials)) for graph in graphs))):
            self._for_short = compiled

    def _many(self) -> "_Requests":
        with self._compiling:
            if self._for_many is None:
                self._for_many = _Requests(self._path, self._threads)
            return self._for_many


class _Requests:
    """A compiled graph with its requests, each of which runs one batch at a time."""

    def __init__(self, graph: Path, threads: int, length: int = 0) -> None:
        """Compiles `graph` for as many batches at a time as `threads`, or as there are cores.

        With a `length`, each of these batches is one text of so many tokens.

        Raises:
            RuntimeError, ValueError: the shapes of this graph cannot be fixed.
        """
        openvino = import_openvino()
        hints: dict[str, Any] = {
            "NUM_STREAMS": min(threads or os.cpu_count() or 1, MOST_AT_ONCE),
            # Else the first thread of each process is on the first core, and others idle.
            "ENABLE_CPU_PINNING": False,
        }
        if threads:
            hints["INFERENCE_NUM_THREADS"] = threads
        read: Any = openvino.Core().read_model(str(graph))
        if length:
            _fix_shapes(read, length)
        self._graph = openvino.Core().compile_model(read, "CPU", hints)
        self.precision = str(self._graph.get_property("INFERENCE_PRECISION_HINT").get_type_name())
        self._at_once = int(self._graph.get_property("NUM_STREAMS"))
        # Appending to a list and taking from it are safe among threads.
        self._idle: list[Any] = []

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
                    yield self._embeddings_of(running[0])
                    self._idle.append(running.popleft())
                running.append(self._started(batch))
            while running:
                yield self._embeddings_of(running[0])
                self._idle.append(running.popleft())
        finally:
            for request in running:  # after an error: none may be running when it is used again
                request.wait()

    @contextmanager
    def outputs(self, batch: Mapping[str, Any]) -> Iterator[Any]:
        """All outputs for a batch."""
        request = self._started(batch)
        request.wait()
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

    def _embeddings_of(self, request: Any) -> Embeddings:
        request.wait()
        return np.array(request.get_output_tensor(EMBEDDING_OUTPUT).data, np.float32)


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


def _padded(texts: Sequence[Tokens], length: int = 0) -> dict[str, Any]:
    """The inputs of a batch, as long as its longest text or as `length`."""
    ids = np.zeros((len(texts), max(length, *map(len, texts))), np.int64)
    mask = np.zeros_like(ids)
    for row, tokens in enumerate(texts):
        ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    return {"input_ids": ids, "attention_mask": mask}


def _fix_shapes(graph: Any, length: int) -> None:
    """Makes a graph one for a single text of so many tokens, which gives its embedding alone.

    The ids themselves stay of any shape where words are looked up: else OpenVINO makes the whole
    table float32 while it compiles, which takes seconds.

    Raises:
        ValueError: its words are not looked up in one table.
    """
    opset = import_openvino().opset13
    ids, mask = graph.input("input_ids"), graph.input("attention_mask")
    name = ids.get_node().get_friendly_name()
    (lookup,) = (
        node
        for node in graph.get_ops()
        if node.get_type_name() == "Gather" and _source(node.input_value(1)) == name
    )
    of_lookup = {name, lookup.input_value(1).get_node().get_friendly_name()}
    others = [
        target
        for target in ids.get_target_inputs()
        if target.get_node().get_friendly_name() not in of_lookup
    ]
    readers = list(lookup.output(0).get_target_inputs())
    fixed = opset.reshape(ids, np.array([1, length], np.int64), special_zero=False)
    for target in others:
        target.replace_source_output(fixed.output(0))
    width = lookup.output(0).get_partial_shape()[-1].get_length()
    words = opset.reshape(lookup, np.array([1, length, width], np.int64), special_zero=False)
    for target in readers:
        target.replace_source_output(words.output(0))
    for result in graph.get_results()[TOKENS_OUTPUT:]:
        graph.remove_result(result)
    mask.get_node().set_partial_shape(import_openvino().PartialShape([1, length]))
    graph.validate_nodes_and_infer_types()


def _source(value: Any) -> str:
    """The name of what a value is converted from."""
    node = value.get_node()
    while node.get_type_name() == "Convert":
        node = node.input_value(0).get_node()
    return str(node.get_friendly_name())


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

"""Graphs whose matrices multiply whole numbers of eight bits, made by NNCF from float graphs.

Weights have a scale for each row, activations a range that is learnt from texts. Before that,
each channel of the activations is scaled by the square root of its range against that of its
weights, which smooths outliers (SmoothQuant; Xiao et al., 2023, α = 0.5). Left as they are:

- the table of word embeddings, of which a text reads a few rows where they lie in the file;
- attention between tokens, which multiplies activations alone;
- of the layers that lead from a wider space back to a narrower, those with outliers (`OUTLIERS`):
  after GELU, one channel of a few tokens takes the whole range.

On the bundled model these are four of twelve, and the mean cosine to float32 is 0.998. Without any
wide layer it is 0.9993, but no faster than bfloat16; with all of them 0.996.
"""

import contextlib
import io
import logging
from collections.abc import Sequence
from typing import Any

import numpy as np

from kb.encoder.openvino_engine import import_openvino

SMOOTHING = 0.5
"""α of SmoothQuant."""

OUTLIERS, LOOKED_AT = 25, 16
"""From how many times the range of the median channel the largest one is an outlier, and on how
many of the texts this is looked at."""

Tokenised = Sequence[Sequence[int]]


def int8_graph(graph: Any, texts: Tokenised) -> Any:
    """A copy of a float graph in int8, calibrated with texts, each given by its tokens.

    Raises:
        ImportError: NNCF is not installed.
        RuntimeError, ValueError, TypeError, KeyError: NNCF cannot quantise this graph.
    """
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        import nncf
        from nncf.quantization.advanced_parameters import (
            AdvancedQuantizationParameters,
            AdvancedSmoothQuantParameters,
        )

        nncf.set_log_level(logging.ERROR)
        return nncf.quantize(
            graph,
            nncf.Dataset(list(texts), _inputs),
            subset_size=len(texts),
            model_type=nncf.ModelType.TRANSFORMER,
            preset=nncf.QuantizationPreset.MIXED,
            ignored_scope=nncf.IgnoredScope(
                names=_outlying_layers(graph, texts[:LOOKED_AT]),
                types=["Gather", "ScaledDotProductAttention"],
                validate=False,
            ),
            advanced_parameters=AdvancedQuantizationParameters(
                smooth_quant_alphas=AdvancedSmoothQuantParameters(matmul=SMOOTHING),
                disable_bias_correction=True,
            ),
        )


def _inputs(tokens: Sequence[int]) -> dict[str, Any]:
    ids = np.array([tokens], np.int64)
    return {"input_ids": ids, "attention_mask": np.ones_like(ids)}


def _outlying_layers(graph: Any, texts: Tokenised) -> list[str]:
    """The names of the wide layers whose inputs have outliers on these texts."""
    openvino = import_openvino()
    looked_at = graph.clone()
    layers = [node for node in looked_at.get_ops() if _is_wide(node)]
    if not layers:
        return []
    first = len(looked_at.outputs)
    looked_at.add_outputs([node.input_value(0) for node in layers])
    compiled = openvino.Core().compile_model(looked_at, "CPU")
    found = [list(compiled(_inputs(text)).values())[first:] for text in texts]
    outlying = []
    for layer, inputs in zip(layers, zip(*found, strict=True), strict=True):
        ranges = np.max([np.abs(rows).max(axis=(0, 1)) for rows in inputs], axis=0)
        if ranges.max() > OUTLIERS * np.median(ranges):
            outlying.append(str(layer.get_friendly_name()))
    return outlying


def _is_wide(node: Any) -> bool:
    """Whether a node multiplies with a constant that leads to a narrower space."""
    if node.get_type_name() != "MatMul" or not _is_constant(node.input_value(1)):
        return False
    before, after = (
        value.get_partial_shape()[-1] for value in (node.input_value(0), node.output(0))
    )
    return bool(before.is_static and after.is_static and len(before) > len(after))


def _is_constant(value: Any) -> bool:
    node = value.get_node()
    while node.get_type_name() in {"Convert", "Transpose"}:
        node = node.input_value(0).get_node()
    return bool(node.get_type_name() == "Constant")

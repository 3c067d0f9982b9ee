"""The tokens of texts, as a model's `tokenizer.json` gives them, without reading it for a few.

A Unigram tokenizer (Kudo, 2018), as of models that follow XLM-R, has 250,000 pieces: the library
`tokenizers` takes 0.7 s of a processor and 280 MB to read them, and Python waits meanwhile. But of
the pieces only those that are in a text can be among its tokens. So all are kept in arrays, sorted
by a hash; the parts of a text's words are looked up there; and the same library tokenizes the text
with what is found. It gives the same tokens: how a text is cut depends on the scores of the
pieces that are in it, and on the least score of all, which is among them.

The whole tokenizer is read when it is first needed: after many texts, which it tokenizes faster;
for a text with a special token (`<mask>`) or a very long word; for other kinds of tokenizer.
"""

import functools
import hashlib
import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

FEW_TEXTS = 16
"""The most texts that are no batch: they are always tokenized with their own pieces."""

IN_BATCHES = 1_000
"""Texts in batches that are tokenized so, too: that takes some 0.3 s longer than with the whole
tokenizer, and reading it 0.7."""

LONGEST_WORD = 200
"""Characters of the longest word whose parts are looked up: it has some 3,000."""

WORDS_REMEMBERED = 5_000
"""Words whose pieces are remembered: some 10 MB."""

Span = tuple[int, int]
Piece = tuple[str, float, int]
"""A piece, its score, and its number in the model."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """The numbers of a text's tokens, and the characters `text[start:end]` of each."""

    ids: list[int]
    spans: list[Span]


class ModelTokenizer:
    """A model's tokenizer. Threads share it."""

    def __init__(self, tokenizer: Path, pieces: Path, max_tokens: int) -> None:
        """Takes `tokenizer.json` and, if it is there, what `keep_pieces` wrote of it.

        Texts are cut after `max_tokens` tokens.
        """
        self._path, self._max_tokens = tokenizer, max_tokens
        self._of_few = _TokenizerOfFew(pieces, max_tokens) if pieces.exists() else None
        self._in_batches = 0
        self._whole: Any = None
        self._reading = threading.Lock()
        if not self._of_few:
            self._read()

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """The numbers of the tokens of each text."""
        few = self._few(texts)
        if few is None:
            return [encoding.ids for encoding in self._read().encode_batch(texts)]
        return [tokens.ids for tokens in few]

    def tokens(self, text: str) -> Tokens:
        few = self._few([text])
        if few is None:
            encoding = self._read().encode(text)
            return Tokens(encoding.ids, encoding.offsets)
        return few[0]

    def _few(self, texts: Sequence[str]) -> list[Tokens] | None:
        """The tokens of each text, if the whole tokenizer need not be read for them."""
        if len(texts) > FEW_TEXTS:
            self._in_batches += len(texts)
        if not self._of_few or self._whole is not None or self._in_batches > IN_BATCHES:
            return None
        return self._of_few.tokens(texts)

    def _read(self) -> Any:
        """The whole tokenizer."""
        with self._reading:
            if self._whole is None:
                self._whole = _read_whole(self._path, self._max_tokens)
            return self._whole


class _TokenizerOfFew:
    """A Unigram tokenizer that has the pieces of the texts at hand alone."""

    def __init__(self, path: Path, max_tokens: int) -> None:
        from tokenizers import Tokenizer

        with np.load(path) as kept:
            self._hashes, self._ids, self._scores = kept["hashes"], kept["ids"], kept["scores"]
            described = json.loads(str(kept["described"]))
        self._longest: int = described["longest"]
        self._special: list[str] = described["special"]
        self._always = [(piece, score) for piece, score in described["always"]]
        self._ids_always: dict[str, int] = described["ids"]
        self._unknown = self._ids_always[self._always[0][0]]
        self._tokenizer = _limited(Tokenizer.from_str(described["tokenizer"]), max_tokens)
        self._normalizer = self._tokenizer.normalizer
        self._splitter = self._tokenizer.pre_tokenizer
        self._lock = threading.Lock()
        self._pieces_of = functools.lru_cache(WORDS_REMEMBERED)(self._look_up)

    def tokens(self, texts: Sequence[str]) -> list[Tokens] | None:
        """The tokens of each text; None if they cannot be told without the whole tokenizer."""
        from tokenizers.models import Unigram

        if any(special in text for text in texts for special in self._special):
            return None
        words = {word for text in texts for word in self._words(text)}
        if any(len(word) > LONGEST_WORD for word in words):
            return None
        pieces, ids = list(self._always), dict(self._ids_always)
        for word in words:
            for piece, score, number in self._pieces_of(word):
                if piece not in ids:
                    pieces.append((piece, score))
                    ids[piece] = number
        with self._lock:
            self._tokenizer.model = Unigram(pieces, 0, False)
            encodings = self._tokenizer.encode_batch(texts)
        # The numbers of its tokens are those of these few pieces; what they say is the same.
        return [
            Tokens([ids.get(token, self._unknown) for token in each.tokens], each.offsets)
            for each in encodings
        ]

    def _words(self, text: str) -> list[str]:
        normal = self._normalizer.normalize_str(text) if self._normalizer else text
        if not self._splitter:
            return [normal]
        return [word for word, _ in self._splitter.pre_tokenize_str(normal)]

    def _look_up(self, word: str) -> tuple[Piece, ...]:
        """The pieces that are parts of a word."""
        parts = {
            word[start:end]
            for start in range(len(word))
            for end in range(start + 1, min(start + self._longest, len(word)) + 1)
        }
        # That one which is no piece has the hash of a piece happens once in 10¹³ parts.
        hashes = np.fromiter(map(_hash, parts), np.uint64, len(parts))
        places = np.minimum(np.searchsorted(self._hashes, hashes), len(self._hashes) - 1)
        found = self._hashes[places] == hashes
        return tuple(
            (part, float(self._scores[place]), int(self._ids[place]))
            for part, place, is_piece in zip(parts, places, found, strict=True)
            if is_piece
        )


def keep_pieces(tokenizer: Path, pieces: Path, max_tokens: int, trials: Sequence[str]) -> bool:
    """Writes the pieces of `tokenizer.json`, for `ModelTokenizer`, where its kind allows it.

    Returns whether it did: not where one of the trial texts would have other tokens.
    """
    described = json.loads(tokenizer.read_text(encoding="utf-8"))
    model, added = described["model"], described.get("added_tokens", [])
    if (
        model.get("type") != "Unigram"
        or model.get("byte_fallback")
        or model.get("unk_id") is None
        or any(token.get("normalized", True) for token in added)
    ):
        return False
    vocabulary = [(str(piece), float(score)) for piece, score in model["vocab"]]
    hashes = np.array([_hash(piece) for piece, _ in vocabulary], np.uint64)
    if len(np.unique(hashes)) < len(hashes):
        return False
    special = {str(token["content"]): int(token["id"]) for token in added}
    unknown = int(model["unk_id"])
    least = min(range(len(vocabulary)), key=lambda number: vocabulary[number][1])
    others = {n for n, (piece, _) in enumerate(vocabulary) if piece in special} | {least}
    always = [unknown, *sorted(others - {unknown})]
    few = model | {"unk_id": 0, "vocab": [vocabulary[number] for number in always]}
    kept = {
        "longest": max(len(piece) for piece, _ in vocabulary),
        "special": list(special),
        "always": few["vocab"],
        "ids": special | {vocabulary[number][0]: number for number in always},
        "tokenizer": json.dumps(described | {"model": few}),
    }
    order = np.argsort(hashes)
    scores = np.array([score for _, score in vocabulary])
    np.savez(
        pieces,
        hashes=hashes[order],
        ids=order.astype(np.int32),
        scores=scores[order],
        described=np.array(json.dumps(kept)),
    )
    whole, of_few = _read_whole(tokenizer, max_tokens), _TokenizerOfFew(pieces, max_tokens)
    for text in trials:
        expected, found = whole.encode(text), of_few.tokens([text])
        if found and found[0] != Tokens(expected.ids, expected.offsets):
            pieces.unlink()
            return False
    return True


def _read_whole(path: Path, max_tokens: int) -> Any:
    from tokenizers import Tokenizer

    return _limited(Tokenizer.from_file(str(path)), max_tokens)


def _limited(tokenizer: Any, max_tokens: int) -> Any:
    """The tokenizer, which cuts texts and does not pad them."""
    tokenizer.enable_truncation(max_tokens)
    tokenizer.no_padding()
    return tokenizer


def _hash(piece: str) -> int:
    return int.from_bytes(hashlib.blake2b(piece.encode(), digest_size=8).digest())

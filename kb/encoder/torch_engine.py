"""Loading and running a model with sentence-transformers."""

import contextlib
import io
import logging
import threading
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kb.encoder.delta import merge, read_delta
from kb.encoder.encoder import Embeddings, ModelCard, TextKind, WordEmbeddings
from kb.errors import EncoderError

BATCH_SIZE = 16


class SentenceTransformerEncoder:
    """An encoder on torch: slower than a compiled graph, and runs any model of the library."""

    def __init__(
        self,
        folder: Path,
        delta_folder: Path | None = None,
        layers: int = 0,
        *,
        name: str,
        card: ModelCard,
    ) -> None:
        self.name, self.fingerprint, self.dimension = name, card.fingerprint, card.dimension
        self.engine = "torch" + (f" ({card.remark})" if card.remark else "")
        self._prompts = card.prompts
        self._model = load_sentence_transformer(folder, delta_folder, layers)
        self._lock = threading.Lock()

    def encode(self, texts: Sequence[str], kind: TextKind) -> Embeddings:
        if not texts:
            return np.empty((0, self.dimension), np.float32)
        with self._lock:
            return encode_with(self._model, texts, self._prompts[kind])

    def encode_words(self, text: str, kind: TextKind) -> WordEmbeddings | None:
        tokenizer, prompt = self._model.tokenizer, self._prompts[kind]
        if not getattr(tokenizer, "is_fast", False):
            return None  # it gives no places of its tokens
        with self._lock:
            found = self._model.encode([prompt + text], output_value=None, show_progress_bar=False)
            encoding = tokenizer(
                prompt + text,
                truncation=True,
                max_length=self._model.max_seq_length,
                return_offsets_mapping=True,
            )
        features = found[0]
        tokens = features["token_embeddings"].float().cpu().numpy()
        pooled = features["sentence_embedding"].float().cpu().numpy()
        offsets = encoding["offset_mapping"]
        if tokens.ndim != 2 or len(tokens) != len(offsets) or tokens.shape[1:] != pooled.shape:
            return None
        return WordEmbeddings.of_pooled(tokens, offsets, text, prompt, pooled)


def load_sentence_transformer(
    folder: Path, delta_folder: Path | None = None, layers: int = 0
) -> Any:
    """The model in `folder` as a `SentenceTransformer` on the processor, without a download."""
    with quiet():
        from sentence_transformers import SentenceTransformer

        try:
            model = SentenceTransformer(
                str(folder), device="cpu", local_files_only=True, model_kwargs={"dtype": "float32"}
            )
        except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
            reason = " ".join(str(error).split())[:200]
            raise EncoderError(
                f"{folder} cannot be loaded as a sentence-transformers model: {reason}"
            ) from None
    if delta_folder:
        merge(read_delta(delta_folder), model)
    if layers:
        try:
            blocks = model[0].auto_model.encoder
            blocks.layer = blocks.layer[:layers]
        except AttributeError:
            raise EncoderError(f"The model in {folder} is no BERT and cannot be cut.") from None
    return model.eval()


def encode_with(model: Any, texts: Sequence[str], prompt: str) -> Embeddings:
    vectors = model.encode(
        list(texts),
        prompt=prompt,
        batch_size=BATCH_SIZE,
        normalize_embeddings=True,
        show_progress_bar=False,
    )
    return np.asarray(vectors, np.float32)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Silences what the libraries print while loading and tracing a model; errors still raise."""
    logging.disable(logging.WARNING)
    try:
        with (
            warnings.catch_warnings(action="ignore"),
            contextlib.redirect_stderr(io.StringIO()),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            yield
    finally:
        logging.disable(logging.NOTSET)

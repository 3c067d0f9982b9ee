"""Loading and running a model with sentence-transformers.

The one module that imports that library, and with it torch: seconds, and much memory.
"""

import contextlib
import io
import logging
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kb.embedding import Embeddings, TextKind
from kb.errors import EncoderError

BATCH_SIZE = 16


class SentenceTransformerEncoder:
    """An encoder on torch: slower than a compiled graph, and runs any model of the library."""

    engine = "torch"

    def __init__(
        self,
        folder: Path,
        *,
        name: str,
        fingerprint: str,
        dimension: int,
        prompts: Mapping[str, str],
    ) -> None:
        self.name = name
        self.fingerprint = fingerprint
        self.dimension = dimension
        self._prompts = prompts
        self._model = load_sentence_transformer(folder)
        self._lock = threading.Lock()

    def encode(self, texts: Sequence[str], kind: TextKind) -> Embeddings:
        if not texts:
            return np.empty((0, self.dimension), np.float32)
        with self._lock:
            return encode_with(self._model, texts, self._prompts[kind])


def load_sentence_transformer(folder: Path) -> Any:
    """The model in `folder` as a `SentenceTransformer` on the processor, without a download.

    Raises:
        EncoderError: the folder does not hold a model that the library can load.
    """
    with quiet():
        from sentence_transformers import SentenceTransformer

        try:
            model = SentenceTransformer(
                str(folder),
                device="cpu",
                local_files_only=True,
                model_kwargs={"dtype": "float32"},
            )
        except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
            reason = " ".join(str(error).split())[:200]
            raise EncoderError(
                f"{folder} cannot be loaded as a sentence-transformers model: {reason}"
            ) from None
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
    noisy = [logging.getLogger(name) for name in ("transformers", "sentence_transformers")]
    levels = [logger.level for logger in noisy]
    for logger in noisy:
        logger.setLevel(logging.ERROR)
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stderr(io.StringIO()),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(noisy, levels, strict=True):
            logger.setLevel(level)

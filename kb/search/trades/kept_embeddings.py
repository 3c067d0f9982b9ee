"""Embeddings of texts that never change, kept in a folder for the next time."""

import contextlib
import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kb.encoder.encoder import Embeddings, Encoder, TextKind
from kb.whole_file import replacing

logger = logging.getLogger(__name__)


def kept_embeddings(texts: Sequence[str], encoder: Encoder, folder: Path | None) -> Embeddings:
    """The embeddings of documents, `(texts, dimension)`, kept in a `folder` if there is one."""
    shape = (len(texts), encoder.dimension)
    digest = hashlib.sha256("\n".join([encoder.fingerprint, *texts]).encode()).hexdigest()[:16]
    path = folder / f"{digest}.npy" if folder else None
    if path:
        with contextlib.suppress(OSError, ValueError, EOFError):
            rows: Embeddings = np.load(path)
            if rows.shape == shape:
                return rows
    logger.info("Embedding %d texts (once)", len(texts))
    rows = encoder.encode(texts, TextKind.DOCUMENT)
    if path:
        _keep(path, rows)
    return rows


def _keep(path: Path, rows: Embeddings) -> None:
    """Writes a cache; what cannot be written is embedded again next time."""
    try:
        with replacing(path) as pending, pending.open("wb") as file:
            np.save(file, rows)
    except OSError as error:
        logger.info("Embeddings were not kept: %s", error)

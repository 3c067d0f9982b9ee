"""The corpus on disk, in slices: firms, their passages, and the embeddings of these.

    python -m tests.benchmarks.slices 10000       # prints the folder
    python -m tests.benchmarks.slices 500 --first 5000000 --without-embeddings

All contestants read the same passages: those that the program cuts texts into. To embed 100,000
firms takes longer than all else, so that it is done once; bases are then built of the same
embeddings, and the speed of embedding is measured apart. What is there is kept: the command can be
ended and begun again.
"""

import argparse
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from kb.encoder.encoder import Encoder, TextKind
from kb.encoder.prepared import load_encoder
from kb.indexing.derivation import derive
from kb.models import Actor
from kb.settings import Settings
from kb.whole_file import replacing
from tests.benchmarks.corpus import ROOT, Firm, firms
from tests.benchmarks.rivals.contestant import SliceFiles

SLICE = 500
"""Firms of a slice."""

BUILT = ROOT / "build" / "benchmarks"


def stems(folder: Path, count: int, first: int = 0) -> Sequence[str]:
    """The paths of the slices of so many firms, as `SliceFiles.of` takes them."""
    return [str(folder / f"{number:09}") for number in range(first, first + count, SLICE)]


def passages_of(firm: Firm) -> Iterator[tuple[str, str]]:
    """The id and the text of each passage of a firm."""
    texts = derive(Actor(**firm)).encoder_texts.values()  # type: ignore[arg-type]
    for number, text in enumerate(texts):
        yield f"{firm['id']}#{number}", text


def make(folder: Path, encoder: Encoder | None, count: int, first: int = 0) -> None:
    """Makes the slices that are not there; embeddings too, by an encoder if there is one."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, stem in zip(
        range(first, first + count, SLICE), stems(folder, count, first), strict=True
    ):
        files = SliceFiles.of(stem)
        if not files.passages.exists():
            rows = list(firms(SLICE, first=number))
            _write_lines(files.firms, rows)
            passages = [passage for row in rows for passage in passages_of(row)]
            _write_lines(files.passages, [{"id": id_, "text": text} for id_, text in passages])
        if encoder and not files.embeddings.exists():
            texts = [text for _, text in files.read_passages()]
            content = io.BytesIO()
            np.save(content, encoder.encode(texts, TextKind.DOCUMENT))
            with replacing(files.embeddings) as pending:
                pending.write_bytes(content.getvalue())


def _write_lines(path: Path, rows: Sequence[dict[str, str]]) -> None:
    with replacing(path) as pending:
        lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        pending.write_text("".join(lines), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.slices")
    parser.add_argument("count", type=int, help=f"how many firms; rounded up to {SLICE}")
    parser.add_argument("--first", type=int, default=0, help=f"a multiple of {SLICE}")
    parser.add_argument("--without-embeddings", action="store_true")
    given = parser.parse_args()
    encoder = load_encoder(Settings.from_environment())
    # Embeddings of two encoders never meet in a folder.
    folder = BUILT / "corpus" / encoder.fingerprint
    make(folder, None if given.without_embeddings else encoder, given.count, given.first)
    print(folder)


if __name__ == "__main__":
    main()

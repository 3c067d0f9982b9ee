"""A worker in a process of its own, whose encoder is slow and writes down what it embeds.

Run with the folder of a base and the file to write into.
"""

import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from ingest.worker import work
from kb.encoder.encoder import Embeddings, TextKind
from kb.knowledge_base import KnowledgeBase
from kb.registers import jobs
from tests.encoders import WordCountEncoder


class SlowEncoder(WordCountEncoder):
    def __init__(self, log: Path) -> None:
        super().__init__(dimension=64)
        self._log = log

    def encode(self, texts: Sequence[str], kind: TextKind) -> Embeddings:
        time.sleep(0.2)
        with self._log.open("a", encoding="utf-8") as log:
            log.writelines(f"{text}\n" for text in texts)
        return super().encode(texts, kind)


def main(folder: Path, log: Path) -> None:
    jobs.SILENCE_S = 1.0
    base = KnowledgeBase(folder, lambda: SlowEncoder(log))
    work(base, linger_s=3.0, stopping=threading.Event())
    base.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

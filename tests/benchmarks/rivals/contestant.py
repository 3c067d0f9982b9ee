"""What each contestant does, and how it is told to: lines of JSON on standard input and output.

    python -m tests.benchmarks.rivals.plain session MODEL          # answers lines until the end
    python -m tests.benchmarks.rivals.plain once MODEL FOLDER NEED  # a cold search
    python -m tests.benchmarks.rivals.plain serve MODEL FOLDER PORT

It imports nothing but the standard library: contestants run in environments of their own.
"""

import json
import os
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

NEAREST = 10
_T = TypeVar("_T")


@dataclass(frozen=True)
class SliceFiles:
    """A slice of the corpus: firms, their passages, and embeddings of these (float32, npy)."""

    firms: Path
    passages: Path
    embeddings: Path

    @classmethod
    def of(cls, stem: str) -> "SliceFiles":
        return cls(Path(f"{stem}.firms.jsonl"), Path(f"{stem}.passages.jsonl"), Path(f"{stem}.npy"))

    def read_passages(self) -> Iterator[tuple[str, str]]:
        """The id and the text of each passage."""
        with self.passages.open(encoding="utf-8") as file:
            for line in file:
                row = json.loads(line)
                yield row["id"], row["text"]


class Contestant(ABC):
    """A way to search passages. Ids of passages begin with the id of their firm and `#`."""

    def __init__(self, model: Path) -> None:
        """Takes the folder of the model, which is loaded by `warm`."""
        self.model = model

    @abstractmethod
    def warm(self) -> None:
        """Loads the model, so that nothing that is timed waits for it."""

    @abstractmethod
    def build(self, folder: Path, slices: Sequence[SliceFiles], given: bool) -> int:
        """Makes a base in a new folder, whole on the disk at the end; returns its passages.

        Texts are embedded; with `given`, the embeddings of the slices are taken.
        """

    @abstractmethod
    def open(self, folder: Path) -> None:
        """Opens a base that was built, to search it."""

    @abstractmethod
    def search(self, need: str) -> Sequence[str]:
        """The ids of the best answers, found as people would: by words too, where it can."""

    @abstractmethod
    def nearest(self, need: str) -> tuple[Sequence[float], Sequence[str]]:
        """The embedding of a need, and the texts of the `NEAREST` passages by it alone."""

    @abstractmethod
    def add(self, id: str, text: str) -> None:
        """Adds one text, so that it outlives the process and the next search can find it."""

    @classmethod
    def once(cls, model: Path, folder: Path, need: str) -> None:
        """Opens a base, searches once and prints what is found."""
        contestant = cls(model)
        contestant.open(folder)
        print("\n".join(contestant.search(need)))

    @classmethod
    def serve(cls, model: Path, folder: Path, port: int) -> None:
        """Serves a base over HTTP on the loopback, until the end of the process."""
        raise SystemExit("it serves no searches of texts over HTTP")


def main(kind: type[Contestant]) -> None:
    verb, model, *given = sys.argv[1:]
    if verb == "serve":
        kind.serve(Path(model), Path(given[0]), int(given[1]))
    elif verb == "once":
        kind.once(Path(model), Path(given[0]), given[1])
    else:
        _session(kind(Path(model)))


def _session(contestant: Contestant) -> None:
    # Libraries print what they like; answers have a way of their own.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)
        for line in sys.stdin:
            asked = json.loads(line)
            try:
                answer = _ANSWERS[asked.pop("do")](contestant, **asked)
            except Exception as error:  # noqa: BLE001 (whatever a library raises, the run goes on)
                answer = {"error": f"{type(error).__name__}: {' '.join(str(error).split())[:500]}"}
            answers.write(json.dumps(answer) + "\n")
            answers.flush()


def _warm(contestant: Contestant) -> Any:
    return {"seconds": _timed(contestant.warm)[0]}


def _build(contestant: Contestant, folder: str, slices: Sequence[str], given: bool) -> Any:
    files = [SliceFiles.of(stem) for stem in slices]
    processor = time.process_time()
    seconds, passages = _timed(lambda: contestant.build(Path(folder), files, given))
    processor = time.process_time() - processor
    return {"seconds": seconds, "processor_s": processor, "passages": passages}


def _open(contestant: Contestant, folder: str) -> Any:
    return {"seconds": _timed(lambda: contestant.open(Path(folder)))[0]}


def _search(contestant: Contestant, needs: Sequence[str]) -> Any:
    """The milliseconds of each search, and the processor's of all."""
    processor = time.process_time()
    timed = [_timed(partial(contestant.search, need)) for need in needs]
    processor = time.process_time() - processor
    return {
        "ms": [1000 * seconds for seconds, _ in timed],
        "processor_ms": 1000 * processor / len(needs),
        "found": [list(found) for _, found in timed],
    }


def _nearest(contestant: Contestant, needs: Sequence[str]) -> Any:
    found = [contestant.nearest(need) for need in needs]
    return {
        "embeddings": [[float(number) for number in embedding] for embedding, _ in found],
        "texts": [list(texts) for _, texts in found],
    }


def _add(contestant: Contestant, texts: Sequence[tuple[str, str]]) -> Any:
    """The milliseconds from each text to the end of a search after it was added."""

    def add(id_: str, text: str) -> bool:
        contestant.add(id_, text)
        return any(found.partition("#")[0] == id_ for found in contestant.search(text))

    timed = [_timed(partial(add, id_, text)) for id_, text in texts]
    return {
        "ms": [1000 * seconds for seconds, _ in timed],
        "found": sum(found for _, found in timed),
    }


def _put(contestant: Contestant, id: str, text: str) -> Any:
    """Adds a text for others to find."""
    return {"seconds": _timed(lambda: contestant.add(id, text))[0]}


def _timed(do: Callable[[], _T]) -> tuple[float, _T]:
    started = time.perf_counter()
    result = do()
    return time.perf_counter() - started, result


_ANSWERS: dict[str, Callable[..., Any]] = {
    "warm": _warm,
    "build": _build,
    "open": _open,
    "search": _search,
    "nearest": _nearest,
    "add": _add,
    "put": _put,
}

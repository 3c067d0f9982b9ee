"""Runs: a target on one input after another, and what is written of it as it goes on.

The file stays when the process dies, with the input that it died of beside it.
"""

import json
import mmap
import random
import time
from pathlib import Path
from typing import Any

from tests.reliability.fuzzing.attempt import Tally, attempt
from tests.reliability.fuzzing.mutation import MOST_BYTES
from tests.reliability.fuzzing.targets import Target

_MOST_CORPUS = 400


class FuzzingRun:
    """A target in this process: counts, remembers the input of now, and writes what was found."""

    def __init__(self, target: Target, folder: Path, inputs: int, seconds: float) -> None:
        self.target = target
        self._inputs = inputs
        self._seconds = seconds
        self._until = float("inf")
        self.tally = Tally(target.name, folder)
        self._result = folder / f"{target.name}.json"
        folder.mkdir(parents=True, exist_ok=True)
        self._last = _LastInput(folder / f"{target.name}.last")
        self._write(ended=False)

    @property
    def is_over(self) -> bool:
        return self.tally.inputs >= self._inputs or time.monotonic() > self._until

    def warm_up(self) -> None:
        """Reads the honest inputs, and imports what reads them; the time begins afterwards."""
        for content in (*self.target.start(), b""):
            self.one(content)
        self._until = time.monotonic() + self._seconds

    def one(self, content: bytes) -> None:
        self._last.put(content)
        failures = len(self.tally.failures)
        attempt(self.target.check, content, self.tally)
        if self.tally.inputs % 50 == 0 or len(self.tally.failures) > failures:
            self._write(ended=False)

    def last_input(self) -> bytes:
        """The input of now, of a process that is no more too."""
        return self._last.get()

    def written(self) -> dict[str, Any]:
        """What is written of the run: a tally, and whether it ended."""
        found: dict[str, Any] = json.loads(self._result.read_text(encoding="utf-8"))
        return found

    def end(self) -> None:
        self._write(ended=True)

    def unguided(self, seed: int) -> None:
        """Changes honest inputs, and some of those that came of it, until it is over."""
        chance = random.Random(seed)
        corpus = list(self.target.start())
        while not self.is_over:
            content = self.target.mutation(chance.choice(corpus), chance)
            self.one(content)
            if len(corpus) < _MOST_CORPUS and chance.random() < 0.1:
                corpus.append(content)
        self.end()

    def _write(self, *, ended: bool) -> None:
        written = json.dumps({**self.tally.summary(), "ended": ended})
        self._result.write_text(written, encoding="utf-8")


class _LastInput:
    """The input of now, in memory that outlives the process."""

    def __init__(self, path: Path) -> None:
        path.write_bytes(bytes(MOST_BYTES * 2))
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), 0)

    def put(self, content: bytes) -> None:
        self._memory[:8] = len(content).to_bytes(8, "little")
        self._memory[8 : 8 + len(content)] = content

    def get(self) -> bytes:
        return self._memory[8 : 8 + int.from_bytes(self._memory[:8], "little")]

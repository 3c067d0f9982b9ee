"""Fuzzes all that reads what strangers send, and looks for crashes, slow inputs and broken rules.

    python -m tests.reliability.fuzz                         # as in docs/reliability.md
    python -m tests.reliability.fuzz --minutes 2 --target query --target pdf --seed 3

Hypothesis changes honest files a little. Each must end in a value or a refusal, keep its promises,
and take at most a second of the processor. Inputs that do not are kept under `build/fuzz`.
"""

import argparse
import io
import json
import signal
import sys
import time
import traceback
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from kb.errors import InputError, QuisaitError
from tests.reliability.fuzzing.seeds import zipped
from tests.reliability.fuzzing.targets import TARGETS, Target
from tests.reliability.fuzzing.words import ODD

MINUTES = 25.0
INPUTS = 200
"""How many inputs follow from a seed."""

MOST_SECONDS, STOPPED_AFTER = 1.0, 20.0
"""Seconds of the processor that an input may take, and after which it is left."""

MOST_BYTES = 1 << 16
KEPT = Path("build/fuzz")
_OWN = tuple(str(Path(__file__).parents[2] / room) + "/" for room in ("kb", "ingest", "web"))
_UNCHANGED = ("styles.xml", "theme1.xml", "stylesWithEffects.xml", "numbering.xml", ".jpeg",
              ".png", "fontTable.xml", "settings.xml", "app.xml")  # fmt: skip


class TookTooLong(BaseException):
    """An input took more time than any may. No exception that a reader catches."""


def fuzz(target: Target, inputs: int = INPUTS, seed: int = 1) -> None:
    """Has a target read as many changed inputs.

    Raises:
        AssertionError: something does not hold, with the place of the input.
    """
    for content in (*target.start(), b""):
        _attempt(target, content)

    @seeded(seed)
    @settings(
        max_examples=inputs,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
        print_blob=False,
    )
    @given(st.data())
    def read(data: st.DataObject) -> None:
        _attempt(target, _changed(data.draw, target))

    read()


def _changed(draw: Callable[[Any], Any], target: Target) -> bytes:
    """An honest input, or a file in an archive, with some stretches replaced."""
    content: bytes = draw(st.sampled_from(target.start()))
    if not target.is_archive:
        return _edited(draw, content, target.words)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = [(name, archive.read(name)) for name in archive.namelist()]
    places = [at for at, (name, _) in enumerate(files) if not name.endswith(_UNCHANGED)]
    at = draw(st.sampled_from(places))
    files[at] = (files[at][0], _edited(draw, files[at][1], target.words))
    return zipped(files)


def _edited(draw: Callable[[Any], Any], content: bytes, words: Sequence[bytes]) -> bytes:
    pieces = st.sampled_from((*words, *ODD)) | st.binary(max_size=4)
    edit = st.tuples(
        st.integers(0, len(content)),
        st.integers(0, 40),
        pieces,
        st.sampled_from((0, 1, 1, 1, 1, 300)),
    )
    for start, length, piece, times in draw(st.lists(edit, min_size=1, max_size=6)):
        content = content[:start] + piece * times + content[start + length :]
    return content[: max(MOST_BYTES, len(content) // 2)]


def _attempt(target: Target, content: bytes) -> None:
    """Reads an input; keeps it if something is wrong with it."""
    try:
        # Twice if it is slow: the first time of all imports and learns.
        if _seconds(target, content) > MOST_SECONDS:
            spent = _seconds(target, content)
            assert spent <= MOST_SECONDS, f"takes {spent:.1f} s"
    except (Exception, TookTooLong) as error:
        KEPT.mkdir(parents=True, exist_ok=True)
        path = KEPT / f"{target.name}-{sha256(content).hexdigest()[:12]}"
        path.write_bytes(content)
        raise AssertionError(f"{path}: {type(error).__name__} {error}"[:500]) from error


def _seconds(target: Target, content: bytes) -> float:
    started = time.process_time()
    try:
        with _stopped():
            target.check(content)
    except QuisaitError as error:
        if _hides_a_mistake(error):
            raise AssertionError(f"{error!r} hides {error.__context__!r}") from None
    return time.process_time() - started


@contextmanager
def _stopped() -> Iterator[None]:
    def stop(_number: int, _frame: FrameType | None) -> NoReturn:
        raise TookTooLong

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, STOPPED_AFTER)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _hides_a_mistake(error: QuisaitError) -> bool:
    """Whether a line of this program, not of a library, raised what a refusal stands for."""
    behind = error.__context__
    if not isinstance(error, InputError) or error.code != "damaged_file" or behind is None:
        return False
    if isinstance(behind, (QuisaitError, UnicodeError)):
        return False
    frames = traceback.extract_tb(behind.__traceback__)
    return bool(frames) and frames[-1].filename.startswith(_OWN)


def main(seed: int = 1, minutes: float = MINUTES, targets: Sequence[str] = ()) -> dict[str, Any]:
    """Fuzzes each target, or those named, for its share of the minutes."""
    names = list(targets or TARGETS)
    inputs, faults = 0, []
    for name in names:
        until, number = time.monotonic() + 60 * minutes / len(names), seed
        while time.monotonic() < until:
            try:
                fuzz(TARGETS[name], INPUTS, number)
            except AssertionError as error:
                faults.append(f"{name}, seed {number}: {error}")
            inputs += INPUTS
            number += 1
    return {"inputs": inputs, "faults": faults}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.reliability.fuzz")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--target", action="append", default=[], choices=TARGETS)
    given_ = parser.parse_args()
    summary = main(given_.seed, given_.minutes, given_.target)
    print(json.dumps(summary, indent=2, ensure_ascii=False))
    sys.exit(bool(summary["faults"]))

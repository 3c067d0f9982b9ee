"""Attempts: a target on one input, watched for what must not happen."""

import hashlib
import signal
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, NoReturn

from kb.errors import QuisaitError

Check = Callable[[bytes], object]
"""Does something with an input; raises AssertionError if what must hold does not."""

MOST_SECONDS = 1.0
"""Most time of the processor for an input."""

TOO_SLOW = f"takes more than {MOST_SECONDS:g} s"

STOPPED_AFTER = 20.0
"""Seconds of the processor after which an input is left."""

_PROJECT = Path(__file__).parents[3]
_OWN = tuple(str(_PROJECT / room) + "/" for room in ("kb", "ingest", "web"))

_MOST_KEPT = 20


class TookTooLong(BaseException):
    """An input took more time than any may. No exception that a reader catches."""


@dataclass(slots=True)
class Tally:
    """What the inputs of a target came to, as JSON-able values.

    `refused` counts the codes of refusals in one line; `failures` maps each thing that must not
    happen to the inputs, as the names of files in `folder`.
    """

    target: str
    folder: Path
    inputs: int = 0
    slowest_s: float = 0.0
    refused: Counter[str] = field(default_factory=Counter)
    failures: dict[str, list[str]] = field(default_factory=dict)

    def summary(self) -> dict[str, Any]:
        return {
            "target": self.target,
            "inputs": self.inputs,
            "slowest_s": round(self.slowest_s, 3),
            "refused": dict(self.refused.most_common()),
            "failures": self.failures,
        }

    def fail(self, what: str, content: bytes) -> None:
        """Keeps an input that something was wrong with; a few for each thing."""
        known = self.failures.setdefault(what, [])
        if len(known) < _MOST_KEPT:
            self.folder.mkdir(parents=True, exist_ok=True)
            path = self.folder / f"{self.target}-{hashlib.sha256(content).hexdigest()[:12]}"
            path.write_bytes(content)
            known.append(path.name)


def attempt(check: Check, content: bytes, tally: Tally) -> None:
    """Runs a check on an input; never raises, and tallies what it came to.

    A refusal in one line is right, unless it hides a mistake of this program's own.
    """
    tally.inputs += 1
    spent = _attempted(check, content, tally)
    if spent > MOST_SECONDS:
        # Once more: the first time of all imports and learns, and other work gets in the way.
        spent = min(spent, _attempted(check, content, tally))
    if spent > MOST_SECONDS:
        tally.fail(TOO_SLOW, content)
    tally.slowest_s = max(tally.slowest_s, spent)


def _attempted(check: Check, content: bytes, tally: Tally) -> float:
    started = time.process_time()
    try:
        with _stopped():
            check(content)
    except QuisaitError as error:
        code = getattr(error, "code", type(error).__name__)
        tally.refused[code] += 1
        hidden = _own_mistake(error)
        if hidden:
            tally.fail(f"hidden by {code}: {hidden}", content)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001 (whatever it is, it must not happen)
        tally.fail(_said(error), content)
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


def _own_mistake(error: QuisaitError) -> str:
    """The exception behind a refusal, if a line of this program raised it, not one of a library."""
    behind = error.__context__
    if getattr(error, "code", "") != "damaged_file" or behind is None:
        return ""
    if isinstance(behind, (QuisaitError, UnicodeError)):
        return ""
    frames = list(_frames(behind.__traceback__))
    return _said(behind) if frames and frames[-1].startswith(_OWN) else ""


def _frames(trace: TracebackType | None) -> Iterator[str]:
    for frame, _ in traceback.walk_tb(trace):
        yield frame.f_code.co_filename


def _said(error: BaseException) -> str:
    """What happened and where, alike for inputs that have the same thing wrong with them."""
    lines = traceback.extract_tb(error.__traceback__)
    own = [line for line in lines if line.filename.startswith(_OWN)] or lines[-1:]
    place = f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else "?"
    last = f" ({Path(lines[-1].filename).name}:{lines[-1].lineno})" if lines else ""
    kind = type(error).__name__
    detail = str(error)[:80] if isinstance(error, AssertionError) else ""
    return f"{kind} at {place}{last} {detail}".strip()

"""Contestants in processes of their own, each with a time limit, and what they take of memory."""

import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.benchmarks.corpus import ROOT

_PSS = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)
ENDS_WITHIN_S = 15.0
LOOKED_AT_S, QUIET_LOOKS = 0.5, 8
"""How often a start is looked at, and after how many looks in a row without work it has ended.

Servers also wait before they go on: ours 3 s after it listens.
"""

AT_REST = 0.05
"""The share of a processor below which a server is at rest."""


class StepFailed(Exception):
    """A step of the comparison did not come to its end; says why in a line."""


class Session:
    """A contestant that answers; ended, with all that it started, at the end of `with`."""

    def __init__(self, command: Sequence[str], log: Path) -> None:
        """Starts a command that answers lines of JSON; what it prints else goes into a file."""
        self._process = _started(command, log, answers=True)
        self._log = log

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        _end(self._process)

    def ask(self, do: str, within_s: float, **given: Any) -> Any:
        """The answer of the contestant.

        Raises:
            StepFailed: it failed, ended, or took longer.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps({"do": do, **given}).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            raise StepFailed(f"{do}: it ended; {self._log} says why") from None
        too_late = threading.Timer(within_s, self._process.kill)
        too_late.start()
        line = self._process.stdout.readline()
        too_late.cancel()
        if not line:
            raise StepFailed(f"{do}: it ended, or took longer than its time; {self._log} says why")
        answer = json.loads(line)
        if "error" in answer:
            raise StepFailed(f"{do}: {answer['error']}")
        return answer

    @property
    def pid(self) -> int:
        return self._process.pid


def seconds_of(command: Sequence[str], log: Path, within_s: float) -> float:
    """The seconds of a whole process.

    Raises:
        StepFailed: it fails, or takes longer.
    """
    started = time.perf_counter()
    output_of(command, log, within_s)
    return time.perf_counter() - started


def output_of(command: Sequence[str], log: Path, within_s: float) -> str:
    """What a process prints.

    Raises:
        StepFailed: it fails, or takes longer.
    """
    process = _started(command, log, answers=True)
    try:
        output, _ = process.communicate(timeout=within_s)
    except subprocess.TimeoutExpired:
        raise StepFailed("longer than its time") from None
    finally:
        _end(process)
    if process.returncode:
        raise StepFailed(f"it ended with {process.returncode}; {log} says why")
    return str(output.decode())


@contextmanager
def serving(
    command: Sequence[str], log: Path, port: int, path: str, within_s: float
) -> Iterator[tuple[int, float]]:
    """A server: its process id, and the seconds until it first answered a request for `path`.

    Raises:
        StepFailed: it ends, or does not answer within this time.
    """
    started = time.perf_counter()
    process = _started(command, log, answers=False)
    try:
        while not _answers(f"http://127.0.0.1:{port}{path}"):
            if process.poll() is not None:
                raise StepFailed(f"the server ended; {log} says why")
            if time.perf_counter() - started > within_s:
                raise StepFailed("the server does not answer")
            time.sleep(0.02)
        yield process.pid, time.perf_counter() - started
    finally:
        _end(process)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def pss_mib(pid: int | None) -> float:
    """The memory of a process and of all that it started, shared pages by share; 0 without one."""
    found = 0
    for one in _family(pid) if pid is not None else ():
        with suppress(OSError):  # a process may end while it is looked at
            rollup = Path(f"/proc/{one}/smaps_rollup").read_text(encoding="utf-8")
            found += int(_PSS.search(rollup)[1])  # type: ignore[index]
    return found / 1024


def processor_s(pids: Sequence[int]) -> float:
    """The seconds of a processor that processes and all that they started have taken."""
    ticks = 0
    for one in set().union(*map(_family, pids)):
        with suppress(OSError):  # a process may end while it is looked at
            # Its own, and those of its children that have ended.
            ticks += sum(map(int, _fields_of(Path(f"/proc/{one}/stat"))[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def wait_for_rest(pids: Sequence[int], within_s: float) -> tuple[float, float]:
    """Waits until processes and all that they started are at rest: work goes on behind answers.

    Returns the seconds until they were, and those of a processor that they had taken by then.

    Raises:
        StepFailed: they work on after this time.
    """
    started = time.monotonic()
    rests_s, before, quiet = 0.0, processor_s(pids), 0
    while quiet < QUIET_LOOKS:
        if time.monotonic() - started > within_s:
            raise StepFailed("it never rests")
        time.sleep(LOOKED_AT_S)
        now = processor_s(pids)
        # The sum falls if a process ends before it is asked.
        if 0 <= now - before < AT_REST * LOOKED_AT_S:
            quiet += 1
        else:
            rests_s, quiet = time.monotonic() - started, 0
        before = now
    return rests_s, before


def _family(pid: int) -> set[int]:
    """A process and all that it started, directly or not, or in its session."""
    parents, sessions = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # a process may end while it is looked at
            fields = _fields_of(stat)
            one = int(stat.parent.name)
            parents[one], sessions[one] = int(fields[1]), int(fields[3])
    family = {one for one, session in sessions.items() if session == pid} | {pid}
    while more := {one for one, parent in parents.items() if parent in family} - family:
        family |= more
    return family


def _fields_of(stat: Path) -> list[str]:
    """What /proc says of a process, from its state on: its name may have spaces."""
    return stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()


def _started(command: Sequence[str], log: Path, *, answers: bool) -> "subprocess.Popen[bytes]":
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE if answers else subprocess.DEVNULL,
            stdout=subprocess.PIPE if answers else file,
            stderr=file,
            cwd=ROOT,
            env=_environment(),
            start_new_session=True,
        )


def _environment() -> dict[str, str]:
    """That of this process without settings of the program, and without what is looked for online.

    Variables for older builds of OpenBLAS slow down newer ones.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if (not name.startswith("QUISAIT_") or name == "QUISAIT_CACHE")
        and name not in {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"}
    }
    return kept | {
        "PYTHONPATH": str(ROOT),
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "true",
        "ANONYMIZED_TELEMETRY": "False",
    }


def _answers(url: str) -> bool:
    """Whether a server answers; it may not listen yet, or say that it is not ready (5xx).

    Raises:
        StepFailed: it refuses the request.
    """
    try:
        with urllib.request.urlopen(url, timeout=30) as response:
            return bool(response.status == HTTPStatus.OK)
    except urllib.error.HTTPError as error:
        if error.code < HTTPStatus.INTERNAL_SERVER_ERROR:
            raise StepFailed(f"{url} is answered {error.code}") from None
    except OSError:
        pass
    return False


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Ends a process and whatever it started: they have a session of their own."""
    for sent in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, sent)
        with suppress(subprocess.TimeoutExpired):
            process.wait(ENDS_WITHIN_S)
    for pipe in (process.stdin, process.stdout):
        if pipe:
            with suppress(OSError):
                pipe.close()

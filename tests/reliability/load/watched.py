"""What a server and its children take while it is used, read from /proc (Linux)."""

import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

MIB = 2**20
EVERY_S = 2.0


@dataclass(frozen=True, slots=True)
class Taken:
    """What is taken at a moment.

    Memory in MiB (PSS: what is shared counts in parts): of the server, and of its children.
    """

    at: float
    server_mib: float
    children_mib: float
    children: int
    handles: int
    threads: int
    wal_bytes: int

    @property
    def mib(self) -> float:
        return self.server_mib + self.children_mib


class Watched:
    """A server that is looked at every two seconds."""

    def __init__(self, pid: int, wal: Path) -> None:
        self._pid = pid
        self._wal = wal
        self._seen: list[Taken] = []
        self._ended = Event()

    @contextmanager
    def looking(self) -> Iterator[None]:
        thread = Thread(target=self._look_until_ended, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()

    def between(self, since: float, until: float) -> Sequence[Taken]:
        """What was seen between two times of `time.monotonic`."""
        return [taken for taken in self._seen if since <= taken.at <= until]

    def _look_until_ended(self) -> None:
        while not self._ended.wait(EVERY_S):
            with suppress(OSError):  # the server has ended
                self._seen.append(self.now())

    def now(self) -> Taken:
        process = Path("/proc") / str(self._pid)
        children = list(_descendants(self._pid))
        return Taken(
            time.monotonic(),
            _mib(self._pid),
            sum(map(_mib, children)),
            len(children),
            len(list((process / "fd").iterdir())),
            len(list((process / "task").iterdir())),
            self._wal.stat().st_size if self._wal.exists() else 0,
        )


def high_mib(seen: Sequence[Taken]) -> float:
    """What is exceeded a tenth of the time: with the worker, which comes and goes."""
    ordered = sorted(taken.mib for taken in seen)
    return round(ordered[len(ordered) * 9 // 10], 1) if ordered else 0.0


def mib_an_hour(seen: Sequence[Taken]) -> float:
    """How fast the memory grows: the slope of a straight line through what was seen."""
    if len({taken.at for taken in seen}) < 2:
        return 0.0
    slope, _ = statistics.linear_regression(
        [taken.at for taken in seen], [taken.mib for taken in seen]
    )
    return round(slope * 3600, 1)


def _descendants(pid: int) -> Iterator[int]:
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):  # the thread has ended
            for child in map(int, listed.read_text().split()):
                yield child
                yield from _descendants(child)


def _mib(pid: int) -> float:
    """The memory of a process; 0 if it has ended."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024 / MIB
    return 0.0

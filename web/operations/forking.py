"""Starting processes of this program that share what they import.

A fork server imports the program once, before any thread exists and before any model is loaded;
each process is a fork of it, and has these pages in common with all others. It is that of
`multiprocessing`; a process that is started anew would import everything again, for a second and
some 100 MB. It begins when the server listens: the two would slow each other's start.
"""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import forkserver, get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

from kb.base_folder import DATABASE_FILE
from kb.settings import Settings

IMPORTED = "web.searcher_imports"

BYTES_OF_SERVER, BYTES_OF_SEARCHER = 1_500_000_000, 300_000_000
"""What the server takes, and a searcher beside it, on a base of ten thousands of organisations."""

SHARE_OF_BASE = 0.05
"""Share of its database that each of them takes besides, in words and records that it remembers."""

_starting = threading.Lock()
"""Held while the environment is another: threads start several processes at once."""


def processes_of(settings: Settings) -> int:
    """Returns how many processes answer searches, this one among them."""
    if not hasattr(os, "fork"):
        return 1
    if settings.workers:
        return settings.workers
    remembered = int(SHARE_OF_BASE * _bytes_of_base(settings))
    left = _free_bytes() - BYTES_OF_SERVER - remembered
    return min(processors(), 1 + max(0, left) // (BYTES_OF_SEARCHER + remembered))


def divided(settings: Settings) -> Settings:
    """Chooses how many processes search, and how many threads encode, where nobody has."""
    count = processes_of(settings)
    # The others search meanwhile: more threads would wait for each other.
    threads = settings.threads or (max(1, processors() // 2) if count > 1 else 0)
    return settings.model_copy(update={"workers": count, "threads": threads})


def processors() -> int:
    """Returns how many processors this process may use."""
    known = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    quota, _, period = _read(f"{_control_group()}/cpu.max").partition(" ")
    if quota.isdecimal() and period.strip().isdecimal():
        return max(1, min(known or 1, round(int(quota) / int(period))))
    return known or 1


def _free_bytes() -> int:
    """Returns how much memory this process, and those that it starts, may still take."""
    in_kib = (
        int(line.split()[1])
        for line in _read("/proc/meminfo").splitlines()
        if line.startswith("MemAvailable")
    )
    free = next(in_kib, 2**40) * 1024
    most = _read(f"{_control_group()}/memory.max").strip()
    taken = _read(f"{_control_group()}/memory.current").strip()
    if most.isdecimal() and taken.isdecimal():
        free = min(free, int(most) - int(taken))
    return free


def _bytes_of_base(settings: Settings) -> int:
    """Returns the size of the database, if it is a file."""
    try:
        return (settings.folder / DATABASE_FILE).stat().st_size
    except OSError:
        return 0


def _control_group() -> str:
    """Returns the folder of the control group of this process, whose limits are its own."""
    return "/sys/fs/cgroup" + _read("/proc/self/cgroup").partition("::")[2].strip().rstrip("/")


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii")
    except (OSError, ValueError):  # another system, or one that does not say
        return ""


def start_process(run: Callable[..., None], *arguments: object) -> BaseProcess:
    """Starts a process that calls a function of a module with arguments that can be pickled.

    The first waits for the fork server, until that has imported the program.
    """
    with _starting, _same_path():
        forkserver.set_forkserver_preload([IMPORTED])
        forkserver.ensure_running()
    process = get_context("forkserver").Process(target=run, args=arguments, daemon=True)
    process.start()
    return process


@contextmanager
def _same_path() -> Iterator[None]:
    """Has a new interpreter import from where this one does, and from nowhere else.

    A folder called `web` where the server was started is not ours.
    """
    path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)  # noqa: PTH109 (as it is)
    given = {"PYTHONPATH": path, "PYTHONSAFEPATH": "1"}
    before = {name: os.environ.get(name) for name in given}
    # One by one: other threads start processes meanwhile, which need all else that is there.
    os.environ.update(given)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value

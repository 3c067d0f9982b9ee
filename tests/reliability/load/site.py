"""A real server on a copy of a knowledge base, with accounts for those who write."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.models import Kind
from kb.registers.accounts import AccountRole
from kb.settings import Settings
from tests.benchmarks.processes import pss_mib

ROOT = Path(__file__).parents[3]
DEMONSTRATION = ROOT / "build" / "demo-kb"
SERVE = ("web", "serve", "--kb")
PATIENCE_S, ENDS_WITHIN_S, LOOKED_AT_S = 60.0, 20.0, 2.0


@dataclass(frozen=True)
class Site:
    """A server, and what its visitors know of it."""

    url: str
    tokens: Sequence[str]
    actors: Sequence[str]
    cases: Sequence[str]
    themes: Sequence[str]
    patience_s: float
    """How long its visitors wait for an answer."""
    taken: list[tuple[float, float, int]]
    """What it takes every two seconds: the moment, MiB of memory, bytes of the WAL."""


@contextmanager
def served(
    source: Path,
    folder: Path,
    writers: int,
    *,
    program: Sequence[str] = SERVE,
    patience_s: float = PATIENCE_S,
) -> Iterator[Site]:
    """Serves a copy of the base `source`, made in `folder`; its log goes to standard error.

    `program` is a module and its arguments, to which the folder of the copy is added. `writers`
    accounts of moderators have a token each. At the end the server must end by itself.
    """
    copy = folder / "kb"
    shutil.copytree(source, copy)
    with closing(KnowledgeBase.open(Settings(kb=copy))) as base:
        tokens = [_token(base, f"Writer {number}") for number in range(writers)]
        actors, cases = (sorted(base.ids(kind)) for kind in (Kind.ACTOR, Kind.CASE))
        themes = [theme.name for theme in base.themes()]
    command = [sys.executable, "-m", *program, str(copy), "--port", "0"]
    # No setting of the program but where models are kept.
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("QUISAIT_") or name == "QUISAIT_CACHE"
    }
    with (
        (folder / "log.txt").open("w", encoding="utf-8") as log,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, text=True, cwd=ROOT, env=environment
        ) as process,
    ):
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if "→" not in line:
                raise RuntimeError("The server does not start: its log says why.")
            with _looking(process.pid, copy / f"{DATABASE_FILE}-wal") as taken:
                yield Site(line.split()[-1], tokens, actors, cases, themes, patience_s, taken)
            process.terminate()
            process.wait(ENDS_WITHIN_S)
        finally:
            process.kill()
            sys.stderr.write((folder / "log.txt").read_text(encoding="utf-8"))


def _token(base: KnowledgeBase, name: str) -> str:
    base.accounts.add(name, f"the password of {name}", AccountRole.MODERATOR)
    return base.accounts.issue_token(name, "load")


@contextmanager
def _looking(pid: int, wal: Path) -> Iterator[list[tuple[float, float, int]]]:
    taken: list[tuple[float, float, int]] = []
    ended = Event()

    def look() -> None:
        while not ended.wait(LOOKED_AT_S):
            with suppress(OSError):  # the server has ended
                bytes_ = wal.stat().st_size if wal.exists() else 0
                taken.append((time.monotonic(), pss_mib(pid), bytes_))

    thread = Thread(target=look, daemon=True)
    thread.start()
    try:
        yield taken
    finally:
        ended.set()
        thread.join()

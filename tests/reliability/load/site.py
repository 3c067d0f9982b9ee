"""A real server on a copy of a knowledge base, with accounts for those who write."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.models import Kind
from kb.registers.accounts import AccountRole
from kb.settings import Settings
from tests.reliability.load.watched import Watched

ROOT = Path(__file__).parents[3]
DEMONSTRATION = ROOT / "build" / "demo-kb"
SERVE = ("web", "serve", "--kb")
PATIENCE_S, ENDS_WITHIN_S = 60.0, 20.0

# The program as `quisait` starts it, which says on SIGUSR1 what each thread is at.
_PROGRAM = """
import faulthandler, runpy, signal, sys
faulthandler.register(signal.SIGUSR1, all_threads=True)
runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
"""


@dataclass(frozen=True)
class Site:
    """A server, and what its visitors know of it."""

    process: "subprocess.Popen[str]"
    url: str
    watched: Watched
    tokens: Sequence[str]
    actors: Sequence[str]
    cases: Sequence[str]
    themes: Sequence[str]
    patience_s: float
    """How long its visitors wait for an answer."""

    def tell_what_it_is_at(self) -> None:
        """Has the server write into its log what each of its threads is at."""
        self.process.send_signal(signal.SIGUSR1)


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
    command = [sys.executable, "-c", _PROGRAM, *program, str(copy), "--port", "0"]
    with (
        (folder / "log.txt").open("w", encoding="utf-8") as log,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, text=True, cwd=ROOT, env=_environment()
        ) as process,
    ):
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if "→" not in line:
                raise RuntimeError("The server does not start: its log says why.")
            watched = Watched(process.pid, copy / f"{DATABASE_FILE}-wal")
            with watched.looking():
                url = line.split()[-1]
                yield Site(process, url, watched, tokens, actors, cases, themes, patience_s)
            process.terminate()
            process.wait(ENDS_WITHIN_S)
        finally:
            process.kill()
            sys.stderr.write((folder / "log.txt").read_text(encoding="utf-8"))


def _token(base: KnowledgeBase, name: str) -> str:
    base.accounts.add(name, f"the password of {name}", AccountRole.MODERATOR)
    return base.accounts.issue_token(name, "load")


def _environment() -> dict[str, str]:
    """That of this process, with no setting of the program but where models are kept."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("QUISAIT_") or name == "QUISAIT_CACHE"
    }

"""Tasks as no file should have them done: they take, they break, they lie."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from ingest.sandbox.serving import MAX_WRITTEN_MB
from kb.errors import InputError


def echo(content: bytes, word: str) -> Iterator[object]:
    yield [os.getpid(), word, content.decode()]


def refuse(most: int) -> Iterator[object]:
    yield from ()
    raise InputError("long_page", most=most)


def fail() -> Iterator[object]:
    yield 1
    raise ZeroDivisionError


def numbers(count: int, chars: int) -> Iterator[object]:
    for number in range(count):
        yield ["x" * chars, number]


def allocate() -> Iterator[object]:
    yield from ()
    taken = [bytearray(1 << 24)]
    while True:
        taken.append(bytearray(1 << 24))


def take(mb: int) -> Iterator[object]:
    assert len(b"x" * (mb << 20))
    yield os.getpid()


def burn() -> Iterator[object]:
    yield from ()
    while True:
        pass


def wait() -> Iterator[object]:
    """Starts a program of its own, says both numbers, and says nothing more."""
    started = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
    yield [os.getpid(), started.pid]
    time.sleep(3600)


def answer_much() -> Iterator[object]:
    yield "x" * (3 << 20)


def write_much() -> Iterator[object]:
    with tempfile.TemporaryFile() as file:
        file.seek((MAX_WRITTEN_MB << 20) + 1)
        file.write(b"x")
    yield None


def open_much() -> Iterator[object]:
    yield [os.open(os.devnull, os.O_RDONLY) for _ in range(1000)]


def print_much() -> Iterator[object]:
    print("noise")
    os.write(1, b"noise")
    subprocess.run(["echo", "noise"], check=True)
    yield "quiet"


def surroundings() -> Iterator[object]:
    score = Path("/proc/self/oom_score_adj")
    yield [
        sorted(os.environ),
        os.nice(0),
        sys.stdin.read(),
        int(score.read_text("ascii")) if score.exists() else None,
    ]


def abort() -> Iterator[object]:
    os.kill(os.getpid(), signal.SIGSEGV)
    yield None


def lie(handle: int, said: str) -> Iterator[object]:
    """Writes past the frames, where a process that was taken over could."""
    os.write(handle, said.encode())
    yield None

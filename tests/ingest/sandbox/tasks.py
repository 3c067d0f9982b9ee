"""Tasks as no file should have them done: they take, they break, they lie."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ingest.sandbox.limits import MAX_WRITTEN_MB
from ingest.sandbox.serving import Task, serve
from kb.errors import InputError


def echo(arguments: Mapping[str, Any], content: bytes) -> Iterator[object]:
    yield [os.getpid(), arguments["word"], content.decode()]


def refuse(arguments: Mapping[str, Any], _content: bytes) -> Iterator[object]:
    yield from ()
    raise InputError("long_page", most=arguments["most"])


def fail(_arguments: Mapping[str, Any], _content: bytes) -> Iterator[object]:
    yield 1
    raise ZeroDivisionError


def numbers(arguments: Mapping[str, Any], _content: bytes) -> Iterator[object]:
    for number in range(arguments["count"]):
        yield ["x" * arguments["chars"], number]


def allocate(_arguments: Mapping[str, Any], _content: bytes) -> Iterator[object]:
    yield from ()
    taken = [bytearray(1 << 24)]
    while True:
        taken.append(bytearray(1 << 24))


def take(arguments: Mapping[str, Any], _content: bytes) -> Iterator[object]:
    assert len(b"x" * (arguments["mb"] << 20))
    yield os.getpid()


def burn(_arguments: Mapping[str, Any], _content: bytes) -> Iterator[object]:
    yield from ()
    while True:
        pass


def wait(_arguments: Mapping[str, Any], _content: bytes) -> Iterator[object]:
    """Starts a program of its own, says both numbers, and says nothing more."""
    started = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
    yield [os.getpid(), started.pid]
    time.sleep(3600)


def answer_much(_arguments: Mapping[str, Any], _content: bytes) -> Iterator[object]:
    yield "x" * (3 << 20)


def write_much(_arguments: Mapping[str, Any], _content: bytes) -> Iterator[object]:
    with tempfile.TemporaryFile() as file:
        file.seek((MAX_WRITTEN_MB << 20) + 1)
        file.write(b"x")
    yield None


def open_much(_arguments: Mapping[str, Any], _content: bytes) -> Iterator[object]:
    yield [os.open(os.devnull, os.O_RDONLY) for _ in range(1000)]


def print_much(_arguments: Mapping[str, Any], _content: bytes) -> Iterator[object]:
    print("noise")
    os.write(1, b"noise")
    subprocess.run(["echo", "noise"], check=True)
    yield "quiet"


def surroundings(_arguments: Mapping[str, Any], _content: bytes) -> Iterator[object]:
    score = Path("/proc/self/oom_score_adj")
    yield [
        sorted(os.environ),
        os.nice(0),
        sys.stdin.read(),
        int(score.read_text("ascii")) if score.exists() else None,
    ]


def abort(_arguments: Mapping[str, Any], _content: bytes) -> Iterator[object]:
    os.kill(os.getpid(), signal.SIGSEGV)
    yield None


def lie(arguments: Mapping[str, Any], _content: bytes) -> Iterator[object]:
    """Writes past the frames, where a process that was taken over could."""
    os.write(arguments["handle"], arguments["bytes"].encode())
    yield None


TASKS: Mapping[str, Task] = {
    task.__name__: task
    for task in (
        echo, refuse, fail, numbers, allocate, take, burn, wait, answer_much, write_much, open_much,
        print_much, surroundings, abort, lie,
    )
}  # fmt: skip

if __name__ == "__main__":
    serve(TASKS)

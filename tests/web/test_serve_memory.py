"""What the threads of a server take of memory; glibc tells how many arenas they have."""

import re
import subprocess
import sys

import pytest

_THREADS = """
import ctypes, threading
from web.commands.serve import share_arenas
share_arenas()
libc = ctypes.CDLL(None)
libc.malloc.restype = libc.fopen.restype = ctypes.c_void_p
libc.malloc.argtypes, libc.free.argtypes = [ctypes.c_size_t], [ctypes.c_void_p]
all_run = threading.Barrier(20)
def allocate():
    all_run.wait()
    for _ in range(200):
        libc.free(libc.malloc(5_000))
    all_run.wait()
threads = [threading.Thread(target=allocate) for _ in range(20)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
told = ctypes.c_void_p(libc.fopen(b"/dev/stdout", b"w"))
libc.malloc_info(0, told)
libc.fflush(told)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only glibc has arenas")
def test_threads_share_two_arenas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MALLOC_ARENA_MAX", raising=False)
    told = subprocess.run(
        [sys.executable, "-c", _THREADS], capture_output=True, text=True, check=True
    ).stdout
    assert 1 <= len(re.findall("<heap nr", told)) <= 2

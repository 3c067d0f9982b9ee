"""What reading processes take, break and say does not reach the one that asks them."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ingest.sandbox.pool import ASKER, ReaderPool
from ingest.sandbox.serving import LEAVES_AT_MB, NICENESS, OOM_SCORE_ADJ, ReadingLimits
from kb.errors import InputError, ReadersBusy

pytestmark = pytest.mark.thorough

TASKS = "tests.ingest.sandbox.tasks"
PATIENCE_S = 120.0
AMPLE = ReadingLimits(memory_mb=512, cpu_seconds=60, seconds=PATIENCE_S, answer_mb=2)


@pytest.fixture
def pool() -> Iterator[ReaderPool]:
    with closing(new_pool()) as pool:
        yield pool


def new_pool(**how_many: int) -> ReaderPool:
    return ReaderPool({"InputError": InputError}, **how_many)


def echo(pool: ReaderPool, word: str = "gel") -> Any:
    return pool.ask(f"{TASKS}:echo", AMPLE, b"cirage", word=word)


def refusal(pool: ReaderPool, task: str, limits: ReadingLimits = AMPLE, **arguments: Any) -> str:
    with pytest.raises(InputError) as error:
        list(pool.stream(f"{TASKS}:{task}", limits, **arguments))
    return str(error.value)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_gone(*pids: int) -> None:
    until = time.monotonic() + PATIENCE_S
    while any(map(is_alive, pids)):
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_process_is_asked_again_and_again(pool: ReaderPool) -> None:
    pid, *said = echo(pool)
    assert said == ["gel", "cirage"]
    assert pid != os.getpid()
    assert echo(pool, "half a pair: \ud800") == [pid, "half a pair: \ud800", "cirage"]


def test_a_refusal_keeps_its_values_and_the_process(pool: ReaderPool) -> None:
    pid, *_ = echo(pool)
    with pytest.raises(InputError, match="more than 1,000 lines") as error:
        pool.ask(f"{TASKS}:refuse", AMPLE, most=1000)
    assert error.value.remark.values == {"most": 1000}
    assert echo(pool)[0] == pid


@pytest.mark.parametrize(
    ("task", "limits", "line"),
    [
        ("allocate", AMPLE, "needs more than 512 MB of memory"),
        ("burn", replace(AMPLE, cpu_seconds=1), "takes longer than 1 seconds to read"),
        ("wait", replace(AMPLE, seconds=1.0), "takes longer than 1 seconds to read"),
        ("answer_much", AMPLE, "holds more than 2 MB of text in one piece"),
        ("write_much", AMPLE, "cannot be read: File too large"),
        ("open_much", AMPLE, "cannot be read: Too many open files"),
        ("abort", AMPLE, "ended the program that was to read it"),
        ("fail", AMPLE, "is damaged (ZeroDivisionError)"),
    ],
    ids=["memory", "processor", "clock", "answer", "written", "handles", "crash", "unforeseen"],
)
def test_what_exceeds_a_limit_is_one_line_and_the_next_file_is_read(
    pool: ReaderPool, task: str, limits: ReadingLimits, line: str
) -> None:
    assert refusal(pool, task, limits).startswith(line)
    assert echo(pool)[1] == "gel"


def test_a_process_that_is_killed_is_one_line_and_replaced(pool: ReaderPool) -> None:
    idle, *_ = echo(pool)
    os.kill(idle, signal.SIGKILL)
    wait_until_gone(idle)
    parts: Any = pool.stream(f"{TASKS}:wait", AMPLE)
    pid, started = next(parts)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(InputError, match="ended the program"):
        next(parts)
    wait_until_gone(started)
    assert echo(pool)[0] != pid


def test_what_a_process_started_ends_with_it(pool: ReaderPool) -> None:
    parts: Any = pool.stream(f"{TASKS}:wait", AMPLE)
    pids = next(parts)
    parts.close()
    wait_until_gone(*pids)


def test_parts_come_as_they_are_taken_and_no_further(pool: ReaderPool) -> None:
    parts: Any = pool.stream(f"{TASKS}:numbers", AMPLE, count=1_000_000, chars=100_000)
    assert [next(parts)[1] for _ in range(3)] == [0, 1, 2]
    (pid,) = pool.pids
    parts.close()
    wait_until_gone(pid)
    assert echo(pool)[1] == "gel"


def test_a_process_that_needed_much_memory_ends_and_others_stay(pool: ReaderPool) -> None:
    # The one that asks may have far more in use, which is not counted.
    held = bytearray(b"x" * (LEAVES_AT_MB << 20))
    pid, *_ = echo(pool)
    assert echo(pool)[0] == pid
    assert pool.ask(f"{TASKS}:take", replace(AMPLE, memory_mb=2048), mb=LEAVES_AT_MB) == pid
    assert echo(pool)[0] != pid
    del held


def test_what_libraries_print_is_no_answer(pool: ReaderPool) -> None:
    assert pool.ask(f"{TASKS}:print_much", AMPLE) == "quiet"


def test_a_process_gets_no_setting_and_gives_way(
    pool: ReaderPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUISAIT_SECRET", "a secret of thirty-two characters")
    said: Any = pool.ask(f"{TASKS}:surroundings", AMPLE)
    names, niceness, typed, sooner = said
    assert not [name for name in names if name.startswith("QUISAIT")]
    assert niceness >= NICENESS
    assert typed == ""
    assert sooner is None or sooner >= OOM_SCORE_ADJ


@pytest.mark.parametrize("said", ["X", "[]", '["refused",[1,2],true]', '["part"]', "[" * 100_000])
def test_lies_are_one_line(pool: ReaderPool, said: str) -> None:
    # 4: the standard input and output are copied to 3 and 4.
    with pytest.raises(InputError):
        pool.ask(f"{TASKS}:lie", AMPLE, handle=4, said=said + '\n["end",null,true]\n')


def test_few_wait_and_others_are_told_to_come_back() -> None:
    with closing(new_pool(at_once=1, waiting=0)) as pool:
        parts: Any = pool.stream(f"{TASKS}:numbers", AMPLE, count=2, chars=1)
        next(parts)
        with pytest.raises(ReadersBusy, match="Try again in a minute"):
            echo(pool)
        list(parts)
        assert echo(pool)[1] == "gel"


def test_who_asks_has_one_place_and_others_have_theirs() -> None:
    with closing(new_pool(at_once=2, waiting=1)) as pool:
        token = ASKER.set("anne")
        parts: Any = pool.stream(f"{TASKS}:numbers", AMPLE, count=2, chars=1)
        next(parts)
        with pytest.raises(ReadersBusy):
            echo(pool)
        ASKER.reset(token)
        assert echo(pool)[1] == "gel"
        list(parts)


def test_who_asks_a_pool_that_stops_is_told_to_come_back_and_it_starts_again() -> None:
    with closing(new_pool(at_once=1)) as pool:
        heard: list[str] = []

        def ask(task: str) -> None:
            with pytest.raises(ReadersBusy) as refused:
                [*pool.stream(f"{TASKS}:{task}", AMPLE, b"", word="")]
            heard.append(str(refused.value))

        parts: Any = pool.stream(f"{TASKS}:wait", AMPLE)
        pids = next(parts)
        waiting = threading.Thread(target=ask, args=["echo"])
        waiting.start()
        pool.stop()
        with pytest.raises(ReadersBusy, match="being restarted"):
            next(parts)
        waiting.join(PATIENCE_S)
        ask("echo")
        wait_until_gone(*pids)
        assert heard == ["The site is being restarted. Try again in a minute."] * 2
        assert pool.pids == []
        pool.start()
        assert echo(pool)[1] == "gel"

"""The process that fuzzes: it forks for each target, guided by the branches of the code.

    python -m tests.reliability.fuzzing.child FOLDER INPUTS SEED MINUTES [TARGET…]

Its output is a line for each target as JSON, and at last a line with all of them.
"""

import json
import math
import os
import random
import resource
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.reliability.fuzzing.run import FuzzingRun
    from tests.reliability.fuzzing.targets import Target

try:
    import atheris
except ImportError:  # there is none for this machine
    atheris = None

MEMORY_MB = 4096

_INSTRUMENTED = ["kb", "ingest", "web", "markdown_it", "striprtf"]
_READERS = (
    "ingest.articles.readers", "ingest.directories.preview", "ingest.extraction.llm",
    "ingest.case_files.markdown_reader", "kb.explanation.report_files", "web.app",
)  # fmt: skip
_BY_CHANCE = 0.1
"""How often bytes are changed by what libFuzzer knows, and not by the rules of the format."""

_TIMES_MEAN = 2.5
"""Most time of a target, in means of what is left: some read documents, others a line."""


def fuzzed(
    folder: Path, inputs: int, seed: int, minutes: float, names: list[str]
) -> Iterator[dict[str, Any]]:
    """Yields what the inputs of each target come to."""
    begun = time.monotonic()
    with _instrumented():
        # Here, and once for all targets: to instrument takes longer than to import.
        from tests.reliability.fuzzing.targets import TARGETS

        for reader in _READERS:
            import_module(reader)
    chosen = [TARGETS[name] for name in names or TARGETS]
    shares = sum(target.share for target in chosen)
    for number, target in enumerate(chosen):
        left = begun + 60 * minutes - time.monotonic()
        seconds = max(1.0, min(left, _TIMES_MEAN * left / (len(chosen) - number)))
        most = math.ceil(inputs * target.share / shares)
        yield _of_target(target, folder, most, seed, seconds)


def _instrumented() -> Any:
    return atheris.instrument_imports(include=_INSTRUMENTED) if atheris else nullcontext()


def _of_target(
    target: "Target", folder: Path, inputs: int, seed: int, seconds: float
) -> dict[str, Any]:
    """What the inputs of a target come to. A process that dies, dies of its last input."""
    from tests.reliability.fuzzing.attempt import Tally
    from tests.reliability.fuzzing.run import FuzzingRun

    whole = Tally(target.name, folder).summary()
    begun = time.monotonic()
    while whole["inputs"] < inputs and time.monotonic() - begun < seconds:
        left = seconds + begun - time.monotonic()
        run = FuzzingRun(target, folder, inputs - whole["inputs"], left)
        process = os.fork()
        if not process:
            _run(run, seed)
        _, status = os.waitpid(process, 0)
        _add(whole, run.written())
        if not run.written()["ended"]:
            died = signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else "?"
            kept = Tally(target.name, folder)
            kept.fail(f"the process died ({died})", run.last_input())
            _add(whole, kept.summary())
        seed += 1
    return {**whole, "seconds": round(time.monotonic() - begun, 1)}


def _add(whole: dict[str, Any], part: dict[str, Any]) -> None:
    whole["inputs"] += part["inputs"]
    whole["slowest_s"] = max(whole["slowest_s"], part["slowest_s"])
    for code, count in part["refused"].items():
        whole["refused"][code] = whole["refused"].get(code, 0) + count
    for what, inputs in part["failures"].items():
        whole["failures"][what] = sorted({*whole["failures"].get(what, ()), *inputs})


def _run(run: "FuzzingRun", seed: int) -> None:
    """Fuzzes a target in this process, and ends it."""
    os.dup2(2, 1)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MB << 20, MEMORY_MB << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        with _instrumented():
            run.warm_up()
        if atheris:
            _guided(run, seed)
        run.unguided(seed)
    except BaseException:  # noqa: BLE001 (what goes wrong here must not go on in two processes)
        traceback.print_exc()
    finally:
        os._exit(0)


def _guided(run: "FuzzingRun", seed: int) -> None:
    """Goes on from inputs that reach new branches; ends the process."""
    target = run.target

    def one(content: bytes) -> None:
        if run.is_over:
            run.end()
            os._exit(0)
        run.one(content)

    def mutate(content: bytes, most: int, seed: int) -> bytes:
        chance = random.Random(seed)
        if chance.random() < _BY_CHANCE:
            changed: bytes = atheris.Mutate(content, most)
            return changed
        return target.mutation(content, chance)[:most]

    with TemporaryDirectory() as corpus:
        for number, content in enumerate(target.start()):
            (Path(corpus) / str(number)).write_bytes(content)
        options = {
            "seed": seed, "max_len": 1 << 16, "len_control": 0, "cross_over": 0, "verbosity": 0,
            "rss_limit_mb": 0, "timeout": 10_000, "handle_segv": 0, "handle_abrt": 0,
            "handle_bus": 0, "handle_fpe": 0, "handle_ill": 0, "report_slow_units": 10_000,
        }  # fmt: skip
        flags = [f"-{option}={value}" for option, value in options.items()]
        atheris.Setup([sys.argv[0], *flags, corpus], one, custom_mutator=mutate)
        atheris.Fuzz()


if __name__ == "__main__":
    folder, inputs, seed, minutes, *names = sys.argv[1:]
    found = []
    for one in fuzzed(Path(folder), int(inputs), int(seed), float(minutes), names):
        found.append(one)
        sys.stderr.write(json.dumps(one, ensure_ascii=False) + "\n")
    sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")

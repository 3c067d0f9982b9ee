"""Everything that takes long, within an hour: what `make check-long` runs.

    python -m tests.reliability                  # at most an hour on two idle cores
    python -m tests.reliability --minutes 10     # less of everything
    python -m tests.reliability --only kills     # one step
    python -m tests.reliability --write          # writes the results into docs/reliability.md

The load is measured alone; then the soak runs beside the others, which run one after the other.
Each step is a process of its own that prints its summary; `faults` has a line for each thing that
must not be. The summaries go into build/reliability.json. Exits with 1 if there is a fault.
"""

import argparse
import json
import os
import platform
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
WRITTEN, DOCUMENT = ROOT / "build" / "reliability.json", ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- results of make check-long -->", "<!-- end of results -->"
MINUTES = 60.0
MOST_FAULTS_TOLD = 20

Summary = dict[str, Any]


@dataclass(frozen=True)
class Step:
    """A module of this package, and its share of the time.

    `tried` says what its summary counts, as a format of `str.format_map`.
    """

    module: str
    minutes: float
    tried: str


LOAD = Step(
    "load",
    7,
    "{clients} clients, {requests} requests in {mixed_s} s, {refusals} told to wait; "
    "the p95 of searches {mixed_p95_s} s, {times} times that of the same alone; "
    "memory {mib[0]} MiB, then {mib[1]} MiB",
)
IN_TURN = (
    Step("kills", 10, "{killed} processes killed"),
    Step("damage", 5, "{runs} files damaged"),
    Step("disk", 5, "{runs} processes whose disk was full or read-only"),
    Step("fuzz", 9, "{inputs} inputs"),
    Step(
        "memory",
        10,
        "{articles} different articles and {searches} different searches; memory of the server "
        "{mib[0]} MiB, after half of them {mib[1]} MiB, after all {mib[2]} MiB",
    ),
    Step("api_fuzz", 5, "{requests} requests to {operations} operations of the API"),
    Step("days", 13, "{tests} quick tests in all on other days: {settings}"),
)
SOAK = Step(
    "load.soak",
    sum(step.minutes for step in IN_TURN),
    "{clients} clients, {requests} requests in {mixed_s} s, {refusals} told to wait; "
    "memory {mib[0]} MiB, then {mib[1]} MiB",
)
STEPS = (LOAD, SOAK, *IN_TURN)


def main(steps: Sequence[Step] = STEPS, minutes: float = MINUTES) -> dict[str, Summary]:
    """Runs the steps, each for its share of the minutes; returns their summaries by name."""
    found: dict[str, Summary] = {}
    share = minutes / MINUTES

    def end(step: Step, process: "subprocess.Popen[str]") -> None:
        found[step.module] = _summary_of(process, step, share)
        print(json.dumps(found[step.module], ensure_ascii=False), flush=True)

    if LOAD in steps:
        with _running(LOAD, share) as process:
            end(LOAD, process)
    with ExitStack() as beside:
        soak = beside.enter_context(_running(SOAK, share)) if SOAK in steps else None
        for step in IN_TURN:
            if step in steps:
                with _running(step, share) as process:
                    end(step, process)
        if soak is not None:
            end(SOAK, soak)
    return found


@contextmanager
def _running(step: Step, share: float) -> Iterator["subprocess.Popen[str]"]:
    """A step that runs; interrupted if it is left before its end."""
    print(f"{step.module}: {step.minutes * share:.0f} minutes at most", flush=True)
    command = [sys.executable, "-m", f"{__package__}.{step.module}"]
    command += ["--minutes", str(step.minutes * share)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)


def _summary_of(process: "subprocess.Popen[str]", step: Step, share: float) -> Summary:
    """Waits for a step: as long as it may run, and as long again to begin and to end."""
    started = time.monotonic()
    try:
        told, _ = process.communicate(timeout=60 * (2 * step.minutes * share + 2))
        summary: Summary = json.loads(told)
    except subprocess.TimeoutExpired:
        summary = {"faults": ["it does not end"]}
    except ValueError:
        summary = {"faults": [f"it ended with {process.returncode} and no summary"]}
    if process.returncode and not summary["faults"]:
        summary["faults"] = [f"it ended with {process.returncode}"]
    return {"seconds": round(time.monotonic() - started)} | summary


def results(steps: Sequence[Step], found: Mapping[str, Summary], how: str) -> str:
    """What the summaries come to, in Markdown."""
    rows = ["| step | tried | minutes | lost or failed |", "| --- | --- | ---: | --- |"]
    lines: list[str] = []
    for step in steps:
        summary = found[step.module]
        faults = summary["faults"]
        try:
            tried = step.tried.format_map(summary)
        except (KeyError, TypeError):
            tried = ""
        failed = f"**{len(faults)}**" if faults else "nothing"
        rows.append(f"| {step.module} | {tried} | {summary['seconds'] / 60:.0f} | {failed} |")
        lines += [f"- {step.module}: {fault}" for fault in faults[:MOST_FAULTS_TOLD]]
    return "\n".join([how, "", *rows, *([""] if lines else []), *lines])


def _machine() -> str:
    """What measures, and how busy it is before."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    busy = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores and {memory:.0f} GiB, Python {platform.python_version()}, "
        f"a load of {busy:.1f} before"
    )


def _with_results(document: str, written: str) -> str:
    """A document with other results between the markers."""
    section = f"{BEGIN}\n\n{written}\n\n{END}"
    changed, count = re.subn(
        f"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: section, document, flags=re.DOTALL
    )
    if not count:
        raise SystemExit(f"{DOCUMENT} has no place for results: {BEGIN} … {END}")
    return changed


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.reliability")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="at most, in all")
    parser.add_argument("--only", action="append", choices=[step.module for step in STEPS])
    parser.add_argument("--write", action="store_true", help=f"into {DOCUMENT.relative_to(ROOT)}")
    given = parser.parse_args()
    chosen = [step for step in STEPS if not given.only or step.module in given.only]
    day, machine, started = datetime.now(UTC).date(), _machine(), time.monotonic()
    summaries = main(chosen, given.minutes)
    took = (time.monotonic() - started) / 60
    written = results(chosen, summaries, f"{day}: {took:.0f} minutes on {machine}.")
    WRITTEN.parent.mkdir(exist_ok=True)
    told = {"day": str(day), "machine": machine, "minutes": took, "steps": summaries}
    WRITTEN.write_text(json.dumps(told, indent=2, ensure_ascii=False), encoding="utf-8")
    if given.write:
        document = DOCUMENT.read_text(encoding="utf-8")
        DOCUMENT.write_text(_with_results(document, written), encoding="utf-8")
    print(written)
    sys.exit(any(summary["faults"] for summary in summaries.values()))

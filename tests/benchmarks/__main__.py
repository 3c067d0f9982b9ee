"""The comparison: this program beside what people would use instead, in one run.

    python -m tests.benchmarks                          # 1,000 firms, a quarter of an hour
    python -m tests.benchmarks --full                   # 1,000, 10,000 and 100,000; some hours
    python -m tests.benchmarks --full --sizes 1000000   # what else there is to measure
    python -m tests.benchmarks --full --write           # and into docs/figures/benchmarks.md

All contestants have the same texts and the same weights, and take turns. Each step is a process of
its own with a time limit, and its figures are kept as soon as it ends, in a folder for each
revision of the code: a run that was ended goes on when it is begun again, and tries again what
failed; one contestant's failure is a gap in the tables. Run it where nothing else runs.
"""

import argparse
import contextlib
import hashlib
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kb.encoder import delta
from kb.encoder.prepared import find_delta, find_model, prompts_of
from kb.settings import Settings
from tests.benchmarks.corpus import ROOT
from tests.benchmarks.processes import output_of
from tests.benchmarks.results import read_results, tables
from tests.benchmarks.rivals import install
from tests.benchmarks.slices import BUILT, SLICE
from tests.benchmarks.steps import ENTRANTS, FULL, SMALL, Workshop, plan, run_step

DOCUMENT = ROOT / "docs" / "figures" / "benchmarks.md"
HEAD = """\
# Figures of the benchmarks

`make benchmark-full` wrote this page; [benchmarks](../benchmarks.md) says what is compared, and \
how.\
"""
FULL_SIZES, SMALL_SIZES = (1_000, 10_000, 100_000), (1_000,)
REPETITIONS = 3


def main() -> None:
    given = _arguments()
    # Whoever ends a run ends what it started, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sizes = given.sizes or (FULL_SIZES if given.full else SMALL_SIZES)
    extent = "full" if given.full else "small"
    folder = given.out or BUILT / "runs" / f"{_revision()}-{extent}"
    names = given.only or [one.name for one in ENTRANTS]
    entrants = [one for one in ENTRANTS if one.name in names]
    if not given.results_only:
        _environments(names)
        model = _merged_model()
        corpus = _corpus(max(sizes), folder)
        workshop = Workshop(model, corpus, folder, FULL if given.full else SMALL)
        for step in plan(workshop, sizes, given.repetitions, entrants):
            run_step(step, folder / "figures")
    found = read_results(folder / "figures")
    told = tables(found, ENTRANTS)
    print(told)
    (folder / "results.md").write_text(told, encoding="utf-8")
    if given.write:
        DOCUMENT.write_text(f"{HEAD}\n\n{told}\n", encoding="utf-8")


def _arguments() -> Any:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("--full", action="store_true", help="more needs, texts and firms")
    parser.add_argument(
        "--sizes", type=_sizes, help=f"firms, each a multiple of {SLICE}: 1000,5000"
    )
    parser.add_argument("--repetitions", type=int, default=REPETITIONS)
    parser.add_argument("--only", action="append", choices=[one.name for one in ENTRANTS])
    parser.add_argument("--out", type=Path, help="where figures, bases and logs are kept")
    parser.add_argument("--write", action="store_true", help=f"into {DOCUMENT.relative_to(ROOT)}")
    parser.add_argument("--results-only", action="store_true", help="of what is measured already")
    return parser.parse_args()


def _sizes(text: str) -> Sequence[int]:
    sizes = [int(size) for size in text.split(",")]
    if any(size % SLICE or size < SLICE for size in sizes):
        raise argparse.ArgumentTypeError(f"each a multiple of {SLICE}")
    return sorted(sizes)


def _environments(names: Sequence[str]) -> None:
    for name in names:
        if name in install.PACKAGES and not install.is_installed(name):
            print(f"{name}: installing its environment", flush=True)
            # Without it, its steps fail, and the others go on.
            with contextlib.suppress(subprocess.CalledProcessError):
                install.install(name)


def _merged_model() -> Path:
    """The folder of a model with the weights that the program uses, as the rivals load it."""
    settings = Settings.from_environment()
    name, source = find_model(settings)
    delta_folder = find_delta(settings)
    folder = BUILT / "model"
    added = delta.fingerprint(delta_folder) if delta_folder else "nothing"
    stamp, told = folder / "merged.txt", f"{source} and {added}\n"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != told:
        from kb.encoder.torch_engine import load_sentence_transformer

        model = load_sentence_transformer(source, delta_folder)
        model.prompts = prompts_of(name, model)
        model.save(str(folder), create_model_card=False)
        stamp.write_text(told, encoding="utf-8")
    return folder


def _corpus(firms: int, folder: Path) -> Path:
    print(f"corpus of {firms:,} firms", flush=True)
    command = [sys.executable, "-m", "tests.benchmarks.slices", str(firms)]
    return Path(output_of(command, folder / "logs" / "corpus.log", 600 + firms).splitlines()[-1])


def _revision() -> str:
    """The commit that is measured, and a digest of what differs from it."""

    def git(*arguments: str) -> str:
        command = ["git", *arguments]
        return subprocess.run(
            command, cwd=ROOT, check=True, capture_output=True, text=True
        ).stdout.strip()

    changes = git("diff", "HEAD")
    digest = hashlib.sha256(changes.encode()).hexdigest()[:6]
    return git("rev-parse", "--short=10", "HEAD") + (f"-{digest}" if changes else "")


if __name__ == "__main__":
    main()

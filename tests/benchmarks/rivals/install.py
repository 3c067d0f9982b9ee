"""Makes the environments of the rivals, in build/benchmarks/environments.

    python -m tests.benchmarks.rivals.install
    python -m tests.benchmarks.rivals.install txtai

Each has its own, so that none is held to the versions of another; `versions.txt` in it has those of
all its packages. What is there already is kept.
"""

import subprocess
import sys
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path

ENVIRONMENTS = Path(__file__).parents[3] / "build" / "benchmarks" / "environments"

_ENCODER = ("torch==2.13.0", "transformers==5.24.0", "sentence-transformers==6.2.0")
PACKAGES: Mapping[str, Sequence[str]] = {
    "plain": (*_ENCODER, "faiss-cpu==1.15.1", "fastapi==0.165.0", "uvicorn==0.54.0"),
    "txtai": (*_ENCODER, "faiss-cpu==1.15.1", "txtai[api]==9.14.0"),
    "chroma": (*_ENCODER, "chromadb==1.5.9"),
}


def python_of(name: str) -> Path:
    """The Python of a rival's environment."""
    return ENVIRONMENTS / name / "bin" / "python"


def is_installed(name: str) -> bool:
    """Whether an environment was made, to its end, of the packages that stand here."""
    stamp = ENVIRONMENTS / name / "installed.txt"
    return stamp.exists() and stamp.read_text(encoding="utf-8") == _stamp(name)


def install(name: str) -> None:
    """Makes the environment of a rival.

    Raises:
        CalledProcessError: pip cannot install it; it says why.
    """
    folder = ENVIRONMENTS / name
    venv.create(folder, with_pip=True, clear=True)
    pip = [str(python_of(name)), "-m", "pip"]
    subprocess.run([*pip, "install", "--quiet", *PACKAGES[name]], check=True)
    with (folder / "versions.txt").open("w", encoding="utf-8") as versions:
        subprocess.run([*pip, "freeze"], check=True, stdout=versions)
    (folder / "installed.txt").write_text(_stamp(name), encoding="utf-8")


def _stamp(name: str) -> str:
    return "\n".join(PACKAGES[name])


def main() -> None:
    failed = []
    for name in sys.argv[1:] or PACKAGES:
        if is_installed(name):
            print(f"{name}: is there")
            continue
        print(f"{name}: {' '.join(PACKAGES[name])}", flush=True)
        try:
            install(name)
        except subprocess.CalledProcessError:
            failed.append(name)
    if failed:
        raise SystemExit(f"not installed: {', '.join(failed)}")


if __name__ == "__main__":
    main()

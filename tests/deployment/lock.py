"""Writes the lock files: exact versions and hashes of all that an installation needs.

    make lock                                   # requirements.lock and its two companions
    make lock WHEELS=/opt/wheels                # and the hashes of builds of torch in that folder

Versions are those of `constraints.txt`, with which the project is tested; of torch, which is a
range there, the installed one. The hashes are of every file of a version, for each platform. A
build of torch that is elsewhere, such as one without CUDA, has a hash of its own: those of WHEELS
are added, and those that the lock has already stay as long as the version does.
"""

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements.lock"
CUDA_LOCK = ROOT / "requirements-cuda.lock"
BUILD_LOCK = ROOT / "requirements-build.lock"

_HEADS = {
    LOCK: "All that an installation needs, with hashes (docs/deployment.md). Made by `make lock`.",
    CUDA_LOCK: "What torch of the registry needs besides, on Linux. Made by `make lock`.",
    BUILD_LOCK: "What makes the wheel of this project, with hashes. Made by `make lock`.",
}
_CUDA = re.compile(r"(?:nvidia|cuda)-|triton==")
_REQUIREMENT = re.compile(r"^\S.*?(?=^\S|\Z)", re.MULTILINE | re.DOTALL)


def requirements_in(text: str) -> Iterator[str]:
    """The requirements of a lock, each with the lines of its hashes."""
    for found in _REQUIREMENT.finditer(text):
        if not found[0].startswith("#"):
            yield found[0].rstrip() + "\n"


def main(folders: list[str]) -> None:
    torch = version("torch").partition("+")[0]
    pinned = [
        line
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if "==" in line and not line.startswith("#")
    ]
    known = LOCK.read_text() if LOCK.exists() else ""
    resolved = list(requirements_in(_compiled("pyproject.toml", [*pinned, f"torch=={torch}"])))
    wheels = [wheel for folder in folders for wheel in Path(folder).glob(f"torch-{torch}*.whl")]
    also = {f"sha256:{sha256(wheel.read_bytes()).hexdigest()}" for wheel in wheels}
    for requirement in requirements_in(known):
        if requirement.startswith(f"torch=={torch} "):
            also |= set(re.findall(r"sha256:\w+", requirement))
    whole = [
        _with_hashes(each, also) if each.startswith("torch==") else each
        for each in resolved
        if not _CUDA.match(each)
    ]
    _write(LOCK, whole)
    _write(CUDA_LOCK, [each for each in resolved if _CUDA.match(each)])
    [backend] = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    _write(BUILD_LOCK, list(requirements_in(_compiled("-", pinned, backend))))


def _compiled(source: str, pinned: list[str], given: str = "") -> str:
    constraints = ROOT / "build" / "lock-constraints.txt"
    constraints.parent.mkdir(exist_ok=True)
    constraints.write_text("\n".join(pinned) + "\n")
    command = [
        *(sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal"),
        *("--python-version", "3.11", "--generate-hashes", "--no-annotate", "--no-header"),
        *("--no-emit-index-url", "--no-emit-find-links", "--no-config", "--no-sources"),
        *("--constraint", str(constraints), source),
    ]
    made = subprocess.run(
        command, cwd=ROOT, input=given, stdout=subprocess.PIPE, text=True, check=True
    )
    return made.stdout


def _with_hashes(requirement: str, hashes: set[str]) -> str:
    head = requirement.partition(" \\\n")[0]
    every = sorted(hashes | set(re.findall(r"sha256:\w+", requirement)))
    return " \\\n".join([head, *(f"    --hash={each}" for each in every)]) + "\n"


def _write(path: Path, requirements: list[str]) -> None:
    path.write_text(f"# {_HEADS[path]}\n" + "".join(requirements))
    print(f"{path.name}: {len(requirements)} packages")


if __name__ == "__main__":
    main(sys.argv[1:])

"""The rooms of the code: each has a purpose, few modules, and layers."""

import ast
import tomllib
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[1]
MOST_MODULES = 14

PACKAGES = sorted(
    path.parent.relative_to(ROOT)
    for room in ("kb", "ingest", "web")
    for path in (ROOT / room).rglob("__init__.py")
)


def dotted(package: Path) -> str:
    return ".".join(package.parts)


def test_a_package_says_what_it_is_for_and_holds_few_modules() -> None:
    for package in PACKAGES:
        source = (ROOT / package / "__init__.py").read_text(encoding="utf-8")
        assert ast.get_docstring(ast.parse(source)), package
        modules = [path for path in (ROOT / package).glob("*.py") if not path.stem.startswith("__")]
        assert len(modules) <= MOST_MODULES, package


def test_every_package_with_rooms_states_their_layers() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    stated = {
        container
        for contract in project["tool"]["importlinter"]["contracts"]
        if contract.get("exhaustive")
        for container in contract["containers"]
    }
    with_rooms = {dotted(package.parent) for package in PACKAGES if len(package.parts) > 1}
    assert with_rooms <= stated


def test_no_class_name_stands_for_two_things() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for package in PACKAGES:
        for path in (ROOT / package).glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef):
                    places[node.name].append(str(path.relative_to(ROOT)))
    assert {name: paths for name, paths in places.items() if len(paths) > 1} == {}

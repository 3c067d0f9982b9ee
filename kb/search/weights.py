"""The constants of the ranking, as they are in the code: what a score is made with."""

from collections.abc import Mapping
from types import ModuleType

from kb.search import (
    background,
    candidates,
    close_trades,
    fusion,
    name_search,
    parts,
    pipeline,
    scorer,
    steering,
    vouching,
)

Constant = int | float | Mapping[str, int | float]

_MODULES = (
    background,
    fusion,
    vouching,
    close_trades,
    candidates,
    name_search,
    scorer,
    steering,
    pipeline,
    parts,
)
"""Those that a score goes through, each after those that it imports."""


def constants() -> dict[str, Constant]:
    """Every number that the ranking is made with, by `module.name`, in the order of the names.

    They are looked up and not listed, so that one that is added is told too. What docs/ranking.md
    says of each is in its module.
    """
    found: dict[str, Constant] = {}
    imported: set[tuple[str, int]] = set()
    for module in _MODULES:
        for name, value in vars(module).items():
            told = _constant(value) if name.isupper() else None
            if told is not None and (name, id(value)) not in imported:
                imported.add((name, id(value)))
                found[f"{_short(module)}.{name.lower().lstrip('_')}"] = told
    return dict(sorted(found.items()))


def _constant(value: object) -> Constant | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if isinstance(value, Mapping) and value:
        numbers = {
            str(key): number for key, number in value.items() if isinstance(number, int | float)
        }
        return numbers if len(numbers) == len(value) else None
    return None


def _short(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2]

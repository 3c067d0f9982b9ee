"""Makes `communes.tsv.xz` of open data on communes, postal codes and groupings of communes.

    npm pack @etalab/decoupage-administratif@6.0.0 && tar xzf etalab-decoupage-administratif-*.tgz
    python -m kb.reference.make_communes package/data

`communes.md` beside the table has its sources and terms.
"""

import json
import lzma
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TABLE = Path(__file__).parent / "communes.tsv.xz"
_CURRENT = "commune-actuelle"
_OF_TODAY_OR_BEFORE = frozenset({_CURRENT, "commune-deleguee", "commune-associee"})


def rows(folder: Path) -> Iterator[tuple[str, ...]]:
    """Yields, for each commune: INSEE's code, name, postal codes with a space between, its EPCI.

    A commune that became a part of another is there too, under its own name and with what the other
    has; its last cell, empty for the communes of today, is "part".
    """
    communes = _read(folder / "communes.json")
    epci = {
        member["code"]: group["nom"]
        for group in _read(folder / "epci.json")
        for member in group["membres"]
    }
    current = {each["code"]: each for each in communes if each["type"] == _CURRENT}
    for commune in communes:
        if commune["type"] not in _OF_TODAY_OR_BEFORE:
            continue
        whole = current.get(commune.get("chefLieu", ""), commune)
        codes = " ".join(whole.get("codesPostaux", ()))
        if codes:
            part = "" if commune["type"] == _CURRENT else "part"
            yield whole["code"], commune["nom"], codes, epci.get(whole["code"], ""), part


def write(folder: Path, table: Path = TABLE) -> None:
    """Writes the table; the same data give the same bytes."""
    lines = sorted({"\t".join(row) for row in rows(folder)})
    table.write_bytes(lzma.compress("\n".join(lines).encode(), preset=9 | lzma.PRESET_EXTREME))


def _read(path: Path) -> list[dict[str, Any]]:
    content: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return content


if __name__ == "__main__":
    write(Path(sys.argv[1]))

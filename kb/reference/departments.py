"""The departments of France (`departments.tsv`), and how people write them."""

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

from slugify import slugify

_LINES = (files("kb.reference") / "departments.tsv").read_text("utf-8").splitlines()
NAMES: Mapping[str, str] = MappingProxyType(dict(line.partition("\t")[::2] for line in _LINES))
_CODE = re.compile(r"\b(?:2[ab]|\d+)\b", re.IGNORECASE)
_ARTICLE = re.compile(r"^(?:la|le|les|l) ")


def _folded(name: str) -> str:
    return _ARTICLE.sub("", slugify(name.replace("’", "'"), separator=" "))


_CODES_BY_NAME = {_folded(name): code for code, name in NAMES.items()}


@lru_cache(maxsize=4096)
def department_code(text: str) -> str:
    """Returns the code of a department ("1", "Charente (16)"), or "", or raises ValueError."""
    if not text.strip():
        return ""
    shown = repr(text if len(text) <= 60 else f"{text[:59]}…")
    codes: list[str] = _CODE.findall(text)
    name = _folded(_CODE.sub(" ", text))
    if len(codes) > 1:
        raise ValueError(f"{shown} holds more than one number")
    if not codes:
        if name not in _CODES_BY_NAME:
            raise ValueError(f"{shown} is not a department of France")
        return _CODES_BY_NAME[name]
    code = codes[0].upper().lstrip("0").zfill(2)
    if code not in NAMES:
        advice = ": write 2A or 2B for Corsica" if code == "20" else ""
        raise ValueError(f"{shown} is not a department of France{advice}")
    if name and name != _folded(NAMES[code]):
        raise ValueError(f"{shown} gives two departments: {code} is {NAMES[code]}")
    return code

"""The communes of France by postal code: their department, and the EPCI that they belong to.

An EPCI is a grouping of communes, such as "CA du Grand Angoulême". `communes.md` has the sources of
the table, `make_communes` makes it. It is read when it is first asked for.
"""

import lzma
import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from kb.reference.departments import NAMES

_POSTAL_CODE = re.compile(r"\d{5}")
_OVERSEAS = ("97", "98")
_CORSICA = "20"
_NORTH_OF_CORSICA = re.compile("20[26]")
_SAINT = {"st": "saint", "ste": "sainte"}
_WORD = re.compile("[a-z0-9]+")
_NOT_OF_A_NAME = re.compile(r"cedex|arrondissement|\d+(?:e|er|eme|ere)?")


@dataclass(frozen=True, slots=True)
class Commune:
    """A commune of today; `code` is INSEE's, `epci` the name of its EPCI, or empty."""

    code: str
    name: str
    department: str
    epci: str


def is_postal_code(text: str) -> bool:
    """Whether a text is written like a postal code of France."""
    return _POSTAL_CODE.fullmatch(text) is not None


def communes_of(postal_code: str) -> tuple[Commune, ...]:
    """Returns the communes of today with a postal code, in the order of their codes."""
    return tuple(_by_postal_code().get(postal_code, ()))


def commune_of(postal_code: str, town: str) -> Commune | None:
    """Returns the commune that a postal code and a town mean, None where several can be meant.

    The town may be empty, a former commune, or written "ST-YRIEIX CEDEX".
    """
    communes = _that_can_be_meant(postal_code, town)
    return communes.pop() if len(communes) == 1 else None


def commune_in(department: str, town: str) -> Commune | None:
    """Returns the commune of a department that a town means, None where several can be meant.

    The town may be a former commune, as with `commune_of`; without a department, it may be in any.
    """
    found = _by_name().get(_folded(town), ())
    named = {each for each in found if department in {"", each.department}}
    return named.pop() if len(named) == 1 else None


def is_commune(name: str) -> bool:
    """Whether a commune of France, or a part of one, has this name."""
    return _folded(name) in _by_name()


def department_of_postal_code(postal_code: str, town: str = "") -> str:
    """Returns the code of the department of a postal code, "" where it is not certain.

    A few codes are of communes of two departments; there, the town decides. A town that no commune
    of the code is called may be abroad, where the same digits mean another place.
    """
    departments = {each.department for each in _that_can_be_meant(postal_code, town)}
    department = departments.pop() if len(departments) == 1 else ""
    return department if department in NAMES else ""


def epci_of_postal_code(postal_code: str, town: str = "") -> str:
    """Returns the name of the EPCI of a postal code and a town, "" where it is not certain."""
    names = {each.epci for each in _that_can_be_meant(postal_code, town)}
    return names.pop() if len(names) == 1 else ""


def _that_can_be_meant(postal_code: str, town: str) -> set[Commune]:
    """Returns the communes of a postal code, with a town only those of its name."""
    communes = communes_of(postal_code)
    name = _folded(town)
    if not name:
        return set() if town.strip() else set(communes)
    named = _by_name().get(name, ())
    if communes:
        return {each for each in named if each in communes}
    # A code of a large post office (CEDEX) is in no table; it begins as its department does.
    department = _department_by_digits(postal_code)
    return {each for each in named if each.department == department}


def _department_by_digits(postal_code: str) -> str:
    if postal_code.startswith(_CORSICA):
        return "2B" if _NORTH_OF_CORSICA.match(postal_code) else "2A"
    return postal_code[:3] if postal_code.startswith(_OVERSEAS) else postal_code[:2]


def _folded(town: str) -> str:
    plain = unicodedata.normalize("NFKD", town.casefold().replace("œ", "oe").replace("æ", "ae"))
    words = _WORD.findall(plain.encode("ascii", "ignore").decode())
    return " ".join(_SAINT.get(word, word) for word in words if not _NOT_OF_A_NAME.fullmatch(word))


@cache
def _by_postal_code() -> Mapping[str, list[Commune]]:
    by_code: dict[str, list[Commune]] = defaultdict(list)
    for code, _name, postal_codes, _epci, part in _rows():
        if not part:
            for postal_code in postal_codes.split():
                by_code[postal_code].append(_of_today()[code])
    return by_code


@cache
def _by_name() -> Mapping[str, list[Commune]]:
    """The communes of today by their folded names, and by those of their parts."""
    by_name: dict[str, list[Commune]] = defaultdict(list)
    for code, name, *_rest in _rows():
        by_name[_folded(name)].append(_of_today()[code])
    return by_name


@cache
def _of_today() -> Mapping[str, Commune]:
    return {
        code: Commune(code, name, code[:3] if code.startswith(_OVERSEAS) else code[:2], epci)
        for code, name, _postal_codes, epci, part in _rows()
        if not part
    }


@cache
def _rows() -> tuple[tuple[str, ...], ...]:
    packed = (files("kb.reference") / "communes.tsv.xz").read_bytes()
    return tuple(tuple(line.split("\t")) for line in lzma.decompress(packed).decode().splitlines())

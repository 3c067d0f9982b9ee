"""The communes of France by postal code, with their EPCI (a grouping); sources: `communes.md`."""

import lzma
import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from slugify import slugify

from kb.reference.departments import NAMES, department_code
from kb.reference.points import Box, Point

_POSTAL_CODE = re.compile(r"\d{5}")
_WITH_DEPARTMENT = re.compile(r"(?P<name>.*\S)\s*[(,](?P<department>[^(,]*?)\)?\s*")
_DIGITS = re.compile(r"\b\d{5}\b")
_OVERSEAS = ("97", "98")
_CORSICA = "20"
_SAINT = {"st": "saint", "ste": "sainte"}
_WORD = re.compile("[a-z0-9]+")
_NOT_OF_A_NAME = re.compile(r"cedex|arrondissement|\d+(?:e|er|eme|ere)?")
FEWEST_LETTERS = 2  # how much of a name must be typed before communes are suggested


@dataclass(frozen=True, slots=True)
class Commune:
    """A commune of today by INSEE's `code`; `size` grows by one where inhabitants double."""

    code: str
    name: str
    department: str
    epci: str
    postal_codes: tuple[str, ...] = ()
    point: Point | None = None
    size: int = 0

    @property
    def label(self) -> str:
        """Its name with what tells it apart: "Saint-Denis (93)"."""
        name = _folded(self.name)
        others = (other for other in _by_name()[name] if _folded(other.name) == name)
        namesakes = {other for other in others if other.department == self.department}
        return f"{self.name} ({self.department if len(namesakes) == 1 else self.postal_codes[0]})"


def is_postal_code(text: str) -> bool:
    return _POSTAL_CODE.fullmatch(text) is not None


def communes_of(postal_code: str) -> tuple[Commune, ...]:
    return tuple(_by_postal_code().get(postal_code, ()))


def commune_of(postal_code: str, town: str) -> Commune | None:
    """Returns the commune that a postal code and a town mean, None where several can be meant."""
    communes = _that_can_be_meant(postal_code, town)
    return communes.pop() if len(communes) == 1 else None


def commune_in(department: str, town: str) -> Commune | None:
    """Returns the commune of a department that a town means, None where several can be meant."""
    found = _by_name().get(_folded(town), ())
    named = {each for each in found if department in {"", each.department}}
    return named.pop() if len(named) == 1 else None


def communes_named(text: str) -> tuple[Commune, ...]:
    """Returns the communes that a text names, largest first: "Saint-Denis (93)", "16000"."""
    codes = _DIGITS.findall(text)
    name = _DIGITS.sub(" ", text).replace("()", " ")
    department = ""
    if with_department := _WITH_DEPARTMENT.fullmatch(name):
        try:
            department = department_code(with_department["department"])
            name = with_department["name"]
        except ValueError:
            pass  # the brackets are a part of the name: "Château-Chinon (Ville)"
    if _folded(name):
        named = _by_name().get(_folded(name), [])
        found = [each for each in named if _folded(each.name) == _folded(name)] or named
    else:
        found = [each for code in codes for each in communes_of(code)]
    meant = {
        each
        for each in found
        if each.point
        and all(code in each.postal_codes for code in codes)
        and department in {"", each.department}
    }
    return tuple(sorted(meant, key=_largest_first))


def communes_beginning(text: str, most: int) -> list[Commune]:
    beginning = text.strip() if text.strip().isdigit() else _folded(text)
    if len(beginning) < FEWEST_LETTERS:
        return []
    found: dict[Commune, bool] = {}
    for key, commune in _beginnings():
        if key.startswith(beginning):
            found[commune] = found.get(commune, False) or key == beginning
    return sorted(found, key=lambda each: (not found[each], *_largest_first(each)))[:most]


def commune_called_in_short(department: str, town: str) -> Commune | None:
    """Returns the only commune of a department whose name, or a part's, goes on after a town's."""
    beginning = f"{_folded(town)} "
    found = {
        each
        for name, communes in _by_name().items()
        if name.startswith(beginning)
        for each in communes
        if each.department == department
    }
    return found.pop() if len(found) == 1 and beginning.strip() else None


def is_commune(name: str) -> bool:
    return _folded(name) in _by_name()


def is_town(name: str) -> bool:
    """Says whether a name is a commune's, or how people shorten it: "Magnac-Lavalette"."""
    begins = f"{_folded(name)} "
    return is_commune(name) or ("-" in name and any(key.startswith(begins) for key in _by_name()))


def departments_with(town: str) -> frozenset[str]:
    """Returns the departments in which a commune, or a part of one, has this name."""
    return frozenset(each.department for each in _by_name().get(_folded(town), ()))


def elsewhere(department: str, town: str) -> frozenset[str]:
    """Returns the departments that have a town which this one, it seems, does not have."""
    there = departments_with(town)
    is_here = department in there or commune_called_in_short(department, town)
    return frozenset() if is_here else there


def departments_of(postal_code: str) -> frozenset[str]:
    """Returns the departments in which a postal code is; of a code in no table, it begins so."""
    found = {each.department for each in communes_of(postal_code)}
    return frozenset((found or {_department_it_begins_with(postal_code)}) & NAMES.keys())


def can_be_of(postal_code: str, town: str) -> bool:
    """Whether a postal code is that of a town, which may be called in short; True if unknown."""
    communes, name = communes_of(postal_code), _folded(town)
    named = _by_name().get(name, ())
    begun = (f"{_folded(each.name)} ".startswith(f"{name} ") for each in communes)
    return not (communes and named) or any(each in communes for each in named) or any(begun)


def written_name(town: str, department: str = "", postal_code: str = "") -> str:
    """Returns how the commune is written that a town means: "Saint-Jean-d'Angély"; "" if unsure."""
    name = _folded(town)
    called = [each for each in _by_name().get(name, ()) if _folded(each.name) == name]
    found = [(each.name, each) for each in called] + _parts().get(name, [])
    there = [each for each in found if postal_code in each[1].postal_codes]
    there = there or [each for each in found if each[1].department == department]
    names = {name for name, _ in there or found}
    return names.pop() if len(names) == 1 else ""


def department_of_postal_code(postal_code: str, town: str = "") -> str:
    departments = {each.department for each in _that_can_be_meant(postal_code, town)}
    department = departments.pop() if len(departments) == 1 else ""
    return department if department in NAMES else ""


def epci_of_postal_code(postal_code: str, town: str = "") -> str:
    names = {each.epci for each in _that_can_be_meant(postal_code, town)}
    return names.pop() if len(names) == 1 else ""


def _that_can_be_meant(postal_code: str, town: str) -> set[Commune]:
    communes = communes_of(postal_code)
    name = _folded(town)
    if not name:
        return set() if town.strip() else set(communes)
    named = _by_name().get(name, ())
    if communes:
        return {each for each in named if each in communes}
    # A code of a large post office (CEDEX) is in no table; it begins as its department does.
    department = _department_it_begins_with(postal_code)
    return {each for each in named if each.department == department}


def _department_it_begins_with(postal_code: str) -> str:
    department = postal_code[: 3 if postal_code.startswith(_OVERSEAS) else 2]
    if department == _CORSICA:
        return "2B" if postal_code[2:3] in {"2", "6"} else "2A"
    return department


def _largest_first(commune: Commune) -> tuple[int, str]:
    return -commune.size, commune.code


def _folded(town: str) -> str:
    plain = town.casefold()
    if not plain.isascii():  # three of four names are
        plain = unicodedata.normalize("NFKD", plain.replace("œ", "oe").replace("æ", "ae"))
        plain = plain.encode("ascii", "ignore").decode()
    words = _WORD.findall(plain)
    return " ".join(_SAINT.get(word, word) for word in words if not _NOT_OF_A_NAME.fullmatch(word))


@cache
def _by_postal_code() -> Mapping[str, list[Commune]]:
    by_code: dict[str, list[Commune]] = defaultdict(list)
    for commune in _of_today().values():
        for postal_code in commune.postal_codes:
            by_code[postal_code].append(commune)
    return by_code


@cache
def _by_name() -> Mapping[str, list[Commune]]:
    by_name: dict[str, list[Commune]] = defaultdict(list)
    for code, name, *_rest in _rows():
        by_name[_folded(name)].append(_of_today()[code])
    return by_name


@cache
def _parts() -> Mapping[str, list[tuple[str, Commune]]]:
    """Maps folded names of former communes to how they are written, and what they are now in."""
    found: dict[str, list[tuple[str, Commune]]] = defaultdict(list)
    for code, name, _postal_codes, _epci, part, _place in _rows():
        if part:
            found[_folded(name)].append((name, _of_today()[code]))
    return found


@cache
def _beginnings() -> Sequence[tuple[str, Commune]]:
    return [
        (key, commune)
        for commune in _of_today().values()
        if commune.point
        for key in (_folded(commune.name), *commune.postal_codes)
    ]


@cache
def _of_today() -> Mapping[str, Commune]:
    found = {}
    for code, name, postal_codes, epci, part, place in _rows():
        if not part:
            # Thousandths of a degree, and a size.
            latitude, longitude, size = map(int, place.split()) if place else (0, 0, 0)
            point = Point(latitude / 1000, longitude / 1000) if place else None
            department = code[: 3 if code.startswith(_OVERSEAS) else 2]
            codes = tuple(postal_codes.split())
            found[code] = Commune(code, name, department, epci, codes, point, size)
    return found


@cache
def _rows() -> tuple[tuple[str, ...], ...]:
    packed = (files("kb.reference") / "communes.tsv.xz").read_bytes()
    return tuple(tuple(line.split("\t")) for line in lzma.decompress(packed).decode().splitlines())


# In Europe, in the Antilles, Guyane, La Réunion, Mayotte.
PARTS_OF_FRANCE = (
    Box(Point(41.2, -5.3), Point(51.2, 9.7)),
    Box(Point(14.3, -61.9), Point(16.6, -60.7)),
    Box(Point(2.0, -54.7), Point(5.9, -51.5)),
    Box(Point(-21.5, 55.1), Point(-20.8, 55.9)),
    Box(Point(-13.1, 44.9), Point(-12.5, 45.4)),
)

FARTHEST_KM = 100.0  # coordinates farther from the commune are swapped, or of another system
_FRANCE = "FR"
_LATITUDES = frozenset({"latitude", "lat"})
_LONGITUDES = frozenset({"longitude", "lon", "lng", "long"})
_PAIRS = {"coordonnees", "coordonnees gps", "coordinates", "geo point", "geo point 2d", "gps"}
_NUMBER = re.compile(r"[-−]?\d{1,3}(?:[.,]\d+)?")
_PAIR = re.compile(r"[\s(\[]*(-?\d{1,2}\.\d+)\s*[,; ]\s*(-?\d{1,3}\.\d+)[\s)\]]*")


def point_of(place: str, department: str, country: str, facts: Mapping[str, str]) -> Point | None:
    """Returns where an actor in France is; None where unknown, abroad, or one of several."""
    if country not in {"", _FRANCE} or not (country or department):
        return None
    commune = _point_of_commune(place, department)
    given = _point_of_facts(facts) if facts else None
    if given is None or not any(box.holds(given) for box in PARTS_OF_FRANCE):
        return commune
    return given if commune is None or commune.km_to(given) <= FARTHEST_KM else commune


@lru_cache(maxsize=40_000)
def _point_of_commune(place: str, department: str) -> Point | None:
    if not place:
        return None
    commune = commune_in(department, place) or commune_called_in_short(department, place)
    return commune.point if commune else None


def is_coordinate(fact: str) -> bool:
    """Whether a fact of this name is where an actor is, which a map shows better."""
    return slugify(fact, separator=" ") in _PAIRS | _LATITUDES | _LONGITUDES


def _point_of_facts(facts: Mapping[str, str]) -> Point | None:
    latitude = longitude = None
    for name, value in facts.items():
        key = slugify(name, separator=" ")
        if key in _PAIRS and (pair := _PAIR.fullmatch(value)):
            return Point(float(pair[1]), float(pair[2]))
        if key in _LATITUDES:
            latitude = degrees(value)
        elif key in _LONGITUDES:
            longitude = degrees(value)
    return None if latitude is None or longitude is None else Point(latitude, longitude)


def degrees(text: str) -> float | None:
    number = _NUMBER.fullmatch(text.strip())
    return float(number[0].replace(",", ".").replace("−", "-")) if number else None

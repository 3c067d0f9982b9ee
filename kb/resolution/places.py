"""Places: how near to each other two actors are, as far as their records say."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from kb.reference.communes import Commune, commune_in
from kb.text.folding import fold
from kb.text.organisation_name import WRITTEN_ALIKE

_ARTICLES = ("la", "le", "les", "l")


class Nearness(StrEnum):
    SAME_TOWN = "same town"
    SAME_GROUPING = "same grouping of towns"
    OTHER_TOWN = "other town"
    SAME_DEPARTMENT = "same department"
    UNKNOWN = "unknown"
    FAR = "far"


@dataclass(frozen=True, slots=True)
class Place:
    """A place: `town` is a commune's code or folded letters, `grouping` its EPCI."""

    town: str = ""
    department: str = ""
    grouping: str = ""
    is_commune: bool = False
    words: frozenset[str] = frozenset()


@lru_cache(maxsize=20_000)
def place_of(town: str, department: str) -> Place:
    words = [WRITTEN_ALIKE.get(word, word) for word in re.split(r"[^a-z0-9]+", fold(town))]
    words = [word for word in words if word and word != "cedex"]
    while len(words) > 1 and words[-1].isdigit():
        words.pop()  # "Angoulême Cedex 9"
    commune = _commune(department, town) if town else None
    return Place(
        commune.code if commune else "".join(words),
        department,
        commune.epci if commune else "",
        commune is not None,
        frozenset(words) | frozenset({department.casefold()} - {""}),
    )


def _commune(department: str, town: str) -> Commune | None:
    """Returns the commune that a town means, even without its article: "Rochelle"."""
    written = (town, *(f"{article} {town}" for article in _ARTICLES))
    return next(filter(None, (commune_in(department, each) for each in written)), None)


def nearness(left: Place, right: Place) -> Nearness:
    same_department = bool(left.department) and left.department == right.department
    if left.department and right.department and not same_department:
        return Nearness.FAR
    if left.town and right.town:
        if left.town == right.town or _are_written_alike(left, right):
            return Nearness.SAME_TOWN
        if left.grouping and left.grouping == right.grouping:
            return Nearness.SAME_GROUPING
        return Nearness.OTHER_TOWN if same_department else Nearness.FAR
    return Nearness.SAME_DEPARTMENT if same_department else Nearness.UNKNOWN


def _are_written_alike(left: Place, right: Place) -> bool:
    """Says whether two towns have the same words, or an unknown one some of a commune's."""
    one, other = left.words - {left.department}, right.words - {right.department}
    if left.is_commune and right.is_commune:
        return False
    if not left.is_commune and not right.is_commune:
        return one == other
    short, long = (one, other) if right.is_commune else (other, one)
    return bool(short) and short <= long

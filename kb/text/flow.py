"""Flow in texts: whether somebody seeks, offers or shares, and whether a firm gives or takes."""

import re
from functools import cache, lru_cache

from kb.models import Case, Participation
from kb.reference.roles import Flow, Role
from kb.text.analysis import TEXTS_REMEMBERED
from kb.text.folding import fold
from kb.text.lexicon import LEXICONS

PASSAGES_REMEMBERED = 50_000  # a search asks for the first sign of hundreds of passages
_CURLY_APOSTROPHES = str.maketrans("’ʼ", "''")


@cache
def _signs(name: str) -> re.Pattern[str]:
    """Matches an entry of a section, or one of its `_leftovers` if a leftover follows.

    An offer of what nobody gives up is none: "reprendre une affaire".
    """
    signs = LEXICONS.any_of("flow", name)
    if name in {"has", "gives", "takes"}:
        of_leftovers = LEXICONS.any_of("flow", f"{name}_leftovers")
        leftover = LEXICONS.any_of("flow", "leftovers")
        signs += rf"|{of_leftovers} (?:\S+ ){{0,12}}?(?:\w+')?{leftover}"
    other_sense = LEXICONS.any_of("flow", "not_given") if name == "offers" else "(?!)"
    return re.compile(rf"(?<![^\W_])(?:{signs})(?![^\W_])(?! (?:\S+ )?{other_sense}(?![^\W_]))")


@lru_cache(maxsize=TEXTS_REMEMBERED)
def flow_of(text: str) -> Flow | None:
    words = _plain(text)
    signs = ("offers", "shares", "seeks", "has")
    said = next((sign for sign in signs if _signs(sign).search(words)), None)
    return Flow.OFFERS if said == "has" else Flow(said) if said else None


def gives_up(text: str) -> bool:
    """Says whether a firm's text tells, before all else, that it gives up what it does not need."""
    return _first_sign(text) == "gives"


def takes_in(text: str) -> bool:
    """Says whether a firm's text tells, before all else, that it takes in what others give up."""
    return _first_sign(text) == "takes"


def case_flow(case: Case) -> Flow | None:
    """Returns the flow of a case: as stated, or else as its need or its participants say."""
    if case.flow:
        return Flow(case.flow)
    told = flow_of(case.need or case.title)
    return told or (Flow.OFFERS if any(map(gave_up, case.participants)) else None)


def gave_up(participation: Participation) -> bool:
    return participation.role is Role.SUPPLIER and gives_up(participation.contribution)


@lru_cache(maxsize=PASSAGES_REMEMBERED)
def _first_sign(text: str) -> str:
    words = _plain(text)
    found = {name: match for name in ("gives", "takes") if (match := _signs(name).search(words))}
    return min(found, key=lambda name: found[name].start(), default="")


def _plain(text: str) -> str:
    return " ".join(fold(text.translate(_CURLY_APOSTROPHES)).split())

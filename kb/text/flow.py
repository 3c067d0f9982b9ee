"""Flow in texts: whether somebody seeks, offers or shares, and whether a firm gives or takes.

The signs are in lexicons/flow.txt. A sign that somebody wants to be rid of a thing is surer than a
word for what is left over: "repreneur pour des invendus" offers, "cherche des invendus" seeks.
"""

import re
from functools import lru_cache

from kb.models import Case, Participation
from kb.reference.flows import Flow
from kb.reference.roles import Role
from kb.text.analysis import TEXTS_REMEMBERED
from kb.text.folding import fold
from kb.text.lexicon import LEXICONS

PASSAGES_REMEMBERED = 50_000
"""Count of texts whose first sign is remembered: a search asks for that of hundreds of passages."""

_CURLY_APOSTROPHES = str.maketrans("’ʼ", "''")


def _signs(*sections: str, of_leftovers: tuple[str, ...] = ()) -> re.Pattern[str]:
    """Matches an entry of these sections; one `of_leftovers` only if a leftover follows."""
    signs = [LEXICONS.any_of("flow", section) for section in sections]
    signs += [
        rf"{LEXICONS.any_of('flow', section)} (?:\S+ ){{0,12}}?(?:\w+')?{_ANY_LEFTOVER}"
        for section in of_leftovers
    ]
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(signs)})(?![^\W_])")


_ANY_LEFTOVER = LEXICONS.any_of("flow", "leftovers")
_OFFERS, _SEEKS, _SHARES = _signs("offers"), _signs("seeks"), _signs("shares")
_HAS = _signs("has", of_leftovers=("has_leftovers",))
_GIVES = _signs("gives", of_leftovers=("gives_leftovers",))
_TAKES = _signs("takes", of_leftovers=("takes_leftovers",))


@lru_cache(maxsize=TEXTS_REMEMBERED)
def flow_of(text: str) -> Flow | None:
    """The flow of a need, or None if its words do not say."""
    words = _plain(text)
    if _OFFERS.search(words):
        return Flow.OFFERS
    if _SHARES.search(words):
        return Flow.SHARES
    if _SEEKS.search(words):
        return Flow.SEEKS
    return Flow.OFFERS if _HAS.search(words) else None


def gives_up(text: str) -> bool:
    """Whether the text of a firm says, before all else, that it gives up what it does not need."""
    return _first_sign(text) is _GIVES


def takes_in(text: str) -> bool:
    """Whether the text of a firm says, before all else, that it takes in what others give up."""
    return _first_sign(text) is _TAKES


def case_flow(case: Case) -> Flow | None:
    """The flow of a case: the one that it says, or else that of its need, or of who gave what."""
    if case.flow:
        return Flow(case.flow)
    told = flow_of(case.need or case.title)
    return told or (Flow.OFFERS if any(map(gave_up, case.participants)) else None)


def gave_up(participation: Participation) -> bool:
    """Whether an actor's part in a case was to give up what it did not need."""
    return participation.role is Role.SUPPLIER and gives_up(participation.contribution)


@lru_cache(maxsize=PASSAGES_REMEMBERED)
def _first_sign(text: str) -> re.Pattern[str] | None:
    words = _plain(text)
    found = [match for match in (_GIVES.search(words), _TAKES.search(words)) if match]
    return min(found, key=lambda match: match.start()).re if found else None


def _plain(text: str) -> str:
    return " ".join(fold(text.translate(_CURLY_APOSTROPHES)).split())

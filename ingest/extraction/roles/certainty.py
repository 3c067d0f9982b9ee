"""Certainty of a clause that a deed was done."""

import re

from ingest.extraction import lexicon
from ingest.extraction.roles.clause import Clause
from ingest.extraction.tokens import TextToken, joined

_NO = lexicon.words("auxiliaries", "no")
_MAYBE = lexicon.words("auxiliaries", "maybe")
_LIKELIER = lexicon.words("auxiliaries", "likelier")
_ABLE = lexicon.words("auxiliaries", "able")
_USUALLY = re.compile(rf"\b{lexicon.any_of('clause_cues', 'usually')}\b")


def certainty(clause: Clause, at: int) -> float:
    """Returns 1 for a deed done, less for a possible deed, 0 for a denied deed."""
    weight = 1.0
    denies = True
    for back in range(at - 1, -1, -1):
        token = clause.tokens[back]
        if token.text in {";", "."} or (token.text == "," and at - back > 8):
            break
        if clause.owners[back] >= 0 and not clause.governors[clause.owners[back]]:
            denies = False  # what goes before the subject denies something else
        if token.form in _NO and denies and at - back <= 6 and not _is_only(clause, back, at):
            return 0.0
        weight = min(weight, _possibility(token, at - back))
    if _USUALLY.search(joined(clause.tokens[max(0, at - 8) : at + 7])):
        weight *= 0.55
    ahead = [token.form for token in clause.tokens[at + 1 : at + 3]]
    return 0.0 if ahead[:1] in (["pas"], ["rien"]) or ahead == ["not"] else weight


def _possibility(token: TextToken, distance: int) -> float:
    """Returns the probability of a deed that a word some tokens before makes only possible."""
    if token.form in {"si", "if"} and distance <= 8:
        return 0.5
    if token.form in _ABLE and distance <= 4:
        return 0.8
    if token.form in _MAYBE and distance <= 10:
        return 0.4 if token.form in _LIKELIER else 0.3
    return 1.0


def _is_only(clause: Clause, back: int, at: int) -> bool:
    """Whether a "ne" is that of "ne … que", which denies nothing."""
    return clause.tokens[back].form in {"ne", "n'"} and (
        any(token.form in {"que", "qu'"} for token in clause.tokens[at : at + 8])
        or any(token.form == "seulement" for token in clause.tokens[back:at])
    )

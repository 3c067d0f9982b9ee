"""Appositions: a reference that renames the participant of the reference before it."""

from collections.abc import Sequence

from ingest.extraction import lexicon
from ingest.extraction.actions import verbs
from ingest.extraction.coreference.participant import Participant, ParticipantMention
from ingest.extraction.prepositions import preposition
from ingest.extraction.references.reference import Reference, ReferenceKind
from ingest.extraction.tokens import TextToken

_COPULAS = lexicon.words("auxiliaries", "copula")
_BETWEEN = lexicon.words("conjunctions", "apposition")


def apposed(
    tokens: Sequence[TextToken], mentions: Sequence[ParticipantMention], reference: Reference
) -> Participant | None:
    """Returns the participant that an apposition renames: "Avel, fabricant de cirage"."""
    last = mentions[-1] if mentions else None
    if last is None or last.reference is None:
        return None
    between = [token.form for token in tokens[last.last : reference.first]]
    if between and (
        _is_clause_of(last.participant, between, reference)
        or _is_equated(tokens, last, between, reference)
        or (len(between) <= 3 and _stands_beside(tokens, last, between, reference))
    ):
        return last.participant
    return None


def _is_clause_of(participant: Participant, between: Sequence[str], reference: Reference) -> bool:
    """Whether a relative clause or a bracket names an unnamed participant."""
    if participant.is_named:
        return False
    if not reference.is_named:
        return between[-1] == "(" and reference.head in participant.heads
    relative = between[0] in {"that", "which", "qui", "who"} and between[-1] == ","
    return relative and len(between) < 8 and not participant.plural


def _is_equated(
    tokens: Sequence[TextToken],
    last: ParticipantMention,
    between: Sequence[str],
    reference: Reference,
) -> bool:
    """Whether a verb equates a mention with a reference: "X est un fabricant de cirage"."""
    is_a = len(between) > 1 and between[-2] in _COPULAS and between[0] == ","
    near = len(between) < 14 if is_a else len(between) <= 3 and between[0] in _COPULAS
    unnamed = not reference.is_named and not reference.definite
    return near and unnamed and not preposition(tokens, last.first)


def _stands_beside(
    tokens: Sequence[TextToken],
    last: ParticipantMention,
    between: Sequence[str],
    reference: Reference,
) -> bool:
    """Whether a bracket or a comma puts a reference beside a mention as another word for it."""
    if last.reference is None:
        return False
    same_number = last.reference.plural == reference.plural
    differ_in_naming = last.reference.is_named != reference.is_named
    if between[0] == "(" and (same_number or differ_in_naming):
        both_known = last.participant.actor_ids and reference.actor_ids
        place_like = (
            reference.reference_kind is ReferenceKind.NAMED
            and last.participant.is_named
            and not (reference.name.isupper() or last.participant.name.isupper())
        )
        return not both_known and not place_like
    return (
        differ_in_naming
        and same_number
        and between[0] in {",", "–", "—", ":"}
        and set(between) <= _BETWEEN
        and not _goes_on(tokens, last, between, reference)
    )


def _goes_on(
    tokens: Sequence[TextToken],
    last: ParticipantMention,
    between: Sequence[str],
    reference: Reference,
) -> bool:
    """Whether a comma or colon introduces another participant: in a list, or after a title."""
    after = [token.form for token in tokens[reference.last : reference.last + 2]]
    closes = (
        len(after) == 2 and after[0] == "," and (after[1] in {"a", "est"} or bool(verbs(after[1])))
    )  # "X, le syndicat de la profession, coordonne"
    first_is_title = between[0] == ":" and last.first > 0
    list_goes_on = between == [","] and after[:1] in (["et"], ["and"])
    definite_list = not reference.is_named and reference.definite and not closes
    return first_is_title or list_goes_on or definite_list

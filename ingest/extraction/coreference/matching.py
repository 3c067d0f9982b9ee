"""Matching of references with participants, by their names and kinds."""

from collections.abc import Set as AbstractSet

from ingest.extraction import lexicon
from ingest.extraction.actor_names import name_words, public_key
from ingest.extraction.coreference.participant import PUBLIC, Participant
from ingest.extraction.organisation_kinds import OrganisationKind, kind_of
from ingest.extraction.references.reference import Reference

OTHER_PARTIES = lexicon.words("organisation_classes", "other_party")

_ANY_FIRM = lexicon.words("organisation_classes", "any_firm")
_ANOTHER = lexicon.words("pronouns", "another")
_SAME_BODIES = tuple(frozenset(group.split()) for group in lexicon.phrases("same_bodies"))
_COMMON_IN_NAMES = lexicon.words("common_name_words", "same_name")
_HEADS_OF_MANY = frozenset({"conseil", "direction", "centre", "agence"})


def has_name(participant: Participant, reference: Reference) -> bool:
    """Whether a named reference names a named participant, in full or in short."""
    if participant.actor_ids and reference.actor_ids:
        return participant.actor_ids == reference.actor_ids
    return any(
        _are_one_body(name, reference.name)
        or set(name_words(name)) == set(name_words(reference.name))
        or (
            not reference.actor_ids
            and (_is_short_for(name, reference.name) or _is_short_for(reference.name, name))
        )
        for name in participant.names
    )


def _is_short_for(short: str, name: str) -> bool:
    """Whether a capitalised name is another without a word, or a single distinctive word of it."""
    words, others = set(name_words(short)), set(name_words(name))
    if not (words < others and short[:1].isupper() and any(len(word) > 3 for word in words)):
        return False
    if len(words) > 1:
        return len(others) - len(words) == 1
    (word,) = words
    return kind_of(word) is OrganisationKind.UNKNOWN and word not in _COMMON_IN_NAMES


def _are_one_body(name: str, other: str) -> bool:
    key = public_key(name, kind_of(name))
    return bool(key) and key == public_key(other, kind_of(other))


def is_first_named(participant: Participant, reference: Reference) -> bool:
    """Whether a name belongs to a body that the text only called "la ville" before."""
    bodies = {
        OrganisationKind.TOWN,
        OrganisationKind.CARE,
        OrganisationKind.STATE,
        OrganisationKind.CHAMBER,
    }
    return (
        reference.kind in bodies
        and participant.kind is reference.kind
        and not participant.is_named
        and not participant.plural
        and participant.definite
        and len(name_words(participant.name)) < 3
        and (reference.head in participant.heads or _are_alike(reference.head, participant.heads))
    )


def is_meant(participant: Participant, reference: Reference) -> bool:
    """Whether "the factory", "la mairie" may mean a participant, by its kind."""
    head, words = reference.head, name_words(reference.name)
    if _ANOTHER & set(words) or (len(words) > 2 and not participant.is_named):
        return False
    if head in _ANY_FIRM:
        other_party = not participant.is_named and participant.heads & OTHER_PARTIES
        private = participant.kind not in PUBLIC | {OrganisationKind.HAULIER}
        return len(words) <= 2 and not other_party and private
    both_care = reference.kind is participant.kind is OrganisationKind.CARE
    if both_care or (head in participant.heads and head not in _HEADS_OF_MANY):
        return True
    is_centre = head == "centre" and participant.kind is not OrganisationKind.CARE
    if head in participant.heads and is_centre:
        return True
    return _are_alike(head, participant.heads) and reference.kind is participant.kind


def _are_alike(head: str, heads: AbstractSet[str]) -> bool:
    return any(head in group and heads & group for group in _SAME_BODIES)

"""Merges the participants of a whole article that are one organisation under two names."""

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet

from ingest.extraction import lexicon
from ingest.extraction.actor_names import name_words
from ingest.extraction.coreference.participant import Participant
from ingest.extraction.organisation_kinds import OrganisationKind, kind_of
from ingest.extraction.tokens import plain_words
from kb.text.analysis import FUNCTION_WORDS

_ANOTHER = lexicon.words("pronouns", "another")
_COMMON_IN_NAMES = lexicon.words("common_name_words", "same_name")


def same_participants(
    participants: Sequence[Participant], together: Collection[AbstractSet[Participant]]
) -> Mapping[Participant, Participant]:
    """Maps each participant that is another under a lesser name to that other.

    `together` holds the participants that each sentence mentions: an unnamed organisation beside
    a named one is not it.
    """
    named = [participant for participant in participants if participant.is_named]
    found: dict[Participant, Participant] = {}
    for participant in participants:
        if participant.is_named:
            same = [each for each in named if _is_short_for(participant, each)]
        elif participant.plural or _ANOTHER & set(name_words(participant.name)):
            continue
        else:
            same = [
                each
                for each in named
                if _is_described(each, participant)
                and not any({participant, each} <= those for those in together)
            ]
        if len(same) == 1 and found.get(same[0]) is not participant:
            found[participant] = same[0]
    return {each: _last(found, each) for each in found}


def _last(found: Mapping[Participant, Participant], each: Participant) -> Participant:
    seen = {each}
    while found.get(each) is not None and found[each] not in seen:
        each = found[each]
        seen.add(each)
    return each


def _is_short_for(short: Participant, other: Participant) -> bool:
    """Whether a named participant is another by its initials or by the first words of its name."""
    if short is other or (short.actor_ids and short.actor_ids != other.actor_ids):
        return False
    return any(
        _are_initials(name, full) or _begins(name, full)
        for name in short.names
        for full in other.names
    )


def _are_initials(short: str, name: str) -> bool:
    letters = "".join(filter(str.isalnum, short)).lower()
    if not (short.isupper() and 2 <= len(letters) <= 8):
        return False
    words = plain_words(name)
    full = [word for word in words if word not in FUNCTION_WORDS]
    return len(words) > 1 and letters in {
        "".join(word[0] for word in words),
        "".join(word[0] for word in full),
    }


def _begins(short: str, name: str) -> bool:
    """Whether a name is another's without its last words, or without the word for its kind."""
    words, full = name_words(short), name_words(name)
    if not 0 < len(words) < len(full) or not short[:1].isupper():
        return False
    distinct = any(
        kind_of(word) is OrganisationKind.UNKNOWN and word not in _COMMON_IN_NAMES and len(word) > 2
        for word in words
    )
    if not distinct:
        return False
    without_kind = full[1:] if kind_of(full[0]) is not OrganisationKind.UNKNOWN else full
    return words in {full[: len(words)], without_kind[: len(words)]}


def _is_described(named: Participant, unnamed: Participant) -> bool:
    """Whether the words for an unnamed organisation say what a named one's name or heads do."""
    if named.kind is OrganisationKind.MEDIA:
        return False
    words = set(name_words(unnamed.name))
    of_names = named.heads.union(*(name_words(name) for name in named.names))
    return bool(unnamed.heads & of_names) and len(words - of_names) <= 1 and len(words) < 3

"""Recipients and sources of a deed, beside its doers."""

from collections.abc import Iterator, Sequence
from enum import StrEnum

from ingest.extraction import lexicon
from ingest.extraction.actions import Action
from ingest.extraction.coreference.participant import ParticipantMention
from ingest.extraction.roles.clause import DATIVE, Clause
from ingest.extraction.roles.deeds import Deed
from ingest.extraction.roles.priors import PUBLIC_BUYERS

_BENEFIT = lexicon.words("prepositions", "benefit")
_SOURCE = lexicon.words("prepositions", "source")


class Slot(StrEnum):
    """The relation of an organisation to a verb whose doer it is not."""

    TO = "to"
    FOR = "for"
    FROM = "from"
    OBJECT = "object"


def recipients(
    clause: Clause, deeds: Sequence[Deed], number: int
) -> Iterator[tuple[ParticipantMention, Slot]]:
    """The mentions beside one of the deeds of a clause, with the slots that they fill."""
    deed = deeds[number]
    previous = deeds[number - 1].at if number else -1
    limit = deeds[number + 1].at if number + 1 < len(deeds) else len(clause.tokens)
    for governor, mention in zip(clause.governors, clause.mentions, strict=True):
        if mention.last <= deed.at:
            if not governor and mention.last > previous and _is_supplied(deed, mention):
                yield mention, Slot.OBJECT
        elif mention.first > limit or any(
            token.text == ";" for token in clause.tokens[deed.at : mention.first]
        ):
            break
        else:
            for slot in _slots(deed, governor, mention):
                yield mention, slot


def _is_supplied(deed: Deed, mention: ParticipantMention) -> bool:
    """Whether the subject of a passive was supplied: "les hôpitaux ont été livrés"."""
    return (
        not mention.is_pronoun
        and deed.is_passive
        and Action.SUPPLY in deed.actions
        and mention.participant.kind in PUBLIC_BUYERS
    )


def _slots(deed: Deed, governor: str, mention: ParticipantMention) -> Iterator[Slot]:
    """The slots that a mention after a verb fills, by its preposition."""
    actions = set(deed.actions)
    if governor in DATIVE | {"l'", "au"}:
        yield Slot.TO
        if {Action.BUY, Action.TAKE} & actions:
            yield Slot.FROM
    elif governor in _BENEFIT:
        yield Slot.FOR
    elif governor in _SOURCE or (
        governor in {"de", "d'", "des", "of"} and {Action.RECEIVE, Action.TAKE} & actions
    ):
        yield Slot.FROM
    elif not governor and not deed.is_passive and mention.first - deed.at <= 3:
        yield Slot.OBJECT

"""Links "the roaster" or "a brewery" with a named participant, by its trade."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ingest.extraction import lexicon
from ingest.extraction.coreference.participant import Participant
from ingest.extraction.gazetteer import KnownActors
from ingest.extraction.organisation_kinds import OrganisationKind
from ingest.extraction.proposals.story import Story
from ingest.extraction.proposals.topic import stems_of
from ingest.extraction.roles.evidence import RoleEvidence

_NO_TRADE = lexicon.words("organisation_classes", "no_trade")


def evidence_by_trade(story: Story, actors: KnownActors) -> Iterator[RoleEvidence]:
    """The evidence of a story; that for an unnamed participant goes to the named one it is.

    Evidence for any such firm ("a brewery makes beer") is left out: it is general.
    """
    named = _named_by_trade(story, actors)
    for evidence in story.evidence:
        participant = named.get(evidence.participant)
        if participant is None:
            yield evidence
        elif evidence.participant.definite:
            yield replace(evidence, participant=participant, weight=evidence.weight * 0.8)


def _named_by_trade(story: Story, actors: KnownActors) -> Mapping[Participant, Participant]:
    """Maps each unnamed participant to the only named participant of its trade.

    Participants that stand in the same sentence are two.
    """
    lang = story.topic.lang
    together = [passage.participants for passage in story.passages]
    trades = {
        participant: _trade_of(participant, actors, lang)
        for participant in story.participants
        if participant.is_named and participant.kind is not OrganisationKind.MEDIA
    }
    no_trade = stems_of(" ".join(_NO_TRADE), lang)
    found = {}
    for unnamed in story.participants:
        if unnamed.is_named or unnamed.plural:
            continue
        trade = stems_of(unnamed.name, lang) - no_trade
        fitting = [each for each in trades if (unnamed.heads - _NO_TRADE) & each.heads] or [
            each for each, stems in trades.items() if trade and _are_akin(trade, stems)
        ]
        apart = [
            each for each in fitting if not any({unnamed, each} <= those for those in together)
        ]
        if len(apart) == 1:
            found[unnamed] = apart[0]
    return found


def _trade_of(participant: Participant, actors: KnownActors, lang: str) -> set[str]:
    """The stems of what is known of a participant: its names and its directory's description."""
    text = " ".join(participant.names)
    if len(participant.actor_ids) == 1:
        actor = actors.actors[participant.actor_ids[0]]
        text += f" {actor.name} {actor.description.partition('. ')[0]}"
    return stems_of(text, lang)


def _are_akin(trade: set[str], stems: set[str]) -> bool:
    """Whether each stem is among others, or of the family of one: "torréfact-", "torréfi-"."""
    families = {stem[:6] for stem in stems if len(stem) > 5}
    return all(stem in stems or (len(stem) > 5 and stem[:6] in families) for stem in trade)

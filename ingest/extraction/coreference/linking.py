"""Gathers the references of an article into participants.

"La mairie d'Angoulême", then "la mairie", then "elle" are one participant; "une entreprise de
cirage" and the firm named after a comma are one.
"""

from collections.abc import Sequence

from ingest.extraction.actor_names import name_words
from ingest.extraction.coreference.appositions import apposed
from ingest.extraction.coreference.focus import Focus
from ingest.extraction.coreference.matching import (
    OTHER_PARTIES,
    has_name,
    is_first_named,
    is_meant,
)
from ingest.extraction.coreference.participant import (
    PUBLIC,
    Participant,
    ParticipantMention,
    is_named_firm,
)
from ingest.extraction.organisation_kinds import OrganisationKind
from ingest.extraction.references.reference import Reference
from ingest.extraction.tokens import Sentence, TextPart


class Participants:
    """The participants of an article, sentence by sentence in the order of reading."""

    def __init__(self) -> None:
        self.all: list[Participant] = []
        self._focus = Focus()

    @property
    def last_subject(self) -> Participant | None:
        return self._focus.subject

    def of(self, sentence: Sentence, references: Sequence[Reference]) -> list[ParticipantMention]:
        """The mentions of a sentence, with the pronouns that stand for who was spoken of."""
        mentions: list[ParticipantMention] = []
        for reference in references:
            several = self._several(reference)
            meant = several or [self._resolved(sentence, mentions, reference)]
            mentions += [
                ParticipantMention(reference.first, reference.last, participant, reference)
                for participant in meant
            ]
            if not several:
                self._focus.see(meant[0])
        pronouns = list(self._focus.pronouns(sentence, mentions, self.all))
        if sentence.part is TextPart.BODY:
            self._focus.remember(sentence.tokens, mentions)
        return sorted([*mentions, *pronouns], key=lambda mention: mention.first)

    def _several(self, reference: Reference) -> list[Participant]:
        """Returns the participants that "les deux entreprises" means, if the text has named two."""
        if not reference.number or reference.is_named:
            return []
        named = [participant for participant in self.all if is_named_firm(participant)]
        known = [participant for participant in named if participant.actor_ids]
        return next((those for those in (named, known) if len(those) == reference.number), [])

    def _resolved(
        self,
        sentence: Sentence,
        mentions: Sequence[ParticipantMention],
        reference: Reference,
    ) -> Participant:
        """The participant that a reference means, a new one where it means none so far."""
        part = sentence.part
        participant = (
            self._named_before(reference)
            if reference.is_named
            else self._described_before(reference, part)
        ) or apposed(sentence.tokens, mentions, reference)
        if participant is not None:
            _add_name(participant, reference)
            return participant
        participant = Participant(
            reference.name,
            reference.reference_kind,
            reference.kind,
            reference.likelihood,
            reference.actor_ids,
            {reference.head} - {""},
            [reference.name],
            reference.plural,
            reference.definite,
        )
        self.all.append(participant)
        return participant

    def _named_before(self, reference: Reference) -> Participant | None:
        """The participant that has a reference's name, or that it names for the first time."""
        named = (each for each in self.all if each.is_named and has_name(each, reference))
        unnamed = (each for each in self.all if is_first_named(each, reference))
        return next(named, None) or next(unnamed, None)

    def _described_before(self, reference: Reference, part: TextPart) -> Participant | None:
        """The participant that an unnamed reference means, by its words or by what it is."""
        words = name_words(reference.name)
        for participant in reversed(self.all):
            same_number = reference.definite or participant.plural == reference.plural
            if same_number and any(name_words(name) == words for name in participant.names):
                return participant
        in_title = part is TextPart.TITLE
        if not reference.definite and not in_title:
            return None
        for participant in reversed(self._focus.recent):
            may_be = not in_title or participant.is_named or reference.definite
            same_number = participant.plural == reference.plural
            if may_be and same_number and is_meant(participant, reference):
                return participant
        return self._only_firm(reference) if part is TextPart.BODY else None

    def _only_firm(self, reference: Reference) -> Participant | None:
        """Returns the participant "the mill" means, if the text names a single firm and no mill."""
        is_firm = reference.kind is OrganisationKind.FIRM and reference.head not in OTHER_PARTIES
        if not is_firm or reference.plural or len(name_words(reference.name)) > 1:
            return None
        firms = [participant for participant in self.all if participant.kind not in PUBLIC]
        return firms[0] if len(firms) == 1 and firms[0].is_named else None


def _add_name(participant: Participant, reference: Reference) -> None:
    """Lets a participant go by its best name: known, then named, then the fullest."""
    names_kind = reference.kind is not OrganisationKind.UNKNOWN
    fuller = len(name_words(reference.name)) > len(name_words(participant.name))
    better = reference.reference_kind > participant.reference_kind or (
        reference.reference_kind is participant.reference_kind
        and not reference.is_known
        and fuller
        and (not reference.is_named or names_kind)
    )
    if reference.name not in participant.names:
        participant.names.append(reference.name)
    participant.heads |= {reference.head} - {""}
    participant.likelihood = max(participant.likelihood, reference.likelihood)
    if better:
        participant.name = reference.name
        participant.reference_kind = reference.reference_kind
        participant.plural = reference.plural
        participant.actor_ids = reference.actor_ids or participant.actor_ids
    if participant.kind is OrganisationKind.UNKNOWN or (better and names_kind):
        participant.kind = reference.kind

"""Likely roles of named participants whose deeds no sentence states.

An article names few organisations that took no part in its story, and mostly says so where they
did not (`ingest.extraction.proposals.story`). So a name left without a role gets the usual role of
such an organisation in such a story: a town hall buys, an agency permits; a firm supplies if the
text mentions its leftovers, else makes. The role has little confidence: a person checks it.
"""

import re
from collections.abc import Sequence

from ingest.articles.typography import CLOSING, ENDING
from ingest.extraction import lexicon
from ingest.extraction.actions import BY_PRODUCT
from ingest.extraction.coreference.participant import Participant, ParticipantMention
from ingest.extraction.organisation_kinds import OrganisationKind
from ingest.extraction.prepositions import preposition
from ingest.extraction.proposals.story import SentenceMentions, Story
from ingest.extraction.tokens import Sentence, TextPart, joined
from kb.reference.roles import Role

CONFIDENCE = 0.5
BESIDE_THE_TOPIC = 0.65
OF_A_DISTINCTIVE_NAME = 0.87
"""Factors of the confidence where no sentence is about the topic."""

MIN_PLAIN_WORDS = 4
"""Least number of lower-case words in a sentence that can give an unknown name a role."""

_ROLE_OF: dict[OrganisationKind, Role] = {
    OrganisationKind.TOWN: Role.BUYER,
    OrganisationKind.CARE: Role.BUYER,
    OrganisationKind.STATE: Role.AUTHORITY,
    OrganisationKind.CHAMBER: Role.FACILITATOR,
    OrganisationKind.NETWORK: Role.NETWORK,
    OrganisationKind.HAULIER: Role.CARRIER,
    OrganisationKind.LABORATORY: Role.LABORATORY,
}

_SPIRIT = re.compile(rf"\b{lexicon.any_of('default_role_cues', 'spirit')}\b")
_INPUT = re.compile(rf"\b{lexicon.any_of('default_role_cues', 'input')}\b")
_COMPARED = re.compile(rf"\b{lexicon.any_of('default_role_cues', 'compared')}\b")
_PRESS = re.compile(rf"\b{lexicon.any_of('default_role_cues', 'press')}\b")
_DENIED = re.compile(rf"\b{lexicon.any_of('default_role_cues', 'denied')}\b")
_NARRATES = re.compile(
    r"^(?:, [^,]{0,40}, |\( [^)]{0,40} \) |, \S+ \S+ \S+ \S+ )?"
    r"(?:(?:a|ont|nous|en|y|l'|le|is|are|has|have|platforms?) )*"
    + lexicon.any_of("default_role_cues", "tells")
    + r"\b"
)
_PLACE = lexicon.words("prepositions", "likely_place")
_ENDS = re.compile(rf"[{ENDING}{CLOSING};:]\s*$")
_NOT_FOR_SALE = frozenset(
    {OrganisationKind.NETWORK, OrganisationKind.CHAMBER, OrganisationKind.STATE}
)
"""Kinds of organisations without leftovers of their own."""


def likely_role(
    participant: Participant, story: Story, *, others_made: bool
) -> tuple[Role, float, Sentence] | None:
    """Returns the likely role of a named participant, its confidence, and a sentence naming it.

    `None` if no sentence shows the participant in the story. With `others_made`, another
    participant is known to have made the goods.
    """
    passages = [passage for passage in story.passages if _takes_part(participant, passage)]
    if not passages:
        return None
    best = next((passage for passage in passages if passage.is_on_topic), passages[0])
    confidence = CONFIDENCE
    if not best.is_on_topic:
        names_kind = participant.kind is not OrganisationKind.UNKNOWN or " " in participant.name
        is_distinctive = names_kind and not participant.is_known
        confidence *= OF_A_DISTINCTIVE_NAME if is_distinctive else BESIDE_THE_TOPIC
    supplies = others_made and story.is_about_leftovers
    role = _role(participant, passages, supplies=supplies)
    return role, confidence, best.sentence


def _takes_part(participant: Participant, passage: SentenceMentions) -> bool:
    """Whether a sentence may show that a participant took part in the story."""
    sentence, is_known = passage.sentence, participant.is_known
    return (
        sentence.part is TextPart.BODY
        and _is_informative(sentence, 2 if is_known else MIN_PLAIN_WORDS)
        and (is_known or _ENDS.search(sentence.text) is not None)
        and not _COMPARED.search(_before(passage, participant))
        and any(
            _is_actor(sentence, mention)
            for mention in passage.mentions
            if mention.participant is participant and not mention.is_pronoun
        )
    )


def _role(
    participant: Participant, passages: Sequence[SentenceMentions], *, supplies: bool
) -> Role:
    """Returns the usual role of a kind of organisation; for a firm, by the words beside it."""
    if participant.kind not in _NOT_FOR_SALE and any(
        BY_PRODUCT.search(_before(passage, participant, 7)) for passage in passages
    ):
        return Role.SUPPLIER  # "coffee grounds leave the canteens of X"
    usual = _ROLE_OF.get(participant.kind)
    if usual is not None:
        return usual
    supplies = supplies or any(
        BY_PRODUCT.search(passage.sentence.words)
        or _SPIRIT.search(passage.sentence.words)
        or _INPUT.search(_before(passage, participant, 9))
        for passage in passages
    )
    return Role.SUPPLIER if supplies else Role.PRODUCER


def _is_actor(sentence: Sentence, mention: ParticipantMention) -> bool:
    """Whether a mention is an actor rather than a place, the end of a list or the narrator."""
    tokens, participant = sentence.tokens, mention.participant
    governor = preposition(tokens, mention.first)
    # A new name of one word beside "de" or "in" is mostly a place.
    may_be_place = participant.kind is OrganisationKind.TOWN or (
        not participant.is_known
        and participant.kind is OrganisationKind.UNKNOWN
        and mention.last - mention.first == 1
    )
    follows = tokens[mention.last].text if mention.last < len(tokens) else ""
    closes = not participant.is_known and not governor and follows in {".", ")", ";", "»"}
    if closes or (may_be_place and governor in _PLACE):
        return False
    after = joined(tokens[mention.last : mention.last + 9]).partition(" ;")[0]
    return not _NARRATES.match(after) and not _DENIED.search(after)


def _is_informative(sentence: Sentence, at_least: int) -> bool:
    """Whether a sentence is more than a heading or a credit, and not about the press."""
    plain = [token for token in sentence.tokens if token.is_word and token.text.islower()]
    return len(plain) >= at_least and not _PRESS.search(sentence.words)


def _before(passage: SentenceMentions, participant: Participant, length: int = 4) -> str:
    """The few words before a participant's first mention in a sentence."""
    at = next(
        (mention.first for mention in passage.mentions if mention.participant is participant), 0
    )
    return joined(passage.sentence.tokens[max(0, at - length) : at])

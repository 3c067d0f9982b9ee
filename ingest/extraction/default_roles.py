"""The likely role of who is named and of whom no sentence says in so many words what it did.

An article names few organisations that took no part in what it tells, and says of most of those
that they did not (`ingest.extraction.proposals` sees to it). So a name that is left without a role
gets the one that such an organisation mostly has, in such a story: a town hall buys, an agency
permits; of firms, whose leftovers are spoken of supplies, and another makes. It is proposed with
little confidence, for a person to look at.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.extraction import lexicon
from ingest.extraction.actions import BY_PRODUCT
from ingest.extraction.coreference.participant import Participant, ParticipantMention
from ingest.extraction.organisation_kinds import OrganisationKind
from ingest.extraction.prepositions import preposition
from ingest.extraction.tokens import Sentence, TextPart, joined
from kb.reference.roles import Role

_ROLE_OF: dict[OrganisationKind, Role] = {
    OrganisationKind.TOWN: Role.BUYER,
    OrganisationKind.CARE: Role.BUYER,
    OrganisationKind.STATE: Role.AUTHORITY,
    OrganisationKind.CHAMBER: Role.FACILITATOR,
    OrganisationKind.NETWORK: Role.NETWORK,
    OrganisationKind.HAULIER: Role.CARRIER,
    OrganisationKind.LABORATORY: Role.LABORATORY,
}
KNOWN = 0.5
NAMED = 0.5
BESIDE_THE_TOPIC = 0.65
OF_A_TELLING_NAME = 0.87
"""What is left of the confidence where the paragraph does not speak of the matter."""

_SPIRIT = re.compile(rf"\b{lexicon.any_of('default_role_cues', 'spirit')}\b")
_INPUT = re.compile(rf"\b{lexicon.any_of('default_role_cues', 'input')}\b")
"""What one gives for another to make something of, in folded words."""

_POSSESSIVE = re.compile(r"(?:^| )(?:its|their|his|her|ses|son|sa|leurs?) (?:\S+ ){0,2}$")
_COMPARED = re.compile(rf"\b{lexicon.any_of('default_role_cues', 'compared')}\b")


@dataclass(frozen=True, slots=True)
class SentenceMentions:
    """A sentence and whom it mentions; whether its paragraph speaks of the article's matter."""

    sentence: Sentence
    mentions: tuple[ParticipantMention, ...]
    is_on_topic: bool


def likely_role(
    participant: Participant,
    passages: Sequence[SentenceMentions],
    *,
    others_made: bool,
    in_leftovers: bool,
) -> tuple[Role, float, Sentence] | None:
    """The likely role of a named participant, how sure, and a sentence that names it.

    `others_made` tells that somebody else is known to have made the thing, `in_leftovers` that the
    article is about what one throws away. `None` where nothing speaks for its having taken part.
    """
    is_known = participant.is_known
    seen = [
        passage
        for passage in passages
        if passage.sentence.part is TextPart.BODY
        and _tells_something(passage.sentence, 2 if is_known else MIN_PLAIN_WORDS)
        and (is_known or _ENDS.search(passage.sentence.text))
        and not _COMPARED.search(_before(passage, participant))
        and _is_an_actor_of(passage, participant)
    ]
    if not seen:
        return None
    best = next((passage for passage in seen if passage.is_on_topic), seen[0])
    confidence = KNOWN if participant.is_known else NAMED
    is_telling = participant.kind is not OrganisationKind.UNKNOWN or " " in participant.name
    if not best.is_on_topic:
        telling_new = is_telling and not participant.is_known
        confidence *= OF_A_TELLING_NAME if telling_new else BESIDE_THE_TOPIC
    role = _ROLE_OF.get(participant.kind)
    owns = participant.kind not in {
        OrganisationKind.NETWORK,
        OrganisationKind.CHAMBER,
        OrganisationKind.STATE,
    }
    if owns and any(BY_PRODUCT.search(_before(passage, participant, 7)) for passage in seen):
        role = Role.SUPPLIER  # "coffee grounds leave the canteens of X"
    if role is None:
        leftovers = any(BY_PRODUCT.search(passage.sentence.words) for passage in seen)
        inputs = any(
            _SPIRIT.search(passage.sentence.words)
            or _INPUT.search(_before(passage, participant, 9))
            for passage in seen
        )
        supplies = leftovers or inputs or (others_made and in_leftovers)
        role = Role.SUPPLIER if supplies else Role.PRODUCER
    return role, confidence, best.sentence


def _is_an_actor_of(passage: SentenceMentions, participant: Participant) -> bool:
    """Whether a sentence names a participant, and not only as a place or as who tells the story."""
    for one in passage.mentions:
        if one.participant is not participant or one.is_pronoun:
            continue
        tokens = passage.sentence.tokens
        after = joined(tokens[one.last : one.last + 9])
        after = after.partition(" ;")[0]
        governor = preposition(tokens, one.first)
        # A new name of one word beside "de" or "in" is mostly a place.
        may_be_place = participant.kind is OrganisationKind.TOWN or (
            not participant.is_known
            and participant.kind is OrganisationKind.UNKNOWN
            and one.last - one.first == 1
        )
        if may_be_place and governor in _PLACE:
            continue
        if not participant.is_known and not governor and one.last < len(tokens):
            follows = tokens[one.last]
            if follows.text in {".", ")", ";", "»"}:
                continue
        if _TELLS.match(after) or _DENIED.search(after):
            continue
        return True
    return False


def _tells_something(sentence: Sentence, at_least: int) -> bool:
    """Whether a sentence is more than a heading or a credit, and not about who told the story."""
    plain = [token for token in sentence.tokens if token.is_word and token.text.islower()]
    return len(plain) >= at_least and not _PRESS.search(sentence.words)


_ENDS = re.compile(r"[.!?…;:»”\")]\s*$")
MIN_PLAIN_WORDS = 4
_PRESS = re.compile(rf"\b{lexicon.any_of('default_role_cues', 'press')}\b")
_PLACE = lexicon.words("prepositions", "likely_place")
_DENIED = re.compile(rf"\b{lexicon.any_of('default_role_cues', 'denied')}\b")
_TELLS = re.compile(
    r"^(?:, [^,]{0,40}, |\( [^)]{0,40} \) |, \S+ \S+ \S+ \S+ )?"
    r"(?:(?:a|ont|nous|en|y|l'|le|is|are|has|have|platforms?) )*"
    + lexicon.any_of("default_role_cues", "tells")
    + r"\b"
)


def owner_of_leftovers(
    sentence: Sentence, mentions: Sequence[ParticipantMention], spoken_of: Participant | None
) -> Participant | None:
    """Whose leftovers "its organic waste" are: of whom the sentence, or the one before, speaks."""
    words = sentence.words
    for match in BY_PRODUCT.finditer(words):
        possessive = _POSSESSIVE.search(words[: match.start()])
        if possessive:
            at = words[: possessive.start() + 1].count(" ")
            before = [one for one in mentions if one.last <= at and not one.is_pronoun]
            return before[0].participant if before else spoken_of
    return None


def _before(passage: SentenceMentions, participant: Participant, length: int = 4) -> str:
    """The few words before a participant's first mention in a sentence."""
    at = next((one.first for one in passage.mentions if one.participant is participant), 0)
    return joined(passage.sentence.tokens[max(0, at - length) : at])

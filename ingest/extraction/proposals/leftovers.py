"""Leftovers of making something else: whether an article is about them, and whose they are."""

import re
from collections.abc import Sequence

from ingest.extraction.actions import BY_PRODUCT
from ingest.extraction.coreference.participant import Participant, ParticipantMention
from ingest.extraction.tokens import Sentence, TextPart

_POSSESSIVE = re.compile(r"(?:^| )(?:its|their|his|her|ses|son|sa|leurs?) (?:\S+ ){0,2}$")


def is_about_leftovers(sentences: Sequence[Sentence]) -> bool:
    """Whether an article is about what one organisation throws away and another takes."""
    hits = [sentence for sentence in sentences if BY_PRODUCT.search(sentence.words)]
    return len(hits) > 2 or any(sentence.part is TextPart.TITLE for sentence in hits)


def owner_of_leftovers(
    sentence: Sentence, mentions: Sequence[ParticipantMention], last_subject: Participant | None
) -> Participant | None:
    """The participant whose leftovers "its organic waste" are, by this sentence or the last."""
    words = sentence.words
    for match in BY_PRODUCT.finditer(words):
        possessive = _POSSESSIVE.search(words[: match.start()])
        if possessive:
            at = words[: possessive.start() + 1].count(" ")
            before = [
                mention for mention in mentions if mention.last <= at and not mention.is_pronoun
            ]
            return before[0].participant if before else last_subject
    return None

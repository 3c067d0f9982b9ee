"""Evidence of the sentences of an article for its participants, before weighing."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ingest.extraction import lexicon
from ingest.extraction.actions import BY_PRODUCT
from ingest.extraction.coreference.linking import Participants
from ingest.extraction.coreference.merging import same_participants
from ingest.extraction.coreference.participant import Participant, ParticipantMention
from ingest.extraction.gazetteer import KnownActors
from ingest.extraction.proposals.topic import Topic
from ingest.extraction.references.finder import References
from ingest.extraction.roles.evidence import RoleEvidence, evidence, is_about_sources
from ingest.extraction.tokens import Sentence, TextPart
from kb.reference.roles import Role

_TAKES_NO_PART = re.compile(rf"\b{lexicon.any_of('disclaimers', 'takes_no_part')}", re.IGNORECASE)
_POINTS_BACK = re.compile(rf"\W*{lexicon.any_of('disclaimers', 'points_back')}", re.IGNORECASE)
_POSSESSIVE = re.compile(r"(?:^| )(?:its|their|his|her|ses|son|sa|leurs?) (?:\S+ ){0,2}$")


@dataclass(frozen=True, slots=True)
class SentenceMentions:
    """A sentence, its mentions, and whether it is about the topic of the article."""

    sentence: Sentence
    mentions: tuple[ParticipantMention, ...]
    is_on_topic: bool

    @property
    def participants(self) -> set[Participant]:
        return {mention.participant for mention in self.mentions}

    @property
    def named(self) -> set[Participant]:
        """The participants mentioned by more than a pronoun."""
        return {mention.participant for mention in self.mentions if not mention.is_pronoun}


@dataclass(slots=True)
class Story:
    """The participants of an article, and the evidence of its sentences.

    `doubted` holds the participants that a sentence excludes.
    """

    topic: Topic
    is_about_leftovers: bool
    participants: Sequence[Participant] = ()
    evidence: list[RoleEvidence] = field(default_factory=list)
    passages: list[SentenceMentions] = field(default_factory=list)
    read: list[SentenceMentions] = field(default_factory=list)
    doubted: set[Participant] = field(default_factory=set)


def read_story(sentences: Sequence[Sentence], topic: Topic, actors: KnownActors) -> Story:
    """Reads the sentences of an article, its title last."""
    story = Story(topic, _is_about_leftovers(sentences))
    participants = Participants()
    references = References(sentences, actors)
    # What the title calls "a polish maker" the text calls by its name.
    for sentence in sorted(sentences, key=lambda sentence: sentence.part is TextPart.TITLE):
        last_subject = participants.last_subject
        mentions = participants.of(sentence, references.of(sentence))
        story.evidence += evidence(sentence, mentions, leftovers=story.is_about_leftovers)
        owner = _owner_of_leftovers(sentence, mentions, last_subject)
        if owner is not None:
            story.evidence.append(RoleEvidence(owner, Role.SUPPLIER, 0.6, sentence, is_past=True))
        passage = SentenceMentions(sentence, tuple(mentions), topic.covers(sentence.text))
        story.read.append(passage)
        if not is_about_sources(sentence):
            _add(story, passage)
    story.participants = participants.all
    together = [passage.participants for passage in story.read]
    _merge(story, same_participants(participants.all, together))
    return story


def _merge(story: Story, same: Mapping[Participant, Participant]) -> None:
    """Replaces participants by those that they are."""

    def merged(passages: Sequence[SentenceMentions]) -> list[SentenceMentions]:
        return [
            replace(
                passage,
                mentions=tuple(
                    replace(each, participant=same.get(each.participant, each.participant))
                    for each in passage.mentions
                ),
            )
            for passage in passages
        ]

    for participant, other in same.items():
        other.names += [name for name in participant.names if name not in other.names]
        other.heads |= participant.heads
    story.participants = [each for each in story.participants if each not in same]
    story.read, story.passages = merged(story.read), merged(story.passages)
    story.evidence = [
        replace(each, participant=same.get(each.participant, each.participant))
        for each in story.evidence
    ]
    story.doubted = {same.get(each, each) for each in story.doubted}


def _add(story: Story, passage: SentenceMentions) -> None:
    """Adds a sentence to the passages, or those it names to the doubted."""
    text = passage.sentence.text
    if not _is_disclaimer(text):
        story.passages.append(passage)
    elif not passage.named and story.passages and _points_back(text):
        story.doubted |= story.passages[-1].named
    else:
        story.doubted |= passage.named


def _is_about_leftovers(sentences: Sequence[Sentence]) -> bool:
    """Whether an article is about leftovers that another organisation takes."""
    hits = [sentence for sentence in sentences if BY_PRODUCT.search(sentence.words)]
    return len(hits) > 2 or any(sentence.part is TextPart.TITLE for sentence in hits)


def _owner_of_leftovers(
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


def _is_disclaimer(sentence: str) -> bool:
    """Whether a sentence denies that the organisations it names took part."""
    return _TAKES_NO_PART.search(sentence) is not None


def _points_back(sentence: str) -> bool:
    """Whether a sentence refers to the sentence before: "Mais c'est une autre histoire."."""
    return _POINTS_BACK.match(sentence) is not None

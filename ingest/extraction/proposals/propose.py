"""Proposes who took part, in which role, to meet which need: a person decides."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.articles.article import Article
from ingest.extraction.candidates.participants import (
    Participant,
    is_about_sources,
    language_of,
    read_story,
)
from ingest.extraction.deeds import Deed, deeds_of
from ingest.extraction.gazetteer import KnownActors
from ingest.extraction.names import OrganisationKind
from ingest.extraction.needs.need import Need, need_of
from ingest.extraction.proposals.contexts import CandidateContext, contexts_of
from ingest.extraction.proposals.features import Features, features_of
from ingest.extraction.proposals.judge import Judge, bundled_judge
from ingest.extraction.times import time_of_facts
from ingest.extraction.tokens import Sentence, TextPart, sentences
from kb.models import Participation
from kb.registers.drafts import Proposals, ProposedField, ProposedParticipation
from kb.text.analysis import STEMMERS

MAX_CHARS = 60_000  # thirty pages, enough for an article to state its case
MIN_CONFIDENCE = 0.1  # least confidence of a proposal shown to a person


@dataclass(frozen=True, slots=True)
class PossibleParticipant:
    """An organisation that may take part; `sentence` is the first that names it."""

    participant: Participant
    deeds: Sequence[Deed]
    sentence: Sentence
    features: Features
    context: CandidateContext


def propose(article: Article, actors: KnownActors, judge: Judge | None = None) -> Proposals:
    """The participations in the order of the text, and the need and `period` as `fields`."""
    need, candidates = read_candidates(article, actors)
    judge = judge or bundled_judge()
    time = time_of_facts(sentences(article.title, article.text[:MAX_CHARS]), article.date)
    fields: list[ProposedField] = []
    if need:
        fields.append(ProposedField("need", need.phrase, need.sentence.text, need.confidence))
    if time:
        fields.append(ProposedField("period", time.edtf, time.sentence.text, time.confidence))
    proposed = (each for candidate in candidates for each in judged(candidate, judge))
    return Proposals(tuple(fields), tuple(proposed))


def read_candidates(
    article: Article, actors: KnownActors
) -> tuple[Need | None, Sequence[PossibleParticipant]]:
    read = sentences(article.title, article.text[:MAX_CHARS])
    lang = language_of(article)
    # Of other languages the judge of words knows nothing.
    need = need_of(read, lang) if article.lang[:2] in {"", *STEMMERS} else None
    story = read_story(read, lang, actors)
    deeds: dict[Participant, list[Deed]] = defaultdict(list)
    first: dict[Participant, Sentence] = {}
    # Titles and headings last.
    for passage in sorted(story.passages, key=lambda each: each.sentence.part is not TextPart.BODY):
        for number, mention in enumerate(passage.mentions):
            first.setdefault(mention.participant, passage.sentence)
            if not is_about_sources(passage.sentence):
                deeds[mention.participant] += deeds_of(passage, number)
    features = features_of(story, deeds, actors)
    contexts = contexts_of(story)
    return need, [
        PossibleParticipant(each, deeds[each], first[each], features[each], contexts[each])
        for each in story.participants
        if each.kind is not OrganisationKind.MEDIA
    ]


def judged(candidate: PossibleParticipant, judge: Judge) -> Iterator[ProposedParticipation]:
    for role, confidence in judge.likely_roles(candidate.features, candidate.context).items():
        if confidence >= MIN_CONFIDENCE:
            deeds = [deed for deed in candidate.deeds if deed.is_done_by and role in deed.roles]
            told = next((deed for deed in deeds if deed.words), next(iter(deeds), None))
            ids = candidate.participant.best.actor_ids
            actor_id, words = ids[0] if len(ids) == 1 else "", told.words if told else ""
            yield ProposedParticipation(
                Participation(candidate.participant.name, role, actor_id, words),
                told.sentence.text if told else candidate.sentence.text,
                round(confidence, 2),
            )

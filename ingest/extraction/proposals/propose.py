"""Proposes who took part, in which role, to meet which need, from the text of an article.

Nothing is asserted: each proposal carries the sentence that it comes from and how sure it is, and
a person decides. Rules find the organisations and what their deeds speak for; a judge that learnt
from labelled articles (`ingest.extraction.proposals.judge`) decides who takes part, and says how
likely that is. `ingest.extraction.llm` may refine what comes out.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ingest.articles.article import Article
from ingest.extraction.actor_names import name_words
from ingest.extraction.coreference.participant import Participant
from ingest.extraction.gazetteer import KnownActors
from ingest.extraction.needs.need import Need, need_of
from ingest.extraction.organisation_kinds import OrganisationKind
from ingest.extraction.proposals.contexts import CandidateContext, contexts_of
from ingest.extraction.proposals.features import Features, features_of
from ingest.extraction.proposals.judge import Judge, bundled_judge
from ingest.extraction.proposals.story import SentenceMentions, read_story
from ingest.extraction.proposals.topic import Topic, language_of
from ingest.extraction.proposals.trades import evidence_by_trade
from ingest.extraction.references.reference import ReferenceKind
from ingest.extraction.roles.evidence import RoleEvidence
from ingest.extraction.times import time_of_facts
from ingest.extraction.tokens import Sentence, TextPart, sentences
from kb.models import Participation
from kb.reference.roles import Role
from kb.registers.drafts import Proposals, ProposedField, ProposedParticipation
from kb.text.analysis import STEMMERS

MAX_CHARS = 60_000
"""Most characters read of a text: thirty pages, enough for an article to state its case."""

MIN_CONFIDENCE = 0.1
"""Least confidence of a proposal shown to a person."""

Grounds = Mapping[Role, Sequence[RoleEvidence]]
"""The evidence for each role of a participant, the best first."""


@dataclass(frozen=True, slots=True)
class PossibleParticipant:
    """An organisation that may take part, and what the judge reads of it.

    `grounds` support its roles; `sentence` is the first that names it.
    """

    participant: Participant
    grounds: Grounds
    sentence: Sentence
    features: Features
    context: CandidateContext


def propose(article: Article, actors: KnownActors, judge: Judge | None = None) -> Proposals:
    """The participations of an article, in the order of its text, its need and its time.

    The beginning of a text longer than `MAX_CHARS` is read. `Proposals.fields` holds the need and
    the time of the facts (`period`), as far as the article tells them.
    """
    need, candidates = read_candidates(article, actors)
    judge = judge or bundled_judge()
    proposed = [each for candidate in candidates for each in judged(candidate, judge)]
    time = time_of_facts(sentences(article.title, article.text[:MAX_CHARS]), article.date)
    fields = (
        *(
            (ProposedField("need", need.phrase, need.sentence.text, need.confidence),)
            if need
            else ()
        ),
        *(
            (ProposedField("period", time.edtf, time.sentence.text, time.confidence),)
            if time
            else ()
        ),
    )
    return Proposals(fields, tuple(proposed))


def read_candidates(
    article: Article, actors: KnownActors
) -> tuple[Need | None, Sequence[PossibleParticipant]]:
    """The need of an article, and the organisations in it that may take part."""
    read = sentences(article.title, article.text[:MAX_CHARS])
    lang = language_of(article)
    # Of other languages the judge of words knows nothing.
    need = need_of(read, lang) if article.lang[:2] in {"", *STEMMERS} else None
    story = read_story(read, Topic.of(article.title, need, lang), actors)
    _name_public_bodies(story.participants, article, actors)
    evidence = list(evidence_by_trade(story, actors))
    grounds = _grounds(evidence)
    features = features_of(story, evidence, actors)
    contexts = contexts_of(story)
    first: dict[Participant, Sentence] = {}
    for passage in sorted(story.read, key=_reading_order):
        for participant in passage.named:
            first.setdefault(participant, passage.sentence)
    return need, [
        PossibleParticipant(
            participant,
            grounds.get(participant, {}),
            first[participant],
            features[participant],
            contexts[participant],
        )
        for participant in story.participants
        if participant in first and participant.kind is not OrganisationKind.MEDIA
    ]


def _reading_order(passage: SentenceMentions) -> tuple[bool, int]:
    """Orders sentences: those of the text before titles and headings."""
    return passage.sentence.part is not TextPart.BODY, passage.sentence.number


def judged(candidate: PossibleParticipant, judge: Judge) -> Iterator[ProposedParticipation]:
    """The participations of a candidate that are likely enough to be shown."""
    for role, confidence in judge.likely_roles(candidate.features, candidate.context).items():
        if confidence >= MIN_CONFIDENCE:
            grounds = candidate.grounds.get(role, ())
            told = next((each for each in grounds if each.contribution), None)
            best = told or next(iter(grounds), None)
            yield _proposal(
                candidate.participant,
                role,
                best.sentence.text if best else candidate.sentence.text,
                confidence,
                told.contribution if told else "",
            )


def _grounds(evidence: Iterable[RoleEvidence]) -> Mapping[Participant, Grounds]:
    found: dict[Participant, dict[Role, list[RoleEvidence]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for each in sorted(evidence, key=lambda each: -each.weight):
        found[each.participant][each.role].append(each)
    return found


def _name_public_bodies(
    participants: Sequence[Participant], article: Article, actors: KnownActors
) -> None:
    """Gives "l'hôpital" the name of the one known hospital of the place that is written about."""
    for participant in participants:
        kind = participant.kind
        if (
            participant.is_named
            or participant.plural
            or not participant.definite
            or kind not in {OrganisationKind.TOWN, OrganisationKind.CARE}
            or len(name_words(participant.name)) > 2
        ):
            continue
        ids = actors.public_bodies(kind, f"{article.title}\n{article.text}")
        if len(ids) == 1 and not any(other.actor_ids == ids for other in participants):
            participant.actor_ids, participant.reference_kind = ids, ReferenceKind.KNOWN
            participant.name = actors.actors[ids[0]].name


def _proposal(
    participant: Participant,
    role: Role,
    sentence: str,
    confidence: float,
    contribution: str = "",
) -> ProposedParticipation:
    ids = participant.actor_ids
    actor_id = ids[0] if len(ids) == 1 else ""
    return ProposedParticipation(
        Participation(participant.name, role, actor_id, contribution),
        sentence,
        round(confidence, 2),
    )

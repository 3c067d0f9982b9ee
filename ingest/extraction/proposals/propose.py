"""Proposes who took part, in which role, to meet which need, from the text of an article.

Nothing is asserted: each proposal carries the sentence that it comes from and how sure it is, and
a person decides. Rules find the organisations and what their deeds speak for; a judge that learnt
from labelled articles (`ingest.extraction.proposals.judge`) decides who takes part, and says how
likely that is. `ingest.extraction.llm` may refine what comes out.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ingest.articles.article import Article
from ingest.extraction.actor_names import name_words
from ingest.extraction.coreference.participant import Participant
from ingest.extraction.gazetteer import KnownActors
from ingest.extraction.organisation_kinds import OrganisationKind
from ingest.extraction.proposals.confidence import Grounds, confidences, grounds
from ingest.extraction.proposals.default_roles import likely_role
from ingest.extraction.proposals.features import Features, features_of
from ingest.extraction.proposals.judge import Judge, bundled_judge
from ingest.extraction.proposals.needs import Need, need_of
from ingest.extraction.proposals.story import SentenceMentions, Story, read_story
from ingest.extraction.proposals.topic import Topic, language_of
from ingest.extraction.proposals.trades import evidence_by_trade
from ingest.extraction.references.reference import ReferenceKind
from ingest.extraction.tokens import Sentence, TextPart, sentences
from kb.models import Participation
from kb.reference.roles import Role
from kb.registers.proposals import Proposals, ProposedField, ProposedParticipation

MAX_CHARS = 60_000
"""Most characters read of a text: thirty pages, enough for an article to state its case."""

MIN_CONFIDENCE = 0.1
"""Least confidence of a proposal shown to a person."""

LEAST_OF_DEEDS = 0.38
"""Least confidence of the rules in a participation that rests on deeds, to tell the judge."""

LEAST_OF_NAMES = 0.3
"""Least confidence of the rules in a participation of a name without a deed."""

HINT = 0.2
"""The weight from which evidence makes a role likelier than that of such organisations."""

_BODIES = frozenset(
    {
        OrganisationKind.STATE,
        OrganisationKind.CHAMBER,
        OrganisationKind.NETWORK,
        OrganisationKind.LABORATORY,
    }
)


@dataclass(frozen=True, slots=True)
class PossibleParticipant:
    """An organisation that may take part: what supports each of its roles, and its features."""

    participant: Participant
    grounds: Grounds
    by_rules: Sequence[ProposedParticipation]
    sentence: Sentence
    features: Features


def propose(article: Article, actors: KnownActors, judge: Judge | None = None) -> Proposals:
    """The participations and the need of an article, in the order of its text.

    The beginning of a text longer than `MAX_CHARS` is read. `Proposals.fields` holds the need, if
    the article tells one, and nothing else.
    """
    need, candidates = read_candidates(article, actors)
    judge = judge or bundled_judge()
    proposed = [each for candidate in candidates for each in judged(candidate, judge)]
    return Proposals((_field(need),) if need else (), tuple(proposed))


def read_candidates(
    article: Article, actors: KnownActors
) -> tuple[Need | None, Sequence[PossibleParticipant]]:
    """The need of an article, and the organisations in it that may take part."""
    read = sentences(article.title, article.text[:MAX_CHARS])
    lang = language_of(article)
    need = need_of(read, lang)
    story = read_story(read, Topic.of(article.title, need, lang), actors)
    _name_public_bodies(story.participants, article, actors)
    evidence = list(evidence_by_trade(story, actors))
    by_participant = grounds(story, evidence)
    by_rules = _by_rules(story, by_participant)
    scores = {
        participant: {each.participation.role: each.confidence for each in proposed}
        for participant, proposed in by_rules.items()
    }
    features = features_of(story, evidence, scores, actors)
    first: dict[Participant, Sentence] = {}
    for passage in sorted(story.read, key=_reading_order):
        for participant in passage.named:
            first.setdefault(participant, passage.sentence)
    return need, [
        PossibleParticipant(
            participant,
            by_participant.get(participant, {}),
            by_rules.get(participant, ()),
            first[participant],
            features[participant],
        )
        for participant in story.participants
        if participant in first and participant.kind is not OrganisationKind.MEDIA
    ]


def _reading_order(passage: SentenceMentions) -> tuple[bool, int]:
    """Orders sentences: those of the text before titles and headings."""
    return passage.sentence.part is not TextPart.BODY, passage.sentence.number


def judged(candidate: PossibleParticipant, judge: Judge) -> Iterator[ProposedParticipation]:
    """The participations of a candidate that are likely enough to be shown."""
    for role, confidence in judge.likely_roles(candidate.features).items():
        if confidence >= MIN_CONFIDENCE:
            grounds = candidate.grounds.get(role, ())
            told = [each for _, each in grounds if each.contribution] or [e for _, e in grounds]
            by_rules = [each for each in candidate.by_rules if each.participation.role is role]
            sentence = by_rules[0].sentence if by_rules else candidate.sentence.text
            yield _proposal(
                candidate.participant,
                role,
                told[0].sentence.text if told else sentence,
                confidence,
                told[0].contribution if told else "",
            )


def _by_rules(
    story: Story, by_participant: Mapping[Participant, Grounds]
) -> Mapping[Participant, Sequence[ProposedParticipation]]:
    """The participations that the rules conclude on, with their confidence in each."""
    found: dict[Participant, list[ProposedParticipation]] = defaultdict(list)
    for participant, proposed in _by_deeds(story, by_participant):
        found[participant].append(proposed)
    others_made = any(
        each.participation.role is Role.PRODUCER and each.confidence > 0.5
        for proposed in found.values()
        for each in proposed
    )
    have = {participant.name for participant in found}
    for participant, each in _by_kind(story, by_participant, have, others_made=others_made):
        found[participant].append(each)
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


def _by_deeds(
    story: Story, by_participant: Mapping[Participant, Grounds]
) -> Iterator[tuple[Participant, ProposedParticipation]]:
    """Yields the participations that rest on deeds in the article."""
    named = {
        role: {each for each, own in by_participant.items() if each.is_named and role in own}
        for role in Role
    }
    for participant in story.participants:
        own = by_participant.get(participant, {})
        if participant.kind is OrganisationKind.MEDIA:
            continue
        title_only = not participant.is_named and participant not in story.in_body
        for role, sure in confidences(participant, own, named).items():
            confidence = sure * participant.likelihood
            if confidence >= LEAST_OF_DEEDS and not (title_only and named[role]):
                best = next((each for _, each in own[role] if each.contribution), own[role][0][1])
                text = best.sentence.text
                yield (
                    participant,
                    _proposal(participant, role, text, confidence, best.contribution),
                )


def _by_kind(
    story: Story,
    by_participant: Mapping[Participant, Grounds],
    have: Collection[str],
    *,
    others_made: bool,
) -> Iterator[tuple[Participant, ProposedParticipation]]:
    """The likely roles of those who are named and have none by their deeds."""
    for participant in story.participants:
        hint = _hint(by_participant.get(participant, {}))
        if (
            participant.name in have
            or participant in story.doubted
            or participant.kind is OrganisationKind.MEDIA
            or not (participant.is_named or _is_body(participant, is_hinted=hint is not None))
        ):
            continue
        likely = likely_role(participant, story, others_made=others_made)
        if likely is None:
            continue
        role, sure, sentence = likely
        confidence = sure * participant.likelihood
        if hint is not None:
            role, confidence = hint, max(confidence, LEAST_OF_NAMES)
        if confidence >= LEAST_OF_NAMES:
            yield participant, _proposal(participant, role, sentence.text, confidence)


def _hint(own: Grounds) -> Role | None:
    """The role with the best evidence, if that is worth a hint."""
    best = max(own, key=lambda role: own[role][0][0], default=None)
    return best if best is not None and own[best][0][0] >= HINT else None


def _is_body(participant: Participant, *, is_hinted: bool) -> bool:
    """Whether a participant without a name is a single body: "the health agency", "le réseau".

    A town may be only the place: it takes part where something hints at a deed.
    """
    bodies = _BODIES | {OrganisationKind.TOWN} if is_hinted else _BODIES
    return participant.definite and not participant.plural and participant.kind in bodies


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


def _field(need: Need) -> ProposedField:
    return ProposedField("need", need.phrase, need.sentence.text, need.confidence)

"""Proposes who took part, in which role, to meet which need, from the text of an article.

Nothing is asserted: each proposal carries the sentence that it comes from and how sure it is, and
a person decides. Works by rules alone; `ingest.extraction.llm` may refine what comes out.

Measured on the articles of `tests/data/articles/tune`, the cases of the demonstration corpus and
texts written for the purpose (430 proposals), a confidence of 0.8 and more is right 97 times in
100, 0.6 to 0.8 about 89, 0.4 to 0.6 about 77, less about 59. The confidences are left below that,
since the rules know these texts and will do less well on others; a test holds the surest of the
labelled articles to nine in ten.
"""

from collections.abc import Iterator, Mapping, Sequence

from ingest.articles.article import Article
from ingest.extraction.actor_names import name_words
from ingest.extraction.coreference.participant import Participant
from ingest.extraction.gazetteer import KnownActors
from ingest.extraction.organisation_kinds import OrganisationKind
from ingest.extraction.proposals.confidence import Grounds, confidences, grounds
from ingest.extraction.proposals.default_roles import likely_role
from ingest.extraction.proposals.needs import Need, need_of
from ingest.extraction.proposals.story import Story, read_story
from ingest.extraction.proposals.topic import Topic, language_of
from ingest.extraction.proposals.trades import evidence_by_trade
from ingest.extraction.references.reference import ReferenceKind
from ingest.extraction.tokens import Sentence, sentences
from kb.models import Participation
from kb.reference.roles import Role
from kb.registers.proposals import Proposals, ProposedField, ProposedParticipation

MAX_CHARS = 60_000
"""Most characters read of a text: thirty pages, enough for an article to state its case."""

MIN_CONFIDENCE = 0.38
"""Least confidence of a proposal shown to a person."""

LEAST_OF_NAMES = 0.3
"""Least confidence of a proposal for a name without a deed."""

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


def propose(article: Article, actors: KnownActors) -> Proposals:
    """The participations and the need of an article, in the order of its text.

    The beginning of a text longer than `MAX_CHARS` is read. `Proposals.fields` holds the need, if
    the article tells one, and nothing else.
    """
    read = sentences(article.title, article.text[:MAX_CHARS])
    lang = language_of(article)
    need = need_of(read, lang)
    story = read_story(read, Topic.of(article.title, need, lang), actors)
    _name_public_bodies(story.participants, article, actors)
    by_participant = grounds(story, evidence_by_trade(story, actors))
    proposed = list(_by_deeds(story, by_participant))
    proposed += _by_kind(story, by_participant, proposed)
    return Proposals((_field(need),) if need else (), tuple(proposed))


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
) -> Iterator[ProposedParticipation]:
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
            if confidence >= MIN_CONFIDENCE and not (title_only and named[role]):
                best = next((each for _, each in own[role] if each.contribution), own[role][0][1])
                yield _proposal(participant, role, best.sentence, confidence, best.contribution)


def _by_kind(
    story: Story,
    by_participant: Mapping[Participant, Grounds],
    proposed: Sequence[ProposedParticipation],
) -> Iterator[ProposedParticipation]:
    """The likely roles of those who are named and have none by their deeds."""
    have = {each.participation.name for each in proposed}
    others_made = any(
        each.participation.role is Role.PRODUCER and each.confidence > 0.5 for each in proposed
    )
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
            yield _proposal(participant, role, sentence, confidence)


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
    sentence: Sentence,
    confidence: float,
    contribution: str = "",
) -> ProposedParticipation:
    ids = participant.actor_ids
    actor_id = ids[0] if len(ids) == 1 else ""
    return ProposedParticipation(
        Participation(participant.name, role, actor_id, contribution),
        sentence.text,
        round(confidence, 2),
    )


def _field(need: Need) -> ProposedField:
    return ProposedField("need", need.phrase, need.sentence.text, need.confidence)

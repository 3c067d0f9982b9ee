"""What an article says of who took part, in which role, to meet which need: as proposals.

Nothing is asserted: each proposal carries the sentence that it comes from and how sure it is, and
a person decides. Works by rules alone; `ingest.assistant` may refine what comes out.

Confidence is set on the labelled articles of `tests/data/articles/tune`: of what is proposed with
0.8 or more, nine in ten should be right.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from ingest.article import Article
from ingest.gazetteer import KnownActors
from ingest.natures import Nature
from ingest.needs import Need, need_of
from ingest.participants import Participant, Participants
from ingest.references import How, References
from ingest.roles import Evidence, evidence, prior
from ingest.sentences import Part, Sentence, sentences
from kb.editorial.drafts import ProposedField, ProposedParticipation, Proposals
from kb.language import FUNCTION_WORDS, STEMMERS, stem, words
from kb.models import Participation, Role

RULES = "rules"
"""The origin of what no model said."""

MIN_CONFIDENCE = 0.3
"""What is less sure than this is not worth a person's look."""

__all__ = ["RULES", "KnownActors", "propose"]


def propose(article: Article, actors: KnownActors) -> Proposals:
    """The participations and the need that an article tells of, in the order of its text.

    `Proposals.fields` holds the need if one is told, and nothing else.
    """
    lang = _language(article)
    read = sentences(article.title, article.text)
    need = need_of(read, lang)
    participants = Participants()
    found: list[Evidence] = []
    references = References(read, actors)
    # The title comes last: what it calls "a polish maker" the text calls by its name.
    for sentence in sorted(read, key=lambda one: one.part is Part.TITLE):
        mentions = participants.of(sentence, references.of(sentence))
        found += evidence(sentence, mentions)
    topic = _topic(need, article.title, lang)
    parts = _parts(found, topic, lang)
    return Proposals(
        fields=(_field(need),) if need else (),
        participations=tuple(_proposals(parts, participants.all)),
    )


def _field(need: Need) -> ProposedField:
    return ProposedField("need", need.phrase, need.sentence.text, need.confidence, RULES)


def _language(article: Article) -> str:
    if article.lang[:2] in STEMMERS:
        return article.lang[:2]
    said = [word.forms[0] for word in words(article.text)]
    english = sum(one in _ENGLISH for one in said)
    french = sum(one in _FRENCH for one in said)
    return "en" if english > french else "fr"


_ENGLISH = frozenset("the of and to is was with for that it by from which are were".split())
_FRENCH = frozenset("le la les des et du une est qui dans pour par sur au que en".split())


def _topic(need: Need | None, title: str, lang: str) -> frozenset[str]:
    said = f"{title} {need.phrase if need else ''}"
    return frozenset(
        stem(form, lang)
        for word in words(said)
        for form in word.forms
        if form not in FUNCTION_WORDS and len(form) > 3
    )


_Parts = Mapping[tuple[int, Role], Sequence[tuple[float, Evidence]]]


def _parts(found: Iterable[Evidence], topic: frozenset[str], lang: str) -> _Parts:
    """The evidence for each participant in each role, weighed, the best first."""
    parts: dict[tuple[int, Role], list[tuple[float, Evidence]]] = defaultdict(list)
    for one in found:
        weight = one.weight * prior(one.participant.nature, one.role)
        if one.role is Role.PRODUCER and not _is_about(one.sentence, topic, lang):
            weight *= 0.75
        parts[id(one.participant), one.role].append((min(weight, 0.97), one))
    for evidences in parts.values():
        evidences.sort(key=lambda pair: -pair[0])
    return parts


def _is_about(sentence: Sentence, topic: frozenset[str], lang: str) -> bool:
    return any(stem(form, lang) in topic for word in words(sentence.text) for form in word.forms)


def _proposals(
    parts: _Parts, participants: Sequence[Participant]
) -> Iterable[ProposedParticipation]:
    scores = {key: _combined([weight for weight, _ in each]) for key, each in parts.items()}
    for participant in participants:
        if participant.nature is Nature.MEDIA:
            continue
        own = {
            role: scores[id(participant), role]
            for role in Role
            if (id(participant), role) in scores
        }
        for role, score in _consistent(own, participant).items():
            confidence = (
                score * participant.likelihood * (0.85 if participant.how is How.UNNAMED else 1)
            )
            if confidence < MIN_CONFIDENCE:
                continue
            best = parts[id(participant), role]
            told = next((one for _, one in best if one.contribution), best[0][1])
            ids = participant.actor_ids
            yield ProposedParticipation(
                Participation(
                    participant.name,
                    role,
                    ids[0] if len(ids) == 1 else "",
                    told.contribution,
                ),
                told.sentence.text,
                round(confidence, 2),
                RULES,
            )


def _combined(weights: Sequence[float]) -> float:
    """The best word for a role, raised a little by each other."""
    doubt = 1.0
    for number, weight in enumerate(weights[:4]):
        doubt *= 1 - (weight if number == 0 else weight * 0.4)
    return min(0.98, 1 - doubt)


def _consistent(own: Mapping[Role, float], participant: Participant) -> dict[Role, float]:
    """Without the roles that only echo another: who makes a thing also delivers it."""
    kept = dict(own)
    for echo, of, ratio in _ECHOES:
        if echo in kept and of in kept and kept[echo] < kept[of] * ratio:
            del kept[echo]
    return kept


_ECHOES = (
    (Role.SUPPLIER, Role.PRODUCER, 1.1),
    (Role.BUYER, Role.PRODUCER, 0.95),
    (Role.PRODUCER, Role.SUPPLIER, 0.75),
    (Role.LABORATORY, Role.PRODUCER, 0.8),
    (Role.PRODUCER, Role.REPACKAGER, 0.8),
    (Role.REPACKAGER, Role.PRODUCER, 1.05),
    (Role.PRODUCER, Role.BUYER, 0.75),
    (Role.FACILITATOR, Role.PRODUCER, 1.0),
    (Role.FACILITATOR, Role.AUTHORITY, 0.9),
    (Role.SUPPLIER, Role.CARRIER, 1.0),
    (Role.CARRIER, Role.SUPPLIER, 0.9),
    (Role.CARRIER, Role.PRODUCER, 0.9),
    (Role.SUPPLIER, Role.BUYER, 0.6),
    (Role.BUYER, Role.SUPPLIER, 0.7),
    (Role.FACILITATOR, Role.SUPPLIER, 0.9),
    (Role.AUTHORITY, Role.FACILITATOR, 0.8),
)
"""Of (one role, another, a ratio): the one is dropped that is below the ratio of the other."""

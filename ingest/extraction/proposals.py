"""What an article says of who took part, in which role, to meet which need: as proposals.

Nothing is asserted: each proposal carries the sentence that it comes from and how sure it is, and
a person decides. Works by rules alone; `ingest.extraction.llm` may refine what comes out.

A confidence is the weight of the best evidence (a verb of doing with its subject weighs more than a
noun beside a name), raised a little by further evidence, lowered for roles that such an
organisation seldom has, for what is somebody's trade rather than a deed, and for names that may be
no organisation's. Who is named and has no role by its deeds gets the likeliest one, with little
confidence (`ingest.extraction.default_roles`). Measured on the articles of
`tests/data/articles/tune`, the cases of the demonstration corpus and texts written for the purpose
(430 proposals), 0.8 and more is right 97 times in 100, 0.6 to 0.8 about 89, 0.4 to 0.6 about 77,
less about 59. The numbers are left below that, since the rules know these texts and will do less
well on others; a test holds the surest of the labelled articles to nine in ten.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from ingest.articles.article import Article
from ingest.extraction import lexicon
from ingest.extraction.actions import BY_PRODUCT, Action
from ingest.extraction.coreference.linking import Participants
from ingest.extraction.coreference.participant import Participant
from ingest.extraction.default_roles import SentenceMentions, likely_role, owner_of_leftovers
from ingest.extraction.gazetteer import KnownActors, name_words
from ingest.extraction.needs import Need, need_of
from ingest.extraction.organisation_kinds import OrganisationKind
from ingest.extraction.references.finder import References
from ingest.extraction.references.reference import ReferenceKind
from ingest.extraction.roles.evidence import RoleEvidence, evidence, tells_sources
from ingest.extraction.roles.priors import prior
from ingest.extraction.tokens import Sentence, TextPart, sentences
from kb.models import Participation
from kb.reference.roles import Role
from kb.registers.proposals import Proposals, ProposedField, ProposedParticipation
from kb.text.analysis import FRAMING_WORDS, FUNCTION_WORDS, STEMMERS, stem, words
from kb.text.folding import fold

RULES = "rules"
"""The origin of what no model said."""

MIN_CONFIDENCE = 0.38
"""What is less sure than this is not worth a person's look."""

MAX_CHARS = 60_000
"""What is read of a text: the length of thirty pages, within which a case is told."""

LEAST_OF_NAMES = 0.3
"""What is less sure than this of a name without a deed is not worth a look."""

HINT = 0.2
"""What a rule must say at least for a role to be likelier than the one of such organisations."""

__all__ = ["RULES", "KnownActors", "propose"]


def propose(article: Article, actors: KnownActors) -> Proposals:
    """The participations and the need that an article tells of, in the order of its text.

    Of a text longer than `MAX_CHARS` the beginning is read.

    `Proposals.fields` holds the need if one is told, and nothing else.
    """
    lang = _language(article)
    read = sentences(article.title, article.text[:MAX_CHARS])
    need = need_of(read, lang)
    participants = Participants()
    found: list[RoleEvidence] = []
    doubted: set[int] = set()
    taken_back: set[int] = set()
    in_body: set[int] = set()
    references = References(read, actors)
    passages: list[SentenceMentions] = []
    leftovers = _tells_of_leftovers(read)
    topic = _topic(need, article.title, lang)
    # The title comes last: what it calls "a polish maker" the text calls by its name.
    for sentence in sorted(read, key=lambda one: one.part is TextPart.TITLE):
        spoken_of = participants.spoken_of
        mentions = participants.of(sentence, references.of(sentence))
        found += evidence(sentence, mentions, leftovers=leftovers)
        owner = owner_of_leftovers(sentence, mentions, spoken_of)
        if owner is not None:
            found.append(RoleEvidence(owner, Role.SUPPLIER, 0.6, sentence, is_past=True))
        if tells_sources(sentence):
            continue
        if _DISCLAIMER.search(sentence.text):
            named = [one for one in mentions if not one.is_pronoun]
            if not named and passages and _POINTS_BACK.match(sentence.text):
                named = [one for one in passages[-1].mentions if not one.is_pronoun]
                taken_back.add(passages[-1].sentence.number)
            doubted |= {id(mention.participant) for mention in named}
        else:
            passages.append(
                SentenceMentions(sentence, tuple(mentions), _is_about(sentence.text, topic, lang))
            )
        for mention in mentions:
            if sentence.part is TextPart.BODY and not mention.is_pronoun:
                in_body.add(id(mention.participant))
    _call_public_bodies_by_name(participants.all, article, actors)
    together = [{id(one.participant) for one in passage.mentions} for passage in passages]
    found = list(_of_those_named(found, participants.all, together, actors, lang))
    parts = _parts(found, topic, lang, doubted, taken_back)
    proposed = list(_proposals(parts, participants.all, in_body))
    hinted = {
        id(one): max(own, key=lambda role: own[role])
        for one in participants.all
        if (own := {role: parts[id(one), role][0][0] for role in Role if (id(one), role) in parts})
        and max(own.values()) >= HINT
    }
    proposed += _left_over(
        proposed, participants.all, passages, doubted, hinted, leftovers=leftovers
    )
    return Proposals(
        fields=(_field(need),) if need else (),
        participations=tuple(proposed),
    )


def _of_those_named(
    found: Iterable[RoleEvidence],
    participants: Sequence[Participant],
    together: Sequence[Collection[int]],
    actors: KnownActors,
    lang: str,
) -> Iterable[RoleEvidence]:
    """The evidence, where "the roaster" or "a brewery" is the one named participant of that trade.

    What is said of any such firm ("a brewery makes beer") says nothing of this one. Those whom one
    sentence mentions are two. `together` holds who is mentioned in each sentence.
    """
    meant: dict[int, Participant] = {}
    named = [
        (one, _trade_of(one, actors, lang))
        for one in participants
        if one.is_named and one.kind is not OrganisationKind.MEDIA
    ]
    for one in participants:
        if one.is_named or one.plural:
            continue
        asked = _stems(one.name, lang) - _stems(" ".join(_ANY_FIRM), lang)
        fitting = [other for other, _ in named if (one.heads - _ANY_FIRM) & other.heads]
        fitting = fitting or [
            other
            for other, trade in named
            if (asked and all(any(_akin(one, said) for said in trade) for one in asked))
        ]
        fitting = [
            other
            for other in fitting
            if not any(id(one) in those and id(other) in those for those in together)
        ]
        if len(fitting) == 1:
            meant[id(one)] = fitting[0]
    for each in found:
        other = meant.get(id(each.participant))
        if other is None:
            yield each
        elif each.participant.definite:
            yield replace(each, participant=other, weight=each.weight * 0.8)


def _akin(one: str, other: str) -> bool:
    """Whether two stems are of one family: "torréfact-", "torréfi-"."""
    return one == other or (len(one) > 5 and len(other) > 5 and one[:6] == other[:6])


_ANY_FIRM = lexicon.words("organisation_classes", "no_trade")


def _trade_of(participant: Participant, actors: KnownActors, lang: str) -> Collection[str]:
    """The stems of what is known of a participant: its name and its directory's description."""
    said = " ".join(participant.names)
    if len(participant.actor_ids) == 1:
        actor = actors.actors[participant.actor_ids[0]]
        said += f" {actor.name} {actor.description.partition('. ')[0]}"
    return _stems(said, lang)


def _stems(text: str, lang: str) -> set[str]:
    return {
        stem(form, lang)
        for word in words(text)
        for form in word.forms
        if form not in FUNCTION_WORDS and len(form) > 2
    }


def _left_over(
    proposed: Sequence[ProposedParticipation],
    participants: Sequence[Participant],
    passages: Sequence[SentenceMentions],
    doubted: Collection[int],
    hinted: Mapping[int, Role],
    *,
    leftovers: bool,
) -> Iterable[ProposedParticipation]:
    """The likely roles of those who are named and have none yet."""
    have = {one.participation.name for one in proposed}
    others_made = any(
        one.participation.role is Role.PRODUCER and one.confidence > 0.5 for one in proposed
    )
    for participant in participants:
        if (
            participant.name in have
            or not (participant.is_named or _is_a_body(participant, id(participant) in hinted))
            or participant.kind is OrganisationKind.MEDIA
            or id(participant) in doubted
        ):
            continue
        likely = likely_role(participant, passages, others_made=others_made, in_leftovers=leftovers)
        if likely is None:
            continue
        role, confidence, sentence = likely
        confidence *= participant.likelihood
        if id(participant) in hinted:
            role, confidence = hinted[id(participant)], max(confidence, LEAST_OF_NAMES)
        if confidence < LEAST_OF_NAMES:
            continue
        ids = participant.actor_ids
        actor_id = ids[0] if len(ids) == 1 else ""
        yield ProposedParticipation(
            Participation(participant.name, role, actor_id),
            sentence.text,
            round(confidence, 2),
            RULES,
        )


def _is_a_body(participant: Participant, is_hinted: bool) -> bool:
    """Whether a participant without a name is one body: "the health agency", "le réseau".

    A town may be only the place: it takes part where something hints at a deed.
    """
    bodies = {
        OrganisationKind.STATE,
        OrganisationKind.CHAMBER,
        OrganisationKind.NETWORK,
        OrganisationKind.LABORATORY,
    }
    if is_hinted:
        bodies |= {OrganisationKind.TOWN}
    return participant.definite and not participant.plural and participant.kind in bodies


def _tells_of_leftovers(read: Sequence[Sentence]) -> bool:
    """Whether an article is about what one throws away and another takes."""
    hits = [sentence for sentence in read if BY_PRODUCT.search(sentence.words)]
    return len(hits) > 2 or any(one.part is TextPart.TITLE for one in hits)


def _field(need: Need) -> ProposedField:
    return ProposedField("need", need.phrase, need.sentence.text, need.confidence, RULES)


def _call_public_bodies_by_name(
    participants: Sequence[Participant], article: Article, actors: KnownActors
) -> None:
    """Gives "l'hôpital" the name of the one known hospital of the place that is written about."""
    for one in participants:
        if one.is_named or one.plural or not one.definite:
            continue
        if (
            one.kind not in {OrganisationKind.TOWN, OrganisationKind.CARE}
            or len(name_words(one.name)) > 2
        ):
            continue
        ids = actors.public_bodies(one.kind, f"{article.title}\n{article.text}")
        already = any(other.actor_ids == ids for other in participants)
        if len(ids) == 1 and not already:
            one.actor_ids, one.reference_kind = ids, ReferenceKind.KNOWN
            one.name = actors.actors[ids[0]].name


def _language(article: Article) -> str:
    if article.lang[:2] in STEMMERS:
        return article.lang[:2]
    said = [word.forms[0] for word in words(article.text)]
    english = sum(one in _ENGLISH for one in said)
    french = sum(one in _FRENCH for one in said)
    return "en" if english > french else "fr"


_ENGLISH = lexicon.words("language_words", "en")
_FRENCH = lexicon.words("language_words", "fr")


def _topic(need: Need | None, title: str, lang: str) -> frozenset[str]:
    said = f"{title} {need.phrase if need else ''}"
    return frozenset(
        stem(form, lang)
        for word in words(said)
        for form in word.forms
        if form not in FUNCTION_WORDS and form not in FRAMING_WORDS and len(form) > 2
    )


_POINTS_BACK = re.compile(rf"\W*{lexicon.any_of('disclaimers', 'points_back')}", re.IGNORECASE)
_OF_THE_PRODUCT = frozenset({Role.PRODUCER, Role.REPACKAGER, Role.LABORATORY})
_DISCLAIMER = re.compile(rf"\b{lexicon.any_of('disclaimers', 'takes_no_part')}", re.IGNORECASE)
"""What says that somebody is only named as an example, or did not take part."""

_Parts = Mapping[tuple[int, Role], Sequence[tuple[float, RoleEvidence]]]


def _parts(
    found: Iterable[RoleEvidence],
    topic: frozenset[str],
    lang: str,
    doubted: Collection[int],
    taken_back: Collection[int],
) -> _Parts:
    """The evidence for each participant in each role, weighed, the best first.

    `taken_back` are the numbers of the sentences that the next one takes back.
    """
    parts: dict[tuple[int, Role], list[tuple[float, RoleEvidence]]] = defaultdict(list)
    for one in found:
        weight = one.weight * prior(one.participant.kind, one.role)
        about = _is_about(one.sentence.text, topic, lang)
        role = one.role
        if role is Role.SUPPLIER and one.action is Action.BUY and _is_about(one.about, topic, lang):
            role = Role.PRODUCER  # who is ordered the thing itself from, makes it
        taken_over = one.role is Role.PRODUCER and one.action is Action.SUPPLY
        if taken_over:
            pass  # what is left over from something else is not what the article is after
        elif one.role in _OF_THE_PRODUCT and not about:
            reworks = one.action in {Action.TRANSFORM, Action.TAKE, Action.USE}
            usual = one.role is Role.PRODUCER or not one.is_past
            weight *= (0.9 if reworks else 0.65) if usual else 0.95
        elif one.role in _OF_THE_PRODUCT and len(one.about.split()) > 1 and not one.is_past:
            weight *= 1 if _is_about(one.about, topic, lang) else 0.8
        in_doubt = (
            one.sentence.number in taken_back or _DISCLAIMER.search(one.sentence.text) is not None
        )
        if id(one.participant) in doubted and (in_doubt or not about):
            weight *= 0.3
        parts[id(one.participant), role].append((min(weight, 0.97), one))
    for evidences in parts.values():
        evidences.sort(key=lambda pair: -pair[0])
    return parts


def _is_about(text: str, topic: frozenset[str], lang: str) -> bool:
    return any(stem(form, lang) in topic for word in words(text) for form in word.forms)


def _proposals(
    parts: _Parts, participants: Sequence[Participant], in_body: Collection[int]
) -> Iterable[ProposedParticipation]:
    named = {
        role: {id(one) for one in participants if one.is_named and (id(one), role) in parts}
        for role in Role
    }
    for participant in participants:
        if participant.kind is OrganisationKind.MEDIA:
            continue
        for role, score in _consistent(_scores(participant, parts, named)).items():
            confidence = score * participant.likelihood
            title_only = not participant.is_named and id(participant) not in in_body
            if confidence < MIN_CONFIDENCE or (title_only and named[role]):
                continue
            best = parts[id(participant), role]
            told = next((one for _, one in best if one.contribution), best[0][1])
            ids = participant.actor_ids
            actor_id = ids[0] if len(ids) == 1 else ""
            yield ProposedParticipation(
                Participation(participant.name, role, actor_id, told.contribution),
                told.sentence.text,
                round(confidence, 2),
                RULES,
            )


def _scores(
    participant: Participant, parts: _Parts, named: Mapping[Role, Collection[int]]
) -> dict[Role, float]:
    """How much speaks for each role of a participant, from 0 to 1."""
    own = {role: parts[id(participant), role] for role in Role if (id(participant), role) in parts}
    scores = {role: _combined([weight for weight, _ in each]) for role, each in own.items()}
    gives_leftovers = any(
        BY_PRODUCT.search(fold(one.sentence.text)) for _, one in own.get(Role.SUPPLIER, ())
    )
    takes = any(
        one.action in {Action.TAKE, Action.TRANSFORM, Action.USE}
        for role in (Role.PRODUCER, Role.BUYER)
        for _, one in own.get(role, ())
    )
    if takes and Role.SUPPLIER in scores and not gives_leftovers:
        scores[Role.SUPPLIER] *= 0.75  # who takes a thing and passes it on
    made = [one for _, one in own.get(Role.PRODUCER, ())]
    if gives_leftovers and not any(one.is_past or one.action is not Action.MAKE for one in made):
        scores.pop(Role.PRODUCER, None)  # its trade leaves what it gives
    if not participant.is_named:
        for role in scores:
            scores[role] *= 0.95
            if not participant.definite and not any(one.is_past for _, one in own[role]):
                # "A polish maker weighs and blends": any polish maker.
                # Where a firm is named for the same, it is that one, or any such firm.
                same = named[role] and not participant.plural
                scores[role] *= 0.5 if same else 0.88
    return scores


def _combined(weights: Sequence[float]) -> float:
    """The best word for a role, raised a little by each other."""
    doubt = 1.0
    for number, weight in enumerate(weights[:4]):
        doubt *= 1 - (weight if number == 0 else weight * 0.4)
    return min(0.98, 1 - doubt)


def _consistent(own: Mapping[Role, float]) -> dict[Role, float]:
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

"""Returns the evidence of a sentence for the roles of the participants it mentions."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.extraction import lexicon
from ingest.extraction.actions import BY_PRODUCT, ROLE_OF_DOER, Action, support
from ingest.extraction.coreference.participant import Participant, ParticipantMention
from ingest.extraction.organisation_kinds import OrganisationKind
from ingest.extraction.roles.certainty import certainty
from ingest.extraction.roles.clause import Clause
from ingest.extraction.roles.deeds import Deed, contribution, deeds
from ingest.extraction.roles.doers import doers
from ingest.extraction.roles.priors import PUBLIC_BUYERS, prior
from ingest.extraction.roles.recipients import Slot, recipients
from ingest.extraction.roles.verb_forms import is_past
from ingest.extraction.tokens import Sentence, TextPart, plain_words
from kb.reference.roles import Role

_NAME_ROLES = tuple(
    (Role(role), float(weight), re.compile(pattern))
    for role, weight, pattern in lexicon.rows("role_names", 3)
)
_SHARE_OF_BEST = 0.55
"""Least weight of a further role of a doer, as a share of its likeliest role's weight."""

_FROM_A_SUPPLIER = frozenset({Action.BUY, Action.RECEIVE, Action.TAKE, Action.TRANSFORM})
_TO_A_BUYER = frozenset({Action.SUPPLY, Action.CARRY, Action.PACK})
_FOR_A_BUYER = _TO_A_BUYER | {Action.MAKE, Action.TRANSFORM}

_SOURCES = re.compile(rf"^{lexicon.any_of('clause_cues', 'sources')}\b")
_EVENT = re.compile(rf"\b{lexicon.any_of('clause_cues', 'event')}\b")
_PERMISSION = re.compile(rf"\b{lexicon.any_of('clause_cues', 'permission')}\b")


@dataclass(frozen=True, slots=True)
class RoleEvidence:
    """Evidence of a sentence for a role: `weight` from 0 to 1, and the words for the deed.

    `about` holds the words from the verb to the next verb. `is_past` is false where the verb may
    describe a business rather than a deed.
    """

    participant: Participant
    role: Role
    weight: float
    sentence: Sentence
    contribution: str = ""
    action: Action | None = None
    about: str = ""
    is_past: bool = False


def evidence(
    sentence: Sentence, mentions: Sequence[ParticipantMention], *, leftovers: bool = False
) -> list[RoleEvidence]:
    """Returns the evidence of a sentence for the roles of the participants it mentions.

    With `leftovers`, the goods that change hands in the article are somebody's leftovers.
    """
    if is_about_sources(sentence):
        return []
    clause = Clause(sentence, mentions)
    return [*_of_deeds(clause, leftovers=leftovers), *_of_nouns(clause)]


def is_about_sources(sentence: Sentence) -> bool:
    """Whether a sentence only names a source to read or a person to ask."""
    return bool(_SOURCES.match(sentence.words))


def _of_deeds(clause: Clause, *, leftovers: bool) -> Iterator[RoleEvidence]:
    found = deeds(clause)
    by_product = leftovers or BY_PRODUCT.search(clause.words) is not None
    for number, deed in enumerate(found):
        did = doers(clause, found, number)
        following = found[number + 1].at if number + 1 < len(found) else len(clause.tokens)
        about = "" if deed.is_passive else clause.written(deed.at + 1, following)
        phrase = contribution(clause, deed)
        for mention, share in did:
            for strength, role, action in _roles_of_doer(clause, deed, mention):
                weight = strength * deed.certainty * share
                past = is_past(clause, deed.at)
                yield _evidence(clause, mention, role, weight, phrase, action, about, is_past=past)
        names = {mention.participant.name for mention, _ in did}
        for mention, slot in recipients(clause, found, number):
            if mention.participant.name in names:
                continue
            public = mention.participant.kind in PUBLIC_BUYERS
            for action in deed.actions:
                given, weight = _role_in(slot, action, public=public, by_product=by_product)
                if given is not None:
                    weight *= deed.certainty
                    yield _evidence(clause, mention, given, weight, phrase, action, about)


def _roles_of_doer(
    clause: Clause, deed: Deed, mention: ParticipantMention
) -> list[tuple[float, Role, Action]]:
    """The roles that a deed gives a doer, how strongly, and the actions that give them."""
    kind = mention.participant.kind
    options = [option for action in deed.actions for option in _options(action, mention)]
    best = max((weight * prior(kind, role) for weight, role, _ in options), default=0.0)
    holds_event = kind is OrganisationKind.NETWORK and _EVENT.search(clause.words) is not None
    return [
        (weight, role, action)
        for weight, role, action in options
        if weight * prior(kind, role) >= _SHARE_OF_BEST * best
        and not (holds_event and role is Role.FACILITATOR)
    ]


def _options(action: Action, mention: ParticipantMention) -> Iterator[tuple[float, Role, Action]]:
    """The roles that an action gives its doer, and how strongly."""
    kind = mention.participant.kind
    if action is Action.JOIN:
        for role, weight in _by_name(mention.participant):
            yield weight * 0.8, role, action
    for role, weight in ROLE_OF_DOER[action]:
        if action in {Action.TAKE, Action.SUPPLY} and kind is OrganisationKind.HAULIER:
            yield weight, Role.CARRIER, action
        elif action is Action.NEED and kind not in PUBLIC_BUYERS:
            yield weight * 0.3, role, action  # a firm may look for an outlet as well
        else:
            yield weight, role, action


def _role_in(
    slot: Slot, action: Action, *, public: bool, by_product: bool
) -> tuple[Role | None, float]:
    """The role that a slot of an action gives who fills it, and how strongly."""
    if action is Action.SUPPLY and slot is not Slot.FROM and by_product and not public:
        return Role.PRODUCER, 0.62  # what is left over goes to whoever makes something of it
    if slot is Slot.FROM:
        return (Role.SUPPLIER, 0.6) if action in _FROM_A_SUPPLIER else (None, 0.0)
    if slot is Slot.FOR:
        return (Role.BUYER, 0.55 if public else 0.35) if action in _FOR_A_BUYER else (None, 0.0)
    if slot is Slot.OBJECT:
        return (Role.BUYER, 0.4) if action is Action.SUPPLY else (None, 0.0)
    if action is Action.MAKE and public:
        return Role.BUYER, 0.35
    return (Role.BUYER, 0.6 if public else 0.5) if action in _TO_A_BUYER else (None, 0.0)


def _of_nouns(clause: Clause) -> Iterator[RoleEvidence]:
    """Yields the evidence of the nouns beside each mention, and of its own name."""
    for number, mention in enumerate(clause.mentions):
        kind = mention.participant.kind
        around, sure = clause.around(mention), certainty(clause, mention.first)
        for role, weight in _supported(clause, number):
            yield _evidence(clause, mention, role, weight * sure, around)
        if kind is OrganisationKind.NETWORK and _EVENT.search(clause.words):
            yield _evidence(clause, mention, Role.NETWORK, 0.5, around)
        if kind is OrganisationKind.STATE and _PERMISSION.search(clause.words):
            yield _evidence(clause, mention, Role.AUTHORITY, 0.6 * sure, around)
        if not mention.is_pronoun and sure >= 0.5:
            for role, weight in _by_name(mention.participant):
                yield _evidence(clause, mention, role, weight * 0.8, "")


def _supported(clause: Clause, number: int) -> list[tuple[Role, float]]:
    """The roles that the words before a mention give it, or give the list that it is in."""
    mention, first = clause.mentions[number], clause.group(number)[0]
    found = support(clause.before(mention))
    return found or (support(clause.before(first)) if first is not mention else [])


def _by_name(participant: Participant) -> list[tuple[Role, float]]:
    """The roles that what a participant is called speaks for."""
    found: dict[Role, float] = {}
    for name in participant.names:
        words = " ".join(plain_words(name))
        for role, weight, pattern in _NAME_ROLES:
            if pattern.search(words):
                found.setdefault(role, weight)
                break
    if participant.kind is OrganisationKind.HAULIER:
        found.setdefault(Role.CARRIER, 0.6)
    return list(found.items())


def _evidence(
    clause: Clause,
    mention: ParticipantMention,
    role: Role,
    weight: float,
    phrase: str,
    action: Action | None = None,
    about: str = "",
    *,
    is_past: bool = True,
) -> RoleEvidence:
    if mention.is_pronoun:
        weight *= 0.9
    if clause.sentence.part is not TextPart.BODY:
        weight *= 0.9
    return RoleEvidence(
        mention.participant, role, min(weight, 1.0), clause.sentence, phrase, action, about, is_past
    )

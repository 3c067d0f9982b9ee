"""What each participant did, told by the verbs and nouns around its mentions.

A sentence is read word by word: each verb of doing (`ingest.extraction.actions`) looks for who did
it, to whom, and from whom, by the order of the words, the prepositions and the voice. What is
denied says nothing, what only could be says little. How likely a role is for such an organisation
at all (a town hall seldom manufactures) is weighed by `prior`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.extraction import lexicon
from ingest.extraction.actions import (
    BY_PRODUCT,
    FIGURATIVE,
    ROLE_OF_DOER,
    Action,
    is_doing,
    noun_actions,
    phrase_actions,
    support,
    verbs,
)
from ingest.extraction.coreference import Participant, ParticipantMention, preposition
from ingest.extraction.organisation_kinds import OrganisationKind
from ingest.extraction.tokens import Sentence, TextPart, joined, plain_words
from kb.reference.roles import Role


@dataclass(frozen=True, slots=True)
class RoleEvidence:
    """A sentence's word for a role: `weight` 0 to 1, and the phrase that says what was done.

    `about` is what follows the verb, as far as the next one; `is_past` is false where it may be
    what somebody does for a living rather than what was done.
    """

    participant: Participant
    role: Role
    weight: float
    sentence: Sentence
    contribution: str = ""
    action: Action | None = None
    about: str = ""
    is_past: bool = False


@dataclass(frozen=True, slots=True)
class _Trigger:
    at: int
    actions: tuple[Action, ...]
    passive: bool
    weight: float


_PRIORS: dict[OrganisationKind, dict[Role, float]] = {
    OrganisationKind.STATE: {
        Role.PRODUCER: 0.1,
        Role.SUPPLIER: 0.25,
        Role.REPACKAGER: 0.1,
        Role.CARRIER: 0.2,
        Role.LABORATORY: 0.4,
        Role.BUYER: 0.45,
        Role.FACILITATOR: 0.6,
        Role.NETWORK: 0.2,
        Role.AUTHORITY: 1.1,
    },
    OrganisationKind.TOWN: {
        Role.PRODUCER: 0.15,
        Role.SUPPLIER: 0.5,
        Role.REPACKAGER: 0.15,
        Role.CARRIER: 0.3,
        Role.LABORATORY: 0.2,
        Role.AUTHORITY: 0.7,
        Role.NETWORK: 0.25,
        Role.BUYER: 1.05,
    },
    OrganisationKind.CARE: {
        Role.PRODUCER: 0.5,
        Role.SUPPLIER: 0.4,
        Role.REPACKAGER: 0.5,
        Role.CARRIER: 0.2,
        Role.LABORATORY: 0.6,
        Role.AUTHORITY: 0.15,
        Role.NETWORK: 0.2,
        Role.FACILITATOR: 0.7,
        Role.BUYER: 1.1,
    },
    OrganisationKind.CHAMBER: {
        Role.PRODUCER: 0.1,
        Role.SUPPLIER: 0.25,
        Role.REPACKAGER: 0.1,
        Role.CARRIER: 0.1,
        Role.LABORATORY: 0.2,
        Role.AUTHORITY: 0.4,
        Role.NETWORK: 0.5,
        Role.BUYER: 0.4,
        Role.FACILITATOR: 1.1,
    },
    OrganisationKind.NETWORK: {
        Role.PRODUCER: 0.25,
        Role.SUPPLIER: 0.4,
        Role.REPACKAGER: 0.4,
        Role.CARRIER: 0.4,
        Role.LABORATORY: 0.3,
        Role.AUTHORITY: 0.2,
        Role.BUYER: 0.6,
        Role.NETWORK: 1.25,
    },
    OrganisationKind.LABORATORY: {
        Role.LABORATORY: 1.15,
        Role.PRODUCER: 0.85,
        Role.SUPPLIER: 0.5,
        Role.BUYER: 0.4,
        Role.AUTHORITY: 0.35,
        Role.NETWORK: 0.2,
        Role.FACILITATOR: 0.5,
        Role.CARRIER: 0.2,
    },
    OrganisationKind.HAULIER: {
        Role.CARRIER: 1.15,
        Role.PRODUCER: 0.2,
        Role.SUPPLIER: 0.5,
        Role.BUYER: 0.4,
        Role.AUTHORITY: 0.1,
        Role.NETWORK: 0.1,
        Role.FACILITATOR: 0.3,
        Role.LABORATORY: 0.1,
    },
    OrganisationKind.SCHOOL: {
        Role.PRODUCER: 0.9,
        Role.LABORATORY: 0.9,
        Role.AUTHORITY: 0.1,
        Role.NETWORK: 0.2,
        Role.FACILITATOR: 0.7,
    },
    OrganisationKind.FIRM: {
        Role.AUTHORITY: 0.15,
        Role.NETWORK: 0.15,
        Role.FACILITATOR: 0.45,
        Role.LABORATORY: 0.55,
    },
    OrganisationKind.UNKNOWN: {
        Role.AUTHORITY: 0.35,
        Role.NETWORK: 0.35,
        Role.FACILITATOR: 0.7,
        Role.LABORATORY: 0.85,
    },
}


def prior(kind: OrganisationKind, role: Role) -> float:
    """How likely a role is for such an organisation, beside 1 for what its words say."""
    if kind is OrganisationKind.MEDIA:
        return 0.1
    return _PRIORS[kind].get(role, 1.0)


# What a participant is called that says what it does, and how far that may be believed alone.
_HEAD_ROLES = tuple(
    (Role(role), float(weight), re.compile(pattern))
    for role, weight, pattern in lexicon.rows("role_names", 3)
)

_HAVE = lexicon.words("auxiliaries", "have")
_BE = lexicon.words("auxiliaries", "be")
_NO = lexicon.words("auxiliaries", "no")
_MAYBE = lexicon.words("auxiliaries", "maybe")
_ABLE = lexicon.words("auxiliaries", "able")
_USUALLY = re.compile(rf"\b{lexicon.any_of('clause_cues', 'usually')}\b")
_CAUSATIVE = re.compile(lexicon.any_of("clause_cues", "causative"))
_NOT_TAKING_PART = re.compile(
    lexicon.any_of("clause_cues", "aside") + r"(?: :)?(?: (?:le|la|l'|les|the))?$"
)
_PUBLIC_BUYERS = frozenset({OrganisationKind.CARE, OrganisationKind.TOWN, OrganisationKind.SCHOOL})
_LIKEWISE = re.compile(lexicon.any_of("clause_cues", "likewise") + r"(?: (?:le|la|l'|les|the))?$")
_ENTRUSTED = re.compile(lexicon.any_of("clause_cues", "entrusted"))
_SOURCES = re.compile(rf"^{lexicon.any_of('clause_cues', 'sources')}\b")
_NOUN_BEFORE = lexicon.words("determiners", "before_noun")
_FINITE_SUBJECT = lexicon.words("pronouns", "relative_subject")
_RELATIVE_OBJECT = lexicon.words("pronouns", "relative_object")
_OTHER_SUBJECTS = lexicon.words("pronouns", "other_subject")
_DATIVE = lexicon.words("prepositions", "dative")
_FOR = lexicon.words("prepositions", "benefit")
_SOURCE = lexicon.words("prepositions", "source")
_AGENT = lexicon.words("prepositions", "agent")
_PLACE = lexicon.words("prepositions", "location")
_IRREGULAR_PARTICIPLES = re.compile(lexicon.any_of("verb_forms", "irregular_participle"))
_BOTH = lexicon.words("verb_forms", "active_or_passive")
_ORGANISED_EVENT = re.compile(rf"\b{lexicon.any_of('clause_cues', 'event')}\b")
_PERMISSION = re.compile(rf"\b{lexicon.any_of('clause_cues', 'permission')}\b")
MAX_CONTRIBUTION_WORDS = 16


def evidence(
    sentence: Sentence, mentions: Sequence[ParticipantMention], *, leftovers: bool = False
) -> list[RoleEvidence]:
    """What a sentence says of the roles of those it mentions.

    `leftovers` tells that what changes hands in the article is what somebody throws away.
    """
    reader = _Reader(sentence, mentions, leftovers=leftovers)
    if _SOURCES.match(reader.words):
        return []
    return [*reader.of_verbs(), *reader.of_nouns()]


def tells_sources(sentence: Sentence) -> bool:
    """Whether a sentence only says where something is to be read, or whom to ask."""
    return bool(_SOURCES.match(sentence.words))


class _Reader:
    def __init__(
        self, sentence: Sentence, mentions: Sequence[ParticipantMention], *, leftovers: bool
    ) -> None:
        self.sentence = sentence
        self._leftovers = leftovers
        self.tokens = sentence.tokens
        self.words = self.sentence.words
        self.mentions = [mention for mention in mentions if not self._is_aside(mention)]
        self._owner = [-1] * len(self.tokens)
        for number, mention in enumerate(self.mentions):
            for at in range(mention.first, mention.last):
                self._owner[at] = number
        self._joined = self._list_links()
        self._governor = self._governors()
        self._depth = self._depths()
        self.triggers = sorted(self._triggers(), key=lambda trigger: trigger.at)

    # What verbs say

    def of_verbs(self) -> Iterator[RoleEvidence]:
        for number, trigger in enumerate(self.triggers):
            doers = self._doers(number)
            for mention, weight in doers:
                yield from self._as_doer(trigger, mention, trigger.weight * weight)
            done = {mention.participant.name for mention, _ in doers}
            for mention, slot in self._others(number):
                if mention.participant.name in done:
                    continue
                yield from self._as_other(trigger, mention, slot)

    def _as_doer(
        self, trigger: _Trigger, mention: ParticipantMention, weight: float
    ) -> Iterator[RoleEvidence]:
        kind = mention.participant.kind
        options = [
            option for action in trigger.actions for option in self._options(action, mention)
        ]
        event = _ORGANISED_EVENT.search(self.words) is not None
        for given, role, action in options:
            if event and role is Role.FACILITATOR and kind is OrganisationKind.NETWORK:
                continue
            best = max(one * prior(kind, other) for one, other, _ in options)
            if given * prior(kind, role) < 0.55 * best:
                continue
            yield self._evidence(
                mention, role, given * weight, self._told(trigger), action, trigger
            )

    def _options(
        self, action: Action, mention: ParticipantMention
    ) -> Iterator[tuple[float, Role, Action]]:
        """The roles that an action gives its doer, and how strongly."""
        kind = mention.participant.kind
        if action is Action.JOIN:
            for role, given in _by_name(mention):
                yield given * 0.8, role, action
        for role, given in ROLE_OF_DOER[action]:
            if action in {Action.TAKE, Action.SUPPLY} and kind is OrganisationKind.HAULIER:
                yield given, Role.CARRIER, action
            elif action is Action.NEED and kind not in _PUBLIC_BUYERS:
                yield given * 0.3, role, action  # a firm may look for an outlet as well
            else:
                yield given, role, action

    def _as_other(
        self, trigger: _Trigger, mention: ParticipantMention, slot: str
    ) -> Iterator[RoleEvidence]:
        kind = mention.participant.kind
        public = kind in _PUBLIC_BUYERS
        for action in trigger.actions:
            role: Role | None = None
            weight = 0.0
            by_product = not public and (
                self._leftovers or BY_PRODUCT.search(self.words) is not None
            )
            if slot in {"to", "for", "object"} and action is Action.SUPPLY and by_product:
                # What is left over is given to whoever makes something of it.
                role, weight = Role.PRODUCER, 0.62
            elif slot == "to" and action in {Action.SUPPLY, Action.CARRY, Action.PACK}:
                role, weight = Role.BUYER, 0.6 if public else 0.5
            elif slot == "for" and action in {
                Action.MAKE,
                Action.SUPPLY,
                Action.PACK,
                Action.CARRY,
                Action.TRANSFORM,
            }:
                role, weight = Role.BUYER, 0.55 if public else 0.35
            elif slot == "to" and action is Action.MAKE and public:
                role, weight = Role.BUYER, 0.35
            elif slot == "from" and action in {
                Action.BUY,
                Action.RECEIVE,
                Action.TAKE,
                Action.TRANSFORM,
            }:
                role, weight = Role.SUPPLIER, 0.6
            elif slot == "object" and action is Action.SUPPLY:
                role, weight = Role.BUYER, 0.4
            if role is not None:
                yield self._evidence(
                    mention,
                    role,
                    weight * trigger.weight,
                    self._told(trigger),
                    action,
                    trigger,
                    is_doer=False,
                )

    # What nouns say

    def of_nouns(self) -> Iterator[RoleEvidence]:
        for mention in self.mentions:
            before = self._before(mention)
            for role, weight in self._supported(mention, before):
                yield self._evidence(
                    mention,
                    role,
                    weight * self._doubt(mention.first),
                    self.sentence_phrase(mention),
                )
            kind = mention.participant.kind
            if kind is OrganisationKind.NETWORK and _ORGANISED_EVENT.search(self.words):
                yield self._evidence(mention, Role.NETWORK, 0.5, self.sentence_phrase(mention))
            if kind is OrganisationKind.STATE and _PERMISSION.search(self.words):
                yield self._evidence(
                    mention,
                    Role.AUTHORITY,
                    0.6 * self._doubt(mention.first),
                    self.sentence_phrase(mention),
                )
            if mention.is_pronoun or self._doubt(mention.first) < 0.5:
                continue
            for role, weight in _by_name(mention):
                yield self._evidence(mention, role, weight * 0.8, "")

    def _supported(self, mention: ParticipantMention, before: str) -> list[tuple[Role, float]]:
        """The roles that the words before a mention give it, or give the list that it is in."""
        found = support(before)
        if found:
            return found
        first = self._group(self.mentions.index(mention))[0]
        return support(self._before(first)) if first is not mention else []

    def sentence_phrase(self, mention: ParticipantMention) -> str:
        return self._clip(max(0, mention.first - 8), min(len(self.tokens), mention.last + 6))

    def _before(self, mention: ParticipantMention) -> str:
        at = mention.first
        while at and self.tokens[at - 1].form in _DETERMINERS:
            if self.tokens[at - 1].text == "à":
                break
            at -= 1
        return joined(self.tokens[max(0, at - 8) : at])

    # Who did it

    def _doers(self, number: int) -> list[tuple[ParticipantMention, float]]:
        trigger = self.triggers[number]
        if _ENTRUSTED.match(self.tokens[trigger.at].form) and Action.SUPPLY not in trigger.actions:
            return self._entrusted(trigger)
        if trigger.passive:
            return self._agents(number)
        singled_out = self._singled_out(trigger.at)
        if singled_out:
            return [(one, 0.95) for one in singled_out]
        found = self._subject(trigger.at)
        found += [(one, 0.85) for one in self._likewise(number)] if found else []
        if not found:
            after = self._mention_from(trigger.at + 1, 3)
            inverted = self._has_relative_before(trigger.at)
            if after is not None and inverted and not self._governor[after]:
                return [(one, 0.9) for one in self._group(after)]
        return found

    def _singled_out(self, at: int) -> list[ParticipantMention]:
        """Who is told by a cleft: "le premier à en offrir fut X", "the first to call was X"."""
        before = {token.form for token in self.tokens[max(0, at - 4) : at]}
        if not before & {"premier", "premiere", "premiers", "seul", "seule", "first", "only"}:
            return []
        for position in range(at + 1, min(at + 10, len(self.tokens))):
            if self.tokens[position].form in _BE and position + 1 < len(self.tokens):
                owner = self._mention_from(position + 1, 3)
                return self._group(owner) if owner is not None else []
        return []

    def _entrusted(self, trigger: _Trigger) -> list[tuple[ParticipantMention, float]]:
        """To whom a task was given: "a confié le conditionnement à X"."""
        for position, mention in enumerate(self.mentions):
            if mention.first > trigger.at and self._governor[position] in _DATIVE:
                return [(one, 0.9) for one in self._group(position)]
        return []

    def _likewise(self, number: int) -> Iterator[ParticipantMention]:
        """Those of whom a sentence goes on to say that they did the same."""
        for mention in self.mentions:
            if mention.first <= self.triggers[number].at:
                continue
            if number + 1 < len(self.triggers) and mention.first > self.triggers[number + 1].at:
                break
            if _LIKEWISE.search(self._before(mention)):
                yield mention

    def _agents(self, number: int) -> list[tuple[ParticipantMention, float]]:
        trigger = self.triggers[number]
        at = trigger.at
        for position, mention in enumerate(self.mentions):
            if mention.first <= at:
                continue
            if self._governor[position] not in _AGENT:
                continue
            between = self.tokens[at + 1 : mention.first]
            if any(token.text == ";" for token in between) or len(between) > 14:
                return []
            later = [one for one in self.triggers[number + 1 :] if one.at < mention.first]
            if any(not one.passive for one in later):
                return []
            return [(one, 1.0) for one in self._group(position)]
        if Action.TEST in trigger.actions:
            for position, mention in enumerate(self.mentions):
                if (
                    0 < mention.first - at < 6
                    and self._governor[position] in _PLACE | {"dans", "par"}
                    and mention.participant.kind
                    in {OrganisationKind.LABORATORY, OrganisationKind.SCHOOL}
                ):
                    return [(mention, 0.9)]
        # "Chez X, la solution est fabriquée et mise en flacon."
        for position, mention in enumerate(self.mentions):
            if mention.is_pronoun and self.tokens[mention.first].form == "there":
                return [(mention, 0.8)]
            if mention.first > at:
                break
            if mention.is_pronoun and self.tokens[mention.first].form in {"y", "there"}:
                return [(mention, 0.8)]
            if self._governor[position] in {"chez", "aux"} or (
                self._governor[position] in {"a", "at"} and mention.participant.is_named
            ):
                return [(mention, 0.7)]
        return []

    def _subject(self, at: int) -> list[tuple[ParticipantMention, float]]:
        """Who stands before a verb as its subject, each with how far that is to be believed."""
        position = at - 1
        fallback: list[tuple[ParticipantMention, float]] = []
        depth = self._depth[at]
        clause_began = False
        while position >= 0:
            if self._depth[position] > depth:
                position -= 1
                continue
            token = self.tokens[position]
            owner = self._owner[position]
            if owner >= 0 and token.form in {"y", "there"}:
                position -= 1
                continue
            if owner >= 0:
                mention = self.mentions[owner]
                governor = self._governor[owner]
                if not governor or governor == "entre":
                    return [(one, 1.0) for one in self._group(owner)]
                if governor in _DATIVE and self._is_asked(mention, at):
                    return [(one, 0.9) for one in self._group(owner)]
                if governor in {"chez", "at", "aux"} and not fallback:
                    fallback = [(one, 0.75) for one in self._group(owner)]
                position = mention.first - 1
                continue
            if token.text == ";" or (token.text == ":" and not clause_began):
                return fallback if token.text != ":" else []
            if token.form in _FINITE_SUBJECT and (
                token.form != "that" or self._owner[position - 1] >= 0
            ):
                return self._antecedent(position) or fallback
            if token.form in _RELATIVE_OBJECT and position > 0:
                if self.tokens[position - 1].text == "," and self._has_comma(position, at):
                    position -= 1  # the clause that began here has ended
                    continue
                return fallback
            if token.form in _OTHER_SUBJECTS:
                # "On" at somebody's is that somebody.
                return fallback or self._located_before(position)
            position -= 1
        return fallback

    def _has_comma(self, position: int, at: int) -> bool:
        return any(token.text == "," for token in self.tokens[position + 1 : at])

    def _located_before(self, position: int) -> list[tuple[ParticipantMention, float]]:
        for number, mention in enumerate(self.mentions):
            if mention.last <= position and self._governor[number] in {"chez", "aux", "at"}:
                return [(mention, 0.75)]
        return []

    def _antecedent(self, position: int) -> list[tuple[ParticipantMention, float]]:
        """Whom "qui" stands for: whoever is named right before it."""
        before = position - 1
        while before >= 0 and (self.tokens[before].text in {",", ")"} or self._depth[before]):
            before -= 1
        if before < 0 or self._owner[before] < 0:
            return []
        owner = self._owner[before]
        governor = self._governor[owner]
        if governor in {"de", "d'", "of"}:
            return [(self.mentions[owner], 0.6)]
        reference = self.mentions[owner].reference
        if reference is not None and not reference.is_named and not reference.definite:
            # "Un atelier qui débite du bois" is any workshop.
            return [(one, 0.55) for one in self._group(owner)]
        return [(one, 0.95) for one in self._group(owner)]

    def _is_asked(self, mention: ParticipantMention, at: int) -> bool:
        before = self.tokens[max(0, mention.first - 8) : mention.first]
        after = self.tokens[mention.last : at]
        return any(_CAUSATIVE.fullmatch(token.form) for token in before) and any(
            token.form in {"de", "d'", "to"} for token in after
        )

    def _others(self, number: int) -> Iterator[tuple[ParticipantMention, str]]:
        """Those after a verb that are not its doers, and how they hang on it."""
        trigger = self.triggers[number]
        limit = self.triggers[number + 1].at if number + 1 < len(self.triggers) else None
        for position, mention in enumerate(self.mentions):
            before = mention.last <= trigger.at
            if before:
                # "À l'hôpital, X a livré…", "le gel fourni à l'hôpital"
                if not (mention.is_pronoun or self._governor[position] in _DATIVE):
                    if (
                        trigger.passive
                        and not self._governor[position]
                        and Action.SUPPLY in trigger.actions
                    ):
                        near = self.triggers[number - 1].at if number else -1
                        if mention.last > near and self._is_person_like(mention):
                            yield mention, "object"
                    continue
                continue
            if limit is not None and mention.first > limit:
                break
            if any(token.text == ";" for token in self.tokens[trigger.at : mention.first]):
                break
            governor = self._governor[position]
            if governor in _DATIVE | {"l'", "au"}:
                yield mention, "to"
                if {Action.BUY, Action.TAKE} & set(trigger.actions):
                    yield mention, "from"
            elif governor in _FOR:
                yield mention, "for"
            elif governor in _SOURCE or (
                governor in {"de", "d'", "des", "of"}
                and {Action.RECEIVE, Action.TAKE} & set(trigger.actions)
            ):
                yield mention, "from"
            elif not governor and not trigger.passive and mention.first - trigger.at <= 3:
                yield mention, "object"

    def _is_person_like(self, mention: ParticipantMention) -> bool:
        return mention.participant.kind in _PUBLIC_BUYERS

    # Verbs

    def _triggers(self) -> Iterator[_Trigger]:
        for at, token in enumerate(self.tokens):
            if not token.is_word or self._owner[at] >= 0:
                continue
            if at and self.tokens[at - 1].form in {"quoi", "what"}:
                continue
            if token.is_capital and at and self.tokens[at - 1].text not in {":", ".", "«", "•"}:
                continue
            following = self._following(at)
            actions = tuple(phrase_actions(token.form, following))
            if not actions and is_doing(token.form) and not self._is_noun(at):
                actions = self._named_deed(at, following)
            if not actions:
                actions = verbs(token.form)
            if (
                token.form in {"prend", "prennent"}
                and at
                and self.tokens[at - 1].form in {"le", "la", "les", "l'"}
            ):
                actions = (Action.TAKE,)
            of_it = token.form in {"fait", "font"} and self.tokens[at - 1].form == "en"
            if of_it:
                actions = (Action.TRANSFORM,)  # "en fait la litière de ses poules"
            if not actions or (self._is_noun(at) and not of_it):
                continue
            if Action.SUPPLY in actions and FIGURATIVE.search(following):
                continue
            weight = self._doubt(at)
            if token.form.endswith("ing") and not self._is_going_on(at):
                weight *= 0.4
            if self.tokens[at - 1].form in {"se", "s'"} and at and Action.SUPPLY in actions:
                if token.form.startswith(("fourn", "procur", "approv")):
                    yield _Trigger(at, (Action.BUY,), passive=False, weight=weight)
                continue  # "se vend": nobody is said to sell
            if Action.MAKE in actions and BY_PRODUCT.search(" ".join(following.split()[:3])):
                actions = (Action.SUPPLY,)  # who makes waste has it to give
                weight *= 0.55
            if weight:
                yield _Trigger(at, tuple(dict.fromkeys(actions)), self._is_passive(at), weight)

    def _is_going_on(self, at: int) -> bool:
        """Whether a word in -ing is a verb with a subject: "is making", "began to, by making"."""
        before = self.tokens[at - 1].form if at else ""
        near = {token.form for token in self.tokens[max(0, at - 4) : at]}
        return before in {"by", "for", "of", "in", "and"} or bool(
            near & (_BE | {"started", "began", "kept", "stopped"})
        )

    def _named_deed(self, at: int, following: str) -> tuple[Action, ...]:
        near = " ".join(following.split()[:7])
        named = noun_actions(near)
        if not named and self._is_passive(at):
            before = joined(self.tokens[max(0, at - 8) : at])
            named = noun_actions(before)[-1:]
        return tuple(action for _, action in named[:2])

    def _following(self, at: int) -> str:
        words = []
        for token in self.tokens[at + 1 : at + 15]:
            if token.text in {";", ":", ".", "!", "?"}:
                break
            if token.is_word or token.form.endswith("'"):
                words.append(token.form)
        return " ".join(words)

    def _is_noun(self, at: int) -> bool:
        form = self.tokens[at].form
        before = self.tokens[at - 1] if at else None
        if before is None:
            return not self._is_participle(at) and not form.endswith(("er", "ing", "re", "ir"))
        if self._owner[at - 1] >= 0:
            return False
        if before.text in {",", "(", ":"} and not self._is_participle(at):
            after = self.tokens[at + 1].form if at + 1 < len(self.tokens) else ""
            if after in {"de", "d'", "du"} and not form.endswith(("er", "re", "ir")):
                return True  # "sa drêche, mélange de malt et de blé"
        if before.text in {"à", "À"} and form.endswith(("er", "re", "ir")):
            return False
        if before.form in _NOUN_BEFORE and not (before.form == "a" and self._had(at)):
            # "leur" before a verb is "to them".
            return not (before.form == "leur" and at > 1 and self._owner[at - 2] >= 0)
        if before.form in {"le", "la", "les", "l'"}:
            earlier = self.tokens[at - 2] if at > 1 else None
            if earlier is None:
                return True
            return not (
                self._owner[at - 2] >= 0
                or (
                    earlier.form
                    in {
                        "qui",
                        "ne",
                        "n'",
                        "se",
                        "pour",
                        "de",
                        "elle",
                        "il",
                        "ils",
                        "elles",
                        "on",
                        "et",
                        "puis",
                        "a",
                        "sans",
                    }
                    and (
                        earlier.form not in {"et", "de", "pour", "a"}
                        or form.endswith(("er", "re", "ir"))
                        or (earlier.form == "et" and not form.endswith("s"))
                    )
                )
            )
        if before.form in {"de", "d'", "en", "par", "sans", "sous", "avec"}:
            return (
                not form.endswith(("er", "re", "ir", "ant"))
                and not (before.form == "en" and self._owner[max(0, at - 2)] >= 0)
                and not (
                    before.form == "en"
                    and at > 1
                    and self.tokens[at - 2].form in {"et", "qui", "elle", "il", "ils"}
                )
            )
        return False

    def _had(self, at: int) -> bool:
        """Whether the "a" before a word is French for "has"."""
        token = self.tokens[at]
        return (
            bool(re.search(r"[éèê]", token.text))
            or bool(_IRREGULAR_PARTICIPLES.fullmatch(token.form))
            or (at > 1 and self._owner[at - 2] >= 0)
        )

    def _is_participle(self, at: int) -> bool:
        token = self.tokens[at]
        return (
            bool(re.search(r"(?:é|ée|és|ées)$", token.text))
            or token.form.endswith("ed")
            or bool(_IRREGULAR_PARTICIPLES.fullmatch(token.form))
        )

    def _is_passive(self, at: int) -> bool:
        if not self._is_participle(at):
            return False
        for back in range(at - 1, max(-1, at - 6), -1):
            form = self.tokens[back].form
            if form in _BE:
                reflexive = back > 0 and self.tokens[back - 1].form in {"s'", "se"}
                return not reflexive and form not in {"got", "gets"}
            if form in _HAVE and not (form == "a" and self.tokens[back].text == "à"):
                return False
            if self._owner[back] >= 0 or form in {"qui", "et", "and", ",", "que"}:
                break
        following = [token.form for token in self.tokens[at + 1 : at + 8]]
        by = next((form for form in following if form in _AGENT), "")
        token = self.tokens[at]
        if (
            token.form.endswith("ed")
            or token.form in _BOTH
            or not re.search(r"(?:é|ée|és|ées)$", token.text)
        ):
            return bool(by) and not any(form in _HAVE for form in following[:3])
        # A French participle without "avoir": coordinated with one that has it, or passive.
        for back in range(at - 1, max(-1, at - 25), -1):
            form = self.tokens[back].form
            if form in {"a", "ont", "avait", "avaient"} and self.tokens[back].text != "à":
                joined = {",", "et", "puis"} & {one.form for one in self.tokens[back + 1 : at]}
                previous = self.tokens[at - 1].form
                return not (joined and previous in {"et", "puis", ",", "ensuite", "aussi"})
            if self.tokens[back].text == ";":
                break
        return True

    def _doubt(self, at: int) -> float:
        """1 for what is told as done, less for what only could be, 0 for what is denied."""
        weight = 1.0
        denies = True
        for back in range(at - 1, -1, -1):
            token = self.tokens[back]
            if token.text in {";", "."} or (token.text == "," and at - back > 8):
                break
            if self._owner[back] >= 0 and not self._governor[self._owner[back]]:
                denies = False  # what goes before the subject denies something else
            if token.form in _NO and denies:
                if token.form in {"ne", "n'"} and self._only(back, at):
                    continue
                if at - back <= 6:
                    return 0.0
            if token.form in _MAYBE and at - back <= 10:
                conditional_perfect = token.form in {"aurait", "auraient", "serait", "seraient"}
                able = token.form in {"sait", "savent", "know", "knows", "peut", "peuvent", "can"}
                weight = min(weight, 0.4 if conditional_perfect or able else 0.3)
            if token.form in _ABLE and at - back <= 4:
                weight = min(weight, 0.8)
            if token.form in {"si", "if"} and at - back <= 8:
                weight = min(weight, 0.5)
        near = joined(self.tokens[max(0, at - 8) : at + 7])
        if _USUALLY.search(near):
            weight *= 0.55
        ahead = [token.form for token in self.tokens[at + 1 : at + 4]]
        if ahead[:1] == ["pas"] or ahead[:2] == ["not"] or (ahead[:1] == ["rien"]):
            return 0.0
        return weight

    def _only(self, back: int, at: int) -> bool:
        return any(token.form in {"que", "qu'"} for token in self.tokens[at : at + 8]) or any(
            token.form == "seulement" for token in self.tokens[back:at]
        )

    # Mentions

    def _governors(self) -> list[str]:
        """The preposition of each mention; of those joined by "et", the first one's."""
        governors: list[str] = []
        for number, mention in enumerate(self.mentions):
            own = preposition(self.tokens, mention.first)
            if mention.is_pronoun and own not in _AFTER_WHICH_A_PRONOUN_STANDS:
                own = ""
            if not own and number and self._joined[number]:
                own = governors[-1]
            governors.append(own)
        return governors

    def _list_links(self) -> list[bool]:
        """Of each mention, whether a list joins it with the one before."""
        links = [self._link(number) if number else "" for number in range(len(self.mentions))]
        joined = [link == "and" for link in links]
        for number in range(len(links) - 2, 0, -1):
            # Commas join what an "et" at the end makes a list.
            joined[number] |= links[number] == "comma" and joined[number + 1]
        return joined

    def _link(self, number: int) -> str:
        """What joins a mention with the one before: "and", "comma" or nothing."""
        left, right = self.mentions[number - 1], self.mentions[number]
        if left.first == right.first:
            return "and"
        between = self.tokens[self._after_place(left.last, right.first) : right.first]
        forms = [token.form for token in between]
        if not forms or (right.is_pronoun and forms[-1] != "l'"):
            return ""
        governor = preposition(self.tokens, left.first)
        allowed = _JOINERS | {governor}
        if right.is_pronoun and left.is_pronoun and forms == ["comme", "l'"]:
            return "and"  # "l'un comme l'autre"
        if forms and forms[-1] in _SUCH and set(forms[:-1]) <= {","}:
            return "and"  # "trois ateliers, dont X et Y"
        if not all(form in allowed for form in forms):
            return ""
        repeated = governor in forms or (governor in {"de", "d'", "du"} and "des" in forms)
        if "," in forms and governor and not repeated and set(forms) & _ARTICLES:
            return ""  # "… de la Charente, la mairie": the list would say "de la mairie"
        after = self.tokens[right.last].form if right.last < len(self.tokens) else ""
        if governor and (verbs(after) or after in _HAVE | _BE):
            return ""  # "… by X, and Y drove them": a sentence of its own
        if set(forms) & {"et", "and", "&", "ou", "or", "puis", "then", "que"}:
            return "and"
        return "comma" if "," in forms else ""

    def _after_place(self, first: int, last: int) -> int:
        """Past the place that is told of a mention: "un fablab de Périgueux", "X (Pessac)"."""
        at = first
        if at < last and self.tokens[at].text == "(":
            while at < last and self.tokens[at].text != ")":
                at += 1
            return min(at + 1, last)
        if at + 1 < last and self.tokens[at].form in _BEFORE_A_PLACE:
            end = at + 1
            while end < last and (self.tokens[end].is_capital or self.tokens[end].text == "-"):
                end += 1
            return end if end > at + 1 else first
        return first

    def _group(self, number: int) -> list[ParticipantMention]:
        """All the mentions that are joined with one, itself included."""
        first = last = number
        while first and self._joined[first]:
            first -= 1
        while last + 1 < len(self.mentions) and self._joined[last + 1]:
            last += 1
        return self.mentions[first : last + 1]

    def _mention_from(self, at: int, within: int) -> int | None:
        for position in range(at, min(at + within, len(self.tokens))):
            if self._owner[position] >= 0:
                return self._owner[position]
        return None

    def _has_relative_before(self, at: int) -> bool:
        before = [token.form for token in self.tokens[max(0, at - 3) : at]]
        if set(before) & _OTHER_SUBJECTS:
            return False
        return bool(set(before) & (_RELATIVE_OBJECT | {"lui", "leur"}))

    def _is_aside(self, mention: ParticipantMention) -> bool:
        if mention.is_pronoun:
            return False
        before = joined(self.tokens[max(0, mention.first - 6) : mention.first])
        return bool(_NOT_TAKING_PART.search(before))

    def _depths(self) -> list[int]:
        depth = 0
        depths = []
        for token in self.tokens:
            depth += token.text in {"(", "["}
            depths.append(depth)
            depth -= token.text in {")", "]"} and depth > 0
        return depths

    # Words

    def _told(self, trigger: _Trigger) -> str:
        """What was done, from the verb to the end of its clause; of a passive, the whole clause."""
        first = trigger.at
        while (
            first
            and self.tokens[first - 1].form
            in {
                *_HAVE,
                *_BE,
                "s'",
                "se",
                "y",
                "en",
                "les",
                "l'",
                "lui",
                "ainsi",
                "donc",
                "aussi",
                "de",
            }
            and self._owner[first - 1] < 0
            and self.tokens[first - 1].text != "à"
        ):
            first -= 1
        if self.tokens[first].form in {"de", "d'"}:
            first += 1
        if trigger.passive:
            while (
                first
                and self.tokens[first - 1].text not in {",", ";", ":", "("}
                and (trigger.at - first < 8)
            ):
                first -= 1
        last = trigger.at + 1
        while last < len(self.tokens) and last - first < MAX_CONTRIBUTION_WORDS:
            token = self.tokens[last]
            if token.text in {";", ".", ":", "(", "!", "?", "»"}:
                break
            if token.text == "," and last - trigger.at > 1:
                break
            last += 1
        return self._clip(first, last)

    def _clip(self, first: int, last: int) -> str:
        if first >= last:
            return ""
        text = self.sentence.text[self.tokens[first].start : self.tokens[last - 1].end]
        return text.strip(' ,;:.(«»"')

    def _evidence(
        self,
        mention: ParticipantMention,
        role: Role,
        weight: float,
        contribution: str,
        action: Action | None = None,
        trigger: _Trigger | None = None,
        *,
        is_doer: bool = True,
    ) -> RoleEvidence:
        if mention.is_pronoun:
            weight *= 0.9
        if self.sentence.part is not TextPart.BODY:
            weight *= 0.9
        return RoleEvidence(
            mention.participant,
            role,
            min(weight, 1.0),
            self.sentence,
            contribution,
            action,
            self._object(trigger) if trigger else "",
            trigger is None or not is_doer or self._is_past(trigger.at),
        )

    def _object(self, trigger: _Trigger) -> str:
        if trigger.passive:
            return ""
        later = [other.at for other in self.triggers if other.at > trigger.at]
        last = min([*later, len(self.tokens)])
        return self._clip(trigger.at + 1, last)

    def _is_past(self, at: int) -> bool:
        token = self.tokens[at]
        if self._is_passive(at) or token.form.endswith("ed"):
            return True
        if _ENGLISH_PAST.fullmatch(token.form):
            return True
        near = {one.form for one in self.tokens[max(0, at - 4) : at]}
        if token.form.endswith(("er", "re", "ir")) and near & {"de", "d'", "a", "pour"}:
            return True
        return self._is_participle(at) and bool(near & (_HAVE | _BE))


_ENGLISH_PAST = re.compile(lexicon.any_of("verb_forms", "english_past"))
_SUCH = lexicon.words("conjunctions", "such_as")
_DETERMINERS = lexicon.words("determiners", "before_mention")
_BEFORE_A_PLACE = lexicon.words("prepositions", "of_place")
_ARTICLES = lexicon.words("determiners", "article")
_AFTER_WHICH_A_PRONOUN_STANDS = lexicon.words("prepositions", "before_pronoun")
_JOINERS = lexicon.words("conjunctions", "list")


def _by_name(mention: ParticipantMention) -> list[tuple[Role, float]]:
    """The roles that what a participant is called speaks for."""
    participant = mention.participant
    found: dict[Role, float] = {}
    for name in participant.names:
        words = " ".join(plain_words(name))
        for role, weight, pattern in _HEAD_ROLES:
            if pattern.search(words):
                found.setdefault(role, weight)
                break
    if participant.kind is OrganisationKind.HAULIER:
        found.setdefault(Role.CARRIER, 0.6)
    return list(found.items())

"""Who is who in one article: references that mean the same organisation, gathered.

"La mairie d'Angoulême", then "la mairie", then "elle" are one participant; "une entreprise de
cirage" and the firm named after a comma are one. What each did is told by
`ingest.extraction.roles`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ingest.extraction import lexicon
from ingest.extraction.actions import verbs
from ingest.extraction.gazetteer import name_words, public_key
from ingest.extraction.organisation_kinds import OrganisationKind, kind_of
from ingest.extraction.references.reference import Reference, ReferenceKind
from ingest.extraction.tokens import Sentence, TextPart, TextToken
from kb.text.analysis import FUNCTION_WORDS

PUBLIC = frozenset(
    {
        OrganisationKind.TOWN,
        OrganisationKind.CARE,
        OrganisationKind.STATE,
        OrganisationKind.CHAMBER,
        OrganisationKind.NETWORK,
        OrganisationKind.SCHOOL,
        OrganisationKind.MEDIA,
    }
)

_GENERIC = lexicon.words("organisation_classes", "any_firm")
_OTHER_PARTIES = lexicon.words("organisation_classes", "other_party")
_ANOTHER = lexicon.words("pronouns", "another")
_ALIKE = tuple(frozenset(group.split()) for group in lexicon.phrases("same_bodies"))
_PRONOUNS = lexicon.words("pronouns", "personal")
_DEMONSTRATIVES = lexicon.words("pronouns", "demonstrative")
_PLURALS = lexicon.words("pronouns", "plural")
_FIRST = lexicon.words("pronouns", "first")
_SECOND = lexicon.words("pronouns", "second")
_COPULAS = lexicon.words("auxiliaries", "copula")
_BETWEEN_APPOSED = lexicon.words("conjunctions", "apposition")


@dataclass(slots=True)
class Participant:
    """An organisation of the article, under all that it is called there."""

    name: str
    reference_kind: ReferenceKind
    kind: OrganisationKind
    likelihood: float
    actor_ids: tuple[str, ...] = ()
    heads: set[str] = field(default_factory=set)
    names: list[str] = field(default_factory=list)
    plural: bool = False
    definite: bool = False

    @property
    def is_named(self) -> bool:
        return self.reference_kind is not ReferenceKind.UNNAMED

    @property
    def is_known(self) -> bool:
        return self.reference_kind is ReferenceKind.KNOWN


@dataclass(frozen=True, slots=True)
class ParticipantMention:
    """A participant at `sentence.tokens[first:last]`."""

    first: int
    last: int
    participant: Participant
    reference: Reference | None = None

    @property
    def is_pronoun(self) -> bool:
        return self.reference is None


class Participants:
    """Gathers the references of an article, sentence by sentence in the order of reading."""

    def __init__(self) -> None:
        self.all: list[Participant] = []
        self._recent: list[Participant] = []
        self._subject: Participant | None = None
        self._subjects: list[Participant] = []
        self._place: Participant | None = None

    @property
    def spoken_of(self) -> Participant | None:
        """Whom the last sentence was about."""
        return self._subject

    def of(self, sentence: Sentence, references: Sequence[Reference]) -> list[ParticipantMention]:
        """The mentions of a sentence, with the pronouns that stand for who was spoken of."""
        mentions: list[ParticipantMention] = []
        tokens = sentence.tokens
        for reference in references:
            apposed = self._apposed(tokens, mentions, reference)
            several = self._several(reference)
            if several:
                mentions += [
                    ParticipantMention(reference.first, reference.last, one, reference)
                    for one in several
                ]
                continue
            participant = self._resolve(reference, apposed, sentence.part)
            mentions.append(
                ParticipantMention(reference.first, reference.last, participant, reference)
            )
            self._see(participant)
        pronouns = list(self._pronouns(sentence, mentions))
        if sentence.part is TextPart.BODY:
            self._remember(tokens, mentions)
        return sorted([*mentions, *pronouns], key=lambda mention: mention.first)

    def _several(self, reference: Reference) -> list[Participant]:
        """Whom "les deux entreprises" means: those two that the text has named, if it has two."""
        if not reference.number or reference.is_named:
            return []
        named = [one for one in self.all if one.is_named and one.kind not in PUBLIC]
        known = [one for one in named if one.actor_ids]
        return next((those for those in (named, known) if len(those) == reference.number), [])

    def _see(self, participant: Participant) -> None:
        self._recent = [one for one in self._recent if one is not participant]
        self._recent.append(participant)

    def _remember(
        self, tokens: Sequence[TextToken], mentions: Sequence[ParticipantMention]
    ) -> None:
        """Keeps whom the next sentence means by "elle", and whose place it means by "y"."""
        subject: Participant | None = None
        for mention in mentions:
            if mention.participant.kind is OrganisationKind.MEDIA:
                continue
            governor = preposition(tokens, mention.first)
            if governor in {"chez", "aux", "a", "at"}:
                self._place = mention.participant
            if not governor and subject is None:
                subject = mention.participant
        if subject is not None:
            self._subject = self._place = subject
            self._subjects = _joined_with(tokens, mentions, subject)
        elif self._place is not None and mentions:
            self._subject = self._place

    def _pronouns(
        self, sentence: Sentence, mentions: Sequence[ParticipantMention]
    ) -> Iterable[ParticipantMention]:
        forms = [token.form for token in sentence.tokens]
        for at, form in enumerate(forms):
            after = forms[at + 1 : at + 3]
            meant: Participant | None = None
            if form == "there" and after[:1] in (["is"], ["are"], ["was"], ["were"]):
                continue
            if form == "there" or (form == "y" and after):
                meant = self._place
            elif form in _FIRST | _SECOND:
                meant = self._of_two(forms, at)
            elif form in _PRONOUNS and at > 1 and forms[at - 2 : at] == ["c'", "est"]:
                # "C'est elle qui…" picks out whom the sentence before ended with.
                meant = next(
                    (one for one in reversed(self._recent) if one.plural == (form in _PLURALS)),
                    None,
                )
            elif form in _PRONOUNS and not _is_impersonal(form, after):
                meant = self._subject_before(sentence.tokens, at, mentions, form)
            elif form in _DEMONSTRATIVES and after == ["-", "ci"]:
                meant = self._last_before(at, mentions, form)
            elif form in {"une", "un", "autre"} and at and forms[at - 1] == "l'":
                meant = self._one_of_two(forms, at)
            if (
                form in {"ils", "elles", "they"}
                and meant is self._subject
                and len(self._subjects) > 1
            ):
                for one in self._subjects:
                    yield ParticipantMention(at, at + 1, one)
            elif meant is not None:
                yield ParticipantMention(at, at + 1, meant)

    def _of_two(self, forms: Sequence[str], at: int) -> Participant | None:
        """Whom "le premier" or "le second" means: of the last two that were named."""
        if at == 0 or forms[at - 1] not in {"le", "la", "the"}:
            return None
        if at + 1 < len(forms) and forms[at + 1].isalpha() and not verbs(forms[at + 1]):
            return None
        named = [one for one in self.all if one.is_named and one.kind not in PUBLIC]
        if len(named) < 2:
            return None
        return named[-2] if forms[at] in _FIRST else named[-1]

    def _one_of_two(self, forms: Sequence[str], at: int) -> Participant | None:
        """Whom "l'une" or "l'autre" means where two were named."""
        if "autre" not in forms or not {"une", "un"} & set(forms):
            return None
        named = [one for one in self.all if one.is_named and one.kind not in PUBLIC]
        if len(named) < 2:
            return None
        return named[-1] if forms[at] == "autre" else named[-2]

    def _last_before(
        self, at: int, mentions: Sequence[ParticipantMention], form: str
    ) -> Participant | None:
        """Whom "celle-ci" means: who was spoken of last."""
        before = [mention.participant for mention in mentions if mention.last <= at]
        here = {id(mention.participant) for mention in mentions}
        earlier = [one for one in self._recent if id(one) not in here]
        fitting = [one for one in [*earlier, *before] if one.plural == (form in _PLURALS)]
        return fitting[-1] if fitting else None

    def _subject_before(
        self,
        tokens: Sequence[TextToken],
        at: int,
        mentions: Sequence[ParticipantMention],
        form: str,
    ) -> Participant | None:
        candidates = [self._subject] if self._subject is not None else []
        candidates += [
            mention.participant
            for mention in mentions
            if mention.last <= at and not preposition(tokens, mention.first)
        ]
        plural = form in _PLURALS
        fitting = [one for one in candidates if one.plural == plural]
        if plural and not fitting and len(self._subjects) > 1:
            return self._subject
        # A firm is often "they", never a group "it".
        if not fitting and form == "they":
            fitting = [
                one
                for one in candidates
                if one.kind not in {OrganisationKind.TOWN, OrganisationKind.STATE}
            ]
        return fitting[-1] if fitting else None

    def _apposed(
        self,
        tokens: Sequence[TextToken],
        mentions: Sequence[ParticipantMention],
        reference: Reference,
    ) -> Participant | None:
        """Whom a reference names once more: "Avel, fabricant de cirage", "le CTTC (Centre …)"."""
        if not mentions:
            return None
        last = mentions[-1]
        between = [token.form for token in tokens[last.last : reference.first]]
        if last.reference is None or not between:
            return None
        if (
            not reference.is_named
            and between[-1] == "("
            and not last.participant.is_named
            and reference.head in last.participant.heads
        ):
            return last.participant
        if (
            between[0] in {"that", "which", "qui", "who"}
            and between[-1] == ","
            and len(between) < 8
            and reference.is_named
            and not last.participant.is_named
            and not last.participant.plural
        ):
            return last.participant
        is_a = len(between) > 1 and between[-2] in _COPULAS and between[0] == ","
        if len(between) > 3 and not (is_a and len(between) < 14):
            return None
        if (
            (between[0] in _COPULAS or is_a)
            and not reference.is_named
            and not reference.definite
            and not preposition(tokens, last.first)
        ):
            return last.participant
        one_is_unnamed = (not last.reference.is_named) != (not reference.is_named)
        same_number = last.reference.plural == reference.plural
        if between[0] == "(" and (same_number or one_is_unnamed):
            both_known = bool(last.participant.actor_ids and reference.actor_ids)
            place_like = (
                reference.reference_kind is ReferenceKind.NAMED
                and last.participant.is_named
                and not (reference.name.isupper() or last.participant.name.isupper())
            )
            return None if both_known or place_like else last.participant
        if (
            one_is_unnamed
            and same_number
            and between[0] in {",", "–", "—", ":"}
            and all(form in _BETWEEN_APPOSED for form in between)
        ):
            first_is_title = between[0] == ":" and last.first > 0
            list_goes_on = reference.last < len(tokens) and tokens[reference.last].form in {
                "et",
                "and",
            }
            definite_list = (
                not reference.is_named
                and reference.definite
                and not _closes_before_a_verb(tokens, reference.last)
            )
            if first_is_title or (list_goes_on and between == [","]) or definite_list:
                return None
            return last.participant
        return None

    def _resolve(
        self, reference: Reference, apposed: Participant | None, part: TextPart
    ) -> Participant:
        known = self._known_before(reference, part)
        if known is not None:
            self._add_name(known, reference)
            return known
        if apposed is not None:
            self._add_name(apposed, reference)
            return apposed
        fresh = Participant(
            reference.name,
            reference.reference_kind,
            reference.kind,
            reference.likelihood,
            reference.actor_ids,
            {reference.head} - {""},
            [reference.name],
            reference.plural,
            reference.definite,
        )
        self.all.append(fresh)
        return fresh

    def _known_before(self, reference: Reference, part: TextPart) -> Participant | None:
        if reference.is_named:
            for one in self.all:
                if one.is_named and _same_name(one, reference):
                    return one
            return self._unnamed_till_now(reference)
        words = name_words(reference.name)
        for one in reversed(self.all):
            if any(name_words(name) == words for name in one.names) and (
                reference.definite or one.plural == reference.plural
            ):
                return one
        if not reference.definite and part is not TextPart.TITLE:
            return None
        only = self._only_firm(reference) if part is TextPart.BODY else None
        for one in reversed(self._recent):
            if part is TextPart.TITLE and not (one.is_named or reference.definite):
                continue
            if one.plural == reference.plural and self._means(reference, one):
                return one
        return only

    def _only_firm(self, reference: Reference) -> Participant | None:
        """Whom "the mill" means where the text has named one firm, and no other kind of mill."""
        is_firm = reference.kind is OrganisationKind.FIRM and reference.head not in _OTHER_PARTIES
        if not is_firm or reference.plural or len(name_words(reference.name)) > 1:
            return None
        firms = [one for one in self.all if one.kind not in PUBLIC]
        named = [one for one in firms if one.is_named]
        return named[0] if len(named) == 1 and len(firms) == 1 else None

    def _unnamed_till_now(self, reference: Reference) -> Participant | None:
        """Whom the text called "la ville" before it named it."""
        if reference.kind not in {
            OrganisationKind.TOWN,
            OrganisationKind.CARE,
            OrganisationKind.STATE,
            OrganisationKind.CHAMBER,
        }:
            return None
        for one in self.all:
            if (
                not one.is_named
                and not one.plural
                and one.definite
                and one.kind is reference.kind
                and len(name_words(one.name)) < 3
                and (reference.head in one.heads or _alike({reference.head}, one.heads))
            ):
                return one
        return None

    def _means(self, reference: Reference, one: Participant) -> bool:
        head = reference.head
        if len(name_words(reference.name)) > 2 and not one.is_named:
            return False
        if _ANOTHER & set(name_words(reference.name)):
            return False
        if head in _GENERIC:
            if len(name_words(reference.name)) > 2:
                return False
            if not one.is_named and one.heads & _OTHER_PARTIES:
                return False
            return one.kind not in PUBLIC and one.kind is not OrganisationKind.HAULIER
        if reference.kind is OrganisationKind.CARE and one.kind is OrganisationKind.CARE:
            return True
        if head in one.heads and head not in {"conseil", "direction", "centre", "agence"}:
            return True
        if head in one.heads and head == "centre" and one.kind is not OrganisationKind.CARE:
            return True
        return _alike({head}, one.heads) and reference.kind is one.kind

    def _add_name(self, one: Participant, reference: Reference) -> None:
        """Lets a participant go by its best name: known, then named, then the fullest."""
        better = reference.reference_kind > one.reference_kind or (
            reference.reference_kind is one.reference_kind
            and not reference.is_known
            and len(name_words(reference.name)) > len(name_words(one.name))
            and (not reference.is_named or reference.kind is not OrganisationKind.UNKNOWN)
        )
        if reference.name not in one.names:
            one.names.append(reference.name)
        one.heads |= {reference.head} - {""}
        one.likelihood = max(one.likelihood, reference.likelihood)
        if better:
            one.name, one.reference_kind = reference.name, reference.reference_kind
            one.plural = reference.plural
            if reference.actor_ids:
                one.actor_ids = reference.actor_ids
        if one.kind is OrganisationKind.UNKNOWN or (
            better and reference.kind is not OrganisationKind.UNKNOWN
        ):
            one.kind = reference.kind


def _joined_with(
    tokens: Sequence[TextToken], mentions: Sequence[ParticipantMention], subject: Participant
) -> list[Participant]:
    """A subject, and those that "et" joins with it."""
    at = next(number for number, one in enumerate(mentions) if one.participant is subject)
    joined = [subject]
    for left, right in zip(mentions[at:], mentions[at + 1 :], strict=False):
        between = [token.form for token in tokens[left.last : right.first]]
        if not between or not set(between) <= {",", "et", "and", "le", "la", "les", "l'", "the"}:
            break
        joined.append(right.participant)
    return joined


def _closes_before_a_verb(tokens: Sequence[TextToken], last: int) -> bool:
    """Whether a comma and a verb follow, as after "X, le syndicat de la profession, coordonne"."""
    after = [token.form for token in tokens[last : last + 2]]
    return (
        len(after) == 2 and after[0] == "," and (after[1] in {"a", "est"} or bool(verbs(after[1])))
    )


def _alike(heads: set[str], others: set[str]) -> bool:
    return any(heads & alike and others & alike for alike in _ALIKE)


def _is_impersonal(form: str, after: Sequence[str]) -> bool:
    """Whether a pronoun stands for nothing ("il faut"), or is part of "elle-même"."""
    if not after:
        return True
    if after[0] == "-":
        return True
    if form == "il":
        return after[0] in _IMPERSONAL or after in (
            ["y", "a"],
            ["ne", "s'"],
            ["n'", "y"],
            ["a", "fallu"],
            ["a", "suffi"],
            ["y", "avait"],
        )
    return form == "it" and after[0] in {"is", "was", "takes", "took", "seems", "seemed"}


_IMPERSONAL = lexicon.words("auxiliaries", "impersonal")


def _same_name(one: Participant, reference: Reference) -> bool:
    if one.actor_ids and reference.actor_ids:
        return one.actor_ids == reference.actor_ids
    words = set(name_words(reference.name))
    for name in one.names:
        others = set(name_words(name))
        if others == words or (_same_body(name, reference.name)):
            return True
        shorter, longer = sorted((words, others), key=len)
        proper = {word for word in shorter if len(word) > 3}
        if shorter < longer and proper and not reference.actor_ids:
            short_name = reference.name if shorter is words else name
            one_word = len(shorter) == 1
            if (
                short_name[:1].isupper()
                and (one_word or len(longer) - len(shorter) == 1)
                and (not one_word or _is_proper(next(iter(shorter))))
            ):
                return True
    return False


_COMMON_IN_NAMES = lexicon.words("common_name_words", "same_name")


def _same_body(name: str, other: str) -> bool:
    key = public_key(name, kind_of(name))
    return bool(key) and key == public_key(other, kind_of(other))


def _is_proper(word: str) -> bool:
    return kind_of(word) is OrganisationKind.UNKNOWN and word not in _COMMON_IN_NAMES


_PREPOSITIONS = lexicon.words("prepositions", "any")


def preposition(tokens: Sequence[TextToken], first: int) -> str:
    """The preposition that governs the phrase beginning at `first`, "" for none.

    "des" counts as one only after a noun: "des transporteurs ont…" has none.
    """
    at = first - 1
    while (
        at >= 0
        and tokens[at].form in _DETERMINERS
        and not (tokens[at].form == "a" and tokens[at].text in {"à", "À"})
    ):
        if tokens[at].form in {"du", "au", "aux"}:
            return tokens[at].form
        at -= 1
    if at < 0:
        return ""
    form = tokens[at].form
    if form == "a" and tokens[at].text not in {"à", "À"}:
        return ""
    if form == "des":
        if at and tokens[at - 1].form in _PREPOSITIONS:
            return tokens[at - 1].form if tokens[at - 1].text != "a" else ""
        return "de" if at and _is_noun_like(tokens[at - 1]) else ""
    if at and form in {"de", "d'", "du", "of"} and tokens[at - 1].form in _PARTS:
        return preposition(tokens, at - 1)
    if form in {"de", "d'"} and at and tokens[at - 1].form == "aupres":
        return "aupres"
    return form if form in _PREPOSITIONS else ""


def _is_noun_like(token: TextToken) -> bool:
    form = token.form
    if not token.is_word or form in FUNCTION_WORDS or form.endswith("ment"):
        return form in {"aupres", "pres", "chez", "avec"}
    return not verbs(form) or form in {"aide", "soutien", "appui", "part"}


_PARTS = lexicon.words("organisation_classes", "part_that_acts")
_DETERMINERS = lexicon.words("determiners", "before_organisation")

"""The focus of an article: the participants that its pronouns stand for."""

from collections.abc import Iterator, Sequence

from ingest.extraction import lexicon
from ingest.extraction.actions import verbs
from ingest.extraction.coreference.participant import (
    Participant,
    ParticipantMention,
    is_named_firm,
)
from ingest.extraction.organisation_kinds import OrganisationKind
from ingest.extraction.prepositions import preposition
from ingest.extraction.tokens import Sentence, TextToken

_PERSONAL = lexicon.words("pronouns", "personal")
_DEMONSTRATIVE = lexicon.words("pronouns", "demonstrative")
_PLURAL = lexicon.words("pronouns", "plural")
_FIRST = lexicon.words("pronouns", "first")
_SECOND = lexicon.words("pronouns", "second")
_IMPERSONAL = lexicon.words("auxiliaries", "impersonal")


class Focus:
    """Remembers the participants of the sentences read so far.

    `recent` holds the participants in the order of their last mention, `subject` is the subject of
    the last sentence, `_subjects` all subjects joined by "et", and `_place` the participant at
    whose site the story takes place.
    """

    def __init__(self) -> None:
        self.recent: list[Participant] = []
        self.subject: Participant | None = None
        self._subjects: list[Participant] = []
        self._place: Participant | None = None

    def see(self, participant: Participant) -> None:
        self.recent = [other for other in self.recent if other is not participant]
        self.recent.append(participant)

    def remember(self, tokens: Sequence[TextToken], mentions: Sequence[ParticipantMention]) -> None:
        """Keeps the participants that "elle" and "y" mean in the next sentence."""
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
            self.subject = self._place = subject
            self._subjects = _joined_with(tokens, mentions, subject)
        elif self._place is not None and mentions:
            self.subject = self._place

    def pronouns(
        self,
        sentence: Sentence,
        mentions: Sequence[ParticipantMention],
        participants: Sequence[Participant],
    ) -> Iterator[ParticipantMention]:
        """The pronouns of a sentence that stand for participants of the article."""
        forms = [token.form for token in sentence.tokens]
        for at, form in enumerate(forms):
            meant = self._meant(sentence, at, forms, mentions, participants)
            several = form in {"ils", "elles", "they"} and meant is self.subject
            if several and len(self._subjects) > 1:
                yield from (ParticipantMention(at, at + 1, each) for each in self._subjects)
            elif meant is not None:
                yield ParticipantMention(at, at + 1, meant)

    def _meant(
        self,
        sentence: Sentence,
        at: int,
        forms: Sequence[str],
        mentions: Sequence[ParticipantMention],
        participants: Sequence[Participant],
    ) -> Participant | None:
        form, after = forms[at], forms[at + 1 : at + 3]
        there_is = form == "there" and after[:1] in (["is"], ["are"], ["was"], ["were"])
        meant: Participant | None = None
        if not there_is and (form == "there" or (form == "y" and after)):
            meant = self._place
        elif form in _PERSONAL and at > 1 and forms[at - 2 : at] == ["c'", "est"]:
            # "C'est elle qui…" means the last participant of the sentence before.
            meant = _last_of_number(self.recent, form)
        elif form in _PERSONAL and not _is_impersonal(form, after):
            meant = self._subject_before(sentence.tokens, at, mentions, form)
        elif form in _DEMONSTRATIVE and after == ["-", "ci"]:
            meant = self._last_before(at, mentions, form)
        elif _is_first_or_second(forms, at) or _is_either(forms, at):
            named = [participant for participant in participants if is_named_firm(participant)]
            if len(named) > 1:
                meant = named[-2] if form in _FIRST | {"un", "une"} else named[-1]
        return meant

    def _last_before(
        self, at: int, mentions: Sequence[ParticipantMention], form: str
    ) -> Participant | None:
        """Returns the participant that "celle-ci" means: the last mentioned."""
        before = [mention.participant for mention in mentions if mention.last <= at]
        here = {id(mention.participant) for mention in mentions}
        earlier = [participant for participant in self.recent if id(participant) not in here]
        return _last_of_number([*earlier, *before], form)

    def _subject_before(
        self,
        tokens: Sequence[TextToken],
        at: int,
        mentions: Sequence[ParticipantMention],
        form: str,
    ) -> Participant | None:
        """Returns the participant that "elle" means: the last subject, here or just before."""
        candidates = [self.subject] if self.subject is not None else []
        candidates += [
            mention.participant
            for mention in mentions
            if mention.last <= at and not preposition(tokens, mention.first)
        ]
        fitting = _last_of_number(candidates, form)
        if fitting is None and form in _PLURAL and len(self._subjects) > 1:
            return self.subject
        if fitting is None and form == "they":
            # A firm is often "they", never a group "it".
            public = {OrganisationKind.TOWN, OrganisationKind.STATE}
            return next((each for each in reversed(candidates) if each.kind not in public), None)
        return fitting


def _last_of_number(participants: Sequence[Participant], form: str) -> Participant | None:
    """The last participant that a pronoun agrees with in number."""
    plural = form in _PLURAL
    return next((each for each in reversed(participants) if each.plural == plural), None)


def _is_first_or_second(forms: Sequence[str], at: int) -> bool:
    """Whether a word is a pronoun as in "le premier" or "the latter", not an adjective."""
    if forms[at] not in _FIRST | _SECOND or not at or forms[at - 1] not in {"le", "la", "the"}:
        return False
    after = forms[at + 1] if at + 1 < len(forms) else ""
    return not after.isalpha() or bool(verbs(after))


def _is_either(forms: Sequence[str], at: int) -> bool:
    """Whether a word is the pronoun of "l'un" or "l'autre", in a sentence with both."""
    has_both = "autre" in forms and bool({"une", "un"} & set(forms))
    return has_both and at > 0 and forms[at - 1] == "l'" and forms[at] in {"une", "un", "autre"}


def _joined_with(
    tokens: Sequence[TextToken], mentions: Sequence[ParticipantMention], subject: Participant
) -> list[Participant]:
    at = next(number for number, mention in enumerate(mentions) if mention.participant is subject)
    subjects = [subject]
    for left, right in zip(mentions[at:], mentions[at + 1 :], strict=False):
        between = [token.form for token in tokens[left.last : right.first]]
        if not between or not set(between) <= {",", "et", "and", "le", "la", "les", "l'", "the"}:
            break
        subjects.append(right.participant)
    return subjects


def _is_impersonal(form: str, after: Sequence[str]) -> bool:
    """Whether a pronoun stands for nothing ("il faut"), or is part of "elle-même"."""
    if not after or after[0] == "-":
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

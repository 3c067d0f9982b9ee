"""Who is who in one article: references that mean the same organisation, gathered.

"La mairie d'Angoulême", then "la mairie", then "elle" are one participant; "une entreprise de
cirage" and the firm named after a comma are one. What each did is told by `ingest.roles`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ingest.gazetteer import name_words, public_key
from ingest.natures import Nature
from ingest.references import How, Reference
from ingest.sentences import Part, Sentence, Token

PUBLIC = frozenset({Nature.TOWN, Nature.CARE, Nature.STATE, Nature.CHAMBER, Nature.NETWORK,
                    Nature.SCHOOL, Nature.MEDIA})  # fmt: skip

_GENERIC = frozenset(
    "entreprise societe firme groupe maison company firm business atelier usine workshop plant "
    "factory industriel fabricant producteur maker producer manufacturer start-up startup pme "
    "structure partenaire fournisseur supplier repreneur".split()
)
_ALIKE = tuple(
    frozenset(words.split())
    for words in (
        "mairie ville commune municipalite collectivite town council city",
        "hopital centre chu hospital clinique etablissement",
        "reseau club association plateforme network club platform",
        "agglomeration agglo communaute metropole intercommunalite collectivite",
        "chambre cci cma chamber",
        "agence ars agency",
        "laboratoire labo lab laboratory centre institut",
        "distillerie distilleries distillery distillateur",
        "refinery raffinerie",
        "station centrale plant",
        "prefecture prefet prefete etat",
    )
)
_PRONOUNS = frozenset(
    "elle il ils elles it they she he celle-ci celui-ci ceux-ci celles-ci".split()
)
_BETWEEN_APPOSED = frozenset(
    ", ( « \" “ : - – — le la l' un une the a an ici here appele nomme".split()
)


@dataclass(slots=True)
class Participant:
    """An organisation of the article, under all that it is called there."""

    name: str
    how: How
    nature: Nature
    likelihood: float
    actor_ids: tuple[str, ...] = ()
    heads: set[str] = field(default_factory=set)
    names: list[str] = field(default_factory=list)
    plural: bool = False

    @property
    def is_named(self) -> bool:
        return self.how is not How.UNNAMED


@dataclass(frozen=True, slots=True)
class Mention:
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

    def of(self, sentence: Sentence, references: Sequence[Reference]) -> list[Mention]:
        """The mentions of a sentence, pronouns for its or an earlier sentence's subject included."""
        mentions: list[Mention] = []
        tokens = sentence.tokens
        for reference in references:
            apposed = self._apposed(tokens, mentions, reference)
            participant = self._resolve(reference, apposed, sentence.part)
            mentions.append(Mention(reference.first, reference.last, participant, reference))
            self._see(participant)
        subject = self._subject
        for mention in mentions:
            if not _has_preposition(tokens, mention.first) and not mention.participant.nature is Nature.MEDIA:  # fmt: skip
                subject = mention.participant
                break
        mentions.extend(self._pronouns(sentence, mentions))
        if sentence.part is Part.BODY:
            self._subject = subject
        return sorted(mentions, key=lambda mention: mention.first)

    def _see(self, participant: Participant) -> None:
        self._recent = [one for one in self._recent if one is not participant]
        self._recent.append(participant)

    def _pronouns(self, sentence: Sentence, mentions: Sequence[Mention]) -> Iterable[Mention]:
        for at, token in enumerate(sentence.tokens):
            form = token.form
            if form in {"celle", "celui", "ceux", "celles"}:
                if not (at + 2 < len(sentence.tokens) and sentence.tokens[at + 2].form == "ci"):
                    continue
            elif form not in _PRONOUNS:
                continue
            if form == "il" and at + 1 < len(sentence.tokens) and sentence.tokens[at + 1].form in {
                "faut", "s'", "y", "est", "suffit", "fallait", "semble", "reste", "a"
            } and not (sentence.tokens[at + 1].form == "a"):  # fmt: skip
                continue
            if form == "it" and at + 1 < len(sentence.tokens) and sentence.tokens[at + 1].form in {
                "is", "was", "takes", "took", "seems"
            }:  # fmt: skip
                continue
            plural = form in {"ils", "elles", "they", "ceux", "celles"}
            before = [mention for mention in mentions if mention.last <= at]
            candidates = [mention.participant for mention in before
                          if not _has_preposition(sentence.tokens, mention.first)]  # fmt: skip
            if self._subject is not None:
                candidates.insert(0, self._subject)
            fitting = [one for one in candidates if one.plural == plural
                       and (form not in {"he", "she"} or not one.plural)]  # fmt: skip
            if fitting:
                yield Mention(at, at + 1, fitting[-1])

    def _apposed(
        self, tokens: Sequence[Token], mentions: Sequence[Mention], reference: Reference
    ) -> Participant | None:
        """Whom a reference names once more: "Avel, fabricant de cirage", "le CTTC (Centre …)"."""
        if not mentions:
            return None
        last = mentions[-1]
        between = [token.form for token in tokens[last.last : reference.first]]
        if last.reference is None or not between or len(between) > 3:
            return None
        one_is_unnamed = (last.reference.how is How.UNNAMED) != (reference.how is How.UNNAMED)
        same_number = last.reference.plural == reference.plural
        if between[0] == "(" and (same_number or one_is_unnamed):
            both_known = bool(last.participant.actor_ids and reference.actor_ids)
            place_like = reference.how is How.NAMED and last.participant.is_named and not (
                reference.name.isupper() or last.participant.name.isupper()
            )  # fmt: skip
            return None if both_known or place_like else last.participant
        if one_is_unnamed and same_number and between[0] in {",", "–", "—", ":"} and all(
            form in _BETWEEN_APPOSED for form in between
        ):  # fmt: skip
            first_is_title = between[0] == ":" and last.first > 0
            list_goes_on = reference.last < len(tokens) and tokens[reference.last].form in {
                "et", "and"
            }  # fmt: skip
            definite_list = reference.how is How.UNNAMED and reference.definite
            if first_is_title or (list_goes_on and between == [","]) or definite_list:
                return None
            return last.participant
        return None

    def _resolve(
        self, reference: Reference, apposed: Participant | None, part: Part
    ) -> Participant:
        known = self._known_before(reference)
        if known is not None:
            self._add_name(known, reference)
            return known
        if apposed is not None:
            self._add_name(apposed, reference)
            return apposed
        fresh = Participant(
            reference.name, reference.how, reference.nature, reference.likelihood,
            reference.actor_ids, {reference.head} - {""}, [reference.name], reference.plural,
        )  # fmt: skip
        self.all.append(fresh)
        return fresh

    def _known_before(self, reference: Reference) -> Participant | None:
        if reference.how is not How.UNNAMED:
            for one in self.all:
                if one.is_named and _same_name(one, reference):
                    return one
            return None
        words = name_words(reference.name)
        for one in reversed(self.all):
            if any(name_words(name) == words for name in one.names) and (
                reference.definite or one.plural == reference.plural
            ):
                return one
        if not reference.definite:
            return None
        for one in reversed(self._recent):
            if one.plural == reference.plural and self._means(reference, one):
                return one
        return None

    def _means(self, reference: Reference, one: Participant) -> bool:
        head = reference.head
        if len(name_words(reference.name)) > 2 and not one.is_named:
            return head in one.heads and False
        if head in _GENERIC:
            if len(name_words(reference.name)) > 2:
                return False
            return one.nature not in PUBLIC and one.nature is not Nature.HAULIER
        if reference.nature is Nature.CARE and one.nature is Nature.CARE:
            return True
        if head in one.heads and head not in {"conseil", "direction", "centre", "agence"}:
            return True
        return any(head in alike and one.heads & alike for alike in _ALIKE) and (
            reference.nature is one.nature
        )

    def _add_name(self, one: Participant, reference: Reference) -> None:
        """Lets a participant go by its best name: known, then named, then the fullest."""
        rank = {How.KNOWN: 2, How.NAMED: 1, How.UNNAMED: 0, How.PRONOUN: -1}
        better = rank[reference.how] > rank[one.how] or (
            reference.how is one.how
            and reference.how is not How.KNOWN
            and len(name_words(reference.name)) > len(name_words(one.name))
            and (reference.how is How.UNNAMED or reference.nature is not Nature.UNKNOWN)
        )
        one.names.append(reference.name)
        one.heads |= {reference.head} - {""}
        one.likelihood = max(one.likelihood, reference.likelihood)
        if better:
            one.name, one.how = reference.name, reference.how
            one.plural = reference.plural
            if reference.actor_ids:
                one.actor_ids = reference.actor_ids
        if one.nature is Nature.UNKNOWN or (better and reference.nature is not Nature.UNKNOWN):
            one.nature = reference.nature


def _same_name(one: Participant, reference: Reference) -> bool:
    if one.actor_ids and reference.actor_ids:
        return one.actor_ids == reference.actor_ids
    words = set(name_words(reference.name))
    for name in one.names:
        others = set(name_words(name))
        if others == words or (public_key(name) and public_key(name) == public_key(reference.name)):
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


def _is_proper(word: str) -> bool:
    from ingest.natures import nature_of

    return nature_of(word) is Nature.UNKNOWN


_PREPOSITIONS = frozenset(
    "de d' du a au aux pour par avec chez sur en dans vers sans contre selon entre aupres from to "
    "for by with of at in on into against near via".split()
)


def _has_preposition(tokens: Sequence[Token], first: int) -> bool:
    return preposition(tokens, first) != ""


def preposition(tokens: Sequence[Token], first: int) -> str:
    """The preposition that governs the phrase beginning at `first`, "" for none.

    "des" counts as one only after a noun: "des transporteurs ont…" has none.
    """
    at = first - 1
    while at >= 0 and tokens[at].form in _DETERMINERS and not (
        tokens[at].form in {"a"} and tokens[at].text in {"à", "À"}
    ):  # fmt: skip
        if tokens[at].form in {"du", "au", "aux"}:
            return tokens[at].form
        at -= 1
    if at < 0:
        return ""
    form = tokens[at].form
    if form == "a" and tokens[at].text not in {"à", "À"}:
        return ""
    if form == "des":
        before = tokens[at - 1].form if at else ""
        return "de" if before in {"aupres", "pres", "aide", "soutien", "appui", "part"} else ""
    if form in {"de", "d'"} and at and tokens[at - 1].form in {"aupres"}:
        return "aupres"
    return form if form in _PREPOSITIONS else ""


_DETERMINERS = frozenset(
    "le la l' les the un une deux trois plusieurs certains quelques son sa ses leur leurs ce cette "
    "ces du au aux a an some several two three its their this that local autres petits petites "
    "grands grandes autre meme".split()
)

"""References: the stretches of sentences that stand for an organisation."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from ingest.extraction import lexicon
from ingest.extraction.actions import verbs
from ingest.extraction.candidates.noun_phrases import (
    DEFINITE,
    FIRM_HEADS,
    INDEFINITE,
    LINKS,
    OF,
    PLACES_AND_TIMES,
    PUBLIC_HEADS,
    head_of,
    is_head,
    name_end,
    phrase_end,
    phrase_start,
)
from ingest.extraction.gazetteer import KnownActors, KnownName
from ingest.extraction.names import (
    CIVILITY,
    FIRST_NAMES,
    OrganisationKind,
    is_abbreviated_civility,
    is_person,
    kind_of,
    person_end,
)
from ingest.extraction.tokens import (
    Sentence,
    TextPart,
    TextToken,
    is_everyday_word,
    is_ordinary,
    starts_a_sentence,
)
from kb.reference.communes import is_commune
from kb.reference.departments import NAMES
from kb.text.folding import fold
from kb.text.organisation_name import LEGAL_FORMS

_UNSURE = 0.3  # likelihood of a name that is rather a place's, or no name
_OTHER_ACRONYMS = lexicon.words("not_organisations", "acronym")
_BRANDS = lexicon.words("not_organisations", "brand")
_BEFORE_A_PLACE = lexicon.words("prepositions", "before_place")
_SENTENCE_OPENERS = lexicon.words("sentence_openers")
_INHABITANT = re.compile(lexicon.any_of("endings", "inhabitant") + "$")
_BEFORE_A_NAME = lexicon.words("organisation_classes", "before_a_name")
_AFTER_A_NAME = lexicon.words("organisation_classes", "after_a_name")
_ACRONYMS = lexicon.words("organisation_classes", "acronym")


class ReferenceKind(IntEnum):
    """By what an organisation is referred to, the best last."""

    UNNAMED = 0
    NAMED = 1
    KNOWN = 2


@dataclass(frozen=True, slots=True)
class Reference:
    """`sentence.tokens[first:last]` stand for an organisation; `head` is empty for bare names."""

    first: int
    last: int
    name: str
    reference_kind: ReferenceKind
    kind: OrganisationKind
    likelihood: float
    actor_ids: tuple[str, ...] = ()
    head: str = ""
    definite: bool = False
    plural: bool = False

    @property
    def is_named(self) -> bool:
        return self.reference_kind is not ReferenceKind.UNNAMED


class References:
    """Finds references by the known actors and the words of the whole article."""

    def __init__(self, sentences: Sequence[Sentence], actors: KnownActors) -> None:
        self._actors = actors
        words = [[token for token in sentence.tokens if token.is_word] for sentence in sentences]
        self._lower = {token.form for each in words for token in each if token.text.islower()}
        self._capital = {token.form for each in words for token in each[1:] if token.is_capital}
        self._text = fold(" ".join(sentence.text for sentence in sentences))

    def of(self, sentence: Sentence) -> list[Reference]:
        taken = [False] * len(sentence.tokens)
        found: list[Reference] = []
        for known in self._actors.find(sentence.tokens):
            if likelihood := self._likelihood_of_known(sentence.tokens, known):
                likelihood *= known.likeness
                reference = self._named(
                    sentence, known.first, known.last, known.actor_ids, likelihood
                )
                found.append(reference)
                taken[reference.first : reference.last] = [True] * (known.last - known.first)
        found += self._unknown(sentence, taken)
        return sorted(found, key=lambda reference: reference.first)

    def _unknown(self, sentence: Sentence, taken: list[bool]) -> Iterator[Reference]:
        at, tokens = 0, sentence.tokens
        while at < len(tokens):
            first, end, reference = at, at + 1, None
            if not taken[at] and tokens[at].is_word:
                if (end := person_end(tokens, at) or end) == at + 1:
                    reference = self._phrase(sentence, at, taken)
                if end == at + 1 and reference is None:
                    reference, end = self._new_name(sentence, at, taken)
            if reference is not None and not any(taken[reference.first : reference.last]):
                yield reference
                first, end = reference.first, max(reference.last, end)
            if end > at + 1 or reference is not None:
                taken[first:end] = [True] * (end - first)
            at = end

    def _named(
        self,
        sentence: Sentence,
        first: int,
        last: int,
        ids: tuple[str, ...],
        likelihood: float,
        name: str = "",
    ) -> Reference:
        if not ids:
            kind = ReferenceKind.NAMED
        else:
            kind = ReferenceKind.KNOWN
            ids, share = self._narrowed(sentence, ids)
            likelihood *= share
            name = self._actors.actors[ids[0]].name
        of_name = kind_of(name)
        if ids and of_name is OrganisationKind.MEDIA:
            of_name = OrganisationKind.UNKNOWN
        return Reference(
            first, last, name, kind, of_name, likelihood, ids, head_of(name), definite=True
        )

    def _narrowed(self, sentence: Sentence, ids: tuple[str, ...]) -> tuple[tuple[str, ...], float]:
        """The ids of the actors whose places the text names best, and how likely one is meant."""
        if len(ids) == 1:
            return ids, 1.0
        here = fold(sentence.text)
        points = {}
        for actor_id in ids:
            actor = self._actors.actors[actor_id]
            place, department = fold(actor.place), fold(NAMES.get(actor.department, ""))
            points[actor_id] = (
                4 * _has_words(here, place)
                + 2 * _has_words(self._text, place)
                + _has_words(self._text, department)
            )
        best = max(points.values())
        leaders = tuple(actor_id for actor_id in ids if points[actor_id] == best)
        return leaders, 0.9 if best and len(leaders) == 1 else 0.6

    def _likelihood_of_known(self, tokens: Sequence[TextToken], known: KnownName) -> float:
        span = tokens[known.first : known.last]
        words = [token for token in span if token.is_word and token.form not in LINKS]
        if not any(word.is_capital or word.text[:1].isdigit() for word in words):
            return 0.0 if len(words) < 3 else 0.8
        likelihood = 0.97
        before = tokens[known.first - 1] if known.first else None
        if len(words) == 1:
            form, opens = words[0].form, starts_a_sentence(tokens, known.first)
            is_after_place = before is not None and before.form in _BEFORE_A_PLACE | OF | {"en"}
            if is_everyday_word(form) or len(form) < 3:
                likelihood = 0.0 if opens else _UNSURE
            elif form in self._actors.places and is_after_place:
                likelihood = 0.0
            elif form in self._lower:
                likelihood = 0.0 if opens else 0.4
        if before is not None and before.is_capital:
            is_of_a_name = not (
                known.first == 1
                or before.form in LINKS | LEGAL_FORMS
                or is_everyday_word(before.form)
                or kind_of(before.form) is not OrganisationKind.UNKNOWN
            )
            likelihood = min(likelihood, 0.4) if is_of_a_name else likelihood
            likelihood = 0.0 if before.form in FIRST_NAMES | CIVILITY else likelihood
        return 0.0 if is_abbreviated_civility(tokens, known.first) else likelihood

    def _phrase(self, sentence: Sentence, at: int, taken: Sequence[bool]) -> Reference | None:
        """The reference whose head is a token; `None` where it stands for no organisation."""
        tokens, form = sentence.tokens, sentence.tokens[at].form
        is_shouted = tokens[at].text.isupper() and len(form) > 1 and form not in PUBLIC_HEADS
        if not is_head(form) or is_shouted or tokens[at].text.startswith("groupé"):
            return None
        end, name_at = phrase_end(tokens, at, taken)
        start, determiner = phrase_start(tokens, at, taken)
        plural = form.endswith(("s", "x"))
        if name_at >= 0:
            # "l'entreprise Sendo" is called Sendo; "la brasserie Dalons" is a Brasserie Dalons.
            apart = form not in PUBLIC_HEADS and (form in _BEFORE_A_NAME or plural)
            is_bare = apart and tokens[at].text.islower()
            name = _capitalised(sentence.written(name_at if is_bare else at, end))
            return self._named(sentence, start, end, self._actors.named(name), 0.9, name)
        if form in _ACRONYMS and tokens[at].text.isupper():
            name = sentence.written(at, end)
            return self._named(sentence, start, end, self._actors.named(name), 0.9, name)
        of = start and tokens[start - 1].form in {"de", "d'"}
        if not determiner and (form not in FIRM_HEADS | PUBLIC_HEADS or (of and not plural)):
            return None  # "drêche de brasserie" speaks of no brewery
        phrase = sentence.written(start, end)
        alone = not determiner and not plural and sentence.part is TextPart.BODY and end == at + 1
        name, kind, sure = _capitalised(phrase), kind_of(phrase), 0.6 if alone else 0.85
        is_definite = determiner in DEFINITE
        return Reference(
            start, end, name, ReferenceKind.UNNAMED, kind, sure, (), form, is_definite, plural
        )

    def _new_name(
        self, sentence: Sentence, at: int, taken: Sequence[bool]
    ) -> tuple[Reference | None, int]:
        """The reference of a name that begins at a token, if one does, and where to read on."""
        tokens = sentence.tokens
        end = name_end(tokens, at, taken)
        is_letter = len(tokens[at].form.removesuffix("'")) == 1 and end == at + 1
        if not tokens[at].is_capital or is_letter or tokens[at].form in CIVILITY | PLACES_AND_TIMES:
            return None, at + 1
        if end < len(tokens) and not taken[end] and tokens[end].form in _AFTER_A_NAME:
            end += 1  # "Channings Wood prison"
        forms = [each.form for each in tokens[at:end] if each.is_word and each.form not in LINKS]
        opens = starts_a_sentence(tokens, at)
        sure = self._opens_with_a_name(tokens, at, len(forms)) if opens else 1
        if not sure or set(forms) <= INDEFINITE | DEFINITE:
            return None, at + 1
        name = sentence.written(at, end)
        likelihood = self._likelihood(tokens, at, end, kind_of(name), forms)
        if not likelihood or fold(name) in PLACES_AND_TIMES:
            return None, end
        ids = self._actors.named(name)
        return self._named(sentence, at, end, ids, likelihood * sure, name), end

    def _likelihood(
        self,
        tokens: Sequence[TextToken],
        at: int,
        end: int,
        kind: OrganisationKind,
        forms: Sequence[str],
    ) -> float:
        """How likely a name is an organisation's; 0 for that of a place, person or brand."""
        before = tokens[at - 1].form if at else ""
        after = tokens[end].form if end < len(tokens) else ""
        is_short = len(forms) == 1
        is_people = is_short and _INHABITANT.search(forms[0]) and before in DEFINITE | INDEFINITE
        is_other = is_people or (is_short and forms[0] in _OTHER_ACRONYMS)
        if is_other or {before, after} & _BRANDS or is_person(tokens, at, end):
            return 0.0
        if len(forms) > 1 and LEGAL_FORMS & set(forms):
            return 0.95
        if kind not in {OrganisationKind.UNKNOWN, OrganisationKind.MEDIA}:
            return 0.85
        words = " ".join(token.form for token in tokens[at:end] if token.is_word)
        if self._actors.is_place(words):
            return 0.0
        if before in _BEFORE_A_PLACE | OF | {"of", "from", "to", "en"}:
            is_place = before in _BEFORE_A_PLACE and tokens[at - 1].text != "a"
            return 0.0 if is_place and is_commune(" ".join(forms)) else _UNSURE
        return 0.5 if is_short and tokens[at].text.isupper() else 0.7

    def _opens_with_a_name(self, tokens: Sequence[TextToken], at: int, count: int) -> float:
        """How sure it is that the word that opens a sentence is a name of so many words."""
        form = tokens[at].form
        if (
            form in _SENTENCE_OPENERS | INDEFINITE | DEFINITE | _BEFORE_A_PLACE
            or is_everyday_word(form)
            or (count == 1 and verbs(form))
        ):
            return 0.0
        if form in self._lower:
            return float(count > 1 and tokens[at + 1].is_capital)
        if form in self._capital or count > 1:
            return 1.0
        return 0.0 if is_ordinary(tokens[at].text) else 0.6


def _has_words(text: str, words: str) -> bool:
    return bool(words and re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text))


def _capitalised(name: str) -> str:
    return name[:1].upper() + name[1:]

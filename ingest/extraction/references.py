"""Where a sentence speaks of an organisation: by a known name, by a new one, or by what it is.

A reference is a stretch of words and how sure it is that they stand for an organisation. Whether
two references mean the same one is told by `ingest.extraction.coreference`, what it did by
`ingest.extraction.roles`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from ingest.extraction import lexicon
from ingest.extraction.actions import BY_PRODUCT, Action, verbs
from ingest.extraction.gazetteer import KnownActors, KnownName, is_everyday_word
from ingest.extraction.organisation_kinds import OrganisationKind, kind_of
from ingest.extraction.tokens import Sentence, TextToken
from kb.reference.departments import NAMES
from kb.text.analysis import fold


class ReferenceKind(IntEnum):
    """By what an organisation is referred to, the best last."""

    UNNAMED = 0
    NAMED = 1
    KNOWN = 2


@dataclass(frozen=True, slots=True)
class Reference:
    """`sentence.tokens[first:last]` stand for an organisation, with `likelihood` 0 to 1.

    `name` is how it would be written in a list of participants. `head` is the folded word that
    says what it is ("" for a bare name); `definite` tells "the hospital" from "a hospital";
    `number` is how many a plural says they are, 0 if it does not.
    """

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
    number: int = 0

    @property
    def is_named(self) -> bool:
        return self.reference_kind is not ReferenceKind.UNNAMED

    @property
    def is_known(self) -> bool:
        return self.reference_kind is ReferenceKind.KNOWN


INDEFINITE = lexicon.words("determiners", "indefinite")
DEFINITE = lexicon.words("determiners", "definite")
PUBLIC_HEADS = frozenset(
    word for word, _, marks in lexicon.rows("organisation_words", 3) if "public" in marks.split()
)
FIRM_HEADS = frozenset(
    word for word, _, marks in lexicon.rows("organisation_words", 3) if "firm" in marks.split()
)
TRADE = re.compile(rf"[a-z]{{3,}}{lexicon.any_of('endings', 'trade')}$")
NOT_A_TRADE = lexicon.words("not_trades")
_MODIFIERS_BEFORE = lexicon.words("adjectives", "before")
_ADJECTIVE = re.compile(lexicon.any_of("endings", "adjective") + "$")
_ADJECTIVES = lexicon.words("adjectives", "after")
_NOT_ADJECTIVES = lexicon.words("adjectives", "never")
_OF = lexicon.words("prepositions", "of")
_LINKS = lexicon.words("name_links", "inside")
_VERB_FORMS = lexicon.words("verb_forms", "not_in_a_name")
LEGAL_FORMS = lexicon.words("legal_forms")
_CIVILITY = lexicon.words("persons", "civility")
_JOBS = re.compile(rf"\b{lexicon.any_of('persons', 'job')}\b")
_SPEECH = lexicon.words("persons", "speech")
_PLACE_PREPOSITIONS = lexicon.words("prepositions", "before_place")
_REGIONS = lexicon.words("not_organisations", "place_or_time")
_ACRONYMS_NOT_ORGANISATIONS = lexicon.words("not_organisations", "acronym")
_FIRST_NAMES = lexicon.words("first_names")


class References:
    """Finds the references of the sentences of one article."""

    def __init__(self, sentences: Sequence[Sentence], actors: KnownActors) -> None:
        self._actors = actors
        self._lower: set[str] = set()
        self._capital: set[str] = set()
        for sentence in sentences:
            words = [token for token in sentence.tokens if token.is_word]
            self._lower |= {token.form for token in words if token.text.islower()}
            self._capital |= {token.form for token in words[1:] if token.is_capital}
        self._text = fold(" ".join(sentence.text for sentence in sentences))

    def of(self, sentence: Sentence) -> list[Reference]:
        """The references of a sentence, from left to right, none inside another."""
        taken = [False] * len(sentence.tokens)
        found: list[Reference] = []
        for known in self._actors.find(sentence.tokens):
            reference = self._known(sentence, known)
            if reference is not None:
                found.append(reference)
                taken[reference.first : reference.last] = [True] * (
                    reference.last - reference.first
                )
        found += self._unknown(sentence, taken)
        found.sort(key=lambda reference: reference.first)
        return list(_with_their_trade(sentence, found))

    # Known names

    def _known(self, sentence: Sentence, known: KnownName) -> Reference | None:
        tokens = sentence.tokens
        first, last = known.first, known.last
        while last < len(tokens) and tokens[last].form in LEGAL_FORMS and tokens[last].is_capital:
            last += 1
        words = [token for token in tokens[first:last] if token.is_word]
        telling = [token for token in words if token.form not in _LINKS]
        likelihood = self._certainty(sentence, known, telling)
        if not likelihood:
            return None
        ids = known.actor_ids
        if len(ids) > 1:
            ids, factor = self._told_apart(sentence, ids)
            likelihood *= factor
        name = self._actors.actors[known.actor_ids[0]].name
        kind = kind_of(name)
        if kind is OrganisationKind.MEDIA:
            kind = OrganisationKind.UNKNOWN
        return Reference(
            first,
            last,
            name,
            ReferenceKind.KNOWN,
            kind,
            likelihood * known.likeness,
            ids,
            head=_head_of(name),
            definite=True,
        )

    def _certainty(
        self, sentence: Sentence, known: KnownName, telling: Sequence[TextToken]
    ) -> float:
        tokens = sentence.tokens
        capitals = sum(token.is_capital or token.text[:1].isdigit() for token in telling)
        before = tokens[known.first - 1] if known.first else None
        after = tokens[known.last] if known.last < len(tokens) else None
        if len(telling) == 1 or capitals == 0:
            one = telling[0]
            if not capitals:
                return 0.0 if len(telling) < 3 else 0.8
            starts = before is None or before.text in {":", "«", "“", '"', "(", "•", "?", "!"}
            if starts and (one.form in self._lower or is_everyday_word(one.form)):
                return 0.0
            if is_everyday_word(one.form) or len(one.form) < 3:
                return 0.3
            said = self._actors.places
            if one.form in said and before and before.form in {*_PLACE_PREPOSITIONS, *_OF, "en"}:
                return 0.0
            if one.form in said and after and after.form in {"(", ","} and starts:
                return 0.3
            if one.form in self._lower:
                return 0.4
        if (
            before is not None
            and before.is_word
            and before.is_capital
            and known.first > 1
            and before.form not in _LINKS
            and not is_everyday_word(before.form)
        ):
            if before.form in _FIRST_NAMES:
                return 0.0
            if kind_of(before.form) is OrganisationKind.UNKNOWN and before.form not in LEGAL_FORMS:
                return 0.4
        if before is not None and before.form in _FIRST_NAMES and before.is_capital:
            return 0.0
        if before is not None and before.form in _CIVILITY:
            return 0.0
        if before is not None and before.text == "." and known.first > 1:
            civility = tokens[known.first - 2]
            if civility.form in _CIVILITY and civility.is_capital:
                return 0.0
        if (
            after is not None
            and after.is_word
            and after.is_capital
            and after.form not in LEGAL_FORMS
            and len(telling) == 1
            and after.start == tokens[known.last - 1].end + 1
        ):
            return 0.6
        return 0.97

    def _told_apart(
        self, sentence: Sentence, ids: tuple[str, ...]
    ) -> tuple[tuple[str, ...], float]:
        """Of several with one name, the one whose place the text names; nearer words win."""
        here, text = fold(sentence.text), self._text
        points = {}
        for id_ in ids:
            actor = self._actors.actors[id_]
            place = fold(actor.place)
            department = fold(NAMES.get(actor.department, ""))
            points[id_] = (
                4 * bool(place and _says(here, place))
                + 2 * bool(place and _says(text, place))
                + bool(department and _says(text, department))
            )
        best = max(points.values())
        leaders = [id_ for id_ in ids if points[id_] == best]
        if best and len(leaders) == 1:
            return (leaders[0],), 0.9
        return tuple(leaders), 0.6

    # Names that are not known, and those who have none

    def _unknown(self, sentence: Sentence, taken: list[bool]) -> Iterator[Reference]:
        at = 0
        tokens = sentence.tokens
        while at < len(tokens):
            if taken[at] or not tokens[at].is_word:
                at += 1
                continue
            person = self._person_end(tokens, at)
            if person:
                taken[at:person] = [True] * (person - at)
                at = person
                continue
            reference = self._with_head(sentence, at, taken)
            end = at + 1
            if reference is None:
                reference, end = self._bare(sentence, at, taken)
            if reference is not None and not any(taken[reference.first : reference.last]):
                yield reference
                end = max(reference.last, end)
            if end > at + 1 or reference is not None:
                taken[at:end] = [True] * (end - at)
            at = end

    def _with_head(self, sentence: Sentence, at: int, taken: list[bool]) -> Reference | None:
        tokens = sentence.tokens
        form = tokens[at].form
        public = form in PUBLIC_HEADS
        trade = form not in FIRM_HEADS and not public
        if trade and not (TRADE.search(form) and form not in NOT_A_TRADE):
            return None
        if tokens[at].text.isupper() and len(form) > 1 and not public:
            return None
        if tokens[at].text in {"groupé", "Groupé", "groupés"}:
            return None  # "a groupé" is no "groupe"
        end, name_at = self._extent(tokens, at, taken)
        start, determiner = _left(tokens, at, taken)
        if form == "works" and start == at:
            return None
        if _is_sold(tokens, start) or (trade and determiner == "" and name_at < 0):
            return None
        words = tokens[at:end]
        proper = name_at >= 0
        if not proper and determiner == "" and start and tokens[start - 1].form in {"de", "d'"}:
            before = " ".join(token.form for token in tokens[max(0, start - 4) : start])
            if not (form.endswith("s") and BY_PRODUCT.search(before)):
                return None  # "drêche de brasserie" speaks of no brewery
        name = _written(sentence, start, end)
        if proper and not public and tokens[name_at].form not in LEGAL_FORMS:
            after = sentence.text[tokens[name_at].start : tokens[end - 1].end]
            # "l'entreprise Sendo" is called Sendo; "la brasserie Dalons" is a Brasserie Dalons.
            plural = form.endswith("s")  # "les distillateurs Merlet et Rivat"
            generic = (form in _GENERIC_FIRM or plural) and tokens[at].text.islower()
            name = (
                after
                if generic
                else _capitalised(sentence.text[tokens[at].start : tokens[end - 1].end])
            )
        if proper and public:
            name = _capitalised(sentence.text[tokens[at].start : tokens[end - 1].end])
        ids = self._actors.named(name) if proper else ()
        if proper and not ids and "(" not in name:
            ids = self._actors.named(sentence.text[tokens[at].start : tokens[end - 1].end])
        full = sentence.text[tokens[start].start : tokens[end - 1].end]
        kind = kind_of(
            full if not proper else sentence.text[tokens[at].start : tokens[end - 1].end]
        )
        if proper or (public and _is_acronym(tokens[at]) and form in _NAMED_ACRONYMS):
            reference_kind = ReferenceKind.KNOWN if ids else ReferenceKind.NAMED
            if ids:
                ids, factor = (ids, 1.0) if len(ids) == 1 else self._told_apart(sentence, ids)
                return Reference(
                    start,
                    end,
                    self._actors.actors[ids[0]].name,
                    reference_kind,
                    kind,
                    0.95 * factor,
                    ids,
                    head=form,
                    definite=True,
                )
            return Reference(start, end, name, reference_kind, kind, 0.9, head=form, definite=True)
        of_somebody = start > 1 and tokens[start - 1].form == "s" and not tokens[start - 2].is_word
        definite = determiner in DEFINITE or of_somebody
        plural = form.endswith(("s", "x"))
        if determiner == "" and not plural and sentence.part.value == "body" and len(words) < 2:
            likelihood = 0.6
        else:
            likelihood = 0.85
        return Reference(
            start,
            end,
            _capitalised(name),
            ReferenceKind.UNNAMED,
            kind,
            likelihood,
            head=form,
            definite=definite,
            plural=plural,
            number=_NUMBERS.get(_number_before(tokens, at), 0) if plural else 0,
        )

    def _extent(
        self, tokens: Sequence[TextToken], at: int, taken: Sequence[bool]
    ) -> tuple[int, int]:
        """Where the phrase of a head ends, and where a proper name begins in it (−1: nowhere)."""
        end = at + 1
        public = tokens[at].form in PUBLIC_HEADS
        while end < len(tokens) and (
            _is_adjective(tokens, end, taken)
            or (tokens[at].form in {"town", "city"} and tokens[end].form in {"hall", "council"})
        ):
            end += 1
        complements = 0
        while end < len(tokens) and not taken[end]:
            token = tokens[end]
            region = token.form in _REGIONS and tokens[at].form not in _OF_A_REGION
            if token.is_word and token.is_capital and not region:
                if end == at + 1 and tokens[at].form in {"partenaires", "voisins", "adherents"}:
                    break
                name_end = self._name_end(tokens, end, taken)
                return name_end, end
            if token.form not in _OF and not (
                token.form == "of" or (token.form == "for" and tokens[at].form in _FOR_SOMETHING)
            ):
                break
            inner = end + 1
            while inner < len(tokens) and tokens[inner].form in {"la", "le", "l'", "les", "the"}:
                inner += 1
            if inner >= len(tokens) or not tokens[inner].is_word or taken[inner]:
                break
            if tokens[inner].is_capital and tokens[inner].form not in _ACRONYMS_NOT_ORGANISATIONS:
                name_end = self._name_end(tokens, inner, taken)
                if public or tokens[end].form == "des" or (at and tokens[at].is_capital):
                    return name_end, inner
                # "une entreprise de Cognac" has no name, it has a place.
                return (name_end if tokens[at].form in _OF_PLACE else end), -1
            if complements == 2 or tokens[inner].form in _VERB_FORMS | _INFINITIVES:
                break
            if tokens[inner].form.endswith("er") and verbs(tokens[inner].form):
                break
            complements += 1
            end = inner + 1
            while end < len(tokens) and (
                _is_adjective(tokens, end, taken)
                or (token.form in {"of", "for"} and end < inner + 3 and _goes_on(tokens[end]))
            ):
                end += 1
            if (
                end + 2 < len(tokens)
                and tokens[end].form == "et"
                and tokens[end + 1].form in {"de", "d'"}
                and tokens[end + 2].form not in FIRM_HEADS | PUBLIC_HEADS
                and tokens[end + 2].is_word
                and tokens[end + 2].text.islower()
                and complements == 1
            ):
                end += 3
            elif (
                public
                and end + 1 < len(tokens)
                and tokens[end].form == "et"
                and tokens[end + 1].form in {"d'", "de"}
            ):
                end += 1
        return end, -1

    def _name_end(self, tokens: Sequence[TextToken], at: int, taken: Sequence[bool]) -> int:
        end = at + 1
        while end < len(tokens) and not taken[end]:
            token = tokens[end]
            if token.is_word and (
                token.is_capital
                or token.form in LEGAL_FORMS
                or (token.text.isdigit() and token.end - token.start < 3)
            ):
                end += 1
                continue
            if (
                token.text in {"-", "‐"}
                and end + 1 < len(tokens)
                and token.start == tokens[end - 1].end
                and tokens[end + 1].start == token.end
            ):
                end += 2
                continue
            ahead = end
            while ahead < len(tokens) and tokens[ahead].form in _LINKS and ahead - end < 3:
                ahead += 1
            if (
                ahead > end
                and ahead < len(tokens)
                and not taken[ahead]
                and tokens[ahead].is_word
                and tokens[ahead].is_capital
                and not (tokens[end].form in {"et", "and"} and tokens[ahead - 1].form in _LINKS)
                and (
                    tokens[end].form not in {"le", "la", "les", "en", "l'", "sur", "the"}
                    or tokens[end - 1].text == "-"
                    or tokens[ahead - 1].text == "-"
                )
            ):
                if tokens[end].form in {"et", "and", "&"} and tokens[end].form != "&":
                    break
                if any(tokens[each].form == "-" for each in range(end, ahead)) or tokens[
                    end
                ].form in {*_OF, "of", "&"}:
                    end = ahead + 1
                    continue
            break
        return end

    def _bare(self, sentence: Sentence, at: int, taken: list[bool]) -> tuple[Reference | None, int]:
        """A name that only its capital tells, if one begins here, and where to read on."""
        tokens = sentence.tokens
        token = tokens[at]
        nothing = (None, at + 1)
        if (
            not token.is_capital
            or token.form in _CIVILITY
            or token.form in _REGIONS
            or len(token.form.removesuffix("'")) == 1
        ):
            return nothing
        end = self._name_end(tokens, at, taken)
        if end < len(tokens) and not taken[end] and tokens[end].form in _AFTER_A_NAME:
            end += 1  # "Channings Wood prison"
        words = [each for each in tokens[at:end] if each.is_word and each.form not in _LINKS]
        if _starts(tokens, at) and not self._opens_with_a_name(sentence, at, end, len(words)):
            return nothing
        if len(words) == 1 and token.form in _ACRONYMS_NOT_ORGANISATIONS:
            return None, end
        if (
            at
            and _GENTILE.search(token.form)
            and len(words) == 1
            and tokens[at - 1].form in {"le", "la", "les", "l'", "des", "un", "une", "the"}
        ):
            return None, end
        before = tokens[at - 1] if at else None
        after = tokens[end].form if end < len(tokens) else ""
        is_brand = after in _BRANDS or (before is not None and before.form in _BRANDS)
        if self._is_person(tokens, at, end) or is_brand:
            return None, end
        name = sentence.text[token.start : tokens[end - 1].end]
        if not any(each.form not in INDEFINITE | DEFINITE for each in words):
            return nothing
        if fold(name) in _REGIONS:
            return None, end
        kind = kind_of(name)
        likelihood = 0.7
        if any(each.form in LEGAL_FORMS for each in words) and len(words) > 1:
            likelihood = 0.95
        elif kind not in {OrganisationKind.UNKNOWN, OrganisationKind.MEDIA}:
            likelihood = 0.85
        elif self._is_place(tokens, at, end, len(words)):
            return None, end
        if _is_acronym(token) and len(words) == 1 and kind is OrganisationKind.UNKNOWN:
            likelihood = 0.5
        ids = self._actors.named(name)
        reference_kind = ReferenceKind.NAMED
        if ids:
            reference_kind = ReferenceKind.KNOWN
            ids, factor = (ids, 1.0) if len(ids) == 1 else self._told_apart(sentence, ids)
            likelihood *= factor
        reference = Reference(
            at,
            end,
            name,
            reference_kind,
            kind,
            likelihood,
            ids,
            head=_head_of(name),
            definite=True,
        )
        return reference, end

    def _opens_with_a_name(self, sentence: Sentence, at: int, end: int, length: int) -> bool:
        """Whether the capital that opens a sentence is a name's.

        A name comes back with its capital, or is at once followed by a verb, as nouns without an
        article are not in French.
        """
        tokens = sentence.tokens
        token = tokens[at]
        if (
            token.form in _SENTENCE_OPENERS
            or token.form in INDEFINITE | DEFINITE
            or is_everyday_word(token.form)
            or token.form in _PLACE_PREPOSITIONS
            or (length == 1 and verbs(token.form))
        ):
            return False
        if token.form in self._capital and token.form not in self._lower:
            return True
        if length > 1 and (token.form not in self._lower or tokens[at + 1].is_capital):
            return True
        if token.form in self._lower or _NOT_A_NAME.search(token.text):
            return False
        after = [each.form for each in tokens[end : end + 3]]
        if not after:
            return False
        if after[0] in {"les", "la", "le", "l'", "en", "y", "lui", "leur", "se", "s'"}:
            return len(after) > 1  # a pronoun has its verb after it
        if after[0] in _ENGLISH_BE or after[0].endswith("ing"):
            return False  # "Bottles were supplied": nouns stand alone in English
        return (
            after[0] in _VERB_FORMS
            or (
                after[0] == ","
                and len(after) > 2
                and (after[2] not in {"and", "et", ","} or tokens[end + 1].is_capital)
            )
            or (bool(verbs(after[0])) and not tokens[end].text.endswith("s"))
        )

    def _person_end(self, tokens: Sequence[TextToken], at: int) -> int:
        """Where the name of a person that begins here ends, 0 if none begins."""
        if not tokens[at].is_capital:
            return 0
        end = at
        while (
            end < len(tokens)
            and end - at < 6
            and (
                tokens[end].is_capital
                or (
                    tokens[end].text in {"-", "."}
                    and end + 1 < len(tokens)
                    and tokens[end + 1].is_capital
                )
            )
        ):
            end += 1
        if any(
            token.form in LEGAL_FORMS or kind_of(token.form) is not OrganisationKind.UNKNOWN
            for token in tokens[at + 1 : end]
        ):
            return 0
        if tokens[at].form in _CIVILITY and end - at > 1 and not tokens[at].text.isupper():
            return end
        if tokens[at].form in _CIVILITY and len(tokens[at].text) == 1 and end - at > 2:
            return end
        known_first = tokens[at].form in _FIRST_NAMES and len(tokens[at].text) > 1
        return end if known_first and end - at > 1 else 0

    def _is_place(self, tokens: Sequence[TextToken], at: int, end: int, length: int) -> bool:
        words = " ".join(token.form for token in tokens[at:end] if token.is_word)
        if words in self._actors.places or words in _DEPARTMENTS:
            return True
        before = tokens[at - 1] if at else None
        if before is None:
            return False
        if before.form == "a" and before.text not in {"à", "À"}:
            return False
        if before.form in _PLACE_PREPOSITIONS:
            return before.form not in {"a", "aux"} or not _gives(tokens, at)
        if length > 1:
            return False
        near = " ".join(token.form for token in tokens[max(0, at - 4) : at])
        if length == 1 and before.form in {"de", "d'", "of", "from"} and BY_PRODUCT.search(near):
            return False  # "slag from X", "les chutes de X"
        if before.form in {"de", "d'", "of"} and at > 1 and is_head(tokens[at - 2].form):
            return True
        if before.form in {"de", "d'", "of", "from", "to", "en"}:
            return not _gives(tokens, at)
        return False

    def _is_person(self, tokens: Sequence[TextToken], at: int, end: int) -> bool:
        words = [token for token in tokens[at:end] if token.is_word]
        if len(words) > 1 and any(token.form in LEGAL_FORMS for token in words):
            return False
        if words[0].form in _FIRST_NAMES and kind_of(words[0].form) is OrganisationKind.UNKNOWN:
            return True
        if at and (tokens[at - 1].form in _CIVILITY or tokens[at - 1].form in _SPEECH):
            return True
        if at > 1 and tokens[at - 1].text == "." and tokens[at - 2].form in _CIVILITY:
            return tokens[at - 2].is_capital
        if at and _JOBS.fullmatch(tokens[at - 1].form):
            return True
        following = " ".join(token.form for token in tokens[end : end + 4])
        if following.startswith(", ") and _JOBS.match(
            following[2:].removeprefix("la ").removeprefix("le ").removeprefix("the ")
        ):
            return True
        return bool(end < len(tokens) and tokens[end].form in _SPEECH and len(words) == 2)


_ENGLISH_BE = lexicon.words("auxiliaries", "english")
_BRANDS = lexicon.words("not_organisations", "brand")
_NOT_A_NAME = re.compile(lexicon.any_of("endings", "verb_or_adverb") + "$", re.IGNORECASE)
_GENTILE = re.compile(lexicon.any_of("endings", "inhabitant") + "$")


def _starts(tokens: Sequence[TextToken], at: int) -> bool:
    return at == 0 or tokens[at - 1].text in {
        ":",
        "«",
        "“",
        '"',
        "•",
        "?",
        "!",
        "–",
        "—",
        ".",
        "(",
        "…",
    }


_COMES = re.compile(r"(?:arriv|proven|provien)")


def _gives(tokens: Sequence[TextToken], at: int) -> bool:
    """Whether a verb of giving or taking goes before: what follows "à" is then no place."""
    return any(
        {Action.SUPPLY, Action.BUY, Action.TAKE, Action.RECEIVE} & set(verbs(token.form))
        or _COMES.match(token.form)
        for token in tokens[max(0, at - 9) : at]
    )


def _with_their_trade(sentence: Sentence, references: Sequence[Reference]) -> Iterator[Reference]:
    """The references, "la maison Decourt" and "les ateliers de Decourt" being one each."""
    waiting: Reference | None = None
    for reference in references:
        owned = waiting is not None and _owns(sentence, reference, waiting)
        if waiting is not None and (owned or _is_trade_of(sentence, waiting, reference)):
            kind = reference.kind
            if kind is OrganisationKind.UNKNOWN and not owned:
                kind = waiting.kind
            head = reference.head or ("" if owned else waiting.head)
            waiting = replace(reference, first=waiting.first, kind=kind, head=head)
            continue
        if waiting is not None:
            yield waiting
        waiting = reference
    if waiting is not None:
        yield waiting


def _is_trade_of(sentence: Sentence, trade: Reference, name: Reference) -> bool:
    """Whether a name follows what its bearer does for a living: "la maison Decourt"."""
    between = [token.form for token in sentence.tokens[trade.last : name.first]]
    return not trade.is_named and name.is_named and between in ([], ["«"], ['"'], ["“"])


def _owns(sentence: Sentence, name: Reference, part: Reference) -> bool:
    """Whether a name is that of whose workshop or site was spoken of."""
    between = " ".join(token.form for token in sentence.tokens[part.last : name.first])
    return (
        not part.is_named
        and name.is_named
        and part.head in _PARTS_OF_A_FIRM
        and between in {"de", "d'", "du", "of", "de la", "de l'"}
    )


_INFINITIVES = lexicon.words("verb_forms", "infinitive")
_FOR_SOMETHING = lexicon.words("organisation_classes", "with_purpose")
_PARTS_OF_A_FIRM = lexicon.words("organisation_classes", "part_of_a_firm")
_DEPARTMENTS = frozenset(" ".join(re.findall(r"[^\W_]+", fold(name))) for name in NAMES.values())
_GENERIC_FIRM = lexicon.words("organisation_classes", "before_a_name")
_OF_PLACE = lexicon.words("organisation_classes", "with_place")
_OF_A_REGION = lexicon.words("organisation_classes", "with_region")
_NAMED_ACRONYMS = lexicon.words("organisation_classes", "acronym")
_SENTENCE_OPENERS = lexicon.words("sentence_openers")


def is_head(form: str) -> bool:
    """Whether a folded word says what kind of organisation it stands for."""
    trade = TRADE.search(form) is not None and form not in NOT_A_TRADE
    return form in FIRM_HEADS or form in PUBLIC_HEADS or trade


def _is_acronym(token: TextToken) -> bool:
    return token.text.isupper() and 2 <= len(token.form) <= 6


def _goes_on(token: TextToken) -> bool:
    """Whether a word may go on an English compound: "the transfer of ceramic technologies"."""
    return (
        token.is_word
        and token.text.islower()
        and not is_everyday_word(token.form)
        and token.form not in _VERB_FORMS | _NOT_ENGLISH_MODIFIERS
        and not verbs(token.form)
    )


def _is_adjective(tokens: Sequence[TextToken], at: int, taken: Sequence[bool]) -> bool:
    token = tokens[at]
    if taken[at] or not token.is_word or not token.text[:1].islower():
        return token.is_capital and token.form in _ADJECTIVES and not taken[at]
    form = token.form
    if form in _VERB_FORMS or form in _NOT_ADJECTIVES or is_everyday_word(form):
        return False
    if form in _ADJECTIVES:
        return True
    if form.endswith("ive") and verbs(form):
        return False  # "receive"
    return len(form) > 3 and bool(_ADJECTIVE.search(form))


def _left(tokens: Sequence[TextToken], at: int, taken: Sequence[bool]) -> tuple[int, str]:
    """Where the phrase of a head begins, its determiner left out, and that determiner."""
    start = at
    while start and not taken[start - 1]:
        before = tokens[start - 1]
        if before.form in INDEFINITE and before.form not in {"autre", "autres", "other", "a"}:
            return start, before.form
        if before.form == "a" and before.text in {"a", "A"}:
            return start, "a"
        if before.form in DEFINITE:
            return start, before.form
        if before.form in _MODIFIERS_BEFORE:
            start -= 1
            continue
        english = (
            before.text.islower()
            and before.is_word
            and before.form not in _NOT_ENGLISH_MODIFIERS
            and before.form not in _VERB_FORMS
            and not is_everyday_word(before.form)
            and tokens[at].form in _ENGLISH_HEADS
            and at - start < 4
            and (before.form.endswith("ing") or not verbs(before.form))
        )
        if not english and start == 1 and tokens[at].form in _ENGLISH_HEADS:
            # "Container makers joined in": the capital is the sentence's.
            english = (
                before.is_word
                and not before.text[1:].isupper()
                and not is_everyday_word(before.form)
                and before.form not in _SENTENCE_OPENERS
                and not verbs(before.form)
            )
        if start > 1 and tokens[start - 2].form in {"which", "who", "that"}:
            english = False  # "which follows public buyers"
        hyphen = before.text == "-" and start > 1 and tokens[start - 2].end == before.start
        if english or (hyphen and tokens[at].form in _ENGLISH_HEADS):
            start -= 1
            continue
        break
    if (
        start
        and tokens[start - 1].form in {"d'", "de"}
        and tokens[start].form in {"autres", "anciens", "nombreux", "grands", "petits"}
    ):
        return start, "des"
    return start, ""


_ENGLISH_HEADS = frozenset(
    word for word, _, marks in lexicon.rows("organisation_words", 3) if "compound" in marks.split()
)
_AFTER_A_NAME = lexicon.words("organisation_classes", "after_a_name")
_NOT_ENGLISH_MODIFIERS = lexicon.words("verb_forms", "not_before_a_head")


_NUMBERS = {word: int(number) for word, number in lexicon.rows("numbers", 2)}


def _number_before(tokens: Sequence[TextToken], at: int) -> str:
    return next(
        (token.form for token in reversed(tokens[max(0, at - 3) : at]) if token.form in _NUMBERS),
        "",
    )


def _is_sold(tokens: Sequence[TextToken], start: int) -> bool:
    return start > 0 and tokens[start - 1].form in {"produits", "produit"}


def _written(sentence: Sentence, start: int, end: int) -> str:
    """The phrase as a name."""
    tokens = sentence.tokens
    return _capitalised(sentence.text[tokens[start].start : tokens[end - 1].end])


def _capitalised(name: str) -> str:
    return name[:1].upper() + name[1:]


def _head_of(name: str) -> str:
    words: list[str] = re.findall(r"[^\W_]+", fold(name))
    for word in words:
        if word in PUBLIC_HEADS or word in FIRM_HEADS or TRADE.search(word):
            return word
    return ""


def _says(text: str, words: str) -> bool:
    return bool(re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text))

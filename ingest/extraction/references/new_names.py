"""References by a new name, which only its capital shows."""

import re
from collections.abc import Sequence

from ingest.extraction import lexicon
from ingest.extraction.actions import BY_PRODUCT, Action, verbs
from ingest.extraction.ordinary_words import is_ordinary
from ingest.extraction.organisation_kinds import OrganisationKind, kind_of
from ingest.extraction.references.context import ArticleContext
from ingest.extraction.references.extents import name_end
from ingest.extraction.references.persons import CIVILITY, is_person
from ingest.extraction.references.reference import Reference, ReferenceKind
from ingest.extraction.references.vocabulary import (
    BEFORE_A_PLACE,
    DEFINITE,
    INDEFINITE,
    LINKS,
    NEVER_IN_A_NAME,
    OTHER_ACRONYMS,
    PLACES_AND_TIMES,
    SENTENCE_OPENERS,
    head_of,
    is_acronym,
    is_head,
)
from ingest.extraction.tokens import (
    Sentence,
    TextToken,
    is_everyday_word,
    joined,
    starts_a_sentence,
)
from kb.reference.communes import is_commune
from kb.text.folding import fold
from kb.text.organisation_name import LEGAL_FORMS

UNSURE = 0.3
"""Likelihood of a name that is rather a place's, or no name."""

_ENGLISH_AUXILIARIES = lexicon.words("auxiliaries", "english")
_BRANDS = lexicon.words("not_organisations", "brand")
_NOT_A_NAME = re.compile(lexicon.any_of("endings", "verb_or_adverb") + "$", re.IGNORECASE)
_INHABITANT = re.compile(lexicon.any_of("endings", "inhabitant") + "$")
_AFTER_A_NAME = lexicon.words("organisation_classes", "after_a_name")
_BEFORE_A_VERB = lexicon.words("pronouns", "before_verb")
_BEFORE_A_PEOPLE = lexicon.words("determiners", "before_people")
_COMES = re.compile(r"(?:arriv|proven|provien)")


def new_name(
    context: ArticleContext, sentence: Sentence, at: int, taken: Sequence[bool]
) -> tuple[Reference | None, int]:
    """The reference of a name that begins at a token, if one does, and where to read on."""
    tokens = sentence.tokens
    token = tokens[at]
    if (
        not token.is_capital
        or token.form in CIVILITY | PLACES_AND_TIMES
        or (len(token.form.removesuffix("'")) == 1 and not _goes_on_in_a_word(tokens, at))
    ):
        return None, at + 1
    end = name_end(tokens, at, taken)
    if end < len(tokens) and not taken[end] and tokens[end].form in _AFTER_A_NAME:
        end += 1  # "Channings Wood prison"
    forms = [each.form for each in tokens[at:end] if each.is_word and each.form not in LINKS]
    sure = 1.0
    if starts_a_sentence(tokens, at):
        sure = _opens_with_a_name(context, tokens, at, end, is_one_word=len(forms) == 1)
        if not sure:
            return None, at + 1
    name = sentence.written(at, end)
    if _names_something_else(tokens, at, end, is_one_word=len(forms) == 1):
        return None, end
    if set(forms) <= INDEFINITE | DEFINITE:
        return None, at + 1
    likelihood = _likelihood(context, tokens, at, end, kind_of(name), forms)
    if fold(name) in PLACES_AND_TIMES or not likelihood:
        return None, end
    ids, share = context.actors.named(name), 1.0
    if ids:
        ids, share = context.narrowed(sentence, ids)
    reference = Reference(
        at,
        end,
        name,
        ReferenceKind.KNOWN if ids else ReferenceKind.NAMED,
        kind_of(name),
        likelihood * share * sure,
        ids,
        head=head_of(name),
        definite=True,
    )
    return reference, end


def _goes_on_in_a_word(tokens: Sequence[TextToken], at: int) -> bool:
    """Whether an apostrophe and a capital follow a letter in the same word: "R'Bag"."""
    return (
        tokens[at].is_word
        and at + 2 < len(tokens)
        and tokens[at + 1].text in {"'", "’"}
        and tokens[at + 1].start == tokens[at].end
        and tokens[at + 2].is_capital
    )


def _names_something_else(
    tokens: Sequence[TextToken], at: int, end: int, *, is_one_word: bool
) -> bool:
    """Whether a name belongs to a standard, a people, a product or a person."""
    before = tokens[at - 1].form if at else ""
    after = tokens[end].form if end < len(tokens) else ""
    people = _INHABITANT.search(tokens[at].form) and before in _BEFORE_A_PEOPLE
    return (
        (is_one_word and (tokens[at].form in OTHER_ACRONYMS or bool(people)))
        or after in _BRANDS
        or before in _BRANDS
        or is_person(tokens, at, end)
    )


def _likelihood(
    context: ArticleContext,
    tokens: Sequence[TextToken],
    at: int,
    end: int,
    kind: OrganisationKind,
    forms: Sequence[str],
) -> float:
    """Returns the probability that a name is an organisation's; 0 for a place that is known."""
    if len(forms) > 1 and LEGAL_FORMS & set(forms):
        return 0.95
    if kind not in {OrganisationKind.UNKNOWN, OrganisationKind.MEDIA}:
        return 0.85
    if context.actors.is_place(joined(token for token in tokens[at:end] if token.is_word)):
        return 0.0
    if _is_place(tokens, at, is_one_word=len(forms) == 1):
        return 0.0 if is_commune(" ".join(forms)) else UNSURE
    is_short = is_acronym(tokens[at]) and len(forms) == 1
    return 0.5 if is_short and kind is OrganisationKind.UNKNOWN else 0.7


def _opens_with_a_name(
    context: ArticleContext, tokens: Sequence[TextToken], at: int, end: int, *, is_one_word: bool
) -> float:
    """How sure it is that the word that opens a sentence is a name; 0 if it is none.

    A name comes back with its capital, or is at once followed by a verb, as nouns without an
    article are not in French.
    """
    form = tokens[at].form
    if (
        form in SENTENCE_OPENERS | INDEFINITE | DEFINITE | BEFORE_A_PLACE
        or is_everyday_word(form)
        or (is_one_word and verbs(form))
    ):
        return 0.0
    if form not in context.lower and (form in context.capital or not is_one_word):
        return 1.0
    if form in context.lower:
        return float(not is_one_word and tokens[at + 1].is_capital)
    if is_ordinary(tokens[at].text):
        return 0.0
    is_name = not _NOT_A_NAME.search(tokens[at].text) and _has_a_verb_at(tokens, end)
    return 1.0 if is_name else UNSURE


def _has_a_verb_at(tokens: Sequence[TextToken], end: int) -> bool:
    """Whether the words after a possible name are such as follow a name."""
    after = [token.form for token in tokens[end : end + 3]]
    if not after:
        return False
    if after[0] in _BEFORE_A_VERB:
        return len(after) > 1
    if after[0] in _ENGLISH_AUXILIARIES or after[0].endswith("ing"):
        return False  # "Bottles were supplied": nouns stand alone in English
    if after[0] == ",":
        list_goes_on = after[2:] in (["and"], ["et"], [","])
        return len(after) > 2 and (not list_goes_on or tokens[end + 1].is_capital)
    return after[0] in NEVER_IN_A_NAME or (
        bool(verbs(after[0])) and not tokens[end].text.endswith("s")
    )


def _is_place(tokens: Sequence[TextToken], at: int, *, is_one_word: bool) -> bool:
    """Whether a name may be a place's, by the words before it."""
    before = tokens[at - 1] if at else None
    if before is None or (before.form == "a" and before.text not in {"à", "À"}):
        return False
    if before.form in BEFORE_A_PLACE:
        return before.form not in {"a", "aux"} or not _gives(tokens, at)
    if not is_one_word or before.form not in {"de", "d'", "of", "from", "to", "en"}:
        return False
    if before.form not in {"to", "en"} and BY_PRODUCT.search(joined(tokens[max(0, at - 4) : at])):
        return False  # "slag from X", "les chutes de X"
    of_head = before.form in {"de", "d'", "of"} and at > 1 and is_head(tokens[at - 2].form)
    return of_head or not _gives(tokens, at)


def _gives(tokens: Sequence[TextToken], at: int) -> bool:
    """Whether a verb of giving or taking goes before, so that no place follows "à"."""
    return any(
        {Action.SUPPLY, Action.BUY, Action.TAKE, Action.RECEIVE} & set(verbs(token.form))
        or _COMES.match(token.form)
        for token in tokens[max(0, at - 9) : at]
    )

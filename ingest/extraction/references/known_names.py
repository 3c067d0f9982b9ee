"""References by the name of a known actor, and how likely each is that actor's."""

from collections.abc import Sequence

from ingest.extraction.gazetteer import KnownName
from ingest.extraction.organisation_kinds import OrganisationKind, kind_of
from ingest.extraction.references.context import ArticleContext
from ingest.extraction.references.persons import CIVILITY, FIRST_NAMES, is_abbreviated_civility
from ingest.extraction.references.reference import Reference, ReferenceKind
from ingest.extraction.references.vocabulary import BEFORE_A_PLACE, LINKS, OF, head_of
from ingest.extraction.tokens import BEFORE_A_CAPITAL, Sentence, TextToken, is_everyday_word
from kb.text.organisation_name import LEGAL_FORMS


def known_reference(
    context: ArticleContext, sentence: Sentence, known: KnownName
) -> Reference | None:
    """The reference that a known name makes, `None` where it is likely another's."""
    tokens = sentence.tokens
    first, last = known.first, known.last
    while last < len(tokens) and tokens[last].form in LEGAL_FORMS and tokens[last].is_capital:
        last += 1
    words = [token for token in tokens[first:last] if token.is_word and token.form not in LINKS]
    likelihood = _certainty(context, tokens, known, words)
    if not likelihood:
        return None
    ids, share = context.narrowed(sentence, known.actor_ids)
    name = context.actors.actors[known.actor_ids[0]].name
    kind = kind_of(name)
    if kind is OrganisationKind.MEDIA:
        kind = OrganisationKind.UNKNOWN
    return Reference(
        first,
        last,
        name,
        ReferenceKind.KNOWN,
        kind,
        likelihood * share * known.likeness,
        ids,
        head=head_of(name),
        definite=True,
    )


def _certainty(
    context: ArticleContext,
    tokens: Sequence[TextToken],
    known: KnownName,
    words: Sequence[TextToken],
) -> float:
    """Returns the probability that words mean a known name, by their capitals and neighbours."""
    before = tokens[known.first - 1] if known.first else None
    after = tokens[known.last] if known.last < len(tokens) else None
    if not any(word.is_capital or word.text[:1].isdigit() for word in words):
        return 0.0 if len(words) < 3 else 0.8
    if len(words) == 1:
        certainty = _certainty_of_one_word(context, words[0], before, after)
        if certainty < 1:
            return certainty
    if before is not None:
        if before.is_capital and before.form in FIRST_NAMES:
            return 0.0
        if known.first > 1 and _may_be_of_the_name(before):
            return 0.4
        if before.form in CIVILITY or is_abbreviated_civility(tokens, known.first):
            return 0.0
    may_go_on = (
        after is not None
        and after.is_word
        and after.is_capital
        and after.form not in LEGAL_FORMS
        and len(words) == 1
        and after.start == tokens[known.last - 1].end + 1
    )
    return 0.6 if may_go_on else 0.97


def _certainty_of_one_word(
    context: ArticleContext, word: TextToken, before: TextToken | None, after: TextToken | None
) -> float:
    """Returns the probability that a capitalised word is a name; 1 without contrary signs."""
    form = word.form
    opens = before is None or before.text in BEFORE_A_CAPITAL
    everyday = is_everyday_word(form)
    if opens and (form in context.lower or everyday):
        return 0.0
    if everyday or len(form) < 3:
        return 0.3
    if form in context.actors.places:
        if before is not None and before.form in BEFORE_A_PLACE | OF | {"en"}:
            return 0.0
        if after is not None and after.form in {"(", ","} and opens:
            return 0.3
    return 0.4 if form in context.lower else 1.0


def _may_be_of_the_name(before: TextToken) -> bool:
    """Whether the word before a name may open a longer name, of another organisation."""
    return (
        before.is_word
        and before.is_capital
        and before.form not in LINKS | LEGAL_FORMS
        and not is_everyday_word(before.form)
        and kind_of(before.form) is OrganisationKind.UNKNOWN
    )

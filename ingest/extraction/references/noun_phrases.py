"""References by what an organisation is, with a name or without: "une entreprise de cirage"."""

from collections.abc import Sequence

from ingest.extraction import lexicon
from ingest.extraction.actions import BY_PRODUCT
from ingest.extraction.organisation_kinds import kind_of
from ingest.extraction.references.context import ArticleContext
from ingest.extraction.references.extents import phrase_end, phrase_start
from ingest.extraction.references.reference import Reference, ReferenceKind
from ingest.extraction.references.vocabulary import (
    DEFINITE,
    FIRM_HEADS,
    PUBLIC_HEADS,
    is_acronym,
    is_head,
)
from ingest.extraction.tokens import Sentence, TextPart, TextToken, joined
from kb.text.organisation_name import LEGAL_FORMS

_BEFORE_A_NAME = lexicon.words("organisation_classes", "before_a_name")
_NAMED_ACRONYMS = lexicon.words("organisation_classes", "acronym")
_NUMBERS = {word: int(number) for word, number in lexicon.rows("numbers", 2)}


def phrase_reference(
    context: ArticleContext, sentence: Sentence, at: int, taken: Sequence[bool]
) -> Reference | None:
    """The reference whose head is a token, `None` where that token stands for no organisation."""
    tokens = sentence.tokens
    form = tokens[at].form
    if not is_head(form) or _is_no_noun(tokens[at]):
        return None
    end, name_at = phrase_end(tokens, at, taken)
    start, determiner = phrase_start(tokens, at, taken)
    has_name = name_at >= 0
    if form == "works" and start == at:
        return None
    if not has_name and determiner == "" and _is_material(tokens, start, form):
        return None
    if start and tokens[start - 1].form in {"produits", "produit"}:
        return None
    if has_name or (is_acronym(tokens[at]) and form in _NAMED_ACRONYMS):
        return _named(context, sentence, start, at, end, name_at)
    phrase = sentence.written(start, end)
    of_somebody = start > 1 and tokens[start - 1].form == "s" and not tokens[start - 2].is_word
    plural = form.endswith(("s", "x"))
    alone = determiner == "" and not plural and sentence.part is TextPart.BODY and end - at == 1
    return Reference(
        start,
        end,
        _capitalised(phrase),
        ReferenceKind.UNNAMED,
        kind_of(phrase),
        0.6 if alone else 0.85,
        head=form,
        definite=determiner in DEFINITE or of_somebody,
        plural=plural,
        number=_number_before(tokens, at) if plural else 0,
    )


def _named(
    context: ArticleContext, sentence: Sentence, start: int, at: int, end: int, name_at: int
) -> Reference:
    """The reference of a phrase with a name, that begins at `name_at`, −1 for an acronym."""
    token = sentence.tokens[at]
    form = token.form
    with_head = sentence.written(at, end)
    name = _capitalised(sentence.written(start, end))
    ids: tuple[str, ...] = ()
    if name_at >= 0:
        if form in PUBLIC_HEADS:
            name = _capitalised(with_head)
        elif sentence.tokens[name_at].form not in LEGAL_FORMS:
            # "l'entreprise Sendo" is called Sendo; "la brasserie Dalons" is a Brasserie Dalons.
            plural = form.endswith("s")  # "les distillateurs Merlet et Rivat"
            apart = (form in _BEFORE_A_NAME or plural) and token.text.islower()
            name = sentence.written(name_at, end) if apart else _capitalised(with_head)
        ids = context.actors.named(name)
        if not ids and "(" not in name:
            ids = context.actors.named(with_head)
    kind = kind_of(with_head if name_at >= 0 else sentence.written(start, end))
    if not ids:
        return Reference(start, end, name, ReferenceKind.NAMED, kind, 0.9, head=form, definite=True)
    ids, share = context.narrowed(sentence, ids)
    return Reference(
        start,
        end,
        context.actors.actors[ids[0]].name,
        ReferenceKind.KNOWN,
        kind,
        0.95 * share,
        ids,
        head=form,
        definite=True,
    )


def _is_no_noun(token: TextToken) -> bool:
    shouted = token.text.isupper() and len(token.form) > 1 and token.form not in PUBLIC_HEADS
    # "a groupé" is no "groupe"
    return shouted or token.text in {"groupé", "Groupé", "groupés"}


def _is_material(tokens: Sequence[TextToken], start: int, form: str) -> bool:
    """Whether a phrase without a determiner describes the kind of something else."""
    if form not in FIRM_HEADS | PUBLIC_HEADS:
        return True
    if not start or tokens[start - 1].form not in {"de", "d'"}:
        return False
    before = joined(tokens[max(0, start - 4) : start])
    # "drêche de brasserie" speaks of no brewery.
    return not (form.endswith("s") and BY_PRODUCT.search(before))


def _number_before(tokens: Sequence[TextToken], at: int) -> int:
    """The number among the three words before a head, 0 if there is none."""
    before = reversed(tokens[max(0, at - 3) : at])
    return next((_NUMBERS[token.form] for token in before if token.form in _NUMBERS), 0)


def _capitalised(name: str) -> str:
    return name[:1].upper() + name[1:]

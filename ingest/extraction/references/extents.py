"""Extents of the noun phrases and names of organisations."""

import re
from collections.abc import Sequence

from ingest.extraction import lexicon
from ingest.extraction.actions import verbs
from ingest.extraction.references.vocabulary import (
    COMPOUND_HEADS,
    DEFINITE,
    FIRM_HEADS,
    INDEFINITE,
    LINKS,
    NEVER_IN_A_NAME,
    OF,
    OTHER_ACRONYMS,
    PLACES_AND_TIMES,
    PUBLIC_HEADS,
    SENTENCE_OPENERS,
)
from ingest.extraction.tokens import TextToken, is_everyday_word
from kb.text.organisation_name import LEGAL_FORMS

_HYPHENS = frozenset("-‐")
_INSIDE_A_WORD = _HYPHENS | frozenset("'’ʼ")
_MODIFIERS_BEFORE = lexicon.words("adjectives", "before")
_ADJECTIVE = re.compile(lexicon.any_of("endings", "adjective") + "$")
_ADJECTIVES = lexicon.words("adjectives", "after")
_NOT_ADJECTIVES = lexicon.words("adjectives", "never")
_INFINITIVES = lexicon.words("verb_forms", "infinitive")
_NOT_ENGLISH_MODIFIERS = lexicon.words("verb_forms", "not_before_a_head")
_FOR_SOMETHING = lexicon.words("organisation_classes", "with_purpose")
_OF_PLACE = lexicon.words("organisation_classes", "with_place")
_OF_A_REGION = lexicon.words("organisation_classes", "with_region")


def phrase_start(tokens: Sequence[TextToken], at: int, taken: Sequence[bool]) -> tuple[int, str]:
    """Returns the start of a head's phrase, without its determiner, and the determiner."""
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
            and before.form not in NEVER_IN_A_NAME
            and not is_everyday_word(before.form)
            and tokens[at].form in COMPOUND_HEADS
            and at - start < 4
            and (before.form.endswith("ing") or not verbs(before.form))
        )
        if not english and start == 1 and tokens[at].form in COMPOUND_HEADS:
            # "Container makers joined in": the capital is the sentence's.
            english = (
                before.is_word
                and not before.text[1:].isupper()
                and not is_everyday_word(before.form)
                and before.form not in SENTENCE_OPENERS
                and not verbs(before.form)
            )
        if start > 1 and tokens[start - 2].form in {"which", "who", "that"}:
            english = False  # "which follows public buyers"
        hyphen = before.text == "-" and start > 1 and tokens[start - 2].end == before.start
        if english or (hyphen and tokens[at].form in COMPOUND_HEADS):
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


def phrase_end(tokens: Sequence[TextToken], at: int, taken: Sequence[bool]) -> tuple[int, int]:
    """Returns the end of a head's phrase and the start of a proper name in it, −1 without name."""
    head = tokens[at].form
    end = at + 1
    while end < len(tokens) and (
        _is_adjective(tokens, end, taken)
        or (head in {"town", "city"} and tokens[end].form in {"hall", "council"})
    ):
        end += 1
    complements = 0
    while end < len(tokens) and not taken[end]:
        token = tokens[end]
        region = token.form in PLACES_AND_TIMES and head not in _OF_A_REGION
        if token.is_word and token.is_capital and not region:
            if end == at + 1 and head in {"partenaires", "voisins", "adherents"}:
                break
            return name_end(tokens, end, taken), end
        purpose = token.form == "for" and head in _FOR_SOMETHING
        if token.form not in OF and token.form != "of" and not purpose:
            break
        noun = end + 1
        while noun < len(tokens) and tokens[noun].form in {"la", "le", "l'", "les", "the"}:
            noun += 1
        if noun >= len(tokens) or not tokens[noun].is_word or taken[noun]:
            break
        if tokens[noun].is_capital and tokens[noun].form not in OTHER_ACRONYMS:
            last = name_end(tokens, noun, taken)
            if head in PUBLIC_HEADS or token.form == "des" or (at and tokens[at].is_capital):
                return last, noun
            # "une entreprise de Cognac" has no name, it has a place.
            return (last if head in _OF_PLACE else end), -1
        if complements == 2 or _is_verb(tokens[noun].form):
            break
        complements += 1
        end = _complement_end(tokens, noun, taken, english=token.form in {"of", "for"})
        end = _second_complement_end(tokens, end, head, is_first=complements == 1)
    return end, -1


def _is_verb(form: str) -> bool:
    return form in NEVER_IN_A_NAME | _INFINITIVES or (form.endswith("er") and bool(verbs(form)))


def _complement_end(
    tokens: Sequence[TextToken], noun: int, taken: Sequence[bool], *, english: bool
) -> int:
    end = noun + 1
    while end < len(tokens) and (
        _is_adjective(tokens, end, taken) or (english and end < noun + 3 and _goes_on(tokens[end]))
    ):
        end += 1
    return end


def _second_complement_end(
    tokens: Sequence[TextToken], end: int, head: str, *, is_first: bool
) -> int:
    """Past "et de coton" after "fabricant de lin"; after a public head, past "et" alone."""
    if not (
        end + 1 < len(tokens) and tokens[end].form == "et" and tokens[end + 1].form in {"de", "d'"}
    ):
        return end
    noun = tokens[end + 2] if end + 2 < len(tokens) else None
    if (
        is_first
        and noun is not None
        and noun.form not in FIRM_HEADS | PUBLIC_HEADS
        and noun.is_word
        and noun.text.islower()
    ):
        return end + 3
    return end + 1 if head in PUBLIC_HEADS else end


def name_end(tokens: Sequence[TextToken], at: int, taken: Sequence[bool]) -> int:
    """Returns the end of the name that begins at a token."""
    end = at + 1
    while end < len(tokens) and not taken[end]:
        token = tokens[end]
        if token.is_word and (
            token.is_capital
            or token.form in LEGAL_FORMS
            or (token.text.isdigit() and token.end - token.start < 3)
        ):
            end += 1
        elif (
            token.text in _INSIDE_A_WORD
            and end + 1 < len(tokens)
            and token.start == tokens[end - 1].end
            and tokens[end + 1].start == token.end
            and not (token.text not in _HYPHENS and tokens[end + 1].form == "s")
        ):
            end += 2
        elif (next_word := _next_of_name(tokens, end, taken)) > 0:
            end = next_word + 1
        else:
            break
    return end


def _next_of_name(tokens: Sequence[TextToken], end: int, taken: Sequence[bool]) -> int:
    """The capitalised word that small words join with the name before them, 0 if they do not."""
    ahead = end
    while ahead < len(tokens) and tokens[ahead].form in LINKS and ahead - end < 3:
        ahead += 1
    if (
        ahead == end
        or ahead == len(tokens)
        or taken[ahead]
        or not tokens[ahead].is_word
        or not tokens[ahead].is_capital
    ):
        return 0
    link = tokens[end].form
    hyphen = any(token.form == "-" for token in tokens[end:ahead])
    if link in {"et", "and"}:
        return 0
    if link in {"le", "la", "les", "en", "l'", "sur", "the"} and not (
        tokens[end - 1].text == "-" or tokens[ahead - 1].text == "-"
    ):
        return 0
    return ahead if hyphen or link in OF | {"of", "&"} else 0


def _is_adjective(tokens: Sequence[TextToken], at: int, taken: Sequence[bool]) -> bool:
    token = tokens[at]
    if taken[at] or not token.is_word or not token.text[:1].islower():
        return token.is_capital and token.form in _ADJECTIVES and not taken[at]
    form = token.form
    if form in NEVER_IN_A_NAME or form in _NOT_ADJECTIVES or is_everyday_word(form):
        return False
    if form in _ADJECTIVES:
        return True
    if form.endswith("ive") and verbs(form):
        return False  # "receive"
    return len(form) > 3 and bool(_ADJECTIVE.search(form))


def _goes_on(token: TextToken) -> bool:
    """Whether a word may go on an English compound: "the transfer of ceramic technologies"."""
    return (
        token.is_word
        and token.text.islower()
        and not is_everyday_word(token.form)
        and token.form not in NEVER_IN_A_NAME | _NOT_ENGLISH_MODIFIERS
        and not verbs(token.form)
    )

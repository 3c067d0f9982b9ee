"""The names of an actor, and what is compared of a name in a text."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from ingest.extraction import lexicon
from ingest.extraction.organisation_kinds import NAMES_REMEMBERED, OrganisationKind, kind_of
from ingest.extraction.tokens import is_everyday_word, plain_words, tokens
from kb.models import Actor
from kb.text.analysis import FUNCTION_WORDS
from kb.text.folding import fold
from kb.text.organisation_name import LEFT_OUT_IN_TEXTS, distinctive

MIN_SHORT_NAME_CHARS = 5
"""The longest word of what is left of a name is at least this long for a text to name it so."""

_ALIAS_FIELDS = frozenset(lexicon.phrases("alias_fields"))

_PARENTHESIS = re.compile(r"[(\[]([^)\]]{2,80})[)\]]")
_BEFORE_A_NAME = re.compile(
    rf"^\s*(?:{lexicon.any_of('name_links', 'announced')}\b[\s:]*)+", re.IGNORECASE
)
_PUBLIC_KINDS = frozenset(
    {
        OrganisationKind.TOWN,
        OrganisationKind.CARE,
        OrganisationKind.CHAMBER,
        OrganisationKind.STATE,
        OrganisationKind.NETWORK,
    }
)

_PUBLIC_WORDS = tuple(
    (re.compile(pattern), word) for pattern, word in lexicon.rows("public_bodies", 2)
)
_PAIRED = lexicon.words("organisation_classes", "paired")
"""Words that mean a kind of organisation only together with the word beside them."""

_VAGUE = lexicon.words("common_name_words", "short_name")
LEFT_OUT = (
    LEFT_OUT_IN_TEXTS
    | lexicon.words("name_links", "article")
    | lexicon.words("name_links", "left_out")
)


@lru_cache(maxsize=NAMES_REMEMBERED)
def name_words(name: str) -> tuple[str, ...]:
    """The words of a name that are compared: folded, without articles and legal forms."""
    forms = [token.form.removesuffix("'") for token in tokens(name) if token.is_word]
    return distinctive(forms, LEFT_OUT)


@lru_cache(maxsize=NAMES_REMEMBERED)
def public_key(name: str, kind: OrganisationKind) -> frozenset[str]:
    """Returns the words that spellings of a public body share; empty for other names."""
    if kind not in _PUBLIC_KINDS:
        return frozenset()
    text = " ".join(plain_words(name))
    for pattern, word in _PUBLIC_WORDS:
        text = pattern.sub(word, text)
    words = frozenset(text.split()) - FUNCTION_WORDS - LEFT_OUT
    return words if len(words) > 1 else frozenset()


def names_of(actor: Actor) -> Iterator[str]:
    bare = _PARENTHESIS.sub(" ", actor.name).strip()
    yield bare or actor.name
    sides = [side.strip() for side in re.split(r"\s+[–—-]\s+", bare)]
    if len(sides) == 2 and any(side.isupper() for side in sides):
        yield from sides
    for match in _PARENTHESIS.finditer(actor.name):
        inside = _BEFORE_A_NAME.sub("", match[1]).strip()
        if inside[:1].isupper() and not inside.isdigit() and fold(inside) != fold(actor.place):
            yield inside
    for key, value in actor.facts.items():
        if fold(key) in _ALIAS_FIELDS:
            yield from (alias.strip() for alias in re.split(r"[|;,\n]", value) if alias.strip())


def short_name(name: str, place: str) -> tuple[str, ...]:
    """The words of a name without its trade and its place, none if that can be no name."""
    words = name_words(name)
    of_place = set(name_words(place)) if place else set()
    of_trade = {word for pair in pairwise(words) if _names_kind(" ".join(pair)) for word in pair}
    left = tuple(
        word
        for word in words
        if word not in of_place and not _names_kind(word) and word not in of_trade & _PAIRED
    )
    is_name = (
        left != words
        and max(map(len, left), default=0) >= MIN_SHORT_NAME_CHARS
        and not any(is_everyday_word(word) or word in _VAGUE for word in left)
    )
    return left if is_name else ()


def _names_kind(words: str) -> bool:
    return kind_of(words) is not OrganisationKind.UNKNOWN

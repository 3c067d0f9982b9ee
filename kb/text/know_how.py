"""Know-how among the facts of an actor: their headers say which facts, and of which kind."""

import re
from collections.abc import Mapping
from functools import cache, lru_cache

from kb.models import Actor
from kb.text.folding import fold
from kb.text.lexicon import LEXICONS

_WORD = re.compile(r"[a-z0-9]+\*?")
_CAMEL_CASE = re.compile("(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])")
_AFTER_KIND = " : "
_NO_KIND = "Autre"
_SPELLINGS = LEXICONS.spellings("know_how", "kinds")
STATEMENT_KINDS = tuple(_SPELLINGS)  # of know-how, the one that says most first

_CHOSEN = {kind: of_kind[0].capitalize() for kind, of_kind in _SPELLINGS.items()} | {"": _NO_KIND}
_KINDS_BY_NAME = {name: kind for kind, name in _CHOSEN.items()}


def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(fold(_CAMEL_CASE.sub(" ", text))))


@cache
def _phrases() -> list[tuple[str, int, re.Pattern[str]]]:
    spellings = _SPELLINGS | {"": LEXICONS.phrases("know_how", "never")}
    return [
        (kind, len(words), re.compile(rf"\b{' '.join(words).replace('*', '[a-z0-9]*')}\b"))
        for kind, of_kind in spellings.items()
        for words in map(_words, of_kind)
    ]


@lru_cache(maxsize=4096)
def statement_kind(header: str) -> str:
    """Returns the kind of know-how that facts under a header are, of `STATEMENT_KINDS`, or ""."""
    chosen = header.partition(_AFTER_KIND)[0]
    if chosen != header and chosen in _KINDS_BY_NAME:
        return _KINDS_BY_NAME[chosen]
    folded = " ".join(_words(header))
    matches = [(kind, size, match) for kind, size, of in _phrases() if (match := of.search(folded))]
    found = [each for each in matches if each[0]]
    if len(found) < len(matches) and not any(match[0] == folded for _, _, match in found):
        return ""
    return max(found, key=lambda each: each[1])[0] if found else ""


def header_of_kind(header: str, kind: str) -> str:
    """Returns a header that says a kind of statement; with the kind "", that it is no know-how."""
    return header if statement_kind(header) == kind else f"{_CHOSEN[kind]}{_AFTER_KIND}{header}"


def know_how(facts: Mapping[str, str]) -> dict[str, str]:
    return {header: text for header, text in facts.items() if statement_kind(header)}


def know_how_text(actor: Actor) -> str:
    """Returns an actor's statements of know-how, each a paragraph that begins with its header."""
    return "\n\n".join(f"{header} : {text}" for header, text in know_how(actor.facts).items())

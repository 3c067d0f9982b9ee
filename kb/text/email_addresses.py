"""E-mail addresses: read from a cell as people write it, checked by syntax; and whose they are."""

import re
from collections.abc import Collection
from functools import lru_cache
from typing import NamedTuple

from kb.text.folding import fold
from kb.text.lexicon import LEXICONS
from kb.text.phone_numbers import is_no_value

_AT = re.compile(LEXICONS.any_of("contacts", "at"), re.IGNORECASE)
_DOT = re.compile(LEXICONS.any_of("contacts", "dot"), re.IGNORECASE)
_BETWEEN = re.compile(r"[\s,;|<>\"()\[\]]+|/(?=[^/]*@)")
_SCHEME = re.compile("^(?:mailto|e-?mails?|courriels?|mails?):(?://)?", re.IGNORECASE)
_ENDS = " \t\n.,:;/|-–—'"
_FIRST_NAMES = LEXICONS.words("first_names")
_GENERIC = LEXICONS.words("contacts", "mailboxes")
_WORD = re.compile("[a-z]+")
_INITIAL_AND_NAME = re.compile("[a-z][._-]([a-z]{3,})|([a-z]{3,})[._-][a-z]")
_LEAST_OF_A_SURNAME = 4
_MAX_ADDRESSES = 20
_MAX_CHARS = 2000


class FoundAddresses(NamedTuple):
    kept: tuple[str, ...]
    refused: tuple[str, ...]


@lru_cache(maxsize=4096)
def addresses_in(text: str) -> FoundAddresses:
    """Returns the addresses in a cell, in lower case: "Contact [at] avel.fr" is one."""
    from email_validator import EmailNotValidError, validate_email

    if is_no_value(text):
        return FoundAddresses((), ())
    line = " ".join(text[:_MAX_CHARS].split())
    kept: dict[str, None] = {}
    refused = []
    for part in _BETWEEN.split(_DOT.sub(".", _AT.sub("@", line))):
        written = _SCHEME.sub("", part).partition("?")[0].strip(_ENDS)
        if "@" not in written:
            continue
        try:
            found = validate_email(written, check_deliverability=False)
        except EmailNotValidError:
            refused.append(written)
        else:
            kept.setdefault(found.normalized.lower())
    if not kept and not refused:
        refused = [line]
    return FoundAddresses(tuple(kept)[:_MAX_ADDRESSES], tuple(refused))


def is_of_a_person(address: str, organisation: str, persons: Collection[str] = ()) -> bool:
    """Says whether an address has a person's name: `jeanne.martin@`, not `contact@`."""
    local, _, domain = fold(address).partition("@")
    own = {*_WORD.findall(fold(organisation)), *_WORD.findall(domain)}
    words = [word for word in _WORD.findall(local) if word not in own]
    if not words or not _GENERIC.isdisjoint(words):
        return False
    names = {name for person in persons for name in _WORD.findall(fold(person))} - own
    surnames = [name for name in names if len(name) >= _LEAST_OF_A_SURNAME]
    initial = _INITIAL_AND_NAME.fullmatch(local)
    return (
        not _FIRST_NAMES.isdisjoint(word for word in words if len(word) > 1)
        or any(surname in word for word in words for surname in surnames)
        or bool(initial and (initial[1] or initial[2]) in words)
    )

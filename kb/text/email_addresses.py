"""E-mail addresses: read from a cell as people write it, kept in lower case.

What is no address is refused by the syntax alone: no server is asked.
"""

import re
from typing import NamedTuple

from kb.text.lexicon import LEXICONS
from kb.text.phone_numbers import is_no_value

_AT = re.compile(LEXICONS.any_of("contacts", "at"), re.IGNORECASE)
_DOT = re.compile(LEXICONS.any_of("contacts", "dot"), re.IGNORECASE)
_BETWEEN = re.compile(r"[\s,;|<>\"()\[\]]+|/(?=[^/]*@)")
_SCHEME = re.compile("^(?:mailto|e-?mails?|courriels?|mails?):(?://)?", re.IGNORECASE)
_ENDS = " \t\n.,:;/|-–—'"
_MAX_ADDRESSES = 20
_MAX_CHARS = 2000


class FoundAddresses(NamedTuple):
    """The addresses of a cell, each once, and what is meant as one and is none."""

    kept: tuple[str, ...]
    refused: tuple[str, ...]


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

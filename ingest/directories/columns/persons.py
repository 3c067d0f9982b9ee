"""Persons in directories: which headers, and which keys of nested data, name them.

A header may be a way through objects with points between, as in "infos.gerant".
"""

import re
from functools import lru_cache
from pathlib import Path

from kb.text.folding import fold
from kb.text.know_how import statement_kind
from kb.text.lexicon import Lexicons

_LEXICONS = Lexicons(Path(__file__).parent / "lexicons")


def _section(name: str) -> frozenset[str]:
    return frozenset(_LEXICONS.phrases("persons", name))


_PERSONS = _section("persons")
_PERSONS_FIRST = _section("persons_first")
_PERSONS_IF_NESTED = _section("persons_if_nested")
_CONTACTS = _section("contacts")
_OF_A_PERSON = _section("of_a_person")
_FIRST_NAMES = _section("first_names")
_JOBS = _section("jobs")
_PHONES = _section("phones")
_EMAILS = _section("emails")

NAME, PART_OF_NAME, JOB = "person", "person_part", "person_job"
PHONE, EMAIL = "person_phone", "person_email"
PERSON_COLUMNS = (NAME, PART_OF_NAME, JOB, PHONE, EMAIL)
"""What columns tell of a person: a name, a part of one, a job, how to reach it."""
_WORD = re.compile("[a-z0-9]+")
_CAMEL_CASE = re.compile("(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])")


def is_first_name(header: str) -> bool:
    """Whether a header is what only persons have: a first name, a title such as "Mme"."""
    return " ".join(_words(header)) in _FIRST_NAMES


def told_of_a_person(header: str) -> str:
    """Returns what a header that tells of a person tells, of `PERSON_COLUMNS`."""
    words = _words(header)
    if is_job(header) or not _JOBS.isdisjoint(words):
        return JOB
    if not _EMAILS.isdisjoint(words):
        return EMAIL
    if not _PHONES.isdisjoint(words):
        return PHONE
    of_contact = not (_PERSONS | _PERSONS_FIRST | _CONTACTS).isdisjoint(words)
    return NAME if of_contact else PART_OF_NAME


def is_job(header: str) -> bool:
    """Whether what a person does stands under a header, if persons are in its table."""
    return " ".join(_words(header)) in _JOBS


@lru_cache(maxsize=4096)
def is_of_a_person(header: str) -> bool:
    """Whether a person's name, or what else is told of a person, stands under a header."""
    parts = [words for part in header.split(".") if (words := _words(part))]
    words = [word for part in parts for word in part]
    if not words:
        return False
    if parts[-1] == words[-1:] and words[-1] in _CONTACTS:
        return True
    if " ".join(parts[-1]) in _FIRST_NAMES:
        return True
    if any(part[0] in _PERSONS | _PERSONS_FIRST for part in parts):
        return True
    if not _OF_A_PERSON.isdisjoint(words):
        return not (_CONTACTS | _PERSONS | _PERSONS_FIRST).isdisjoint(words)
    return not _PERSONS.isdisjoint(words) and not statement_kind(header)


@lru_cache(maxsize=4096)
def holds_persons(key: str) -> bool:
    """Whether the objects or the list under a key are persons."""
    words = _words(key)
    return bool(words) and (
        not (_PERSONS | _PERSONS_IF_NESTED).isdisjoint(words) or words[0] in _PERSONS_FIRST
    )


@lru_cache(maxsize=4096)
def holds_contacts(key: str) -> bool:
    """Whether the objects under a key may be of a person or of the firm."""
    return not _CONTACTS.isdisjoint(_words(key))


@lru_cache(maxsize=4096)
def names_a_contact(key: str) -> bool:
    """Whether a key of a contact names a person."""
    return not _OF_A_PERSON.isdisjoint(_words(key))


def _words(header: str) -> list[str]:
    return _WORD.findall(fold(_CAMEL_CASE.sub(" ", header)))

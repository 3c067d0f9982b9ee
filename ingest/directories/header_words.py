"""Words of headers: what columns are called, and which tell of persons."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path

from ingest.records.fields import folded, names_of
from kb.reference.fields import ACTOR_FIELDS, FieldKind
from kb.text.folding import fold
from kb.text.know_how import statement_kind
from kb.text.lexicon import LEXICONS, Lexicons

_LEXICONS = Lexicons(Path(__file__).parent / "lexicons")
_WORDS = {
    section: frozenset(_LEXICONS.phrases("persons", section))
    for section in (
        "persons persons_first persons_if_nested contacts of_a_person first_names jobs phones "
        "emails"
    ).split()
}
_ANY_PERSON = _WORDS["persons"] | _WORDS["persons_first"]
NAME, PART_OF_NAME, JOB = "person", "person_part", "person_job"
PHONE, EMAIL = "person_phone", "person_email"
PERSON_COLUMNS = (NAME, PART_OF_NAME, JOB, PHONE, EMAIL)  # what is told of a person
_WORD = re.compile("[a-z0-9]+")
_CAMEL_CASE = re.compile("(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])")


def is_first_name(header: str) -> bool:
    return " ".join(_words(header)) in _WORDS["first_names"]


def told_of_a_person(header: str) -> str:
    """Returns what a header that tells of a person tells, of `PERSON_COLUMNS`."""
    words = _words(header)
    if is_job(header) or has("jobs", header):
        return JOB
    if has("emails", header):
        return EMAIL
    if has("phones", header):
        return PHONE
    return PART_OF_NAME if (_ANY_PERSON | _WORDS["contacts"]).isdisjoint(words) else NAME


def is_job(header: str) -> bool:
    """Whether what a person does stands under a header, if persons are in its table."""
    return " ".join(_words(header)) in _WORDS["jobs"]


@lru_cache(maxsize=4096)
def is_of_a_person(header: str) -> bool:
    parts = [words for part in header.split(".") if (words := _words(part))]
    if not (words := [word for part in parts for word in part]):
        return False
    if (parts[-1] == words[-1:] and words[-1] in _WORDS["contacts"]) or (
        " ".join(parts[-1]) in _WORDS["first_names"]
    ):
        return True
    if any(part[0] in _ANY_PERSON for part in parts):
        return True
    if not _WORDS["of_a_person"].isdisjoint(words):
        return not (_WORDS["contacts"] | _ANY_PERSON).isdisjoint(words)
    return not _WORDS["persons"].isdisjoint(words) and not statement_kind(header)


def holds_persons(key: str) -> bool:
    words = _words(key)
    return has("persons", key) or has("persons_if_nested", key) or (
        bool(words) and words[0] in _WORDS["persons_first"]
    )  # fmt: skip


def has(section: str, header: str) -> bool:
    """Whether a word of a section of `persons.txt` is in a header or key."""
    return not _WORDS[section].isdisjoint(_words(header))


@lru_cache(maxsize=4096)
def _words(header: str) -> list[str]:
    return _WORD.findall(fold(_CAMEL_CASE.sub(" ", header)))


def _folded_section(section: str) -> frozenset[str]:
    return frozenset(map(folded, _LEXICONS.phrases("header_names", section)))


_REGISTER_SPELLINGS = _LEXICONS.spellings("header_names", "register")
_ACTOR_IN_REGISTERS = _LEXICONS.spellings("header_names", "actor_in_registers")
_LOCATION_SPELLINGS = _LEXICONS.spellings("header_names", "location")
_OWNERS = sorted(_folded_section("owners"), key=len, reverse=True)
_TRANSPARENT = _folded_section("transparent")
_BARE_NAMES = _folded_section("bare_names")
_SILENT, _KEYS = _folded_section("silent"), _LEXICONS.words("header_names", "keys")
_TELLING = _LEXICONS.words("header_names", "telling")
FLAGS = _LEXICONS.words("header_names", "flags")
_FAX = LEXICONS.words("contacts", "fax")
_FRENCH = _folded_section("french")
ACTOR_COLUMNS = tuple(
    name for name, traits in ACTOR_FIELDS.items() if traits.kind is not FieldKind.FACTS
)
REGISTER_COLUMNS = tuple(_REGISTER_SPELLINGS)
LOCATION_COLUMNS = tuple(_LOCATION_SPELLINGS)  # `actor_row` makes fields of both
ACTOR_NAMES = names_of(ACTOR_COLUMNS, _LEXICONS.spellings("header_names", "actor"))
_NAMES = {
    **names_of(REGISTER_COLUMNS, _REGISTER_SPELLINGS),
    **names_of(_ACTOR_IN_REGISTERS, _ACTOR_IN_REGISTERS),
    **names_of(LOCATION_COLUMNS, _LOCATION_SPELLINGS),
    **ACTOR_NAMES,
}
SIRENE_FACTS = {
    folded(column): fact
    for fact, columns in _LEXICONS.spellings("header_names", "sirene_facts").items()
    for column in columns
}
_WORD_BOUNDARY = re.compile("(?<=[a-zà-ÿ0-9])(?=[A-ZÀ-Þ])")
_OF_HEAD_OFFICE = "siege "
_COMMUNE, _COMMUNE_NAME = folded("commune"), folded("libellé commune")


def guessed_fields(headers: Sequence[str]) -> list[str]:
    """Returns the field that each header names, or "", whatever other headers name it as well."""
    fields = ["" if (field := field_named(each)) == "contact" else field for each in headers]
    if any(folded(header).endswith(_COMMUNE_NAME) for header in headers):
        # The code stands beside the name, as data.gouv.fr's directories have it.
        fields = [
            "commune_code" if _COMMUNE in _readings(header) else field
            for header, field in zip(headers, fields, strict=True)
        ]
    if names_persons(headers):
        bare = [position for position, header in enumerate(headers) if _is_bare(header)]
        if any(field == "name" and at not in bare for at, field in enumerate(fields)):
            for position in bare:
                fields[position] = ""
    return fields


def names_persons(headers: Sequence[str]) -> bool:
    """Whether a table is about persons, too: it has a column for their first names or the like."""
    return any(is_first_name(name) for header in headers for name in _names(header))


def holds_fields(key: str) -> bool:
    """Whether an object under a key holds an address or all fields of the actor."""
    return folded(key) in _TRANSPARENT


def is_of_a_fax(header: str) -> bool:
    return not _FAX.isdisjoint(folded(header).split())


def is_silent(header: str) -> bool:
    """Whether a header says nothing of what stands under it, or that it is a key."""
    name = re.sub(r"[ \d]+$", "", folded(header))
    return name in _SILENT or not _KEYS.isdisjoint(_words(header))


def names_telling_codes(header: str) -> bool:
    return not _TELLING.isdisjoint(_words(header))


def person_columns(headers: Sequence[str]) -> frozenset[int]:
    """Returns the positions of the columns that tell of persons and name no field."""
    beside_first_names = names_persons(headers)
    unknown = [position for position, field in enumerate(guessed_fields(headers)) if not field]
    found = frozenset(
        position
        for position in unknown
        if is_of_a_person(headers[position]) or (beside_first_names and _is_bare(headers[position]))
    )
    return found | {each for each in unknown if is_job(headers[each])} if found else found


@lru_cache(maxsize=1024)
def are_french(headers: tuple[str, ...]) -> bool:
    words = {word for header in headers for name in _readings(header) for word in name.split()}
    return not _FRENCH.isdisjoint(words)


@lru_cache(maxsize=4096)
def field_named(header: str) -> str:
    """Returns the field of actors, registers or locations that a header names, or ""."""
    return next((_NAMES[name] for name in _readings(header) if name in _NAMES), "")


def _is_bare(header: str) -> bool:
    return not _BARE_NAMES.isdisjoint(_names(header))


def _names(header: str) -> Iterator[str]:
    """Yields a header, folded, and what it is in the object of the actor's fields."""
    return islice(_readings(header), 3)


def _readings(header: str) -> Iterator[str]:
    """Yields what a header says, folded: as a whole first."""
    yield folded(header)
    yield folded(header).removeprefix(_OF_HEAD_OFFICE)
    *parents, last = (folded(_WORD_BOUNDARY.sub(" ", part)) for part in header.split("."))
    if all(parent in _TRANSPARENT for parent in parents):
        yield last
        for owner in _OWNERS:
            without = f" {last} ".replace(f" {owner} ", " ").strip()
            if without and without != last:
                yield without

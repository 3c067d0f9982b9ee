"""Makes a case of front matter and text: what is required, refused and derived."""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from ingest.records.fields import (
    folded,
    names_of,
    one_line,
    paragraphs,
    record_id,
    refuse_oversize,
    short_line,
)
from ingest.records.parsers import parsed
from kb.errors import InputError
from kb.models import MAX_TEXT_CHARS, Case, Participation
from kb.reference.fields import CASE_FIELDS, PARTICIPATION_FIELDS, FieldKind
from kb.reference.roles import ROLES, Role
from kb.text.lexicon import Lexicons

_LEXICONS = Lexicons(Path(__file__).parent / "lexicons")

CASE_KEYS = names_of(
    (name for name, traits in CASE_FIELDS.items() if traits.kind is not FieldKind.TEXT),
    _LEXICONS.spellings("keys", "case"),
)
_OF_ARTICLES = frozenset(
    {
        "title",
        "author",
        "author_job",
        "date",
        "modified",
        "themes",
        "lang",
        "picture",
        "picture_alt",
        "picture_credit",
    }
)
"""The fields that a site's own articles have, too."""
_PARTICIPATION = {traits.key or name: traits for name, traits in PARTICIPATION_FIELDS.items()}
PARTICIPATION_KEYS = names_of(_PARTICIPATION, _LEXICONS.spellings("keys", "participation"))

_ROLES = {word: role for role, traits in ROLES.items() for word in (role.value, *traits.french)}


def case_from(front_matter: Mapping[str, object], text: str) -> Case:
    """Returns the case that an article in Markdown tells.

    The keys of the front matter are French or English, its values as YAML gives them.

    Raises:
        InputError: the article cannot be kept; says which key, and why.
    """
    values = _by_field(front_matter, CASE_KEYS)
    cells = {
        name: _text(values, name, "|" if traits.kind is FieldKind.THEMES else ", ")
        for name, traits in CASE_FIELDS.items()
        if traits.kind not in {FieldKind.TEXT, FieldKind.PARTICIPANTS}
    }
    if not short_line(cells["title"], "title"):
        raise InputError("no_title", "title")
    body = paragraphs(text)
    if not body:
        raise InputError("no_text", "text")
    if len(body) > MAX_TEXT_CHARS:
        raise InputError("too_long", "text", count=len(body), most=MAX_TEXT_CHARS)
    known = parsed({**cells, "text": body}, CASE_FIELDS)
    return Case(
        id=record_id(cells["id"], known["title"]),
        participants=_participants(values.get("participants")),
        **known,
    )


def is_of_a_site(front_matter: Mapping[str, object]) -> bool:
    """Whether front matter is that of an article of a site, as Jekyll and Hugo write it.

    It says nothing that only a case has, such as a need, and more than a title.
    """
    fields = {CASE_KEYS.get(folded(str(key)), "") for key in front_matter} - {"title", "lang"}
    return bool(fields) and fields <= _OF_ARTICLES | {""}


def _by_field(mapping: Mapping[str, object], fields: Mapping[str, str]) -> dict[str, object]:
    """Maps each field to its value; the first of two keys for the same field wins.

    Raises:
        InputError: an unknown key is nearly that of a field: its value would be lost.
    """
    values: dict[str, object] = {}
    for key, value in mapping.items():
        name = folded(str(key))
        if field := fields.get(name):
            values.setdefault(field, value)
        elif meant := get_close_matches(name, fields, n=1, cutoff=0.8):
            raise InputError("unknown_key", key=str(key), meant=meant[0])
    return values


def _text(values: Mapping[str, object], field: str, separator: str = ", ") -> str:
    """Returns a value as text, the items of a list joined; "" when it is absent or null."""
    value = values.get(field)
    items = value if isinstance(value, list) else [value]
    if any(isinstance(item, list | dict) for item in items):
        raise InputError("not_only_text", field)
    text = separator.join(str(item) for item in items if item is not None)
    refuse_oversize(text, field)
    return text


def _participants(value: object) -> tuple[Participation, ...]:
    if value in (None, ""):
        return ()
    if not isinstance(value, list):
        raise InputError("no_participant_list", "participants")
    return tuple(_participation(item, number) for number, item in enumerate(value, start=1))


def _participation(item: object, number: int) -> Participation:
    if not isinstance(item, dict):
        raise InputError("no_participant_keys", "participants", number=number)
    values = _by_field(item, PARTICIPATION_KEYS)
    cells = {key: _text(values, key) for key in _PARTICIPATION}
    name = short_line(cells["name"], "name")
    if not name:
        raise InputError("nameless_participant", "participants", number=number)
    role = _role(cells["role"], name)
    known = parsed(cells, _PARTICIPATION)
    return Participation(role=role, actor_id=known.pop("actor"), **known)


def _role(text: str, name: str) -> Role:
    written = one_line(text)
    role = _ROLES.get(folded(written))
    if role:
        return role
    roles = ", ".join(Role)
    if not written:
        raise InputError("no_role", "participants", name=name, roles=roles)
    raise InputError("unknown_role", "participants", name=name, role=written, roles=roles)

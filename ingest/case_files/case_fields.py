"""From front matter and text to a case: what is required, what is refused, what is derived."""

from collections.abc import Mapping
from difflib import get_close_matches

from ingest.fields import (
    field_of,
    fields_by_name,
    folded,
    iso_date,
    language,
    one_line,
    paragraphs,
    record_id,
    refuse_oversize,
    short_line,
    theme_names,
    web_address,
)
from kb.errors import InputError
from kb.models import MAX_TEXT_CHARS, Case, Participation
from kb.reference.roles import ROLES, Role

CASE_FIELDS = fields_by_name(
    {
        "id": ("identifiant", "identifier"),
        "title": ("titre",),
        "lang": ("langue", "language"),
        "date": ("date de publication", "publié", "published"),
        "modified": ("modifié", "modifié le", "date de modification", "mis à jour", "updated"),
        "moderated": ("modéré le", "date de modération"),
        "author": ("auteur", "autrice", "auteurs", "authors"),
        "author_job": ("fonction de l'auteur", "author's job"),
        "moderator": ("modérateur", "modératrice"),
        "moderator_job": ("fonction du modérateur", "moderator's job"),
        "themes": ("thème", "theme", "thématique", "thématiques", "mots-clés", "keywords", "tags"),
        "need": ("besoin",),
        "source_url": ("source", "lien source", "url source", "url", "source link"),
        "translation_of": ("traduction de",),
        "participants": ("participant", "acteurs", "actors", "participations"),
    }
)

PARTICIPANT_FIELDS = fields_by_name(
    {
        "actor": ("acteur", "id", "identifiant"),
        "name": ("nom",),
        "role": ("rôle",),
        "contribution": ("apport",),
        "source_url": ("source", "lien source", "url source"),
    }
)

_ROLES = {word: role for role, traits in ROLES.items() for word in (role.value, *traits.french)}


def case_from(front_matter: Mapping[str, object], text: str) -> Case:
    """The case that an article tells.

    Args:
        front_matter: values by key, in French or in English: text, lists and mappings, as YAML
            gives them.
        text: the article, in Markdown.

    Raises:
        InputError: the article cannot be kept; says which key, and why.
    """
    values = _by_field(front_matter, CASE_FIELDS)
    title = short_line(_text(values, "title"), "title")
    if not title:
        raise InputError("no_title", "title")
    body = paragraphs(text)
    if not body:
        raise InputError("no_text", "text")
    if len(body) > MAX_TEXT_CHARS:
        raise InputError("too_long", "text", count=len(body), most=MAX_TEXT_CHARS)
    return Case(
        id=record_id(_text(values, "id"), title),
        title=title,
        text=body,
        lang=language(_text(values, "lang"), body),
        date=iso_date(_text(values, "date"), "date"),
        modified=iso_date(_text(values, "modified"), "modified"),
        moderated=iso_date(_text(values, "moderated"), "moderated"),
        author=short_line(_text(values, "author"), "author"),
        author_job=short_line(_text(values, "author_job"), "author_job"),
        moderator=short_line(_text(values, "moderator"), "moderator"),
        moderator_job=short_line(_text(values, "moderator_job"), "moderator_job"),
        themes=theme_names(_text(values, "themes", separator="|")),
        need=one_line(_text(values, "need")),
        source_url=web_address(_text(values, "source_url"), "source_url"),
        translation_of=short_line(_text(values, "translation_of"), "translation_of"),
        participants=_participants(values.get("participants")),
    )


def _by_field(mapping: Mapping[str, object], fields: Mapping[str, str]) -> dict[str, object]:
    """The values by field; of two keys of one field the first wins, keys of none are left out.

    Raises:
        InputError: a key of no field is all but one of a field: what it holds would be lost.
    """
    values: dict[str, object] = {}
    for key, value in mapping.items():
        name = folded(str(key))
        field = field_of(name, fields)
        if field:
            values.setdefault(field, value)
        elif meant := get_close_matches(name, fields, n=1, cutoff=0.8):
            raise InputError("unknown_key", key=str(key), meant=meant[0])
    return values


def _text(values: Mapping[str, object], field: str, separator: str = ", ") -> str:
    """The value as text, the items of a list joined; "" when it is absent or null."""
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
    values = _by_field(item, PARTICIPANT_FIELDS)
    name = short_line(_text(values, "name"), "name")
    if not name:
        raise InputError("nameless_participant", "participants", number=number)
    return Participation(
        name=name,
        role=_role(_text(values, "role"), name),
        actor_id=short_line(_text(values, "actor"), "actor"),
        contribution=one_line(_text(values, "contribution")),
        source_url=web_address(_text(values, "source_url"), "source_url"),
    )


def _role(text: str, name: str) -> Role:
    written = one_line(text)
    role = _ROLES.get(folded(written))
    if role:
        return role
    roles = ", ".join(Role)
    if not written:
        raise InputError("no_role", "participants", name=name, roles=roles)
    raise InputError("unknown_role", "participants", name=name, role=written, roles=roles)

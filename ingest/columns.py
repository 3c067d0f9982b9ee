"""What the columns of a directory and the keys of a case are called, in French and in English.

Names are compared without case, accents or punctuation: "N° SIRET", "n°_siret" and "No Siret"
are one. A name that is not here is not lost: the readers keep it as a fact of the actor.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ingest.fields import folded, one_line


class Column(NamedTuple):
    """Where the cells of a column go: to a `field` of the actor, else to the fact named `fact`."""

    field: str
    fact: str


def _fields_by_name(names: Mapping[str, Sequence[str]]) -> dict[str, str]:
    return {folded(name): field for field, others in names.items() for name in (field, *others)}


ACTOR_FIELDS = _fields_by_name(
    {
        "id": ("identifiant", "identifier", "code acteur", "réf", "référence"),
        "name": (
            "nom",
            "raison sociale",
            "dénomination",
            "dénomination sociale",
            "nom de l'entreprise",
            "nom de l'acteur",
            "entreprise",
            "société",
            "organisme",
            "structure",
            "acteur",
            "actor",
            "company",
            "company name",
            "firm",
            "organisation",
            "organization",
        ),
        "description": (
            "descriptif",
            "présentation",
            "activité",
            "activités",
            "métier",
            "métiers",
            "savoir-faire",
            "savoirs-faire",
            "compétence",
            "compétences",
            "activity",
            "trade",
            "know-how",
            "skills",
            "competences",
        ),
        "place": ("commune", "ville", "lieu", "localité", "town", "city"),
        "department": ("département", "dépt", "dép", "code département", "n° département"),
        "country": ("pays", "code pays", "country code"),
        "activity_code": (
            "code activité",
            "code NAF",
            "NAF",
            "code APE",
            "APE",
            "code NAF/APE",
            "code APE/NAF",
            "code NACE",
            "NACE",
            "NACE code",
        ),
        "siret": ("n° SIRET", "no SIRET", "numéro SIRET", "num SIRET", "code SIRET"),
        "website": (
            "site",
            "site web",
            "site internet",
            "adresse web",
            "url",
            "url du site",
            "web",
            "web site",
            "homepage",
        ),
        "lang": ("langue", "language"),
        "themes": (
            "thème",
            "theme",
            "thématique",
            "thématiques",
            "mot-clé",
            "mots-clés",
            "mots-clefs",
            "étiquettes",
            "keywords",
            "tags",
        ),
        "source_url": (
            "source",
            "lien source",
            "lien de la source",
            "url source",
            "url de la source",
            "source link",
        ),
        "closed_on": ("fermé le", "fermeture", "date de fermeture", "closed", "closing date"),
    }
)

CASE_FIELDS = _fields_by_name(
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

PARTICIPANT_FIELDS = _fields_by_name(
    {
        "actor": ("acteur", "id", "identifiant"),
        "name": ("nom",),
        "role": ("rôle",),
        "contribution": ("apport",),
        "source_url": ("source", "lien source", "url source"),
    }
)


def field_of(name: str, fields: Mapping[str, str]) -> str:
    """The field that a column or a key called `name` holds, or "" for none of `fields`."""
    return fields.get(folded(name), "")


def actor_columns(headers: Sequence[str]) -> list[Column]:
    """Says of each header, in order, where its cells go.

    Of two headers of one field the first wins, the other is a fact. A column without a header
    is the fact "column N", N from 1; a fact's name that is already used gets a number.
    """
    columns: list[Column] = []
    taken: set[str] = set()
    for position, header in enumerate(headers, start=1):
        field = field_of(header, ACTOR_FIELDS)
        if field and field not in taken:
            taken.add(field)
            columns.append(Column(field, ""))
        else:
            columns.append(Column("", _unused(one_line(header) or f"column {position}", columns)))
    return columns


def _unused(fact: str, columns: Sequence[Column]) -> str:
    used = {column.fact for column in columns}
    name, number = fact, 1
    while name in used:
        number += 1
        name = f"{fact} ({number})"
    return name

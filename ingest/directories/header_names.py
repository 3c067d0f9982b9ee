"""What the columns of a directory are called, in French and in English.

Names are compared without case, accents or punctuation: "N° SIRET", "n°_siret" and "No Siret"
are one. A name that is not here is not lost: the readers keep it as a fact of the actor.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from ingest.fields import fields_by_name, folded, one_line


class Column(NamedTuple):
    """Where the cells of a column go: to a `field`, to the fact named `fact`, to both or neither.

    The field is one of `Actor`'s or one that helps to make them (`REGISTER_FIELDS`).
    """

    field: str
    fact: str


IGNORED, FACT = "ignored", "fact"
"""Where a column goes that is no field: nowhere, or to the facts under its own header."""

NO_TARGETS: Mapping[str, str] = MappingProxyType({})


ACTOR_FIELDS = fields_by_name(
    {
        "id": ("identifiant", "identifier", "code acteur", "réf", "référence"),
        "name": (
            "nom",
            "raison sociale",
            "dénomination",
            "dénomination sociale",
            "nom de l'entreprise",
            "nom de l'acteur",
            "nom complet",
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

REGISTER_FIELDS = fields_by_name(
    {
        "usual_name": ("dénomination usuelle", "denominationUsuelleEtablissement"),
        "sign": (
            "enseigne",
            "enseignes",
            "nom commercial",
            "enseigne1Etablissement",
            "liste enseignes",
        ),
        "legal_name": ("denominationUniteLegale", "nom raison sociale"),
        "family_name": ("nomUniteLegale", "nomUsageUniteLegale"),
        "first_name": ("prenom1UniteLegale", "prenomUsuelUniteLegale"),
        "siren": ("n° SIREN", "numéro SIREN"),
        "nic": (),
        "commune_code": (
            "codeCommuneEtablissement",
            "code commune",
            "code INSEE",
            "code commune INSEE",
            "code INSEE commune",
        ),
        "state": ("etatAdministratifEtablissement", "état administratif"),
        "state_since": ("dateDebut",),
        "diffusion": ("statutDiffusionEtablissement", "statut diffusion"),
        "legal_category": ("categorieJuridiqueUniteLegale", "nature juridique"),
        "activity_nomenclature": (
            "nomenclatureActivitePrincipaleEtablissement",
            "nomenclature activité principale",
        ),
    }
)
"""What the registers of firms have columns for, and no field of an actor is: fields are made of
them (`ingest.directories.sirene`)."""

REGISTER_NAMES = fields_by_name(
    {
        "activity_code": ("activitePrincipaleEtablissement", "activité principale"),
        "place": ("libelleCommuneEtablissement", "libellé commune"),
        "country": ("libellePaysEtrangerEtablissement",),
        "siret": ("siret siège",),
        "closed_on": ("date fermeture",),
    }
)
"""What the registers call fields of an actor."""

REGISTER_FACTS = {
    folded("dateCreationEtablissement"): "date de création",
    folded("codePostalEtablissement"): "code postal",
    folded("trancheEffectifsEtablissement"): "tranche d'effectifs",
}
"""The columns of the SIRENE file that say something of the actor and are kept as facts."""

NAMING_FIELDS = frozenset({"name", "usual_name", "sign", "legal_name", "family_name"})
"""The fields of which one is enough to name an actor."""

_ALSO_FACTS = frozenset(REGISTER_FIELDS.values())
_SIRENE_SIGNS = {
    folded("activitePrincipaleEtablissement"),
    folded("etatAdministratifEtablissement"),
}
_OF_HEAD_OFFICE = "siege "
_COMMUNE, _COMMUNE_NAME = folded("commune"), folded("libellé commune")


def is_sirene(headers: Sequence[str]) -> bool:
    """Whether these are the columns of the SIRENE file of establishments."""
    names = {folded(header) for header in headers}
    return "siret" in names and bool(names & _SIRENE_SIGNS)


def actor_columns(headers: Sequence[str], targets: Mapping[str, str] = NO_TARGETS) -> list[Column]:
    """Says of each header, in order, where its cells go.

    Of two headers of one field the first wins, the other is a fact. A column without a header
    is the fact "column N", N from 1; a fact's name that is already used gets a number. Of the
    SIRENE file, only what is known is kept.

    Args:
        headers: as they stand in the directory.
        targets: what a person said of some of them, by folded header: a field, `FACT`, `IGNORED`.
    """
    names = [folded(header) for header in headers]
    sirene = is_sirene(headers)
    taken = {targets[name] for name in names if name in targets}
    columns: list[Column] = []
    for position, (header, name) in enumerate(zip(headers, names, strict=True), start=1):
        target = targets.get(name, "")
        guessed = "" if target else _guessed_field(name, names)
        if guessed and guessed not in taken:
            taken.add(guessed)
            target = guessed
        elif not target:
            target = IGNORED if sirene and name not in REGISTER_FACTS else FACT
        keeps = target == FACT or (target == guessed and guessed in _ALSO_FACTS and not sirene)
        fact = REGISTER_FACTS.get(name, "") if sirene else ""
        fact = fact or one_line(header) or f"column {position}"
        columns.append(
            Column(
                "" if target in {FACT, IGNORED} else target,
                _unused(fact, columns) if keeps else "",
            )
        )
    return columns


def _guessed_field(name: str, names: Sequence[str]) -> str:
    name = name.removeprefix(_OF_HEAD_OFFICE)
    if name == _COMMUNE and any(other.endswith(_COMMUNE_NAME) for other in names):
        return "commune_code"  # the code beside the name, as data.gouv.fr's directories have it
    for fields in (ACTOR_FIELDS, REGISTER_NAMES, REGISTER_FIELDS):
        if name in fields:
            return fields[name]
    return ""


def _unused(fact: str, columns: Sequence[Column]) -> str:
    used = {column.fact for column in columns if column.fact}
    name, number = fact, 1
    while name in used:
        number += 1
        name = f"{fact} ({number})"
    return name

"""A few actors and a case, as small as tests need."""

from collections.abc import Collection
from dataclasses import replace

from kb.models import Actor, Case, Participation
from kb.reference.roles import Role
from kb.store.store import Store

POLISH = Actor(
    id="avel",
    name="Avel",
    description="Avel fabrique des cirages et des crèmes pour le cuir.",
    place="Magnac-Lavalette",
    department="16",
    country="FR",
    siret="55208131766522",
    themes=("Cuir", "Chimie"),
    source_url="https://exemple.fr/avel",
    facts={"effectif": "40"},
)
DISTILLER = Actor(
    id="matha",
    name="Distilleries de Matha",
    description="La distillerie produit de l'alcool et met des spiritueux en bouteilles.",
    place="Matha",
    department="17",
    country="FR",
    themes=("Spiritueux",),
)
GLOVER = Actor(
    id="gants",
    name="Société L'Harmonie",
    description="Un atelier de ganterie coud des gants de cuir fins.",
    place="Saint-Junien",
    department="87",
    country="FR",
    themes=("cuir",),
)
SANITISER = Case(
    id="gel-angouleme",
    title="Du gel hydroalcoolique à Angoulême",
    text="La mairie cherchait du gel hydroalcoolique.\n\nUn fabricant voisin a dit oui.",
    date="2026-11-20",
    modified="2026-11-21",
    author="Qui sait faire ?",
    themes=("Santé",),
    need="Trouver du gel hydroalcoolique pour l'hôpital",
    source_url="https://exemple.fr/gel",
    participants=(
        Participation("Avel", Role.PRODUCER, "avel", "prépare le gel"),
        Participation("Distilleries de Matha", Role.SUPPLIER, "matha", "fournit l'éthanol"),
        Participation("Agence régionale de santé", Role.AUTHORITY, "", "valide la formule"),
        Participation("Inconnue", Role.CARRIER, "not-yet-known", ""),
    ),
)
SANITISER_IN_ENGLISH = replace(
    SANITISER,
    id="sanitiser-angouleme",
    title="Hand sanitiser in Angoulême",
    text="The town hall was looking for hand sanitiser.",
    lang="en",
    need="Get hand sanitiser for the hospital",
    translation_of=SANITISER.id,
    participants=(
        Participation("Avel", Role.PRODUCER, "avel", "makes the sanitiser"),
        Participation("Distilleries de Matha", Role.SUPPLIER, "matha", "supplies ethanol"),
    ),
)
RECORDS = (POLISH, DISTILLER, GLOVER, SANITISER)


def matches(store: Store, stems: Collection[str]) -> dict[str, list[tuple[int, float]]]:
    """The passages with each of these stems and their BM25, as tests compare them."""
    return {
        stem: list(zip(*(column.tolist() for column in store.word_matches([stem])), strict=True))
        for stem in stems
    }

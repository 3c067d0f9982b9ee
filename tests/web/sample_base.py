"""A small knowledge base for the tests of pages and API, with an encoder that counts a few words.

Its folder is made once for the same records, and copied for each test. “cirages” is what Avel
makes, and the hostile actor speaks of; “sanitiser” is met by the case of Angoulême, which vouches
for Avel and the distillery. The perfumer mixes, as Avel does: it is inferred to be able to do what
Avel did.
"""

import shutil
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from kb.errors import UnknownRecord
from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.models import Actor, Case, Participation, Record
from kb.reference.roles import Role
from kb.registers.sites import Site, SiteCounts, Sites
from kb.search.results import Filters, SearchResult, Steering
from kb.search.weights import DEFAULT_WEIGHTS
from kb.store.store import Store
from tests.encoders import WordCountEncoder

AVEL = Actor(
    id="avel",
    name="Avel (Saphir)",
    description="Avel fabrique des cirages et des crèmes, les mélange et les conditionne.",
    place="Magnac-Lavalette",
    department="16",
    country="FR",
    activity_code="20.41Z",
    siret="12345678900012",
    website="https://avel.example/",
    themes=("Cuir et chaussure", "Chimie et formulation"),
    source_url="https://www.angouleme.example/avel",
    facts={"Effectif": "35"},
)
DISTILLERY = Actor(
    id="distillerie-merlet",
    name="Distillerie Merlet",
    description="La distillerie produit des alcools et des eaux-de-vie de Cognac.",
    place="Saint-Sauvant",
    department="17",
    country="FR",
    themes=("Spiritueux et distillation",),
    source_url="https://merlet.example/",
)
WEAVER = Actor(
    id="weavers & co? 100%",
    name="Kalundborg Weavers",
    description="We weave thick cloth and sew bags.",
    place="Kalundborg",
    country="DK",
    lang="en",
    themes=("Cuir et chaussure",),
)
HOSTILE = Actor(
    id="hostile",
    name='<script>alert("name")</script>',
    description='Cirages</p><img src=x onerror="alert(1)"> & <b>gras</b>',
    place="</h1><script>alert('place')</script>",
    department="16",
    website="javascript:alert(1)",
    themes=('"><script>alert("theme")</script>',),
    source_url="javascript:alert(2)",
    facts={"<i>fact</i>": "</dd><script>alert(3)</script>"},
)
ANGOULEME = Case(
    id="angouleme",
    title="Angoulême : du cirage au gel hydroalcoolique",
    text=(
        "# Le printemps 2020\n\nAvel **mélange** et met en flacons.\n\n### Ensuite\n\n"
        "Voir [la page](https://www.angouleme.example/) ou [ceci](javascript:alert(1)).\n\n"
        "<script>alert('case')</script>\n\n![une photo](https://elsewhere.example/photo.png)\n"
    ),
    date="2020-07-01",
    period="2020-21",
    modified="2020-07-02T11:51:00+02:00",
    author="Qui sait faire ?",
    moderator="Vincent",
    themes=("Chimie et formulation", "Santé"),
    need="Fournir du gel hydroalcoolique (sanitiser) à l'hôpital",
    source_url="https://www.angouleme.example/cas",
    participants=(
        Participation("Avel", Role.PRODUCER, "avel", "fabrique et conditionne le gel"),
        Participation("Merlet", Role.SUPPLIER, "distillerie-merlet", "fournit l'alcool"),
        Participation("Agence régionale de santé", Role.AUTHORITY, "", "valide la formule"),
    ),
)
ENGLISH_CASE = Case(
    id="kalundborg",
    title="Kalundborg: steam from one firm to the next",
    text="A </script> in the text.",
    lang="en",
    date="1972",
    need="Use lost steam",
    participants=(Participation("Kalundborg Weavers", Role.BUYER, WEAVER.id),),
)

PERFUMER = Actor(
    id="parfumeur",
    name="Parfums d'Angoulême",
    description="Un atelier qui mélange des eaux de toilette à base d'alcool.",
    place="Angoulême",
    department="16",
    country="FR",
    source_url="https://parfums.example/",
)

WEIGHTS = DEFAULT_WEIGHTS.with_value("precedents.strength", 0.65)
"""With this, of those like Avel the perfumer alone is worth a call."""

BARE_ACTOR = Actor(id="bare", name="Known by its name alone")
BARE_CASE = Case(id="bare", title="A story without people or themes", text="SourceRow in a line.")

ACTORS = (AVEL, DISTILLERY, WEAVER, HOSTILE)
CASES = (ANGOULEME, ENGLISH_CASE)


class RegisteredSites(Sites):
    """Sites that are there from the beginning; what is counted for them adds up."""

    def __init__(self, sites: Sequence[Site] = ()) -> None:
        self.known = {site.key: site for site in sites}
        self.counted: dict[tuple[str, str], SiteCounts] = {}

    def get(self, key: str) -> Site:
        if key not in self.known:
            raise UnknownRecord(f"There is no site with the key {key!r}.")
        return self.known[key]

    def count(self, day: str, counts: Mapping[str, SiteCounts]) -> None:
        for key, more in counts.items():
            self.counted[key, day] = self.counted.get((key, day), SiteCounts()) + more

    def counts(self, key: str, *, since: str = "") -> Sequence[tuple[str, SiteCounts]]:
        return [
            (day, counts)
            for (of, day), counts in sorted(self.counted.items(), reverse=True)
            if of == key and day >= since
        ]


def sample_encoder() -> WordCountEncoder:
    weights = {"cirages": 1.0, "melange": 1.2, "gras": 1.0, "sanitiser": 1.0}
    return WordCountEncoder(weights=weights, usual=0.02)


class SampleBase(KnowledgeBase):
    """A real base of these records, which remembers what it was asked to search."""

    def __init__(
        self,
        actors: Sequence[Actor] = ACTORS,
        cases: Sequence[Case] = CASES,
        sites: Sequence[Site] = (),
    ) -> None:
        folder = Path(tempfile.mkdtemp(prefix="quisait-sample-"))
        self._finalize = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        shutil.copytree(_folder_of(_Records((*actors, *cases))), folder, dirs_exist_ok=True)
        super().__init__(folder, sample_encoder, weights=WEIGHTS)
        self.sites = RegisteredSites(sites)
        self.searches: list[tuple[str, int, Filters]] = []
        self.steerings: list[Steering] = []

    def search(
        self,
        query: str,
        *,
        limit: int = 10,
        filters: Filters = Filters(),
        steering: Steering = Steering(),
        **more: Any,
    ) -> SearchResult:
        self.searches.append((query, limit, filters))
        self.steerings.append(steering)
        found = super().search(query, limit=limit, filters=filters, steering=steering, **more)
        return replace(found, took_ms=1.25)  # the same each time


def with_bottling() -> SampleBase:
    """A base of the case in which bottles were filled, too: boxes and labels are usual then."""
    filling = Participation(
        "Merlet", Role.REPACKAGER, "distillerie-merlet", "met le gel en flacons de verre"
    )
    told = replace(ANGOULEME, participants=(*ANGOULEME.participants, filling))
    boxes = Actor("boxes", "Cartons de Charente", "Emballages en carton, cardboard packaging.")
    return SampleBase((*ACTORS, PERFUMER, boxes), (told, ENGLISH_CASE))


class _Records:
    """Records as the key of a cache: equal where each has the same text."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.records = records
        self._text = repr(records)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Records) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)


@cache
def _folder_of(records: _Records) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="quisait-samples-"))
    weakref.finalize(_folder_of, shutil.rmtree, folder, ignore_errors=True)
    Store.open(folder / DATABASE_FILE, create=True).close()
    base = KnowledgeBase(folder, sample_encoder)
    base.put(records.records)
    base.save_index()
    base.close()
    return folder

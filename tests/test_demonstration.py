"""The demonstration knowledge base, with the encoder that users get: what it must answer."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.pipeline import ingest
from kb.encoder.encoder import Encoder
from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.models import Kind
from kb.reference.roles import Part
from kb.search.results import ActorHit, EvidenceKind, Filters, Fit
from kb.store.store import Store
from kb.text.splitter import split

CORPUS = Path(__file__).parents[1] / "ingest" / "demo"
ANGOULEME = {"angouleme-solution-hydroalcoolique", "angouleme-sanitiser-en"}
DISTILLERS = {
    "distilleries-de-matha",
    "raisinor",
    "grey-goose",
    "merlet",
    "remy-martin",
    "remy-cointreau",
    "distillerie-du-centre",
}
COSMETICS_MAKERS = {
    "sublimo",
    "polymerexpert",
    "laboratoire-art-et-cos",
    "parfum-par-nature",
    "savonnerie-nature-et-limousin",
    "centre-7",
}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def demonstration(
    real_encoder: Encoder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[KnowledgeBase]:
    folder = tmp_path_factory.mktemp("demonstration")
    Store.open(folder / DATABASE_FILE, create=True).close()
    base = KnowledgeBase(folder, lambda: real_encoder)
    report = ingest(base, [CORPUS])
    assert report.failures == []
    assert report.remarks == []
    assert report.added == report.read > 80
    assert report.embedded == base.status().passages
    yield base
    base.close()


@pytest.mark.parametrize(
    "query", ["qui pourrait fabriquer du gel hydroalcoolique ?", "who could make sanitiser?"]
)
def test_who_could_make_sanitiser(demonstration: KnowledgeBase, query: str) -> None:
    hits = {hit.actor.id: hit for hit in demonstration.search(query, limit=10).hits}
    avel = hits["avel"]
    assert avel.fit is Fit.STRONG
    assert cases_of(avel) & ANGOULEME
    # Nobody is above it who is not known to have made it, or what it takes.
    assert all(cases_of(hit) for hit in hits.values() if hit.rank <= avel.rank)
    assert hits.keys() & DISTILLERS
    assert hits.keys() & COSMETICS_MAKERS


def cases_of(hit: ActorHit) -> set[str]:
    return {one.case.id for one in hit.evidence if one.kind is EvidenceKind.CASE and one.case}


@pytest.mark.parametrize("query", ["gel hydroalcoolique", "hand sanitiser"])
def test_who_for_each_part_in_charente(demonstration: KnowledgeBase, query: str) -> None:
    found = demonstration.search(query, filters=Filters(department="16")).parts
    parts = {answer.part: {hit.actor.id for hit in answer.hits} for answer in found}
    assert "avel" in parts[Part.MAKER]
    assert parts[Part.INPUTS] & DISTILLERS
    assert "bouchages-delage" in parts[Part.CONTAINERS]
    assert parts[Part.PACKAGING] & {"papcart", "stylma-emballages", "mmp-packetis"}
    mentioned = {
        mention.participation.name
        for answer in found
        if answer.part is Part.VALIDATION
        for mention in answer.mentioned
    }
    assert any("santé" in name.lower() or "health" in name.lower() for name in mentioned)
    assert all(hit.evidence for answer in found for hit in answer.hits)


def test_what_nothing_answers_is_answered_so(demonstration: KnowledgeBase) -> None:
    for query in ("réparer un piano", "a dentist", "cours de natation", "satellite launch"):
        assert demonstration.search(query).total == 0, query


def test_every_name_is_found_first(demonstration: KnowledgeBase) -> None:
    for actor in demonstration.actors():
        assert demonstration.search(actor.name, limit=1).hits[0].actor == actor


def test_ingesting_again_embeds_nothing(demonstration: KnowledgeBase) -> None:
    report = ingest(demonstration, [CORPUS])
    assert (report.embedded, report.added, report.changed) == (0, 0, 0)


def test_no_description_tells_what_only_the_cases_tell(demonstration: KnowledgeBase) -> None:
    of_2020 = re.compile(r"2020|covid|hydro-?alcool|masque|visière|plexi|sanitiser", re.IGNORECASE)
    for actor in demonstration.actors():
        assert not of_2020.search(actor.description), actor.id
        assert actor.source_url or actor.id == "reseau-3ar"
        assert split(actor.description)


def test_every_case_is_an_article_with_its_people(demonstration: KnowledgeBase) -> None:
    known = demonstration.ids(Kind.ACTOR)
    for case in demonstration.cases():
        assert 150 <= len(case.text.split()) <= 400, case.id
        assert case.author == "Qui sait faire ?"
        assert case.date
        assert case.themes
        assert case.need
        assert case.source_url
        named = {part.actor_id for part in case.participants if part.actor_id}
        assert named
        assert named <= known

"""The demonstration: real organisations, told with their sources, and found for everyday needs."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ingest.pipeline import ingest
from kb.encoder.encoder import Encoder
from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.models import Kind
from kb.search.results import Fit
from kb.store.store import Store

CORPUS = Path(__file__).parents[1] / "ingest" / "demo"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def demonstration(
    real_encoder: Encoder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[KnowledgeBase]:
    folder = tmp_path_factory.mktemp("demonstration")
    Store.open(folder / DATABASE_FILE, create=True).close()
    base = KnowledgeBase(folder, lambda: real_encoder)
    report = ingest(base, [CORPUS])
    assert (report.failures, report.remarks) == ([], [])
    assert report.added == report.read > 400
    yield base
    base.close()


def test_nothing_invented_stands_beside_a_real_organisation(demonstration: KnowledgeBase) -> None:
    for actor in demonstration.actors():
        assert (actor.phone, actor.email) == ((), ()), actor.id
        assert actor.source_url or actor.id == "reseau-3ar", actor.id
        assert 17 <= len(actor.description.split()) <= 90, actor.id


def test_whoever_has_a_place_is_on_the_map(demonstration: KnowledgeBase) -> None:
    """A hamlet or "near Cognac" has no point: such a firm would be missing from maps."""
    assert [one.id for one in demonstration.actors() if one.place and one.point is None] == []


def test_every_case_is_an_article_with_its_people(demonstration: KnowledgeBase) -> None:
    known = demonstration.ids(Kind.ACTOR)
    for case in demonstration.cases():
        assert 150 <= len(case.text.split()) <= 400, case.id
        assert all((case.author, case.date, case.themes, case.need)), case.id
        assert urlsplit(case.source_url).netloc, case.id
        named = {part.actor_id for part in case.participants if part.actor_id}
        assert named, case.id
        assert named <= known, case.id


@pytest.mark.parametrize(
    ("query", "among"),
    [
        ("qui pourrait fabriquer du gel hydroalcoolique ?", {"avel"}),
        ("who could make sanitiser?", {"avel"}),
    ],
)
def test_a_need_finds_who_can_meet_it(
    demonstration: KnowledgeBase, query: str, among: set[str]
) -> None:
    hits = {hit.actor.id: hit for hit in demonstration.search(query, limit=10).hits}
    assert any(hits[id_].fit is Fit.STRONG for id_ in among & hits.keys()), query

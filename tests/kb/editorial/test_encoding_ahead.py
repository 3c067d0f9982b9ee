"""What others embed for a job is no remains of anything before the job ends."""

from dataclasses import replace

import pytest

from kb.errors import KnowledgeBaseError
from kb.knowledge_base import KnowledgeBase
from kb.models import Kind
from kb.resolution.merge_rules import SourceRow
from tests.conftest import OpenBase
from tests.encoders import WordCountEncoder
from tests.kb.records import DISTILLER, GLOVER, POLISH

KNITTER = replace(GLOVER, id="bonnets", name="Bonneterie", description="Elle tricote des bonnets.")


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def job(base: KnowledgeBase) -> str:
    """A job that runs, for which a text was embedded that the base does not have."""
    base.put([POLISH, DISTILLER])
    base.jobs.add("directory", {}, by="")
    running = base.jobs.claim()
    assert running
    base.encode_ahead(running.id, "words-1", [KNITTER, POLISH])
    assert ahead(base) == 1
    return running.id


def ahead(base: KnowledgeBase) -> int:
    with base._stores.lend() as store:
        return int(store.execute("select count(*) from embeddings_ahead").fetchone()[0])


def test_what_was_derived_before_the_base_changed_is_not_put(base: KnowledgeBase, job: str) -> None:
    """Neither what was embedded for it, nor what others had embedded ahead."""
    late = replace(KNITTER, description="Elle tricote des gants.")
    last = replace(KNITTER, description="Elle tricote des écharpes.")
    batch = base._indexer.start(None)
    with base._stores.lend() as store:
        for actor in (KNITTER, late, last):
            batch.derive([actor])
            batch.embed(store)
        with store.changing():
            batch.put(store)
        known = store.execute("select count(*) from embeddings").fetchone()[0]
        used = store.execute(
            "select count(distinct text_hash) from passages where text_hash is not null"
        ).fetchone()[0]
    assert known == used
    assert ahead(base) == 1


def test_it_goes_with_what_is_erased(
    base: KnowledgeBase, word_counts: WordCountEncoder, job: str
) -> None:
    base.erase(Kind.ACTOR, DISTILLER.id, by="")
    assert ahead(base) == 0
    word_counts.embedded.clear()
    base.ingest_actors("cci", [SourceRow(KNITTER)])
    assert word_counts.embedded == [KNITTER.description]


def test_another_encoder_than_that_of_the_job_or_the_base_embeds_nothing(
    open_base: OpenBase, base: KnowledgeBase, job: str
) -> None:
    other = WordCountEncoder("words-2")
    of_other = open_base(other)
    actor = replace(KNITTER, description="Elle tricote des gants.")
    with pytest.raises(KnowledgeBaseError, match="another encoder than word-count words-2"):
        of_other.encode_ahead(job, "words-1", [actor])
    with pytest.raises(KnowledgeBaseError, match="was embedded by another encoder"):
        of_other.encode_ahead(job, "words-2", [actor])
    assert other.embedded == []
    assert ahead(base) == 1

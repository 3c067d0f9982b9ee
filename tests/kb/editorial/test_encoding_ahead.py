"""What others embed for a job is no remains of anything before the job ends."""

from dataclasses import replace

import pytest

from kb.errors import KnowledgeBaseError
from kb.knowledge_base import KnowledgeBase
from kb.models import Kind
from kb.registers.jobs import JobState
from kb.resolution.merge_rules import SourceRow
from kb.store.store import SqliteStore
from kb.upkeep.check import BaseCheck
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


def test_other_changes_leave_it_until_it_is_used(
    base: KnowledgeBase, word_counts: WordCountEncoder, job: str
) -> None:
    base.remove(Kind.ACTOR, [DISTILLER.id])
    base.rebuild()
    with base._stores.lend() as store:
        assert not isinstance(store, SqliteStore) or BaseCheck(store).run() == []
    assert ahead(base) == 1
    word_counts.embedded.clear()
    told: list[int] = []
    base.ingest_actors("cci", [SourceRow(KNITTER)], told.append)
    assert word_counts.embedded == []
    assert sum(told) == 1
    assert base.search("tricote des bonnets").hits[0].actor.id == KNITTER.id
    assert ahead(base) == 0
    # The passage has one of its own, which goes with it.
    word_counts.embedded.clear()
    base.remove(Kind.ACTOR, [KNITTER.id])
    base.ingest_actors("cci", [SourceRow(KNITTER)])
    assert word_counts.embedded == [KNITTER.description]


def test_what_is_not_used_goes_with_the_job(base: KnowledgeBase, job: str) -> None:
    base.jobs.finish(job, JobState.DONE)
    assert ahead(base) == 0


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


def test_nothing_is_kept_for_a_job_that_has_ended(
    base: KnowledgeBase, word_counts: WordCountEncoder, job: str
) -> None:
    base.jobs.cancel(job)
    assert not base.jobs.beat(job, 1, 1)
    base.jobs.finish(job, JobState.CANCELLED)
    base.encode_ahead(job, "words-1", [KNITTER])
    assert ahead(base) == 0


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

"""A directory is encoded by several workers; what comes of it is what one makes."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import astuple, dataclass, field
from pathlib import Path
from shutil import copyfile

import pytest

from ingest import slices
from ingest.reading import runs as module
from ingest.reading.runs import encode_run, runs_of
from ingest.worker import ENCODING, run_next
from kb.encoder.encoder import Embeddings, TextKind
from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.models import Kind
from kb.registers.jobs import Job, JobPlace, JobState
from kb.store.pool import open_store
from kb.store.store import Store
from tests.conftest import OpenBase
from tests.encoders import WordCountEncoder

ROWS = 1_000


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(autouse=True)
def _small_directories_are_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SHARED_FROM", ROWS)
    monkeypatch.setattr(module, "RUN_ROWS", 200)
    # What the job has read when it encodes its third slice is to be known.
    monkeypatch.setattr(slices, "ENCODED_AT_ONCE", 1)
    monkeypatch.setattr(slices, "ENCODED_AHEAD", 1)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Some texts stand in several rows, some rows have no name, one stands there twice."""
    rows = [
        f"f{n};{'' if n % 90 == 7 else f'Firme {n}'};Elle fabrique la pièce {n - n % 3}."
        for n in range(ROWS - 1)
    ]
    path = tmp_path / "annuaire.csv"
    path.write_text("\n".join(["id;nom;activité", *rows, rows[0]]) + "\n", encoding="utf-8")
    return path


@dataclass
class Meanwhile(WordCountEncoder):
    """Has something done in the moment before a batch of texts is encoded."""

    at_batch: int
    do: Callable[[], object]
    batches: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        super().__init__(dimension=64)

    def encode(self, texts: Sequence[str], kind: TextKind) -> Embeddings:
        if kind is TextKind.DOCUMENT:
            self.batches += 1
            if self.batches == self.at_batch:
                self.do()
        return super().encode(texts, kind)


class Killed(BaseException):
    """Stands for the end of a process."""


def killed() -> None:
    raise Killed


WHEN_SHARED = 3
"""The batch of texts before which a job has shared its runs: that of its third slice."""


def store_of(base: KnowledgeBase) -> Store:
    place = base.place
    return open_store(place / DATABASE_FILE if isinstance(place, Path) else place)


def ahead(base: KnowledgeBase) -> int:
    with closing(store_of(base)) as store:
        (count,) = store.execute("select count(*) from embeddings_ahead").fetchone()
        return int(count)


def shared(base: KnowledgeBase) -> int:
    with closing(store_of(base)) as store:
        (count,) = store.execute("select count(*) from jobs where part_of != ''").fetchone()
        return int(count)


def content(base: KnowledgeBase) -> Iterator[object]:
    """All that is known of each actor, and each passage with its vector."""
    for actor in base.actors():
        yield actor
        yield [claim[:-1] for claim in map(astuple, base.claims.of(actor.id))]
        yield [(version.number, version.record) for version in base.history(Kind.ACTOR, actor.id)]
    with closing(store_of(base)) as store:
        known, vectors = store.known_embeddings("words-1")
        ids = known.tolist()
        yield store.passages(ids)
        yield ids
        yield vectors.tobytes()
        yield store.execute("select count(*) from embeddings").fetchone()[0]


def queued(base: KnowledgeBase, directory: Path) -> Job:
    return base.jobs.add("directory", {"path": str(directory)}, by="léa")


@pytest.fixture
def alone(empty_database: Path, tmp_path: Path, directory: Path) -> Iterator[KnowledgeBase]:
    """A base that one worker made of the directory."""
    folder = tmp_path / "alone"
    folder.mkdir()
    copyfile(empty_database, folder / DATABASE_FILE)
    encoder = WordCountEncoder(dimension=64)
    with closing(KnowledgeBase(folder, lambda: encoder)) as base:
        queued(base, directory)
        assert run_next(base)
        assert len(encoder.embedded) == len({*encoder.embedded}) == ROWS // 3
        yield base


def helped(open_base: OpenBase, directory: Path, *encoders: WordCountEncoder) -> KnowledgeBase:
    """A base whose job has other workers beside it: each does all runs it can in one moment."""
    helpers = [open_base(encoder) for encoder in encoders]

    def help_out() -> None:
        for helper in helpers:
            while run_next(helper):
                pass

    base = open_base(Meanwhile(WHEN_SHARED, help_out))
    queued(base, directory)
    assert run_next(base)
    return base


def test_runs_are_taken_from_the_far_end() -> None:
    assert runs_of(ROWS - 1) == []
    assert runs_of(1_050) == [
        range(1_000, 1_050),
        range(800, 1_000),
        range(600, 800),
        range(400, 600),
        range(200, 400),
        range(200),
    ]
    assert [len(runs_of(rows)) for rows in (20_000, 1_000_001)] == [40, 40]


def test_the_base_is_that_of_one_worker(
    open_base: OpenBase, directory: Path, alone: KnowledgeBase
) -> None:
    helper = WordCountEncoder(dimension=64)
    base = helped(open_base, directory, helper)
    assert [*content(base)] == [*content(alone)]
    (job,), (job_alone,) = base.jobs.list(), alone.jobs.list()
    assert job.state is JobState.DONE
    assert job.report == job_alone.report
    writer = base.encoder
    assert isinstance(writer, WordCountEncoder)
    # The writer had not read beyond its fourth slice, so that two runs were left to the helper.
    assert len(helper.embedded) >= 400 // 3
    assert len(writer.embedded) <= 600 // 3
    assert ahead(base) == shared(base) == 0


def test_an_encoder_that_is_not_the_jobs_leaves_all_parts_to_one_that_is(
    open_base: OpenBase,
    directory: Path,
    alone: KnowledgeBase,
    caplog: pytest.LogCaptureFixture,
) -> None:
    unlike = WordCountEncoder("words-2", dimension=64)
    helper = WordCountEncoder(dimension=64)
    base = helped(open_base, directory, unlike, helper)
    assert unlike.embedded == []
    assert len(helper.embedded) >= 400 // 3
    (told,) = caplog.messages
    assert told.endswith("The job has another encoder than word-count words-2.")
    assert [*content(base)] == [*content(alone)]


def test_a_killed_helper_leaves_what_it_kept_and_the_next_goes_on(
    open_base: OpenBase,
    directory: Path,
    alone: KnowledgeBase,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("kb.registers.jobs.SILENCE_S", 0.0)
    monkeypatch.setattr(module, "EMBEDDED_AT_ONCE", 100)
    first = open_base(Meanwhile(2, killed))
    second_encoder = WordCountEncoder(dimension=64)
    second = open_base(second_encoder)

    def encode(base: KnowledgeBase) -> None:
        encode_run(
            base,
            directory,
            runs_of(ROWS)[0],
            job=base.jobs.list()[0].id,
            encoder="words-1",
            source="",
            choices={},
            is_passed=lambda _row: False,
            progress=lambda _count: None,
        )

    def help_out() -> None:
        with pytest.raises(Killed):
            encode(first)
        kept = ahead(first)
        assert kept == 34  # of its last hundred rows
        encode(second)
        assert len(second_encoder.embedded) + kept == ahead(first) == 67

    base = open_base(Meanwhile(WHEN_SHARED, help_out))
    queued(base, directory)
    assert run_next(base)
    assert base.jobs.list()[0].state is JobState.DONE
    assert [*content(base)] == [*content(alone)]
    assert ahead(base) == 0


def test_rows_that_the_job_has_passed_are_left_to_it(open_base: OpenBase, directory: Path) -> None:
    encoder = WordCountEncoder(dimension=64)
    base = open_base(encoder)
    job = queued(base, directory)
    base.jobs.claim()
    base.jobs.share(job.id, ENCODING, [{"encoder": "words-1", "first": "200", "end": "400"}])
    base.jobs.beat(job.id, 300, ROWS, JobPlace())
    assert run_next(base)
    # The last 72 rows; those before, from row 200 on, hold one that was passed.
    assert len(encoder.embedded) == ahead(base) == 25
    assert min(encoder.embedded) == "Elle fabrique la pièce 327."


def test_a_job_that_comes_meanwhile_is_done_before_the_rest_of_a_run(
    open_base: OpenBase, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EMBEDDED_AT_ONCE", 100)
    base = open_base(Meanwhile(1, lambda: base.jobs.add("dance", {}, by="")))
    job = queued(base, directory)
    base.jobs.claim()
    base.jobs.share(job.id, ENCODING, [{"encoder": "words-1", "first": "200", "end": "400"}])
    assert run_next(base)
    assert ahead(base) == 34
    assert run_next(base)
    assert base.jobs.list()[0].state is JobState.FAILED  # nobody knows how to dance
    assert run_next(base)
    assert ahead(base) == 68
    assert not run_next(base)


def test_what_was_kept_goes_with_a_job_that_is_cancelled(
    open_base: OpenBase, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.worker.SAVED_EVERY_S", 0.0)
    helper = open_base(WordCountEncoder(dimension=64))

    def help_out() -> None:
        assert run_next(helper)
        assert ahead(helper) > 0
        helper.jobs.cancel(helper.jobs.list()[0].id)

    base = open_base(Meanwhile(WHEN_SHARED, help_out))
    job = queued(base, directory)
    assert run_next(base)
    assert base.jobs.get(job.id).state is JobState.CANCELLED
    assert ahead(base) == shared(base) == 0
    assert not run_next(helper)

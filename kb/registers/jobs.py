"""Jobs: long work that waits for a worker; the next worker claims those of a silent one."""

import json
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from kb.address import UPLOADS
from kb.errors import TooManyJobs
from kb.registers.clock import before, now, seconds_left, to_come
from kb.registers.register import Register, as_json, by_id, columns_of, count
from kb.store.connection import StoreRow
from kb.store.pool import StorePool
from kb.store.store import Store

SILENCE_S = 30.0  # time without a beat after which a worker is taken for dead
SOURCE_JOB = "source"  # kind of jobs that read a source again; their parameter `source` is its name
CONTACTS_JOB = "contacts"  # kind of jobs that carry out who sees the contacts of their `source`
MAX_CLAIMS = 5  # most times that a job is claimed before it fails because its workers died


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINAL_STATES = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})
_UPLOAD = re.compile(rf"/{UPLOADS}/([0-9a-f]{{32}})/")  # in parameters of a job


@dataclass(frozen=True, slots=True)
class Job:
    """Work to be done; `total` is 0 while unknown, `message` the reason of a failure."""

    id: str
    kind: str
    parameters: Mapping[str, str]
    state: JobState
    created_by: str
    created_at: str
    done: int = 0
    total: int = 0
    report: Mapping[str, object] = field(default_factory=dict)
    message: str = ""
    started_at: str = ""
    finished_at: str = ""
    cancel_asked: bool = False
    file: str = ""
    phase: str = ""
    per_second: float = 0.0

    @property
    def seconds_left(self) -> float:
        return seconds_left(self.done, self.total, self.per_second)


def waiting_uploads(store: Store) -> set[str]:
    rows = store.execute("select parameters from jobs where finished_at = ''").fetchall()
    return {name for (text,) in rows for name in _UPLOAD.findall(text)}


_OF_SOURCE = "kind = 'source' and json_extract(parameters, '$.source') = :source"
_NEWEST = "order by created_at desc, rowid desc limit :limit"


class Jobs(Register):
    """The register of jobs. Remembers which jobs were claimed through it."""

    def __init__(self, stores: StorePool) -> None:
        super().__init__(stores)
        self._claims: dict[str, str] = {}

    def add(self, kind: str, parameters: Mapping[str, str], *, by: str, most: int = 0) -> Job:
        """Adds a job, or raises `TooManyJobs` if `by` has `most` (unless 0) that have not ended."""
        job = Job(secrets.token_hex(8), kind, parameters, JobState.QUEUED, by, now())
        with self._writing() as store:
            if most and _unfinished(store, by) >= most:
                raise TooManyJobs("too_many_jobs")
            store.insert("jobs", {**columns_of(job), "beat_at": "", "claim": "", "claims": 0})
        return job

    def get(self, id: str) -> Job:
        return self._by_id(Job, "jobs", id)

    def list(self, limit: int = 50) -> list[Job]:
        return self._read(Job, f"select * from jobs {_NEWEST}", {"limit": limit})  # noqa: S608

    def of_source(self, source: str, limit: int = 10) -> Sequence[Job]:
        select = f"select * from jobs where {_OF_SOURCE} {_NEWEST}"  # noqa: S608 (ours)
        return self._read(Job, select, {"source": source, "limit": limit})

    def forget_readings(self, source: str, keep: int) -> None:
        self._write(
            f"delete from jobs where finished_at != '' and {_OF_SOURCE}"  # noqa: S608 (ours)
            f" and id not in (select id from jobs where {_OF_SOURCE} {_NEWEST})",
            {"source": source, "limit": keep},
        )

    def unfinished(self, by: str) -> int:
        with self._stores.lend() as store:
            return _unfinished(store, by)

    def counts(self) -> Mapping[JobState, int]:
        rows = self._rows("select state, count(*) from jobs group by state")
        return dict.fromkeys(JobState, 0) | {JobState(state): found for state, found in rows}

    def waiting(self) -> bool:
        with self._stores.lend() as store:
            return _next(store) is not None

    def working(self) -> bool:
        select = "select 1 from jobs where state = 'running' and beat_at > ? and beat_at <= ?"
        return bool(self._rows(select, [before(SILENCE_S), to_come(SILENCE_S)]))

    def claim(self, only: str = "") -> Job | None:
        """Takes the oldest job that waits, or the one called `only`; ends what workers died of."""
        with self._stores.lend() as store:
            while _next(store, only) is not None:
                # A look from outside spares writers a lock each time a worker finds nothing.
                with store.writing_rows():
                    row = _next(store, only, store.and_take)
                    if row is None:  # another worker is taking it
                        return None
                    if row["cancel_asked"]:
                        _end(store, row["id"], JobState.CANCELLED)
                        continue
                    if row["claims"] >= MAX_CLAIMS:
                        message = f"The worker died {MAX_CLAIMS} times at this job."
                        _end(store, row["id"], JobState.FAILED, message=message)
                        continue
                    claim = secrets.token_hex(8)
                    store.execute(
                        "update jobs set state = 'running', claim = ?, claims = claims + 1,"
                        " beat_at = ?, started_at = coalesce(nullif(started_at, ''), ?)"
                        " where id = ?",
                        [claim, now(), now(), row["id"]],
                    )
                self._claims[row["id"]] = claim
                return by_id(store, Job, "jobs", row["id"])
        return None

    def beat(
        self, id: str, done: int, total: int, file: str = "", phase: str = "", rate: float = 0.0
    ) -> bool:
        """Notes how far a claimed job is, and where; returns whether to go on with it."""
        with self._stores.lend() as store, store.writing_rows():
            beaten = store.execute(
                "update jobs set beat_at = ?, done = ?, total = ?, file = ?, phase = ?,"
                " per_second = ?"
                " where id = ? and claim = ? and state = 'running' returning cancel_asked",
                [now(), done, total, file, phase, rate, id, self._claims.get(id)],
            ).fetchone()
        return beaten is not None and not beaten["cancel_asked"]

    def finish(
        self,
        id: str,
        state: JobState,
        report: Mapping[str, object] | None = None,
        message: str = "",
    ) -> None:
        with self._stores.lend() as store, store.writing_rows():
            if _is_kept(store, id, self._claims.pop(id, "")):
                _end(store, id, state, report or {}, message)

    def release(self, id: str) -> None:
        with self._stores.lend() as store, store.writing_rows():
            if _is_kept(store, id, self._claims.pop(id, "")):
                store.execute(
                    "update jobs set state = 'queued', claim = '', claims = claims - 1"
                    " where id = ?",
                    [id],
                )

    def cancel(self, id: str) -> None:
        with self._writing() as store:
            job = by_id(store, Job, "jobs", id)
            if job.state is JobState.QUEUED:
                _end(store, id, JobState.CANCELLED)
            elif job.state is JobState.RUNNING:
                store.update("jobs", {"id": id}, {"cancel_asked": 1})


def queue_choice(jobs: Jobs, source: str, by: str) -> Job:
    return jobs.add(CONTACTS_JOB, {"source": source, "name": source}, by=by)


def forget_in_reports(store: Store, is_told: Callable[[object], bool]) -> None:
    for row in store.execute("select id, report, message from jobs").fetchall():
        report = json.loads(row["report"])
        kept = {
            key: [item for item in value if not is_told(item)] if isinstance(value, list) else value
            for key, value in report.items()
        }
        message = "" if is_told(row["message"]) else row["message"]
        if (kept, message) != (report, row["message"]):
            store.update("jobs", {"id": row["id"]}, {"report": as_json(kept), "message": message})


def _next(store: Store, only: str = "", and_take: str = "") -> StoreRow | None:
    found: StoreRow | None = store.execute(
        "select id, claims, cancel_asked from jobs"  # noqa: S608 (ours)
        " where (state = 'queued'"
        # A beat to come is of a clock that was ahead.
        " or (state = 'running' and (beat_at <= :silent or beat_at > :ahead)))"
        " and :only in ('', id)"
        f" order by created_at, rowid limit 1{and_take}",
        {"silent": before(SILENCE_S), "ahead": to_come(SILENCE_S), "only": only},
    ).fetchone()
    return found


def _unfinished(store: Store, by: str) -> int:
    select = "select count(*) from jobs where created_by = ? and state in ('queued', 'running')"
    return count(store, select, [by])


def _is_kept(store: Store, job_id: str, claim: str) -> bool:
    """Returns whether a claim holds, and has nobody else claim the job in this transaction."""
    kept = store.execute(
        "update jobs set beat_at = ? where id = ? and claim = ? and state = 'running'",
        [now(), job_id, claim],
    )
    return kept.rowcount > 0


def _end(
    store: Store,
    job_id: str,
    state: JobState,
    report: Mapping[str, object] | None = None,
    message: str = "",
) -> None:
    values = {"state": state.value, "message": message, "finished_at": now(), "claim": ""}
    if report is not None:
        values["report"] = as_json(report)
    store.update("jobs", {"id": job_id}, values)

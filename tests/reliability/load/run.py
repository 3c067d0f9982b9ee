"""Searchers alone, then among all others: how much slower they become, and what is kept."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.reliability.load.site import PATIENCE_S, SERVE, Site, served
from tests.reliability.load.visitors import (
    Directory,
    Kinds,
    Publisher,
    Reader,
    Searcher,
    Tally,
    Typist,
    Uploader,
    visit,
)
from tests.reliability.load.watched import Taken, high_mib, mib_an_hour

VISITORS: Kinds = {Searcher: 32, Reader: 16, Typist: 8, Publisher: 4, Uploader: 3, Directory: 1}
CLIENTS = sum(VISITORS.values())
WRITERS = 8

SLOWER = 3.0
"""How many times as long searches may take among others, at the 95th percentile."""

GROWN = 0.1
"""How much more memory may be taken in the last part than in the first."""

MORE_HANDLES, MORE_THREADS = 100, 48
"""How many more may be open or running at the end: a connection for each client, and files."""

COMPARED_FROM_S = 60
"""What is shorter ends while the server still loads what visitors need for the first time."""

MOST_WAL_BYTES = 64 * 2**20
JOBS_END_WITHIN_S = 300

Summary = dict[str, Any]


@dataclass(frozen=True)
class Lengths:
    """How long each part lasts, in seconds: searchers alone, then all; `warm` before each."""

    alone: float
    warm: float
    mixed: float


def run(
    source: Path,
    kinds: Kinds,
    lengths: Lengths,
    *,
    hurry: float = 1.0,
    program: Sequence[str] = SERVE,
    patience_s: float = PATIENCE_S,
) -> Summary:
    """Serves a copy of a base to so many of each kind; returns what they met with.

    `faults` has a line for each thing that must not be. How long anything took is not among them.
    """
    with (
        tempfile.TemporaryDirectory() as scratch,
        served(source, Path(scratch), WRITERS, program=program, patience_s=patience_s) as site,
    ):
        return asyncio.run(_run(site, kinds, lengths, hurry))


async def _run(site: Site, kinds: Kinds, lengths: Lengths, hurry: float) -> Summary:
    searchers: Kinds = {Searcher: kinds[Searcher]}
    started = time.monotonic()
    await visit(site, searchers, lengths.warm, seed=1, hurry=hurry)
    alone = await visit(site, searchers, lengths.alone, seed=2, hurry=hurry)
    warming = await visit(site, kinds, lengths.warm, seed=3, hurry=hurry)
    begins = time.monotonic()
    mixed = await visit(site, kinds, lengths.mixed, seed=4, hurry=hurry)
    ends = time.monotonic()
    faults = [*alone.faults, *warming.faults, *mixed.faults]
    for tally in (warming, mixed):
        faults += [line async for line in lost(site, tally)]
    part = lengths.mixed / 3
    last_begins = begins + lengths.mixed - part
    first = site.watched.between(begins, begins + part)
    last = site.watched.between(last_begins, last_begins + part)
    if lengths.mixed >= COMPARED_FROM_S:
        faults += grown(first, last)
    return {
        "clients": sum(kinds.values()),
        "seconds": round(time.monotonic() - started),
        "mixed_s": round(ends - begins),
        "requests": sum(map(len, mixed.seconds.values())),
        "searches": len(mixed.seconds.get("search", ())),
        "alone_p95_s": percentile(alone.seconds.get("search", ()), 0.95),
        "mixed_p95_s": percentile(mixed.seconds.get("search", ()), 0.95),
        "answered": {kind: figures(took) for kind, took in sorted(mixed.seconds.items())},
        "refusals": mixed.refused.total(),
        "refused": dict(mixed.refused),
        "published": len(warming.published) + len(mixed.published),
        "jobs": len(warming.jobs) + len(mixed.jobs),
        "mib_an_hour": mib_an_hour(site.watched.between(begins, ends)),
        **taken(first, last),
        "faults": faults,
    }


async def lost(site: Site, tally: Tally) -> Any:
    """Gives a line for each publication or job that was acknowledged and is not there."""
    async with httpx.AsyncClient(base_url=site.url, timeout=site.patience_s) as client:
        for id_, title in tally.published.items():
            answer = await client.get(f"/api/cases/{id_}")
            if answer.status_code != 200 or answer.json()["title"] != title:
                yield f"the case {id_} was published, and is not there: {answer.status_code}"
                continue
            answer = await client.get("/api/search", params={"q": f'"{title}"', "limit": 5})
            if id_ not in answer.text:
                yield f"the case {id_} was published, and no search finds it"
        for id_, token in tally.jobs:
            asked = {"Authorization": f"Bearer {token}"}
            until = time.monotonic() + JOBS_END_WITHIN_S
            while True:
                state = (await client.get(f"/api/jobs/{id_}", headers=asked)).json()["state"]
                if state not in {"waiting", "running"} or time.monotonic() > until:
                    break
                await asyncio.sleep(1)
            if state != "done":
                yield f"the job {id_} was taken, and is {state}"


def grown(first: Sequence[Taken], last: Sequence[Taken]) -> list[str]:
    """Gives a line for each thing of which more is taken in the end than may be."""
    if not first or not last:
        return []
    lines = []
    before, after = high_mib(first), high_mib(last)
    if after > before * (1 + GROWN):
        lines.append(f"memory grew from {before} to {after} MiB")
    for what, more in (("handles", MORE_HANDLES), ("threads", MORE_THREADS)):
        least, most = (min(getattr(one, what) for one in first), last_of(last, what))
        if most > least + more:
            lines.append(f"{what} grew from {least} to {most}")
    if (wal := max(one.wal_bytes for one in last)) > MOST_WAL_BYTES:
        lines.append(f"the WAL has {wal} bytes")
    return lines


def last_of(seen: Sequence[Taken], what: str) -> int:
    return max(int(getattr(one, what)) for one in seen)


def taken(first: Sequence[Taken], last: Sequence[Taken]) -> Summary:
    """What was taken at the beginning and in the end."""
    if not first or not last:
        return {}
    return {
        "mib": [high_mib(first), high_mib(last)],
        "server_mib": [
            round(statistics.median(one.server_mib for one in seen), 1) for seen in (first, last)
        ],
        **{
            what: [last_of(first, what), last_of(last, what)]
            for what in ("handles", "threads", "children", "wal_bytes")
        },
    }


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which such a share lies; 0 of none."""
    ordered = sorted(values)
    return round(ordered[min(int(len(ordered) * share), len(ordered) - 1)], 3) if ordered else 0.0


def figures(values: Sequence[float]) -> dict[str, float]:
    return {
        "count": len(values),
        "p50_s": percentile(values, 0.5),
        "p95_s": percentile(values, 0.95),
        "max_s": percentile(values, 1.0),
    }

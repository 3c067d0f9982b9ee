"""Searchers alone, then among all others: how much slower they become, and what is kept."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
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

VISITORS: Kinds = {Searcher: 32, Reader: 16, Typist: 8, Publisher: 4, Uploader: 3, Directory: 1}
WRITERS = 8

GROWN = 0.1
"""How much more memory may be taken in the last part than in the first."""

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
    await visit(site, searchers, lengths.warm, seed=1, hurry=hurry)
    alone = await visit(site, searchers, lengths.alone, seed=2, hurry=hurry)
    warming = await visit(site, kinds, lengths.warm, seed=3, hurry=hurry)
    begins = time.monotonic()
    mixed = await visit(site, kinds, lengths.mixed, seed=4, hurry=hurry)
    faults = [*alone.faults, *warming.faults, *mixed.faults]
    for tally in (warming, mixed):
        faults += [line async for line in _lost(site, tally)]
    part = lengths.mixed / 3
    first, last = (
        [mib for at, mib, _ in site.taken if since <= at <= since + part]
        for since in (begins, begins + 2 * part)
    )
    # What is exceeded a tenth of the time: with the worker, which comes and goes.
    before, after = percentile(first, 0.9), percentile(last, 0.9)
    wal = max((bytes_ for _, _, bytes_ in site.taken), default=0)
    if lengths.mixed >= COMPARED_FROM_S:
        if after > before * (1 + GROWN):
            faults.append(f"memory grew from {before} to {after} MiB")
        if wal > MOST_WAL_BYTES:
            faults.append(f"the WAL had {wal} bytes")
    return {
        "clients": sum(kinds.values()),
        "requests": sum(map(len, mixed.seconds.values())),
        "searches": len(mixed.seconds.get("search", ())),
        "alone_p95_s": percentile(alone.seconds.get("search", ()), 0.95),
        "mixed_p95_s": percentile(mixed.seconds.get("search", ()), 0.95),
        "answered": {
            kind: {"count": len(took), "p50_s": percentile(took, 0.5), "max_s": max(took)}
            for kind, took in sorted(mixed.seconds.items())
        },
        "refused": dict(mixed.refused),
        "published": len(warming.published) + len(mixed.published),
        "jobs": len(warming.jobs) + len(mixed.jobs),
        "mib": [before, after],
        "wal_bytes": wal,
        "faults": faults,
    }


async def _lost(site: Site, tally: Tally) -> AsyncIterator[str]:
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


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which such a share lies; 0 of none."""
    ordered = sorted(values)
    return round(ordered[min(int(len(ordered) * share), len(ordered) - 1)], 3) if ordered else 0.0

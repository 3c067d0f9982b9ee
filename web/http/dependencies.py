"""Dependencies of routes: the request, the knowledge base, a turn to search it or all of it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Annotated, TypeVar, cast

from anyio import CapacityLimiter, to_thread
from fastapi import Depends, Request

from ingest.sandbox.pool import AT_ONCE, Turns
from kb.errors import TooManyJobs
from kb.knowledge_base import KnowledgeBase
from kb.messages import N_
from kb.registers.accounts import Account
from web.http.refusals import Refusal
from web.http.request import PageRequest
from web.http.security.throttle import (
    Quota,
    count_for_account,
    count_for_address,
    host_of,
    times_of,
)

Answer = TypeVar("Answer")
Turn = Callable[[], AbstractAsyncContextManager[None]]
"""Waits for a turn, and holds it until its block ends."""

# Coroutines because they only look something up: FastAPI would send a plain function to a thread.


async def _request(request: Request) -> PageRequest:
    return PageRequest(request)


async def _knowledge_base(request: Request) -> KnowledgeBase:
    return PageRequest(request).knowledge_base


MOST_OF_ONE = 5
"""How many explanations and reports of one address are made or wait: half of all that may."""


class SearchTurns:
    """Limits the searches that run and that wait, without a thread: other pages never wait."""

    def __init__(self, at_once: int, waiting: int, retry_after_s: int, message: str) -> None:
        self.at_once = CapacityLimiter(at_once)
        self._most_waiting = waiting
        self._headers = {"Retry-After": str(retry_after_s)}
        self._message = message
        self._of_host: Counter[str] = Counter()

    @asynccontextmanager
    async def turn(self, host: str = "") -> AsyncIterator[None]:
        """Holds a turn, or raises `Refusal` if too many wait, of all or of this host."""
        if self.at_once.statistics().tasks_waiting >= self._most_waiting:
            raise Refusal(503, self._message, self._headers)
        if host and self._of_host[host] >= MOST_OF_ONE:
            several = N_(
                "Several explanations and reports are already being made for you. Wait for "
                "them before you request another one."
            )
            raise Refusal(429, several, self._headers)
        self._of_host[host] += 1
        try:
            async with self.at_once:
                yield
        finally:
            self._of_host[host] -= 1
            self._of_host += Counter()  # without those that have none


SEARCHES_WAITING = 24  # how many searches may wait for each worker: about two seconds of work


def search_turns() -> SearchTurns:
    message = N_("Very many people are searching now. Try again in a few seconds.")
    return SearchTurns(4, SEARCHES_WAITING, 2, message)


def complete_search_turns() -> SearchTurns:
    """Returns the turns of searches that score every actor; other searches do not wait for them."""
    message = N_(
        "Too many explanations and reports are being made now. Try again in a few seconds."
    )
    return SearchTurns(2, 8, 10, message)


class ReadingTurns:
    """Limits the articles that are read at once and that wait; an account has one at a time."""

    def __init__(self) -> None:
        self._turns = Turns()
        self._threads = CapacityLimiter(AT_ONCE)

    async def run(self, read: Callable[[], Answer]) -> Answer:
        """Waits for a turn, and reads in a thread; raises `ReadersBusy` if too many wait."""
        begun = asyncio.Event()
        loop = asyncio.get_running_loop()
        turn = self._turns.ask(lambda: loop.call_soon_threadsafe(begun.set))
        try:
            await begun.wait()
            return await to_thread.run_sync(read, limiter=self._threads)
        finally:
            self._turns.end(turn)


def reading_turns(request: Request) -> ReadingTurns:
    return cast("ReadingTurns", request.app.state.reading)


def searches_of(request: Request) -> SearchTurns:
    return cast("SearchTurns", request.app.state.searches)


async def _one_of_few(request: Request) -> AsyncIterator[None]:
    count_for_address(request, Quota.EXPLANATIONS)
    async with request.app.state.complete_searches.turn(host_of(request)):
        yield


async def _a_search(request: Request) -> AsyncIterator[None]:
    count_for_address(request, Quota.SEARCHES)
    async with searches_of(request).turn():
        yield


async def _a_turn(request: Request) -> AsyncIterator[None]:
    async with searches_of(request).turn():
        yield


A_SEARCH = Depends(_a_search, scope="function")
"""For a route that searches: it counts for its address, and waits for its turn."""

ATurnToSearch = Annotated[None, Depends(_a_turn, scope="function")]
"""For a route that searches and counts by itself; after what lets its refusals be read."""


def count_job(request: PageRequest, account: Account) -> int:
    """Counts a job, or raises `TooManyJobs` or `Refusal`; returns the most that may wait or run."""
    most = request.settings.jobs_at_once * times_of(account)
    if most and request.knowledge_base.jobs.unfinished(account.name) >= most:
        raise TooManyJobs("too_many_jobs")
    count_for_account(request.http, account, Quota.JOBS)
    return most


ONE_OF_FEW = Depends(_one_of_few, scope="function")
"""For a route that scores every actor of the base: see `complete_search_turns`."""

APageRequest = Annotated[PageRequest, Depends(_request)]
OpenKnowledgeBase = Annotated[KnowledgeBase, Depends(_knowledge_base)]

"""Dependencies of routes: the request, the knowledge base, a turn to search it or all of it."""

import asyncio
import math
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
from web.http.security.quotas import (
    Quota,
    count_for_account,
    count_for_address,
    times_of,
)
from web.http.security.throttle import Throttle, host_of

Answer = TypeVar("Answer")
Turn = Callable[[], AbstractAsyncContextManager[None]]
"""Waits for a turn, and holds it until its block ends."""

# Coroutines because they only look something up: FastAPI would send a plain function to a thread.


async def _request(request: Request) -> PageRequest:
    return PageRequest(request)


async def _knowledge_base(request: Request) -> KnowledgeBase:
    return PageRequest(request).knowledge_base


COMPLETE_SEARCHES = 2
"""How many searches of every actor are made at once; more wait, without a thread."""

MAX_WAITING = 8
"""How many of those may wait; more are asked to come back."""

COMPLETE_SEARCHES_OF_ONE = 5
"""How many one address may have made or waiting, before it is slowed down: half of all."""

RETRY_AFTER_S = 10
"""What who finds too many waiting is asked to wait: about as long as those take."""


class CompleteSearches:
    """Limits the searches that score every actor: how many run, and how many of an address wait.

    Other searches do not wait for them.
    """

    def __init__(self) -> None:
        self.at_once = CapacityLimiter(COMPLETE_SEARCHES)
        self.of_address = Throttle(free=COMPLETE_SEARCHES_OF_ONE)

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Waits for a turn and holds it.

        Raises:
            Refusal: 503, too many wait; 429, too many are from this address.
        """
        if self.at_once.statistics().tasks_waiting >= MAX_WAITING:
            raise Refusal(
                503,
                N_(
                    "Too many explanations and reports are being made now. Try again in a few "
                    "seconds."
                ),
                {"Retry-After": str(RETRY_AFTER_S)},
            )
        wait_s = self.of_address.attempt(host)
        if wait_s:
            raise Refusal(
                429,
                N_(
                    "Several explanations and reports are already being made for you. Wait for "
                    "them before you request another one."
                ),
                {"Retry-After": str(math.ceil(wait_s))},
            )
        try:
            async with self.at_once:
                yield
        finally:
            # What is done counts no more: only what is made or waits at one time does.
            self.of_address.succeeded(host, forget=False)


class ReadingTurns:
    """Limits the articles that are read, and searched for proposals: how many, and how many wait.

    An account has one at a time. Searches do not wait for them.
    """

    def __init__(self, turns: Turns | None = None) -> None:
        self._turns = turns or Turns()
        self._threads = CapacityLimiter(AT_ONCE)

    async def run(self, read: Callable[[], Answer]) -> Answer:
        """Waits for a turn, and reads in a thread.

        Raises:
            ReadersBusy: too many wait, of all or of this account.
        """
        begun = asyncio.Event()
        loop = asyncio.get_running_loop()
        turn = self._turns.ask(lambda: loop.call_soon_threadsafe(begun.set))
        try:
            await begun.wait()
            return await to_thread.run_sync(read, limiter=self._threads)
        finally:
            self._turns.end(turn)


def reading_turns(request: Request) -> ReadingTurns:
    """Returns the turns of the application."""
    return cast("ReadingTurns", request.app.state.reading)


async def _one_of_few(request: Request) -> AsyncIterator[None]:
    count_for_address(request, Quota.EXPLANATIONS)
    complete_searches = cast("CompleteSearches", request.app.state.complete_searches)
    async with complete_searches.turn(host_of(request)):
        yield


SEARCHES_AT_ONCE = 4
"""How many searches a worker makes at once: two processors are busy with as many."""

SEARCHES_WAITING = 24
"""How many may wait for each worker, about two seconds of work; more are asked to come back."""

SEARCH_RETRY_AFTER_S = 2


class Searches:
    """Limits the searches: how many run and how many wait, without a thread.

    So pages that search nothing, and signing in, always have a thread.
    """

    def __init__(self) -> None:
        self.at_once = CapacityLimiter(SEARCHES_AT_ONCE)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Waits for a turn and holds it.

        Raises:
            Refusal: 503, too many wait.
        """
        if self.at_once.statistics().tasks_waiting >= SEARCHES_WAITING:
            raise Refusal(
                503,
                N_("Very many people are searching now. Try again in a few seconds."),
                {"Retry-After": str(SEARCH_RETRY_AFTER_S)},
            )
        async with self.at_once:
            yield


def searches_of(request: Request) -> Searches:
    return cast("Searches", request.app.state.searches)


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
    """Counts a job that an account asks for; returns the most that may wait or run, to add it with.

    Raises:
        TooManyJobs: too many of its jobs wait or run.
        Refusal: 429, too many were asked for today.
    """
    most = request.settings.jobs_at_once * times_of(account)
    if most and request.knowledge_base.jobs.unfinished(account.name) >= most:
        raise TooManyJobs("too_many_jobs")
    count_for_account(request.http, account, Quota.JOBS)
    return most


ONE_OF_FEW = Depends(_one_of_few, scope="function")
"""For a route that scores every actor of the base: see `CompleteSearches`."""

APageRequest = Annotated[PageRequest, Depends(_request)]
OpenKnowledgeBase = Annotated[KnowledgeBase, Depends(_knowledge_base)]

"""What a route can ask FastAPI for."""

from collections.abc import AsyncIterator
from typing import Annotated, cast

from anyio import CapacityLimiter
from fastapi import Depends, Request

from kb.knowledge_base import KnowledgeBase
from web.visit import Visit

# Coroutines because they only look something up: FastAPI would send a plain function to a thread.


async def _visit(request: Request) -> Visit:
    return Visit(request)


async def _knowledge_base(request: Request) -> KnowledgeBase:
    return Visit(request).knowledge_base


async def _one_of_few(request: Request) -> AsyncIterator[None]:
    async with cast("CapacityLimiter", request.app.state.complete_searches):
        yield


ONE_OF_FEW = Depends(_one_of_few, scope="function")
"""For a route that scores every actor of the base: few at once, and searches do not wait for it."""

COMPLETE_SEARCHES = 2
"""How many of those are made at once; more wait, without a thread."""

AVisit = Annotated[Visit, Depends(_visit)]
OpenKnowledgeBase = Annotated[KnowledgeBase, Depends(_knowledge_base)]

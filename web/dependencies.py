"""What a route can ask FastAPI for."""

from typing import Annotated

from fastapi import Depends, Request

from kb.knowledge_base import KnowledgeBase
from web.visit import Visit

# Coroutines because they only look something up: FastAPI would send a plain function to a thread.


async def _visit(request: Request) -> Visit:
    return Visit(request)


async def _knowledge_base(request: Request) -> KnowledgeBase:
    return Visit(request).knowledge_base


AVisit = Annotated[Visit, Depends(_visit)]
OpenKnowledgeBase = Annotated[KnowledgeBase, Depends(_knowledge_base)]

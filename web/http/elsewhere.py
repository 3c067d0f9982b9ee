"""Answers that another process of this server makes, so that searches use all processors.

A request is handed over where its turn to search has come: it is admitted and counted here, by the
one process that visitors reach, and answered there. Who is let in, and how often, is known here.
"""

from contextlib import AbstractAsyncContextManager
from typing import Protocol, cast

from fastapi import Request
from starlette.responses import Response
from starlette.types import Scope

_ADMITTED = "quisait.admitted"
"""The key of a scope, which no visitor can set."""


class AnsweredElsewhere(Exception):
    """Another process has answered: this is sent as it is."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


class OtherProcesses(Protocol):
    """Processes that answer as this one does."""

    count: int

    def place(self, request: Request) -> AbstractAsyncContextManager[Response | None]:
        """Has the freest process answer; gives None, and counts on it, if that is this one."""

    async def are_current(self) -> bool:
        """Returns whether their next searches find what the base holds now."""


def admit(scope: Scope) -> None:
    """Notes that a request was admitted and counted by the process that handed it over."""
    scope[_ADMITTED] = True


def is_admitted(request: Request) -> bool:
    return _ADMITTED in request.scope


async def send_as_it_is(_request: Request, answered: Exception) -> Response:
    return cast("AnsweredElsewhere", answered).response

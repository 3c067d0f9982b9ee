"""Routes of pages: their requests, what they depend on, and what pages with forms share."""

import asyncio
import csv
import io
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, TypeVar, cast

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, Request, params
from starlette.responses import HTMLResponse, RedirectResponse, Response

from ingest.sandbox.pool import AT_ONCE, Turns
from kb.errors import QuisaitError, TooManyJobs
from kb.explanation.report_files import CsvLayout
from kb.knowledge_base import KnowledgeBase
from kb.messages import N_
from kb.models import Kind
from kb.registers.accounts import Account
from kb.registers.board.notice import EXAMPLES, NoticeState
from kb.registers.identity import UNCHANGED, IdentityRevision
from kb.settings import Settings
from web.http.i18n import Language, language_of_path, preferred_language
from web.http.refusals import Refusal
from web.http.security.cookies import NoSecret
from web.http.security.sessions import NOBODY, Session, sessions_of
from web.http.security.throttle import (
    Quota,
    Throttle,
    count_for_account,
    count_for_address,
    host_of,
    times_of,
    too_much,
)
from web.http.templating import Renderer
from web.http.urls import PATTERNS, Address, Page, absolute_urls, site_root

TOO_MANY = N_("Several messages came from your connection. Wait a minute, then send it again.")


@dataclass(frozen=True, slots=True)
class PageRequest:
    http: Request

    @property
    def knowledge_base(self) -> KnowledgeBase:
        return cast("KnowledgeBase", self.http.app.state.knowledge_base)

    @property
    def settings(self) -> Settings:
        return cast("Settings", self.http.app.state.settings)

    @property
    def session(self) -> Session:
        """Who is signed in; nobody if the base cannot say, so that an error page can be shown."""
        try:
            return sessions_of(self.http).of(self.http)
        except QuisaitError:
            return NOBODY

    @property
    def picked(self) -> Sequence[str]:
        """The ids that the account picked for the need searched, or last; none if unknown."""
        account, need = self.session.account, self.http.query_params.get("q", "")
        try:
            found = self.knowledge_base.dossiers.for_picks(account.name, need) if account else None
        except QuisaitError:
            return ()
        return [entry.actor_id for entry in found.entries] if found else ()

    @property
    def identity(self) -> IdentityRevision:
        """What the operator says of the site; the default if the base cannot say."""
        try:
            return self.knowledge_base.identity.current()
        except QuisaitError:
            return UNCHANGED

    @property
    def is_demonstration(self) -> bool:
        """Whether the base has the notices of the demonstration; no if it cannot say."""
        notices = self.knowledge_base.notices
        try:
            return bool(notices.list([NoticeState.PUBLISHED], owner=EXAMPLES, limit=1))
        except QuisaitError:
            return False

    @property
    def contact_url(self) -> str:
        return self.identity.identity.contact or self.settings.contact_url

    @property
    def language(self) -> Language:
        return language_of_path(self.http.url.path) or preferred_language(
            self.http.headers.get("Accept-Language", "")
        )

    @property
    def wants_a_page(self) -> bool:
        return "text/html" in self.http.headers.get("Accept", "").lower()

    @property
    def root(self) -> str:
        return site_root(self.http, self.settings)

    def welcome(self) -> bool:
        """Gives a stranger's browser what forms are sent with; returns whether one can be sent."""
        if not self.knowledge_base.writable:
            return False
        try:
            sessions_of(self.http).welcome(self.http)
        except NoSecret:
            return False
        return True

    def slow_down(self, throttle: str, message: str = TOO_MANY, *, by: str = "") -> None:
        """Counts an attempt, by address unless by a key; raises `Refusal` (429) if too soon."""
        counts = cast("Throttle", getattr(self.http.app.state, throttle))
        if wait_s := counts.attempt(by or host_of(self.http)):
            raise too_much(message, wait_s)

    def absolute_url(self, address: Address) -> str:
        return absolute_urls(self.root, self.language)(address)

    def page(
        self,
        template: str,
        *,
        here: Address | None = None,
        language: Language | None = None,
        status_code: int = 200,
        **context: object,
    ) -> Response:
        """Renders a template as a page; `here` is None if the page has no other language."""
        language = language or self.language
        context = {"elsewhere": {}, "done": "", "message": "", **context}
        session = self.session
        text = self._render(
            template,
            language,
            here=here,
            status_code=status_code,
            account=session.account,
            csrf_token=session.csrf_token,
            picked=self.picked,
            is_demonstration=self.is_demonstration,
            sends_mail=self.settings.sends_mail,
            **context,
        )
        response = HTMLResponse(text, status_code, self._headers(language))
        # Every page says at its top whether someone is signed in.
        response.headers.add_vary_header("Cookie")
        sessions_of(self.http).keep(self.http, response)
        return response

    def text(self, template: str, language: Language | None = None, **context: object) -> str:
        """Renders a template that needs nothing of the site."""
        renderer = cast("Renderer", self.http.app.state.renderer)
        return renderer.render(template, language or self.language, **context).strip()

    def document(self, template: str, media_type: str, **context: object) -> Response:
        text = self._render(template, self.language, **context)
        return Response(text, media_type=media_type, headers=self._headers(self.language))

    def _render(self, template: str, language: Language, **context: object) -> str:
        renderer = cast("Renderer", self.http.app.state.renderer)
        current = self.identity
        return renderer.render(
            template,
            language,
            root=self.root,
            identity=current.identity,
            identity_revision=current.revision,
            contact_url=current.identity.contact or self.settings.contact_url,
            language_model=self.knowledge_base.language_model,
            **context,
        )

    def _headers(self, language: Language) -> dict[str, str]:
        headers = {"Content-Language": language.value}
        if language_of_path(self.http.url.path) is None:
            headers["Vary"] = "Accept-Language"
        return headers


Handler = TypeVar("Handler", bound=Callable[..., object])


class PageRouter(APIRouter):
    def __init__(self) -> None:
        super().__init__(include_in_schema=False)

    def shows(
        self, page: Page, dependencies: Sequence[params.Depends] = ()
    ) -> Callable[[Handler], Handler]:
        return self._routes(page, ["GET", "HEAD"], dependencies)

    def takes(self, page: Page) -> Callable[[Handler], Handler]:
        return self._routes(page, ["POST"])

    def _routes(
        self, page: Page, methods: list[str], dependencies: Sequence[params.Depends] = ()
    ) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            for path in PATTERNS[page].values():
                self.add_api_route(
                    path,
                    handler,
                    methods=methods,
                    name=page,
                    dependencies=dependencies,
                    response_model=None,
                )
            return handler

        return register


async def _record_kind(request: Request) -> Kind:
    return Kind(request.scope["route"].name.partition("_")[0])


AKind = Annotated[Kind, Depends(_record_kind)]


def see(request: PageRequest, target: Address | str, element_id: str = "") -> Response:
    path = target if isinstance(target, str) else target.path(request.language)
    response = RedirectResponse(f"{path}#{element_id}" if element_id else path, 303)
    sessions_of(request.http).keep(request.http, response)
    return response


def text_of(form: Mapping[str, object], name: str) -> str:
    """Returns the text of a field, empty if it is missing or a file."""
    value = form.get(name)
    return value if isinstance(value, str) else ""


def number_in(form: Mapping[str, object], name: str) -> int:
    value = text_of(form, name)
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 10 else 0


def csv_answer(
    name: str, titles: Iterable[str], rows: Iterable[Sequence[str | int]], language: Language
) -> Response:
    """Answers a table as a CSV file that spreadsheets of the language read, without formulas."""
    written, layout = io.StringIO(), CsvLayout.of(language)
    writer = csv.writer(written, delimiter=layout.delimiter)
    writer.writerow(titles)
    writer.writerows(map(layout.cell, row) for row in rows)
    content = written.getvalue().encode("utf-8-sig")
    return download(content, "text/csv; charset=utf-8", f"{name}.csv")


def download(content: str | bytes, media_type: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)


Answer = TypeVar("Answer")
Turn = Callable[[], AbstractAsyncContextManager[None]]


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
APageRequest = Annotated[PageRequest, Depends(_request)]
OpenKnowledgeBase = Annotated[KnowledgeBase, Depends(_knowledge_base)]

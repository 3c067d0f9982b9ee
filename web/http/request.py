"""A request for a page: its language, its session, and its answer from a template."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from kb.errors import QuisaitError
from kb.knowledge_base import KnowledgeBase
from kb.messages import N_
from kb.registers.identity import UNCHANGED, IdentityRevision
from kb.settings import Settings
from web.http.i18n import Language, language_of_path, preferred_language
from web.http.security.cookies import NoSecret
from web.http.security.sessions import NOBODY, Session, sessions_of
from web.http.security.throttle import Throttle, host_of, too_much
from web.http.templating import Renderer
from web.http.urls import Address, absolute_urls, site_root

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
        """The ids of the account's picked organisations; none if the base cannot say."""
        account = self.session.account
        try:
            found = self.knowledge_base.lists.for_picks(account.name) if account else None
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
            **context,
        )
        response = HTMLResponse(text, status_code, self._headers(language))
        # Every page says at its top whether someone is signed in.
        response.headers.add_vary_header("Cookie")
        sessions_of(self.http).keep(self.http, response)
        return response

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

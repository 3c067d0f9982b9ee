"""Who calls a tool, and what the answer needs of the site."""

from collections.abc import Callable
from dataclasses import dataclass

from kb.knowledge_base import KnowledgeBase
from kb.registers.accounts import Account
from web.http.i18n import Language
from web.http.templating import Renderer
from web.http.urls import AbsoluteUrl, absolute_urls, address


@dataclass(frozen=True, slots=True)
class Caller:
    """A program that calls tools, for a visitor or for an account.

    `site_name` is what the operator calls the site, `root` its address without a final slash.
    `find_account` returns the account of the token, None without a token; it raises an
    HTTPException for a token that is worth nothing. `count_write` counts what an account posts, and
    raises one where that is too much.
    """

    knowledge_base: KnowledgeBase
    renderer: Renderer
    site_name: str
    root: str
    find_account: Callable[[], Account | None]
    count_write: Callable[[Account], None] = lambda _account: None

    def absolute_url(self, language: Language) -> AbsoluteUrl:
        return absolute_urls(self.root, language)

    def text(self, template: str, language: Language, **context: object) -> str:
        """Renders a template of `mcp/` as Markdown, with the addresses of pages."""
        rendered = self.renderer.render(
            f"mcp/{template}",
            language,
            absolute_url=self.absolute_url(language),
            address=address,
            **context,
        )
        return rendered.strip() + "\n"

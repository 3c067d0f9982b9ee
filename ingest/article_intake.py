"""Articles on their way in, from files, addresses and feeds: to drafts, or to lines of a report."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.articles.article import Article, NoArticle
from ingest.articles.feeds import FeedItem, is_feed, item_article, read_feed
from ingest.articles.readers import ARTICLE_SUFFIXES, fetched_article, read_article
from ingest.drafting import AlreadyKnown, Drafting
from ingest.entries import WHOLE_FILE
from ingest.fetching.safe_fetch import FEED_TYPES, PAGE_TYPES, Fetcher
from ingest.fields import shown
from ingest.report import Drafted, Note, Report
from kb.errors import InputError, QuisaitError
from kb.knowledge_base import KnowledgeBase
from kb.models import Case
from kb.registers.drafts import Draft
from kb.settings import Settings

if TYPE_CHECKING:
    from ingest.extraction.llm import Assistant

FEED_SUFFIXES = (".xml", ".rss", ".atom")
NO_ARTICLES = frozenset(
    "readme license licence changelog contributing copying notice authors requirements robots "
    "lisez-moi lisezmoi".split()
)
"""Names of files that lie beside articles in a folder and are none, without their endings."""


def _untold(_articles: int) -> None:
    """Progress that nobody watches."""


class ArticleIntake:
    """Takes articles in, one after the other; a bad one is a line of the report.

    Args:
        knowledge_base: where the drafts go.
        by: the account that contributes them.
        fetcher: fetches addresses; without one they are refused.
        publish: whether to publish what is proposed at once.
        assistant: refines what the rules propose.
        progress: called with the number of articles read since the last call.
    """

    def __init__(
        self,
        knowledge_base: KnowledgeBase,
        *,
        by: str = "",
        fetcher: Fetcher | None = None,
        publish: bool = False,
        assistant: "Assistant | None" = None,
        progress: Callable[[int], object] = _untold,
    ) -> None:
        self.report = Report()
        self.case_ids: set[str] = set()
        """The cases that the articles are, those that were there already among them."""
        self._knowledge_base = knowledge_base
        self._by = by
        self._fetcher = fetcher
        self._publish = publish
        self._progress = progress
        self._drafting = Drafting(knowledge_base, by=by, assistant=assistant)

    @property
    def suffixes(self) -> tuple[str, ...]:
        return (*ARTICLE_SUFFIXES, *FEED_SUFFIXES)

    def takes(self, path: Path, *, is_named: bool) -> bool:
        """Whether a file is an article or a feed by its name; in a folder, a README is none."""
        suffix = path.suffix.lower()
        if suffix in FEED_SUFFIXES:
            return is_named
        return suffix in ARTICLE_SUFFIXES and (is_named or path.stem.lower() not in NO_ARTICLES)

    def passed_over(self, path: Path) -> str:
        """Why a file of a folder is not taken though it could be; empty if it never is."""
        is_feed = path.suffix.lower() in FEED_SUFFIXES
        return "may be a feed: name it, and its articles are read" if is_feed else ""

    def take_file(self, path: Path, name: str = "", *, is_named: bool = True) -> None:
        """Takes the article of a file, or those of a feed that was saved as one.

        A file that nobody named and that has no article is skipped.
        """
        name = name or str(path)
        if path.suffix.lower() in FEED_SUFFIXES:
            with self._noting(name):
                self._take_items(name, read_feed(path.read_bytes()))
            return
        self._take(name, partial(read_article, path), origin=path.name, is_named=is_named)

    def take_url(self, url: str) -> None:
        """Takes the article at an address; where a feed is there, its articles."""
        with self._noting(url):
            self._drafting.knows_address(url)
            fetched = self._open_fetcher().fetch(url, PAGE_TYPES | FEED_TYPES)
            if is_feed(fetched.content):
                self._take_items(url, read_feed(fetched.content, url=fetched.url))
            else:
                self._take(url, partial(fetched_article, fetched), origin=url)

    def take_feed(self, url: str) -> None:
        """Takes the articles of the feed at an address."""
        with self._noting(url):
            fetched = self._open_fetcher().fetch(url, FEED_TYPES | PAGE_TYPES)
            self._take_items(url, read_feed(fetched.content, url=fetched.url))

    def _open_fetcher(self) -> Fetcher:
        if self._fetcher is None:
            raise InputError("is an address, and nothing is fetched from here: save the page first")
        return self._fetcher

    def _take_items(self, feed: str, items: Sequence[FeedItem]) -> None:
        for item in items:
            name = item.url or f"{feed}: {item.title}"
            with self._noting(name):
                if item.url:
                    self._drafting.knows_address(item.url)
                self._take(name, partial(item_article, item, self._fetcher), origin=name)

    def _take(
        self, name: str, read: Callable[[], Article], *, origin: str, is_named: bool = True
    ) -> None:
        self._progress(1)
        with self._noting(name):
            try:
                article = read()
            except NoArticle as error:
                if is_named:
                    raise
                self.report.note("skipped", Note(name, WHOLE_FILE, str(error)))
                return
            draft = self._drafting.add(article, origin=origin)
            self.report.read += 1
            if isinstance(draft.record, Case):
                self.report.drafts.append(self._drafted(name, draft, draft.record))
            for remark in article.remarks:
                self.report.note("remarks", Note(name, WHOLE_FILE, remark))

    def _drafted(self, name: str, draft: Draft, case: Case) -> Drafted:
        if not self._publish:
            return Drafted(name, case.title, draft.id)
        published = self._knowledge_base.publish(draft.id, by=self._by, revision=draft.revision)
        self.report.added += 1
        self.case_ids.add(published.record.id)
        return Drafted(name, case.title, draft.id, published.record.id)

    @contextmanager
    def _noting(self, name: str) -> Iterator[None]:
        """What goes wrong with one article becomes a line, and the others go on."""
        try:
            yield
        except AlreadyKnown as known:
            self.report.read += 1
            if known.case_id:
                self.case_ids.add(known.case_id)
            self.report.note("known", Note(name, WHOLE_FILE, str(known)))
        except QuisaitError as error:
            self.report.read += 1
            reason = " ".join(str(error).split()).removeprefix(f"{shown(name)} ")
            self.report.note("failures", Note(name, WHOLE_FILE, reason))
        except OSError as error:
            self.report.read += 1
            reason = f"cannot be read: {error.strerror}"
            self.report.note("failures", Note(name, WHOLE_FILE, reason))


def is_address(text: str) -> bool:
    """Whether an argument is an address of the web rather than a path."""
    return text.lower().startswith(("http://", "https://"))


def intake_of(
    knowledge_base: KnowledgeBase,
    settings: Settings,
    *,
    by: str = "",
    publish: bool = False,
    progress: Callable[[int], object] = _untold,
) -> ArticleIntake:
    """The way in for articles as the settings have it."""
    from ingest.extraction.llm import Assistant

    return ArticleIntake(
        knowledge_base,
        by=by,
        fetcher=Fetcher.from_settings(settings),
        publish=publish,
        assistant=Assistant.from_settings(settings),
        progress=progress,
    )

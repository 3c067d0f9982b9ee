"""Takes in articles from files, addresses and feeds: they become drafts, or lines of a report."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from ingest.articles.article import ARTICLE_SUFFIXES, PICTURE_SUFFIXES, NoArticle
from ingest.articles.feeds import FeedItem, is_feed
from ingest.fetching.safe_fetch import FEED_TYPES, PAGE_TYPES, Fetched
from ingest.known_articles import AlreadyKnown
from ingest.reading import feed_of, saved_feed
from ingest.records.entries import WHOLE_FILE
from ingest.report import Drafted, IngestReport, Note, Watch
from ingest.submission import Submissions, Submitted
from kb.errors import InputError, QuisaitError
from kb.knowledge_base import KnowledgeBase
from kb.models import Case
from kb.remarks import Remark, quoted

FEED_SUFFIXES = (".xml", ".rss", ".atom")
NO_ARTICLES = frozenset(
    "readme license licence changelog contributing copying notice authors requirements robots "
    "lisez-moi lisezmoi".split()
)
"""Names of files that lie beside articles in a folder and are none, without their endings."""


class ArticleIntake:
    """Takes articles in; a bad one is a line of the report."""

    def __init__(
        self,
        knowledge_base: KnowledgeBase,
        submissions: Submissions,
        *,
        publish: bool = False,
        watch: Watch | None = None,
        report: IngestReport | None = None,
    ) -> None:
        self.report = report or IngestReport()
        self.case_ids: set[str] = set()  # of the articles, including cases known before
        self._knowledge_base = knowledge_base
        self._submissions = submissions
        self._publish = publish
        self._watch = watch or Watch()

    suffixes = (*ARTICLE_SUFFIXES, *FEED_SUFFIXES)

    def takes(self, path: Path, *, is_named: bool) -> bool:
        """Whether a file is an article or a feed by its name; a README in a folder is neither."""
        if (suffix := path.suffix.lower()) in {*FEED_SUFFIXES, *PICTURE_SUFFIXES}:
            return is_named
        return suffix in ARTICLE_SUFFIXES and (is_named or path.stem.lower() not in NO_ARTICLES)

    def passed_over(self, path: Path) -> str:
        if (suffix := path.suffix.lower()) in PICTURE_SUFFIXES:
            return Remark("unnamed_picture")
        return Remark("unnamed_feed") if suffix in FEED_SUFFIXES else ""

    def take_file(self, path: Path, name: str = "", *, is_named: bool = True) -> None:
        name = name or str(path)
        if path.suffix.lower() in FEED_SUFFIXES:
            with self._noting(name):
                self._take_items(name, saved_feed(path))
            return
        self._take(name, lambda: self._submissions.file(path), is_named=is_named)

    def take_text(self, text: str, name: str) -> None:
        self._take(name, lambda: self._submissions.text(text))

    def take_url(self, url: str) -> None:
        with self._noting(url):
            self.take_fetched(url, self._submissions.fetch(url, PAGE_TYPES | FEED_TYPES))

    def take_fetched(self, url: str, fetched: Fetched) -> None:
        """Takes the article of what was fetched at an address; of a feed, its articles."""
        with self._noting(url):
            if is_feed(fetched.content):
                self._take_items(url, feed_of(fetched.content, url=fetched.url))
            else:
                self._take(url, lambda: self._submissions.page(fetched, url))

    def take_feed(self, url: str) -> None:
        with self._noting(url):
            fetched = self._submissions.fetch(url, FEED_TYPES | PAGE_TYPES)
            self._take_items(url, feed_of(fetched.content, url=fetched.url))

    def _take_items(self, feed: str, items: Sequence[FeedItem]) -> None:
        for item in items:
            name = item.url or f"{feed}: {item.title}"
            self._take(name, partial(self._submissions.feed_item, item, name))

    def _take(self, name: str, submit: Callable[[], Submitted], *, is_named: bool = True) -> None:
        self._watch.advance(1)
        with self._noting(name):
            try:
                draft, article = submit()
            except NoArticle as error:
                if is_named:
                    raise
                self._note("skipped", name, error.remark)
                return
            self.report.read += 1
            case_id = ""
            if self._publish:
                published = self._knowledge_base.publish(
                    draft.id, by=self._submissions.by, revision=draft.revision
                )
                self.report.added += 1
                case_id = published.record.id
                self.case_ids.add(case_id)
            title = draft.record.title if isinstance(draft.record, Case) else ""
            self.report.drafts.append(Drafted(name, title, draft.id, case_id))
            for remark in article.remarks:
                self._note("remarks", name, remark)

    @contextmanager
    def _noting(self, name: str) -> Iterator[None]:
        """Notes what goes wrong with an article in the report, so that the next can be taken."""
        try:
            yield
        except AlreadyKnown as known:
            self.report.read += 1
            if known.case_id:
                self.case_ids.add(known.case_id)
            self._note("known", name, known.remark)
        except (QuisaitError, OSError) as error:
            self.report.read += 1
            reason = " ".join(str(error).split())
            if isinstance(error, InputError):
                reason = error.remark.without_prefix(f"{quoted(name)} ")
            elif isinstance(error, OSError):
                reason = Remark("unreadable", reason=str(error.strerror))
            self._note("failures", name, reason)

    def _note(self, kind: str, name: str, reason: str) -> None:
        self.report.note(kind, Note(name, WHOLE_FILE, reason))


def is_address(text: str) -> bool:
    return text.lower().startswith(("http://", "https://"))

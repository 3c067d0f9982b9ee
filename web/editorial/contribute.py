"""Pages to contribute articles, links and directories, and the list of contributions."""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from ingest.articles.suffixes import ARTICLE_SUFFIXES
from ingest.records.fields import web_address
from ingest.uploads import forget_upload, keep_upload, plain_name
from kb.errors import EncoderError, InputError
from kb.messages import N_
from kb.registers.accounts import Account, AccountRole
from kb.registers.drafts import Draft, DraftState
from kb.registers.jobs import Job
from kb.remarks import Remark
from web.http.dependencies import APageRequest, count_job, reading_turns
from web.http.i18n import translations
from web.http.labels import LocalizedText, localized
from web.http.refusals import no_such_action, not_allowed
from web.http.request import PageRequest
from web.http.routing import PageRouter, see, text_of
from web.http.security.sessions import AContributor, AnUpload, AnyAccount
from web.http.urls import Page, address

if TYPE_CHECKING:
    from ingest.submission import Submissions, Submitted

DIRECTORY_ENDINGS = ".csv,.tsv,.xlsx,.ods,.json,.jsonl,.ndjson,.geojson,.parquet"

MAX_FILES = 20
MAX_READ_AT_ONCE = 4
"""More files than these are read in the background."""

MAX_SOURCE_CHARS = 120
SHOWN_CONTRIBUTIONS = 200
MEGABYTE = 1_000_000

_NO_TEXT = N_("Paste the text of an article.")
_NO_FILE = N_("Choose a file first.")
_NO_LINK = N_("Give the address of a page or of a feed. It begins with http:// or https://.")
_NO_SOURCE = N_("Give the source of this directory, for example the name of its publisher.")
_NO_DIRECTORY = N_(
    "This is not a directory: send CSV, TSV, Excel (.xlsx), OpenDocument (.ods), JSON, JSON Lines, "
    "GeoJSON or Parquet."
)
_TOO_MANY = N_("At most 20 files at once.")
_PUBLISHED = N_("This article is already published.")
_KNOWN = N_("Someone else has already contributed this text.")
_NOT_NOW = N_(
    "The site cannot read articles now. Try again later. If it lasts, tell the organisation that "
    "runs this site."
)

_log = logging.getLogger(__name__)

router = PageRouter()


@dataclass(frozen=True, slots=True)
class FileResult:
    """The draft that a file became, the job that reads it, or why it became none."""

    name: str
    draft: Draft | None = None
    job: Job | None = None
    problem: LocalizedText | None = None
    is_known: bool = False


@dataclass(frozen=True, slots=True)
class FilledForm:
    """What a person typed, and what is wrong with it, by name of a field."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, LocalizedText] = field(default_factory=dict)
    results: Sequence[FileResult] = ()


@router.shows(Page.CONTRIBUTE)
def contribute_page(request: APageRequest) -> Response:
    return _page(request, FilledForm())


@router.takes(Page.CONTRIBUTE)
async def contribute(request: APageRequest, account: AContributor, form: AnUpload) -> Response:
    takers = {"text": _text, "files": _files, "link": _link, "directory": _directory}
    taker = takers.get(text_of(form, "do"))
    if taker is None:
        raise no_such_action()
    return await reading_turns(request.http).run(lambda: taker(request, account, form))


@router.shows(Page.CONTRIBUTIONS)
def contributions(request: APageRequest, account: AnyAccount, done: str = "") -> Response:
    return request.page(
        "editorial/contributions.html",
        here=address(Page.CONTRIBUTIONS),
        drafts=request.knowledge_base.drafts.list(
            list(DraftState), by=account.name, limit=SHOWN_CONTRIBUTIONS
        ),
        done=done,
    )


def _page(request: PageRequest, filled: FilledForm) -> Response:
    return request.page(
        "editorial/contribute.html",
        here=address(Page.CONTRIBUTE),
        status_code=400 if filled.errors else 200,
        values=filled.values,
        errors=filled.errors,
        lines=filled.results,
        article_endings=",".join(ARTICLE_SUFFIXES),
        directory_endings=DIRECTORY_ENDINGS,
        max_files=MAX_FILES,
        max_article_mb=request.settings.max_article_mb,
        max_directory_mb=request.settings.max_directory_mb,
    )


def _refused(
    request: PageRequest, form: FormData, name: str, problem: LocalizedText | str
) -> Response:
    values = {key: value for key, value in form.items() if isinstance(value, str)}
    if isinstance(problem, str):
        problem = LocalizedText(translations(request.language).gettext(problem))
    return _page(request, FilledForm(values, {name: problem}))


# Articles


def _submissions(request: PageRequest, account: Account) -> "Submissions":
    """Returns what makes drafts, which the contributor checks before submitting them."""
    from ingest.submission import Submissions

    return Submissions.from_settings(
        request.knowledge_base,
        request.settings,
        by=account.name,
        submitted=False,
        long_later=True,
    )


def _text(request: PageRequest, account: Account, form: FormData) -> Response:
    title, text = text_of(form, "title"), text_of(form, "text").strip()
    if not text:
        return _refused(request, form, "text", _NO_TEXT)
    submissions = _submissions(request, account)
    result = _drafted(request, account, submissions, lambda to: to.text(text, title))
    return _answer(request, form, "text", result)


def _files(request: PageRequest, account: Account, form: FormData) -> Response:
    files = _chosen(form, "files")
    if not files:
        return _refused(request, form, "files", _NO_FILE)
    if len(files) > MAX_FILES:
        return _refused(request, form, "files", _TOO_MANY)
    if len(files) > MAX_READ_AT_ONCE:
        return _files_later(request, account, form, files)
    results = [_read_upload(request, account, file) for file in files]
    if len(results) == 1:
        return _answer(request, form, "files", results[0])
    return _page(request, FilledForm(results=results))


def _files_later(
    request: PageRequest, account: Account, form: FormData, files: Sequence[UploadFile]
) -> Response:
    """Keeps many files for a job to read them."""
    limit = request.settings.max_article_mb * MEGABYTE
    paths = []
    with ExitStack() as unless_queued:
        try:
            for file in files:
                path = keep_upload(
                    request.knowledge_base, file.filename or "", file.file, max_bytes=limit
                )
                unless_queued.callback(forget_upload, request.knowledge_base, path)
                paths.append(str(path))
        except InputError as error:
            return _refused(request, form, "files", localized(error.remark, request.language))
        most = count_job(request, account)
        parameters = {"paths": json.dumps(paths)}
        job = request.knowledge_base.jobs.add("articles", parameters, by=account.name, most=most)
        unless_queued.pop_all()
    return see(request, address(Page.JOB, job.id))


def _read_upload(request: PageRequest, account: Account, file: UploadFile) -> FileResult:
    name = plain_name(file.filename or "")
    limit_mb = request.settings.max_article_mb
    content = file.file.read(limit_mb * MEGABYTE + 1)
    if len(content) > limit_mb * MEGABYTE:
        problem = Remark("more_than_mb", most=limit_mb)
        return FileResult(name, problem=localized(problem, request.language))
    submissions = _submissions(request, account)
    return _drafted(request, account, submissions, lambda to: to.content(name, content), name)


def _link(request: PageRequest, account: Account, form: FormData) -> Response:
    """Makes a draft of a page at once, and a job of a feed."""
    from ingest.articles.feeds import is_feed
    from ingest.fetching.safe_fetch import FEED_TYPES, PAGE_TYPES

    url = text_of(form, "link").strip()
    if not url:
        return _refused(request, form, "link", _NO_LINK)
    submissions = _submissions(request, account)
    try:
        url = web_address(url, "the address")
        fetched = submissions.fetch(url, PAGE_TYPES | FEED_TYPES)
    except InputError as error:
        return _answer(request, form, "link", _failed(request, account, "", error))
    if is_feed(fetched.content):
        most = count_job(request, account)
        parameters = {"url": fetched.url}
        job = request.knowledge_base.jobs.add("feed", parameters, by=account.name, most=most)
        return see(request, address(Page.JOB, job.id))
    result = _drafted(request, account, submissions, lambda to: to.page(fetched))
    return _answer(request, form, "link", result)


def _drafted(
    request: PageRequest,
    account: Account,
    submissions: "Submissions",
    submit: "Callable[[Submissions], Submitted]",
    name: str = "",
) -> FileResult:
    from ingest.submission import LongArticle

    try:
        return FileResult(name, submit(submissions).draft)
    except LongArticle as long:
        most = count_job(request, account)
        return FileResult(name, job=submissions.later(long, most=most))
    except InputError as error:
        return _failed(request, account, name, error)
    except EncoderError as error:
        # The text stays in its form. Where the model lies is for whoever runs the server.
        _log.error("%s", error)
        problem = translations(request.language).gettext(_NOT_NOW)
        return FileResult(name, problem=LocalizedText(problem))


def _failed(request: PageRequest, account: Account, name: str, error: InputError) -> FileResult:
    """Returns why a text became no draft, or the draft that it is known as."""
    from ingest.known_articles import AlreadyKnown

    base, gettext = request.knowledge_base, translations(request.language).gettext
    if isinstance(error, AlreadyKnown) and error.case_id:
        published = address(Page.CASE, error.case_id).path(request.language)
        return FileResult(name, problem=LocalizedText(gettext(_PUBLISHED), href=published))
    if isinstance(error, AlreadyKnown) and error.draft_id:
        known = base.drafts.get(error.draft_id)
        if account.may_see(known.created_by):
            return FileResult(name, known, is_known=True)
        return FileResult(name, problem=LocalizedText(gettext(_KNOWN)))
    return FileResult(name, problem=localized(error.remark, request.language))


def _answer(request: PageRequest, form: FormData, name: str, result: FileResult) -> Response:
    """Redirects to the draft or the job, or shows the form with the reason beside its field."""
    if result.job:
        return see(request, address(Page.JOB, result.job.id, done="long"))
    if result.draft is None:
        return _refused(request, form, name, result.problem or _NO_TEXT)
    done = "known" if result.is_known else "contributed"
    return see(request, address(Page.DRAFT, result.draft.id, done=done))


# Directories


def _directory(request: PageRequest, account: Account, form: FormData) -> Response:
    """Keeps the file and shows how its columns would be read.

    A directory is published as it comes: it takes a moderator.
    """
    if not account.role.may(AccountRole.MODERATOR):
        raise not_allowed()
    files = _chosen(form, "directory")
    if not files:
        return _refused(request, form, "directory", _NO_FILE)
    source = " ".join(text_of(form, "source").split())
    if not source:
        return _refused(request, form, "source", _NO_SOURCE)
    name = plain_name(files[0].filename or "")
    if not name.lower().endswith(tuple(DIRECTORY_ENDINGS.split(","))):
        return _refused(request, form, "directory", _NO_DIRECTORY)
    try:
        path = keep_upload(
            request.knowledge_base,
            name,
            files[0].file,
            max_bytes=request.settings.max_directory_mb * MEGABYTE,
        )
    except InputError as error:
        return _refused(request, form, "directory", localized(error.remark, request.language))
    return see(request, address(Page.DIRECTORY, path.parent.name, source=source[:MAX_SOURCE_CHARS]))


def _chosen(form: FormData, name: str) -> list[UploadFile]:
    """Returns the chosen files of a field; browsers send a nameless file if none was chosen."""
    files = [value for value in form.getlist(name) if isinstance(value, UploadFile)]
    return [file for file in files if file.filename]

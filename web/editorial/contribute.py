"""Pages to contribute articles, links and directories; how a directory is read; contributions."""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from ingest.articles.article import ARTICLE_SUFFIXES
from ingest.directories.columns_of import FACT, IGNORED, KNOW_HOW_COLUMNS
from ingest.directories.header_words import ACTOR_COLUMNS, LOCATION_COLUMNS, REGISTER_COLUMNS
from ingest.directories.readers import Preview
from ingest.reading import preview_of
from ingest.records.fields import web_address
from ingest.uploads import forget_upload, keep_upload, plain_name, upload_at, upload_named
from kb.errors import EncoderError, InputError, UnknownRecord
from kb.knowledge_base import KnowledgeBase
from kb.messages import N_
from kb.reference.visibility import ContactChoice
from kb.registers.accounts import Account, AccountRole
from kb.registers.drafts import DraftState
from kb.registers.jobs import queue_choice
from kb.remarks import Remark
from web.editorial.choices import contact_choice_in
from web.editorial.labels import KNOW_HOW_LABELS, LOCATION_LABELS, REGISTER_LABELS
from web.http.i18n import translations
from web.http.labels import FIELD_LABELS, LocalizedText, localized, translated
from web.http.refusals import Refusal, no_such_action, not_allowed
from web.http.routing import (
    APageRequest,
    PageRequest,
    PageRouter,
    count_job,
    number_in,
    reading_turns,
    see,
    text_of,
)
from web.http.security.sessions import AContributor, AForm, AModerator, AnUpload, AnyAccount
from web.http.urls import Page, address

if TYPE_CHECKING:
    from ingest.submission import Submissions, Submitted

DIRECTORY_ENDINGS = ".csv,.tsv,.xlsx,.ods,.json,.jsonl,.ndjson,.geojson,.parquet"
MAX_FILES = 20
MEGABYTE = 1_000_000
_NO_FILE = N_("Choose a file first.")
_log = logging.getLogger(__name__)
router = PageRouter()


@router.shows(Page.CONTRIBUTE)
def contribute_page(request: APageRequest) -> Response:
    return _page(request)


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
        drafts=request.knowledge_base.drafts.list(list(DraftState), by=account.name, limit=200),
        done=done,
    )


def _page(
    request: PageRequest,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, LocalizedText] | None = None,
) -> Response:
    return request.page(
        "editorial/contribute.html",
        here=address(Page.CONTRIBUTE),
        status_code=400 if errors else 200,
        values=values or {},
        errors=errors or {},
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
    if isinstance(problem, Remark):
        problem = localized(problem, request.language)
    elif isinstance(problem, str):
        problem = LocalizedText(translated(problem, request.language))
    return _page(request, values, {name: problem})


def _submissions(request: PageRequest, account: Account) -> "Submissions":
    from ingest.submission import Submissions

    return Submissions.from_settings(
        request.knowledge_base, request.settings, by=account.name, submitted=False, long_later=True
    )


def _text(request: PageRequest, account: Account, form: FormData) -> Response:
    title, text = text_of(form, "title"), text_of(form, "text").strip()
    if not text:
        return _refused(request, form, "text", N_("Paste the text of an article."))
    submissions = _submissions(request, account)
    return _drafted(
        request, account, form, "text", submissions, lambda: submissions.text(text, title)
    )


def _files(request: PageRequest, account: Account, form: FormData) -> Response:
    files = _chosen(form, "files")
    if not files:
        return _refused(request, form, "files", _NO_FILE)
    if len(files) > MAX_FILES:
        return _refused(request, form, "files", N_("At most 20 files at once."))
    most_mb = request.settings.max_article_mb
    if len(files) == 1:
        name, submissions = plain_name(files[0].filename or ""), _submissions(request, account)
        content = files[0].file.read(most_mb * MEGABYTE + 1)
        if len(content) > most_mb * MEGABYTE:
            return _refused(request, form, "files", Remark("more_than_mb", most=most_mb))
        return _drafted(
            request, account, form, "files", submissions, lambda: submissions.content(name, content)
        )
    base, paths = request.knowledge_base, []
    with ExitStack() as unless_queued:
        try:
            for file in files:
                path = keep_upload(
                    base, file.filename or "", file.file, max_bytes=most_mb * MEGABYTE
                )
                unless_queued.callback(forget_upload, base, path)
                paths.append(str(path))
        except InputError as error:
            return _refused(request, form, "files", error.remark)
        most = count_job(request, account)
        job = base.jobs.add("articles", {"paths": json.dumps(paths)}, by=account.name, most=most)
        unless_queued.pop_all()
    return see(request, address(Page.JOB, job.id))


def _link(request: PageRequest, account: Account, form: FormData) -> Response:
    from ingest.articles.feeds import is_feed
    from ingest.fetching.safe_fetch import FEED_TYPES, PAGE_TYPES

    url = text_of(form, "link").strip()
    if not url:
        needed = N_("Give the address of a page or of a feed. It begins with http:// or https://.")
        return _refused(request, form, "link", needed)
    submissions = _submissions(request, account)
    try:
        fetched = submissions.fetch(web_address(url, "the address"), PAGE_TYPES | FEED_TYPES)
    except InputError as error:
        return _refused(request, form, "link", error.remark)
    if is_feed(fetched.content):
        most = count_job(request, account)
        parameters = {"url": fetched.url}
        job = request.knowledge_base.jobs.add("feed", parameters, by=account.name, most=most)
        return see(request, address(Page.JOB, job.id))
    return _drafted(request, account, form, "link", submissions, lambda: submissions.page(fetched))


def _drafted(
    request: PageRequest,
    account: Account,
    form: FormData,
    name: str,
    submissions: "Submissions",
    submit: "Callable[[], Submitted]",
) -> Response:
    from ingest.known_articles import AlreadyKnown
    from ingest.submission import LongArticle

    base = request.knowledge_base
    problem: LocalizedText | str
    try:
        return see(request, address(Page.DRAFT, submit().draft.id, done="contributed"))
    except LongArticle as long:
        job = submissions.later(long, most=count_job(request, account))
        return see(request, address(Page.JOB, job.id, done="long"))
    except AlreadyKnown as known:
        problem = known.remark
        if known.case_id:
            published = address(Page.CASE, known.case_id).path(request.language)
            said = translated(N_("This article is already published."), request.language)
            problem = LocalizedText(said, href=published)
        elif known.draft_id:
            if account.may_see(base.drafts.get(known.draft_id).created_by):
                return see(request, address(Page.DRAFT, known.draft_id, done="known"))
            problem = N_("Someone else has already contributed this text.")
    except InputError as error:
        problem = error.remark
    except EncoderError as error:
        # The text stays in its form. Where the model lies is for whoever runs the server.
        _log.error("%s", error)
        problem = N_(
            "The site cannot read articles now. Try again later. If it lasts, tell the "
            "organisation that runs this site."
        )
    return _refused(request, form, name, problem)


def _directory(request: PageRequest, account: Account, form: FormData) -> Response:
    """Keeps the file, which only a moderator publishes, and shows how its columns would be read."""
    if not account.role.may(AccountRole.MODERATOR):
        raise not_allowed()
    files = _chosen(form, "directory")
    if not files:
        return _refused(request, form, "directory", _NO_FILE)
    source = " ".join(text_of(form, "source").split())
    if not source:
        needed = N_("Give the source of this directory, for example the name of its publisher.")
        return _refused(request, form, "source", needed)
    name = plain_name(files[0].filename or "")
    if not name.lower().endswith(tuple(DIRECTORY_ENDINGS.split(","))):
        wrong = N_(
            "This is not a directory: send CSV, TSV, Excel (.xlsx), OpenDocument (.ods), JSON, "
            "JSON Lines, GeoJSON or Parquet."
        )
        return _refused(request, form, "directory", wrong)
    try:
        path = keep_upload(
            request.knowledge_base,
            name,
            files[0].file,
            max_bytes=request.settings.max_directory_mb * MEGABYTE,
        )
    except InputError as error:
        return _refused(request, form, "directory", error.remark)
    return see(request, address(Page.DIRECTORY, path.parent.name, source=source[:120]))


def _chosen(form: FormData, name: str) -> list[UploadFile]:
    files = [value for value in form.getlist(name) if isinstance(value, UploadFile)]
    return [file for file in files if file.filename]


MAX_COLUMNS = 500


@router.shows(Page.DIRECTORY)
def show_directory(
    request: APageRequest, _account: AModerator, record_id: str, source: str = ""
) -> Response:
    return _directory_page(
        request, record_id, source, {}, request.knowledge_base.contact_choices.of(source)
    )


@router.takes(Page.DIRECTORY)
def apply_directory(
    request: APageRequest, account: AModerator, form: AForm, record_id: str
) -> Response:
    base = request.knowledge_base
    source = " ".join(text_of(form, "source").split())
    choices = _choices(form)
    seen_by = contact_choice_in(form, base.contact_choices.of(source))
    what = text_of(form, "do")
    if what == "look":
        return _directory_page(request, record_id, source, choices, seen_by)
    if what != "apply":
        raise no_such_action()
    path = _upload(base, record_id)
    try:
        with upload_at(base, path) as file:
            preview_of(file, source, choices, knowledge_base=base)
    except InputError:
        return _directory_page(request, record_id, source, choices, seen_by)
    if seen_by != base.contact_choices.of(source) and base.begin_choice(source, seen_by):
        queue_choice(base.jobs, source, account.name)
    base.column_choices.remember(source, {**base.column_choices.mapping(source), **choices})
    parameters = {
        "path": path,
        "name": Path(path).name,
        "source": source,
        "mapping": json.dumps(choices, ensure_ascii=False),
    }
    job = base.jobs.add("directory", parameters, by=account.name, most=count_job(request, account))
    return see(request, address(Page.JOB, job.id))


def _directory_page(
    request: PageRequest,
    upload: str,
    source: str,
    choices: Mapping[str, str],
    seen_by: ContactChoice,
) -> Response:
    base = request.knowledge_base
    path = _upload(base, upload)
    preview: Preview | None = None
    problem: LocalizedText | None = None
    try:
        with upload_at(base, path) as file:
            keeps = seen_by.keeps_persons
            preview = preview_of(file, source, choices, knowledge_base=base, persons_kept=keeps)
    except InputError as error:
        problem = localized(error.remark, request.language)
    return request.page(
        "editorial/directory.html",
        here=address(Page.DIRECTORY, upload, source=source),
        status_code=400 if problem else 200,
        upload=upload,
        file=Path(path).name,
        source=source,
        preview=preview,
        problem=problem,
        targets=_targets(request),
        seen_by=seen_by,
        names_actors=preview is not None and preview.kept > 0,
        problems=[
            (note.row, localized(note.reason, request.language))
            for note in (preview.problems if preview else ())
        ],
    )


def _upload(base: KnowledgeBase, upload: str) -> str:
    try:
        return upload_named(base, upload)
    except UnknownRecord:
        raise Refusal(404, N_("This file is no longer here: send it again.")) from None


def _targets(request: PageRequest) -> Sequence[tuple[str, Sequence[tuple[str, str]]]]:
    gettext = translations(request.language).gettext

    def words(names: Sequence[str]) -> list[tuple[str, str]]:
        known = {**FIELD_LABELS, **KNOW_HOW_LABELS, **LOCATION_LABELS, **REGISTER_LABELS}
        return [(name, gettext(known[name]) if name in known else name) for name in names]

    return [
        (
            gettext(N_("Otherwise")),
            [(FACT, gettext(N_("Keep as an extra fact"))), (IGNORED, gettext(N_("Leave out")))],
        ),
        (gettext(N_("Fields of an organisation")), words((*ACTOR_COLUMNS, *LOCATION_COLUMNS))),
        (gettext(N_("What organisations can do, under its own header")), words(KNOW_HOW_COLUMNS)),
        (gettext(N_("Columns of a register")), words(REGISTER_COLUMNS)),
    ]


def _choices(form: Mapping[str, object]) -> dict[str, str]:
    choices = {}
    for number in range(min(number_in(form, "columns"), MAX_COLUMNS)):
        header = text_of(form, f"header-{number}")
        target = text_of(form, f"target-{number}")
        if target and target != text_of(form, f"guess-{number}"):
            choices[header] = target
    return choices

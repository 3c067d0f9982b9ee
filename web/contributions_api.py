"""The writing half of the JSON API: contributions, moderation, directories and jobs.

Everything here is asked with a token, which stands for an account; the cookies of pages are worth
nothing. Who asks is found out before anything of what they send is read.
"""

import hashlib
import re
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, cast

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, Header, HTTPException, Query, Request, Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

import kb.editorial.accounts
from ingest.uploads import keep_upload, plain_name
from kb.editorial.accounts import AccountRole
from kb.editorial.drafts import Draft, DraftState
from kb.editorial.duplicates import DuplicateState
from kb.errors import EditConflict
from kb.knowledge_base import KnowledgeBase
from kb.models import Kind
from kb.settings import Settings
from web.addresses import AbsoluteUrl
from web.api import MAX_LIMIT, PageUrls, announce_version, problems
from web.body_limit import MEGABYTE, too_large
from web.contribution_schemas import (
    Contribution,
    ContributionChange,
    Contributions,
    ContributionSummary,
    Decision,
    Duplicate,
    Duplicates,
    Feed,
    History,
    Job,
    Jobs,
    Message,
    NewContribution,
    Publication,
    Reason,
    Version,
    VersionNumber,
    Withdrawal,
)
from web.dependencies import OpenKnowledgeBase
from web.visit import Visit

if TYPE_CHECKING:
    from ingest.article import Article
    from ingest.drafting import Drafting

READERS = 2
"""How many articles are read at once; more wait, and searches do not wait for them."""

_NEEDS_A_TOKEN = "Send a token of your account: Authorization: Bearer qsf_…"  # noqa: S105
_BAD_TOKEN = "This token is unknown, revoked, or of a disabled account."  # noqa: S105

Handler = TypeVar("Handler", bound=Callable[..., object])


class _TokenRoute(APIRoute):
    """Finds out who asks before the body is read."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def answer_account(request: Request) -> Response:
            request.state.account = await _account_of(request)
            return await answer(request)

        return answer_account


async def _account_of(request: Request) -> kb.editorial.accounts.Account:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise HTTPException(401, _NEEDS_A_TOKEN, {"WWW-Authenticate": "Bearer"})
    accounts = Visit(request).knowledge_base.accounts
    account = await run_in_threadpool(accounts.account_of_token, token.strip())
    if account is None:
        raise HTTPException(401, _BAD_TOKEN, {"WWW-Authenticate": 'Bearer error="invalid_token"'})
    return account


_bearer = HTTPBearer(auto_error=False, description="A token that the page of an account gives.")


async def _account(
    request: Request, _told: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> kb.editorial.accounts.Account:
    return cast("kb.editorial.accounts.Account", request.state.account)


AnAccount = Annotated[kb.editorial.accounts.Account, Depends(_account)]


async def _moderator(account: AnAccount) -> kb.editorial.accounts.Account:
    if not account.role.may(AccountRole.MODERATOR):
        raise HTTPException(403, f"This is for moderators; {account.name} is {account.role}.")
    return account


AModeratorsToken = Annotated[kb.editorial.accounts.Account, Depends(_moderator)]

router = APIRouter(prefix="/api", route_class=_TokenRoute, dependencies=[Depends(announce_version)])

_ALWAYS = {
    401: "There is no token, or it is worth nothing.",
    422: "A parameter or the body is wrong.",
    503: "The knowledge base cannot be read or written now.",
}
_FOR_MODERATORS = {403: "The token is not a moderator's."}
_NO_SUCH_CONTRIBUTION = {404: "There is no such contribution, or it is somebody else's."}
_STALE = {
    409: "Another change stands in the way, such as that it is published already.",
    412: "`If-Match` names another revision than the present one: read it again.",
    428: "`If-Match` is missing.",
}
_TOO_LARGE = {413: "It is larger than this site takes."}

MAX_OFFSET = 1_000_000


def _documented(
    summary: str, *meanings: dict[int, str], answer: str = "What it has become."
) -> dict[str, Any]:
    every = _ALWAYS.copy()
    for meaning in meanings:
        every |= meaning
    return {
        "summary": summary,
        "response_description": answer,
        "responses": problems(dict(sorted(every.items()))),
    }


def _etag(response: Response, draft: Draft) -> None:
    response.headers["ETag"] = f'"{draft.revision}"'


async def _revision(
    if_match: Annotated[
        str,
        Header(description="The revision that you saw, in quotes.", examples=['"3"']),
    ] = "",
) -> int:
    if not if_match:
        raise HTTPException(428, 'Say which revision you saw: If-Match: "3".')
    given = re.fullmatch(r'"?([0-9]{1,9})"?', if_match.strip())
    if not given:
        raise HTTPException(422, f"If-Match: {if_match[:40]!r} is no revision.")
    return int(given[1])


SeenRevision = Annotated[int, Depends(_revision)]


# Contributing

_NEW_CONTRIBUTION_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": NewContribution.model_json_schema()},
            "multipart/form-data": {
                "schema": {
                    "title": "ContributedFile",
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {
                            "type": "string",
                            "contentMediaType": "application/octet-stream",
                            "description": "An article: Markdown, text, HTML, PDF, Word (.docx) "
                            "or OpenDocument (.odt).",
                        },
                        "submit": {
                            "type": "boolean",
                            "default": True,
                            "description": "As in JSON.",
                        },
                    },
                }
            },
        },
    }
}


@router.post(
    "/contributions",
    status_code=201,
    openapi_extra=_NEW_CONTRIBUTION_BODY,
    **_documented(
        "Contribute an article",
        {
            200: "You have contributed the same before: here it is.",
            409: "Somebody else has contributed the same.",
            415: "The body is neither JSON nor multipart/form-data.",
        },
        _TOO_LARGE,
        answer="The new contribution, with what was read out of it.",
    ),
)
async def contribute(
    request: Request,
    response: Response,
    knowledge_base: OpenKnowledgeBase,
    account: AnAccount,
    absolute_url: PageUrls,
) -> Contribution:
    """Reads title, authors, dates, themes, need and participants out of an article.

    The article is a JSON text, a file, or a public web address. What comes of it is a draft, which
    no search can see until a moderator publishes it.
    """
    settings = Visit(request).settings
    content_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    desk = _Desk(knowledge_base, settings, account)
    if content_type == "application/json":
        sent = _new_contribution(await request.body())
        submitted = sent.submit
        draft_it = partial(desk.fetch, sent.url) if sent.url else partial(desk.read_text, sent)
    elif content_type == "multipart/form-data":
        async with request.form(max_files=1, max_fields=10) as form:
            file = _file_of(form)
            content = await file.read(settings.max_article_mb * MEGABYTE + 1)
            if len(content) > settings.max_article_mb * MEGABYTE:
                raise too_large(settings.max_article_mb)
            submitted = str(form.get("submit", "true")).lower() not in {"false", "0", "no"}
        draft_it = partial(desk.read_file, plain_name(file.filename or ""), content)
    else:
        raise HTTPException(415, "Send application/json, or a file as multipart/form-data.")
    limiter = cast("CapacityLimiter", request.app.state.reading)
    draft, is_new = await to_thread.run_sync(partial(draft_it, submitted), limiter=limiter)
    response.status_code = 201 if is_new else 200
    response.headers["Location"] = f"/api/contributions/{draft.id}"
    _etag(response, draft)
    return Contribution.of(draft, absolute_url)


def _new_contribution(body: bytes) -> NewContribution:
    try:
        sent = NewContribution.model_validate_json(body)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"])) or "body"
        raise HTTPException(422, f"{name}: {first['msg']}") from None
    if bool(sent.text.strip()) == bool(sent.url):
        raise HTTPException(422, "Send either text or url.")
    return sent


def _file_of(form: FormData) -> UploadFile:
    file = form.get("file")
    if not isinstance(file, UploadFile):
        raise HTTPException(422, "file: send the file in a field of this name.")
    return file


class _Desk:
    """Where articles are made drafts of. Each way in gives the draft, and whether it is new.

    Raises:
        InputError: no article can be read, or it cannot be kept.
        HTTPException: somebody else's draft, or a case, tells the same article.
    """

    def __init__(
        self,
        knowledge_base: KnowledgeBase,
        settings: Settings,
        account: kb.editorial.accounts.Account,
    ) -> None:
        self._knowledge_base = knowledge_base
        self._settings = settings
        self._account = account

    def read_text(self, sent: NewContribution, submitted: bool) -> tuple[Draft, bool]:
        from ingest.article_readers import pasted_article

        title = sent.title.strip()
        text = f"{title}\n\n{sent.text}" if title else sent.text
        return self._drafted(lambda _: pasted_article(text), text.encode(), "pasted", submitted)

    def read_file(self, name: str, content: bytes, submitted: bool) -> tuple[Draft, bool]:
        from ingest.article_readers import article_from_bytes

        suffix = Path(name).suffix.lower()
        return self._drafted(
            lambda _: article_from_bytes(content, suffix), content, name, submitted
        )

    def fetch(self, url: str, submitted: bool) -> tuple[Draft, bool]:
        from ingest.article_readers import fetched_article
        from ingest.web_door import Door

        def read(drafting: "Drafting") -> "Article":
            drafting.knows_address(url)
            return fetched_article(Door.from_settings(self._settings).fetch(url))

        return self._drafted(read, b"", url, submitted)

    def _drafted(
        self,
        read: "Callable[[Drafting], Article]",
        content: bytes,
        origin: str,
        submitted: bool,
    ) -> tuple[Draft, bool]:
        from ingest.assistant import Assistant
        from ingest.drafting import AlreadyKnown, Drafting

        drafts = self._knowledge_base.drafts
        origin_hash = hashlib.sha256(content).hexdigest() if content else ""
        known = drafts.with_origin(origin_hash)
        if known is None:
            assistant = Assistant.from_settings(self._settings)
            drafting = Drafting(self._knowledge_base, by=self._account.name, assistant=assistant)
            try:
                draft = drafting.add(
                    read(drafting), origin=origin, origin_hash=origin_hash, submitted=submitted
                )
            except AlreadyKnown as error:
                if not error.draft_id:
                    raise HTTPException(409, f"This article {error}.") from None
                known = drafts.get(error.draft_id)
            else:
                return draft, True
        if not _may_see(known.created_by, self._account):
            raise HTTPException(409, "Somebody else has contributed the same already.")
        return known, False


@router.get(
    "/contributions",
    **_documented("Contributions", answer="The newest first, without their content."),
)
def contributions(
    knowledge_base: OpenKnowledgeBase,
    account: AnAccount,
    absolute_url: PageUrls,
    state: Annotated[
        list[DraftState] | None,
        Query(description="Only those in these states; without it, those that are open."),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="How many at most.")] = 50,
    offset: Annotated[
        int, Query(ge=0, le=MAX_OFFSET, description="How many of the newest to pass over.")
    ] = 0,
) -> Contributions:
    """Your own contributions; everyone's with a moderator's token."""
    own = "" if account.role.may(AccountRole.MODERATOR) else account.name
    drafts = knowledge_base.drafts
    found = drafts.list(state, by=own) if state else drafts.list(by=own)
    return Contributions(
        total=len(found),
        contributions=[
            ContributionSummary.of(draft, absolute_url) for draft in found[offset : offset + limit]
        ],
    )


@router.get(
    "/contributions/{contribution_id}",
    **_documented("One contribution", _NO_SUCH_CONTRIBUTION, answer="The contribution."),
)
def contribution(
    contribution_id: str,
    response: Response,
    knowledge_base: OpenKnowledgeBase,
    account: AnAccount,
    absolute_url: PageUrls,
) -> Contribution:
    """The record that it would make, and what was read out of its text. `ETag` is its revision."""
    draft = _readable(knowledge_base.drafts.get(contribution_id), account)
    _etag(response, draft)
    return Contribution.of(draft, absolute_url)


@router.put(
    "/contributions/{contribution_id}",
    **_documented("Correct a contribution", _NO_SUCH_CONTRIBUTION, _STALE),
)
def correct(
    contribution_id: str,
    change: ContributionChange,
    response: Response,
    knowledge_base: OpenKnowledgeBase,
    account: AnAccount,
    absolute_url: PageUrls,
    revision: SeenRevision,
) -> Contribution:
    """Puts another record in its place, whole. The same record again changes nothing."""
    draft = _seen(knowledge_base, contribution_id, account, revision)
    record = change.record(draft.record)
    if record != draft.record:
        draft = _unless_stale(
            knowledge_base,
            draft,
            lambda: knowledge_base.drafts.save(
                draft.id, record, by=account.name, revision=revision, note=change.note
            ),
        )
    _etag(response, draft)
    return Contribution.of(draft, absolute_url)


@router.post(
    "/contributions/{contribution_id}/submit",
    **_documented("Submit to the moderators", _NO_SUCH_CONTRIBUTION, _STALE),
)
def submit(
    contribution_id: str,
    response: Response,
    knowledge_base: OpenKnowledgeBase,
    account: AnAccount,
    absolute_url: PageUrls,
    revision: SeenRevision,
) -> Contribution:
    """Says that a draft, or one that was returned, is ready for the moderators."""
    return _moved(
        knowledge_base, contribution_id, account, revision, DraftState.SUBMITTED, "",
        response, absolute_url,
    )  # fmt: skip


@router.post(
    "/contributions/{contribution_id}/return",
    **_documented("Return to the contributor", _FOR_MODERATORS, _NO_SUCH_CONTRIBUTION, _STALE),
)
def return_(
    contribution_id: str,
    said: Message,
    response: Response,
    knowledge_base: OpenKnowledgeBase,
    account: AModeratorsToken,
    absolute_url: PageUrls,
    revision: SeenRevision,
) -> Contribution:
    """Asks the contributor to complete it, and says what is missing."""
    return _moved(
        knowledge_base, contribution_id, account, revision, DraftState.RETURNED, said.message,
        response, absolute_url,
    )  # fmt: skip


@router.post(
    "/contributions/{contribution_id}/reject",
    **_documented("Reject", _FOR_MODERATORS, _NO_SUCH_CONTRIBUTION, _STALE),
)
def reject(
    contribution_id: str,
    said: Message,
    response: Response,
    knowledge_base: OpenKnowledgeBase,
    account: AModeratorsToken,
    absolute_url: PageUrls,
    revision: SeenRevision,
) -> Contribution:
    """Says that it will not be published, and why. It stays on record."""
    return _moved(
        knowledge_base, contribution_id, account, revision, DraftState.REJECTED, said.message,
        response, absolute_url,
    )  # fmt: skip


@router.post(
    "/contributions/{contribution_id}/publish",
    **_documented("Publish", _FOR_MODERATORS, _NO_SUCH_CONTRIBUTION, _STALE),
)
def publish(
    contribution_id: str,
    response: Response,
    knowledge_base: OpenKnowledgeBase,
    account: AModeratorsToken,
    absolute_url: PageUrls,
    revision: SeenRevision,
    how: Publication = Publication(),
) -> Contribution:
    """Makes the record public: the next search finds it."""
    draft = _seen(knowledge_base, contribution_id, account, revision)
    draft = _unless_stale(
        knowledge_base,
        draft,
        lambda: knowledge_base.publish(
            draft.id, by=account.name, revision=revision, force=how.force
        ),
    )
    _etag(response, draft)
    return Contribution.of(draft, absolute_url)


def _readable(draft: Draft, account: kb.editorial.accounts.Account) -> Draft:
    """The draft, if the account may see it; who may not is not told that it is there."""
    if not _may_see(draft.created_by, account):
        raise HTTPException(404, f"There is no draft with the id {draft.id!r}.")
    return draft


def _seen(
    knowledge_base: KnowledgeBase,
    draft_id: str,
    account: kb.editorial.accounts.Account,
    revision: int,
) -> Draft:
    draft = _readable(knowledge_base.drafts.get(draft_id), account)
    if draft.revision != revision:
        raise _stale(draft)
    return draft


def _unless_stale(
    knowledge_base: KnowledgeBase, draft: Draft, change: Callable[[], Draft]
) -> Draft:
    """What a change gives; a conflict is 412 where the draft moved on, else 409 as it says."""
    try:
        return change()
    except EditConflict:
        present = knowledge_base.drafts.get(draft.id)
        if present.revision != draft.revision:
            raise _stale(present) from None
        raise


def _stale(draft: Draft) -> HTTPException:
    return HTTPException(
        412, f"It is at revision {draft.revision} since {draft.updated_by} changed it: read again."
    )


def _moved(
    knowledge_base: KnowledgeBase,
    draft_id: str,
    account: kb.editorial.accounts.Account,
    revision: int,
    state: DraftState,
    message: str,
    response: Response,
    absolute_url: AbsoluteUrl,
) -> Contribution:
    draft = _seen(knowledge_base, draft_id, account, revision)
    draft = _unless_stale(
        knowledge_base,
        draft,
        lambda: knowledge_base.drafts.set_state(
            draft.id, state, by=account.name, revision=revision, message=message
        ),
    )
    _etag(response, draft)
    return Contribution.of(draft, absolute_url)


# Records that are public


def _for_each_kind(
    method: str, verb: str, summary: str, *meanings: dict[int, str], **more: Any
) -> Callable[[Handler], Handler]:
    """Routes `/api/cases/{id}/verb` and `/api/actors/{id}/verb` to one function.

    Which of the two it is, the function asks with `AKind`.
    """

    def register(handler: Handler) -> Handler:
        for kind in (Kind.CASE, Kind.ACTOR):
            router.add_api_route(
                f"/{kind}s/{{record_id:path}}/{verb}",
                handler,
                methods=[method],
                **_documented(
                    f"{summary} of {'a case' if kind is Kind.CASE else 'an actor'}"
                    if verb == "history"
                    else f"{summary} {'a case' if kind is Kind.CASE else 'an actor'}",
                    _FOR_MODERATORS,
                    {404: f"No {kind} has this id."},
                    *meanings,
                    **({"answer": more["answer"]} if "answer" in more else {}),
                ),
                **{name: value for name, value in more.items() if name != "answer"},
            )
        return handler

    return register


async def _kind(request: Request) -> Kind:
    return Kind.CASE if request.url.path.startswith("/api/cases/") else Kind.ACTOR


AKind = Annotated[Kind, Depends(_kind)]


@_for_each_kind("GET", "history", "History", answer="Its versions.")
def history(
    record_id: str, kind: AKind, knowledge_base: OpenKnowledgeBase, _account: AModeratorsToken
) -> History:
    """Every state that it had, who made it so and when; of one that was withdrawn as well."""
    versions = knowledge_base.history(kind, record_id)
    withdrawal = knowledge_base.withdrawal(kind, record_id)
    if not versions and withdrawal is None:
        raise HTTPException(404, f"There is no {kind} with the id {record_id!r}.")
    return History(
        versions=[Version.of(version) for version in versions],
        withdrawal=Withdrawal.of(withdrawal) if withdrawal else None,
    )


@_for_each_kind("POST", "edit", "Draft a change of", {410: "It was withdrawn."}, status_code=201)
def edit(
    record_id: str,
    kind: AKind,
    response: Response,
    knowledge_base: OpenKnowledgeBase,
    account: AModeratorsToken,
    absolute_url: PageUrls,
) -> Contribution:
    """A contribution that changes it once published, and leaves it as it is until then."""
    draft = knowledge_base.edit(kind, record_id, by=account.name)
    response.headers["Location"] = f"/api/contributions/{draft.id}"
    _etag(response, draft)
    return Contribution.of(draft, absolute_url)


@_for_each_kind("POST", "withdraw", "Withdraw", {410: "It was withdrawn already."})
def withdraw(
    record_id: str,
    kind: AKind,
    knowledge_base: OpenKnowledgeBase,
    account: AModeratorsToken,
    why: Reason = Reason(),
) -> History:
    """Takes it out of every search at once. Its history stays, and it can be restored."""
    knowledge_base.withdraw(kind, record_id, by=account.name, reason=why.reason)
    return history(record_id, kind, knowledge_base, account)


@_for_each_kind("POST", "restore", "Restore a version of")
def restore(
    record_id: str,
    kind: AKind,
    which: VersionNumber,
    knowledge_base: OpenKnowledgeBase,
    account: AModeratorsToken,
) -> History:
    """Makes it what that version said, and findable again if it was withdrawn."""
    knowledge_base.restore(kind, record_id, which.version, by=account.name)
    return history(record_id, kind, knowledge_base, account)


@_for_each_kind("POST", "erase", "Erase", answer="That it was erased.")
def erase(
    record_id: str, kind: AKind, knowledge_base: OpenKnowledgeBase, account: AModeratorsToken
) -> History:
    """Destroys its text, vectors, versions and drafts, for good. It will not come back."""
    knowledge_base.erase(kind, record_id, by=account.name)
    return history(record_id, kind, knowledge_base, account)


# Directories and jobs

_DIRECTORY_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "title": "Directory",
                    "type": "object",
                    "required": ["file", "source"],
                    "properties": {
                        "file": {
                            "type": "string",
                            "contentMediaType": "application/octet-stream",
                            "description": "CSV, TSV, XLSX, ODS, JSON, JSON Lines or Parquet.",
                        },
                        "source": {
                            "type": "string",
                            "description": "Who keeps this directory: what it says is kept under "
                            "this name, and read again the same way.",
                        },
                    },
                }
            }
        },
    }
}


@router.post(
    "/directories",
    status_code=202,
    openapi_extra=_DIRECTORY_BODY,
    **_documented(
        "Send a directory of actors",
        _FOR_MODERATORS,
        {415: "The body is not multipart/form-data."},
        _TOO_LARGE,
        answer="The job that will take it in.",
    ),
)
async def send_directory(
    request: Request,
    response: Response,
    knowledge_base: OpenKnowledgeBase,
    account: AModeratorsToken,
) -> Job:
    """Keeps the file and takes it in by a job, in the background: `GET` it to see how far it is."""
    if not request.headers.get("Content-Type", "").startswith("multipart/form-data"):
        raise HTTPException(415, "Send the file as multipart/form-data.")
    settings = Visit(request).settings
    async with request.form(max_files=1, max_fields=10) as form:
        file = _file_of(form)
        source = " ".join(str(form.get("source", "")).split())
        if not source:
            raise HTTPException(422, "source: say who keeps this directory.")
        job = await run_in_threadpool(
            _keep_directory, knowledge_base, settings, file, source, account.name
        )
    response.headers["Location"] = f"/api/jobs/{job.id}"
    return job


def _keep_directory(
    knowledge_base: KnowledgeBase, settings: Settings, file: UploadFile, source: str, by: str
) -> Job:
    limit = settings.max_directory_mb * MEGABYTE
    if file.size is not None and file.size > limit:
        raise too_large(settings.max_directory_mb)
    path = keep_upload(
        knowledge_base.folder, file.filename or "directory", file.file, max_bytes=limit
    )
    parameters = {"path": str(path), "source": source, "mapping": ""}
    return Job.of(knowledge_base.jobs.add("directory", parameters, by=by))


@router.post(
    "/feeds",
    status_code=202,
    **_documented("Contribute the articles of a feed", answer="The job that will fetch them."),
)
def send_feed(
    feed: Feed, response: Response, knowledge_base: OpenKnowledgeBase, account: AnAccount
) -> Job:
    """Makes a contribution of every article of an RSS or Atom feed, in the background."""
    job = Job.of(knowledge_base.jobs.add("feed", {"url": feed.url}, by=account.name))
    response.headers["Location"] = f"/api/jobs/{job.id}"
    return job


@router.get("/jobs", **_documented("Jobs", answer="The newest first."))
def jobs(
    knowledge_base: OpenKnowledgeBase,
    account: AnAccount,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="How many at most.")] = 50,
) -> Jobs:
    """Your own of the latest jobs; everyone's with a moderator's token."""
    every = knowledge_base.jobs.list(limit)
    return Jobs(jobs=[Job.of(job) for job in every if _may_see(job.created_by, account)])


@router.get(
    "/jobs/{job_id}",
    **_documented("One job", {404: "You have no such job."}, answer="How far it is."),
)
def job(job_id: str, knowledge_base: OpenKnowledgeBase, account: AnAccount) -> Job:
    """How far it is, and what it did once it has ended."""
    found = knowledge_base.jobs.get(job_id)
    if not _may_see(found.created_by, account):
        raise HTTPException(404, "You have no such job.")
    return Job.of(found)


@router.post(
    "/jobs/{job_id}/cancel",
    **_documented("Cancel a job", {404: "You have no such job."}, answer="How far it is."),
)
def cancel_job(job_id: str, knowledge_base: OpenKnowledgeBase, account: AnAccount) -> Job:
    """Ends it at its next step; what it has done by then stays. One that has ended is left."""
    job(job_id, knowledge_base, account)
    knowledge_base.jobs.cancel(job_id)
    return Job.of(knowledge_base.jobs.get(job_id))


# Duplicates


@router.get(
    "/duplicates",
    **_documented("Likely duplicates", _FOR_MODERATORS, answer="The likeliest first."),
)
def duplicates(
    knowledge_base: OpenKnowledgeBase,
    _account: AModeratorsToken,
    state: Annotated[
        DuplicateState, Query(description="Only pairs in this state.")
    ] = DuplicateState.OPEN,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="How many at most.")] = 50,
) -> Duplicates:
    """Pairs of actors that may be one, with what makes them alike."""
    return Duplicates(
        total=knowledge_base.duplicates.count(state),
        duplicates=[Duplicate.of(one) for one in knowledge_base.duplicates.list(state, limit)],
    )


@router.post(
    "/duplicates",
    status_code=204,
    **_documented(
        "Decide on a pair", _FOR_MODERATORS, {404: "One of them is no actor."}, answer="Done."
    ),
)
def decide(
    decision: Decision, knowledge_base: OpenKnowledgeBase, account: AModeratorsToken
) -> None:
    """Makes two actors one, or keeps them apart. It is remembered, whatever is ingested later."""
    knowledge_base.duplicates.decide(
        decision.left, decision.right, decision.same, keep=decision.keep, by=account.name
    )


def _may_see(created_by: str, account: kb.editorial.accounts.Account) -> bool:
    return created_by == account.name or account.role.may(AccountRole.MODERATOR)

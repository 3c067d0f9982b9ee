"""The JSON API of contributions: articles on their way in, corrected and moderated."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, HTTPException, Query, Request, Response
from pydantic import ValidationError
from starlette.datastructures import UploadFile
from starlette.responses import JSONResponse

from ingest.uploads import plain_name
from kb.errors import EditConflict
from kb.registers.accounts import Account, AccountRole
from kb.registers.clock import today
from kb.registers.drafts import Draft, DraftState
from kb.registers.jobs import Job
from web.api.jobs import JobOut
from web.api.routing import (
    FOR_MODERATORS,
    MALFORMED,
    TOO_LARGE,
    AModeratorsToken,
    AnAccount,
    Limit,
    PageUrls,
    SeenRevision,
    documented,
    tell_revision,
    token_router,
)
from web.api.write_schemas import (
    Contribution,
    ContributionChange,
    Contributions,
    ContributionSummary,
    Message,
    NewContribution,
    Publication,
)
from web.http.routing import OpenKnowledgeBase, PageRequest, count_job, reading_turns
from web.http.security.bodies import MEGABYTE, too_large

if TYPE_CHECKING:
    from ingest.submission import Submissions, Submitted

Submit = Callable[["Submissions"], "Submitted"]
router = token_router()
_NO_SUCH_CONTRIBUTION = {404: "There is no such contribution, or it is somebody else's."}
_STALE = {
    409: "Another change stands in the way, such as that it is published already.",
    412: "`If-Match` names another revision than the present one: read it again.",
    428: "`If-Match` is missing.",
}

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
                            "description": "An article, in any format that is read here.",
                        },
                        "submit": {"type": "boolean", "default": True},
                    },
                }
            },
        },
    }
}


@router.post(
    "/contributions",
    status_code=201,
    response_model=Contribution,
    openapi_extra=_NEW_CONTRIBUTION_BODY,
    **documented(
        "Contribute an article",
        {
            200: "You have already contributed this: here it is.",
            409: "Someone else has already contributed this.",
            415: "The body is neither JSON nor multipart/form-data.",
        },
        MALFORMED,
        TOO_LARGE,
        answer="The new contribution, with its proposals.",
        accepted={"model": JobOut, "description": "It is long: the job that reads it."},
    ),
)
async def contribute(
    request: Request,
    response: Response,
    knowledge_base: OpenKnowledgeBase,
    account: AnAccount,
    absolute_url: PageUrls,
) -> Contribution | Response:
    """Reads an article: a JSON text, a file, or a public web address.

    It becomes a draft, which no search can see until a moderator publishes it. One of more than
    20,000 characters is read by a job.
    """
    settings = PageRequest(request).settings
    submit, submitted = await _sent_article(request, settings.max_article_mb)

    def draft_or_known() -> tuple[Draft | Job, bool]:
        from ingest.known_articles import AlreadyKnown
        from ingest.submission import LongArticle, Submissions

        submissions = Submissions.from_settings(
            knowledge_base, settings, by=account.name, submitted=submitted, long_later=True
        )
        try:
            return submit(submissions).draft, True
        except LongArticle as long:
            return submissions.later(long, most=count_job(PageRequest(request), account)), True
        except AlreadyKnown as known:
            if not known.draft_id:
                raise HTTPException(409, f"This article {known}.") from None
            draft = knowledge_base.drafts.get(known.draft_id)
        if not account.may_see(draft.created_by):
            raise HTTPException(409, "Somebody else has contributed the same already.")
        return draft, False

    draft, is_new = await reading_turns(request).run(draft_or_known)
    if isinstance(draft, Job):
        headers = {**response.headers, "Location": f"/api/jobs/{draft.id}"}
        return JSONResponse(JobOut.model_validate(draft).model_dump(mode="json"), 202, headers)
    response.status_code = 201 if is_new else 200
    response.headers["Location"] = f"/api/contributions/{draft.id}"
    tell_revision(response, draft)
    return Contribution.of(draft, absolute_url)


async def _sent_article(request: Request, max_mb: int) -> tuple[Submit, bool]:
    """Returns how to submit what was sent, and whether moderators see it at once."""
    content_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if content_type == "application/json":
        sent = _new_contribution(await request.body())
        if sent.url:
            return lambda to: to.page(to.fetch(sent.url), sent.url), sent.submit
        return lambda to: to.text(sent.text, sent.title), sent.submit
    if content_type != "multipart/form-data":
        raise HTTPException(415, "Send application/json, or a file as multipart/form-data.")
    async with request.form(max_files=1, max_fields=10) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise HTTPException(422, "file: send the file in a field of this name.")
        name, content = plain_name(file.filename or ""), await file.read(max_mb * MEGABYTE + 1)
        if len(content) > max_mb * MEGABYTE:
            raise too_large(max_mb)
        submitted = str(form.get("submit", "true")).lower() not in {"false", "0", "no"}
    return lambda to: to.content(name, content), submitted


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


@router.get(
    "/contributions",
    **documented("Contributions", answer="The newest first, without their content."),
)
def contributions(
    knowledge_base: OpenKnowledgeBase,
    account: AnAccount,
    absolute_url: PageUrls,
    state: Annotated[
        list[DraftState] | None, Query(description="Only in these states; by default, open ones.")
    ] = None,
    limit: Limit = 50,
    offset: Annotated[int, Query(ge=0, le=1_000_000, description="How many to skip.")] = 0,
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
    **documented("One contribution", _NO_SUCH_CONTRIBUTION, answer="The contribution."),
)
def contribution(
    contribution_id: str,
    response: Response,
    knowledge_base: OpenKnowledgeBase,
    account: AnAccount,
    absolute_url: PageUrls,
) -> Contribution:
    """The record, and the proposals from its text. `ETag` is its revision."""
    draft = _readable(knowledge_base.drafts.get(contribution_id), account)
    tell_revision(response, draft)
    return Contribution.of(draft, absolute_url)


@dataclass(frozen=True, slots=True)
class _Change:
    """A change of a contribution that somebody saw at a revision."""

    contribution_id: str
    response: Response
    knowledge_base: OpenKnowledgeBase
    account: AnAccount
    absolute_url: PageUrls
    revision: SeenRevision

    def made(self, change: Callable[[Draft], Draft]) -> Contribution:
        """Returns the changed contribution; 412 if the draft moved on, 409 for other conflicts."""
        drafts = self.knowledge_base.drafts
        seen = _readable(drafts.get(self.contribution_id), self.account)
        if seen.revision != self.revision:
            raise _stale(seen)
        try:
            draft = change(seen)
        except EditConflict:
            present = drafts.get(seen.id)
            if present.revision != seen.revision:
                raise _stale(present) from None
            raise
        tell_revision(self.response, draft)
        return Contribution.of(draft, self.absolute_url)

    def to(self, state: DraftState, message: str = "") -> Contribution:
        return self.made(
            lambda draft: self.knowledge_base.drafts.set_state(
                draft.id, state, by=self.account.name, revision=self.revision, message=message
            )
        )


AChange = Annotated[_Change, Depends()]


@router.put(
    "/contributions/{contribution_id}",
    **documented("Correct a contribution", _NO_SUCH_CONTRIBUTION, _STALE),
)
def correct(sent: ContributionChange, change: AChange) -> Contribution:
    """Replaces the whole record. The same record again changes nothing."""

    def save(draft: Draft) -> Draft:
        record = sent.record(draft.record)
        if record == draft.record:
            return draft
        return change.knowledge_base.drafts.save(
            draft.id, record, by=change.account.name, revision=change.revision, note=sent.note
        )

    return change.made(save)


@router.post(
    "/contributions/{contribution_id}/submit",
    **documented("Submit to the moderators", _NO_SUCH_CONTRIBUTION, _STALE),
)
def submit(change: AChange) -> Contribution:
    """Submits a draft, or a returned one, to the moderators."""
    return change.to(DraftState.SUBMITTED)


@router.post(
    "/contributions/{contribution_id}/return",
    **documented("Return to the contributor", FOR_MODERATORS, _NO_SUCH_CONTRIBUTION, _STALE),
)
def return_(sent: Message, _account: AModeratorsToken, change: AChange) -> Contribution:
    """Returns it to the contributor, with a message that says what is missing."""
    return change.to(DraftState.RETURNED, sent.message)


@router.post(
    "/contributions/{contribution_id}/reject",
    **documented("Reject", FOR_MODERATORS, _NO_SUCH_CONTRIBUTION, _STALE),
)
def reject(sent: Message, _account: AModeratorsToken, change: AChange) -> Contribution:
    """Rejects it, with a message that says why. It stays on record."""
    return change.to(DraftState.REJECTED, sent.message)


@router.post(
    "/contributions/{contribution_id}/publish",
    **documented("Publish", FOR_MODERATORS, _NO_SUCH_CONTRIBUTION, _STALE),
)
def publish(
    _account: AModeratorsToken, change: AChange, how: Publication = Publication()
) -> Contribution:
    """Publishes the record: the next search finds it, moderated today if no day is given."""
    base, by = change.knowledge_base, change.account.name
    return change.made(
        lambda draft: base.publish(
            draft.id, by=by, revision=change.revision, force=how.force, on=today()
        )
    )


def _readable(draft: Draft, account: Account) -> Draft:
    if not account.may_see(draft.created_by):
        raise HTTPException(404, f"There is no draft with the id {draft.id!r}.")
    return draft


def _stale(draft: Draft) -> HTTPException:
    return HTTPException(
        412, f"It is at revision {draft.revision} since {draft.updated_by} changed it: read again."
    )

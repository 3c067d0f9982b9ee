"""The JSON API of long work: directories and feeds that are sent, and the jobs they become."""

from contextlib import ExitStack
from dataclasses import replace

from fastapi import HTTPException, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from ingest.uploads import forget_upload, keep_upload
from kb.knowledge_base import KnowledgeBase
from kb.reference.visibility import ContactChoice, Visibility
from kb.registers.jobs import queue_choice
from kb.settings import Settings
from web.api.tokens import (
    FOR_MODERATORS,
    MALFORMED,
    TOO_LARGE,
    AModeratorsToken,
    AnAccount,
    Limit,
    documented,
    file_of,
    token_router,
)
from web.api.write_schemas import ContactsSeenBy, Feed, JobOut, JobsOut, SourceOut, SourcesOut
from web.http.dependencies import APageRequest, OpenKnowledgeBase, count_job
from web.http.request import PageRequest
from web.http.security.bodies import MEGABYTE, too_large

router = token_router()

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
                            "description": "CSV, TSV, XLSX, ODS, JSON, JSON Lines, GeoJSON or "
                            "Parquet.",
                        },
                        "contacts": {
                            "type": "string",
                            "enum": [*Visibility],
                            "description": "Who sees the telephones, e-mail addresses and streets "
                            "of this source; what nobody sees is not kept. At first `public`.",
                        },
                        "persons": {
                            "type": "string",
                            "enum": [*Visibility],
                            "description": "The same for contacts of persons. At first `none`.",
                        },
                        "source": {
                            "type": "string",
                            "description": "The publisher of this directory. Its claims are "
                            "stored under this name, and the same name next time uses the same "
                            "columns.",
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
    **documented(
        "Send a directory of actors",
        FOR_MODERATORS,
        {415: "The body is not multipart/form-data."},
        MALFORMED,
        TOO_LARGE,
        answer="The job that will ingest it.",
    ),
)
async def send_directory(
    request: Request,
    response: Response,
    knowledge_base: OpenKnowledgeBase,
    account: AModeratorsToken,
) -> JobOut:
    """Ingests the file in the background, as a job: `GET` the job to see its progress."""
    if not request.headers.get("Content-Type", "").startswith("multipart/form-data"):
        raise HTTPException(415, "Send the file as multipart/form-data.")
    settings = PageRequest(request).settings
    most = await run_in_threadpool(count_job, PageRequest(request), account)
    async with request.form(max_files=1, max_fields=10) as form:
        file = file_of(form)
        source = " ".join(str(form.get("source", "")).split())
        if not source:
            raise HTTPException(422, "source: say who keeps this directory.")
        choice = _choice_in(form, knowledge_base.contact_choices.of(source))
        job = await run_in_threadpool(
            _keep_directory, knowledge_base, settings, file, source, choice, account.name, most
        )
    response.headers["Location"] = f"/api/jobs/{job.id}"
    return job


def _keep_directory(
    knowledge_base: KnowledgeBase,
    settings: Settings,
    file: UploadFile,
    source: str,
    choice: ContactChoice,
    by: str,
    most: int,
) -> JobOut:
    limit = settings.max_directory_mb * MEGABYTE
    if file.size is not None and file.size > limit:
        raise too_large(settings.max_directory_mb)
    path = keep_upload(knowledge_base, file.filename or "directory", file.file, max_bytes=limit)
    with ExitStack() as unless_queued:
        unless_queued.callback(forget_upload, knowledge_base, path)
        before = knowledge_base.contact_choices.of(source)
        if choice != before and knowledge_base.begin_choice(source, choice):
            queue_choice(knowledge_base.jobs, source, by)
            most += bool(most)  # its own choice does not keep it out
        parameters = {"path": str(path), "source": source, "mapping": ""}
        added = knowledge_base.jobs.add("directory", parameters, by=by, most=most)
        job = JobOut.model_validate(added)
        unless_queued.pop_all()
    return job


def _choice_in(form: FormData, before: ContactChoice) -> ContactChoice:
    chosen = {"organisations": form.get("contacts"), "persons": form.get("persons")}
    wrong = [given for given in chosen.values() if given and given not in set(Visibility)]
    if wrong:
        raise HTTPException(422, f"Write {', '.join(Visibility)}, not {str(wrong[0])[:40]!r}.")
    given = {of: Visibility(str(value)) for of, value in chosen.items() if value}
    return replace(before, **given)


@router.get("/sources", **documented("Sources of actors", FOR_MODERATORS, answer="By name."))
def sources(knowledge_base: OpenKnowledgeBase, _account: AModeratorsToken) -> SourcesOut:
    """Every source, and who sees the contacts that it gives."""
    return SourcesOut(
        sources=[
            _source_out(knowledge_base, name, count)
            for name, count in knowledge_base.claims.sources()
        ]
    )


@router.put(
    "/sources/{source:path}/contacts",
    **documented(
        "Choose who sees the contacts of a source",
        FOR_MODERATORS,
        {404: "There is no such source."},
    ),
)
def choose_contacts(
    source: str,
    sent: ContactsSeenBy,
    knowledge_base: OpenKnowledgeBase,
    account: AModeratorsToken,
) -> SourceOut:
    """The choice holds at once for the public; `job`, if any, carries out the rest of it.

    What nobody is to see is forgotten until the next ingest.
    """
    known = dict(knowledge_base.claims.sources())
    if source not in known:
        raise HTTPException(404, "There is no such source.")
    choice = ContactChoice(sent.contacts, sent.persons)
    job = ""
    before = knowledge_base.contact_choices.of(source)
    if choice != before and knowledge_base.begin_choice(source, choice):
        job = queue_choice(knowledge_base.jobs, source, account.name).id
    return _source_out(knowledge_base, source, known[source], job)


def _source_out(knowledge_base: KnowledgeBase, name: str, count: int, job: str = "") -> SourceOut:
    choice = knowledge_base.contact_choices.of(name)
    return SourceOut(
        name=name,
        actors=count,
        contacts=choice.organisations,
        persons=choice.persons,
        job=job,
    )


@router.post(
    "/feeds",
    status_code=202,
    **documented("Contribute the articles of a feed", answer="The job that will fetch them."),
)
def send_feed(
    request: APageRequest,
    feed: Feed,
    response: Response,
    knowledge_base: OpenKnowledgeBase,
    account: AnAccount,
) -> JobOut:
    """Makes a contribution of every article of an RSS or Atom feed, in the background."""
    most = count_job(request, account)
    added = knowledge_base.jobs.add("feed", {"url": feed.url}, by=account.name, most=most)
    job = JobOut.model_validate(added)
    response.headers["Location"] = f"/api/jobs/{job.id}"
    return job


@router.get("/jobs", **documented("Jobs", answer="The newest first."))
def jobs(
    knowledge_base: OpenKnowledgeBase,
    account: AnAccount,
    limit: Limit = 50,
) -> JobsOut:
    """Your latest jobs; with a moderator's token, everyone's."""
    every = knowledge_base.jobs.list(limit)
    return JobsOut(
        jobs=[JobOut.model_validate(job) for job in every if account.may_see(job.created_by)]
    )


@router.get(
    "/jobs/{job_id}",
    **documented("One job", {404: "You have no such job."}, answer="How far it is."),
)
def job(job_id: str, knowledge_base: OpenKnowledgeBase, account: AnAccount) -> JobOut:
    """The progress of a job, and its report when it has ended."""
    found = knowledge_base.jobs.get(job_id)
    if not account.may_see(found.created_by):
        raise HTTPException(404, "You have no such job.")
    return JobOut.model_validate(found)


@router.post(
    "/jobs/{job_id}/cancel",
    **documented("Cancel a job", {404: "You have no such job."}, answer="How far it is."),
)
def cancel_job(job_id: str, knowledge_base: OpenKnowledgeBase, account: AnAccount) -> JobOut:
    """Ends the job at its next step; the work done so far is kept. An ended job does not change."""
    job(job_id, knowledge_base, account)
    knowledge_base.jobs.cancel(job_id)
    return JobOut.model_validate(knowledge_base.jobs.get(job_id))

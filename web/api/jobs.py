"""The JSON API of long work: directories and feeds that are sent, and the jobs they become."""

from typing import Annotated

from fastapi import File, Form, HTTPException, Response, UploadFile
from pydantic import ConfigDict, Field, JsonValue

from ingest.uploads import forget_upload, keep_upload
from kb.knowledge_base import KnowledgeBase
from kb.reference.visibility import ContactChoice, Visibility
from kb.registers.accounts import Account
from kb.registers.jobs import JobState, queue_choice
from web.api.routing import (
    FOR_MODERATORS,
    MALFORMED,
    TOO_LARGE,
    AModeratorsToken,
    AnAccount,
    Limit,
    documented,
    token_router,
)
from web.api.schemas import Shape, about
from web.api.write_schemas import AccountName, Moment, Sent
from web.http.routing import APageRequest, OpenKnowledgeBase, count_job
from web.http.security.bodies import MEGABYTE, too_large

router = token_router()


class Feed(Sent):
    """A feed of articles."""

    url: str = about("Its address: http or https.", pattern="^https?://", max_length=2000)


class JobOut(Shape):
    """Work in the background."""

    id: str
    kind: str = Field(examples=["directory"])
    state: JobState = about("`done`, `failed` and `cancelled` are final.", "running")
    done: int = about("The number of entries done.")
    total: int = about("The total number of entries; 0 if not known yet.")
    file: str = about("The file or address that it is at, or empty.")
    phase: str = about("`reading`, `embedding`, `writing`, or empty.")
    per_second: float = about("The entries that it does in a second; 0 if unknown.")
    report: dict[str, JsonValue] = about("The report of the job; empty until it ends.")
    message: str = about("The reason for a failure, or empty.")
    cancel_asked: bool = about("Whether someone cancelled it.")
    created_by: AccountName
    created_at: Moment
    started_at: str = about("ISO 8601 time, or empty.")
    finished_at: str = about("ISO 8601 time, or empty.")


class JobsOut(Shape):
    """Jobs, newest first."""

    jobs: list[JobOut]


class ContactsSeenBy(Sent):
    """Who sees the contacts that a source gives: everybody, who is signed in, or nobody."""

    contacts: Visibility = about("Telephones, e-mail addresses and streets.", "public")
    persons: Visibility = about("Names, e-mail addresses, mobile numbers of persons.", "none")


class SourceOut(ContactsSeenBy):
    """A source of actors."""

    model_config = ConfigDict(extra="ignore")

    name: str = Field(examples=["CCI Charente"])
    actors: int = about("The number of actors that it describes.")
    job: str = about("The id of the job that carries out a choice, or empty.", default="")


class SourcesOut(Shape):
    """The sources of actors, by name."""

    sources: list[SourceOut]


@router.post(
    "/directories",
    status_code=202,
    **documented(
        "Send a directory of actors",
        FOR_MODERATORS,
        MALFORMED,
        TOO_LARGE,
        answer="The job that will ingest it.",
    ),
)
def send_directory(
    request: APageRequest,
    response: Response,
    knowledge_base: OpenKnowledgeBase,
    account: AModeratorsToken,
    file: Annotated[
        UploadFile, File(description="CSV, TSV, XLSX, ODS, JSON, JSON Lines, GeoJSON or Parquet.")
    ],
    source: Annotated[
        str, Form(description="The publisher of this directory, under whose name it is stored.")
    ],
    contacts: Annotated[
        Visibility | None,
        Form(description="Who sees telephones, e-mail addresses and streets. At first `public`."),
    ] = None,
    persons: Annotated[
        Visibility | None, Form(description="The same for contacts of persons. At first `none`.")
    ] = None,
) -> JobOut:
    """Ingests the file in the background, as a job: `GET` the job to see its progress."""
    most = count_job(request, account)
    most_mb = request.settings.max_directory_mb
    if file.size is not None and file.size > most_mb * MEGABYTE:
        raise too_large(most_mb)
    source = " ".join(source.split())
    if not source:
        raise HTTPException(422, "source: say who keeps this directory.")
    path = keep_upload(
        knowledge_base, file.filename or "directory", file.file, max_bytes=most_mb * MEGABYTE
    )
    before = knowledge_base.contact_choices.of(source)
    choice = ContactChoice(contacts or before.organisations, persons or before.persons)
    try:
        if _choose(knowledge_base, source, choice, account):
            most += bool(most)  # its own choice does not keep it out
        parameters = {"path": str(path), "source": source, "mapping": ""}
        added = knowledge_base.jobs.add("directory", parameters, by=account.name, most=most)
    except BaseException:
        forget_upload(knowledge_base, path)
        raise
    response.headers["Location"] = f"/api/jobs/{added.id}"
    return JobOut.model_validate(added)


@router.get("/sources", **documented("Sources of actors", FOR_MODERATORS, answer="By name."))
def sources(knowledge_base: OpenKnowledgeBase, _account: AModeratorsToken) -> SourcesOut:
    """Every source, and who sees the contacts that it gives."""
    listed = knowledge_base.claims.sources()
    return SourcesOut(sources=[_source_out(knowledge_base, *source) for source in listed])


@router.put(
    "/sources/{source:path}/contacts",
    **documented(
        "Choose who sees the contacts of a source",
        FOR_MODERATORS,
        {404: "There is no such source."},
    ),
)
def choose_contacts(
    source: str, sent: ContactsSeenBy, knowledge_base: OpenKnowledgeBase, account: AModeratorsToken
) -> SourceOut:
    """The choice holds at once for the public; `job`, if any, carries out the rest of it.

    What nobody is to see is forgotten until the next ingest.
    """
    known = dict(knowledge_base.claims.sources())
    if source not in known:
        raise HTTPException(404, "There is no such source.")
    job = _choose(knowledge_base, source, ContactChoice(sent.contacts, sent.persons), account)
    return _source_out(knowledge_base, source, known[source], job)


def _choose(base: KnowledgeBase, source: str, choice: ContactChoice, account: Account) -> str:
    """Returns the id of the job that it takes, or an empty string."""
    if choice == base.contact_choices.of(source) or not base.begin_choice(source, choice):
        return ""
    return queue_choice(base.jobs, source, account.name).id


def _source_out(knowledge_base: KnowledgeBase, name: str, count: int, job: str = "") -> SourceOut:
    choice = knowledge_base.contact_choices.of(name)
    seen_by = {"contacts": choice.organisations, "persons": choice.persons}
    return SourceOut(name=name, actors=count, job=job, **seen_by)


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
    response.headers["Location"] = f"/api/jobs/{added.id}"
    return JobOut.model_validate(added)


@router.get("/jobs", **documented("Jobs", answer="The newest first."))
def jobs(knowledge_base: OpenKnowledgeBase, account: AnAccount, limit: Limit = 50) -> JobsOut:
    """Your latest jobs; with a moderator's token, everyone's."""
    listed = [job for job in knowledge_base.jobs.list(limit) if account.may_see(job.created_by)]
    return JobsOut(jobs=[JobOut.model_validate(job) for job in listed])


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

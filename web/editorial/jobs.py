"""Sources that are read again, and the pages of long work: jobs, their progress, what they did."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from ingest.schedule import queue_reading
from ingest.uploads import is_kept, upload_at
from ingest.worker import is_text_without_draft
from kb.errors import InputError, UnknownRecord
from kb.knowledge_base import KnowledgeBase
from kb.messages import N_
from kb.reference.visibility import DEFAULT_CHOICE
from kb.registers.accounts import Account, AccountRole
from kb.registers.drafts import Draft
from kb.registers.jobs import FINAL_STATES, Job, queue_choice
from kb.registers.records.rereading import Interval
from kb.remarks import Remark
from web.editorial.choices import contact_choice_in
from web.http.i18n import SOURCE_LANGUAGE
from web.http.labels import localized
from web.http.refusals import Refusal, no_such_action, not_allowed
from web.http.routing import APageRequest, PageRequest, PageRouter, csv_answer, see, text_of
from web.http.security.sessions import AContributor, AForm, AModerator
from web.http.urls import Page, address

router = PageRouter()
SHOWN_READINGS = 5

DONE: Mapping[str, str] = {
    "chosen": N_("Your choice applies now."),
    "added": N_("The source is registered: its first reading begins in a moment."),
    "removed": N_("The source is not read again. What was read of it stays."),
}


def reading_of(report: Mapping[str, Any]) -> Mapping[str, Any]:
    changes = report.get("changes", ())
    return {
        "is_same": bool(report.get("is_same")),
        "new": [change for change in changes if change["is_new"]],
        "changed": [change for change in changes if not change["is_new"]],
        "gone": report.get("gone", []),
    }


@router.shows(Page.SOURCES)
def sources_sources_page(request: APageRequest, _account: AModerator, done: str = "") -> Response:
    return _sources_page(request, done=DONE.get(done, ""))


@router.takes(Page.SOURCES)
def change_sources(request: APageRequest, account: AModerator, form: AForm) -> Response:
    base, source = request.knowledge_base, text_of(form, "source")
    what = text_of(form, "do")
    if what == "add":
        return _add(request, form, account.name)
    if what not in {"", "run", "remove"}:
        raise no_such_action()
    try:
        if what == "run":
            location = base.source_locations.get(source)
            base.source_locations.take(location)
            job = queue_reading(base, location, account.name)
            return see(request, address(Page.JOB, job.id))
        if what == "remove":
            base.source_locations.remove(source)
            return see(request, address(Page.SOURCES, done="removed"))
        if source not in dict(base.claims.sources()):
            base.source_locations.get(source)
    except UnknownRecord:
        raise Refusal(404, N_("This source is no longer here. Nothing was changed.")) from None
    before = base.contact_choices.of(source)
    choice = contact_choice_in(form, before)
    if choice != before and base.begin_choice(source, choice):
        job = queue_choice(base.jobs, source, account.name)
        return see(request, address(Page.JOB, job.id, done="chosen"))
    return see(request, address(Page.SOURCES, done="chosen"))


def _add(request: PageRequest, form: AForm, by: str) -> Response:
    # All that reads articles, which takes long to import.
    from ingest.source_reading import checked_address, name_of_address

    base = request.knowledge_base
    every = Interval.WEEK if text_of(form, "every") == Interval.WEEK else Interval.DAY
    choice = contact_choice_in(form, DEFAULT_CHOICE)
    typed = {
        "location": text_of(form, "location").strip(),
        "name": text_of(form, "name"),
        "every": every,
        "choice": choice,
    }
    try:
        location = checked_address(text_of(form, "location").strip(), request.settings)
        called = " ".join(text_of(form, "name").split()) or name_of_address(location)
        before = base.contact_choices.of(called)
        if before not in {DEFAULT_CHOICE, choice}:
            # The form did not know of a choice that was made for the source before.
            problem = localized(Remark("choice_before", "name", name=called), request.language)
            return _sources_page(request, new=typed | {"choice": before, "problem": problem})
        added = base.source_locations.add(called, location, every, by=by)
    except InputError as error:
        problem = localized(error.remark, request.language)
        return _sources_page(request, new=typed | {"problem": problem})
    if choice != before and base.begin_choice(added.name, choice):
        queue_choice(base.jobs, added.name, by)
    return see(request, address(Page.SOURCES, done="added"))


def _sources_page(
    request: PageRequest, *, new: Mapping[str, object] | None = None, done: str = ""
) -> Response:
    base = request.knowledge_base
    counts = dict(base.claims.sources())
    located = {location.name: location for location in base.source_locations.list()}
    entries = [
        {
            "name": name,
            "count": counts.get(name, 0),
            "choice": base.contact_choices.of(name),
            "location": located.get(name),
            "readings": [
                (job, reading_of(job.report))
                for job in (base.jobs.of_source(name, SHOWN_READINGS) if name in located else ())
            ],
            "unlisted": base.unlisted.of(name),
        }
        for name in dict.fromkeys([*located, *counts])
    ]
    empty = {"location": "", "name": "", "every": Interval.DAY, "choice": DEFAULT_CHOICE}
    return request.page(
        "editorial/sources.html",
        here=address(Page.SOURCES),
        status_code=400 if new else 200,
        entries=entries,
        failing=base.source_locations.failing(),
        new=new or {**empty, "problem": None},
        shown_unlisted=50,
        done=done,
    )


_COUNTS = (
    ("read", N_("Read")),
    ("added", N_("Added")),
    ("completed", N_("Completed by this directory")),
    ("changed", N_("Changed")),
    ("unchanged", N_("Unchanged")),
    ("removed", N_("Removed")),
    ("to_check", N_("Kept, to check")),
)
_LISTS = (
    ("failures", N_("Not kept")),
    ("known", N_("Already known")),
    ("remarks", N_("Kept, to check")),
    ("skipped", N_("Left out")),
)


@router.shows(Page.JOBS)
def jobs(request: APageRequest, account: AContributor) -> Response:
    shown = [job for job in request.knowledge_base.jobs.list() if account.may_see(job.created_by)]
    return request.page("editorial/jobs.html", here=address(Page.JOBS), jobs=shown)


@router.shows(Page.JOB)
def job(
    request: APageRequest,
    account: AContributor,
    record_id: str,
    done: str = "",
    form: str = "",
    look: str = "",
) -> Response:
    base = request.knowledge_base
    found = _readable(base, record_id, account)
    if form == "csv":
        return _as_csv(found)
    kept_text = _kept_text(base, found)
    if form == "text" and kept_text:
        return _as_file(base, kept_text)
    over = found.state in FINAL_STATES
    refresh_s = 0 if over or look == "once" else 3
    report: Mapping[str, Any] = found.report
    counts = [(word, report.get(name, 0)) for name, word in _COUNTS if name in report]
    sources, duplicates = report.get("sources", ()), 0
    source = sources[0] if len(sources) == 1 else ""
    if found.kind == "directory" and account.role.may(AccountRole.MODERATOR):
        duplicates = base.duplicates.count(sources=[source] if source else [])
    response = request.page(
        "editorial/job.html",
        here=address(Page.JOB, found.id, look=look),
        job=found,
        over=over,
        refresh_s=refresh_s,
        counts=[(word, count) for word, count in counts if count or word == _COUNTS[0][1]],
        lists=[(title, _lines(report, name)) for name, title in _LISTS],
        duplicates=duplicates,
        source=source,
        drafts=_drafts(base, report),
        untold=sum(sum(report.get(name, {}).values()) for name in ("untold", "more")),
        reading=reading_of(report),
        shown_notes=50,
        kept_text=kept_text,
        done="" if over and done == "long" else done,
    )
    if refresh_s:
        # Who is disturbed by it can turn it off: see the page.
        response.headers["Refresh"] = str(refresh_s)
    return response


@router.takes(Page.JOB)
def change_job(
    request: APageRequest, account: AContributor, form: AForm, record_id: str
) -> Response:
    found = _readable(request.knowledge_base, record_id, account)
    if text_of(form, "do") != "cancel":
        raise no_such_action()
    request.knowledge_base.jobs.cancel(found.id)
    return see(request, address(Page.JOB, found.id, done="cancelling"))


def _kept_text(base: KnowledgeBase, found: Job) -> str:
    if not is_text_without_draft(found):
        return ""
    return next((path for path in json.loads(found.parameters["texts"]) if is_kept(base, path)), "")


def _as_file(base: KnowledgeBase, kept_text: str) -> Response:
    with upload_at(base, kept_text) as path:
        content = path.read_bytes()
    name = quote(path.name, safe="")
    headers = {"Content-Disposition": f"attachment; filename*=utf-8''{name}"}
    return Response(content, media_type="text/plain", headers=headers)


def _lines(report: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    return [
        {
            # An upload lies in a folder with a name of no interest.
            "file": note.get("file", "").replace("\\", "/").rpartition("/")[2],
            "row": note.get("row", 0),
            "reason": Remark.restored(note["reason"], note.get("remark")),
        }
        for note in report.get(name, ())
    ]


def _readable(base: KnowledgeBase, job_id: str, account: Account) -> Job:
    found = base.jobs.get(job_id)
    if not account.may_see(found.created_by):
        raise not_allowed()
    return found


def _drafts(base: KnowledgeBase, report: Mapping[str, Any]) -> list[Draft]:
    drafts = []
    for drafted in report.get("drafts", ()):
        with suppress(UnknownRecord):
            drafts.append(base.drafts.get(drafted["draft_id"]))
    return drafts


def _as_csv(found: Job) -> Response:
    rows = [
        (line["file"], str(line["row"] or ""), name, line["reason"])
        for name, _ in _LISTS
        for line in _lines(found.report, name)
    ]
    return csv_answer(found.id, ["file", "row", "kind", "reason"], rows, SOURCE_LANGUAGE)

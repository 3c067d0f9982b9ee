"""The pages of long work: what is under way, how far it is, and what it did."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from starlette.responses import Response

from ingest.uploads import is_kept, upload_at
from ingest.worker import is_text_without_draft
from kb.errors import UnknownRecord
from kb.knowledge_base import KnowledgeBase
from kb.messages import N_
from kb.registers.accounts import Account, AccountRole
from kb.registers.drafts import Draft
from kb.registers.jobs import FINAL_STATES, Job
from kb.remarks import Remark
from web.editorial.sources.readings import reading_of
from web.http.dependencies import APageRequest
from web.http.refusals import no_such_action, not_allowed
from web.http.routing import PageRouter, see, text_of
from web.http.security.sessions import AContributor, AForm
from web.http.urls import Page, address

REFRESHED_EVERY_S = 3
SHOWN_NOTES = 50
"""How many lines of each kind the page shows; the CSV file has them all."""

_COUNTS = (
    ("read", N_("Read")),
    ("added", N_("Added")),
    ("completed", N_("Completed by this directory")),
    ("changed", N_("Changed")),
    ("unchanged", N_("Unchanged")),
    ("removed", N_("Removed")),
)
_LISTS = (
    ("failures", N_("Not kept")),
    ("known", N_("Already known")),
    ("remarks", N_("Kept, to check")),
    ("skipped", N_("Left out")),
)

router = PageRouter()


@dataclass(frozen=True, slots=True)
class ReportLine:
    """What a job's report says of one place of its input. `row` is 0 for a whole file."""

    file: str
    row: int
    reason: str


@router.shows(Page.JOBS)
def jobs(request: APageRequest, account: AContributor) -> Response:
    every = request.knowledge_base.jobs.list()
    shown = [job for job in every if account.may_see(job.created_by)]
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
    found = _readable(request.knowledge_base, record_id, account)
    if form == "csv":
        return _as_csv(found)
    kept_text = _kept_text(request.knowledge_base, found)
    if form == "text" and kept_text:
        return _as_file(request.knowledge_base, kept_text)
    over = found.state in FINAL_STATES
    refresh_s = 0 if over or look == "once" else REFRESHED_EVERY_S
    response = request.page(
        "editorial/job.html",
        here=address(Page.JOB, found.id, look=look),
        job=found,
        over=over,
        refresh_s=refresh_s,
        counts=_counts(found.report),
        lists=[(title, report_lines(found.report, name)) for name, title in _LISTS],
        duplicates=_duplicates(request.knowledge_base, found, account),
        source=_source(found.report),
        drafts=_drafts(request.knowledge_base, found.report),
        untold=_untold(found.report),
        reading=reading_of(found.report),
        shown_notes=SHOWN_NOTES,
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
    """The path of the pasted text of which a job made no draft, as long as it is kept."""
    if not is_text_without_draft(found):
        return ""
    paths = json.loads(found.parameters["texts"])
    return next((path for path in paths if is_kept(base, path)), "")


def _as_file(base: KnowledgeBase, kept_text: str) -> Response:
    with upload_at(base, kept_text) as path:
        content = path.read_bytes()
    name = quote(path.name, safe="")
    headers = {"Content-Disposition": f"attachment; filename*=utf-8''{name}"}
    return Response(content, media_type="text/plain", headers=headers)


def report_lines(report: Mapping[str, object], name: str) -> list[ReportLine]:
    """A list of a report; what is not of its shape is told as it is."""
    listed = report.get(name)
    lines = []
    for note in listed if isinstance(listed, list) else ():
        if isinstance(note, Mapping):
            row = note.get("row", 0)
            # An upload lies in a folder with a name of no interest.
            file = str(note.get("file", "")).replace("\\", "/").rpartition("/")[2]
            row = row if isinstance(row, int) else 0
            reason = Remark.restored(str(note.get("reason", "")), note.get("remark"))
            lines.append(ReportLine(file, row, reason))
        else:
            lines.append(ReportLine("", 0, str(note)))
    return lines


def _readable(base: KnowledgeBase, job_id: str, account: Account) -> Job:
    found = base.jobs.get(job_id)
    if not account.may_see(found.created_by):
        raise not_allowed()
    return found


def _counts(report: Mapping[str, object]) -> Sequence[tuple[str, int]]:
    return [
        (word, count)
        for name, word in _COUNTS
        if isinstance(count := report.get(name), int) and (count or name == "read")
    ]


def _duplicates(base: KnowledgeBase, found: Job, account: Account) -> int:
    """How many likely duplicates of a directory there are to decide, for whom may."""
    if found.kind != "directory" or not account.role.may(AccountRole.MODERATOR):
        return 0
    source = _source(found.report)
    return base.duplicates.count(sources=[source] if source else [])


def _source(report: Mapping[str, object]) -> str:
    """The source of the actors that a directory brought; empty in older reports."""
    sources = report.get("sources")
    return str(sources[0]) if isinstance(sources, list) and len(sources) == 1 else ""


def _drafts(base: KnowledgeBase, report: Mapping[str, object]) -> list[Draft]:
    """The drafts that a job made, as far as they are still there."""
    drafts, listed = [], report.get("drafts")
    for drafted in listed if isinstance(listed, list) else ():
        try:
            drafts.append(base.drafts.get(str(drafted["draft_id"])))
        except (UnknownRecord, KeyError, TypeError):
            continue
    return drafts


def _untold(report: Mapping[str, object]) -> int:
    """How many lines were one too many for the report to keep."""
    kept = (report.get("untold"), report.get("more"))
    return sum(
        count
        for counts in kept
        if isinstance(counts, Mapping)
        for count in counts.values()
        if isinstance(count, int)
    )


def _as_csv(found: Job) -> Response:
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(["file", "row", "kind", "reason"])
    for name, _ in _LISTS:
        for line in report_lines(found.report, name):
            cells = (line.file, str(line.row or ""), name, line.reason)
            writer.writerow(_harmless(cell) for cell in cells)
    headers = {"Content-Disposition": f'attachment; filename="{found.id}.csv"'}
    # The mark at the beginning has spreadsheets read it as UTF-8.
    return Response(f"\ufeff{written.getvalue()}", media_type="text/csv", headers=headers)


def _harmless(cell: str) -> str:
    """The cell, so that no spreadsheet takes it for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell

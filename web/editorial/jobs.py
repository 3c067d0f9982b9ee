"""The pages of long work: an uploaded directory before it is read, jobs and their progress."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from starlette.responses import Response

from ingest.directories.columns_of import FACT, IGNORED, KNOW_HOW_COLUMNS
from ingest.directories.header_words import (
    ACTOR_COLUMNS,
    LOCATION_COLUMNS,
    REGISTER_COLUMNS,
)
from ingest.directories.readers import Preview
from ingest.reading.tables import preview_of
from ingest.uploads import is_kept, upload_at, upload_named
from ingest.worker import is_text_without_draft
from kb.errors import InputError, UnknownRecord
from kb.knowledge_base import KnowledgeBase
from kb.messages import N_
from kb.reference.visibility import ContactChoice
from kb.registers.accounts import Account, AccountRole
from kb.registers.drafts import Draft
from kb.registers.jobs import FINAL_STATES, Job, queue_choice
from kb.remarks import Remark
from web.editorial.forms.choices import contact_choice_in
from web.editorial.labels import KNOW_HOW_LABELS, LOCATION_LABELS, REGISTER_LABELS
from web.editorial.sources import reading_of
from web.http.dependencies import APageRequest, count_job
from web.http.i18n import translations
from web.http.labels import FIELD_LABELS, LocalizedText, localized
from web.http.refusals import Refusal, no_such_action, not_allowed
from web.http.request import PageRequest
from web.http.routing import PageRouter, number_in, see, text_of
from web.http.security.sessions import AContributor, AForm, AModerator
from web.http.urls import Page, address

router = PageRouter()


SHOWN_PROBLEMS = 10
MAX_COLUMNS = 500

_GONE = N_("This file is no longer here: send it again.")


@router.shows(Page.DIRECTORY)
def show(request: APageRequest, _account: AModerator, record_id: str, source: str = "") -> Response:
    return _page(request, record_id, source, {}, request.knowledge_base.contact_choices.of(source))


@router.takes(Page.DIRECTORY)
def apply(request: APageRequest, account: AModerator, form: AForm, record_id: str) -> Response:
    base = request.knowledge_base
    source = " ".join(text_of(form, "source").split())
    choices = _choices(form)
    seen_by = contact_choice_in(form, base.contact_choices.of(source))
    what = text_of(form, "do")
    if what == "look":
        return _page(request, record_id, source, choices, seen_by)
    if what != "apply":
        raise no_such_action()
    path = _upload(base, record_id)
    try:
        with upload_at(base, path) as file:
            preview_of(file, source, choices, knowledge_base=base)
    except InputError:
        return _page(request, record_id, source, choices, seen_by)
    if seen_by != base.contact_choices.of(source) and base.begin_choice(source, seen_by):
        queue_choice(base.jobs, source, account.name)
    base.column_choices.remember(source, {**base.column_choices.mapping(source), **choices})
    parameters = {
        "path": path,
        "name": Path(path).name,
        "source": source,
        "mapping": json.dumps(choices, ensure_ascii=False),
    }
    most = count_job(request, account)
    job = base.jobs.add("directory", parameters, by=account.name, most=most)
    return see(request, address(Page.JOB, job.id))


def _page(
    request: PageRequest,
    upload: str,
    source: str,
    choices: Mapping[str, str],
    seen_by: ContactChoice,
) -> Response:
    path = _upload(request.knowledge_base, upload)
    looked_at: Preview | None = None
    problem: LocalizedText | None = None
    try:
        with upload_at(request.knowledge_base, path) as file:
            looked_at = preview_of(
                file,
                source,
                choices,
                knowledge_base=request.knowledge_base,
                persons_kept=seen_by.keeps_persons,
            )
    except InputError as error:
        problem = localized(error.remark, request.language)
    return request.page(
        "editorial/directory.html",
        here=address(Page.DIRECTORY, upload, source=source),
        status_code=400 if problem else 200,
        upload=upload,
        file=Path(path).name,
        source=source,
        preview=looked_at,
        problem=problem,
        targets=_targets(request),
        seen_by=seen_by,
        names_actors=looked_at is not None and looked_at.kept > 0,
        problems=[
            (note.row, localized(note.reason, request.language))
            for note in (looked_at.problems[:SHOWN_PROBLEMS] if looked_at else ())
        ],
    )


def _upload(base: KnowledgeBase, upload: str) -> str:
    """Returns the path of the file that was sent, by the name of its folder."""
    try:
        return upload_named(base, upload)
    except UnknownRecord:
        raise Refusal(404, _GONE) from None


def _targets(request: PageRequest) -> Sequence[tuple[str, Sequence[tuple[str, str]]]]:
    """Returns what a column can be read as, in groups with a title."""
    gettext = translations(request.language).gettext

    def words(names: Sequence[str]) -> list[tuple[str, str]]:
        known = {**FIELD_LABELS, **KNOW_HOW_LABELS, **LOCATION_LABELS, **REGISTER_LABELS}
        return [(name, gettext(known[name]) if name in known else name) for name in names]

    return [
        (
            gettext(N_("Otherwise")),
            [
                (FACT, gettext(N_("Keep as an extra fact"))),
                (IGNORED, gettext(N_("Leave out"))),
            ],
        ),
        (gettext(N_("Fields of an organisation")), words((*ACTOR_COLUMNS, *LOCATION_COLUMNS))),
        (gettext(N_("What organisations can do, under its own header")), words(KNOW_HOW_COLUMNS)),
        (gettext(N_("Columns of a register")), words(REGISTER_COLUMNS)),
    ]


def _choices(form: Mapping[str, object]) -> dict[str, str]:
    """Maps headers to what a person chose, where it is not what was guessed."""
    choices = {}
    for number in range(min(number_in(form, "columns"), MAX_COLUMNS)):
        header = text_of(form, f"header-{number}")
        target = text_of(form, f"target-{number}")
        if target and target != text_of(form, f"guess-{number}"):
            choices[header] = target
    return choices


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

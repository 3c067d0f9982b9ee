"""The pages of long work: an uploaded directory before it is read, jobs and their progress."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from ingest.directories.columns_of import FACT, IGNORED, KNOW_HOW_COLUMNS
from ingest.directories.header_words import (
    ACTOR_COLUMNS,
    LOCATION_COLUMNS,
    REGISTER_COLUMNS,
)
from ingest.directories.preview import Preview
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
from web.editorial.choices import contact_choice_in
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
            for note in (preview.problems[:SHOWN_PROBLEMS] if preview else ())
        ],
    )


def _upload(base: KnowledgeBase, upload: str) -> str:
    """Returns the path of the file that was sent, by the name of its folder."""
    try:
        return upload_named(base, upload)
    except UnknownRecord:
        raise Refusal(404, N_("This file is no longer here: send it again.")) from None


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
_OF_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
_LISTS = (
    ("failures", N_("Not kept")),
    ("known", N_("Already known")),
    ("remarks", N_("Kept, to check")),
    ("skipped", N_("Left out")),
)


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
    base = request.knowledge_base
    found = _readable(base, record_id, account)
    if form == "csv":
        return _as_csv(found)
    kept_text = _kept_text(base, found)
    if form == "text" and kept_text:
        return _as_file(base, kept_text)
    over = found.state in FINAL_STATES
    refresh_s = 0 if over or look == "once" else REFRESHED_EVERY_S
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


def _lines(report: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """A list of a report: of each line its file, its row (0: the whole file) and the reason."""
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
    """The drafts that a job made, as far as they are still there."""
    drafts = []
    for drafted in report.get("drafts", ()):
        with suppress(UnknownRecord):
            drafts.append(base.drafts.get(drafted["draft_id"]))
    return drafts


def _as_csv(found: Job) -> Response:
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(["file", "row", "kind", "reason"])
    for name, _ in _LISTS:
        for line in _lines(found.report, name):
            cells = (line["file"], str(line["row"] or ""), name, line["reason"])
            # No spreadsheet takes a cell for a formula.
            writer.writerow(f"'{cell}" if cell.startswith(_OF_FORMULAS) else cell for cell in cells)
    headers = {"Content-Disposition": f'attachment; filename="{found.id}.csv"'}
    # The mark at the beginning has spreadsheets read it as UTF-8.
    return Response(f"\ufeff{written.getvalue()}", media_type="text/csv", headers=headers)

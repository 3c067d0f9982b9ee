"""The page of an uploaded directory: how its columns are read, before anything is kept."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from starlette.responses import Response

from ingest.directories.columns_of import (
    FACT,
    IGNORED,
    KNOW_HOW_COLUMNS,
)
from ingest.directories.header_words import (
    ACTOR_COLUMNS,
    LOCATION_COLUMNS,
    REGISTER_COLUMNS,
)
from ingest.directories.preview import Preview
from ingest.reading.tables import preview_of
from ingest.uploads import upload_at, upload_named
from kb.errors import InputError, UnknownRecord
from kb.knowledge_base import KnowledgeBase
from kb.messages import N_
from kb.reference.visibility import ContactChoice
from kb.registers.jobs import queue_choice
from web.editorial.forms.choices import contact_choice_in
from web.editorial.labels import KNOW_HOW_LABELS, LOCATION_LABELS, REGISTER_LABELS
from web.http.dependencies import APageRequest, count_job
from web.http.i18n import translations
from web.http.labels import FIELD_LABELS, LocalizedText, localized
from web.http.refusals import Refusal, no_such_action
from web.http.request import PageRequest
from web.http.routing import PageRouter, number_in, see, text_of
from web.http.security.sessions import AForm, AModerator
from web.http.urls import Page, address

SHOWN_PROBLEMS = 10
MAX_COLUMNS = 500

_GONE = N_("This file is no longer here: send it again.")

router = PageRouter()


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

"""The page of sources: those that are read again, and what each reading found."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from ingest.rereading.schedule import queue_reading
from kb.errors import InputError, UnknownRecord
from kb.messages import N_
from kb.reference.visibility import DEFAULT_CHOICE
from kb.registers.jobs import queue_choice
from kb.registers.rereading import Interval
from kb.remarks import Remark
from web.editorial.choices import contact_choice_in
from web.http.dependencies import APageRequest
from web.http.labels import localized
from web.http.refusals import Refusal, no_such_action
from web.http.request import PageRequest
from web.http.routing import PageRouter, see, text_of
from web.http.security.sessions import AForm, AModerator
from web.http.urls import Page, address

SHOWN_READINGS = 5
SHOWN_UNLISTED = 50

DONE: Mapping[str, str] = {
    "chosen": N_("Your choice holds now."),
    "added": N_("The source is registered: its first reading begins in a moment."),
    "removed": N_("The source is not read again. What was read of it stays."),
}
"""What the page says was done, by the value of `done` in its address."""

router = PageRouter()


def reading_of(report: Mapping[str, Any]) -> Mapping[str, Any]:
    """Returns what the report of a job says of a reading: what is new, changed, and gone."""
    changes = report.get("changes", ())
    return {
        "is_same": bool(report.get("is_same")),
        "new": [change for change in changes if change["is_new"]],
        "changed": [change for change in changes if not change["is_new"]],
        "gone": report.get("gone", []),
    }


@router.shows(Page.SOURCES)
def sources_page(request: APageRequest, _account: AModerator, done: str = "") -> Response:
    return _page(request, done=DONE.get(done, ""))


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
        gone = N_("This source is no longer here. Nothing was changed.")
        raise Refusal(404, gone) from None
    before = base.contact_choices.of(source)
    choice = contact_choice_in(form, before)
    if choice != before and base.begin_choice(source, choice):
        job = queue_choice(base.jobs, source, account.name)
        return see(request, address(Page.JOB, job.id, done="chosen"))
    return see(request, address(Page.SOURCES, done="chosen"))


def _add(request: PageRequest, form: AForm, by: str) -> Response:
    # All that reads articles, which takes long to import.
    from ingest.rereading.source_reading import checked_address, name_of_address

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
            return _page(request, new=typed | {"choice": before, "problem": problem})
        added = base.source_locations.add(called, location, every, by=by)
    except InputError as error:
        problem = localized(error.remark, request.language)
        return _page(request, new=typed | {"problem": problem})
    if choice != before and base.begin_choice(added.name, choice):
        queue_choice(base.jobs, added.name, by)
    return see(request, address(Page.SOURCES, done="added"))


def _page(
    request: PageRequest, *, new: Mapping[str, object] | None = None, done: str = ""
) -> Response:
    """The page of every source, those that are read again first, and of a `new` one refused."""
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
        shown_unlisted=SHOWN_UNLISTED,
        done=done,
    )

"""The page of sources: those that are read again, and what each reading found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response

from ingest.schedule import queue_reading
from kb.errors import InputError, UnknownRecord
from kb.knowledge_base import KnowledgeBase
from kb.messages import N_
from kb.models import Kind
from kb.reference.visibility import DEFAULT_CHOICE, ContactChoice
from kb.registers.jobs import Job, queue_choice
from kb.registers.rereading import Interval, SourceLocation, Unlisted
from kb.remarks import Remark
from web.editorial.forms.choices import contact_choice_in
from web.http.dependencies import APageRequest
from web.http.labels import LocalizedText, localized
from web.http.refusals import Refusal, no_such_action
from web.http.request import PageRequest
from web.http.routing import PageRouter, see, text_of
from web.http.security.sessions import AForm, AModerator
from web.http.urls import Page, address

router = PageRouter()


@dataclass(frozen=True, slots=True)
class ChangedRecord:
    """A record that a reading found new, changed or gone.

    `fields` are (field, before, after); `since` is when it was found gone.
    """

    kind: Kind
    id: str
    name: str
    fields: Sequence[tuple[str, str, str]] = ()
    since: str = ""


@dataclass(frozen=True, slots=True)
class ReadingOfSource:
    """What the report of a job says of a reading.

    `is_same` says that nothing had changed at its location; `gone` are the records that it listed
    before and lists no more.
    """

    is_same: bool
    new: Sequence[ChangedRecord]
    changed: Sequence[ChangedRecord]
    gone: Sequence[ChangedRecord]


def reading_of(report: Mapping[str, object]) -> ReadingOfSource:
    """Returns what a report says of a reading; what is not of its shape is left out."""
    changes = _items(report, "changes")
    return ReadingOfSource(
        bool(report.get("is_same")),
        [_record(item) for item in changes if item.get("is_new")],
        [_record(item) for item in changes if not item.get("is_new")],
        [_record(item) for item in _items(report, "gone")],
    )


def _items(report: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    items = report.get(name)
    return [
        item
        for item in (items if isinstance(items, list) else ())
        if isinstance(item, Mapping) and item.get("kind") in set(Kind)
    ]


def _record(item: Mapping[str, Any]) -> ChangedRecord:
    return ChangedRecord(
        Kind(item["kind"]),
        str(item.get("id", "")),
        str(item.get("name", "")),
        [
            (str(field["field"]), str(field["before"]), str(field["after"]))
            for field in item.get("fields", ())
        ],
        str(item.get("since", "")),
    )


SHOWN_READINGS = 5
SHOWN_UNLISTED = 50

_NO_SOURCE = N_("This source is no longer here. Nothing was changed.")

DONE: Mapping[str, str] = {
    "chosen": N_("Your choice holds now."),
    "added": N_("The source is registered: its first reading begins in a moment."),
    "removed": N_("The source is not read again. What was read of it stays."),
}
"""What the page says was done, by the value of `done` in its address."""


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """A source on the page. `location` is None if it is not read again.

    `readings` are its latest jobs, newest first, with what each found.
    """

    name: str
    count: int
    choice: ContactChoice
    location: SourceLocation | None = None
    readings: Sequence[tuple[Job, ReadingOfSource]] = ()
    unlisted: Sequence[Unlisted] = ()


@dataclass(frozen=True, slots=True)
class NewSource:
    """What the form for a new source shows; `problem` is why it was refused."""

    location: str = ""
    name: str = ""
    every: Interval = Interval.DAY
    choice: ContactChoice = field(default=DEFAULT_CHOICE)
    problem: LocalizedText | None = None


@router.shows(Page.SOURCES)
def sources_page(request: APageRequest, _account: AModerator, done: str = "") -> Response:
    return _page(request, NewSource(), done)


@router.takes(Page.SOURCES)
def change_sources(request: APageRequest, account: AModerator, form: AForm) -> Response:
    base, source = request.knowledge_base, text_of(form, "source")
    what = text_of(form, "do")
    if what == "add":
        return _add(request, form, account.name)
    if what not in {"", "run", "remove"}:
        raise no_such_action()
    try:
        if not what:
            return _choose(request, form, source, account.name)
        if what == "run":
            location = base.source_locations.get(source)
            base.source_locations.take(location)
            job = queue_reading(base, location, account.name)
            return see(request, address(Page.JOB, job.id))
        base.source_locations.remove(source)
    except UnknownRecord:
        raise Refusal(404, _NO_SOURCE) from None
    return see(request, address(Page.SOURCES, done="removed"))


def _choose(request: PageRequest, form: AForm, source: str, by: str) -> Response:
    base = request.knowledge_base
    if source not in dict(base.claims.sources()):
        base.source_locations.get(source)
    before = base.contact_choices.of(source)
    choice = contact_choice_in(form, before)
    if choice != before and base.begin_choice(source, choice):
        job = queue_choice(base.jobs, source, by)
        return see(request, address(Page.JOB, job.id, done="chosen"))
    return see(request, address(Page.SOURCES, done="chosen"))


def _add(request: PageRequest, form: AForm, by: str) -> Response:
    # All that reads articles, which takes long to import.
    from ingest.source_reading import checked_address, name_of_address

    base = request.knowledge_base
    location, name = text_of(form, "location").strip(), text_of(form, "name")
    every = Interval.WEEK if text_of(form, "every") == Interval.WEEK else Interval.DAY
    choice = contact_choice_in(form, DEFAULT_CHOICE)
    try:
        location = checked_address(location, request.settings)
        called = " ".join(name.split()) or name_of_address(location)
        before = base.contact_choices.of(called)
        if before not in {DEFAULT_CHOICE, choice}:
            # The form did not know of a choice that was made for the source before.
            problem = localized(Remark("choice_before", "name", name=called), request.language)
            return _page(request, NewSource(location, name, every, before, problem))
        added = base.source_locations.add(called, location, every, by=by)
    except InputError as error:
        problem = localized(error.remark, request.language)
        return _page(request, NewSource(location, name, every, choice, problem))
    if choice != before and base.begin_choice(added.name, choice):
        queue_choice(base.jobs, added.name, by)
    return see(request, address(Page.SOURCES, done="added"))


def _page(request: PageRequest, new: NewSource, done: str = "") -> Response:
    base = request.knowledge_base
    entries = _entries(base)
    return request.page(
        "editorial/sources.html",
        here=address(Page.SOURCES),
        status_code=400 if new.problem else 200,
        entries=entries,
        failing=[entry for entry in entries if entry.location and entry.location.fails],
        new=new,
        shown_unlisted=SHOWN_UNLISTED,
        done=DONE.get(done, ""),
    )


def _entries(base: KnowledgeBase) -> list[SourceEntry]:
    """Every source, those that are read again first."""
    counts = dict(base.claims.sources())
    located = {location.name: location for location in base.source_locations.list()}
    names = [*located, *(name for name in counts if name not in located)]
    return [
        SourceEntry(
            name,
            counts.get(name, 0),
            base.contact_choices.of(name),
            located.get(name),
            [
                (job, reading_of(job.report))
                for job in (base.jobs.of_source(name, SHOWN_READINGS) if name in located else ())
            ],
            base.unlisted.of(name),
        )
        for name in names
    ]

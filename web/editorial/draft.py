"""The page of a draft: the record beside its source text, to correct and to publish."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from starlette.responses import Response

from ingest.private_details.details import details_of, without_detail
from ingest.records.fields import folded, one_line
from kb.errors import EditConflict, UnknownRecord
from kb.knowledge_base import KnowledgeBase
from kb.messages import N_
from kb.models import Actor, Case, Kind, Participation, Record
from kb.registers.accounts import Account, AccountRole
from kb.registers.clock import today
from kb.registers.drafts import OPEN_STATES, Draft, Drafts, DraftState
from web.editorial.choices import (
    actor_finder,
    actors_named,
    form_choices,
    likely_actors,
    numbered,
    suggestions,
    told_differences,
    with_picture,
)
from web.editorial.record_form import (
    ACTOR_LINES,
    CASE_LINES,
    ParticipationRow,
    RecordForm,
    WrongFields,
    is_suggested,
)
from web.http.labels import translated
from web.http.refusals import Refusal, no_such_action, not_allowed
from web.http.routing import APageRequest, PageRequest, PageRouter, number_in, see, text_of
from web.http.security.sessions import AnUpload, AnyAccount
from web.http.urls import Page, address

MAX_LOOKED_UP = 8
"""How many unknown participants are looked for in the catalogue when the page is shown."""

_OF_MODERATORS = frozenset({"publish", "return", "reject", "keep_detail"})

_DONE: Mapping[str, str] = {
    "save": "saved",
    "keep_detail": "saved",
    "remove_detail": "saved",
    "submit": "submitted",
    "publish": "published",
    "return": "returned",
    "reject": "rejected",
}

_STATES: Mapping[str, DraftState] = {
    "submit": DraftState.SUBMITTED,
    "return": DraftState.RETURNED,
    "reject": DraftState.REJECTED,
}

router = PageRouter()


@router.shows(Page.DRAFT)
def show(request: APageRequest, account: AnyAccount, record_id: str, done: str = "") -> Response:
    draft = readable(request.knowledge_base.drafts, record_id, account)
    return draft_page(request, draft, RecordForm.of(draft.record, draft.proposals), done=done)


@router.takes(Page.DRAFT)
def change(request: APageRequest, account: AnyAccount, form: AnUpload, record_id: str) -> Response:
    draft = readable(request.knowledge_base.drafts, record_id, account)
    what = text_of(form, "do")
    if what == "delete":
        if draft.state not in OPEN_STATES:
            raise Refusal(409, N_("A published or rejected draft cannot be deleted."))
        request.knowledge_base.drafts.delete(draft.id)
        return see(request, address(Page.CONTRIBUTIONS, done="deleted"))
    return _Sent(request, account, draft, form).answered(what)


class _Sent:
    def __init__(
        self, request: PageRequest, account: Account, draft: Draft, form: Mapping[str, object]
    ) -> None:
        self._request = request
        self._base = request.knowledge_base
        self._account = account
        self._draft = draft
        self._form = form
        self._message = text_of(form, "message").strip()
        self._revision = number_in(form, "revision")
        self._over = bool(text_of(form, "over"))
        sent, problem = with_picture(self._base, form, by=account.name)
        # gettext answers an empty message with the header of its catalogue.
        self._picture_problem = translated(problem, request.language) if problem else ""
        self._typed = RecordForm.sent(sent, draft.record)

    def answered(self, what: str) -> Response:
        what, _, on = what.partition(":")
        if what == "add_row":
            return self._at_last_row(self._typed.with_row(ParticipationRow()))
        if what == "preview":
            return self._page(self._typed, previewed=True)
        if what in {"keep", "link", "join"}:
            return self._with_rows(what, *on.split(":", 1))
        if what == "entry":
            on = one_line(self._typed.rows[self._row(on)].name)
        elif what not in _DONE:
            raise no_such_action()
        if what in _OF_MODERATORS and not self._account.role.may(AccountRole.MODERATOR):
            raise not_allowed()
        return self._with_record(what, on)

    def _with_rows(self, what: str, number: str, on: str = "") -> Response:
        at, typed = self._row(number), self._typed
        if what == "keep":
            return self._at_last_row(typed.accepting(at))
        if what == "link":
            linked = replace(typed.rows[at], actor_id=on)
            return self._page(typed.with_row_at(at, linked), at_row=at)
        names, chosen = [row.name for row in typed.rows], text_of(self._form, f"same_as-{at}")
        if chosen and chosen in names:
            return self._page(typed.joined(at, chosen), at_row=min(at, names.index(chosen)))
        wrong = typed.wrong({f"same_as-{at}": N_("Choose one of the list.")})
        return self._page(wrong, status_code=400)

    def _row(self, number: str) -> int:
        at = int(number) if number.isascii() and number.isdecimal() else -1
        if not 0 <= at < len(self._typed.rows):
            raise no_such_action()
        return at

    def _at_last_row(self, form: RecordForm) -> Response:
        proposed = self._draft.proposals.participations
        shown = [number for number, row in enumerate(form.rows) if not is_suggested(row, proposed)]
        return self._page(form, at_row=shown[-1])

    def _with_record(self, what: str, on: str) -> Response:
        errors: Mapping[str, str] = {}
        record = self._draft.record
        self._typed = self._typed.without_blank_rows()
        if self._picture_problem:
            errors = {"picture": self._picture_problem}
        else:
            try:
                record = self._typed.record(self._draft.record, actor_finder(self._base))
            except WrongFields as error:
                errors = error.errors
        if what in {"return", "reject"} and not (self._message or errors):
            errors = {"message": N_("Say why in a few words: the contributor will read it.")}
        if errors:
            return self._page(self._typed.wrong(errors), status_code=400)
        try:
            return self._do(what, on, record)
        except EditConflict:
            return self._conflict(record)

    def _do(self, what: str, on: str, record: Record) -> Response:
        drafts, draft, by = self._base.drafts, self._draft, self._account.name
        if what in {"keep_detail", "remove_detail"}:
            detail = next((one for one in details_of(record) if one.key == on), None)
            if detail is None:
                raise no_such_action()
            if what == "remove_detail":
                record = without_detail(record, detail)
        decided = self._typed.decided(draft.proposals)
        if (record, decided, self._revision) != (draft.record, draft.proposals, draft.revision):
            draft = drafts.save(draft.id, record, by=by, revision=self._revision, proposals=decided)
            self._revision = draft.revision
        if what == "entry":
            return see(self._request, address(Page.ORGANISATION, draft=draft.id, participant=on))
        if what == "keep_detail":
            drafts.keep_detail(draft.id, on)
        elif what == "publish":
            self._base.publish(
                draft.id, by=by, revision=draft.revision, force=self._over, on=today()
            )
        elif what in _STATES and (what != "submit" or draft.state is not DraftState.SUBMITTED):
            drafts.set_state(
                draft.id, _STATES[what], by=by, revision=draft.revision, message=self._message
            )
        return see(self._request, address(Page.DRAFT, draft.id, done=_DONE[what]))

    def _conflict(self, record: Record) -> Response:
        draft, gone = self._base.drafts.get(self._draft.id), ""
        if draft.state not in OPEN_STATES:
            gone = N_(
                "This draft was published or rejected in the meantime, and can no longer be "
                "changed."
            )
        elif draft.revision == self._revision:
            try:
                published = published_record(self._base, draft.kind, draft.record.id)
            except UnknownRecord:
                published = None
            if published is not None and published.id != draft.record.id:
                gone = N_(
                    "This organisation was merged with another one in the meantime: edit that one."
                )
            elif published is None or not draft.based_on:
                gone = N_(
                    "The page of this draft was withdrawn. A moderator must restore it first."
                )
            else:
                changed = told_differences(self._request, published, record)
                conflict = {"differences": changed, "over": True}
                return self._page(self._typed, draft, status_code=409, conflict=conflict)
        if gone:
            raise Refusal(409, gone)
        form = self._typed_over(draft, record)
        try:
            record = form.record(draft.record, actor_finder(self._base))
        except WrongFields as error:
            form = form.wrong(error.errors)
        changed = told_differences(self._request, draft.record, record)
        conflict = {"differences": changed, "over": False}
        return self._page(form, draft, status_code=409, conflict=conflict)

    def _typed_over(self, draft: Draft, record: Record) -> RecordForm:
        """Returns what others saved, with what this person changed in the revision they saw."""
        versions = self._base.drafts.versions(self._draft.id)
        seen = next((one.record for one in versions if one.revision == self._revision), None)
        if seen is None:
            return self._typed
        before, theirs = RecordForm.of(seen), RecordForm.of(draft.record, draft.proposals)
        values = {
            name: theirs.values[name] if typed == before.values[name] else typed
            for name, typed in self._typed.values.items()
        }
        same_rows = participants_of(record) == participants_of(seen)
        return replace(self._typed, values=values, rows=(theirs if same_rows else self._typed).rows)

    def _page(self, form: RecordForm, draft: Draft | None = None, **shown: Any) -> Response:
        # What others changed meanwhile is shown when this is saved.
        draft = draft or replace(self._draft, revision=self._revision)
        return draft_page(self._request, draft, form, message=self._message, **shown)


def draft_page(
    request: PageRequest, draft: Draft, form: RecordForm, *, status_code: int = 200, **shown: Any
) -> Response:
    base, record, proposals = request.knowledge_base, draft.record, draft.proposals
    is_open, participations = draft.state in OPEN_STATES, proposals.participations
    try:
        preview = form.without_blank_rows().record(record, lambda given: given)
    except WrongFields:
        preview = None
    is_case = isinstance(record, Case)
    if is_case and is_open and all(is_suggested(row, participations) for row in form.rows):
        form = form.with_row(ParticipationRow())
    actors = base.actors_by_id({row.actor_id for row in form.rows if row.actor_id})
    unlisted = {
        folded(row.name): row.name
        for row in form.rows
        if is_open and row.kept and row.name and not row.actor_id
    }
    looked_up = sorted(unlisted.values())[:MAX_LOOKED_UP]
    named = {name: found for name in looked_up if (found := actors_named(base, name)[:3])}
    suggested = {**actors, **{actor.id: actor for found in named.values() for actor in found}}
    versions = base.drafts.versions(draft.id)
    best = sorted(
        (one for one in proposals.fields if form.values.get(one.field)),
        key=lambda one: (form.is_as_proposed(record, one), one.confidence),
    )
    proposed = {one.field: one for one in best}
    is_new = is_open and not draft.based_on
    empty = {"previewed": False, "at_row": None, "conflict": None}
    return request.page(
        "editorial/draft.html",
        here=address(Page.DRAFT, draft.id),
        status_code=status_code,
        draft=draft,
        form=form,
        lines=CASE_LINES[:3] if is_case else ACTOR_LINES,
        folded_lines={"text": CASE_LINES[3:4], "more": CASE_LINES[4:]} if is_case else {},
        proposed=proposed,
        source=numbered(
            draft.source_text,
            [
                *(one.sentence for one in proposed.values()),
                *(one.sentence for one in participations),
            ],
            [name for row in form.rows if row.kept for name in (row.name, row.name.split("(")[0])],
        ),
        actors=actors,
        named=named,
        organisations=[
            (name, name) for name in dict.fromkeys(row.name for row in form.rows) if name
        ],
        suggested=list(suggested.values()),
        suggestions=suggestions(form.rows, participations),
        preview=preview,
        likely=likely_actors(base, record) if is_new and isinstance(record, Actor) else (),
        details=[detail for detail in details_of(record) if detail.key not in draft.kept_details],
        is_unsaved=request.http.method == "POST",
        versions=versions,
        changes={
            later.revision: changed
            for earlier, later in list(pairwise(versions))[-20:]
            if (changed := told_differences(request, earlier.record, later.record))
        },
        **form_choices(request, form) | empty | shown,
    )


def participants_of(record: Record) -> Sequence[Participation]:
    return record.participants if isinstance(record, Case) else ()


def published_record(base: KnowledgeBase, kind: Kind, record_id: str) -> Record:
    return base.case(record_id) if kind is Kind.CASE else base.actor(record_id)


def readable(drafts: Drafts, draft_id: str, account: Account) -> Draft:
    draft = drafts.get(draft_id)
    if not account.may_see(draft.created_by):
        raise not_allowed()
    return draft

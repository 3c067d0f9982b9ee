"""The page of a draft: the record beside its source text, to correct and to publish."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from starlette.responses import Response

from ingest.private_details.details import details_of, without_detail
from ingest.records.fields import one_line
from kb.errors import EditConflict, UnknownRecord
from kb.knowledge_base import KnowledgeBase
from kb.messages import N_
from kb.models import Actor, Case, Kind, Participation, Record
from kb.registers.accounts import Account, AccountRole
from kb.registers.clock import today
from kb.registers.drafts import OPEN_STATES, Draft, Drafts, DraftState, ProposedField
from web.editorial.choices import (
    actor_finder,
    actors_named,
    flow_choices,
    language_choices,
    likely_actors,
    numbered,
    role_choices,
    suggestions,
    with_picture,
)
from web.editorial.history import told_differences
from web.editorial.record_form import (
    ACTOR_LINES,
    CASE_LINES,
    ParticipationRow,
    RecordForm,
    WrongFields,
    is_suggested,
)
from web.http.dependencies import APageRequest
from web.http.labels import translated
from web.http.refusals import Refusal, no_such_action, not_allowed
from web.http.request import PageRequest
from web.http.routing import PageRouter, number_in, see, text_of
from web.http.security.sessions import AnUpload, AnyAccount
from web.http.urls import Page, address

MAX_NAMED = 3
MAX_LOOKED_UP = 8
"""How many unknown participants are looked for in the catalogue when the page is shown."""

_SHOWN_CHANGES = 20
"""Of how many states the page says what changed, the newest first."""

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
    """A form sent from the page of a draft."""

    def __init__(
        self, request: PageRequest, account: Account, draft: Draft, form: Mapping[str, object]
    ) -> None:
        self._request = request
        self._base = request.knowledge_base
        self._account = account
        self._draft = draft
        self._message = text_of(form, "message").strip()
        self._revision = number_in(form, "revision")
        self._over = bool(text_of(form, "over"))
        sent, problem = with_picture(self._base, form, by=account.name)
        # gettext answers an empty message with the header of its catalogue.
        self._picture_problem = translated(problem, request.language) if problem else ""
        self._typed = RecordForm.sent(sent, draft.record)

    def answered(self, what: str) -> Response:
        actions: Mapping[str, Callable[[Record], Response]] = {
            "save": self._save,
            "submit": self._submit,
            "publish": self._publish,
            "return": lambda record: self._send_back(record, DraftState.RETURNED),
            "reject": lambda record: self._send_back(record, DraftState.REJECTED),
        }
        what, _, on = what.partition(":")
        if what in {"keep", "link", "entry"}:
            number, _, actor_id = on.partition(":")
            return self._change_row(what, number, actor_id)
        if what in {"keep_detail", "remove_detail"}:
            return self._with_record(lambda record: self._settle_detail(what, record, on))
        if what == "add_row":
            return self._at_last_row(self._typed.with_row(ParticipationRow()))
        if what == "preview":
            return self._page(self._typed, previewed=True)
        if what not in actions:
            raise no_such_action()
        if what in {"publish", "return", "reject"} and not self._account.role.may(
            AccountRole.MODERATOR
        ):
            raise not_allowed()
        return self._with_record(actions[what])

    def _with_record(self, action: Callable[[Record], Response]) -> Response:
        """Answers with the record that was typed; or with what is wrong, or a conflict."""
        if self._picture_problem:
            wrong = self._typed.wrong({"picture": self._picture_problem})
            return self._page(wrong, status_code=400)
        try:
            record = self._typed.record(self._draft.record, actor_finder(self._base))
        except WrongFields as error:
            return self._page(self._typed.wrong(error.errors), status_code=400)
        try:
            return action(record)
        except EditConflict:
            return self._conflict(record)

    def _change_row(self, what: str, number: str, actor_id: str) -> Response:
        """Accepts a suggestion, fills in the entry of a participation, or opens its form."""
        rows = self._typed.rows
        at = int(number) if number.isascii() and number.isdecimal() else len(rows)
        if at >= len(rows):
            raise no_such_action()
        if what == "keep":
            return self._at_last_row(self._typed.accepting(at))
        if what == "link":
            linked = replace(rows[at], actor_id=actor_id)
            return self._page(self._typed.with_row_at(at, linked), at_row=at)
        return self._with_record(lambda record: self._open_entry(record, rows[at].name))

    def _at_last_row(self, form: RecordForm) -> Response:
        """The page at the last participation that is not only suggested."""
        proposed = self._draft.proposals.participations
        shown = [number for number, row in enumerate(form.rows) if not is_suggested(row, proposed)]
        return self._page(form, at_row=shown[-1])

    def _open_entry(self, record: Record, name: str) -> Response:
        """Saves the draft and opens the form for the entry of a participant."""
        draft = self._saved(record)
        return see(
            self._request, address(Page.ORGANISATION, draft=draft.id, participant=one_line(name))
        )

    def _settle_detail(self, what: str, record: Record, key: str) -> Response:
        """Keeps a private detail, or takes it out of the record that was typed."""
        detail = next((one for one in details_of(record) if one.key == key), None)
        if detail is None:
            raise no_such_action()
        if what == "remove_detail":
            record = without_detail(record, detail)
        self._saved(record)
        if what == "keep_detail":
            self._base.drafts.keep_detail(self._draft.id, key)
        return self._see("saved")

    def _save(self, record: Record) -> Response:
        self._saved(record)
        return self._see("saved")

    def _submit(self, record: Record) -> Response:
        draft = self._saved(record)
        if draft.state is not DraftState.SUBMITTED:
            self._state(draft, DraftState.SUBMITTED)
        return self._see("submitted")

    def _publish(self, record: Record) -> Response:
        draft = self._saved(record)
        self._base.publish(
            draft.id,
            by=self._account.name,
            revision=draft.revision,
            force=self._over,
            on=today(),
        )
        return self._see("published")

    def _send_back(self, record: Record, state: DraftState) -> Response:
        if not self._message:
            needed = N_("Say why in a few words: the contributor will read it.")
            return self._page(self._typed.wrong({"message": needed}), status_code=400)
        self._state(self._saved(record), state)
        return self._see("returned" if state is DraftState.RETURNED else "rejected")

    def _saved(self, record: Record) -> Draft:
        """Saves what was typed and returns the draft; makes no revision that says the same."""
        if record == self._draft.record and self._revision == self._draft.revision:
            return self._draft
        saved = self._base.drafts.save(
            self._draft.id, record, by=self._account.name, revision=self._revision
        )
        self._revision = saved.revision
        return saved

    def _state(self, draft: Draft, state: DraftState) -> None:
        self._base.drafts.set_state(
            draft.id,
            state,
            by=self._account.name,
            revision=draft.revision,
            message=self._message,
        )

    def _see(self, done: str) -> Response:
        return see(self._request, address(Page.DRAFT, self._draft.id, done=done))

    def _conflict(self, record: Record) -> Response:
        """Shows the page with the person's own text in the form, and what others did meanwhile."""
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
    request: PageRequest,
    draft: Draft,
    form: RecordForm,
    *,
    status_code: int = 200,
    **shown: Any,
) -> Response:
    """The page of a draft with a form filled in; it opens at the row `at_row`, if one is given."""
    base = request.knowledge_base
    versions, proposals = base.drafts.versions(draft.id), draft.proposals
    actors = base.actors_by_id({row.actor_id for row in form.rows if row.actor_id})
    is_open, record = draft.state in OPEN_STATES, draft.record
    unknown = {
        row.name for row in form.rows if row.kept and row.name and row.actor_id not in actors
    }
    named = {name: actors_named(base, name)[:MAX_NAMED] for name in sorted(unknown)[:MAX_LOOKED_UP]}
    named = named if is_open else {}
    suggested = {**actors, **{actor.id: actor for found in named.values() for actor in found}}
    is_new = is_open and not draft.based_on
    try:
        preview = form.record(record, lambda given: given)
    except WrongFields:
        preview = None
    best: dict[str, ProposedField] = {}
    for one in sorted(proposals.fields, key=lambda one: -one.confidence):
        best.setdefault(one.field, one)
    empty = {"previewed": False, "at_row": None, "conflict": None}
    return request.page(
        "editorial/draft.html",
        here=address(Page.DRAFT, draft.id),
        status_code=status_code,
        draft=draft,
        form=form,
        lines=CASE_LINES if isinstance(record, Case) else ACTOR_LINES,
        choices={
            "lang": language_choices(request, form.values.get("lang", "")),
            "flow": flow_choices(request),
        },
        roles=role_choices(request),
        proposed=best,
        source=numbered(
            draft.source_text,
            [
                *(one.sentence for one in proposals.fields),
                *(one.sentence for one in proposals.participations),
            ],
        ),
        actors=actors,
        named=named,
        suggested=list(suggested.values()),
        suggestions=suggestions(form.rows, proposals.participations),
        preview=preview,
        likely=likely_actors(base, record) if is_new and isinstance(record, Actor) else (),
        details=[detail for detail in details_of(record) if detail.key not in draft.kept_details],
        is_unsaved=request.http.method == "POST",
        versions=versions,
        changes={
            later.revision: changed
            for earlier, later in list(pairwise(versions))[-_SHOWN_CHANGES:]
            if (changed := told_differences(request, earlier.record, later.record))
        },
        **empty | shown,
    )


def participants_of(record: Record) -> Sequence[Participation]:
    return record.participants if isinstance(record, Case) else ()


def published_record(base: KnowledgeBase, kind: Kind, record_id: str) -> Record:
    return base.case(record_id) if kind is Kind.CASE else base.actor(record_id)


def readable(drafts: Drafts, draft_id: str, account: Account) -> Draft:
    """The draft, if this account may see it: an account sees its own, a moderator all."""
    draft = drafts.get(draft_id)
    if not account.may_see(draft.created_by):
        raise not_allowed()
    return draft

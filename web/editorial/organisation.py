"""The form for one organisation: a new entry, a correction, or the entry of a participant."""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple, cast

from starlette.responses import Response

from ingest.records.fields import record_id
from kb.errors import EditConflict
from kb.messages import N_
from kb.models import Actor, Case, Kind
from kb.reference.communes import elsewhere
from kb.registers.accounts import Account, AccountRole
from kb.registers.drafts import OPEN_STATES, Draft, DraftState
from web.editorial.choices import actor_or_none, form_choices, likely_actors
from web.editorial.draft import readable
from web.editorial.entries import UnlistedParticipant, free_id
from web.editorial.record_form import ACTOR_LINES, RecordForm, WrongFields
from web.http.labels import TOWN_ELSEWHERE
from web.http.refusals import Refusal, no_such_action, not_allowed
from web.http.routing import APageRequest, PageRequest, PageRouter, number_in, see, text_of
from web.http.security.sessions import AForm, AnyAccount
from web.http.urls import Page, address

router = PageRouter()


class _Wanted(NamedTuple):
    query: Mapping[str, str]
    corrected: Actor | None = None
    participant: UnlistedParticipant | None = None

    @property
    def base(self) -> Actor:
        return self.corrected or Actor(id="", name="")


@router.shows(Page.ORGANISATION)
def show(request: APageRequest, account: AnyAccount) -> Response:
    wanted = _wanted(request, account)
    if wanted.corrected:
        # The correction that this account has begun already.
        for draft in request.knowledge_base.drafts.list(OPEN_STATES, by=account.name):
            is_own = draft.kind is Kind.ACTOR and draft.record.id == wanted.corrected.id
            if is_own and draft.based_on:
                return see(request, address(Page.DRAFT, draft.id, done="own"))
    filled = wanted.base
    if wanted.participant:
        case_url = request.absolute_url(address(Page.CASE, wanted.participant.case.id))
        is_draft = wanted.participant.draft is not None
        filled = wanted.participant.entry("" if is_draft else case_url)
    elif not wanted.corrected:
        filled = replace(filled, lang=request.language.value)
    return _page(request, wanted, RecordForm.of(filled), filled if filled.name else None)


@router.takes(Page.ORGANISATION)
def take(request: APageRequest, account: AnyAccount, form: AForm) -> Response:
    base, wanted = request.knowledge_base, _wanted(request, account)
    what, _, chosen = text_of(form, "do").partition(":")
    if what == "same" and wanted.participant and actor_or_none(base, chosen):
        wanted.participant.link(base, chosen, by=account.name)
        return see(request, wanted.participant.page)
    if what not in {"preview", "save", "submit", "publish"}:
        raise no_such_action()
    if what == "publish" and not account.role.may(AccountRole.MODERATOR):
        raise not_allowed()
    typed, version = RecordForm.sent(form, wanted.base), number_in(form, "version")
    try:
        entry = cast("Actor", typed.record(wanted.base, lambda given: given))
    except WrongFields as error:
        return _page(request, wanted, typed.wrong(error.errors), version=version, status_code=400)
    if not wanted.corrected:
        entry = replace(entry, id=free_id(base, record_id("", entry.name, entry.place)))
    if what == "preview":
        return _page(request, wanted, typed, entry, version=version, is_previewed=True)
    doubt = {}
    if entry == wanted.corrected:
        doubt = {"description": N_("Nothing has been changed yet.")}
    elif entry.department and text_of(form, "asked") != entry.place + entry.department:
        doubt = {"place": TOWN_ELSEWHERE} if elsewhere(entry.department, entry.place) else {}
    if doubt:
        return _page(request, wanted, typed.wrong(doubt), entry, version=version, status_code=400)
    is_another = bool(text_of(form, "another"))
    if not (wanted.corrected or is_another) and likely_actors(base, entry):
        return _page(request, wanted, typed, entry, version=version, is_asked=True, status_code=409)
    return _kept(request, account, wanted, entry, what, version)


def _kept(
    request: PageRequest, account: Account, wanted: _Wanted, entry: Actor, what: str, version: int
) -> Response:
    base = request.knowledge_base
    submitted, based_on = what == "submit", version if wanted.corrected else 0
    draft = base.drafts.add(
        entry, by=account.name, origin="typed", submitted=submitted, based_on=based_on
    )
    if what == "publish":
        try:
            draft = base.publish(draft.id, by=account.name, revision=draft.revision)
        except EditConflict:
            # Somebody else changed the entry: the page of the draft shows both.
            return see(request, address(Page.DRAFT, draft.id, done="saved"))
    if wanted.participant:
        wanted.participant.link(base, draft.record.id, by=account.name)
        return see(request, wanted.participant.page)
    if draft.state is DraftState.PUBLISHED:
        return see(request, address(Page.ACTOR, draft.record.id, done="published"))
    done = "submitted" if draft.state is DraftState.SUBMITTED else "saved"
    return see(request, address(Page.DRAFT, draft.id, done=done))


def _wanted(request: PageRequest, account: Account) -> _Wanted:
    base = request.knowledge_base
    names = ("corrects", "draft", "case", "participant")
    query = {name: request.http.query_params.get(name, "") for name in names}
    if query["corrects"]:
        corrected = base.actor(query["corrects"])
        if not (account.is_member or corrected.id in base.holds.held_by(account.name)):
            raise not_allowed()
        return _Wanted(query, corrected=corrected)
    if not account.is_member:
        raise not_allowed()
    draft: Draft | None = None
    if query["draft"]:
        draft = readable(base.drafts, query["draft"], account)
        record = draft.record
    elif query["case"]:
        if not account.role.may(AccountRole.MODERATOR):
            raise not_allowed()
        record = base.case(query["case"])
    else:
        return _Wanted(query)
    if not isinstance(record, Case):
        raise Refusal(404, N_("There is nothing with this name to edit here."))
    return _Wanted(query, participant=UnlistedParticipant(query["participant"], record, draft))


def _page(
    request: PageRequest,
    wanted: _Wanted,
    form: RecordForm,
    entry: Actor | None = None,
    *,
    version: int = 0,
    status_code: int = 200,
    is_previewed: bool = False,
    is_asked: bool = False,
) -> Response:
    base = request.knowledge_base
    if wanted.corrected and not version:
        version = base.history(Kind.ACTOR, wanted.corrected.id)[-1].number
    return request.page(
        "editorial/organisation.html",
        here=address(Page.ORGANISATION, **wanted.query),
        status_code=status_code,
        form=form,
        lines=ACTOR_LINES,
        choices=form_choices(request, form)["choices"],
        corrected=wanted.corrected,
        participant=wanted.participant,
        version=version,
        entry=entry,
        likely=likely_actors(base, entry) if entry and not wanted.corrected else (),
        is_asked=is_asked,
        is_previewed=is_previewed,
        is_unsaved=request.http.method == "POST",
    )

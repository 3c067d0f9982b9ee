"""The pages of moderators: what waits, likely duplicates, histories, and an item of a record."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from starlette.responses import Response

from kb.errors import NotYetScrubbed, UnknownRecord
from kb.knowledge_base import KnowledgeBase
from kb.messages import N_
from kb.models import Case, Kind, Record, kind_of
from kb.reference.fields import ACTOR_FIELDS
from kb.registers.board.notice import NoticeState
from kb.registers.drafts import DraftState
from kb.registers.jobs import FINAL_STATES
from kb.registers.records.duplicates import Duplicate
from kb.registers.records.versions import Version
from web.catalogue.records import page_of_flag
from web.editorial.choices import (
    actor_finder,
    actor_or_none,
    form_choices,
    name_of,
    told_differences,
    with_picture,
)
from web.editorial.draft import participants_of, published_record
from web.editorial.labels import NOT_THE_NAME
from web.editorial.record_form import ParticipationRow, RecordForm, WrongFields, sent_row
from web.http.labels import translated
from web.http.refusals import Refusal, no_such_action
from web.http.routing import AKind, APageRequest, PageRequest, PageRouter, number_in, see, text_of
from web.http.security.sessions import AForm, AModerator, AnUpload
from web.http.urls import Page, address

router = PageRouter()
_DESCRIPTION = ("description", "lang", "source_url")
ACTOR_ITEMS: Mapping[str, Sequence[str]] = {
    "description": _DESCRIPTION,
    "particulars": [
        name
        for name, traits in ACTOR_FIELDS.items()
        if traits.form_line and name not in _DESCRIPTION
    ],
}
CASE_ITEMS: Mapping[str, Sequence[str]] = {
    "need": ("need", "flow", "period"),
    "people": (
        "title author author_job date modified moderator moderator_job moderated themes lang "
        "source_url"
    ).split(),
    "text": ("text",),
    "picture": ("picture", "picture_alt", "picture_credit"),
}
"""What is edited at once, by the word in the address; a participation is named by its number."""


@router.shows(Page.MODERATION)
def moderation(request: APageRequest, account: AModerator, done: str = "") -> Response:
    base = request.knowledge_base
    drafts, holds = base.drafts, base.holds.waiting()
    asked = base.actors_by_id({hold.actor_id for hold in holds})
    return request.page(
        "editorial/moderation.html",
        here=address(Page.MODERATION),
        # Who waits longest comes first.
        waiting=drafts.list([DraftState.SUBMITTED])[::-1],
        returned=drafts.list([DraftState.RETURNED]),
        unsent=drafts.list([DraftState.DRAFT]),
        published=drafts.list([DraftState.PUBLISHED], limit=20),
        busy=sum(job.state not in FINAL_STATES for job in base.jobs.list()),
        duplicates=base.duplicates.count(),
        failing=base.source_locations.failing(),
        # Records that their sources, which are read again, no longer list.
        unlisted=sum(len(base.unlisted.of(one.name)) for one in base.source_locations.list()),
        notices=base.notices.list([NoticeState.WAITING]),
        answers=[(answer, base.notices.get(answer.notice_id)) for answer in base.answers.waiting()],
        pairs=[
            (base.notices.get(pair.need_id), base.notices.get(pair.offer_id))
            for pair in base.notice_pairs.proposed()[:20]
        ],
        holds=[(hold, asked[hold.actor_id]) for hold in holds if hold.actor_id in asked],
        flags=[(flag, page_of_flag(base, flag)) for flag in base.flags.waiting()],
        done=done,
        on_tour=not account.toured,
    )


@router.takes(Page.MODERATION)
def end_tour(request: APageRequest, account: AModerator, form: AForm) -> Response:
    if text_of(form, "do") != "end_tour":
        raise no_such_action()
    request.knowledge_base.accounts.end_tour(account.name)
    return see(request, address(Page.MODERATION))


_PARTICULARS = ACTOR_ITEMS["particulars"]
_AT_A_GLANCE = _PARTICULARS.index("themes")
_COMPARED = (*_PARTICULARS[:_AT_A_GLANCE], "description", *_PARTICULARS[_AT_A_GLANCE:])


@router.shows(Page.DUPLICATES)
def duplicates(
    request: APageRequest, _account: AModerator, done: str = "", source: str = ""
) -> Response:
    base = request.knowledge_base
    sources = [source] if source else []
    listed = base.duplicates.list(limit=10, sources=sources)
    return request.page(
        "editorial/duplicates.html",
        here=address(Page.DUPLICATES, source=source),
        pairs=[pair for duplicate in listed if (pair := _pair(base, duplicate))],
        count=base.duplicates.count(sources=sources),
        source=source,
        done=done,
    )


@router.takes(Page.DUPLICATES)
def decide(request: APageRequest, account: AModerator, form: AForm) -> Response:
    left, right = text_of(form, "left"), text_of(form, "right")
    what = text_of(form, "do")
    kept = {"keep_left": left, "keep_right": right, "different": ""}
    if what not in kept:
        raise no_such_action()
    same = what != "different"
    request.knowledge_base.duplicates.decide(
        left, right, same=same, keep=kept[what], by=account.name
    )
    done = "merged" if same else "different"
    return see(request, address(Page.DUPLICATES, source=text_of(form, "source"), done=done))


def _pair(base: KnowledgeBase, duplicate: Duplicate) -> Mapping[str, object] | None:
    actors = base.actors_by_id([duplicate.left_id, duplicate.right_id])
    if len(actors) < 2:
        return None
    left, right = actors[duplicate.left_id], actors[duplicate.right_id]
    compared = []
    for name in _COMPARED:
        here, there = (
            ", ".join(value) if isinstance(value, tuple) else str(value)
            for value in (getattr(left, name), getattr(right, name))
        )
        if here or there:
            differs = bool(here and there) and here != there
            compared.append({"field": name, "left": here, "right": there, "differs": differs})
    return {"left": left, "right": right, "reasons": duplicate.reasons, "fields": compared}


@router.shows(Page.CASE_HISTORY)
@router.shows(Page.ACTOR_HISTORY)
def history(
    request: APageRequest,
    _account: AModerator,
    kind: AKind,
    record_id: str,
    older: int = 0,
    newer: int = 0,
    done: str = "",
) -> Response:
    return _history(request, kind, record_id, older=older, newer=newer, done=done)


@router.takes(Page.CASE_HISTORY)
@router.takes(Page.ACTOR_HISTORY)
def change_history(
    request: APageRequest, account: AModerator, form: AForm, kind: AKind, record_id: str
) -> Response:
    base, done = request.knowledge_base, ""
    what = text_of(form, "do")
    if what == "restore":
        base.restore(kind, record_id, number_in(form, "number"), by=account.name)
        done = "restored"
    elif what == "withdraw":
        reason = " ".join(text_of(form, "reason").split())
        if not reason:
            needed = N_("Say why in a few words: it stays in the history.")
            return _history(request, kind, record_id, errors={"reason": needed})
        base.withdraw(kind, record_id, by=account.name, reason=reason)
        done = "withdrawn"
    elif what == "erase":
        versions = base.history(kind, record_id)
        name = name_of(versions[-1].record) if versions else record_id
        typed = " ".join(text_of(form, "name").split())
        if typed != " ".join(name.split()):
            return _history(request, kind, record_id, errors={"name": NOT_THE_NAME})
        done = "erased"
        try:
            base.erase(kind, record_id, by=account.name)
        except NotYetScrubbed:
            done = "erased_but_in_files"
        return see(request, address(Page.MODERATION, done=done))
    else:
        raise no_such_action()
    return see(request, address(f"{kind}_history", record_id, done=done))


def _history(
    request: PageRequest,
    kind: Kind,
    record_id: str,
    *,
    older: int = 0,
    newer: int = 0,
    done: str = "",
    errors: dict[str, str] | None = None,
) -> Response:
    base = request.knowledge_base
    versions = {version.number: version for version in base.history(kind, record_id)}
    if not versions:
        raise UnknownRecord(f"There is no {kind} with the id {record_id!r}.")
    last = max(versions)
    newer = newer if newer in versions else last
    older = older if older in versions else max((n for n in versions if n < newer), default=newer)
    if older > newer:
        older, newer = newer, older
    return request.page(
        "editorial/history.html",
        here=address(f"{kind}_history", record_id),
        status_code=400 if errors else 200,
        kind=kind,
        record_id=record_id,
        name=name_of(versions[last].record),
        versions=list(reversed(versions.values())),
        older=versions[older],
        newer=versions[newer],
        differences=told_differences(request, versions[older].record, versions[newer].record),
        withdrawal=base.withdrawal(kind, record_id),
        errors=errors or {},
        done=done,
    )


# An item of a published record: open, save, and it is published at once, as a version
class _Item(NamedTuple):
    name: str
    fields: Sequence[str] = ()
    row: int = -1


@router.shows(Page.CASE_EDIT)
@router.shows(Page.ACTOR_EDIT)
def edit_item(
    request: APageRequest, _account: AModerator, kind: AKind, record_id: str, item: str = ""
) -> Response:
    return _form_page(request, published_record(request.knowledge_base, kind, record_id), item)


@router.takes(Page.CASE_EDIT)
@router.takes(Page.ACTOR_EDIT)
def save_item(
    request: APageRequest, account: AModerator, kind: AKind, form: AnUpload, record_id: str
) -> Response:
    base = request.knowledge_base
    record, what = published_record(base, kind, record_id), text_of(form, "do")
    if isinstance(record, Case) and what in {"draft", "choose", "leave_out"}:
        return _do_with_case(request, what, record, by=account.name)
    sent, problem = with_picture(base, form, by=account.name)
    item, seen = _item(record, text_of(form, "item")), number_in(form, "version")
    typed = _typed(sent, record, item)
    if problem:
        wrong = typed.wrong({"picture": translated(problem, request.language)})
        return _form_page(request, record, item.name, wrong, version=seen, status_code=400)
    if item.row >= 0 and what == "remove":
        typed = replace(typed, rows=typed.rows[: item.row] + typed.rows[item.row + 1 :])
    try:
        changed = typed.record(record, actor_finder(base))
    except WrongFields as error:
        wrong = typed.wrong(error.errors)
        return _form_page(request, record, item.name, wrong, version=seen, status_code=400)
    versions = base.history(kind, record.id)
    if seen != versions[-1].number and not _is_same_item(record, versions, seen, item):
        return _form_page(request, record, item.name, typed, status_code=409, typed_record=changed)
    base.put([changed], by=account.name)
    back = text_of(form, "back")
    if back and actor_or_none(base, back):
        return see(request, address(Page.ACTOR, back, done="published"))
    return see(request, address(kind, record.id, done="published"))


def _do_with_case(request: PageRequest, what: str, case: Case, *, by: str) -> Response:
    base = request.knowledge_base
    if what == "draft":
        return see(request, address(Page.DRAFT, base.edit(Kind.CASE, case.id, by=by).id))
    if what == "choose":
        base.front_page.choose(case.story, by=by)
    else:
        base.front_page.leave_out(case.story)
    done = "on_front_page" if what == "choose" else "off_front_page"
    return see(request, address(Page.CASE, case.id, done=done))


def _item(record: Record, name: str) -> _Item:
    known = CASE_ITEMS if isinstance(record, Case) else ACTOR_ITEMS
    if name in known:
        return _Item(name, fields=known[name])
    if isinstance(record, Case) and name.isascii() and name.isdecimal() and len(name) < 5:
        return _Item(name, row=min(int(name), len(record.participants)))
    raise Refusal(404, N_("There is nothing with this name to edit here."))


def _typed(form: Mapping[str, object], record: Record, item: _Item) -> RecordForm:
    whole = RecordForm.of(record)
    if item.row < 0:
        sent = RecordForm.sent({name: form.get(name, "") for name in item.fields}, record)
        return replace(whole, values=sent.values)
    return whole.with_row_at(item.row, sent_row({**form, f"keep-{item.row}": "1"}, item.row))


def _is_same_item(record: Record, versions: Sequence[Version], seen: int, item: _Item) -> bool:
    before = next((version.record for version in versions if version.number == seen), None)
    if before is None:
        return False
    if item.row < 0:
        return all(getattr(before, name) == getattr(record, name) for name in item.fields)
    return participants_of(before) == participants_of(record)


def _form_page(
    request: PageRequest,
    record: Record,
    name: str,
    form: RecordForm | None = None,
    *,
    version: int = 0,
    status_code: int = 200,
    typed_record: Record | None = None,
) -> Response:
    base, item = request.knowledge_base, _item(record, name)
    kind = kind_of(record)
    form = form or RecordForm.of(record)
    row = form.rows[item.row] if 0 <= item.row < len(form.rows) else ParticipationRow()
    last = base.history(kind, record.id)[-1]
    return request.page(
        "editorial/edit.html",
        here=address(f"{kind}_edit", record.id, item=name),
        status_code=status_code,
        kind=kind,
        record=record,
        name=name_of(record),
        item=item,
        is_new=item.row >= len(participants_of(record)),
        form=form,
        row=row,
        known=actor_or_none(base, row.actor_id),
        version=version or last.number,
        last=last,
        changes=told_differences(request, record, typed_record) if typed_record else None,
        back=request.http.query_params.get("back", ""),
        **form_choices(request, form),
    )

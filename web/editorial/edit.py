"""The page that edits a single item of a published record: a part in a case, a description.

Two clicks from the published page: open, save. What is saved is published at once, as a version.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from starlette.responses import Response

from kb.messages import N_
from kb.models import Case, Kind, Record, kind_of
from kb.reference.fields import ACTOR_FIELDS
from kb.registers.accounts import Account
from kb.registers.records.versions import Version
from web.editorial.draft import participants_of, published_record
from web.editorial.forms.choices import (
    actor_finder,
    actor_or_none,
    flow_choices,
    language_choices,
    role_choices,
    with_picture,
)
from web.editorial.forms.participations import ParticipationRow, sent_row
from web.editorial.forms.record_form import RecordForm, WrongFields
from web.editorial.history import name_of, told_differences
from web.http.dependencies import APageRequest
from web.http.labels import translated
from web.http.refusals import Refusal
from web.http.request import PageRequest
from web.http.routing import AKind, PageRouter, number_in, see, text_of
from web.http.security.sessions import AModerator, AnUpload
from web.http.urls import Page, address

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

router = PageRouter()


@dataclass(frozen=True, slots=True)
class _Item:
    """The edited item: some fields of a record, or a row of its participations, from 0.

    A row beyond the last is a new one. `row` is -1 where it is fields.
    """

    name: str
    fields: Sequence[str] = ()
    row: int = -1


@router.shows(Page.CASE_EDIT)
@router.shows(Page.ACTOR_EDIT)
def edit(
    request: APageRequest, _account: AModerator, kind: AKind, record_id: str, item: str = ""
) -> Response:
    return _form_page(request, published_record(request.knowledge_base, kind, record_id), item)


@router.takes(Page.CASE_EDIT)
@router.takes(Page.ACTOR_EDIT)
def save(
    request: APageRequest, account: AModerator, kind: AKind, form: AnUpload, record_id: str
) -> Response:
    base = request.knowledge_base
    record = published_record(base, kind, record_id)
    if kind is Kind.CASE and text_of(form, "do") == "draft":
        draft = base.edit(kind, record.id, by=account.name)
        return see(request, address(Page.DRAFT, draft.id))
    if isinstance(record, Case) and text_of(form, "do") in {"choose", "leave_out"}:
        return _on_front_page(request, account, record, chosen=text_of(form, "do") == "choose")
    sent, problem = with_picture(request.knowledge_base, form, by=account.name)
    if problem:
        item = _item(record, text_of(form, "item"))
        wrong = _typed(sent, record, item).wrong({"picture": translated(problem, request.language)})
        seen = number_in(form, "version")
        return _form_page(request, record, item.name, wrong, version=seen, status_code=400)
    return _save(request, account, sent, record)


def _on_front_page(request: PageRequest, account: Account, case: Case, *, chosen: bool) -> Response:
    front_page = request.knowledge_base.front_page
    if chosen:
        front_page.choose(case.story, by=account.name)
    else:
        front_page.leave_out(case.story)
    done = "on_front_page" if chosen else "off_front_page"
    return see(request, address(Page.CASE, case.id, done=done))


def _item(record: Record, name: str) -> _Item:
    known = CASE_ITEMS if isinstance(record, Case) else ACTOR_ITEMS
    if name in known:
        return _Item(name, fields=known[name])
    if isinstance(record, Case) and name.isascii() and name.isdecimal() and len(name) < 5:
        return _Item(name, row=min(int(name), len(record.participants)))
    raise Refusal(404, N_("There is nothing with this name to edit here."))


def _save(
    request: PageRequest, account: Account, form: Mapping[str, object], record: Record
) -> Response:
    base, item = request.knowledge_base, _item(record, text_of(form, "item"))
    seen = number_in(form, "version")
    typed = _typed(form, record, item)
    if item.row >= 0 and text_of(form, "do") == "remove":
        typed = replace(typed, rows=typed.rows[: item.row] + typed.rows[item.row + 1 :])
    try:
        changed = typed.record(record, actor_finder(base))
    except WrongFields as error:
        return _form_page(
            request, record, item.name, typed.wrong(error.errors), version=seen, status_code=400
        )
    versions = base.history(kind_of(record), record.id)
    if seen != versions[-1].number and not _is_same_item(record, versions, seen, item):
        return _form_page(request, record, item.name, typed, status_code=409, typed_record=changed)
    base.put([changed], by=account.name)
    back = text_of(form, "back")
    if back and actor_or_none(base, back):
        return see(request, address(Page.ACTOR, back, done="published"))
    return see(request, address(kind_of(record), record.id, done="published"))


def _typed(form: Mapping[str, object], record: Record, item: _Item) -> RecordForm:
    """Returns the form of the whole record, with the typed item in it."""
    whole = RecordForm.of(record)
    if item.row < 0:
        sent = RecordForm.sent({name: form.get(name, "") for name in item.fields}, record)
        return replace(whole, values=sent.values)
    row = sent_row({**form, f"keep-{item.row}": "1"}, item.row)
    return replace(whole, rows=(*whole.rows[: item.row], row, *whole.rows[item.row + 1 :]))


def _is_same_item(record: Record, versions: Sequence[Version], seen: int, item: _Item) -> bool:
    """Whether the item is unchanged since the version that the person saw."""
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
    changes = None
    if typed_record is not None:
        changes = told_differences(request, record, typed_record)
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
        changes=changes,
        choices={
            "lang": language_choices(request, form.values.get("lang", "")),
            "flow": flow_choices(request),
        },
        roles=role_choices(request),
        back=request.http.query_params.get("back", ""),
    )

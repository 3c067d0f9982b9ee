"""Drafts: records on their way to publication, with what was proposed of their texts."""

import json
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from kb.errors import EditConflict
from kb.models import Kind, Participation, Record, kind_of
from kb.registers.clock import now
from kb.registers.register import Register, as_json, columns_of, known, row_as
from kb.remarks import kept_remark, restored_remark
from kb.store.connection import ALL_ROWS, StoreRow
from kb.store.record_json import record_from_json, record_to_json
from kb.store.store import Store

RULES, READER = "rules", "reader"  # origins of what is read without a language model
FILLED_IN = 0.65  # least presence of an organisation that is written into the draft


@dataclass(frozen=True, slots=True)
class ProposedField:
    field: str
    value: str
    sentence: str
    confidence: float
    origin: str = RULES


@dataclass(frozen=True, slots=True)
class ProposedParticipation:
    """A participation that the text suggests; one with a confidence of 0 was decided on.

    `presence` is how likely the organisation takes part at all, in whichever role.
    """

    participation: Participation
    sentence: str
    confidence: float
    origin: str = READER
    presence: float = 1.0


@dataclass(frozen=True, slots=True)
class Proposals:
    fields: tuple[ProposedField, ...] = ()
    participations: tuple[ProposedParticipation, ...] = ()


class DraftState(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    PUBLISHED = "published"
    REJECTED = "rejected"


OPEN_STATES = frozenset({DraftState.DRAFT, DraftState.SUBMITTED, DraftState.RETURNED})


@dataclass(frozen=True, slots=True)
class Draft:
    """A record that is not public yet, with what it was made from.

    `origin` is a file's name, an address, or "pasted"; `message` a moderator's last; `based_on` the
    number of the version that it changes, or 0. `kept_details` are keys of private details.
    """

    id: str
    state: DraftState
    revision: int
    record: Record
    proposals: Proposals
    source_text: str
    origin: str
    remarks: tuple[str, ...]
    message: str
    created_by: str
    created_at: str
    updated_by: str
    updated_at: str
    origin_hash: str = ""
    based_on: int = 0
    kept_details: frozenset[str] = frozenset()

    @property
    def kind(self) -> Kind:
        return kind_of(self.record)


@dataclass(frozen=True, slots=True)
class DraftVersion:
    draft_id: str
    revision: int
    record: Record
    by: str
    at: str
    note: str
    state: DraftState


class Drafts(Register):
    """The register of drafts; raises `EditConflict` at another `revision` or a wrong state."""

    def add(
        self,
        record: Record,
        *,
        by: str,
        origin: str,
        source_text: str = "",
        origin_hash: str = "",
        proposals: Proposals = Proposals(),
        remarks: Collection[str] = (),
        submitted: bool = True,
        based_on: int = 0,
    ) -> Draft:
        state, at = DraftState.SUBMITTED if submitted else DraftState.DRAFT, now()
        draft = Draft(
            secrets.token_hex(8),
            state,
            1,
            record,
            proposals,
            source_text,
            origin,
            tuple(remarks),
            "",
            by,
            at,
            by,
            at,
            origin_hash,
            based_on,
        )
        with self._writing() as store:
            store.insert("drafts", _row(draft))
            _keep_version(store, draft.id, note="")
        return draft

    def get(self, id: str) -> Draft:
        with self._stores.lend() as store:
            return _draft_of(store, id)

    def list(
        self, states: Collection[DraftState] = OPEN_STATES, by: str = "", limit: int = ALL_ROWS
    ) -> list[Draft]:
        with self._stores.lend() as store:
            return drafts_in(store, states, by, limit)

    def with_origin(self, origin_hash: str) -> Draft | None:
        rows = self._rows(
            "select * from drafts where origin_hash = ? and origin_hash != ''"
            " order by created_at desc, rowid desc limit 1",
            [origin_hash],
        )
        return _draft(rows[0]) if rows else None

    def save(
        self,
        id: str,
        record: Record,
        *,
        by: str,
        revision: int,
        note: str = "",
        proposals: Proposals | None = None,
    ) -> Draft:
        with self._writing() as store:
            draft = _unmoved(store, id, revision, to="changed any more")
            same = (draft.kind, draft.record.id) == (kind_of(record), record.id)
            if draft.based_on and not same:
                raise EditConflict(
                    f"This draft changes the {draft.kind} {draft.record.id!r} and cannot become "
                    "another record."
                )
            draft = replace(draft, proposals=proposals or draft.proposals)
            return revise(store, draft, draft.state, by=by, record=record, note=note)

    def set_state(
        self, id: str, state: DraftState, *, by: str, revision: int, message: str = ""
    ) -> Draft:
        if state is DraftState.PUBLISHED:
            raise ValueError("a draft is published by the knowledge base")
        with self._writing() as store:
            draft = _unmoved(store, id, revision)
            if draft.state is DraftState.PUBLISHED:
                raise EditConflict("This draft is published already.")
            return revise(store, draft, state, by=by, message=message, note=message)

    def versions(self, id: str) -> Sequence[DraftVersion]:
        rows = self._rows("select * from draft_versions where draft_id = ? order by revision", [id])
        return [row_as(DraftVersion, row, record=_record(row)) for row in rows]

    def keep_detail(self, id: str, key: str) -> None:
        with self._writing() as store:
            kept = sorted({*_draft_of(store, id).kept_details, key})
            store.update("drafts", {"id": id}, {"kept_details": as_json(kept)})

    def delete(self, id: str) -> None:
        with self._writing() as store:
            store.execute("delete from draft_versions where draft_id = ?", [id])
            store.execute("delete from drafts where id = ?", [id])


# Within a transaction of the caller's


def drafts_in(
    store: Store, states: Collection[DraftState], by: str = "", limit: int = ALL_ROWS
) -> list[Draft]:
    select = (
        "select * from drafts where state in :values and :by in ('', created_by)"
        " order by created_at desc, rowid desc limit :limit"
    )
    return [_draft(row) for row in store.run(select, states, by=by, limit=limit)]


def publishable(store: Store, draft_id: str, revision: int) -> Draft:
    return _unmoved(store, draft_id, revision, to="published")


def revise(
    store: Store,
    draft: Draft,
    state: DraftState,
    *,
    by: str,
    record: Record | None = None,
    message: str | None = None,
    note: str = "",
) -> Draft:
    revised = replace(
        draft,
        state=state,
        revision=draft.revision + 1,
        record=record or draft.record,
        message=draft.message if message is None else message,
        updated_by=by,
        updated_at=now(),
    )
    store.update("drafts", {"id": draft.id}, _row(revised))
    _keep_version(store, draft.id, note)
    return revised


def _unmoved(store: Store, draft_id: str, revision: int, *, to: str = "") -> Draft:
    """Returns the draft if it is at this revision and, with `to`, open."""
    draft = _draft_of(store, draft_id)
    if draft.revision != revision:
        raise EditConflict(
            f"This draft was changed by {draft.updated_by or 'someone'} since you opened it."
        )
    if to and draft.state not in OPEN_STATES:
        raise EditConflict(f"This draft is {draft.state} and cannot be {to}.")
    return draft


def _keep_version(store: Store, draft_id: str, note: str) -> None:
    store.execute(
        "insert into draft_versions"
        ' (draft_id, revision, kind, record_id, state, content, "by", "at", note)'
        " select id, revision, kind, record_id, state, content, updated_by, updated_at, ?"
        " from drafts where id = ?",
        [note, draft_id],
    )


def _draft_of(store: Store, draft_id: str) -> Draft:
    row = store.execute("select * from drafts where id = ?", [draft_id]).fetchone()
    return _draft(known(row, f"There is no draft with the id {draft_id!r}."))


def _row(draft: Draft) -> dict[str, object]:
    return {
        **columns_of(draft, but=("record", "remarks")),
        "kind": draft.kind.value,
        "record_id": draft.record.id,
        "content": record_to_json(draft.record),
        "remarks": as_json([kept_remark(remark) for remark in draft.remarks]),
    }


def _draft(row: StoreRow) -> Draft:
    remarks = tuple(map(restored_remark, json.loads(row["remarks"])))
    return row_as(Draft, row, record=_record(row), remarks=remarks)


def _record(row: StoreRow) -> Record:
    return record_from_json(Kind(row["kind"]), row["content"])

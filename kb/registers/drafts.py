"""Drafts: records on their way to publication, with what was proposed of their texts."""

import json
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from kb.errors import EditConflict, UnknownRecord
from kb.models import Kind, Participation, Record, kind_of
from kb.registers.clock import now
from kb.remarks import kept_remark, restored_remark
from kb.store.connection import ALL_ROWS, StoreRow
from kb.store.database import dataclass_of
from kb.store.pool import StorePool
from kb.store.record_json import participation_of, record_from_json, record_to_json, without_values
from kb.store.store import Store

RULES = "rules"
"""The origin of what is read without a language model."""

FILLED_IN = 0.22
"""Least confidence of a participation that is written into the draft; others wait beside it."""


@dataclass(frozen=True, slots=True)
class ProposedField:
    """A proposed value of a record's field, and the sentence that it was read in.

    `confidence` is from 0 to 1; `origin` is `RULES`, or the name of the model that proposed it.
    """

    field: str
    value: str
    sentence: str
    confidence: float
    origin: str = RULES


@dataclass(frozen=True, slots=True)
class ProposedParticipation:
    """A proposed participation, and the sentence that it was read in, as `ProposedField`."""

    participation: Participation
    sentence: str
    confidence: float
    origin: str = RULES


@dataclass(frozen=True, slots=True)
class Proposals:
    """The proposals from a text, for a person to accept or reject."""

    fields: tuple[ProposedField, ...] = ()
    participations: tuple[ProposedParticipation, ...] = ()


def proposals_to_json(proposals: Proposals) -> str:
    return json.dumps(asdict(proposals), ensure_ascii=False)


def proposals_from_json(content: str) -> Proposals:
    plain: Mapping[str, Any] = json.loads(content)
    return Proposals(
        fields=tuple(ProposedField(**field) for field in plain["fields"]),
        participations=tuple(
            ProposedParticipation(
                **{**proposed, "participation": participation_of(proposed["participation"])}
            )
            for proposed in plain["participations"]
        ),
    )


class DraftState(StrEnum):
    """The state of a draft. Published is final."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    PUBLISHED = "published"
    REJECTED = "rejected"


OPEN_STATES = frozenset({DraftState.DRAFT, DraftState.SUBMITTED, DraftState.RETURNED})
"""The states in which a draft can be saved and published."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A record that is not public yet, with what it was made from.

    `origin` is where it came from: a file's name, an address, or "pasted"; `origin_hash` names
    its content. `message` is the last from a moderator to its author. `based_on` is the number of
    the version that this draft changes; 0 for a new record. `kept_details` are the keys of private
    details in it that a person decided to keep.
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
    """A draft at one revision: its record and state, and the account that wrote it."""

    draft_id: str
    revision: int
    record: Record
    by: str
    at: str
    note: str
    state: DraftState


class Drafts:
    """The register of drafts."""

    def __init__(self, stores: StorePool) -> None:
        self._stores = stores

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
        """Stores a new draft. To change a published record, see `KnowledgeBase.edit`."""
        state = DraftState.SUBMITTED if submitted else DraftState.DRAFT
        at = now()
        row = {
            "id": secrets.token_hex(8),
            "kind": kind_of(record).value,
            "record_id": record.id,
            "state": state.value,
            "revision": 1,
            "content": record_to_json(record),
            "proposals": proposals_to_json(proposals),
            "source_text": source_text,
            "origin": origin,
            "origin_hash": origin_hash,
            "remarks": json.dumps([kept_remark(remark) for remark in remarks], ensure_ascii=False),
            "message": "",
            "created_by": by,
            "created_at": at,
            "updated_by": by,
            "updated_at": at,
            "based_on": based_on,
        }
        with self._stores.lend() as store:
            with store.writing():
                store.insert("drafts", row)
                _keep_version(store, str(row["id"]), note="")
            return draft_of(store, str(row["id"]))

    def get(self, id: str) -> Draft:
        """The draft with this id, or `UnknownRecord`."""
        with self._stores.lend() as store:
            return draft_of(store, id)

    def list(
        self, states: Collection[DraftState] = OPEN_STATES, by: str = "", limit: int = ALL_ROWS
    ) -> list[Draft]:
        """The drafts in these states, newest first; with `by`, only those of one account.

        With `limit`, only so many.
        """
        with self._stores.lend() as store:
            rows = store.run(
                "select * from drafts where state in :values and :by in ('', created_by)"
                " order by created_at desc, rowid desc limit :limit",
                states,
                by=by,
                limit=limit,
            )
        return [_draft(row) for row in rows]

    def with_origin(self, origin_hash: str) -> Draft | None:
        """The newest draft of the same content, in any state."""
        if not origin_hash:
            return None
        with self._stores.lend() as store:
            row = store.execute(
                "select * from drafts where origin_hash = ? order by created_at desc, rowid desc",
                [origin_hash],
            ).fetchone()
        return _draft(row) if row else None

    def save(self, id: str, record: Record, *, by: str, revision: int, note: str = "") -> Draft:
        """Gives an open draft another content.

        Raises:
            UnknownRecord: there is no such draft.
            EditConflict: `revision` is not the current one, the draft is not open any more, or
                it changes a published record and `record` is another.
        """
        with self._stores.lend() as store, store.writing():
            draft = _unmoved(store, id, revision)
            if draft.state not in OPEN_STATES:
                raise EditConflict(f"This draft is {draft.state} and cannot be changed any more.")
            same = (draft.kind, draft.record.id) == (kind_of(record), record.id)
            if draft.based_on and not same:
                raise EditConflict(
                    f"This draft changes the {draft.kind} {draft.record.id!r} and cannot become "
                    "another record."
                )
            return revise(store, draft, draft.state, by=by, record=record, note=note)

    def set_state(
        self, id: str, state: DraftState, *, by: str, revision: int, message: str = ""
    ) -> Draft:
        """Submits, returns, rejects or reopens a draft, with a message for its author.

        Raises:
            UnknownRecord: there is no such draft.
            EditConflict: `revision` is not the current one, or the draft is published.
            ValueError: `state` is published, which `KnowledgeBase.publish` alone can do.
        """
        if state is DraftState.PUBLISHED:
            raise ValueError("a draft is published by the knowledge base")
        with self._stores.lend() as store, store.writing():
            draft = _unmoved(store, id, revision)
            if draft.state is DraftState.PUBLISHED:
                raise EditConflict("This draft is published already.")
            return revise(store, draft, state, by=by, message=message, note=message)

    def versions(self, id: str) -> Sequence[DraftVersion]:
        """Every revision of a draft, oldest first; none if there is no such draft."""
        with self._stores.lend() as store:
            rows = store.execute(
                "select * from draft_versions where draft_id = ? order by revision", [id]
            ).fetchall()
        return [
            dataclass_of(
                DraftVersion,
                row,
                record=record_from_json(Kind(row["kind"]), row["content"]),
                state=DraftState(row["state"]),
            )
            for row in rows
        ]

    def keep_detail(self, id: str, key: str) -> None:
        """Notes that a private detail of a draft may stay; makes no revision.

        Raises:
            UnknownRecord: there is no such draft.
        """
        with self._stores.lend() as store, store.writing():
            kept = sorted({*draft_of(store, id).kept_details, key})
            store.execute("update drafts set kept_details = ? where id = ?", [json.dumps(kept), id])

    def delete(self, id: str) -> None:
        """Deletes a draft and its revisions, if it is there."""
        with self._stores.lend() as store, store.writing():
            store.execute("delete from draft_versions where draft_id = ?", [id])
            store.execute("delete from drafts where id = ?", [id])


# Within a transaction of the caller's


def draft_of(store: Store, draft_id: str) -> Draft:
    """The draft with this id, or `UnknownRecord`."""
    row = store.execute("select * from drafts where id = ?", [draft_id]).fetchone()
    if row is None:
        raise UnknownRecord(f"There is no draft with the id {draft_id!r}.")
    return _draft(row)


def publishable(store: Store, draft_id: str, revision: int) -> Draft:
    """The draft as it stands, if it can be published.

    Raises:
        UnknownRecord: there is no such draft.
        EditConflict: `revision` is not the current one, or the draft is not open.
    """
    draft = _unmoved(store, draft_id, revision)
    if draft.state not in OPEN_STATES:
        raise EditConflict(f"This draft is {draft.state} and cannot be published.")
    return draft


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
    """Raises a draft's revision, with its new state, record and message."""
    kept = record or draft.record
    store.execute(
        "update drafts set revision = revision + 1, state = ?, kind = ?, record_id = ?,"
        " content = ?, message = ?, updated_by = ?, updated_at = ? where id = ?",
        [
            state.value,
            kind_of(kept).value,
            kept.id,
            record_to_json(kept),
            draft.message if message is None else message,
            by,
            now(),
            draft.id,
        ],
    )
    _keep_version(store, draft.id, note)
    return draft_of(store, draft.id)


def erase_drafts(store: Store, kind: Kind, record_ids: Collection[str]) -> None:
    """Deletes every draft of these records."""
    of_records = "kind = :kind and record_id in :values"
    # A draft may have been of another record before.
    store.run(
        f"delete from draft_versions where {of_records}"  # noqa: S608 (written above)
        f" or draft_id in (select id from drafts where {of_records})",
        record_ids,
        kind=kind.value,
    )
    store.run(
        f"delete from drafts where {of_records}",  # noqa: S608 (written above)
        record_ids,
        kind=kind.value,
    )


def forget_contacts_in_drafts(
    store: Store, actor_id: str, gone: Mapping[str, Collection[str]]
) -> None:
    """Takes these values of contacts, by field, out of every draft of an actor."""
    for table in ("drafts", "draft_versions"):
        rows = store.execute(
            f"select rowid, content from {table}"  # noqa: S608 (named above)
            " where kind = 'actor' and record_id = ?",
            [actor_id],
        ).fetchall()
        store.executemany(
            f"update {table} set content = ? where rowid = ?",  # noqa: S608
            [
                (changed, row["rowid"])
                for row in rows
                if (changed := without_values(row["content"], gone)) != row["content"]
            ],
        )


def _unmoved(store: Store, draft_id: str, revision: int) -> Draft:
    draft = draft_of(store, draft_id)
    if draft.revision != revision:
        raise EditConflict(
            f"This draft was changed by {draft.updated_by or 'someone'} since you opened it."
        )
    return draft


def _keep_version(store: Store, draft_id: str, note: str) -> None:
    store.execute(
        "insert into draft_versions"
        ' (draft_id, revision, kind, record_id, state, content, "by", "at", note)'
        " select id, revision, kind, record_id, state, content, updated_by, updated_at, ?"
        " from drafts where id = ?",
        [note, draft_id],
    )


def _draft(row: StoreRow) -> Draft:
    return dataclass_of(
        Draft,
        row,
        state=DraftState(row["state"]),
        record=record_from_json(Kind(row["kind"]), row["content"]),
        proposals=proposals_from_json(row["proposals"]),
        remarks=tuple(map(restored_remark, json.loads(row["remarks"]))),
        kept_details=frozenset(json.loads(row["kept_details"])),
    )

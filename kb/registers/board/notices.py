"""The register of notices. As drafts do, a notice has revisions: no change is lost.

Whether a notice is over follows from its last day when it is read; nothing is written for it.
"""

import json
import secrets
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass

from kb.errors import EditConflict, UnknownRecord
from kb.reference.flows import Flow
from kb.registers.board.notice import (
    Closing,
    Notice,
    NoticeContent,
    NoticeState,
    NoticeVersion,
)
from kb.registers.clock import now, today
from kb.store.connection import ALL_ROWS, StoreRow
from kb.store.database import dataclass_of
from kb.store.pool import StorePool
from kb.store.store import Store


@dataclass(frozen=True, slots=True)
class NoticeList:
    """A page of the notices, newest first. `total` counts all that the conditions keep."""

    notices: Sequence[Notice]
    total: int
    is_last: bool


class Notices:
    """The register of notices.

    Changes raise `UnknownRecord` if there is no such notice, and `EditConflict` if `revision` is
    not the current one or its state does not allow them.
    """

    def __init__(self, stores: StorePool) -> None:
        self._stores = stores

    def add(self, content: NoticeContent, *, owner: str = "", told_at: str = "") -> Notice:
        """Stores a new notice, which waits for a moderator."""
        id_, at = secrets.token_hex(8), now()
        with self._stores.lend() as store, store.writing():
            store.insert(
                "notices",
                {
                    "id": id_,
                    "state": NoticeState.WAITING.value,
                    "revision": 1,
                    **_columns(content),
                    "owner": owner,
                    "told_at": told_at,
                    "message": "",
                    "closing": "",
                    "draft_id": "",
                    "created_at": at,
                    "published_at": "",
                    "updated_by": owner,
                    "updated_at": at,
                },
            )
            _keep_version(store, id_, note="")
            return _notice_of(store, id_)

    def get(self, id: str) -> Notice:
        """The notice with this id, or `UnknownRecord`."""
        with self._stores.lend() as store:
            return _notice_of(store, id)

    def list(
        self, states: Collection[NoticeState], *, owner: str = "", limit: int = ALL_ROWS
    ) -> Sequence[Notice]:
        """The notices in these states, oldest first; with `owner`, only those of one account."""
        with self._stores.lend() as store:
            rows = store.run(
                "select * from notices where state in :values and :owner in ('', owner)"
                " order by created_at, rowid limit :limit",
                [state.value for state in states],
                owner=owner,
                limit=limit,
            )
        return [_notice(row) for row in rows]

    def public(
        self,
        *,
        flows: Collection[Flow] = tuple(Flow),
        department: str = "",
        theme: str = "",
        open_only: bool = True,
        after: str = "",
        limit: int = -1,
    ) -> NoticeList:
        """The notices that everybody may read, newest first.

        Args:
            flows: of needs, offers, things to share.
            department: a French department's code.
            theme: as it is written.
            open_only: leaves out what is closed or over.
            after: the id of the last notice of the page before; of none, the first page is given.
            limit: how many are given at most; all if it is negative.
        """
        kept = (
            " from notices where flow in :values and published_at != ''"
            " and state in ('published', 'closed')"
            " and (not :open_only or (state = 'published' and (until = '' or until >= :today)))"
            " and :department in ('', department)"
            " and (:theme = '' or exists"
            " (select 1 from json_each(content, '$.themes') theme where theme.value = :theme))"
        )
        conditions: dict[str, object] = {
            "open_only": open_only,
            "today": today(),
            "department": department,
            "theme": theme,
        }
        values = [flow.value for flow in flows]
        with self._stores.lend() as store, store.reading():
            last = store.execute("select published_at, id from notices where id = ?", [after])
            below = tuple(last.fetchone() or ("~", ""))
            ((total,),) = store.run(f"select count(*){kept}", values, **conditions)
            rows = store.run(
                f"select *{kept} and (published_at, id) < (:at, :id)"
                " order by published_at desc, id desc limit :limit",
                values,
                **conditions,
                at=below[0],
                id=below[1],
                limit=limit + 1 if limit >= 0 else total,
            )
        found = [_notice(row) for row in rows]
        is_last = limit < 0 or len(found) <= limit
        return NoticeList(found if limit < 0 else found[:limit], total, is_last)

    def save(self, id: str, content: NoticeContent, *, by: str, revision: int) -> Notice:
        """Gives a notice that is not closed another content; its state stays as it is."""
        return self._revise(id, revision, by=by, content=content)

    def send_again(self, id: str, content: NoticeContent, *, by: str, revision: int) -> Notice:
        """Gives a notice another content, which waits for a moderator."""
        return self._revise(id, revision, by=by, content=content, state=NoticeState.WAITING)

    def publish(self, id: str, *, by: str, revision: int) -> Notice:
        """Shows a notice to everybody."""
        return self._revise(id, revision, by=by, state=NoticeState.PUBLISHED, message="")

    def refuse(self, id: str, message: str, *, by: str, revision: int) -> Notice:
        """Refuses a notice, with a message for who posted it."""
        return self._revise(id, revision, by=by, state=NoticeState.REFUSED, message=message)

    def close(
        self, id: str, closing: Closing, *, by: str, revision: int, draft_id: str = ""
    ) -> Notice:
        """Closes a notice, which stays as public as it is.

        `draft_id` is the draft of the case that tells how it was met.
        """
        return self._revise(
            id,
            revision,
            by=by,
            state=NoticeState.CLOSED,
            closing=closing,
            draft_id=draft_id,
            note=closing.value,
        )

    def versions(self, id: str) -> Sequence[NoticeVersion]:
        """Every revision of a notice, oldest first; none if there is no such notice."""
        with self._stores.lend() as store:
            rows = store.execute(
                "select * from notice_versions where notice_id = ? order by revision", [id]
            ).fetchall()
        return [
            dataclass_of(NoticeVersion, row, state=NoticeState(row["state"]), content=_content(row))
            for row in rows
        ]

    def delete(self, id: str) -> None:
        """Deletes a notice with its revisions, its answers and its pairs, if it is there."""
        with self._stores.lend() as store, store.writing():
            for statement in (
                "delete from notice_pairs where ? in (need_id, offer_id)",
                "delete from notice_answers where notice_id = ?",
                "delete from notice_versions where notice_id = ?",
                "delete from notices where id = ?",
            ):
                store.execute(statement, [id])

    def _revise(
        self,
        id: str,
        revision: int,
        *,
        by: str,
        content: NoticeContent | None = None,
        state: NoticeState | None = None,
        message: str | None = None,
        closing: Closing | None = None,
        draft_id: str = "",
        note: str = "",
    ) -> Notice:
        with self._stores.lend() as store, store.writing():
            notice = _notice_of(store, id)
            if notice.revision != revision:
                raise EditConflict(
                    f"This notice was changed by {notice.updated_by or 'someone'} since you opened "
                    "it."
                )
            if notice.state is NoticeState.CLOSED:
                raise EditConflict("This notice is closed and cannot be changed any more.")
            state, at = state or notice.state, now()
            published_at = notice.published_at
            if state is NoticeState.PUBLISHED:
                published_at = published_at or at
            elif closing and notice.state is not NoticeState.PUBLISHED:
                # What waits or was refused is not let out by closing it.
                published_at = ""
            changed = {
                **_columns(content or notice.content),
                "state": state.value,
                "revision": revision + 1,
                "message": notice.message if message is None else message,
                "closing": closing.value if closing else "",
                "draft_id": draft_id,
                "published_at": published_at,
                "updated_by": by,
                "updated_at": at,
            }
            store.update("notices", {"id": id}, changed)
            _keep_version(store, id, note or (message or ""))
            return _notice_of(store, id)


def _columns(content: NoticeContent) -> dict[str, str]:
    """The content as it is kept, and beside it what lists are filtered by."""
    return {
        "content": json.dumps(asdict(content), ensure_ascii=False),
        "flow": content.flow.value,
        "department": content.department,
        "until": content.until,
    }


def _keep_version(store: Store, notice_id: str, note: str) -> None:
    store.execute(
        'insert into notice_versions (notice_id, revision, state, content, "by", "at", note)'
        " select id, revision, state, content, updated_by, updated_at, ? from notices where id = ?",
        [note, notice_id],
    )


def _notice_of(store: Store, notice_id: str) -> Notice:
    row = store.execute("select * from notices where id = ?", [notice_id]).fetchone()
    if row is None:
        raise UnknownRecord(f"There is no notice with the id {notice_id!r}.")
    return _notice(row)


def _notice(row: StoreRow) -> Notice:
    return dataclass_of(
        Notice,
        row,
        state=NoticeState(row["state"]),
        content=_content(row),
        closing=Closing(row["closing"]) if row["closing"] else None,
    )


def _content(row: StoreRow) -> NoticeContent:
    return NoticeContent.from_json(json.loads(row["content"]))

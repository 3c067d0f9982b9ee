"""The register of notices, with their revisions; nothing is written when a last day is past."""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from kb.errors import EditConflict
from kb.reference.roles import Flow
from kb.registers.board.notice import Closing, Notice, NoticeContent, NoticeState, NoticeVersion
from kb.registers.clock import now, today
from kb.registers.register import Register, by_id, columns_of, row_as
from kb.store.connection import ALL_ROWS
from kb.store.store import Store


@dataclass(frozen=True, slots=True)
class NoticeList:
    """A page of the notices, newest first; `total` counts those of all pages."""

    notices: Sequence[Notice]
    total: int
    is_last: bool


class Notices(Register):
    """The register of notices; raises `EditConflict` at another `revision` or a wrong state."""

    def add(self, content: NoticeContent, *, owner: str = "", told_at: str = "") -> Notice:
        at = now()
        notice = Notice(
            secrets.token_hex(8),
            NoticeState.WAITING,
            1,
            content,
            owner,
            told_at,
            created_at=at,
            updated_by=owner,
            updated_at=at,
        )
        with self._writing() as store:
            store.insert("notices", columns_of(notice) | _filters(content))
            _keep_version(store, notice.id, note="")
        return notice

    def get(self, id: str) -> Notice:
        return self._by_id(Notice, "notices", id)

    def list(
        self, states: Collection[NoticeState], *, owner: str = "", limit: int = ALL_ROWS
    ) -> Sequence[Notice]:
        with self._stores.lend() as store:
            rows = store.run(
                "select * from notices where state in :values and :owner in ('', owner)"
                " order by created_at, rowid limit :limit",
                [state.value for state in states],
                owner=owner,
                limit=limit,
            )
        return [row_as(Notice, row) for row in rows]

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
        """Returns a page of public notices, newest first, after an id, `limit` unless negative."""
        kept = (
            " from notices where flow in :values and published_at != ''"
            " and state in ('published', 'closed')"
            " and (not :open_only or (state = 'published' and (until = '' or until >= :today)))"
            " and :department in ('', department)"
            " and (:theme = '' or exists"
            " (select 1 from json_each(content, '$.themes') theme where theme.value = :theme))"
        )
        conditions = {"today": today(), "open_only": open_only, "department": department}
        values = [flow.value for flow in flows]
        with self._stores.lend() as store, store.reading():
            last = store.execute("select published_at, id from notices where id = ?", [after])
            at, id_ = tuple(last.fetchone() or ("~", ""))
            ((total,),) = store.run(f"select count(*){kept}", values, theme=theme, **conditions)
            rows = store.run(
                f"select *{kept} and (published_at, id) < (:at, :id)"
                " order by published_at desc, id desc limit :limit",
                values,
                **conditions,
                theme=theme,
                at=at,
                id=id_,
                limit=limit + 1 if limit >= 0 else total,
            )
        found = [row_as(Notice, row) for row in rows]
        shown = found if limit < 0 else found[:limit]
        return NoticeList(shown, total, len(shown) == len(found))

    def save(self, id: str, content: NoticeContent, *, by: str, revision: int) -> Notice:
        return self._revise(id, revision, by=by, content=content)

    def send_again(self, id: str, content: NoticeContent, *, by: str, revision: int) -> Notice:
        return self._revise(id, revision, by=by, content=content, state=NoticeState.WAITING)

    def publish(self, id: str, *, by: str, revision: int) -> Notice:
        return self._revise(id, revision, by=by, state=NoticeState.PUBLISHED, message="")

    def refuse(self, id: str, message: str, *, by: str, revision: int) -> Notice:
        return self._revise(id, revision, by=by, state=NoticeState.REFUSED, message=message)

    def close(
        self, id: str, closing: Closing, *, by: str, revision: int, draft_id: str = ""
    ) -> Notice:
        """Closes a notice, which stays as public as it is; `draft_id` is that of its case."""
        state = NoticeState.CLOSED
        return self._revise(
            id, revision, by=by, state=state, note=closing.value, closing=closing, draft_id=draft_id
        )

    def reopen(self, id: str, *, by: str, revision: int) -> Notice:
        """Takes the closing of a notice back; one that was not public waits for a moderator."""
        state = NoticeState.PUBLISHED if self.get(id).published_at else NoticeState.WAITING
        return self._revise(id, revision, by=by, state=state, was_closed=True)

    def versions(self, id: str) -> Sequence[NoticeVersion]:
        select = "select * from notice_versions where notice_id = ? order by revision"
        return self._read(NoticeVersion, select, [id])

    def delete(self, id: str) -> None:
        with self._writing() as store:
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
        note: str = "",
        closing: Closing | None = None,
        draft_id: str = "",
        was_closed: bool = False,
    ) -> Notice:
        with self._writing() as store:
            notice = by_id(store, Notice, "notices", id)
            if notice.revision != revision:
                changed_by = notice.updated_by or "someone"
                raise EditConflict(f"This notice was changed by {changed_by} since you opened it.")
            if (notice.state is NoticeState.CLOSED) is not was_closed:
                raise EditConflict("Only a closed notice is reopened, and nothing else befalls it.")
            state, at = state or notice.state, now()
            published_at = notice.published_at
            if state is NoticeState.PUBLISHED:
                published_at = published_at or at
            elif closing and notice.state is not NoticeState.PUBLISHED:
                # What waits or was refused is not let out by closing it.
                published_at = ""
            changed = replace(
                notice,
                content=content or notice.content,
                state=state,
                revision=revision + 1,
                message=notice.message if message is None else message,
                closing=closing,
                draft_id=draft_id,
                published_at=published_at,
                updated_by=by,
                updated_at=at,
            )
            row = columns_of(changed) | _filters(changed.content)
            store.update("notices", {"id": id}, row)
            _keep_version(store, id, note or (message or ""))
            return changed


def _filters(content: NoticeContent) -> dict[str, object]:
    """Returns what lists are filtered by, which is kept besides the content."""
    columns = ("flow", "department", "until")
    return {name: value for name, value in columns_of(content).items() if name in columns}


def _keep_version(store: Store, notice_id: str, note: str) -> None:
    store.execute(
        'insert into notice_versions (notice_id, revision, state, content, "by", "at", note)'
        " select id, revision, state, content, updated_by, updated_at, ? from notices where id = ?",
        [note, notice_id],
    )

"""The register of answers to notices."""

import secrets
from collections.abc import Collection, Sequence

from kb.errors import UnknownRecord
from kb.registers.board.notice import AnswerKind, AnswerState, NoticeAnswer
from kb.registers.clock import now
from kb.store.connection import StoreRow
from kb.store.database import dataclass_of
from kb.store.pool import StorePool
from kb.store.store import Store


class NoticeAnswers:
    """The register of answers."""

    def __init__(self, stores: StorePool) -> None:
        self._stores = stores

    def add(
        self,
        notice_id: str,
        kind: AnswerKind,
        *,
        text: str,
        organisation: str = "",
        actor_id: str = "",
        private: bool = False,
        contact: str = "",
        by: str = "",
        waits: bool = False,
    ) -> NoticeAnswer:
        """Stores an answer; that of a stranger (`by` is empty) waits for a moderator.

        So does that of an account with `waits`, which is no member's.
        """
        state = AnswerState.PUBLISHED if by and not waits else AnswerState.WAITING
        at = now()
        answer = {
            "id": secrets.token_hex(8),
            "notice_id": notice_id,
            "kind": kind.value,
            "organisation": organisation,
            "actor_id": actor_id,
            "text": text,
            "private": int(private),
            "contact": contact,
            "by": by,
            "state": state.value,
            "at": at,
            "published_at": at if state is AnswerState.PUBLISHED else "",
        }
        with self._stores.lend() as store, store.writing():
            store.insert("notice_answers", answer)
        return self.get(str(answer["id"]))

    def get(self, id: str) -> NoticeAnswer:
        """The answer with this id, or `UnknownRecord`."""
        with self._stores.lend() as store:
            row = store.execute("select * from notice_answers where id = ?", [id]).fetchone()
        if row is None:
            raise UnknownRecord(f"There is no answer with the id {id!r}.")
        return _answer(row)

    def of(self, notice_id: str) -> Sequence[NoticeAnswer]:
        """The answers to a notice, oldest first, those refused and waiting among them."""
        return self._found("notice_id = ?", notice_id)

    def waiting(self) -> Sequence[NoticeAnswer]:
        """The answers that wait for a moderator, oldest first."""
        return self._found("state = ?", AnswerState.WAITING.value)

    def set_state(self, id: str, state: AnswerState) -> NoticeAnswer:
        """Publishes or refuses an answer, or raises `UnknownRecord`.

        How to reach who wrote a refused one is forgotten: nobody reads it any more.
        """
        with self._stores.lend() as store, store.writing():
            store.execute("update notice_answers set state = ? where id = ?", [state.value, id])
            if state is AnswerState.PUBLISHED:
                store.execute(
                    "update notice_answers set published_at = ? where id = ? and published_at = ''",
                    [now(), id],
                )
            elif state is AnswerState.REFUSED:
                store.execute("update notice_answers set contact = '' where id = ?", [id])
        return self.get(id)

    def counts(self) -> dict[str, int]:
        """How many answers that everybody may read each notice has, by its id."""
        with self._stores.lend() as store:
            rows = store.execute(
                "select notice_id, count(*) from notice_answers"
                " where state = 'published' and private = 0 group by notice_id"
            ).fetchall()
        return {row[0]: row[1] for row in rows}

    def _found(self, condition: str, value: str) -> list[NoticeAnswer]:
        with self._stores.lend() as store:
            rows = store.execute(
                f"select * from notice_answers where {condition}"  # noqa: S608 (written above)
                ' order by "at", rowid',
                [value],
            ).fetchall()
        return [_answer(row) for row in rows]


# Within a transaction of the caller's


def erase_from_answers(store: Store, actor_ids: Collection[str]) -> None:
    """Forgets that answers are about actors; what people wrote in them stays."""
    store.run(
        "update notice_answers set actor_id = '', organisation = '' where actor_id in :values",
        actor_ids,
    )


def _answer(row: StoreRow) -> NoticeAnswer:
    return dataclass_of(
        NoticeAnswer,
        row,
        kind=AnswerKind(row["kind"]),
        state=AnswerState(row["state"]),
        private=bool(row["private"]),
    )

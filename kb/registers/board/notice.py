"""A notice of the board, and the registers of its answers and of what it may fit."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from kb.reference.roles import Flow
from kb.reference.visibility import Visibility
from kb.registers.clock import now, today
from kb.registers.register import Register, columns_of, find, known

EXAMPLES = "exemples\N{NO-BREAK SPACE}"
"""Who posts the notices of the demonstration; no account can have this name."""


class NoticeState(StrEnum):
    WAITING = "waiting"
    PUBLISHED = "published"
    REFUSED = "refused"
    CLOSED = "closed"


class Closing(StrEnum):
    MET = "met"
    NOT_MET = "not_met"
    WITHDRAWN = "withdrawn"


class AnswerKind(StrEnum):
    CAN = "can"
    KNOWS = "knows"


class AnswerState(StrEnum):
    WAITING = "waiting"
    PUBLISHED = "published"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class NoticeContent:
    """What a notice says; `until` is the last day (ISO 8601) on which an answer helps, or empty."""

    flow: Flow
    title: str
    text: str = ""
    place: str = ""
    department: str = ""
    until: str = ""
    asker: str = ""
    contact: str = ""
    contact_seen_by: Visibility = Visibility.NONE
    themes: tuple[str, ...] = ()
    lang: str = "fr"

    @property
    def words(self) -> str:
        return f"{self.title}. {self.text}" if self.text else self.title

    @property
    def wordings(self) -> tuple[str, ...]:
        """The words, short and in full: what is said besides can hide what it is about."""
        return tuple(dict.fromkeys((self.title, self.words)))

    def contact_shown(self, *, to_member: bool) -> str:
        if self.contact_seen_by is Visibility.PUBLIC:
            return self.contact
        return self.contact if to_member and self.contact_seen_by is Visibility.MEMBERS else ""


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice with what became of it; `owner` is empty for a stranger, `draft_id` of its case.

    `told_at` is the address at which the owner is told, which no page shows.
    """

    id: str
    state: NoticeState
    revision: int
    content: NoticeContent
    owner: str = ""
    told_at: str = ""
    message: str = ""
    closing: Closing | None = None
    draft_id: str = ""
    created_at: str = ""
    published_at: str = ""
    updated_by: str = ""
    updated_at: str = ""

    def is_over(self, today: str) -> bool:
        return bool(self.content.until) and self.content.until < today

    def is_open(self, today: str) -> bool:
        return self.state is NoticeState.PUBLISHED and not self.is_over(today)

    @property
    def is_public(self) -> bool:
        return self.state is NoticeState.PUBLISHED or (
            self.state is NoticeState.CLOSED and bool(self.published_at)
        )


@dataclass(frozen=True, slots=True)
class NoticeVersion:
    notice_id: str
    revision: int
    state: NoticeState
    content: NoticeContent
    by: str
    at: str
    note: str


@dataclass(frozen=True, slots=True)
class NoticeAnswer:
    """An answer to a notice; only its asker and moderators read `contact`, or a `private` one."""

    id: str
    notice_id: str
    kind: AnswerKind
    organisation: str
    actor_id: str
    text: str
    private: bool
    contact: str
    by: str
    state: AnswerState
    at: str
    published_at: str = ""

    @property
    def is_public(self) -> bool:
        return self.state is AnswerState.PUBLISHED and not self.private


class NoticeAnswers(Register):
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
        """Stores an answer; that of a stranger, or with `waits`, waits for a moderator."""
        state = AnswerState.PUBLISHED if by and not waits else AnswerState.WAITING
        at = now()
        answer = NoticeAnswer(
            secrets.token_hex(8),
            notice_id,
            kind,
            organisation,
            actor_id,
            text,
            private,
            contact,
            by,
            state,
            at,
            at if state is AnswerState.PUBLISHED else "",
        )
        with self._writing() as store:
            store.insert("notice_answers", columns_of(answer))
        return answer

    def get(self, id: str) -> NoticeAnswer:
        return self._by_id(NoticeAnswer, "notice_answers", id)

    def of(self, notice_id: str) -> Sequence[NoticeAnswer]:
        return self._found("notice_id", notice_id)

    def waiting(self) -> Sequence[NoticeAnswer]:
        return self._found("state", AnswerState.WAITING.value)

    def set_state(self, id: str, state: AnswerState) -> NoticeAnswer:
        """Publishes or refuses an answer; the contact of a refused one is forgotten."""
        values = {"state": state.value}
        if state is AnswerState.PUBLISHED:
            values["published_at"] = self.get(id).published_at or now()
        elif state is AnswerState.REFUSED:
            values["contact"] = ""
        with self._writing() as store:
            store.update("notice_answers", {"id": id}, values)
        return self.get(id)

    def counts(self) -> dict[str, int]:
        """Returns how many public answers each notice has, by its id."""
        rows = self._rows(
            "select notice_id, count(*) from notice_answers"
            " where state = 'published' and private = 0 group by notice_id"
        )
        return dict(map(tuple, rows))

    def _found(self, column: str, value: str) -> list[NoticeAnswer]:
        return self._read(
            NoticeAnswer,
            f'select * from notice_answers where {column} = ? order by "at", rowid',  # noqa: S608
            [value],
        )


class PairState(StrEnum):
    PROPOSED = "proposed"
    TOLD = "told"
    SET_ASIDE = "set_aside"


@dataclass(frozen=True, slots=True)
class NoticePair:
    need_id: str
    offer_id: str
    closeness: float
    state: PairState
    by: str
    at: str


class NoticePairs(Register):
    def propose(self, pairs: Iterable[tuple[str, str, float]]) -> None:
        """Notes needs and offers (ids) with their closeness; what is decided stays decided."""
        with self._writing() as store:
            store.executemany(
                'insert into notice_pairs (need_id, offer_id, closeness, state, "by", "at")'
                " values (?, ?, ?, 'proposed', '', ?) on conflict (need_id, offer_id)"
                " do update set closeness = excluded.closeness",
                [(*pair, now()) for pair in pairs],
            )

    def forget_proposals(self, notice_id: str) -> None:
        self._write(
            "delete from notice_pairs where state = 'proposed' and ? in (need_id, offer_id)",
            [notice_id],
        )

    def proposed(self) -> Sequence[NoticePair]:
        """Returns the pairs to decide on with both notices open, closest first."""
        return self._read(
            NoticePair,
            "select p.* from notice_pairs p"
            " join notices n on n.id = p.need_id join notices o on o.id = p.offer_id"
            " where p.state = 'proposed' and n.state = 'published' and o.state = 'published'"
            " and (n.until = '' or n.until >= :today) and (o.until = '' or o.until >= :today)"
            " order by p.closeness desc, p.need_id, p.offer_id",
            {"today": today()},
        )

    def told_with(self, notice_id: str) -> Sequence[str]:
        rows = self._rows(
            "select case when need_id = :id then offer_id else need_id end from notice_pairs"
            " where state = 'told' and :id in (need_id, offer_id)"
            " order by closeness desc, need_id, offer_id",
            {"id": notice_id},
        )
        return [row[0] for row in rows]

    def decide(self, need_id: str, offer_id: str, state: PairState, *, by: str) -> NoticePair:
        key = {"need_id": need_id, "offer_id": offer_id}
        with self._writing() as store:
            store.update("notice_pairs", key, {"state": state.value, "by": by, "at": now()})
            pair = find(
                store,
                NoticePair,
                "select * from notice_pairs where need_id = :need_id and offer_id = :offer_id",
                key,
            )
        return known(pair, "These two notices are no pair.")

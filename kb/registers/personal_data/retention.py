"""Retention: how long what grows old is kept, in days, and its deletion.

The one place for these numbers: the visitors' page and the documentation read them here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from kb.registers.access.sessions import IDLE_DAYS
from kb.registers.access.wrong_passwords import KEPT_DAYS
from kb.registers.alerts.outbox import KEPT_FAILED_S, KEPT_SENT_S
from kb.registers.alerts.subscriptions import UNCONFIRMED_FOR_S, forget_unconfirmed
from kb.registers.clock import later, now
from kb.registers.demand.demand import Demand, forget_old_counts
from kb.registers.holders.holds import LINK_S
from kb.registers.pictures.pictures import drop_unused
from kb.settings import Settings
from kb.store.store import Store

_DAY_S = 24 * 3600


class Kept(StrEnum):
    """What is deleted when it is old enough. The visitors' page and the docs word each."""

    SENT_MAIL = "sent_mail"
    SESSION = "session"
    WRONG_PASSWORDS = "wrong_passwords"
    UNCONFIRMED = "unconfirmed"
    FAILED_MAIL = "failed_mail"
    JOB = "job"
    NEED = "need"
    SEARCHES = "searches"
    CONTACT = "contact"
    SILENT = "silent"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Retention:
    """How many days each is kept, the shortest first where nothing is set."""

    days: Mapping[Kept, int]

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The days as they are set, with those that are not to be chosen."""
        return cls(
            {
                Kept.SENT_MAIL: KEPT_SENT_S // _DAY_S,
                Kept.SESSION: IDLE_DAYS,
                Kept.WRONG_PASSWORDS: KEPT_DAYS,
                Kept.UNCONFIRMED: max(UNCONFIRMED_FOR_S, LINK_S) // _DAY_S,
                Kept.FAILED_MAIL: KEPT_FAILED_S // _DAY_S,
                Kept.JOB: settings.keep_jobs_days,
                Kept.NEED: Demand.NEED_DAYS,
                Kept.SEARCHES: Demand.SEARCH_DAYS,
                Kept.CONTACT: settings.keep_contacts_days,
                Kept.SILENT: settings.keep_silent_days,
                Kept.REFUSED: settings.keep_refused_days,
            }
        )


# A notice is over when it was closed or refused, or its last day is past, and nobody touched it
# since; or when it has been silent for so long that nobody waits for an answer any more.
_OVER = (
    "select id from notices where updated_at < :silent or (updated_at < :contact and"
    " (state in ('closed', 'refused') or (until != '' and until < substr(:contact, 1, 10))))"
)

_STATEMENTS: tuple[str, ...] = (
    "delete from outbox where state = 'sent' and ended_at < :sent_mail",
    "delete from outbox where state = 'failed' and ended_at < :failed_mail",
    "delete from sessions where seen_on < substr(:session, 1, 10)",
    "delete from wrong_passwords where day <= substr(:wrong_passwords, 1, 10)",
    "delete from jobs where finished_at != '' and finished_at < :job",
    "delete from holds where state = 'linked' and accepted_by = '' and link_until < :now",
    "delete from holds where state in ('refused', 'withdrawn') and asked_at < :refused",
    "delete from flags where settled_at != '' and settled_at < :refused",
    "delete from notice_answers where state = 'refused' and \"at\" < :refused",
    # Of what is over, how to reach people goes, and what was told in private.
    f"update notices set told_at = '', content = json_set(content, '$.contact', '')"  # noqa: S608
    f" where id in ({_OVER}) and (told_at != '' or json_extract(content, '$.contact') != '')",
    f"update notice_versions set content = json_set(content, '$.contact', '')"  # noqa: S608
    f" where notice_id in ({_OVER}) and json_extract(content, '$.contact') != ''",
    f"delete from notice_answers where private = 1 and notice_id in ({_OVER})",  # noqa: S608
    f"update notice_answers set contact = '' where contact != '' and notice_id in ({_OVER})",  # noqa: S608
    *(
        f"delete from {table} where {column} in"  # noqa: S608 (written here)
        " (select id from notices where state = 'refused' and updated_at < :refused)"
        for table, column in (
            ("notice_answers", "notice_id"),
            ("notice_versions", "notice_id"),
            ("notices", "id"),
        )
    ),
    *(
        f"delete from {table} where {column} in"  # noqa: S608 (written here)
        " (select id from drafts where state = 'rejected' and updated_at < :refused)"
        for table, column in (("draft_versions", "draft_id"), ("drafts", "id"))
    ),
)


def forget_old(store: Store, retention: Retention, at: str = "") -> int:
    """Deletes what is older than it is kept, at a time (now if empty); returns how many rows."""
    at = at or now()
    before = {kept.value: later(at, -days * _DAY_S) for kept, days in retention.days.items()}
    values = before | {"now": at}
    count = forget_unconfirmed(store, at) + forget_old_counts(store, at[:10])
    for statement in _STATEMENTS:
        count += store.execute(statement, values).rowcount
    drop_unused(store, added_before=later(at, -_DAY_S))
    return count

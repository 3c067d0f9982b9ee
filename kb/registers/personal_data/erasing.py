"""Erasing: what is deleted with each thing that a person may want erased.

All within a transaction of the caller's, who rewrites the files afterwards (`Store.scrub`).
"""

import re
from collections.abc import Mapping

from kb.errors import InputError, UnknownRecord
from kb.registers.accounts import account_key, delete_account
from kb.registers.holders.flags import FlaggedKind, erase_flags
from kb.registers.personal_data.naming import column_without
from kb.registers.personal_data.places import PLACES, PersonalKind, PersonalPlace
from kb.registers.pictures.pictures import drop_unused
from kb.store.store import Store

ERASED_ACCOUNT = "…"
"""What stands for the name of an erased account. No account can have it: names are NFKC."""

_STATEMENTS: Mapping[PersonalKind, tuple[str, ...]] = {
    PersonalKind.DRAFT: (
        "delete from draft_versions where draft_id = ?",
        "delete from drafts where id = ?",
    ),
    PersonalKind.NOTICE: (
        "delete from notice_pairs where ? in (need_id, offer_id)",
        "delete from notice_answers where notice_id = ?",
        "delete from notice_versions where notice_id = ?",
        "delete from outbox where recipient in (select told_at from notices where id = ?)",
        "delete from notices where id = ?",
    ),
    PersonalKind.ANSWER: ("delete from notice_answers where id = ?",),
    PersonalKind.FLAG: (
        "delete from outbox where recipient in (select email from flags where id = ?)",
        "delete from flags where id = ?",
    ),
    PersonalKind.HOLD: (
        "delete from outbox where recipient in (select email from holds where id = ?)",
        "delete from holds where id = ?",
    ),
    PersonalKind.SUBSCRIBER: (
        "delete from outbox where recipient in (select email from subscribers where id = ?)",
        "delete from subscriptions where subscriber_id = ?",
        "delete from subscribers where id = ?",
    ),
    PersonalKind.MAIL: ("delete from outbox where id = ?",),
    PersonalKind.LIST: (
        "delete from contact_list_entries where list_id = ?",
        "delete from contact_list_members where list_id = ?",
        "delete from contact_lists where id = ?",
    ),
    PersonalKind.JOB: ("delete from jobs where id = ? and finished_at != ''",),
    PersonalKind.NEED: (
        "delete from missed_needs where hash = ?",
        "delete from missed_words where hash = ?",
    ),
}
"""What is deleted of each kind, the thing itself last."""


def erase_thing(store: Store, kind: PersonalKind, id: str) -> None:
    """Deletes a thing that is no published record, with what is nothing without it.

    Raises:
        UnknownRecord: there is none, or it is a job that has not ended.
        InputError: things of this kind are not erased.
        AccountError: it is the account of the last administrator.
    """
    if kind is PersonalKind.ACCOUNT:
        _erase_account(store, id)
        return
    if kind not in _STATEMENTS:
        raise InputError("personal_kind", "kind", kind=kind.value)
    deleted = 0
    for statement in _STATEMENTS[kind]:
        deleted = store.execute(statement, [id]).rowcount
    if not deleted:
        raise UnknownRecord(f"There is no {kind} with the id {id!r}.")
    if kind is PersonalKind.NOTICE:
        erase_flags(store, FlaggedKind.NOTICE, [id])
    if kind is PersonalKind.DRAFT:
        drop_unused(store)


def _erase_account(store: Store, name: str) -> None:
    """Deletes an account with its tokens, drafts that it never sent, lists, alerts and pages.

    What it did otherwise stays, by nobody that could be told: `ERASED_ACCOUNT` stands there.
    """
    store.execute(
        "delete from outbox where recipient in (select email from accounts where key = ?)",
        [account_key(name)],
    )
    deleted = delete_account(store, name)
    known = deleted or name
    renamed = 0
    owned = {
        PersonalKind.DRAFT: "select id from drafts where created_by = ? and state = 'draft'",
        PersonalKind.LIST: "select id from contact_lists where owner = ?",
        PersonalKind.HOLD: "select id from holds where account = ?",
        PersonalKind.SUBSCRIBER: (
            "select distinct subscriber_id from subscriptions where account = ?"
        ),
    }
    for kind, select in owned.items():
        for row in store.execute(select, [known]).fetchall():
            erase_thing(store, kind, row[0])
    store.execute("delete from contact_list_members where account = ?", [known])
    for place in PLACES:
        for column in place.by:
            renamed += store.execute(
                f'update {place.table} set "{column}" = ? where "{column}" = ?',  # noqa: S608 (ours)
                [ERASED_ACCOUNT, known],
            ).rowcount
    if not deleted and not renamed:
        raise UnknownRecord(f"There is no account {name!r}.")


def take_words_out(store: Store, pattern: re.Pattern[str]) -> int:
    """Takes what a pattern finds out of every text but those of published records.

    Subscribers and mails whose address it finds are erased. Returns how many rows changed.
    """
    changed = 0
    for kind, select in (
        (PersonalKind.SUBSCRIBER, "select id, email from subscribers"),
        (PersonalKind.MAIL, "select id, recipient from outbox"),
    ):
        for id_, address in store.execute(select).fetchall():
            if pattern.search(address):
                erase_thing(store, kind, id_)
                changed += 1
    for place in PLACES:
        if place.table in _RECORDS or not place.changed:
            continue
        changed += sum(
            _take_out_of_row(store, pattern, place, dict(row))
            for row in store.execute(
                f"select * from {place.table} where {place.ended}"  # noqa: S608 (ours)
            ).fetchall()
        )
    return changed


def _take_out_of_row(
    store: Store, pattern: re.Pattern[str], place: PersonalPlace, row: Mapping[str, object]
) -> bool:
    """Takes words out of a row; returns whether there were any."""
    before = {column: str(row[column] or "") for column in place.changed}
    after = {
        column: ("" if pattern.search(text) else text)
        if column in place.addresses
        else column_without(pattern, text)
        for column, text in before.items()
    }
    if after == before:
        return False
    keys = store.primary_key(place.table)
    changes = ", ".join(f'"{column}" = :{column}' for column in after)
    same = " and ".join(f'"{key}" = :key_{key}' for key in keys)
    store.execute(
        f"update {place.table} set {changes} where {same}",  # noqa: S608 (columns of ours)
        after | {f"key_{key}": row[key] for key in keys},
    )
    return True


_RECORDS = frozenset({"actors", "cases", "participations"})
"""Tables of published records, which change as records do."""

"""Finds, erases and forgets personal data in every register; the caller scrubs the files."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from kb.errors import InputError, UnknownRecord
from kb.models import Kind
from kb.registers.accounts import account_key, delete_account
from kb.registers.alerts.subscriptions import forget_unconfirmed
from kb.registers.clock import DAY_S, later, now
from kb.registers.demand import forget_old_counts
from kb.registers.personal_data.naming import column_without, read_column
from kb.registers.personal_data.traits import (
    NOT_ERASED,
    PLACES,
    Kept,
    PersonalKind,
    PersonalPlace,
    Retention,
)
from kb.registers.pictures import drop_unused
from kb.store.store import Store

ERASED_ACCOUNT = "…"  # the name of an erased account: no other can have it, names are NFKC
MOST_EXCERPTS = 3
EXCERPT_CHARS = 60  # how much of a text is shown on either side of what was found
_RECORDS = frozenset({"actors", "cases", "participations"})  # change as records do


@dataclass(frozen=True, slots=True)
class PersonalFinding:
    """Something that names a person; `tables` counts the rows, such as versions, that do."""

    kind: PersonalKind
    id: str
    tables: dict[str, int] = field(default_factory=dict)
    excerpts: tuple[str, ...] = ()


def find_person(store: Store, pattern: re.Pattern[str]) -> Sequence[PersonalFinding]:
    found: dict[tuple[PersonalKind, str], PersonalFinding] = {}

    def note(kind: PersonalKind, id_: str, table: str, excerpt: str, rows: int = 1) -> None:
        known = found.get((kind, id_), PersonalFinding(kind, id_))
        excerpts = known.excerpts
        if excerpt and excerpt not in excerpts and len(excerpts) < MOST_EXCERPTS:
            excerpts = (*excerpts, excerpt)
        tables = known.tables | {table: known.tables.get(table, 0) + rows}
        found[kind, id_] = PersonalFinding(kind, id_, tables, excerpts)

    for place in PLACES:
        for id_, kind, texts in _rows(store, place):
            matched = [(text, match) for text in texts if (match := pattern.search(text))]
            if matched or pattern.search(id_):
                excerpt = _around(*matched[0]) if matched else ""
                note(PersonalKind(kind), id_, place.table, excerpt)
    for place in PLACES:
        for column in place.by:
            # Of accounts that are no more, too.
            for name, count in store.execute(
                f'select "{column}", count(*) from {place.table} group by 1'  # noqa: S608 (ours)
            ):
                if name and pattern.search(name):
                    note(PersonalKind.ACCOUNT, name, place.table, "", count)
    order = list(PersonalKind)
    return sorted(found.values(), key=lambda each: (order.index(each.kind), each.id))


def _rows(store: Store, place: PersonalPlace) -> list[tuple[str, str, list[str]]]:
    if not place.read:
        return []
    columns = ", ".join(f'"{column}"' for column in place.read)
    kind = "kind" if place.kind is None else f"'{place.kind}'"
    rows = store.execute(f'select "{place.id}", {kind}, {columns} from {place.table}')  # noqa: S608
    return [(str(id_), kind, [read_column(text) for text in texts]) for id_, kind, *texts in rows]


def _around(text: str, match: re.Match[str]) -> str:
    start, end = match.start() - EXCERPT_CHARS, match.end() + EXCERPT_CHARS
    around = " ".join(text[max(start, 0) : end].split())
    return f"{'…' if start > 0 else ''}{around}{'…' if end < len(text) else ''}"


def erase_thing(store: Store, kind: PersonalKind, id: str) -> None:
    if kind is PersonalKind.ACCOUNT:
        _erase_account(store, id)
        return
    if kind in {*NOT_ERASED, PersonalKind.ACTOR, PersonalKind.CASE}:
        raise InputError("personal_kind", "kind", kind=kind.value)
    things = _things(kind)
    for address in things.addresses if kind is not PersonalKind.MAIL else ():
        store.execute(
            f"delete from outbox where recipient in (select {address}"  # noqa: S608 (ours)
            f" from {things.table} where {things.id} = ?)",
            [id],
        )
    if not _delete(store, things, f"{things.id} = :id and {things.ended}", {"id": id}):
        raise UnknownRecord(f"There is no {kind} with the id {id!r}.")
    if kind is PersonalKind.NOTICE:
        store.execute("delete from flags where kind = 'notice' and record_id = ?", [id])
    if kind is PersonalKind.DRAFT:
        drop_unused(store)


_OF_ACTORS = (
    "delete from dossier_entries where actor_id in :values",
    # What people wrote in answers stays.
    "update notice_answers set actor_id = '', organisation = '' where actor_id in :values",
    "delete from holds where actor_id in :values",
    "delete from statements where actor_id in :values",
    "delete from blocks where actor_id in :values",
    "delete from duplicates where left_id in :values or right_id in :values",
    "delete from merged_actors where id in :values or actor_id in :values",
)


def erase_traces(store: Store, kind: Kind, record_ids: Collection[str]) -> None:
    of_records = "kind = :kind and record_id in :values"
    for statement in (
        # A draft may have been of another record before.
        f"delete from draft_versions where {of_records}"  # noqa: S608 (ours, as those below)
        f" or draft_id in (select id from drafts where {of_records})",
        f"delete from drafts where {of_records}",  # noqa: S608
        f"delete from flags where {of_records}",  # noqa: S608
    ):
        store.run(statement, record_ids, kind=kind.value)
    of_kind = ("delete from inputs where case_id in :values",)
    for statement in _OF_ACTORS if kind is Kind.ACTOR else of_kind:
        store.run(statement, record_ids)
    drop_unused(store)


def _things(kind: PersonalKind) -> PersonalPlace:
    return next(place for place in PLACES if place.kind is kind)


def _delete(store: Store, things: PersonalPlace, which: str, values: Mapping[str, str]) -> int:
    """Deletes rows of a table and what goes with them; returns how many rows."""
    count = 0
    if things.kind and things is _things(things.kind):
        ids = f"select {things.id} from {things.table} where {which}"  # noqa: S608 (ours)
        for place in PLACES:
            columns = [column for kind, column in place.goes_with if kind is things.kind]
            columns += [place.id] if place.kind is things.kind and place is not things else []
            for column in columns:
                statement = f"delete from {place.table} where {column} in ({ids})"  # noqa: S608
                count += store.execute(statement, values).rowcount
    statement = f"delete from {things.table} where {which}"  # noqa: S608 (ours)
    return count + store.execute(statement, values).rowcount


def _erase_account(store: Store, name: str) -> None:
    """Deletes an account with all its own; elsewhere, `ERASED_ACCOUNT` stands for its name."""
    store.execute(
        "delete from outbox where exists (select 1 from accounts where key = ?"
        " and email != '' and email in (recipient, reply_to))",
        [account_key(name)],
    )
    deleted = delete_account(store, name)
    known = deleted or name
    renamed = 0
    owned = {
        PersonalKind.DRAFT: "select id from drafts where created_by = ? and state = 'draft'",
        PersonalKind.DOSSIER: "select id from dossiers where owner = ?",
        PersonalKind.HOLD: "select id from holds where account = ?",
        PersonalKind.SUBSCRIBER: (
            "select distinct subscriber_id from subscriptions where account = ?"
        ),
    }
    for kind, select in owned.items():
        for row in store.execute(select, [known]).fetchall():
            erase_thing(store, kind, row[0])
    store.execute("delete from dossier_members where account = ?", [known])
    for place in PLACES:
        for column in place.by:
            renamed += store.execute(
                f'update {place.table} set "{column}" = ? where "{column}" = ?',  # noqa: S608 (ours)
                [ERASED_ACCOUNT, known],
            ).rowcount
    if not deleted and not renamed:
        raise UnknownRecord(f"There is no account {name!r}.")


def take_words_out(store: Store, pattern: re.Pattern[str]) -> int:
    """Takes what a pattern finds out of all but published records; returns how many rows."""
    changed = 0
    for kind in (PersonalKind.SUBSCRIBER, PersonalKind.MAIL):
        things = _things(kind)
        for row in store.execute(f"select * from {things.table}").fetchall():  # noqa: S608 (ours)
            if any(pattern.search(row[address]) for address in things.addresses):
                erase_thing(store, kind, row[things.id])
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
    before = {column: str(row[column] or "") for column in place.changed}
    after = {
        column: ("" if pattern.search(text) else text)
        if column in place.addresses
        else column_without(pattern, text)
        for column, text in before.items()
    }
    if after == before:
        return False
    key = {column: row[column] for column in store.primary_key(place.table)}
    store.update(place.table, key, after)
    return True


# A notice is over when it was closed or refused, or its last day is past, and nobody touched it
# since; or when it has been silent for so long that nobody waits for an answer any more.
_OVER = (
    "select id from notices where updated_at < :silent or (updated_at < :contact and"
    " (state in ('closed', 'refused') or (until != '' and until < substr(:contact, 1, 10))))"
)

_STATEMENTS = (
    # Of what is over, how to reach people goes, and what was told in private.
    f"update notices set told_at = '', content = json_set(content, '$.contact', '')"  # noqa: S608
    f" where id in ({_OVER}) and (told_at != '' or json_extract(content, '$.contact') != '')",
    f"update notice_versions set content = json_set(content, '$.contact', '')"  # noqa: S608
    f" where notice_id in ({_OVER}) and json_extract(content, '$.contact') != ''",
    f"delete from notice_answers where private = 1 and notice_id in ({_OVER})",  # noqa: S608
    f"update notice_answers set contact = '' where contact != '' and notice_id in ({_OVER})",  # noqa: S608
)


def forget_old(store: Store, retention: Retention, at: str = "") -> int:
    at = at or now()
    before = {kept: later(at, -days * DAY_S) for kept, days in retention.days.items()}
    count = forget_unconfirmed(store, at)
    for place in PLACES:
        for kept, which in place.old.items():
            values = {"then": before[kept], "now": at}
            count += _delete(store, place, f"{place.ended} and {which}", values)
    count += forget_old_counts(store, at[:10])
    values = {"silent": before[Kept.SILENT], "contact": before[Kept.CONTACT]}
    count += sum(store.execute(statement, values).rowcount for statement in _STATEMENTS)
    drop_unused(store, added_before=later(at, -DAY_S))
    return count

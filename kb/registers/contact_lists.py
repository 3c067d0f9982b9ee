"""A list of organisations to call, and an entry of it."""

import hashlib
import secrets
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from kb.errors import EditConflict, InputError, UnknownRecord
from kb.registers.accounts import find_account
from kb.registers.clock import now
from kb.registers.register import Register, columns_of, row_as
from kb.store.store import Store

MAX_ENTRIES = 200
MAX_NAME_CHARS = 80
MAX_NEED_CHARS = 300
MAX_NOTE_CHARS = 2_000


class CallStatus(StrEnum):
    TO_CALL = "to_call"
    CALLED = "called"
    INTERESTED = "interested"
    NO = "no"


@dataclass(frozen=True, slots=True)
class ListEntry:
    """An organisation in a list: the need that it was picked for, and what came of the call."""

    actor_id: str
    need: str = ""
    status: CallStatus = CallStatus.TO_CALL
    note: str = ""
    changed_by: str = ""
    changed_at: str = ""

    @property
    def mark(self) -> str:
        """A hash of the status and the note, by which a save sees that another came before."""
        return hashlib.sha256(f"{self.status}\n{self.note}".encode()).hexdigest()[:16]

    def cleaned(self) -> Self:
        note = _visible(self.note.replace("\r\n", "\n"), keep="\n\t").strip()
        if len(note) > MAX_NOTE_CHARS:
            raise InputError("list_note_long", "note", most=MAX_NOTE_CHARS, count=len(note))
        need = " ".join(_visible(self.need, keep=" \n\t").split())[:MAX_NEED_CHARS]
        return replace(self, need=need, note=note)

    def with_all_of(self, other: Self) -> Self:
        notes = dict.fromkeys(note for note in (self.note, other.note) if note)
        status = other.status if self.status is CallStatus.TO_CALL else self.status
        joined = replace(self, need=self.need or other.need, status=status, note="\n".join(notes))
        return joined.cleaned()


@dataclass(frozen=True, slots=True)
class ContactList:
    """A list of an account, without a name at first, that `colleagues` may read and change."""

    id: str
    name: str
    owner: str
    colleagues: tuple[str, ...]
    takes_picks: bool
    entries: Sequence[ListEntry]


def checked_name(name: str) -> str:
    name = " ".join(_visible(name, keep=" \n\t").split())
    if not 1 <= len(name) <= MAX_NAME_CHARS:
        raise InputError("list_name", "name", most=MAX_NAME_CHARS)
    return name


def _visible(text: str, keep: str) -> str:
    return "".join(
        each for each in text if each in keep or unicodedata.category(each) not in {"Cc", "Cs"}
    )


class ContactLists(Register):
    """The lists of accounts; raises `UnknownRecord` unless the account `by` may read the list."""

    def of(self, by: str) -> Sequence[ContactList]:
        with self._stores.lend() as store, store.reading():
            rows = store.execute(
                "select list_id from contact_list_members where account = ?", [by]
            ).fetchall()
            lists = [_list_of(store, row["list_id"], by) for row in rows]
        return sorted(lists, key=lambda one: (one.owner != by, one.name.casefold(), one.id))

    def get(self, list_id: str, *, by: str) -> ContactList:
        with self._stores.lend() as store, store.reading():
            return _list_of(store, list_id, by)

    def for_picks(self, by: str) -> ContactList | None:
        with self._stores.lend() as store, store.reading():
            list_id = _for_picks(store, by)
            return _list_of(store, list_id, by) if list_id else None

    def pick(self, entries: Sequence[ListEntry], *, by: str, list_id: str = "") -> ContactList:
        """Adds organisations to a list, or the one that takes picks; joins notes of one there."""
        with self._writing() as store:
            list_id = list_id or _for_picks(store, by) or _insert(store, "", by)
            kept = {entry.actor_id: entry for entry in _list_of(store, list_id, by).entries}
            for entry in map(ListEntry.cleaned, entries):
                before = kept.get(entry.actor_id)
                merged = before.with_all_of(entry) if before else entry
                if merged != before:
                    _write(store, list_id, merged, by)
                kept[entry.actor_id] = merged
            return _not_too_long(_list_of(store, list_id, by))

    def drop(self, actor_ids: Collection[str], *, by: str, list_id: str = "") -> None:
        with self._writing() as store:
            list_id = list_id or _for_picks(store, by)
            if list_id:
                _list_of(store, list_id, by)
                store.run(
                    "delete from contact_list_entries"
                    " where list_id = :list_id and actor_id in :values",
                    actor_ids,
                    list_id=list_id,
                )

    def save(
        self, list_id: str, entries: Sequence[tuple[ListEntry, str]], *, by: str
    ) -> ContactList:
        """Keeps entries, each with the mark of what was seen, or none, or raises `EditConflict`."""
        with self._writing() as store:
            kept = {entry.actor_id: entry for entry in _list_of(store, list_id, by).entries}
            for written, seen in entries:
                entry = written.cleaned()
                current = kept.get(entry.actor_id)
                if seen == entry.mark or (current and current.mark == entry.mark):
                    continue
                if (current.mark if current else "") != seen:
                    raise EditConflict("Somebody changed this list since you opened it.")
                need = current.need if current else entry.need
                _write(store, list_id, replace(entry, need=need), by)
                kept[entry.actor_id] = entry
            return _not_too_long(_list_of(store, list_id, by))

    def move(self, list_id: str, actor_id: str, steps: int, *, by: str) -> None:
        with self._writing() as store:
            ids = [entry.actor_id for entry in _list_of(store, list_id, by).entries]
            if actor_id not in ids:
                return
            place = ids.index(actor_id) + steps
            ids.remove(actor_id)
            ids.insert(max(place, 0), actor_id)
            store.executemany(
                "update contact_list_entries set position = ? where list_id = ? and actor_id = ?",
                [(position, list_id, id_) for position, id_ in enumerate(ids, 1)],
            )

    def add(self, name: str, *, by: str) -> ContactList:
        name = checked_name(name)
        with self._writing() as store:
            return _list_of(store, _insert(store, name, by), by)

    def rename(self, list_id: str, name: str, *, by: str) -> None:
        name = checked_name(name)
        with self._writing() as store:
            _list_of(store, list_id, by)
            store.update("contact_lists", {"id": list_id}, {"name": name})

    def choose(self, list_id: str, *, by: str) -> None:
        with self._writing() as store:
            _list_of(store, list_id, by)
            _take_picks(store, list_id, by)

    def delete(self, list_id: str, *, by: str) -> None:
        with self._writing() as store:
            _list_of(store, list_id, by, own=True)
            for table in ("contact_list_entries", "contact_list_members"):
                store.execute(f"delete from {table} where list_id = ?", [list_id])  # noqa: S608
            store.execute("delete from contact_lists where id = ?", [list_id])

    def share(self, list_id: str, colleague: str, *, by: str) -> None:
        with self._writing() as store:
            _list_of(store, list_id, by, own=True)
            account = find_account(store, colleague)
            if account is None or account.disabled:
                raise InputError("list_colleague", "colleague", name=colleague)
            _add_member(store, list_id, account.name)

    def unshare(self, list_id: str, colleague: str, *, by: str) -> None:
        """Takes a list back from a colleague, who may also leave it; its owner stays."""
        with self._writing() as store:
            if colleague != _list_of(store, list_id, by, own=by != colleague).owner:
                store.execute(
                    "delete from contact_list_members where list_id = ? and account = ?",
                    [list_id, colleague],
                )


def _list_of(store: Store, list_id: str, by: str, *, own: bool = False) -> ContactList:
    row = store.execute(
        "select lists.*, takes_picks from contact_lists as lists join contact_list_members"
        " on list_id = id where id = ? and account = ?",
        [list_id, by],
    ).fetchone()
    if row is None or (own and row["owner"] != by):
        raise UnknownRecord(f"There is no list with the id {list_id!r} for this account.")
    members = store.execute(
        "select account from contact_list_members where list_id = ? and account <> ?"
        " order by account",
        [list_id, row["owner"]],
    ).fetchall()
    entries = store.execute(
        "select * from contact_list_entries where list_id = ? order by position, rowid", [list_id]
    ).fetchall()
    return row_as(
        ContactList,
        row,
        colleagues=tuple(each["account"] for each in members),
        entries=tuple(row_as(ListEntry, each) for each in entries),
    )


def _not_too_long(contact_list: ContactList) -> ContactList:
    count_ = len(contact_list.entries)
    if count_ > MAX_ENTRIES:
        raise InputError("list_full", most=MAX_ENTRIES, count=count_)
    return contact_list


def _for_picks(store: Store, by: str) -> str:
    row = store.execute(
        "select id from contact_lists join contact_list_members on list_id = id"
        " where account = ? and (takes_picks = 1 or owner = account)"
        " order by takes_picks desc, created_at limit 1",
        [by],
    ).fetchone()
    return str(row["id"]) if row else ""


def _insert(store: Store, name: str, by: str) -> str:
    list_id = secrets.token_hex(8)
    row = {"id": list_id, "name": name, "owner": by, "created_at": now()}
    store.insert("contact_lists", row)
    _add_member(store, list_id, by)
    _take_picks(store, list_id, by)
    return list_id


def _add_member(store: Store, list_id: str, account: str) -> None:
    store.execute(
        "insert into contact_list_members (list_id, account, takes_picks)"
        " values (?, ?, 0) on conflict do nothing",
        [list_id, account],
    )


def _take_picks(store: Store, list_id: str, by: str) -> None:
    store.execute(
        "update contact_list_members set takes_picks = case when list_id = ? then 1 else 0 end"
        " where account = ?",
        [list_id, by],
    )


def _write(store: Store, list_id: str, entry: ListEntry, by: str) -> None:
    written = replace(entry, changed_by=by, changed_at=now())
    store.execute(
        "insert into contact_list_entries"
        " (list_id, actor_id, position, need, status, note, changed_by, changed_at)"
        " select :list_id, :actor_id, coalesce(max(position), 0) + 1, :need, :status, :note,"
        " :changed_by, :changed_at from contact_list_entries where list_id = :list_id"
        " on conflict (list_id, actor_id) do update set need = excluded.need,"
        " status = excluded.status, note = excluded.note,"
        " changed_by = excluded.changed_by, changed_at = excluded.changed_at",
        {**columns_of(written), "list_id": list_id},
    )

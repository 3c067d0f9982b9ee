"""Dossiers: a need with the organisations picked for it, why each, and what came of the calls."""

import hashlib
import json
import unicodedata
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from secrets import token_hex
from typing import Self

from kb.errors import InputError, UnknownRecord
from kb.registers.clock import now
from kb.registers.register import Register, columns_of, row_as
from kb.store.store import Store

MAX_ENTRIES = 200
MAX_TOLD_CHARS = 80
MAX_NEED_CHARS = 4_000  # as of a query
MAX_NOTE_CHARS = 2_000
BY_LINK = ""  # who holds the link of a dossier, in the place of an account's name


class CallStatus(StrEnum):
    TO_CALL = "to_call"
    WRITTEN = "written"
    CALLED = "called"
    INTERESTED = "interested"
    NO = "no"


class Right(StrEnum):
    """What a link lets do; also the column with what makes it worth something."""

    READ = "reader"
    WRITE = "writer"


@dataclass(frozen=True, slots=True)
class Ground:
    """A piece of evidence (`kind` is its `EvidenceKind`), in words, with where it stands."""

    kind: str
    text: str
    lang: str = ""
    source: str = ""
    case_id: str = ""
    case_title: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Why:
    """Why an organisation was picked: what the search said on a day."""

    on: str = ""
    fit: str = ""
    part: str = ""
    reasons: tuple[Ground, ...] = ()


@dataclass(frozen=True, slots=True)
class DossierEntry:
    """An organisation in a dossier; `signed` is the name that the holder of a link typed."""

    actor_id: str
    need: str = ""
    status: CallStatus = CallStatus.TO_CALL
    note: str = ""
    changed_by: str = ""
    changed_at: str = ""
    why: Why = Why()
    signed: str = ""

    @property
    def mark(self) -> str:
        """The status and a digest of the note, by which a save sees what its writer changed."""
        return f"{self.status} {_digest(self.note)}"

    def cleaned(self) -> Self:
        note = _visible(self.note.replace("\r\n", "\n"), keep="\n\t").strip()
        if len(note) > MAX_NOTE_CHARS:
            raise InputError("dossier_note_long", "note", most=MAX_NOTE_CHARS, count=len(note))
        return replace(self, need=_line(self.need)[:MAX_NEED_CHARS], note=note)

    def changed_by_who_saw(self, seen: str, written: Self) -> Self:
        """Returns it with what is written otherwise than `seen`; of two new notes, both."""
        status, _, note = seen.partition(" ")
        noted = _both(self.note, written.note)
        if note in {_digest(self.note), _digest(written.note)}:
            noted = self.note if note == _digest(written.note) else written.note
        kept = self.status if written.status == status else written.status
        return replace(self, status=kept, note=noted).cleaned()

    def with_all_of(self, other: Self) -> Self:
        return replace(
            self,
            need=self.need or other.need,
            status=other.status if self.status is CallStatus.TO_CALL else self.status,
            why=self.why if self.why.reasons else other.why,
            note=_both(self.note, other.note),
        ).cleaned()


@dataclass(frozen=True, slots=True)
class Told:
    """What a dossier says of its need, in words."""

    title: str = ""
    need: str = ""
    quantity: str = ""
    place: str = ""
    until: str = ""

    def cleaned(self) -> Self:
        told = {
            each.name: _line(getattr(self, each.name))[:MAX_TOLD_CHARS] for each in fields(self)
        }
        return replace(self, **{**told, "need": _line(self.need)[:MAX_NEED_CHARS]})


@dataclass(frozen=True, slots=True)
class Dossier:
    """A dossier of an account, that `colleagues` may read and change; links are empty if none."""

    id: str
    owner: str
    told: Told
    colleagues: tuple[str, ...]
    entries: Sequence[DossierEntry]
    reader: str
    writer: str

    @property
    def name(self) -> str:
        return self.told.title or self.told.need


def _digest(note: str) -> str:
    return hashlib.sha256(note.encode()).hexdigest()[:16]


def _both(note: str, other: str) -> str:
    return note if other in note else f"{note}\n{other}".strip()


def _line(text: str) -> str:
    return " ".join(_visible(text, keep=" \n\t").split())


def _visible(text: str, keep: str) -> str:
    return "".join(
        each for each in text if each in keep or unicodedata.category(each) not in {"Cc", "Cs"}
    )


class Dossiers(Register):
    """The dossiers of accounts; raises `UnknownRecord` unless the account `by` may read one."""

    def of(self, by: str) -> Sequence[Dossier]:
        """Returns the dossiers of an account, its own first, the last changed of each first."""
        with self._stores.lend() as store, store.reading():
            rows = store.execute(
                f"select id from {_MEMBERS} where account = ? order by {_LATEST}",  # noqa: S608
                [by],
            ).fetchall()
            dossiers = [_dossier(store, row["id"], by) for row in rows]
        return sorted(dossiers, key=lambda one: one.owner != by)

    def get(self, id: str, *, by: str) -> Dossier:
        with self._stores.lend() as store, store.reading():
            return _dossier(store, id, by)

    def for_picks(self, by: str, need: str = "") -> Dossier | None:
        with self._stores.lend() as store, store.reading():
            id_ = _for_picks(store, by, need)
            return _dossier(store, id_, by) if id_ else None

    def pick(
        self, entries: Sequence[DossierEntry], *, by: str, told: Told = Told(), id: str = ""
    ) -> Dossier:
        """Adds organisations to a dossier, that of their need, or a new one that is `told`."""
        with self._writing() as store:
            told = told.cleaned()
            id_ = id or _for_picks(store, by, told.need) or _insert(store, told, by)
            return _add(store, id_, entries, by)

    def drop(self, actor_ids: Collection[str], *, by: str, need: str = "", id: str = "") -> None:
        with self._writing() as store:
            id_ = id or _for_picks(store, by, need)
            if id_:
                _dossier(store, id_, by)
                store.run(
                    "delete from dossier_entries where dossier_id = :id and actor_id in :values",
                    actor_ids,
                    id=id_,
                )

    def save(
        self,
        id: str,
        entries: Sequence[tuple[DossierEntry, str]],
        *,
        by: str,
        holder: str = "",
        signed: str = "",
    ) -> Dossier:
        """Keeps statuses and notes, each with the mark of what was seen, or none.

        Of notes that two people wrote at once, both are kept. By a link, nothing is put into it;
        who wrote is the account of its `holder`, or as `signed`.
        """
        with self._writing() as store:
            kept = {entry.actor_id: entry for entry in _dossier(store, id, by).entries}
            for written, seen in entries:
                entry = written.cleaned()
                current = kept.get(entry.actor_id)
                entry = current.changed_by_who_saw(seen, entry) if current else entry
                is_new = current is None and by != BY_LINK
                if written.mark != seen and (is_new or (current and current.mark != entry.mark)):
                    name = _line(signed)[:MAX_TOLD_CHARS]
                    who = by or holder
                    entry = replace(entry, changed_by=who, changed_at=now(), signed=name)
                    _write(store, id, entry)
                    kept[entry.actor_id] = entry
            return _not_too_long(_dossier(store, id, by))

    def tell(self, id: str, told: Told, *, by: str) -> None:
        told = told.cleaned()
        with self._writing() as store:
            _dossier(store, id, by)
            store.update("dossiers", {"id": id}, columns_of(told))

    def merge(self, id: str, into: str, *, by: str) -> None:
        """Moves what is in a dossier of the account into another, and deletes it."""
        with self._writing() as store:
            left = _dossier(store, id, by, own=True)
            if into != id:
                _add(store, into, left.entries, by)
                _delete(store, id)

    def delete(self, id: str, *, by: str) -> None:
        """Deletes a dossier of the account; a colleague leaves it."""
        with self._writing() as store:
            if _dossier(store, id, by).owner == by:
                _delete(store, id)
            leaves = "delete from dossier_members where dossier_id = ? and account = ?"
            store.execute(leaves, [id, by])

    def share(self, id: str, right: Right, *, by: str, ends: bool = False) -> None:
        """Makes the link with a right anew, or `ends` it, and with that to write who came by it."""
        with self._writing() as store:
            _dossier(store, id, by, own=True)
            store.update("dossiers", {"id": id}, {right.value: "" if ends else token_hex(8)})
            if ends and right is Right.WRITE:
                store.execute(
                    "delete from dossier_members where dossier_id = ? and account <> ?", [id, by]
                )

    def join(self, id: str, *, by: str) -> None:
        """Makes an account that holds the link to write a colleague."""
        with self._writing() as store:
            _add_member(store, _dossier(store, id, BY_LINK).id, by)


_MEMBERS = "dossiers join dossier_members on dossier_id = id"
_LATEST = (
    "coalesce((select max(changed_at) from dossier_entries where dossier_id = dossiers.id),"
    " created_at) desc, created_at desc"
)


def _dossier(store: Store, id: str, by: str, *, own: bool = False) -> Dossier:
    row = store.execute("select * from dossiers where id = ?", [id]).fetchone()
    members = store.execute(
        "select account from dossier_members where dossier_id = ? order by account", [id]
    ).fetchall()
    accounts = [each["account"] for each in members]
    if row is None or (by != BY_LINK and by not in accounts) or (own and row["owner"] != by):
        raise UnknownRecord(f"There is no dossier with the id {id!r} for this account.")
    entries = store.execute(
        "select * from dossier_entries where dossier_id = ? order by position, rowid", [id]
    ).fetchall()
    return row_as(
        Dossier,
        row,
        told=row_as(Told, row),
        colleagues=tuple(each for each in accounts if each != row["owner"]),
        entries=tuple(row_as(DossierEntry, each) for each in entries),
    )


def _add(store: Store, id: str, entries: Sequence[DossierEntry], by: str) -> Dossier:
    kept = {entry.actor_id: entry for entry in _dossier(store, id, by).entries}
    for entry in map(DossierEntry.cleaned, entries):
        before = kept.get(entry.actor_id)
        merged = before.with_all_of(entry) if before else entry
        if merged != before:
            who, when = entry.changed_by or by, entry.changed_at or now()
            merged = replace(merged, changed_by=who, changed_at=when, signed=entry.signed)
            _write(store, id, merged)
        kept[entry.actor_id] = merged
    return _not_too_long(_dossier(store, id, by))


def _delete(store: Store, id: str) -> None:
    store.execute("delete from dossier_members where dossier_id = ?", [id])
    store.execute("delete from dossier_entries where dossier_id = ?", [id])
    store.execute("delete from dossiers where id = ?", [id])


def _not_too_long(dossier: Dossier) -> Dossier:
    count_ = len(dossier.entries)
    if count_ > MAX_ENTRIES:
        raise InputError("dossier_full", most=MAX_ENTRIES, count=count_)
    return dossier


def _for_picks(store: Store, by: str, need: str) -> str:
    """Returns the id of the dossier of a need, or of the account's last if none is named."""
    need = _line(need)[:MAX_NEED_CHARS]
    of_need = (
        "need = :need or exists (select 1 from dossier_entries"
        " where dossier_id = dossiers.id and need = :need)"
    )
    row = store.execute(
        f"select id from {_MEMBERS} where account = :by"  # noqa: S608 (ours)
        f" and ({of_need if need else 'owner = account'}) order by {_LATEST} limit 1",
        {"by": by, "need": need} if need else {"by": by},
    ).fetchone()
    return str(row["id"]) if row else ""


def _insert(store: Store, told: Told, by: str) -> str:
    id_ = token_hex(8)
    store.insert("dossiers", {"id": id_, "owner": by, "created_at": now(), **columns_of(told)})
    _add_member(store, id_, by)
    return id_


def _add_member(store: Store, id: str, account: str) -> None:
    store.execute(
        "insert into dossier_members (dossier_id, account) values (?, ?) on conflict do nothing",
        [id, account],
    )


def _write(store: Store, id: str, entry: DossierEntry) -> None:
    store.execute(
        "insert into dossier_entries"
        " (dossier_id, actor_id, position, need, status, note, changed_by, changed_at, why, signed)"
        " select :id, :actor_id, coalesce(max(position), 0) + 1, :need, :status, :note,"
        " :changed_by, :changed_at, :why, :signed from dossier_entries where dossier_id = :id"
        " on conflict (dossier_id, actor_id) do update set need = excluded.need,"
        " status = excluded.status, note = excluded.note, changed_by = excluded.changed_by,"
        " changed_at = excluded.changed_at, why = excluded.why, signed = excluded.signed",
        {**columns_of(entry), "id": id},
    )


def forget_in_reasons(store: Store, is_told: Callable[[object], bool]) -> None:
    """Empties the reasons that tell of what was erased."""
    asked = "select dossier_id, actor_id, why from dossier_entries where why != '{}'"
    for dossier_id, actor_id, why in map(tuple, store.execute(asked).fetchall()):
        if is_told(json.loads(why)):
            key = {"dossier_id": dossier_id, "actor_id": actor_id}
            store.update("dossier_entries", key, {"why": "{}"})

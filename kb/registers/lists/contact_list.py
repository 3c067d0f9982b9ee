"""A list of organisations to call, and an entry of it."""

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from kb.errors import ListError

MAX_ENTRIES = 200
MAX_LISTS = 50
"""How many lists an account may own."""

MAX_NAME_CHARS = 80
MAX_NEED_CHARS = 300
MAX_NOTE_CHARS = 2_000


class CallStatus(StrEnum):
    """How far a call has come."""

    TO_CALL = "to_call"
    CALLED = "called"
    INTERESTED = "interested"
    NO = "no"


@dataclass(frozen=True, slots=True)
class ListEntry:
    """An organisation in a list: the need that it was picked for, and what came of the call.

    `changed_by` and `changed_at` are empty for an entry that no account keeps.
    """

    actor_id: str
    need: str = ""
    status: CallStatus = CallStatus.TO_CALL
    note: str = ""
    changed_by: str = ""
    changed_at: str = ""

    @property
    def mark(self) -> str:
        """Returns what changes with the status and the note.

        Who saves an entry names the mark that they saw, so that of two people who change it the
        second is told, and no change is lost.
        """
        return hashlib.sha256(f"{self.status}\n{self.note}".encode()).hexdigest()[:16]

    def cleaned(self) -> Self:
        """Returns the entry as it is kept: no blanks at the ends, no invisible characters.

        Raises:
            ListError: the note is too long.
        """
        note = _visible(self.note.replace("\r\n", "\n"), keep="\n\t").strip()
        if len(note) > MAX_NOTE_CHARS:
            raise ListError("list_note_long", "note", most=MAX_NOTE_CHARS, count=len(note))
        need = " ".join(_visible(self.need, keep=" \n\t").split())[:MAX_NEED_CHARS]
        return replace(self, need=need, note=note)

    def with_all_of(self, other: Self) -> Self:
        """Returns the entry with the note of another of the same organisation below its own.

        The other's status counts where this organisation is still to be called.

        Raises:
            ListError: the two notes are too long together.
        """
        notes = dict.fromkeys(note for note in (self.note, other.note) if note)
        status = other.status if self.status is CallStatus.TO_CALL else self.status
        joined = replace(self, need=self.need or other.need, status=status, note="\n".join(notes))
        return joined.cleaned()


@dataclass(frozen=True, slots=True)
class ContactList:
    """A list of an account. `name` is empty for its first, until it is named.

    `colleagues` are the other accounts that may read and change it. `takes_picks`: what its reader
    picks goes there.
    """

    id: str
    name: str
    owner: str
    colleagues: tuple[str, ...]
    takes_picks: bool
    entries: Sequence[ListEntry]


def checked_name(name: str) -> str:
    """Returns the name as it is kept.

    Raises:
        ListError: it is empty or too long.
    """
    name = " ".join(_visible(name, keep=" \n\t").split())
    if not 1 <= len(name) <= MAX_NAME_CHARS:
        raise ListError("list_name", "name", most=MAX_NAME_CHARS)
    return name


def _visible(text: str, keep: str) -> str:
    return "".join(
        each for each in text if each in keep or unicodedata.category(each) not in {"Cc", "Cs"}
    )

"""Entries: what every reader yields, a record of a file or the reason why there is none."""

from dataclasses import dataclass

from kb.errors import RemarkError
from kb.models import Record

WHOLE_FILE = 0


class NotInput(RemarkError):
    """The file is something else than knowledge: a failure only when a person named it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A record that a reader found in a file, or the reason why there is none.

    `row` is what its writer would count: the row of the spreadsheet (the header is row 1), the
    line of JSON Lines, the item of a JSON array from 1; `WHOLE_FILE` for a file of one record.
    `is_open`: the source says in so many words that the actor is not closed. `left_out`: that
    there is no record is as it should be, and no failure. `sheet`: of a workbook, if it is
    not the first sheet that is read. `remarks`: what of the row was left out of the record.
    `leaves_out_persons`: so were contacts of persons that stood among those of the organisation.
    """

    row: int
    record: Record | None = None
    reason: str = ""
    is_open: bool = False
    left_out: bool = False
    sheet: str = ""
    remarks: tuple[str, ...] = ()
    leaves_out_persons: bool = False

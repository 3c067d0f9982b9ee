"""Reports of runs: what was read, kept, changed and refused, and where in the input.

A report is one value that the pipeline and the intake of articles both add to.
"""

from dataclasses import dataclass, field

from ingest.records.entries import WHOLE_FILE

MAX_NOTES = 1000
"""Most notes of a kind that a report holds; further notes are only counted."""


@dataclass(frozen=True, slots=True)
class Note:
    """A remark on a row or a file of the input. `row` as in `Entry`."""

    file: str
    row: int
    reason: str

    def __str__(self) -> str:
        return f"{place_in(self.file, self.row)}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Drafted:
    """An article that became a draft, and a case too where it was published at once."""

    file: str
    title: str
    draft_id: str
    case_id: str = ""

    def __str__(self) -> str:
        if self.case_id:
            return f"{self.file}: {self.title} → case {self.case_id}"
        return f"{self.file}: {self.title} → draft {self.draft_id}, waiting for a moderator"


@dataclass(slots=True)
class IngestReport:
    """Counts and notes of a run.

    `read` counts the records found, kept or not; `completed` those that added to an actor which
    other sources describe; `embedded` the passages that were embedded. `duplicates` counts the
    pairs of actors that may be one, undecided, of the `sources` that were read.
    `failures` are the records and files that were not kept, `skipped` the files of a folder and
    the rows of a register that are no input, `remarks` what was done but deserves a look, `known`
    the articles that were there already; `drafts` are the articles that became drafts; `untold`
    counts the notes that were one too many for their list, by the list's name. `pruned` says
    whether the records that the input no longer has were looked for, and `removed` counts them.
    """

    read: int = 0
    added: int = 0
    completed: int = 0
    changed: int = 0
    unchanged: int = 0
    embedded: int = 0
    pruned: bool = False
    removed: int = 0
    duplicates: int = 0
    sources: list[str] = field(default_factory=list)
    failures: list[Note] = field(default_factory=list)
    skipped: list[Note] = field(default_factory=list)
    remarks: list[Note] = field(default_factory=list)
    known: list[Note] = field(default_factory=list)
    drafts: list[Drafted] = field(default_factory=list)
    untold: dict[str, int] = field(default_factory=dict)

    @property
    def failed(self) -> int:
        return len(self.failures) + self.untold.get("failures", 0)

    def note(self, kind: str, note: Note) -> None:
        """Adds to `failures`, `skipped`, `remarks` or `known`, if there is room."""
        notes: list[Note] = getattr(self, kind)
        if len(notes) < MAX_NOTES:
            notes.append(note)
        else:
            self.untold[kind] = self.untold.get(kind, 0) + 1


def unwatched(_count: int) -> None:
    """Ignores progress."""


def place_in(file: str, row: int) -> str:
    """Names a row of a file in a message: `actors.csv:12`, or the file alone for all of it."""
    return file if row == WHOLE_FILE else f"{file}:{row}"


def sheet_of(file: str, sheet: str) -> str:
    """Names a sheet of a workbook in a message: `actors.xlsx (Members)`, or the file alone."""
    return f"{file} ({sheet})" if sheet else file

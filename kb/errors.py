"""The errors that a person can cause, as one tree of exceptions."""

from kb.remarks import Remark, Value


class QuisaitError(Exception):
    """Root of the errors that are shown to a person as one line."""


class SettingsError(QuisaitError):
    """A setting has a value that cannot be used."""


class RemarkError(Exception):
    """An error with a remark: `code` and `values` make its line, `field` is its subject."""

    def __init__(self, code: str, field: str = "", **values: Value) -> None:
        self.remark = Remark(code, field, **values)
        super().__init__(self.remark)

    @property
    def code(self) -> str:
        return self.remark.code

    @property
    def field(self) -> str:
        return self.remark.field


class QueryError(RemarkError, QuisaitError):
    """A query or a filter cannot be searched as it is."""


class InputError(RemarkError, QuisaitError):
    """What a person gave cannot be read or kept."""


class FileError(QuisaitError):
    """A file that the command line reads or writes beside a knowledge base cannot be used."""


class MailError(RemarkError, QuisaitError):
    """A mail server does not take a mail; `for_good`: trying again is of no use."""

    def __init__(self, code: str, *, for_good: bool = False, **values: Value) -> None:
        super().__init__(code, "", **values)
        self.for_good = for_good


class ReadersBusy(RemarkError, QuisaitError):
    """Too many files are being read, or the server ends: a moment later there is room."""


class TooManyJobs(RemarkError, QuisaitError):
    """An account has as many jobs that wait or run as it may: one has to end first."""


class EncoderError(QuisaitError):
    """A model cannot be found, prepared or run."""


class KnowledgeBaseError(QuisaitError):
    """A knowledge base cannot be used as it is."""


class NotAKnowledgeBase(KnowledgeBaseError):
    """A folder, or its database, is not a knowledge base."""


class SchemaTooNew(KnowledgeBaseError):
    """The knowledge base was written by a later version of this program."""


class SchemaTooOld(KnowledgeBaseError):
    """The knowledge base was written by an early version, whose tables are no longer known."""


class ReadOnlyKnowledgeBase(KnowledgeBaseError):
    """A change was asked of a knowledge base that cannot be written."""


class StoresBusy(RemarkError, KnowledgeBaseError):
    """All connections of this process to the knowledge base were in use for too long."""


class NotYetScrubbed(KnowledgeBaseError):
    """What was erased is gone from every search, but another process keeps it in the files."""

    def __init__(self) -> None:
        super().__init__(
            "What is erased is gone from every search, but not yet from the files: another "
            "process reads them. They are cleaned within the hour, or when you erase again."
        )


class NoRoom(KnowledgeBaseError):
    """A change finds no room on the disk. Nothing of it is kept, and what is there can be read."""


class EditConflict(KnowledgeBaseError):
    """The thing to change has changed since the person saw it."""


class UnknownRecord(KnowledgeBaseError):
    """No actor or case of the knowledge base has this id."""


class WithdrawnRecord(UnknownRecord):
    """The actor or case with this id was withdrawn or erased."""

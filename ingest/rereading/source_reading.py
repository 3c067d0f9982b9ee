"""Reads a source again: the files, the directory, the feed or the page at its location.

What has not changed costs a question to its server, or the reading of its bytes, and no more.
"""

import hashlib
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Self
from urllib.parse import unquote, urlsplit

from ingest.article_intake import ArticleIntake, is_address
from ingest.articles.feeds import is_feed
from ingest.directories.readers import DIRECTORY_READERS
from ingest.fetching.safe_fetch import FEED_TYPES, MAX_BYTES, PAGE_TYPES, Fetched, Fetcher
from ingest.pace import AtPlace, Phase, nowhere
from ingest.pipeline import expected, ingest
from ingest.reading.documents import link_to_feed
from ingest.records.entries import WHOLE_FILE, files, refuse_missing
from ingest.report import Changes, IngestReport, Note, RecordChange, unwatched
from ingest.submission import Submissions
from kb.errors import InputError, QuisaitError, RemarkError
from kb.knowledge_base import KnowledgeBase
from kb.registers.rereading import SourceLocation, Unlisted, Validators
from kb.remarks import Remark
from kb.settings import Settings

DIRECTORY_TYPES: Mapping[str, str] = {
    "text/csv": ".csv",
    "application/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/json": ".json",
    "application/geo+json": ".geojson",
    "application/x-ndjson": ".ndjson",
    "application/jsonl": ".jsonl",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/vnd.apache.parquet": ".parquet",
}
"""The media types of directories, with the ending of their files."""

_MARKUP_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_MEGABYTE = 1_000_000
_MAX_DIRECTORY_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class SourceReport:
    """What a reading of a source did. `is_same` says that nothing had changed at its location.

    `changes` are the new and the changed records, `gone` those that the source listed before and
    lists no more; `untold_changes` counts the changes that were too many.
    """

    ingested: IngestReport
    is_same: bool = False
    changes: Sequence[RecordChange] = ()
    gone: Sequence[Unlisted] = ()
    untold_changes: int = 0

    def as_report(self) -> dict[str, object]:
        """The report of a job."""
        report = asdict(self.ingested)
        if self.untold_changes:
            report["untold"] = {**report["untold"], "changes": self.untold_changes}
        return {
            **report,
            "is_same": self.is_same,
            "changes": [asdict(change) for change in self.changes],
            "gone": [asdict(record) for record in self.gone],
        }

    @property
    def problem(self) -> str:
        """Why nothing could be read, if so; else empty."""
        report = self.ingested
        kept = report.added + report.completed + report.changed + report.unchanged
        whole = [note for note in report.failures if note.row == WHOLE_FILE]
        if kept or report.drafts or report.known or not report.failures:
            return ""
        return (whole or report.failures)[0].reason


class SourceReading:
    """A reading of a source.

    `progress` is called with the number of records read since the last call, `at` with each phase
    that begins and its file, `expect` with how many records there are, where it is known.
    """

    def __init__(
        self,
        knowledge_base: KnowledgeBase,
        submissions: Submissions,
        fetcher: Fetcher,
        *,
        progress: Callable[[int], object] = unwatched,
        at: AtPlace = nowhere,
        expect: Callable[[int], object] = unwatched,
    ) -> None:
        self._base = knowledge_base
        self._submissions = submissions
        self._fetcher = fetcher
        self._progress = progress
        self._at = at
        self._expect = expect

    @classmethod
    def from_settings(
        cls,
        knowledge_base: KnowledgeBase,
        settings: Settings,
        *,
        by: str,
        progress: Callable[[int], object] = unwatched,
        at: AtPlace = nowhere,
        expect: Callable[[int], object] = unwatched,
    ) -> Self:
        return cls(
            knowledge_base,
            Submissions.from_settings(knowledge_base, settings, by=by),
            Fetcher.from_settings(
                settings,
                max_bytes=settings.max_directory_mb * _MEGABYTE,
                max_seconds=_MAX_DIRECTORY_SECONDS,
            ),
            progress=progress,
            at=at,
            expect=expect,
        )

    def read(self, name: str) -> SourceReport:
        """Reads a source by its name, and notes how it went with its location.

        Raises:
            UnknownRecord: no such source is read again.
            QuisaitError, OSError: it cannot be read; this is noted, too.
        """
        location = self._base.source_locations.get(name)
        try:
            if is_address(location.location):
                report, validators = self._read_address(location)
            else:
                report, validators = self._read_files(location)
        except (QuisaitError, OSError) as error:
            line = error.remark if isinstance(error, RemarkError) else str(error)
            self._base.source_locations.failed(name, line)
            raise
        if report.problem:
            self._base.source_locations.failed(name, report.problem)
        else:
            if report.ingested.failures:
                # What failed may not fail at the next reading, although nothing changes there.
                validators = replace(validators, etag="", last_modified="", digest="")
            self._base.source_locations.succeeded(location, validators)
        return report

    def _read_files(self, location: SourceLocation) -> tuple[SourceReport, Validators]:
        path = Path(location.location)
        refuse_missing([path])
        digest = hashlib.sha256()
        for file, _, _ in files([path]):
            digest.update(str(file).encode())
            with file.open("rb") as content:
                digest.update(hashlib.file_digest(content, "sha256").digest())
        choices = self._choices(location.name)
        validators = Validators(digest=digest.hexdigest(), choices=choices)
        if validators == location.validators:
            return _SAME, validators
        return self._ingest(location.name, path), validators

    def _read_address(self, location: SourceLocation) -> tuple[SourceReport, Validators]:
        before = location.validators
        choices = self._choices(location.name)
        is_as_before = before.choices == choices
        url = before.address or location.location
        fetched = self._fetch(url, before if is_as_before else Validators())
        if fetched is None:
            return _SAME, before
        if not _suffix_of(fetched) and len(fetched.content) > MAX_BYTES:
            raise InputError("large_page", address=url, most=MAX_BYTES)
        if not before.address:
            feed = _feed_of(fetched)
            if feed:
                url, fetched = feed, self._fetcher.fetch(feed, FEED_TYPES | PAGE_TYPES)
        form = _form_of(fetched)
        if before.form not in {"", form}:
            raise InputError("other_form", location=url)
        digest = hashlib.sha256(fetched.content).hexdigest()
        validators = Validators(url, form, fetched.etag, fetched.last_modified, digest, choices)
        if is_as_before and digest == before.digest:
            return _SAME, validators
        if form == "directory":
            return self._ingest_fetched(location.name, url, fetched), validators
        intake = self._intake()
        self._at(Phase.READING, url)
        intake.take_fetched(url, fetched)
        return SourceReport(intake.report), validators

    def _fetch(self, url: str, known: Validators) -> Fetched | None:
        return self._fetcher.fetch_if_changed(
            url,
            PAGE_TYPES | FEED_TYPES | DIRECTORY_TYPES.keys(),
            suffixes=DIRECTORY_READERS.keys(),
            etag=known.etag,
            last_modified=known.last_modified,
        )

    def _ingest_fetched(self, name: str, url: str, fetched: Fetched) -> SourceReport:
        with tempfile.TemporaryDirectory(prefix="quisait-") as folder:
            path = Path(folder, f"directory{_suffix_of(fetched)}")
            path.write_bytes(fetched.content)
            report = self._ingest(name, path, called=url)
            for notes in (report.ingested.failures, report.ingested.remarks,
                          report.ingested.skipped):  # fmt: skip
                notes[:] = [_renamed(note, str(path), url) for note in notes]
            return report

    def _ingest(self, name: str, path: Path, called: str = "") -> SourceReport:
        """Ingests files as this source; `called` is what they are called instead of their path."""
        self._expect(expected([path]))
        gone_before = {(record.kind, record.id) for record in self._base.unlisted.of(name)}
        changes = Changes()
        report = ingest(
            self._base,
            [path],
            progress=self._progress,
            at=lambda phase, file: self._at(phase, called or file),
            by=self._submissions.by,
            source=name,
            articles=self._intake(),
            changes=changes,
        )
        is_empty = not (report.read or report.drafts or report.known or report.failures)
        if is_empty and self._base.unlisted.has_listed(name):
            report.note("failures", Note(called or str(path), WHOLE_FILE, Remark("emptied")))
        gone = [
            record
            for record in self._base.unlisted.of(name)
            if (record.kind, record.id) not in gone_before
        ]
        return SourceReport(report, False, changes.records, gone, changes.untold)

    def _intake(self) -> ArticleIntake:
        return ArticleIntake(self._base, self._submissions, progress=self._progress)

    def _choices(self, name: str) -> str:
        """Returns a hash of all but the content on which a reading depends."""
        seen_by = self._base.contact_choices.of(name)
        chosen = [dict(self._base.column_choices.mapping(name)), asdict(seen_by)]
        parts = json.dumps([version("quisait"), *chosen], sort_keys=True)
        return hashlib.sha256(parts.encode()).hexdigest()


def checked_address(url: str, settings: Settings) -> str:
    """Returns an address as it is fetched.

    Raises:
        InputError: its form is none that is fetched; nothing was fetched yet.
    """
    return Fetcher.from_settings(settings).checked(url)


def name_of_address(url: str) -> str:
    """Returns the name of the source at an address: that of its file, or else its site's."""
    parts = urlsplit(url)
    path = PurePosixPath(unquote(parts.path))
    if path.suffix.lower() in DIRECTORY_READERS:
        return path.name.partition(".")[0]
    return (parts.hostname or url).removeprefix("www.")


_SAME = SourceReport(IngestReport(), is_same=True)


def _feed_of(fetched: Fetched) -> str:
    """Returns the feed that a page names, if it is a page and names one."""
    if fetched.media_type not in _MARKUP_TYPES or is_feed(fetched.content):
        return ""
    return link_to_feed(fetched)


def _form_of(fetched: Fetched) -> str:
    if is_feed(fetched.content) and not _suffix_of(fetched):
        return "feed"
    return "directory" if _suffix_of(fetched) else "page"


def _suffix_of(fetched: Fetched) -> str:
    """Returns the ending that says how a directory is read; empty if it is no directory."""
    suffix = PurePosixPath(fetched.path).suffix.lower()
    if suffix in DIRECTORY_READERS and fetched.media_type not in _MARKUP_TYPES:
        return suffix
    return DIRECTORY_TYPES.get(fetched.media_type, "")


def _renamed(note: Note, path: str, called: str) -> Note:
    return replace(note, file=note.file.replace(path, called))

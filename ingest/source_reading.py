"""Reads a source again: the files, the directory, the feed or the page at its location."""

import hashlib
import json
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from ingest.article_intake import ArticleIntake, is_address
from ingest.articles.feeds import is_feed
from ingest.directories.readers import DIRECTORY_READERS
from ingest.fetching.safe_fetch import FEED_TYPES, MAX_BYTES, PAGE_TYPES, Fetched, Fetcher
from ingest.pipeline import expected, ingest
from ingest.reading import link_to_feed
from ingest.records.entries import WHOLE_FILE, files, refuse_missing
from ingest.report import Note, Phase, SourceReport, Watch
from ingest.submission import Submissions
from kb.errors import InputError, QuisaitError, RemarkError
from kb.knowledge_base import KnowledgeBase
from kb.registers.records.rereading import SourceLocation, Validators
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
_MARKUP_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_MEGABYTE = 1_000_000
_MAX_DIRECTORY_SECONDS = 300.0


class SourceReading:
    def __init__(
        self,
        knowledge_base: KnowledgeBase,
        submissions: Submissions,
        fetcher: Fetcher,
        watch: Watch | None = None,
    ) -> None:
        self._base = knowledge_base
        self._submissions = submissions
        self._fetcher = fetcher
        self._watch = watch or Watch()

    def read(self, name: str) -> SourceReport:
        location = self._base.source_locations.get(name)
        read = self._read_address if is_address(location.location) else self._read_files
        try:
            report, validators = read(location, self._choices(name))
        except (QuisaitError, OSError) as error:
            line = error.remark if isinstance(error, RemarkError) else str(error)
            self._base.source_locations.failed(name, line)
            raise
        if report.problem:
            self._base.source_locations.failed(name, report.problem)
        else:
            if report.failures:
                # What failed may not fail at the next reading, although nothing changes there.
                validators = replace(validators, etag="", last_modified="", digest="")
            self._base.source_locations.succeeded(location, validators)
        return report

    def _read_files(
        self, location: SourceLocation, choices: str
    ) -> tuple[SourceReport, Validators]:
        path = Path(location.location)
        refuse_missing([path])
        digest = hashlib.sha256()
        for file, _, _ in files([path]):
            digest.update(str(file).encode())
            with file.open("rb") as content:
                digest.update(hashlib.file_digest(content, "sha256").digest())
        validators = Validators(digest=digest.hexdigest(), choices=choices)
        if validators == location.validators:
            return SourceReport(is_same=True), validators
        return self._ingest(location.name, path), validators

    def _read_address(
        self, location: SourceLocation, choices: str
    ) -> tuple[SourceReport, Validators]:
        before = location.validators
        is_as_before = before.choices == choices
        url = before.address or location.location
        fetched = self._fetcher.fetch_if_changed(
            url,
            PAGE_TYPES | FEED_TYPES | DIRECTORY_TYPES.keys(),
            suffixes=DIRECTORY_READERS.keys(),
            etag=before.etag if is_as_before else "",
            last_modified=before.last_modified if is_as_before else "",
        )
        if fetched is None:
            return SourceReport(is_same=True), before
        suffix = _suffix_of(fetched)
        if not suffix and len(fetched.content) > MAX_BYTES:
            raise InputError("large_page", address=url, most=MAX_BYTES)
        is_page = fetched.media_type in _MARKUP_TYPES and not is_feed(fetched.content)
        if is_page and not before.address and (feed := link_to_feed(fetched)):
            url, fetched = feed, self._fetcher.fetch(feed, FEED_TYPES | PAGE_TYPES)
            suffix = _suffix_of(fetched)
        form = "directory" if suffix else "feed" if is_feed(fetched.content) else "page"
        if before.form not in {"", form}:
            raise InputError("other_form", location=url)
        digest = hashlib.sha256(fetched.content).hexdigest()
        validators = Validators(url, form, fetched.etag, fetched.last_modified, digest, choices)
        if is_as_before and digest == before.digest:
            return SourceReport(is_same=True), validators
        if suffix:
            with tempfile.TemporaryDirectory(prefix="quisait-") as folder:
                path = Path(folder, f"directory{suffix}")
                path.write_bytes(fetched.content)
                return self._ingest(location.name, path, called=url), validators
        report = SourceReport()
        self._watch.at(Phase.READING, url)
        self._intake(report).take_fetched(url, fetched)
        return report, validators

    def _intake(self, report: SourceReport) -> ArticleIntake:
        return ArticleIntake(self._base, self._submissions, watch=self._watch, report=report)

    def _ingest(self, name: str, path: Path, called: str = "") -> SourceReport:
        """Ingests files as this source; `called` is what a file is called instead of its path."""
        self._watch.expect(expected([path]))
        unlisted = self._base.unlisted
        before = {(record.kind, record.id) for record in unlisted.of(name)}
        report = SourceReport()
        ingest(
            self._base,
            [path],
            called=called,
            watch=self._watch,
            by=self._submissions.by,
            source=name,
            articles=self._intake(report),
            changes=report,
        )
        is_empty = not (report.read or report.drafts or report.known or report.failures)
        if is_empty and unlisted.has_listed(name):
            report.note("failures", Note(called or str(path), WHOLE_FILE, Remark("emptied")))
        report.gone = [each for each in unlisted.of(name) if (each.kind, each.id) not in before]
        return report

    def _choices(self, name: str) -> str:
        """Returns a hash of all but the content on which a reading depends."""
        seen_by = self._base.contact_choices.of(name)
        chosen = [dict(self._base.column_choices.mapping(name)), asdict(seen_by)]
        parts = json.dumps([version("quisait"), *chosen], sort_keys=True)
        return hashlib.sha256(parts.encode()).hexdigest()


def directory_fetcher(settings: Settings) -> Fetcher:
    most = settings.max_directory_mb * _MEGABYTE
    return Fetcher.from_settings(settings, max_bytes=most, max_seconds=_MAX_DIRECTORY_SECONDS)


def checked_address(url: str, settings: Settings) -> str:
    return Fetcher.from_settings(settings).checked(url)


def name_of_address(url: str) -> str:
    parts = urlsplit(url)
    path = PurePosixPath(unquote(parts.path))
    if path.suffix.lower() in DIRECTORY_READERS:
        return path.name.partition(".")[0]
    return (parts.hostname or url).removeprefix("www.")


def _suffix_of(fetched: Fetched) -> str:
    suffix = PurePosixPath(fetched.path).suffix.lower()
    if suffix in DIRECTORY_READERS and fetched.media_type not in _MARKUP_TYPES:
        return suffix
    return DIRECTORY_TYPES.get(fetched.media_type, "")

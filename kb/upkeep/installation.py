"""The installation: what this computer and the settings give to a base, for `quisait doctor`."""

import difflib
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryFile
from urllib.parse import urlsplit

from pydantic import ValidationError

from kb.address import DATABASE_FILE, Place
from kb.encoder.prepared import load_encoder
from kb.errors import FileError, KnowledgeBaseError, QuisaitError, SettingsError
from kb.registers.alerts.outbox import Outbox
from kb.registers.jobs import Jobs, JobState
from kb.settings import Settings, is_this_machine
from kb.store import migrations
from kb.store.database import is_writable
from kb.store.pool import StorePool, schema_at
from kb.store.store import SqliteStore
from kb.upkeep.backup import BackupFile
from kb.upkeep.check import BaseCheck, Finding, folder_findings

PREFIX = "QUISAIT_"
ENOUGH_MEMORY = 1_500_000_000  # bytes for server and worker (docs/benchmarks.md)
ENOUGH_ROOM = 2_000_000_000  # bytes for unpacked models and what comes in on a few days
OLD_BACKUP = timedelta(days=2)
RECENT_FAILURE = timedelta(days=7)
CORRECT = "Correct it or take it away: docs/configuration.md."
OWNER = "Make the user of the server the owner of the folder and all in it."
RESTORE = "Restore a backup (`quisait restore`)."


class Installation:
    def __init__(
        self,
        environment: Mapping[str, str],
        kb: Place | None = None,
        backups: Path | None = None,
        *,
        refuse: Callable[[Settings], None] = lambda _: None,
    ) -> None:
        self._refuse, self._environment, self._backups = refuse, environment, backups
        self._errors: dict[str, str] = {}
        given: dict[str, object] = {} if kb is None else {"kb": kb}
        try:
            settings = Settings(**given)  # type: ignore[arg-type]
        except ValidationError as error:
            for problem in error.errors():
                name = str(problem["loc"][0])
                self._errors[name] = problem["msg"].removeprefix("Value error, ")
                given[name] = Settings.model_fields[name].get_default(call_default_factory=True)
            settings = Settings(**given)  # type: ignore[arg-type]
        self._settings = settings
        self._database = settings.folder / DATABASE_FILE

    def findings(self) -> list[Finding]:
        """All that is wrong or worth knowing: problems first, then notes."""
        looks = (
            self._named, self._encoder, self._computer, self._base, self._address, self._mail,
            self._backups_made,
        )  # fmt: skip
        found = [finding for look in looks for finding in look()]
        return sorted(found, key=lambda finding: finding.is_note)

    def _named(self) -> Iterator[Finding]:
        for name, message in self._errors.items():
            what = f"{PREFIX}{name.upper()} cannot be used: {message}"
            yield Finding("settings", what, CORRECT, "No command of the program starts.")
        known = [PREFIX + name.upper() for name in Settings.model_fields]
        for name in sorted(self._environment):
            if name.upper().startswith(PREFIX) and name.upper() not in known:
                near = difflib.get_close_matches(name.upper(), known, 1, cutoff=0.8)
                remedy = f"Is {near[0]} meant?" if near else "Take it away: docs/configuration.md."
                yield Finding("settings", f"{name} is no setting", remedy, "It does nothing.")

    def _address(self) -> Iterator[Finding]:
        url = self._settings.public_url
        if not url and "public_url" not in self._errors:
            remedy = "Set it to the address that visitors use."
            why = "Behind a proxy, links lead astray, and no mail can be sent."
            yield Finding("address", f"{PREFIX}PUBLIC_URL is not set", remedy, why, is_note=True)
        elif url.startswith("http:") and not is_this_machine(urlsplit(url).hostname or ""):
            what = f"{PREFIX}PUBLIC_URL={url} is not encrypted"
            remedy = "Have the proxy answer https, and begin it with https://."
            yield Finding("address", what, remedy, "Passwords can be read on their way.")
        try:
            self._refuse(self._settings)
        except SettingsError as error:
            yield Finding("address", str(error).rstrip("."), why="The server does not start.")
        trusted = self._environment.get("FORWARDED_ALLOW_IPS", "")
        if "*" in trusted:
            what = "FORWARDED_ALLOW_IPS trusts everybody"
            why = "Anybody can pretend to come from any address, and so from no limit."
            yield Finding("proxy", what, "Name the addresses of your proxies alone.", why)
        elif not trusted and url.startswith("https://"):
            what = "only a proxy on this computer is believed whom it speaks for"
            remedy = "If yours is elsewhere, or in another container: set FORWARDED_ALLOW_IPS."
            why = "All visitors would count as one, and share the limits of one."
            yield Finding("proxy", what, remedy, why, is_note=True)

    def _mail(self) -> Iterator[Finding]:
        settings = self._settings
        parts = {
            "SMTP_URL": settings.smtp_url.get_secret_value(),
            "MAIL_FROM": settings.mail_from,
            "PUBLIC_URL": settings.public_url,
        }
        missing = [f"{PREFIX}{name}" for name, value in parts.items() if not value]
        if (parts["SMTP_URL"] or parts["MAIL_FROM"]) and missing:
            what = f"no mail is sent: {' and '.join(missing)} is not set"
            remedy = "Set all three, then try `quisait mail test YOU@EXAMPLE.ORG`."
            yield Finding("mail", what, remedy, "Alerts and answers reach nobody.")

    def _encoder(self) -> Iterator[Finding]:
        cache = self._settings.cache
        try:
            cache.mkdir(parents=True, exist_ok=True)
            with TemporaryFile(dir=cache):
                pass
        except OSError as error:
            what = f"the cache folder {cache} cannot be written ({error.strerror})"
            remedy = f"Make it writable for this user, or set {PREFIX}CACHE to another."
            yield Finding("encoder", what, remedy, "Each start unpacks models again, or fails.")
        try:
            load_encoder(self._settings)
        except QuisaitError as error:
            yield Finding("encoder", str(error).rstrip("."), why="Nothing can be searched.")

    def _computer(self) -> Iterator[Finding]:
        if not shutil.which("tesseract"):
            remedy = "Install it with its French, if scans are contributed."
            why = "Pictures of texts are refused."
            yield Finding("program", "tesseract is not installed", remedy, why, is_note=True)
        if time.tzname[0] in {"UTC", "GMT"}:
            remedy = "Set TZ, such as Europe/Paris, if that is not where you are."
            why = "Digests are sent and sources read at an hour of this zone."
            yield Finding("clock", "the time zone is UTC", remedy, why, is_note=True)
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        limit = Path("/sys/fs/cgroup/memory.max")
        if limit.is_file() and (text := limit.read_text(encoding="ascii").strip()).isdigit():
            memory = min(memory, int(text))
        if memory < ENOUGH_MEMORY:
            what = f"there are {memory // 1_000_000} MB of memory"
            remedy = f"Give it {ENOUGH_MEMORY // 1_000_000} MB or more."
            yield Finding("memory", what, remedy, "The system ends the server when it runs out.")
        size = self._database.stat().st_size if self._database.is_file() else 0
        for what, folder, enough in (
            ("the base", self._settings.folder, max(ENOUGH_ROOM, 3 * size)),
            ("the cache", self._settings.cache, ENOUGH_ROOM),
        ):
            existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
            free = shutil.disk_usage(existing).free
            if free < enough:
                yield Finding(
                    "disk",
                    f"{free // 1_000_000} MB are free for {what} in {folder}",
                    f"Make room for {enough // 1_000_000} MB.",
                    "Contributions are refused when the disk is full; a rebuild and a new version "
                    "need as much as the database, and twice.",
                )

    def _base(self) -> Iterator[Finding]:
        settings = self._settings
        remedy = "See that the server runs, and lets you in." if settings.database else RESTORE
        try:
            version = schema_at(settings.store)
            if version == 0:
                what = f"{settings.database or settings.folder} has no knowledge base"
                yield Finding("base", what, f"Set {PREFIX}KB, or make one with `quisait ingest`.")
                return
            if version != migrations.SCHEMA_VERSION:
                yield _other_schema(version)
            if not settings.database:
                yield from self._folder(version)
            if version == migrations.SCHEMA_VERSION:
                yield from self._failures()
        except (KnowledgeBaseError, sqlite3.DatabaseError, OSError) as error:
            yield Finding("base", str(error).rstrip("."), remedy)
            if not settings.database and settings.folder.is_dir():
                yield from folder_findings(settings.folder)

    def _folder(self, version: int) -> Iterator[Finding]:
        if not is_writable(self._database):
            what = f"{self._database} cannot be written by this user"
            why = "It can be searched; nobody can sign in or contribute."
            yield Finding("base", what, OWNER, why)
        folder = self._settings.folder
        owners = {path.stat().st_uid for path in (folder, *folder.glob(f"{DATABASE_FILE}*"))}
        if len(owners) > 1:
            what = f"the folder {folder} and what is in it have several owners"
            why = "A command that another user ran left files that the server cannot write."
            yield Finding("base", what, OWNER, why)
        if version == migrations.SCHEMA_VERSION:
            with closing(SqliteStore.open_as_it_is(self._database)) as store:
                yield from BaseCheck(store, quick=True).run()

    def _failures(self) -> Iterator[Finding]:
        since = (datetime.now(UTC) - RECENT_FAILURE).isoformat()
        with closing(StorePool(self._settings.store)) as stores:
            failed = [
                job.message[:200]
                for job in Jobs(stores).list()
                if job.state is JobState.FAILED and job.finished_at > since
            ]
            mails = Outbox(stores).counts().failed
        if failed:
            what = f"{len(failed)} jobs failed in the last days, the last with: {failed[0]}"
            yield Finding("jobs", what, "See the page of jobs.", is_note=True)
        if mails:
            what = f"{mails} mails could not be sent"
            yield Finding("mail", what, "See `quisait mail status`.", is_note=True)

    def _backups_made(self) -> Iterator[Finding]:
        if self._backups is None:
            what, remedy = "nothing is known of your backups", "Name their folder with --backups."
            yield Finding("backups", what, remedy, is_note=True)
            return
        made = []
        for path in self._backups.glob("*") if self._backups.is_dir() else ():
            try:
                with BackupFile(path) as backup:
                    made.append(datetime.fromisoformat(backup.manifest.made_at))
            except (FileError, ValueError):
                continue
        lost = "A broken disk would lose what came since."
        if not made:
            remedy = "Have `quisait backup` run each night: docs/operations.md."
            yield Finding("backups", f"{self._backups} has no backup", remedy, lost)
        elif datetime.now(UTC) - max(made) > OLD_BACKUP:
            what = f"the newest backup in {self._backups} is of {max(made):%Y-%m-%d}"
            yield Finding("backups", what, "See why none was made since.", lost)


def _other_schema(version: int) -> Finding:
    """A note that a base will be migrated, or why it cannot be opened."""
    try:
        migrations.refuse_other(version, migrations.SCHEMA_VERSION)
    except KnowledgeBaseError as error:
        return Finding("base", str(error).rstrip("."), why="The server does not start.")
    return Finding(
        "base",
        f"it has schema {version}, this program {migrations.SCHEMA_VERSION}",
        "Back it up by the version that wrote it; the next start changes it.",
        is_note=True,
    )

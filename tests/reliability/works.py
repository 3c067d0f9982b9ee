"""Works that a process may be killed at, and what must be true of the base afterwards."""

import csv
import os
import random
import shutil
import signal
import socket
import sqlite3
import tempfile
import unicodedata
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from unittest.mock import patch

import httpx
import uvicorn

from ingest.pipeline import ingest
from kb.base_folder import ASIDE
from kb.errors import WithdrawnRecord
from kb.knowledge_base import DATABASE_FILE, KnowledgeBase
from kb.models import Actor, Case, Kind, Participation, Record, kind_of
from kb.reference.roles import Role
from kb.reference.visibility import ContactChoice, Visibility
from kb.registers.accounts import AccountRole
from kb.registers.drafts import DraftState
from kb.registers.personal_data.traits import Retention
from kb.resolution.merge_rules import SourceRow
from kb.settings import Settings
from kb.store.migrations import SCHEMA_VERSION
from kb.store.store import Store
from kb.upkeep.backup import BackupFile, back_up
from kb.upkeep.base_copy import copy_base
from kb.upkeep.restore import restore
from tests.data.schemas import SCHEMAS, unpacked
from tests.encoders import WordCountEncoder
from tests.reliability.brute_force import faults
from web.app import create_app

Tell = Callable[[str], object]
"""Called by the process with what it acknowledges, a line each."""

SAID = "said: "
"""Begins a line that says what could not be done, where a process tells what it did."""

FIRMS = 20
MODERATOR = "Camille"
FORMER, NEXT = WordCountEncoder("words-64", 64), WordCountEncoder("words-48", 48)


class Work(ABC):
    """Something that a process does with a base, `name`d in the summary.

    One that `is_driven` tells `ready`, with values for `drive`, and works from then on. One that
    `writes_beside` needs not write in the folder.
    """

    name: str
    is_driven = False
    writes_beside = False

    @abstractmethod
    def prepare(self, folder: Path, chance: random.Random) -> None:
        """Makes the folder, with a base."""

    @abstractmethod
    def run(self, folder: Path, tell: Tell) -> None:
        """Works, in the process that may be killed."""

    def drive(self, folder: Path, values: Sequence[str], tell: Tell) -> None:
        """Asks the process for what it is to do, from this one; nothing by default."""
        del folder, values, tell

    @abstractmethod
    def faults(self, folder: Path, told: Sequence[str]) -> list[str]:
        """What is wrong after a kill, given what was acknowledged."""

    @abstractmethod
    def finish(self, folder: Path) -> None:
        """Does it all again, in this process."""

    @abstractmethod
    def faults_when_done(self, folder: Path) -> list[str]:
        """What is wrong once all is done."""


class _Ingest(Work):
    """Reads a directory and cases again that have changed, and prunes."""

    name = "ingest"

    def prepare(self, folder: Path, chance: random.Random) -> None:
        make_base(folder)
        write_input(folder / "input", "nouveau", first=FIRMS // 4)

    def run(self, folder: Path, tell: Tell) -> None:
        with _opened(folder) as base:
            begin_rows, put_cases = base.begin_rows, base.ingest_cases

            def begin_rows_that_tell(source, rows, **named):  # type: ignore[no-untyped-def]
                begun = begin_rows(source, rows, **named)
                put = begun.put

                def put_and_tell(*args, **named):  # type: ignore[no-untyped-def]
                    outcomes = put(*args, **named)
                    for row in rows:
                        tell(row.actor.id)
                    return outcomes

                begun.put = put_and_tell  # type: ignore[method-assign]
                return begun

            def ingest_cases(cases, *args, **named):  # type: ignore[no-untyped-def]
                outcomes = put_cases(cases, *args, **named)
                for case in cases:
                    tell(case.id)
                return outcomes

            base.begin_rows, base.ingest_cases = begin_rows_that_tell, ingest_cases  # type: ignore[method-assign]
            report = ingest(base, [folder / "input"], prune=True, source="firms")
            assert not report.failures, report.failures
            base.save_index()
            tell("pruned")

    def faults(self, folder: Path, told: Sequence[str]) -> list[str]:
        former, new = records("ancien", 0), records("nouveau", FIRMS // 4)
        found = faults(folder, FORMER)
        stored = stored_records(folder)
        found += [
            f"{id_} is not as acknowledged"
            for id_ in told
            if id_ != "pruned" and not is_as(stored.get(id_), new[id_])
        ]
        found += [
            f"{id_} is neither former nor new"
            for id_, record in stored.items()
            if not is_as(record, former.get(id_)) and not is_as(record, new.get(id_))
        ]
        gone = former.keys() - stored.keys()
        if gone and not set(told) >= new.keys():
            found.append(f"{gone} went before all was read")
        if gone - (former.keys() - new.keys()):
            found.append(f"{gone} went, and are listed")
        return found

    def finish(self, folder: Path) -> None:
        self.run(folder, str)

    def faults_when_done(self, folder: Path) -> list[str]:
        new, stored = records("nouveau", FIRMS // 4), stored_records(folder)
        wrong = [id_ for id_ in {*new, *stored} if not is_as(stored.get(id_), new.get(id_))]
        return [*faults(folder, FORMER), *(f"{id_} is not as in the input" for id_ in wrong)]


class _Rebuild(Work):
    """Takes up another encoder."""

    name = "rebuild"

    def prepare(self, folder: Path, chance: random.Random) -> None:
        make_base(folder)

    def run(self, folder: Path, tell: Tell) -> None:
        with _opened(folder, NEXT) as base:
            assert base.rebuild().problems == ()
            tell("rebuilt")

    def faults(self, folder: Path, told: Sequence[str]) -> list[str]:
        with closing(sqlite3.connect(folder / DATABASE_FILE)) as connection:
            (fingerprint,) = connection.execute(
                "select value from properties where name = 'encoder'"
            ).fetchone()
        encoder = FORMER if fingerprint == FORMER.fingerprint else NEXT
        found = [*faults(folder, encoder), *_changes(folder, records("ancien", 0))]
        if told and encoder is not NEXT:
            found.append("it is not rebuilt, and said so")
        # Others write meanwhile: their records must be in the next state.
        with _opened(folder, encoder) as base:
            base.put([_LATE])
        return found

    def finish(self, folder: Path) -> None:
        self.run(folder, str)

    def faults_when_done(self, folder: Path) -> list[str]:
        with closing(sqlite3.connect(folder / DATABASE_FILE)) as connection:
            left = connection.execute(
                "select name from sqlite_master where name like 'side%' and type = 'table'"
                " or type = 'trigger'"
                " union all select encoder from embeddings where encoder != ?",
                [NEXT.fingerprint],
            ).fetchall()
        found = [f"{name} is left" for (name,) in left]
        return (
            found
            + faults(folder, NEXT)
            + _changes(folder, {**records("ancien", 0), _LATE.id: _LATE})
        )


class _Migration(Work):
    """Opens a base that an earlier version made."""

    name = "migrate"

    def prepare(self, folder: Path, chance: random.Random) -> None:
        folder.mkdir()
        unpacked(chance.choice([*SCHEMAS]), folder / DATABASE_FILE)

    def run(self, folder: Path, tell: Tell) -> None:
        Store.open(folder / DATABASE_FILE).close()
        tell("migrated")

    def faults(self, folder: Path, told: Sequence[str]) -> list[str]:
        with closing(sqlite3.connect(folder / DATABASE_FILE)) as connection:
            (told_by_sqlite,) = connection.execute("pragma integrity_check").fetchone()
            (version,) = connection.execute("pragma user_version").fetchone()
            counts = [
                connection.execute(f"select count(*) from {table}").fetchone()[0]
                for table in ("actors", "cases")
            ]
        found = [] if told_by_sqlite == "ok" else [told_by_sqlite]
        if told and version != SCHEMA_VERSION:
            found.append(f"it is of schema {version}, and was acknowledged")
        if counts != [3, 1]:
            found.append(f"it has {counts} actors and cases")
        return found

    def finish(self, folder: Path) -> None:
        with _opened(folder) as base:
            base.rebuild()

    def faults_when_done(self, folder: Path) -> list[str]:
        return [*faults(folder, FORMER), *self.faults(folder, ["migrated"])]


class _Decisions(Work):
    """Asks a server, over HTTP, to publish, withdraw and erase."""

    is_driven = True

    def run(self, folder: Path, tell: Tell) -> None:
        with _opened(folder) as base, socket.create_server(("127.0.0.1", 0)) as bound:
            app = create_app(base, Settings(kb=folder))
            config = uvicorn.Config(app, log_level="warning", lifespan="off")
            server = uvicorn.Server(config)
            tell(f"ready {bound.getsockname()[1]} {os.getpid()}")
            server.run(sockets=[bound])

    def drive(self, folder: Path, values: Sequence[str], tell: Tell) -> None:
        port, pid = map(int, values)
        token = (folder / "token").read_text(encoding="utf-8")
        headers = {"Authorization": f"Bearer {token}", "If-Match": '"1"'}
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=300) as client:
            try:
                for path in (folder / "asked").read_text(encoding="utf-8").split():
                    answer = client.post(path, headers=headers, json={})
                    tell(path if answer.is_success else f"{SAID}{answer.status_code} {answer.text}")
            except httpx.TransportError:
                return
        os.kill(pid, 15)

    @abstractmethod
    def do_again(self, base: KnowledgeBase, path: str) -> None:
        """Does what the request to a path asks for, unless it is done."""

    def finish(self, folder: Path) -> None:
        with _opened(folder) as base:
            for path in (folder / "asked").read_text(encoding="utf-8").split():
                self.do_again(base, path)


class _Publish(_Decisions):
    name = "publish"

    def prepare(self, folder: Path, chance: random.Random) -> None:
        make_base(folder)
        with _opened(folder) as base:
            drafts = [
                base.drafts.add(record, by=MODERATOR, origin="")
                for record in records("publié", FIRMS, FIRMS + 10).values()
            ]
        paths = [f"/api/contributions/{draft.id}/publish" for draft in drafts]
        (folder / "asked").write_text("\n".join(paths), encoding="utf-8")

    def faults(self, folder: Path, told: Sequence[str]) -> list[str]:
        found = faults(folder, FORMER)
        stored = stored_records(folder)
        published = records("publié", FIRMS, FIRMS + 10)
        with _opened(folder) as base:
            for path in (folder / "asked").read_text(encoding="utf-8").split():
                draft = base.drafts.get(path.split("/")[-2])
                is_there = draft.record.id in stored
                if is_there != (draft.state is DraftState.PUBLISHED):
                    found.append(f"{draft.record.id} is {draft.state}, and there: {is_there}")
                if path in told and not is_there:
                    found.append(f"{draft.record.id} was acknowledged and is not there")
        return found + _changes(folder, {**records("ancien", 0), **published}, missing=True)

    def do_again(self, base: KnowledgeBase, path: str) -> None:
        draft = base.drafts.get(path.split("/")[-2])
        if draft.state is not DraftState.PUBLISHED:
            base.publish(draft.id, by=MODERATOR, revision=draft.revision)

    def faults_when_done(self, folder: Path) -> list[str]:
        wanted = {**records("ancien", 0), **records("publié", FIRMS, FIRMS + 10)}
        return [*faults(folder, FORMER), *_changes(folder, wanted)]


class _Withdraw(_Decisions):
    """Withdraws and erases in turn."""

    name = "withdraw"

    def prepare(self, folder: Path, chance: random.Random) -> None:
        make_base(folder)
        paths = [
            f"/api/{kind_of(record)}s/{id_}/{'erase' if number % 3 == 2 else 'withdraw'}"
            for number, (id_, record) in enumerate(records("ancien", 0).items())
        ][: FIRMS // 2]
        (folder / "asked").write_text("\n".join(paths), encoding="utf-8")

    def faults(self, folder: Path, told: Sequence[str]) -> list[str]:
        found = faults(folder, FORMER)
        stored = stored_records(folder)
        former = records("ancien", 0)
        files = b"".join(path.read_bytes() for path in folder.glob("*.sqlite*"))
        for path in told:
            *_, id_, verb = path.split("/")
            if id_ in stored:
                found.append(f"{id_} is there, and {verb} was acknowledged")
            record = former.get(id_)
            if verb == "erase" and isinstance(record, Actor) and record.name.encode() in files:
                found.append(f"{id_} is in the files, and its erasure was acknowledged")
        with _opened(folder) as base:
            for id_, record in former.items():
                if (id_ in stored) is (base.withdrawal(kind_of(record), id_) is not None):
                    found.append(f"{id_} is half withdrawn")
        return found + _changes(folder, former, missing=True)

    def do_again(self, base: KnowledgeBase, path: str) -> None:
        *_, kind, id_, verb = path.split("/")
        if verb == "erase":
            base.erase(Kind(kind.removesuffix("s")), id_, by=MODERATOR)
        elif base.withdrawal(Kind(kind.removesuffix("s")), id_) is None:
            base.withdraw(Kind(kind.removesuffix("s")), id_, by=MODERATOR)

    def faults_when_done(self, folder: Path) -> list[str]:
        asked = (folder / "asked").read_text(encoding="utf-8").split()
        return self.faults(folder, asked)


class _Choice(Work):
    """Chooses that nobody sees the contacts of a source."""

    name = "forget contacts"

    def prepare(self, folder: Path, chance: random.Random) -> None:
        make_base(folder)
        with _opened(folder) as base:
            base.ingest_actors("annuaire", [SourceRow(firm) for firm in _with_numbers()])
            base.save_index()

    def run(self, folder: Path, tell: Tell) -> None:
        with _opened(folder) as base:
            if base.contact_choices.of("annuaire") != _NOBODY:
                base.begin_choice("annuaire", _NOBODY)
            tell("chosen")
            base.finish_choices()
            # Who was killed before the files were clean leaves that to the server, each hour.
            base.personal_data.forget_old(Retention.of(Settings(kb=folder)))
            tell("forgotten")

    def faults(self, folder: Path, told: Sequence[str]) -> list[str]:
        found, stored = faults(folder, FORMER), stored_records(folder)
        files = b"".join(path.read_bytes() for path in folder.glob("*.sqlite*"))
        for firm in _with_numbers():
            now = stored[firm.id]
            if "chosen" in told and isinstance(now, Actor) and now.public.phone:
                found.append(f"{firm.id} shows its number, and was chosen not to")
            if "forgotten" in told and firm.phone[0].encode() in files:
                found.append(f"{firm.phone} is in the files, and was said to be forgotten")
        return found

    def finish(self, folder: Path) -> None:
        self.run(folder, str)

    def faults_when_done(self, folder: Path) -> list[str]:
        return self.faults(folder, ["chosen", "forgotten"])


class _Together(Work):
    """Ingests, while another process rebuilds with the same encoder and a third publishes."""

    name = "ingest, rebuild and publish at once"

    def prepare(self, folder: Path, chance: random.Random) -> None:
        _INGEST.prepare(folder, chance)
        with closing(sqlite3.connect(folder / DATABASE_FILE)) as connection, connection:
            connection.execute("delete from embeddings where rowid % 2")

    def run(self, folder: Path, tell: Tell) -> None:
        others = [_beside(folder, self._rebuild), _beside(folder, self._put)]
        _INGEST.run(folder, tell)
        _wait_for(others)

    def _rebuild(self, base: KnowledgeBase) -> None:
        base.rebuild()

    def _put(self, base: KnowledgeBase) -> None:
        for record in records("publié", FIRMS, FIRMS + 10).values():
            base.put([record])

    def faults(self, folder: Path, told: Sequence[str]) -> list[str]:
        return []

    def finish(self, folder: Path) -> None:
        with _opened(folder) as base:
            self._put(base)
            base.rebuild()
        _INGEST.finish(folder)

    def faults_when_done(self, folder: Path) -> list[str]:
        return faults(folder, FORMER)


class _Backup(Work):
    """Backs the base up twice, to one file, while another process ingests."""

    name = "backup"

    def prepare(self, folder: Path, chance: random.Random) -> None:
        _INGEST.prepare(folder, chance)

    def run(self, folder: Path, tell: Tell) -> None:
        others = [_beside(folder, lambda base: ingest(base, [folder / "input"], source="firms"))]
        for number in range(2):
            back_up(Settings(kb=folder), folder / "backup.zip", overwrite=number > 0)
            tell("backed up")
        _wait_for(others)

    def faults(self, folder: Path, told: Sequence[str]) -> list[str]:
        found = faults(folder, FORMER)
        if not (folder / "backup.zip").exists():
            return [*found, "the backup is not there"] if told else found
        with (
            BackupFile(folder / "backup.zip") as backup,
            tempfile.TemporaryDirectory() as unpacked_to,
        ):
            backup.verify()
            backup.unpack(Path(unpacked_to))
            in_backup = faults(Path(unpacked_to), FORMER)
        return [*found, *(f"in the backup: {line}" for line in in_backup)]

    def finish(self, folder: Path) -> None:
        (folder / "backup.zip").unlink(missing_ok=True)
        self.run(folder, str)

    def faults_when_done(self, folder: Path) -> list[str]:
        return self.faults(folder, ["backed up"])


class _Remains(Work):
    """Copies a base in some way; then a firm is erased, of which no copy that was broken off says.

    What is whole is kept by intent: a backup, a copy that came out, what was put aside.
    """

    def __init__(self, name: str, do: Callable[[Settings, Path], object]) -> None:
        self.name = name
        self.writes_beside = name in {"copy", "back up alone"}
        self._do = do

    def prepare(self, folder: Path, chance: random.Random) -> None:
        make_base(folder)
        shutil.rmtree(folder / "input")
        (folder / "token").unlink()
        back_up(Settings(kb=folder), _made(folder))

    def run(self, folder: Path, tell: Tell) -> None:
        with patch("kb.upkeep.check.load_encoder", lambda _: FORMER):
            self._do(Settings(kb=folder), folder)
        tell("done")

    def faults(self, folder: Path, told: Sequence[str]) -> list[str]:
        if _copy(folder).with_suffix(".zip").exists() or (_copy(folder) / DATABASE_FILE).exists():
            # As a person would, of whom somebody asks to be erased.
            _copy(folder).with_suffix(".zip").unlink(missing_ok=True)
        elif told and self.writes_beside:
            return ["it is not there, and was acknowledged"]
        shutil.rmtree(_copy(folder), ignore_errors=True)  # as the next copy does
        if not (folder / DATABASE_FILE).exists():
            return []  # killed between two renamings: there is no base until it is restored again
        with _opened(folder) as base:
            with suppress(WithdrawnRecord):
                base.actor(ERASED)
                base.erase(Kind.ACTOR, ERASED, by=MODERATOR)
            base.personal_data.unreached()
        return [
            f"{name} says who was erased"
            for place in folder.parent.glob(f"{folder.name}*")
            if place != _made(folder)
            for name in files_saying(ERASED_WORD, place)
            if ASIDE not in name
        ]

    def finish(self, folder: Path) -> None:
        shutil.rmtree(_copy(folder), ignore_errors=True)
        self.run(folder, str)

    def faults_when_done(self, folder: Path) -> list[str]:
        return self.faults(folder, ["done"])


ERASED, ERASED_WORD = "firme-13", "Numéro13"
"""A firm, and what it alone says."""


def files_saying(word: str, place: Path) -> list[str]:
    """The files in a folder, or a file, that have a word, the members of zips among them.

    In any case, with accents or without, in UTF-8 or UTF-16.
    """
    forms = {word.lower(), unicodedata.normalize("NFD", word.lower()).replace("\u0301", "")}
    sought = [form.encode(code) for form in forms for code in ("utf-8", "utf-16-le", "utf-16-be")]
    found = []
    for path in [place, *place.rglob("*")]:
        contents = {str(path): path.read_bytes()} if path.is_file() else {}
        if path.is_file() and zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as packed:
                contents |= {f"{path}: {name}": packed.read(name) for name in packed.namelist()}
        found += [
            name
            for name, content in contents.items()
            if any(form in content.decode("latin-1").lower().encode("latin-1") for form in sought)
            or word.encode() in content
        ]
    return found


def _made(folder: Path) -> Path:
    """The backup that a base is restored from, beside its folder."""
    return folder.with_name(f"{folder.name}-made.zip")


def _copy(folder: Path) -> Path:
    """The place of a copy, beside a folder."""
    return folder.with_name(f"{folder.name}-copy")


def _rebuild(_settings: Settings, folder: Path) -> None:
    with _opened(folder, NEXT) as base:
        base.rebuild()


def _beside(folder: Path, do: Callable[[KnowledgeBase], object]) -> int:
    """The id of another process that does something with the base meanwhile."""
    pid = os.fork()
    if pid == 0:
        with _opened(folder) as base:
            do(base)
        os._exit(0)
    return pid


def _wait_for(pids: Sequence[int]) -> None:
    """Waits until processes have ended; one that met with the last tick was killed."""
    for pid in pids:
        _, status = os.waitpid(pid, 0)
        assert status in {0, signal.SIGKILL}, status


def _firm(number: int, word: str) -> Actor:
    return Actor(
        id=f"firme-{number}",
        name=f"Atelier Numéro{number}",
        description=f"L'atelier {number} coud du {word} en série {number % 5}. Il livre vite.",
        place="Saint-Junien",
        department="87",
        country="FR",
        lang="fr",
    )


def _case(number: int, word: str) -> Case:
    return Case(
        id=f"cas-{number}",
        title=f"Un besoin numéro {number}",
        text=f"La mairie cherchait du {word} numéro {number}.\n\nUn atelier a dit oui.",
        need=f"Trouver du {word}",
        date="2026-11-20",
        moderated="2026-11-21",
        participants=(Participation("Atelier", Role.PRODUCER, f"firme-{number}", "coud"),),
    )


_LATE = _firm(99, "tardif")
_NOBODY = ContactChoice(Visibility.NONE)


def _with_numbers() -> list[Actor]:
    """Firms that have a telephone number."""
    return [
        replace(_firm(number, "long"), id=f"joignable-{number}", phone=(f"+335364900{number}",))
        for number in range(FIRMS, 2 * FIRMS)
    ]


def records(word: str, first: int, last: int = FIRMS) -> dict[str, Record]:
    """The records of a state of the input, by id: cases are a quarter of them."""
    firms: list[Record] = [_firm(number, word) for number in range(first, last)]
    cases: list[Record] = [_case(number, word) for number in range(first, last, 4)]
    return {record.id: record for record in firms + cases}


def write_input(folder: Path, word: str, first: int = 0) -> None:
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    with (folder / "firms.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "name", "description", "place", "department", "country", "lang"])
        for record in records(word, first).values():
            if isinstance(record, Actor):
                writer.writerow(
                    [
                        record.id,
                        record.name,
                        record.description,
                        record.place,
                        record.department,
                        record.country,
                        record.lang,
                    ]
                )
            else:
                (folder / f"{record.id}.md").write_text(_as_markdown(record), encoding="utf-8")


def _as_markdown(case: Case) -> str:
    (part,) = case.participants
    return (
        f"---\nid: {case.id}\ntitle: {case.title}\ndate: {case.date}\n"
        f"moderated: {case.moderated}\nneed: {case.need}\nparticipants:\n"
        f"  - name: {part.name}\n    role: {part.role.value}\n    id: {part.actor_id}\n"
        f"    contribution: {part.contribution}\n---\n{case.text}\n"
    )


def make_base(folder: Path) -> None:
    """A base of the former state of the input, with a moderator and her token."""
    shutil.copytree(_template().name, folder)


@cache
def _template() -> "tempfile.TemporaryDirectory[str]":
    """Such a base, made once."""
    made = tempfile.TemporaryDirectory()
    folder = Path(made.name)
    Store.open(folder / DATABASE_FILE, create=True).close()
    write_input(folder / "input", "ancien")
    with _opened(folder) as base:
        report = ingest(base, [folder / "input"], source="firms")
        assert not report.failures, report.failures
        base.save_index()
        base.accounts.add(MODERATOR, "du cirage au gel", AccountRole.ADMINISTRATOR)
        token = base.accounts.issue_token(MODERATOR, "kills")
    (folder / "token").write_text(token, encoding="utf-8")
    return made


@contextmanager
def _opened(folder: Path, encoder: WordCountEncoder = FORMER) -> Iterator[KnowledgeBase]:
    base = KnowledgeBase(folder, lambda: encoder, trade_index=None)
    with closing(base):
        yield base


def stored_records(folder: Path) -> dict[str, Record]:
    with closing(Store.open(folder / DATABASE_FILE)) as store:
        return {
            id_: record
            for kind in Kind
            for id_, record in store.records(kind, store.ids(kind)).items()
        }


def is_as(stored: Record | None, wanted: Record | None) -> bool:
    """Whether a record is stored as it was wanted, as far as the input says."""
    if stored is None or wanted is None:
        return stored is wanted
    if isinstance(stored, Actor):
        return isinstance(wanted, Actor) and stored == wanted
    return isinstance(wanted, Case) and (stored.title, stored.text, stored.need) == (
        wanted.title,
        wanted.text,
        wanted.need,
    )


def _changes(folder: Path, wanted: Mapping[str, Record], *, missing: bool = False) -> list[str]:
    """The records that are not as wanted; some may be `missing`."""
    stored = stored_records(folder)
    return [
        f"{id_} is another, or missing"
        for id_ in {*stored, *wanted}
        if not is_as(stored.get(id_), wanted.get(id_)) and not (missing and id_ not in stored)
    ]


_INGEST = _Ingest()
WORKS: tuple[Work, ...] = (
    _INGEST,
    _Publish(),
    _Withdraw(),
    _Rebuild(),
    _Migration(),
    _Choice(),
    _Together(),
    _Backup(),
    _Remains("restore", lambda kb, folder: restore(_made(folder), kb, replace=True)),
    _Remains("rebuild and erase", _rebuild),
    _Remains(
        "back up alone",
        lambda kb, folder: back_up(kb, _copy(folder).with_suffix(".zip"), overwrite=True),
    ),
    _Remains("copy", lambda kb, folder: copy_base(kb, Settings(kb=_copy(folder)))),
)

"""The script that upgrades a server: what it does in which order, and how it goes back.

Its programs are stand-ins that write down how they are called; one fails where a test asks it to.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from tests.deployment.proxies import ROOT

pytestmark = pytest.mark.thorough

# Stands for Python: makes the environment of a release, whose program is another stand-in.
PYTHON = """#!/bin/sh
case "$*" in
  "-m venv "*) mkdir -p "$3/bin" && cp "$STANDINS/python" "$STANDINS/quisait" "$3/bin/" ;;
  *"pip install"*) echo "pip $*" | sed "s|$SOURCE|SOURCE|g" >> "$CALLS"; [ "$FAILS" != pip ] ;;
  *) echo "asked whether it serves" >> "$CALLS"
    [ "$FAILS" != serves ] || readlink "$STANDINS/../program/current" | grep -q /0.0.9- ;;
esac
"""
QUISAIT = """#!/bin/sh
release=$(basename "$(dirname "$(dirname "$0")")" | cut -d- -f1)
if [ "$*" = "status --schema" ]; then
  echo "$release: quisait status --schema" >> "$CALLS"
  [ "$FAILS" != schema ] && cat "$STANDINS/schema"
  exit
fi
echo "$release: quisait $1" >> "$CALLS"
case "$1" in
  backup) touch "$2" ;;
  restore) [ -e "$2" ] ;;
esac
[ "$FAILS" != "$1" ]
"""
SYSTEMCTL = """#!/bin/sh
echo "systemctl $*" >> "$CALLS"
"""


@dataclass(frozen=True, slots=True)
class Server:
    folder: Path

    def upgrade(self, fails: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.folder / "source" / "deploy" / "upgrade"],
            capture_output=True,
            text=True,
            check=False,
            env={
                **os.environ,
                "PATH": f"{self.folder / 'standins'}:{os.environ['PATH']}",
                "PYTHON": str(self.folder / "standins" / "python"),
                "STANDINS": str(self.folder / "standins"),
                "SOURCE": str(self.folder / "source"),
                "CALLS": str(self.folder / "calls"),
                "FAILS": fails,
                "RUN_AS": "",
                "READY_S": "0",
                "QUISAIT_HOME": str(self.folder / "program"),
                "QUISAIT_KB": str(self.folder / "kb"),
                "QUISAIT_BACKUPS": str(self.folder / "backups"),
                "QUISAIT_SETTINGS": str(self.folder / "quisait.env"),
                **environment,
            },
        )

    @property
    def calls(self) -> list[str]:
        return (self.folder / "calls").read_text().splitlines()

    @property
    def current(self) -> str:
        return (self.folder / "program" / "current").resolve().name.partition("-")[0]


def server_with(folder: Path, **standins: str) -> Server:
    """A server on which 0.0.9 serves a knowledge base, with stand-ins for programs."""
    (folder / "standins").mkdir()
    for name, text in standins.items():
        (folder / "standins" / name).write_text(text)
        (folder / "standins" / name).chmod(0o755)
    old = folder / "program" / "releases" / "0.0.9-20260101T000000"
    (old / "bin").mkdir(parents=True)
    shutil.copy(folder / "standins" / "quisait", old / "bin")
    (folder / "program" / "current").symlink_to(old)
    source = folder / "source"
    (source / "deploy").mkdir(parents=True)
    for name in ("upgrade", "quisait"):
        shutil.copy(ROOT / "deploy" / name, source / "deploy")
    for name in ("requirements.lock", "requirements-cuda.lock", "requirements-build.lock"):
        (source / name).touch()
    (source / "pyproject.toml").write_text('version = "0.1.0"\n')
    (folder / "backups").mkdir()
    return Server(folder)


@pytest.fixture
def server(tmp_path: Path) -> Server:
    made = server_with(tmp_path, python=PYTHON, quisait=QUISAIT, systemctl=SYSTEMCTL)
    (tmp_path / "standins" / "schema").write_text("29")
    return made


def test_it_installs_stops_backs_up_switches_checks_and_starts(server: Server) -> None:
    done = server.upgrade()
    assert done.returncode == 0, done.stderr
    installed, after = server.calls[:3], server.calls[3:]
    flags = "--require-hashes --only-binary :all: -r SOURCE"
    pip = "pip -m pip install --quiet --disable-pip-version-check"
    assert installed == [
        f"{pip} {flags}/requirements-build.lock",
        f"{pip} {flags}/requirements.lock -r SOURCE/requirements-cuda.lock",
        f"{pip} --no-deps --no-build-isolation SOURCE",
    ]
    assert after == [
        "0.1.0: quisait --version",
        "0.1.0: quisait status --schema",
        "systemctl stop quisait",
        "0.0.9: quisait backup",
        "0.1.0: quisait status",
        "0.1.0: quisait rebuild",
        "0.1.0: quisait check",
        "systemctl start quisait",
        "asked whether it serves",
    ]
    assert server.current == "0.1.0"


def test_what_cannot_be_brought_back_is_said(server: Server) -> None:
    """The new version has migrated, and there is no room for the backup."""
    for name in ("quisait", "program/current/bin/quisait"):
        path = server.folder / ("standins/quisait" if name == "quisait" else name)
        path.write_text(
            path.read_text().replace('[ -e "$2" ]', 'echo 30 > "$STANDINS/schema"; exit 1')
        )
    done = server.upgrade("check")
    assert done.returncode == 1
    assert "upgrade: nothing serves: see what is said above; the backup is" in done.stderr
    assert server.calls[-1] == "0.1.0: quisait status --schema"


@pytest.mark.parametrize("fails", ["status", "serves"])
def test_what_fails_after_the_backup_brings_back_version_and_backup(
    server: Server, fails: str
) -> None:
    done = server.upgrade(fails)
    assert done.returncode == 1
    assert "the version before serves again" in done.stderr
    assert server.calls[-4:] == [
        "systemctl stop quisait",
        "0.0.9: quisait restore",
        "systemctl start quisait",
        "asked whether it serves",
    ]
    assert server.current == "0.0.9"


def test_without_a_backup_nothing_is_changed(server: Server) -> None:
    done = server.upgrade("backup")
    assert done.returncode == 1
    assert "0.1.0: quisait status" not in server.calls
    assert "0.0.9: quisait restore" not in server.calls
    assert server.calls[-2:] == ["systemctl start quisait", "asked whether it serves"]
    assert server.current == "0.0.9"


def test_what_cannot_be_installed_leaves_the_server_alone(server: Server) -> None:
    done = server.upgrade("pip")
    assert done.returncode != 0
    assert "nothing was changed" in done.stderr
    assert not any(call.startswith(("systemctl", "0.0.9")) for call in server.calls)
    assert [one.name for one in (server.folder / "program" / "releases").iterdir()] == [
        "0.0.9-20260101T000000"
    ]


def test_a_build_of_torch_that_the_lock_does_not_know_is_refused(server: Server) -> None:
    (server.folder / "torch-2.0-py3-none-any.whl").write_bytes(b"another")
    done = server.upgrade(WHEELS=str(server.folder))
    assert done.returncode != 0
    assert "is not in requirements.lock" in done.stderr
    (server.folder / "source" / "requirements.lock").write_text(
        f"--hash=sha256:{sha256(b'another').hexdigest()}\n"
    )
    done = server.upgrade(WHEELS=str(server.folder))
    assert done.returncode == 0, done.stderr
    assert any("--no-index" in call for call in server.calls)
    assert not any("requirements-cuda.lock" in call for call in server.calls)


def test_the_latest_releases_stay(server: Server) -> None:
    for number in range(4):
        assert server.upgrade().returncode == 0, number
        newest = (server.folder / "program" / "current").resolve()
        # Each is another release, though all are made within a second.
        newest.rename(newest.with_name(f"{newest.name}{number}"))
        (server.folder / "program" / "current").unlink()
        (server.folder / "program" / "current").symlink_to(
            newest.with_name(f"{newest.name}{number}")
        )
    releases = sorted((server.folder / "program" / "releases").iterdir())
    assert len(releases) == 3
    assert (server.folder / "program" / "current").resolve() in releases


def test_a_command_has_the_settings_of_the_service(server: Server) -> None:
    settings = server.folder / "quisait.env"
    settings.write_text('QUISAIT_MAIL_FROM="Qui sait faire ? <a@kb.example>"\n')
    program = server.folder / "program" / "current" / "bin" / "quisait"
    program.write_text('#!/bin/sh\nenv | grep ^QUISAIT_ | sort\necho "$@"\n')
    done = subprocess.run(
        [server.folder / "source" / "deploy" / "quisait", "doctor", "--backups", "a folder"],
        capture_output=True,
        text=True,
        check=True,
        env={
            "PATH": os.environ["PATH"],
            "RUN_AS": "",
            "QUISAIT_HOME": str(server.folder / "program"),
            "QUISAIT_SETTINGS": str(settings),
        },
    )
    assert done.stdout.splitlines() == [
        "QUISAIT_CACHE=/var/cache/quisait",
        "QUISAIT_KB=/var/lib/quisait/kb",
        "QUISAIT_MAIL_FROM=Qui sait faire ? <a@kb.example>",
        "doctor --backups a folder",
    ]

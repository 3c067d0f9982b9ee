"""An upgrade of a real base, in each engine, by real programs; only pip and systemd are stand-ins.

The new version migrates the base, and in one test then finds fault with it.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kb.address import Place, PostgresAddress
from kb.knowledge_base import KnowledgeBase
from kb.settings import Settings
from kb.store import migrations
from kb.store.pool import schema_at
from kb.upkeep.base_copy import copy_base
from tests.deployment.programs import SPOILT
from tests.deployment.proxies import ROOT
from tests.deployment.test_upgrade import Server, server_with
from tests.kb.records import RECORDS
from tests.kb.upkeep.places import content, given, settings
from tests.postgres import PostgresServer

pytestmark = pytest.mark.thorough

PYTHON = """#!/bin/sh
case "$*" in
  "-m venv "*) mkdir -p "$3/bin" && cp "$STANDINS/python" "$STANDINS/quisait" "$3/bin/" ;;
  *"pip install"*) ;;
  # The site answers if its program does.
  *) "$DEPLOY/quisait" status > "$STANDINS/found" ;;
esac
"""
QUISAIT = """#!/bin/sh
release=$(basename "$(dirname "$(dirname "$(readlink -f "$0")")")" | cut -d- -f1)
cd "$ROOT" && exec "$OWN_PYTHON" -m tests.deployment.programs "$release" "$@"
"""
SYSTEMCTL = """#!/bin/sh
echo "$1" > "$STANDINS/service"
"""


@pytest.fixture(params=["folder", "address"])
def place(
    request: pytest.FixtureRequest, base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    """A base that 0.0.9 serves."""
    monkeypatch.setenv("QUISAIT_CACHE", str(base.folder.parent / "cache"))
    base.put(RECORDS)
    base.close()
    if request.param == "folder":
        yield base.folder
        return
    postgres: PostgresServer = request.getfixturevalue("postgres")
    address = PostgresAddress(postgres.create("upgraded"))
    copy_base(settings(base.folder), settings(address))
    yield address
    postgres.drop("upgraded")


def upgrade(place: Place, tmp_path: Path, fails: str = "") -> subprocess.CompletedProcess[str]:
    server = server_with(tmp_path, python=PYTHON, quisait=QUISAIT, systemctl=SYSTEMCTL)
    (tmp_path / "quisait.env").write_text(f'QUISAIT_KB="{given(place)}"\n')
    return server.upgrade(
        fails,
        DEPLOY=str(tmp_path / "source" / "deploy"),
        ROOT=str(ROOT),
        OWN_PYTHON=sys.executable,
        QUISAIT_KB=given(place),
        QUISAIT_TRADE_INDEX="off",
    )


def test_an_upgrade_backs_up_migrates_and_serves(place: Place, tmp_path: Path) -> None:
    done = upgrade(place, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == "upgrade: 0.1.0 serves"
    assert Server(tmp_path).current == "0.1.0"
    assert schema_at(settings(place).store) == migrations.SCHEMA_VERSION + 1
    assert (tmp_path / "standins" / "service").read_text() == "start\n"
    assert "actors  3" in (tmp_path / "standins" / "found").read_text()
    (backup,) = (tmp_path / "backups").iterdir()
    assert backup.name.startswith("before-0.1.0-")


def test_an_upgrade_that_fails_after_it_migrated_comes_back(place: Place, tmp_path: Path) -> None:
    before = content(place)
    done = upgrade(place, tmp_path, "check")
    assert done.returncode == 1, done.stderr
    assert "upgrade: the version before serves again" in done.stderr
    assert "0.1.0: check failed, as was asked for" in done.stderr
    assert Server(tmp_path).current == "0.0.9"
    assert schema_at(settings(place).store) == migrations.SCHEMA_VERSION
    after = content(place)
    assert after["actors"] == before["actors"]
    assert SPOILT not in str(after)
    assert {name: len(rows) for name, rows in after.items()} == {
        name: len(rows) for name, rows in before.items()
    }
    assert (tmp_path / "standins" / "service").read_text() == "start\n"
    assert "actors  3" in (tmp_path / "standins" / "found").read_text()
    with_word_counts = KnowledgeBase.open(settings(place))
    ((what, _),) = with_word_counts.personal_data.unreached()
    assert what.value == "aside"
    with_word_counts.close()


def test_a_base_that_cannot_be_reached_is_none_that_is_empty(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    address = PostgresAddress(f"postgresql:///none?host={tmp_path / 'none'}")
    done = upgrade(address, tmp_path)
    assert done.returncode == 1
    *_, why, last = done.stderr.splitlines()
    assert why.startswith("quisait: postgresql:///none: ")
    assert last == "upgrade: nothing was changed"
    assert Server(tmp_path).current == "0.0.9"
    assert not (tmp_path / "standins" / "service").exists()


def test_before_there_is_a_base_it_says_so(postgres: PostgresServer, tmp_path: Path) -> None:
    address = PostgresAddress(postgres.create("empty_yet"))
    done = upgrade(address, tmp_path)
    postgres.drop("empty_yet")
    assert done.returncode == 0, done.stderr
    assert "0.1.0 is installed. There is no knowledge base yet" in done.stderr
    assert Settings.from_environment(kb=given(address)).database == address

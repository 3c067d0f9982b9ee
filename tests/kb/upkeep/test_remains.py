"""What a killed process leaves of a base is deleted, or named to who asks what is kept of them."""

import os
import signal
from collections.abc import Callable
from contextlib import closing
from io import BytesIO
from pathlib import Path

import pytest
from click.testing import CliRunner

from kb.address import Place, PostgresAddress
from kb.knowledge_base import KnowledgeBase
from kb.models import Kind
from kb.upkeep.backup import back_up
from kb.upkeep.base_copy import copy_base
from kb.upkeep.restore import restore
from kb.whole_file import SCRATCH, delete_abandoned, scratch_folder
from tests.encoders import WordCountEncoder
from tests.kb.upkeep.places import NewPlace, settings
from tests.reliability.bases import files_saying
from web.cli import main

SAID = "met des spiritueux en bouteilles"
"""Of the actor `matha` alone."""


@pytest.fixture(autouse=True)
def _word_counts_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("kb.knowledge_base", "kb.upkeep.check"):
        monkeypatch.setattr(f"{module}.load_encoder", lambda _: WordCountEncoder())


def killed(work: Callable[[], object], at: str) -> None:
    """Has another process work, which is killed where it calls a function."""
    pid = os.fork()
    if pid == 0:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(at, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
            work()
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


@pytest.fixture
def place(filled: KnowledgeBase, new_place: NewPlace) -> Place:
    filled.close()
    copy_base(settings(filled.folder), settings(new_place("named")))
    return new_place("named")


@pytest.mark.parametrize("work", ["back up", "restore"])
def test_an_erasure_reaches_what_killed_processes_left(
    place: Place, tmp_path: Path, work: str
) -> None:
    made = tmp_path / "made.zip"
    base = settings(place)
    back_up(base, made)
    works: dict[str, tuple[Callable[[], object], str]] = {
        "back up": (lambda: back_up(base, BytesIO()), "kb.upkeep.backup._pack"),
        "restore": (lambda: restore(made, base, replace=True), "kb.upkeep.restore.check_base"),
    }
    killed(*works[work])
    assert list(base.folder.glob(f"{SCRATCH}*/ready/*"))
    assert files_saying(SAID, base.folder)
    with closing(KnowledgeBase.open(base)) as opened:
        opened.erase(Kind.ACTOR, "matha", by="")
        assert [what.value for what, _ in opened.personal_data.unreached()] == ["upload", "upload"]
    assert not list(base.folder.glob(f"{SCRATCH}*"))
    assert not files_saying(SAID, base.folder)


def test_what_a_process_works_in_stays_and_is_named(filled: KnowledgeBase, tmp_path: Path) -> None:
    with scratch_folder(filled.folder) as ready:
        (ready / "copy").write_text(SAID)
        filled.erase(Kind.ACTOR, "matha", by="")
        assert (ready / "copy").exists()
        ((what, place), *_) = filled.personal_data.unreached()
        assert (what.value, place) == ("under_way", str(ready.parent))
        filled.close()
        found = CliRunner().invoke(
            main, ["personal-data", "find", "Jeanne Martin", "--kb", str(filled.folder)]
        )
        assert (
            f"Neither searched nor erased: {ready.parent}, in which a process makes a copy or a "
            "backup: look again when it is done." in found.stderr
        )
    assert not ready.parent.exists()
    assert not list(filled.folder.glob(f"{SCRATCH}*"))


def test_a_link_of_another_name_is_followed_nowhere(tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / f"{SCRATCH}x").symlink_to(tmp_path / "precious")
    assert delete_abandoned(tmp_path) == []
    assert (tmp_path / "precious").exists()


def test_what_was_put_aside_is_named_with_what_to_do(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(settings(place), tmp_path / "made.zip")
    aside = restore(tmp_path / "made.zip", settings(place), replace=True).aside
    with closing(KnowledgeBase.open(settings(place))) as base:
        monkeypatch.setattr(KnowledgeBase, "open", lambda *_, **__: base)
        for verb in (["find", "Jeanne Martin"], ["erase", "actor", "matha", "--yes"]):
            told = CliRunner().invoke(main, ["personal-data", *verb])
            assert told.exit_code == 0, told.output
            assert (
                f"Neither searched nor erased: {aside}, which a restored backup replaced: delete "
                "it when you no longer need it." in told.stderr
            )
    assert isinstance(place, PostgresAddress) == ("the schema " in aside)

"""`quisait report`: what it writes, and what it says of a file."""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kb.address import SECRET_FILE
from kb.explanation.report_files import verify
from kb.knowledge_base import KnowledgeBase
from tests.encoders import WordCountEncoder
from tests.kb.records import RECORDS
from web.cli import main

Folder = Path


@pytest.fixture
def folder(base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> Folder:
    base.put(RECORDS)
    monkeypatch.setattr("kb.knowledge_base.load_encoder", lambda _: WordCountEncoder())
    return base.folder


def quisait(folder: Folder, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--kb", str(folder), "report", *arguments])


def test_a_report_is_printed_and_signed_off(folder: Folder) -> None:
    result = quisait(folder, "gants", "de", "cuir")
    assert result.exit_code == 0, result.stderr
    content = json.loads(result.stdout)["report"]
    assert content["query"]["typed"] == "gants de cuir"
    assert content["candidates"][0]["id"] == "gants"
    key = (folder / SECRET_FILE).read_text()
    assert verify(result.stdout_bytes, key)


@pytest.mark.parametrize("format", ["json", "csv"])
def test_a_file_is_known_again_until_it_is_changed(
    folder: Folder, tmp_path: Path, format: str
) -> None:
    file = tmp_path / "report"
    result = quisait(folder, "gants", "--format", format, "--out", str(file), "--department", "16")
    assert (result.exit_code, result.stdout) == (0, f"1 candidates written to {file}.\n")
    result = quisait(folder, "--verify", str(file))
    assert result.exit_code == 0
    assert result.stdout == (
        f"{file} was given out with this base's secret, and says what it said then.\n"
    )
    file.write_bytes(file.read_bytes().replace(b"Avel", b"Avem"))
    result = quisait(folder, "--verify", str(file))
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == (
        f"quisait: {file} is no report that was given out with this base's secret, or it was "
        "changed.\n"
    )


def test_what_a_person_can_cause_is_told_in_a_line(folder: Folder, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere" / "report.json"
    for arguments, told in (
        (["?"], "The query has no word in it: say what you are looking for."),
        (["gants", "--out", str(nowhere)], f"{nowhere} cannot be written"),
        (["--verify", str(nowhere)], f"{nowhere} cannot be read"),
        (["gants", "--department", "Nulle part"], "Nulle part"),
        (["gants", "--unlike", "nobody"], "nobody"),
        (["gants", "--like", "avel", "--unlike", "avel"], "avel is given with --like and with"),
    ):
        result = quisait(folder, *arguments)
        assert result.exit_code == 1
        assert result.stderr.startswith("quisait: ")
        assert told in result.stderr
        assert result.stderr.count("\n") == 1
    for arguments in ([], ["gants", "--verify", str(nowhere)]):
        result = quisait(folder, *arguments)
        assert result.exit_code == 2
        assert "Give a QUERY to report on, or a FILE to --verify." in result.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_nothing_is_signed_off_without_a_secret(folder: Folder) -> None:
    folder.chmod(0o500)
    try:
        result = quisait(folder, "gants")
    finally:
        folder.chmod(0o700)
    assert result.exit_code == 1
    assert "no secret can be kept" in result.stderr

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from kb.commands.options import kb_option
from kb.errors import QuisaitError
from tests.web.sample_base import sample_encoder
from web.cli import Rooms, main


def quisait(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from web.cli import main; main()", *arguments]


def test_the_version_is_that_of_the_distribution() -> None:
    from importlib.metadata import version

    assert (
        CliRunner().invoke(main, ["--version"]).output == f"quisait, version {version('quisait')}\n"
    )


def run_verb(verb: Callable[..., object], *arguments: str) -> Result:
    """Runs a verb in a group like that of `quisait`."""

    @click.group(cls=Rooms)
    @kb_option
    @click.pass_context
    def group(context: click.Context, kb: Path | None) -> None:
        context.obj = {"kb": kb}

    group.add_command(click.command("verb")(kb_option(verb)))
    return CliRunner().invoke(group, list(arguments))


@pytest.mark.parametrize(
    ("arguments", "folder"),
    [
        (["verb"], None),
        (["--kb", "before", "verb"], "before"),
        (["verb", "--kb", "after"], "after"),
        (["--kb", "before", "verb", "--kb", "after"], "after"),
    ],
)
def test_the_knowledge_base_is_named_before_or_after_the_verb(
    arguments: list[str], folder: str | None
) -> None:
    result = run_verb(lambda kb: click.echo(repr(kb)), *arguments)
    assert result.exit_code == 0
    assert result.stdout == f"{folder and Path(folder)!r}\n"


def test_what_a_person_can_cause_is_one_line_and_exit_1() -> None:
    def verb(kb: Path | None) -> None:
        raise QuisaitError("there is nothing here.")

    result = run_verb(verb, "verb")
    assert result.exit_code == 1
    assert (result.stdout, result.stderr) == ("", "quisait: there is nothing here.\n")


def test_an_interruption_exits_as_shells_expect() -> None:
    def verb(kb: Path | None) -> None:
        raise KeyboardInterrupt

    result = run_verb(verb, "verb")
    assert result.exit_code == 130
    assert (result.stdout, result.stderr) == ("", "")


def test_a_reader_that_leaves_is_no_failure_to_tell() -> None:
    script = "\n".join(
        [
            "import click, web.cli",
            "@web.cli.main.command()",
            "def flood():",
            "    for _ in range(100_000):",
            "        click.echo('a line of text that fills the pipe')",
            "web.cli.main(['flood'])",
        ]
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        run.stdout.readline()
        run.stdout.close()
        assert run.stderr.read() == b""


def test_a_knowledge_base_that_is_not_there_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kb.knowledge_base.load_encoder", lambda _: sample_encoder())
    result = CliRunner().invoke(main, ["serve", "--port", "0", "--kb", str(tmp_path / "none")])
    assert result.exit_code == 1
    assert result.stderr.startswith(f"quisait: {tmp_path / 'none'}")
    assert result.stderr.count("\n") == 1

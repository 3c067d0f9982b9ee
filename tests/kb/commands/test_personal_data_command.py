"""`quisait personal-data`: what is found, erased and taken out in a terminal."""

from dataclasses import replace

import pytest
from click.testing import CliRunner, Result

from kb.commands.personal_data import KEPT
from kb.knowledge_base import KnowledgeBase
from kb.registers.accounts import AccountRole
from kb.registers.personal_data.traits import Kept
from tests.kb.records import POLISH
from web.cli import main

NAME = "Zorglub Quaxifrage"


@pytest.fixture
def named(base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> KnowledgeBase:
    monkeypatch.setattr(KnowledgeBase, "open", lambda *_, **__: base)
    base.put([replace(POLISH, contact=NAME)])
    base.accounts.add(NAME, "correct horse battery", AccountRole.CONTRIBUTOR)
    return base


def run(*arguments: str, given: str = "") -> Result:
    return CliRunner().invoke(main, ["personal-data", *arguments], input=given)


def test_what_is_found_is_listed_as_erase_takes_it(named: KnowledgeBase) -> None:
    found = run("find", NAME)
    shown, *excerpts, last = found.output.splitlines()
    assert (shown, last) == (
        "actor avel  (actors: 1, versions: 1)",
        f"account {NAME}  (accounts: 1)",
    )
    assert excerpts[0] == f"    {NAME}"
    nobody = run("find", "Jeanne Martin")
    assert (nobody.stdout, nobody.exit_code) == ("", 0)
    assert "Nothing here names it." in nobody.stderr
    assert run("find", "a").exit_code == 1


def test_nothing_is_erased_before_it_is_confirmed(named: KnowledgeBase) -> None:
    assert run("erase", "account", NAME, given="n\n").exit_code == 1
    assert named.accounts.list()
    assert run("erase", "account", NAME, given="y\n").exit_code == 0
    assert not named.accounts.list()
    assert run("erase", "account", NAME, "--yes").exit_code == 1


def test_words_are_taken_out_once_it_is_confirmed(named: KnowledgeBase) -> None:
    asked = run("take-out", NAME, given="n\n")
    assert "out of 2 things" in asked.output
    assert named.actor("avel").contact == NAME
    assert run("take-out", NAME, "--yes").exit_code == 0
    assert named.actor("avel").contact == ""


def test_what_is_old_is_forgotten_and_the_days_are_shown(named: KnowledgeBase) -> None:
    answer = run("forget-old")
    assert answer.output.startswith("Deleted: 0. Days kept at most:\n")
    assert "    90  a job that has ended, with its report\n" in answer.output
    assert set(KEPT) == set(Kept)

"""`quisait user`, as whoever runs a server types it."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kb.commands.accounts import ACCOUNT_ROLES
from kb.knowledge_base import DATABASE_FILE
from kb.registers.access import BrowserSessions
from kb.registers.accounts import AccountRole, Accounts
from kb.registers.demand import Demand
from kb.store.pool import StorePool
from web.cli import main

PASSWORD = "du cirage au gel"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "kb"


def user(folder: Path, *arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(main, ["--kb", str(folder), "user", *arguments], input=typed)


def accounts(folder: Path) -> Accounts:
    return Accounts(StorePool(folder / DATABASE_FILE))


def test_the_first_administrator_is_made_in_a_base_of_its_own(folder: Path) -> None:
    made = user(folder, "add", "Léa", "--role", "administrator", typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert made.exit_code == 0, made.output
    assert "Léa can sign in as administrator.\n" in made.output
    assert PASSWORD not in made.output
    account = accounts(folder).authenticate("Léa", PASSWORD)
    assert account
    assert account.role is AccountRole.ADMINISTRATOR


@pytest.mark.parametrize(
    ("answer", "counted", "is_chosen"),
    [("y\n", True, True), ("\n", False, True), ("", False, False)],
)
def test_the_first_administrator_is_asked_whether_searches_are_counted(
    folder: Path, answer: str, counted: bool, is_chosen: bool
) -> None:
    typed = f"{PASSWORD}\n{PASSWORD}\n{answer}"
    made = user(folder, "add", "Léa", "--role", "administrator", typed=typed)
    assert made.exit_code == 0, made.output
    assert "never who\nsearched" in made.output
    choice = Demand(StorePool(folder / DATABASE_FILE)).choice()
    assert (choice.counted, bool(choice.at)) == (counted, is_chosen)
    second = user(folder, "add", "Zoé", "--role", "administrator", typed=typed)
    assert ("Count searches" in second.output) is not is_chosen


def test_a_refused_password_is_reported_in_a_line_and_not_shown(folder: Path) -> None:
    refused = user(folder, "add", "Léa", "--password-stdin", typed="short one\n")
    assert refused.exit_code == 1
    assert refused.output.startswith("quisait: The password has fewer than 12 characters")
    assert refused.output.count("\n") == 1
    assert "short one" not in refused.output


def test_the_accounts_are_listed_with_what_they_may_do(folder: Path) -> None:
    for name, role in (("Zoé", "moderator"), ("Abel", "administrator")):
        user(folder, "add", name, "--role", role, "--password-stdin", typed=f"{PASSWORD}\n")
    user(folder, "disable", "zoé")
    lines = user(folder, "list").output.splitlines()
    assert [line.split()[0] for line in lines] == ["administrator", "moderator"]
    assert lines[1].endswith("Zoé (disabled)")


def test_roles_passwords_and_use_are_changed(folder: Path) -> None:
    user(folder, "add", "Léa", "--password-stdin", typed=f"{PASSWORD}\n")
    assert user(folder, "role", "léa", "moderator").output == "Léa is moderator now.\n"
    user(folder, "password", "Léa", "--password-stdin", typed="un autre gel en flacon\n")
    assert accounts(folder).authenticate("Léa", PASSWORD) is None
    assert user(folder, "disable", "Léa").output == "Léa is disabled.\n"
    assert accounts(folder).authenticate("Léa", "un autre gel en flacon") is None
    assert user(folder, "enable", "Léa").output == "Léa can sign in again, as moderator.\n"
    assert accounts(folder).authenticate("Léa", "un autre gel en flacon")


def test_an_account_gets_an_email_address(folder: Path) -> None:
    given = ("add", "Léa", "--email", "Lea@Example.org", "--password-stdin")
    refused = user(folder, *given[:3], "lea@", *given[4:], typed=f"{PASSWORD}\n")
    assert refused.exit_code == 1
    assert refused.output.count("\n") == 1
    assert user(folder, *given, typed=f"{PASSWORD}\n").exit_code == 0
    assert accounts(folder).get("Léa").email == "lea@example.org"
    changed = user(folder, "email", "léa", "Léa <lea@mail.example>")
    assert changed.output == "Léa gets links for a new password at lea@mail.example now.\n"
    assert accounts(folder).get("Léa").email == "lea@mail.example"
    assert user(folder, "email", "Léa", "lea").exit_code == 1
    assert user(folder, "email", "Zoé", "zoe@mail.example").exit_code == 1


def test_sessions_and_tokens_are_listed_and_ended(folder: Path) -> None:
    user(folder, "add", "Léa", "--password-stdin", typed=f"{PASSWORD}\n")
    assert user(folder, "sessions", "Léa").stderr == "Léa is signed in nowhere.\n"
    assert user(folder, "tokens", "Léa").stderr == "Léa has no API token.\n"
    register = accounts(folder)
    signed_in = BrowserSessions(StorePool(folder / DATABASE_FILE))
    for number in range(2):
        signed_in.add(f"{number}" * 64, register.get("Léa"), "Firefox, Linux")
    lines = user(folder, "sessions", "léa").output.splitlines()
    assert len(lines) == 2
    assert all(line.endswith("Firefox, Linux") for line in lines)
    assert user(folder, "sign-out", "léa").output == "Léa is signed out everywhere.\n"
    assert signed_in.find("0" * 64) is None
    issued = [register.issue_token("Léa", label, 30) for label in ("one", "two", "three")]
    lines = user(folder, "tokens", "Léa").output.splitlines()
    (handle,) = [line.split()[0] for line in lines if line.endswith("  two")]
    assert all("never used  valid until 2" in line for line in lines)
    assert user(folder, "revoke", "Léa", handle).output == "Revoked of Léa: 1 API token.\n"
    assert [bool(register.account_of_token(token)) for token in issued] == [True, False, True]
    assert user(folder, "revoke", "Léa", handle).exit_code == 1
    assert user(folder, "revoke", "Léa").exit_code == 2
    assert user(folder, "revoke", "Léa", handle, "--all").exit_code == 2
    assert user(folder, "revoke", "Léa", "--all").output == "Revoked of Léa: 2 API tokens.\n"
    assert user(folder, "tokens", "Léa").stdout == ""


def test_an_unknown_account_is_reported_in_a_line(folder: Path) -> None:
    user(folder, "add", "Léa", "--password-stdin", typed=f"{PASSWORD}\n")
    for verb in ("role", "password", "disable", "enable", "sign-out", "tokens"):
        result = user(folder, verb, "Vincent", *(["moderator"] if verb == "role" else []))
        assert (result.exit_code, result.output) == (1, "quisait: There is no account 'Vincent'.\n")


def test_no_password_is_taken_as_an_argument(folder: Path) -> None:
    assert user(folder, "add", "Léa", PASSWORD).exit_code == 2
    assert user(folder, "add", "Léa", "--password", PASSWORD).exit_code == 2


def test_the_roles_of_the_command_are_those_of_accounts() -> None:
    assert tuple(AccountRole) == ACCOUNT_ROLES

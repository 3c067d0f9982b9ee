"""Accounts: who may do what, what is kept of passwords and tokens, and what is not."""

import threading
import unicodedata
from datetime import UTC, datetime, timedelta

import argon2
import pytest

from kb.errors import InputError, UnknownRecord
from kb.knowledge_base import KnowledgeBase
from kb.registers import clock
from kb.registers.accounts import TOKEN_PREFIX, AccountRole, Accounts

PASSWORD = "du cirage au gel"


@pytest.fixture
def accounts(base: KnowledgeBase) -> Accounts:
    return base.accounts


@pytest.fixture
def lea(accounts: Accounts) -> str:
    return accounts.add("Léa", PASSWORD, AccountRole.ADMINISTRATOR).name


def stored(base: KnowledgeBase, sql: str) -> list[tuple[str, ...]]:
    with base._stores.lend() as connection:
        return [tuple(row) for row in connection.execute(sql).fetchall()]


def test_each_role_may_what_those_before_it_may() -> None:
    may = {(a.value[0], b.value[0]) for a in AccountRole for b in AccountRole if a.may(b)}
    assert may == {(a, b) for a, b in ("hh", "cc", "ch", "mm", "mc", "mh", "aa", "am", "ac", "ah")}


def test_an_account_opens_with_its_own_password(accounts: Accounts, lea: str) -> None:
    account = accounts.authenticate(lea, PASSWORD)
    assert account == accounts.get(lea)
    assert (account.role, account.disabled) == (AccountRole.ADMINISTRATOR, False)
    assert accounts.authenticate(lea, PASSWORD + " ") is None
    assert accounts.authenticate("Nobody", PASSWORD) is None


def test_a_name_is_one_account_however_it_is_spelled(accounts: Accounts, lea: str) -> None:
    for spelling in ("LÉA", "Le\u0301a", "  Léa ", "Ｌéa"):
        assert accounts.authenticate(spelling, PASSWORD)
        with pytest.raises(InputError, match="already"):
            accounts.add(spelling, PASSWORD, AccountRole.CONTRIBUTOR)
    assert [account.name for account in accounts.list()] == ["Léa"]


def test_a_name_or_a_password_that_cannot_be_used_is_refused_in_a_line(accounts: Accounts) -> None:
    good = "Jeanne Dupont-Martin", PASSWORD
    for name, password, reason in (
        ("   ", good[1], "account_name"),
        ("a\x00b", good[1], "account_name"),
        ("a\u202eb", good[1], "account_name"),
        ("x" * 81, good[1], "account_name"),
        (good[0], "elevenchars", "short_password"),
        (good[0], "x" * 1001, "long_password"),
        (good[0], "JEANNE dupont-martin", "plain_password"),
        (good[0], "abababababab", "plain_password"),
    ):
        with pytest.raises(InputError) as refused:
            accounts.add(name, password, AccountRole.CONTRIBUTOR)
        assert refused.value.code == reason
        assert "\n" not in str(refused.value)
        assert password not in str(refused.value)
    assert accounts.list() == []


def test_a_password_is_the_same_whatever_keyboard_composed_it(accounts: Accounts) -> None:
    accounts.add("Zoé", unicodedata.normalize("NFD", "été à la mer"), AccountRole.CONTRIBUTOR)
    assert accounts.authenticate("zoé", unicodedata.normalize("NFC", "été à la mer"))


@pytest.mark.usefixtures("real_hashing")
def test_a_password_is_kept_as_argon2id_makes_of_it(base: KnowledgeBase, lea: str) -> None:
    ((kept,),) = stored(base, "select password_hash from accounts")
    assert kept.startswith("$argon2id$")
    assert PASSWORD not in "".join(map(str, stored(base, "select * from accounts")[0]))


@pytest.mark.usefixtures("real_hashing")
def test_a_hash_of_older_parameters_is_made_anew(base: KnowledgeBase, lea: str) -> None:
    older = argon2.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
    with base._stores.lend() as connection:
        connection.execute("update accounts set password_hash = ?", [older.hash(PASSWORD)])
    assert base.accounts.authenticate(lea, "not this one") is None
    assert older.check_needs_rehash(stored(base, "select password_hash from accounts")[0][0]) is (
        False
    )
    assert base.accounts.authenticate(lea, PASSWORD)
    ((kept,),) = stored(base, "select password_hash from accounts")
    assert not argon2.PasswordHasher().check_needs_rehash(kept)
    assert base.accounts.authenticate(lea, PASSWORD)


@pytest.mark.usefixtures("real_hashing")
def test_an_unknown_name_takes_as_much_work_as_a_wrong_password(
    accounts: Accounts, lea: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[str] = []
    verify = argon2.PasswordHasher.verify

    def counting(self: argon2.PasswordHasher, hash_: str, password: str) -> bool:
        verified.append(hash_.rpartition("$")[0].rpartition("$")[0])
        return verify(self, hash_, password)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", counting)
    for name, password in ((lea, "wrong"), ("Nobody", "wrong"), (lea, "x" * 5000), (lea, "\ud800")):
        assert accounts.authenticate(name, password) is None
    accounts.add("Other", PASSWORD, AccountRole.CONTRIBUTOR)
    accounts.disable("Other")
    assert accounts.authenticate("Other", PASSWORD) is None
    assert len(verified) == 5
    assert len(set(verified)) == 1


def test_the_last_administrator_stays_one(accounts: Accounts, lea: str) -> None:
    for change in (accounts.disable, lambda name: accounts.set_role(name, AccountRole.MODERATOR)):
        with pytest.raises(InputError, match="'Léa' is the last administrator"):
            change("LÉA")
    assert accounts.set_role(lea, AccountRole.ADMINISTRATOR).role is AccountRole.ADMINISTRATOR
    accounts.add("Other", PASSWORD, AccountRole.ADMINISTRATOR)
    accounts.disable("Other")
    with pytest.raises(InputError, match="last administrator"):
        accounts.disable(lea)
    accounts.enable("Other")
    assert accounts.disable(lea).disabled


def test_two_administrators_cannot_both_leave_at_once(accounts: Accounts) -> None:
    names = ["One", "Two"]
    for name in names:
        accounts.add(name, PASSWORD, AccountRole.ADMINISTRATOR)
    refused: list[InputError] = []

    def leave(name: str) -> None:
        try:
            accounts.set_role(name, AccountRole.CONTRIBUTOR)
        except InputError as error:
            refused.append(error)

    leaving = [threading.Thread(target=leave, args=[name]) for name in names]
    for thread in leaving:
        thread.start()
    for thread in leaving:
        thread.join()
    assert len(refused) == 1


# Tokens


def test_a_token_acts_as_its_account_until_that_has_another_role(
    base: KnowledgeBase, accounts: Accounts, lea: str
) -> None:
    accounts.add("Vincent", PASSWORD, AccountRole.MODERATOR)
    token = accounts.issue_token("vincent", "  Nightly   import ")
    assert token.startswith(TOKEN_PREFIX)
    assert token not in repr(stored(base, "select * from tokens"))
    found = accounts.account_of_token(token)
    assert found == accounts.get("Vincent")
    (listed,) = accounts.tokens("Vincent")
    assert listed.label == "Nightly import"
    accounts.set_role("Vincent", AccountRole.MODERATOR)
    assert accounts.account_of_token(token)
    accounts.set_role("Vincent", AccountRole.CONTRIBUTOR)
    assert accounts.account_of_token(token) is None


def test_signing_out_everywhere_leaves_the_tokens_which_end_together(
    accounts: Accounts, lea: str
) -> None:
    tokens = [accounts.issue_token(lea, label) for label in ("one", "two")]
    accounts.end_sessions(lea)
    assert all(accounts.account_of_token(token) for token in tokens)
    assert accounts.revoke_tokens(lea) == 2
    assert not any(accounts.account_of_token(token) for token in tokens)
    assert accounts.revoke_tokens(lea) == 0


def test_a_token_ends_after_its_last_day(
    accounts: Accounts, lea: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, passed = datetime(2026, 3, 1, 23, tzinfo=UTC), timedelta()

    monkeypatch.setattr(clock, "moment", lambda: started + passed)
    short, endless = accounts.issue_token(lea, "short", 30), accounts.issue_token(lea, "endless")
    assert {one.label: one.expires_on for one in accounts.tokens(lea)} == {
        "short": "2026-03-31",
        "endless": "",
    }
    passed = timedelta(days=30)
    assert accounts.account_of_token(short)
    passed = timedelta(days=30, hours=1)
    assert accounts.account_of_token(short) is None
    assert accounts.account_of_token(endless)
    assert [one.label for one in accounts.tokens(lea)] == ["endless"]


def test_a_revoked_token_is_worth_nothing(accounts: Accounts, lea: str) -> None:
    first, second = accounts.issue_token(lea, "first"), accounts.issue_token(lea, "second")
    handle = next(token.handle for token in accounts.tokens(lea) if token.label == "first")
    accounts.revoke_token(lea, handle)
    assert accounts.account_of_token(first) is None
    assert accounts.account_of_token(second)
    accounts.add("Vincent", PASSWORD, AccountRole.MODERATOR)
    accounts.issue_token("Vincent", "x")
    for unknown in (handle, "", "%", accounts.tokens("Vincent")[0].handle):
        with pytest.raises(UnknownRecord):
            accounts.revoke_token(lea, unknown)
    for token in ("", "qsf_", "qsf_unknown", "é" * 100):
        assert accounts.account_of_token(token) is None


def test_the_use_of_a_token_is_noted_once_an_hour(
    base: KnowledgeBase, lea: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, passed = datetime.now(UTC), timedelta()
    monkeypatch.setattr(clock, "moment", lambda: started + passed)
    token = base.accounts.issue_token(lea, "x")
    assert base.accounts.tokens(lea)[0].used_at == ""
    noted = []
    for minutes in (0, 30, 59, 61, 90, 125):
        passed = timedelta(minutes=minutes)
        base.accounts.account_of_token(token)
        at = datetime.fromisoformat(base.accounts.tokens(lea)[0].used_at)
        noted.append(round((at - started).total_seconds() / 60))
    assert noted == [0, 0, 0, 61, 61, 125]


def test_a_token_needs_a_label(accounts: Accounts, lea: str) -> None:
    for label in ("  ", "x" * 81):
        with pytest.raises(InputError, match="label"):
            accounts.issue_token(lea, label)


def test_accounts_are_no_change_of_what_is_found(base: KnowledgeBase) -> None:
    before = base.status().generation
    base.accounts.add("Léa", PASSWORD, AccountRole.MODERATOR)
    base.accounts.account_of_token(base.accounts.issue_token("Léa", "x"))
    assert base.status().generation == before

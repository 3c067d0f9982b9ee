"""Registers are tested in SQLite, and the contract of each in PostgreSQL as well."""

import pytest

IN_BOTH = frozenset({
    "test_accounts_are_no_change_of_what_is_found",
    "test_a_decision_stands_whatever_is_ingested_later",
    "test_a_mail_is_taken_once_when_it_is_due",
    "test_a_need_is_shown_once_it_was_asked_on_three_days",
    "test_a_session_replaces_the_one_before",
    "test_a_site_is_kept_as_it_was_added",
    "test_a_token_acts_as_its_account_until_that_has_another_role",
    "test_an_actor_ages_until_it_changes_or_its_source_is_read_again",
    "test_corrections_stand_when_the_input_is_repeated",
    "test_counts_of_a_day_add_up",
    "test_each_of_many_jobs_is_claimed_by_one_of_many_workers",
    "test_every_change_is_a_revision_and_none_is_lost",
    "test_lists_are_filtered_and_read_page_by_page",
    "test_nothing_is_told_until_it_is_confirmed",
    "test_of_a_notice_that_is_over_addresses_and_private_answers_go",
    "test_of_many_who_save_at_once_one_does",
    "test_of_two_processes_one_tells_the_news",
    "test_of_two_who_write_at_once_the_second_is_told",
    "test_searches_are_counted_by_day_and_fit",
    "test_the_first_pick_makes_a_list_which_others_do_not_see",
    "test_two_administrators_cannot_both_leave_at_once",
    "test_what_grows_old_is_deleted",
    "test_wrong_passwords_are_counted_by_day_for_a_month",
})  # fmt: skip


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    own = [mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")]
    if "engine" in metafunc.fixturenames and "engine" not in own:
        both = metafunc.definition.name in IN_BOTH
        metafunc.parametrize("engine", ["sqlite", "postgres"] if both else ["sqlite"])

import time

import pytest

from ingest.articles.metadata.dates import dates_in, is_unclear_date, only_date


@pytest.mark.parametrize(
    ("written", "iso"),
    [
        ("02/07/2020 - 11:51", "2020-07-02T11:51"),
        ("02/07/2020", "2020-07-02"),
        ("2.7.2020", "2020-07-02"),
        ("02-07-20", "2020-07-02"),
        ("2 juillet 2020 à 11h51", "2020-07-02T11:51"),
        ("jeudi 2 juillet 2020, 11 h", "2020-07-02T11:00"),
        ("Jul 2, 2020 / 01:14 PM", "2020-07-02T13:14"),
        ("1er août 2021", "2021-08-01"),
        ("3 févr. 2021", "2021-02-03"),
        ("July 2nd, 2020", "2020-07-02"),
        ("2 July 2020 at 6:05 pm", "2020-07-02T18:05"),
        ("Thu, July 2, 2020", "2020-07-02"),
        ("2 July 2020 12:10 am", "2020-07-02T00:10"),
        ("16:23 2 July 2020", "2020-07-02T16:23"),
        ("2020-07-02", "2020-07-02"),
        ("2020-07-02T11:51:07+02:00", "2020-07-02T11:51:07+02:00"),
        ("2020-07-02T09:51Z", "2020-07-02T09:51+00:00"),
        ("Thu, 02 Jul 2020 11:51:00 GMT", "2020-07-02T11:51+00:00"),
    ],
)
def test_dates_in_the_forms_in_which_they_are_written(written: str, iso: str) -> None:
    assert only_date(written) == iso


@pytest.mark.parametrize("written", ["31/02/2020", "2020", "11:51", "le mois de mai", "3/2020", ""])
def test_what_is_no_day_is_not_read(written: str) -> None:
    assert only_date(written) == ""


def test_a_month_alone_is_read_where_no_day_stands_with_it() -> None:
    assert only_date("juillet 2020") == "2020-07"
    assert [found.iso for found in dates_in("le 2 juillet 2020, May 2021")] == [
        "2020-07-02",
        "2021-05",
    ]


def test_a_number_after_a_date_is_no_time() -> None:
    assert [found.iso for found in dates_in("le 2 juillet 2020 - 11 personnes")] == ["2020-07-02"]


def test_in_an_english_text_the_order_of_day_and_month_must_show() -> None:
    assert only_date("13/07/2020", english=True) == "2020-07-13"
    assert only_date("07/13/2020", english=True) == "2020-07-13"
    assert only_date("05/05/2020", english=True) == "2020-05-05"
    assert only_date("04/03/2020", english=True) == ""


@pytest.mark.parametrize("written", ["03/2020", "04/03/2020"])
def test_dates_of_which_the_day_cannot_be_told(written: str) -> None:
    assert is_unclear_date(written)


def test_a_text_of_dates_is_read_in_time_that_grows_with_its_length() -> None:
    started = time.process_time()
    found = list(dates_in("14 Mar 2023 09:12:33 +0100 " * 2_400))
    assert len(found) == 2_400
    assert time.process_time() - started < 5
